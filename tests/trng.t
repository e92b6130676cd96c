#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a protected guest gets when it asks for entropy (SMCCC TRNG): the module's, in the
# form that Arm DEN0098 says; and the host's without one. tests/machine/trng.c makes the
# claims, and tests/machine/caller.S is the guest.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program trng
modules probe events
# shellcheck disable=SC2154	# declared there
machine=(--ko "$events" --ko "$probe" --add "$program:/bin/trng")

mkdir "$tmp/modprobe.d"
trng=$(awk '$2 == "EVENTS_INIT_TRNG" { print $3 }' "$top/tests/modules/events/events.h")
# options MORE: modprobe's, for events to register in its EL2 init
options() {
	echo "options events init=$trng $1" >"$tmp/modprobe.d/options.conf"
	options=(--add "$tmp/modprobe.d:/etc/modprobe.d")
}

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	for smp in 1 4; do
		ktap "$mode, $smp CPUs" /bin/trng --cpu "$cpu" --smp "$smp" "${machine[@]}"
		has "Protected $mode mode initialized" "$mode, $smp CPUs: it is the mode of the machine"
		hasnt 'hyp BUG|hyp WARN|cut here' "$mode, $smp CPUs: nothing in it made EL2 or the kernel warn"
	done

	options ""
	ktap "$mode, by EL2 init" "/bin/trng init" --cpu "$cpu" "${machine[@]}" "${options[@]}"
	options fail=el1
	ktap "$mode, module withdrawn" "/bin/trng withdrawn" --cpu "$cpu" "${machine[@]}" "${options[@]}"
	# It takes a window to have the hypervisor's own answer again
	options fail=window
	ktap "$mode, withdrawn with a window open" "/bin/trng withdrawn" --cpu "$cpu" --smp 1 \
		"${machine[@]}" "${options[@]}"
done

done_testing
