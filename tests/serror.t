#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SErrors at EL2 while a module says so: who is asked and told when, and what PSTATE.A
# and HCR_EL2 are in between. QEMU raises no physical SError, so that one is taken is not
# proved here. tests/machine/serror.c makes the claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program serror
modules probe traps events
# shellcheck disable=SC2154	# declared there
machine=(--ko "$events" --ko "$probe" --ko "$traps" --add "$program:/bin/serror")

mkdir "$tmp/modprobe.d"
serror=$(awk '$2 == "EVENTS_INIT_SERROR" { print $3 }' "$top/tests/modules/events/events.h")
# options MORE: modprobe's, for events to register in its EL2 init
options() {
	echo "options events init=$serror $1" >"$tmp/modprobe.d/options.conf"
	options=(--add "$tmp/modprobe.d:/etc/modprobe.d")
}

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	for smp in 1 4; do
		ktap "$mode, $smp CPUs" /bin/serror --cpu "$cpu" --smp "$smp" "${machine[@]}"
		has "Protected $mode mode initialized" "$mode, $smp CPUs: it is the mode of the machine"
		hasnt 'hyp BUG|hyp WARN|cut here' "$mode, $smp CPUs: nothing in it made EL2 or the kernel warn"
	done

	options ""
	ktap "$mode, by EL2 init" "/bin/serror init" --cpu "$cpu" "${machine[@]}" "${options[@]}"
	options fail=el1
	ktap "$mode, module withdrawn" "/bin/serror withdrawn" --cpu "$cpu" "${machine[@]}" "${options[@]}"
	has 'pkvm_module: events: its EL1 init function failed; the EL2 part was withdrawn' \
		"$mode, module withdrawn: so the log says"
done

done_testing
