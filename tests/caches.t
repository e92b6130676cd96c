#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Pages that change hands are cleaned from the data cache: the host may look past it, and
# instructions are fetched past it. QEMU has no caches, so that a machine can not show it;
# what is looked at here is the code.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

object=$kdir/arch/arm64/kvm/hyp/nvhe/mem_protect.nvhe.o

cleans='[[:space:]](bl|b|R_AARCH64_(CALL|JUMP)26)[[:space:]].*(flush_hyp_va|dcache_clean_inval_poc)'

# body FUNCTION...: what the claims after it are about are its instructions, or those of
# the next one, if it was inlined there
body() {
	local function
	for function; do
		"${cross}objdump" -dr --no-show-raw-insn "$object" |
			awk -v start="<$function>:" '$2 == start { on = 1 } on && !NF { exit } on' >"$out"
		[ ! -s "$out" ] || return 0
	done
}

body sync_hyp_text map_hyp_va
has "$cleans" "pages that EL2 is to execute are cleaned"
has '[[:space:]]ic[[:space:]]+ialluis' "... and instruction caches forget what was there"
body map_taken_pages module_donate_hyp
# Mapped by another function, or the cleaning could be that of text alone
grep -q '<map_hyp_va' "$out" && grep -qE "$cleans" "$out"
ok $? "pages that are taken from the host are cleaned, before they are looked at"
body __pkvm_module_unmap_pages
has "$cleans" "pages that a module unmaps are cleaned"
body module_donate_host __pkvm_module_donate_host
has "$cleans" "pages that the host gets back are cleaned"
body __pkvm_module_host_leaf
has '[[:space:]]ret' "where nothing changes hands"
hasnt "$cleans" "... nothing is"

done_testing
