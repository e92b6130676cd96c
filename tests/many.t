#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Many modules: they load in the order given and each works; many that fail, in ways
# that fail early and late, cost neither memory nor EL2 VA.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

module tests/modules/mod_00
[ -n "$ko" ]
ok $? "the module builds"
good=$ko

# Named mod_01, mod_02 ...: each begins to count at its number, times 100
for i in {01..51}; do
	sed "s/mod_00/mod_$i/g" "$good" >"$tmp/mod_$i.ko"
	kos+=(--ko "$tmp/mod_$i.ko")
	options[10#$i]="options mod_$i first=$((10#$i * 100))"
done

# with_options: what is in options is for modprobe
with_options() {
	mkdir -p "$tmp/modprobe.d"
	printf '%s\n' "${options[@]}" >"$tmp/modprobe.d/options.conf"
	modprobe_d=(--add "$tmp/modprobe.d:/etc/modprobe.d")
}

# A line for each module: name, EL2 address, what two calls give back
cat >"$tmp/list" <<'END'
#!/bin/sh
for name; do
	counter=/sys/module/$name/parameters/count
	echo "$name $(cat /sys/kernel/pkvm/modules/$name/el2_address) $(cat $counter) $(cat $counter)"
done
cat /sys/kernel/pkvm/protected_vms
vmm --protected
END
chmod +x "$tmp/list"

# --- Those that load

# load_in_order NAME NUMBER...
load_in_order() {
	local what=$1 names=() numbers=() add=() i cpu addresses
	shift
	for i; do
		names+=("mod_$i")
		numbers+=("$((10#$i * 100 + 1)) $((10#$i * 100 + 2))")
		# In the initramfs in another order
		add=(--ko "$tmp/mod_$i.ko" "${add[@]}")
	done
	both "${add[@]}" --named "$(IFS=,; echo "${names[*]}")" --add "$tmp/list:/list" --init "/list ${names[*]}" \
		"${modprobe_d[@]}"
	for cpu in $modes; do
		of "$cpu"
		mode=$(mode_of "$cpu")
		is "$(sed -n 's/^\[.*\] pkvm_module: \(.*\): EL2 part loaded$/\1/p' "$out" | paste -sd ' ')" "${names[*]}" \
			"$mode: $what load in the order given"
		addresses=$(sed -n 's/^mod_.. 0x\([0-9a-f]*\) .*/\1/p' "$tmp/$cpu/console")
		is "$(wc -l <<<"$addresses") $(LC_ALL=C sort -uc <<<"$addresses" 2>&1)" "$# " \
			"$mode: ... each at an EL2 address behind that of the one before"
		is "$(sed -n 's/^mod_.. 0x[0-9a-f]* //p' "$tmp/$cpu/console" | paste -sd ,)" "$(IFS=,; echo "${numbers[*]}")" \
			"$mode: ... each has calls and data of its own"
		[ "$status" = 0 ] && grep -qx allowed "$out"
		ok $? "$mode: ... and protected VMs run"
	done
}

with_options
load_in_order "two modules" 02 01
load_in_order "sixteen modules" 07 03 16 01 12 09 02 14 05 11 08 04 15 10 06 13

# --- Those that do not: fifty, and then a good one

# Of a size that is missed if it is not given back
for i in {01..50}; do
	poke_header "$tmp/mod_$i.ko" .hyp.bss size $((1 << 20))
	case $((10#$i % 5)) in
	0)	options[10#$i]="options mod_$i el2_ret=-19" ;;
	1)	options[10#$i]="options mod_$i el1_ret=-5" ;;
	2)	options[10#$i]="options mod_$i va_ranges=1 el1_ret=-5" ;;
	3)	poke_section "$tmp/mod_$i.ko" .rela.hyp.rodata 16 $((1 << 30)) ;;
	4)	poke_header "$tmp/mod_$i.ko" .hyp.bss align 8 ;;
	esac
done
with_options

# What is free, and whether the host can use it: a page that EL2 has kept kills who
# touches it
cat >"$tmp/memory" <<'END'
#!/bin/sh
/list mod_51
echo "failed: $(grep -l '^failed: ' /sys/kernel/pkvm/modules/*/state | wc -l)"
sync
echo 3 >/proc/sys/vm/drop_caches
grep -E '^Mem(Free|Available):' /proc/meminfo
megabytes=$(($(awk '/^MemFree:/ { print $2 }' /proc/meminfo) / 1024 - 16))
mount -o remount,size=100% /tmp
dd if=/dev/zero of=/tmp/fill bs=1M count=$megabytes 2>/dev/null && cat /tmp/fill >/dev/null
echo "used: status $?, $(($(stat -c %s /tmp/fill) / 1048576 - megabytes)) MB missing"
END
chmod +x "$tmp/memory"
# The same initramfs for both, for it is memory too
machine=(--mem 256M "${kos[@]}" --add "$tmp/list:/list" --add "$tmp/memory:/memory" --init /memory "${modprobe_d[@]}")

# value NAME: of the last boot's /proc/meminfo, in kB
value() { sed -n "s/^$1: *\([0-9]*\) kB/\1/p" "${out%/*}/console"; }
good_one() { sed -n 's/^mod_51 \(0x[0-9a-f]*\) 5101 5102$/\1/p' "${out%/*}/console"; }

declare -A free available address
both "${machine[@]}" --named mod_51
for cpu in $modes; do
	of "$cpu"
	free[$cpu]=$(value MemFree)
	available[$cpu]=$(value MemAvailable)
	address[$cpu]=$(good_one)
	[ -n "${address[$cpu]}" ] && grep -qx allowed "$out"
	ok $? "$(mode_of "$cpu"): alone, the good one loads"
done

# less_than KB BEFORE NOW CLAIM: is missing
less_than() {
	local less=$((${2:-0} - ${3:-0}))
	echo "$2 kB before, $3 kB now" >>"$out"
	[ "${3:-0}" != 0 ] && [ "$less" -lt "$1" ]
	ok $? "$4"
}

both "${machine[@]}" --named "$(printf 'mod_%s,' {01..51})"
for cpu in $modes; do
	of "$cpu"
	mode=$(mode_of "$cpu")
	has '^failed: 50$' "$mode: after fifty that fail"
	is "$(good_one)" "${address[$cpu]}" "$mode: ... the good one loads, at the EL2 address that it has alone"
	# Each CPU has some free pages that do not count, and each name costs some bytes
	less_than 4096 "${free[$cpu]}" "$(value MemFree)" "$mode: ... as much memory is free"
	less_than 4096 "${available[$cpu]}" "$(value MemAvailable)" "$mode: ... as much memory is available"
	has '^used: status 0, 0 MB missing$' "$mode: ... and the host can use it"
	hasnt 'Internal error|BUG:|Unable to handle|WARNING:' "$mode: ... nothing is reported about it"
	has '^denied: mod_01: its EL1 init function failed' "$mode: ... the gate stays closed, for the first of them"
	grep -qx 'protected VM: refused: EPERM' "$out"
	ok $? "$mode: ... to protected VMs"
done

done_testing
