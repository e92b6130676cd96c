#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The table of operations stays as it is described in abi/, but for members that take
# the place of reserved room. And where it does not, a module that was built for the
# other one is told apart: tests/refused.t has what comes of that.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

header=$top/kernel/include/kvm_pkvm_module.h
committed=$top/abi/pkvm_module_ops.abi

# describe DIR: the table of DIR/kvm_pkvm_module.h, in $tmp/now.abi. kbuild is asked once
# how to compile it: but for the header all stays as it is.
describe() {
	local cc make=(make -f "$top/abi/Makefile" KDIR="$kdir" HEADERS="$1" OUT="$tmp/obj" ABI="$tmp/now.abi")
	if [ -e "$tmp/obj/ops.o" ]; then
		cc=$(compiler "$tmp/obj/.ops.o.cmd")
		(cd "$tmp/obj" && eval "${cc// -I${header%/*} / -I$1 } -c -o ops.o $top/abi/ops.c") >"$out" 2>&1 || return
		make+=(-o object)
	fi
	"${make[@]}" >"$out" 2>&1 </dev/null
}

# What abidiff says of an addition. All else it says is about something else.
addition="^(Functions|Variables) changes summary: |^$|^1 Changed variable:$
^  \[C\] 'pkvm_module_ops pkvm_module_ops' was changed:$
^    type of variable changed:$
^      type size hasn't changed$
^      [0-9]+ data member insertions?:$
^        '.*', at offset [0-9]+ \(in bits\)$
^      1 data member change:$
^        type of '.*__reserved.*' changed:$
^          type name changed from '.*\[[0-9]+\]' to '.*\[[0-9]+\]'$
^          array type size changed from [0-9]+ to [0-9]+$
^          array type subrange 1 changed length from [0-9]+ to [0-9]+$
^        and offset changed from [0-9]+ to [0-9]+ \(in bits\) \(by \+[0-9]+ bits\)$"

# compatible: it is as it was, or has more members in the place of reserved room
compatible() {
	abidiff --harmless "$committed" "$tmp/now.abi" >"$out" 2>&1
	case $? in
	0) return 0 ;;
	4) grep -q "^        and offset changed" "$out" && ! grep -vqE "$addition" "$out" ;;
	*) return 1 ;;
	esac
}

# change SED...: a copy of the header with that done to it, in $tmp/include
change() {
	mkdir -p "$tmp/include"
	sed -E "$@" "$header" >"$tmp/include/kvm_pkvm_module.h"
	! cmp -s "$header" "$tmp/include/kvm_pkvm_module.h" && describe "$tmp/include"
}

# broken CLAIM WORDS SED...: it is not compatible, and abidiff says WORDS of it
broken() {
	local claim=$1 words=$2
	shift 2
	change "$@" && ! compatible && grep -qE -- "$words" "$out"
	ok $? "$claim"
}

describe "${header%/*}"
ok $? "the table can be described"
compatible
ok $? "the table is as abi/ has it, or has more members: if not, modules that are built need to be built again, and abi/ as well (make abi)"
! grep -nE "='/" "$committed" >"$out"
ok $? "no path of a machine is in it"

# Lines of the header to work on
slot='^	u64 \(\*get_time\)\(void\);'
last='^	long \(\*__reserved'
new='	u64 (*new_op)(u64 what);'
reserved() {
	awk -v more="$1" '/define PKVM_MODULE_OPS_RESERVED/ {
		print "s/^(#define PKVM_MODULE_OPS_RESERVED).*/\\1 " $3 + more "/" }' "$header"
}

broken "a table that has grown is seen" 'type size changed from 8192 to 8256' -e "/$last/i\\$new"
broken "a member inserted in the middle is seen" 'register_guest_trng_ops.* offset changed' \
	-e "/$slot/i\\$new" -e "$(reserved -1)"
broken "a member that was removed is seen" '1 data member deletion' -e "/$slot/d" -e "$(reserved 1)"
broken "... and if another takes its place" "name of .*get_time' changed to .*new_op'" -e "s/$slot/	u64 (*new_op)(void);/"
broken "a member that was renamed is seen" "name of .*putc' changed to .*put_char'" -e 's/\(\*putc\)/(*put_char)/'
broken "a member that was moved is seen" 'get_time.* offset changed' \
	-e "/$slot/d" -e "/$last/i\\	u64 (*get_time)(void);"
broken "two members of one type, exchanged, are seen" 'fixmap_unmap.* offset changed' \
	-e 's/\(\*fixmap_unmap\)/(*@)/; s/\(\*fixblock_unmap\)/(*fixmap_unmap)/; s/\(\*@\)/(*fixblock_unmap)/'
broken "another result is seen" 'return type changed' -e "s/$slot/	u32 (*get_time)(void);/"
broken "another argument is seen" 'parameter 1 of type .* was added' -e "s/$slot/	u64 (*get_time)(u64 base);/"
broken "another prototype of a callback is seen" 'register_psci_notifier' \
	-e 's/(\(\*register_psci_notifier\)\()void/\1int/'
broken "another layout of an argument is seen" 'pkvm_sglist_page' -e 's/^	u8 order;/	u16 order;/'
broken "another value of an argument is seen" 'PKVM_PSCI_CPU_ENTRY.* from value' \
	-e 's/^	PKVM_PSCI_CPU_SUSPEND,/&\n	PKVM_PSCI_OTHER,/'
broken "a member added to the end, with another change, is seen" "name of .*putc' changed" \
	-e 's/\(\*putc\)/(*put_char)/' -e "/$last/i\\$new" -e "$(reserved -1)"
broken "a member after the reserved room is seen" 'new_op' -e "/$last/a\\$new" -e "$(reserved -1)"

change -e "/$last/i\\$new" -e "$(reserved -1)" && compatible
ok $? "a member in the place of reserved room is compatible"
change -e "/$last/i\\$new" -e "/$last/i\\${new/new_op/newer_op}" -e "$(reserved -2)" && compatible
ok $? "... and two are"
grep -q newer_op "$out"
ok $? "... abidiff has seen them"

# --- CONFIG_MODVERSIONS: the checksum of what every module with an EL2 part calls

# crc [DIR]: what the kernel's build would make of it, with the header of DIR
crc() {
	local cc source=$build/linux-src/arch/arm64/kvm/pkvm_module/loader.c
	cc=$(compiler "$kdir/arch/arm64/kvm/pkvm_module/.loader.o.cmd")
	mkdir -p "$tmp/asm"
	ln -sfn "$1" "$tmp/asm/asm"
	(cd "$kdir" && eval "${cc/ / -I$tmp/asm -E -D__GENKSYMS__ } $source" | scripts/genksyms/genksyms) 2>"$out" |
		awk '$2 == "__pkvm_load_el2_module" { print $3 }'
}
old=$(awk '$2 == "__pkvm_load_el2_module" { print $1 }' "$kdir/Module.symvers")
module modules/hello
modprobe --dump-modversions "$ko" >"$out" 2>&1
has "^$old	__pkvm_load_el2_module$" "a module with an EL2 part has the checksum of __pkvm_load_el2_module in it"
is "$(crc "$build/linux-src/arch/arm64/include/asm")" "$old" "... which can be made here, too"

# other_crc CLAIM SED...: the checksum is another one then
other_crc() {
	local claim=$1 now
	shift
	change "$@" && now=$(crc "$tmp/include") && [ -n "$now" ] && [ "$now" != "$old" ]
	ok $? "$claim"
}
other_crc "it is another one when a member is retyped" -e "s/$slot/	u32 (*get_time)(void);/"
other_crc "... moved" -e "/$slot/d" -e "/$last/i\\	u64 (*get_time)(void);"
other_crc "... renamed" -e 's/\(\*putc\)/(*put_char)/'
other_crc "... removed" -e "/$slot/d" -e "$(reserved 1)"
other_crc "... and added" -e "/$last/i\\$new" -e "$(reserved -1)"

done_testing
