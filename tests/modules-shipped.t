#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# hyp-uart, smc-guard and mem-guard do their work: tests/machine/shipped.c makes the
# claims about the guards, and writes to the console.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program shipped
for name in modules/hyp-uart modules/smc-guard modules/mem-guard tests/modules/probe tests/modules/traps; do
	module "$name"
	[ -n "$ko" ]
	ok $? "$name builds"
	declare "$(basename "$name" | tr - _)=$ko"
done
# shellcheck disable=SC2154	# declared there
tests=(--ko "$probe" --ko "$traps" --add "$program:/bin/shipped")

# options DIR MODULE PARAMETERS...: for modprobe, as an initramfs has them
options() {
	mkdir -p "$tmp/$1"
	echo "options ${*:2}" >"$tmp/$1/$2.conf"
}
options smc smc_guard allow=0x82000001,0x02000001 owners=3
options no-owner smc_guard owners=64
# QEMU puts the initramfs there, and the kernel is told to leave it
options mem mem_guard ro=48000000+1000 none=48001000+1000
options not-pages mem_guard ro=48000000+10
options mmio mem_guard ro=9000000+1000
options phys hyp_uart phys=0x9000000
options not-a-uart hyp_uart phys=0x9000004
code_size=$(awk '$3 == "_text" { print "x" $1 } $3 == "_etext" { print "x" $1 }' "$kdir/System.map" | sort -u |
	tr -d x | { read -r first; read -r last; printf '%x' $((16#$last - 16#$first)); })

line='^hyp-uart: this line comes from EL2$'
# shellcheck disable=SC2154
for cpu in $modes; do
	mode=$(mode_of "$cpu")

	ktap "$mode: hyp-uart" "/bin/shipped uart" --cpu "$cpu" --ko "$hyp_uart" "${tests[@]}"
	has "$line" "$mode: hyp-uart: its line is on the console"
	has '^uart: puts$' "$mode: hyp-uart: puts() writes a line"
	has '^uart: putc 0x0123456789abcdef$' "$mode: hyp-uart: putc() does not end it, putx64() does"
	boot --cpu "$cpu" --ko "$hyp_uart" --add "$tmp/phys:/etc/modprobe.d"
	is "$status" 0 "$mode: hyp-uart: all is as it should be with phys="
	has "$line" "$mode: hyp-uart: its line is there, too"
	has 'hyp_uart: the EL2 console is the PL011 at 0x9000000$' "$mode: hyp-uart: it says which one"
	boot --cpu "$cpu" --ko "$hyp_uart" --add "$tmp/not-a-uart:/etc/modprobe.d"
	hasnt "$line" "$mode: hyp-uart: nothing comes where there is no UART"
	is "$status" 2 "$mode: hyp-uart: no protected VM may start then"

	boot --cpu "$cpu" --ko "$smc_guard"
	is "$status" 0 "$mode: smc-guard: all is as it should be"
	ktap "$mode: smc-guard" "/bin/shipped smc" --cpu "$cpu" --ko "$smc_guard" "${tests[@]}"
	ktap "$mode: smc-guard with a list" "/bin/shipped smc 0x82000001 0x02000001 0x83000001" \
		--cpu "$cpu" --ko "$smc_guard" "${tests[@]}" --add "$tmp/smc:/etc/modprobe.d"
	boot --cpu "$cpu" --ko "$smc_guard" --add "$tmp/no-owner:/etc/modprobe.d"
	has 'smc_guard: there is no owner 64$' "$mode: smc-guard: a wrong parameter is refused"
	is "$status" 2 "$mode: smc-guard: no protected VM may start then"

	boot --cpu "$cpu" --ko "$mem_guard"
	is "$status" 0 "$mode: mem-guard: all is as it should be"
	hasnt 'cut here' "$mode: mem-guard: nothing warns"
	ktap "$mode: mem-guard" "/bin/shipped mem 48000000 48001000 $code_size" --append retain_initrd \
		--cpu "$cpu" --ko "$mem_guard" "${tests[@]}" --add "$tmp/mem:/etc/modprobe.d"
	boot --cpu "$cpu" --ko "$mem_guard" --add "$tmp/not-pages:/etc/modprobe.d"
	has 'mem_guard: 48000000\+10: not start\+size' "$mode: mem-guard: a wrong window is refused"
	is "$status" 2 "$mode: mem-guard: no protected VM may start then"
	boot --cpu "$cpu" --ko "$mem_guard" --add "$tmp/mmio:/etc/modprobe.d"
	is "$status" 2 "$mode: mem-guard: a window that could not be protected is an error"
done

done_testing
