#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The map of the machine's memory: each section of each module is in it, where EL2's
# own walk of its tables finds it and with those permissions; so is what modules take,
# share and map at run time; all of RAM has an owner, and what should not be is told.
# tests/machine/owners.c makes the memory.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program owners
for name in modules/hello modules/mem-guard tests/modules/probe; do
	module "$name"
	[ -n "$ko" ]
	ok $? "$name builds"
	declare "$(basename "$name" | tr - _)=$ko"
done
map=$tmp/map

# row ADDRESS: the line of EL2's addresses that begins there, without the address
row() { sed -n "/^EL2'S ADDRESSES/,/^CHECKED/s/^ *0x0*${1#0x}  *//p" "$map.txt"; }
# pages OWNER [PERMISSIONS]: how many pages of RAM it has; 0 if it is not there
by_owner() { sed -n '/BY OWNER$/,/^$/p' "$map.txt"; }
pages() {
	by_owner | awk -v owner="  $1  " -v prot="${2:-}" \
		'index($0, owner) == 1 && (prot == "" || $NF == prot) { n += $(NF - 1) } END { print n + 0 }'
}
all_pages() { by_owner | awk '$NF ~ /^[-r][-w][-x]$/ { n += $(NF - 1) } END { print n + 0 }'; }
ram_pages() { by_owner | awk '/^  all of RAM / { print $NF }'; }
human() { if [ $(($1 % 1048576)) = 0 ]; then echo "$(($1 / 1048576)) MiB"; else echo "$(($1 / 1024)) KiB"; fi; }

# told WHAT: "ADDRESS SIZE PERMISSIONS PHYSICAL" of what the program made
told() { tr -d '\r' <"$tmp/console" | sed -n "s/^owners: $1 //p"; }
# shown NAME WHAT: the map has it in a line of its own
shown() {
	local address size prot phys rest
	read -r address size prot phys < <(told "$2")
	rest=$(row "$address")
	is "$(tr -s ' ' <<<"${rest/ .../}")" "$(human "$size") $prot $(printf '0x%09x' "$phys") $3" "$1: $2 is where EL2 has it"
	is "$(grep -c "<title>$3: $address, $size bytes, $prot</title>" "$map.svg")" 1 "$1: ... in the picture, too"
}

# anew: nothing is left of the last map
anew() { rm -f "$map.txt" "$map.svg"; }

# drawn NAME: what is so of every map
drawn() {
	runs "$1: the picture is well-formed" xmllint --noout "$map.svg"
	cp "$map.txt" "$out"
	is "$(grep -c '^  yes  ' "$out")" 3 "$1: all that is checked holds"
	hasnt ' (rwx|-wx) .* 0x0' "$1: no address of EL2 is writable and executable"
	is "$(all_pages)" "$(ram_pages)" "$1: the owners' pages are all of RAM"
}

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	# What modules are and have done
	anew
	# shellcheck disable=SC2154 # declared above
	ktap "$mode" /bin/owners --cpu "$cpu" --ko "$hello" --ko "$mem_guard" --ko "$probe" \
		--add "$program:/bin/owners" --map "$map"
	drawn "$mode"
	has "^Who owns .*: pKVM in $mode mode, 2 CPUs, 1 GiB of RAM$" "$mode: it says what machine it was"
	is "$(ram_pages)" 262144 "$mode: RAM is what QEMU was told"
	for section in hello.hyp.text hello.hyp.bss mem_guard.hyp.text mem_guard.hyp.bss \
		probe.hyp.text probe.hyp.rodata probe.hyp.data probe.hyp.bss; do
		shown "$mode" "$section" "${section%%.*} .${section#*.}"
	done
	for name in hello mem_guard probe; do
		is "$(pages "module $name" ---)" \
			"$(told "$name\\.hyp\\.[a-z]*" | awk '{ n += $2 / 4096 } END { print n }')" \
			"$mode: $name has the pages of its sections, and the host has none of them"
	done
	shown "$mode" taken 'pages that modules took'
	shown "$mode" mapped 'pages that modules took'
	shown "$mode" device 'device registers at 0x9000000'
	is "$(pages 'taken by modules' ---)" 6 "$mode: what modules took is theirs"
	is "$(pages 'heap of the modules' ---)" 3 "$mode: and what was given to the heap"
	read -r _ _ _ phys < <(told taken)
	has "^  $(printf '0x%09x' "$phys") +16 KiB  taken by modules$" "$mode: where it is in RAM"
	read -r _ _ _ phys < <(told shared)
	has "^  $(printf '0x%09x' "$phys") +4 KiB  the host's, shared with EL2$" "$mode: a shared page is the host's"
	# From its first byte to its last, by pages, and not what the hypervisor has of it
	[ "$(pages "the host's, limited by a module" r-x)" -gt 100 ]
	ok $? "$mode: the text that mem-guard guards can not be written by the host"
	is "$(pages "protected VMs'")" 0 "$mode: there is no VM"

	# What VMs have
	anew
	boot --cpu "$cpu" --smp 3 --mem 512 --init map --ko "$hello" --map "$map"
	is "$status" 0 "$mode, VMs: the machine ends as it should"
	drawn "$mode, VMs"
	is "$(ram_pages)" 131072 "$mode, VMs: RAM is what QEMU was told"
	is "$(pages "protected VMs'" ---)" 3 "$mode, VMs: code, table and result of the protected one"
	is "$(pages "protected VMs', shared with the host")" 1 "$mode, VMs: its report"
	is "$(pages "the host's, in normal VMs as well")" 4 "$mode, VMs: all pages of the normal one"
	is "$(pages "the host's, limited by a module")" 0 "$mode, VMs: nothing is limited without mem-guard"

	# What should not be
	anew
	boot --cpu "$cpu" --init '/bin/owners wx' --ko "$probe" --add "$program:/bin/owners" --map "$map"
	is "$status" 1 "$mode: a page that is writable and executable is an error"
	has "^error: what should hold does not: see the end of $map\.txt$" "$mode: one that is told"
	cp "$map.txt" "$out"
	has '^  NO   nothing at EL2 is both writable and executable: not so for 1 pages$' "$mode: and what it is"
	has ' 4 KiB  rwx  .* pages that modules took$' "$mode: and where"
done

boot --append kvm-arm.mode=nvhe --init /bin/true --map "$map.none"
has '^error: the machine has no pKVM to draw: boot it with kvm-arm.mode=protected$' "without pKVM there is nothing to draw"
[ ! -e "$map.none.txt" ]
ok $? "... and nothing is drawn"

done_testing
