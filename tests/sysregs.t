#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a module has trapped for the host, in HCR_EL2 and HFGWTR_EL2 of one CPU: it lasts
# over guests, CPU_SUSPEND and CPU hotplug, and ends with the module.
# tests/machine/sysregs.c makes the claims. QEMU has FEAT_FGT from 8.0 on.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program sysregs
modules probe traps events
# shellcheck disable=SC2154	# declared there
machine=(--ko "$probe" --ko "$traps" --add "$program:/bin/sysregs")

# options WORDS: modprobe's for a module, in ${options[@]}
options() {
	mkdir -p "$tmp/modprobe.d"
	echo "options $1" >"$tmp/modprobe.d/options.conf"
	options=(--add "$tmp/modprobe.d:/etc/modprobe.d")
}

# op MEMBER: its number in the table
op() { awk -v member="$1," '/^enum probe_op/ { n = 0; next } $1 == member { print n } { n++ }' \
	"$top/tests/modules/probe/probe.h"; }
# init WHAT...: the value of events' parameter init
init() {
	local name sum=0
	for name; do
		sum=$((sum | $(awk -v name="EVENTS_INIT_$name" '$2 == name { print $3 }' \
			"$top/tests/modules/events/events.h")))
	done
	echo "$sum"
}

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	# shellcheck disable=SC2154	# declared above
	for smp in 1 4; do
		ktap "$mode, $smp CPUs" /bin/sysregs --cpu "$cpu" --smp "$smp" "${machine[@]}" --ko "$events"
		has "Protected $mode mode initialized" "$mode, $smp CPUs: it is the mode of the machine"
		hasnt 'hyp BUG|hyp WARN|cut here' "$mode, $smp CPUs: nothing in it made EL2 or the kernel warn"
	done

	for member in UPDATE_HCR_EL2 UPDATE_HFGWTR_EL2; do
		options "probe init_op=$(op "OP_$member")"
		boot --cpu "$cpu" --ko "$probe" "${options[@]}"
		once '^\[.*pkvm_module: probe: its EL2 init function returned -95' \
			"$mode: an EL2 init that calls ${member,,} without a handler fails: EOPNOTSUPP"
		has '^protected VM: refused: EPERM' "$mode: ... no protected VM starts"
	done

	options "events init=$(init TRAP HCR)"
	ktap "$mode, set by EL2 init" "/bin/sysregs init" --cpu "$cpu" "${machine[@]}" --ko "$events" "${options[@]}"

	options "events init=$(init TRAP HCR PROT) fail=el1"
	ktap "$mode, module withdrawn" "/bin/sysregs withdrawn" --cpu "$cpu" "${machine[@]}" --ko "$events" "${options[@]}"
	has 'pkvm_module: events: its EL1 init function failed; the EL2 part was withdrawn' \
		"$mode, module withdrawn: so the log says"
done

done_testing
