#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The hypervisor's own test of page ownership, which CONFIG_NVHE_EL2_DEBUG has it run at
# boot, passes. It says nothing when it does: gdb watches it begin and come to its end.
# And it does not pass whatever happens: with one expectation changed under way, it ends
# the machine.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

if ! grep -q '^CONFIG_NVHE_EL2_DEBUG=y' "$kdir/.config"; then
	echo '1..0 # SKIP this kernel has no CONFIG_NVHE_EL2_DEBUG: make check CONFIG_FRAGMENTS=debug'
	exit
fi

# watch SESSION: these commands of gdb's, on a machine before EL2 is up; $out is what both say
watch() {
	status=0
	"$top/machine/gdb.sh" --image "$kdir/arch/arm64/boot/Image" --cpu "$cpu" --gdb-at kvm_arm_init \
		--timeout 120 --log "$tmp/console" >"$tmp/shown" 2>&1 <<<"$1" || status=$?
	sed -E 's/^(\(gdb\) )+//' "$tmp/shown" >"$out"
}

# How often it compares what it expects with what is there
expectations=$(sed -n '/^void pkvm_ownership_selftest/,/^}/p' \
	"$build/linux-src/arch/arm64/kvm/hyp/nvhe/mem_protect.c" | grep -cE '\bassert_(transition_res|page_state)\(')

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	watch 'break pkvm_ownership_selftest
		continue
		break assert_page_state
		ignore 3 1000000
		break teardown_selftest_vm
		continue
		info breakpoints
		delete
		continue'
	has 'hit Breakpoint [0-9.]+, pkvm_ownership_selftest \(' "$mode: it begins"
	has 'hit Breakpoint [0-9.]+, teardown_selftest_vm \(' "$mode: it comes to its end"
	has "breakpoint already hit $expectations times" "$mode: by way of all its expectations"
	is "$status" 0 "$mode: and the machine goes on"

	watch 'break pkvm_ownership_selftest
		continue
		break assert_page_state
		continue
		set variable selftest_state.hyp = PKVM_NOPAGE
		delete
		continue'
	has '^the hypervisor panicked.*BUG' "$mode: with a wrong expectation it ends the machine"
	is "$status" 1 "$mode: which fails then"
done

done_testing
