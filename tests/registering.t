#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Registering handlers: from all CPUs at once, and guest SMC handlers in the form of
# release 15, for one guest or for all. tests/machine/registering.c makes the claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program registering
modules probe traps events
# shellcheck disable=SC2154	# declared there
machine=(--ko "$probe" --ko "$traps" --ko "$events" --add "$program:/bin/registering")

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	for smp in 2 4; do
		ktap "$mode, $smp CPUs" /bin/registering --cpu "$cpu" --smp "$smp" "${machine[@]}"
		hasnt 'hyp BUG|hyp WARN|cut here' "$mode, $smp CPUs: nothing in it made EL2 or the kernel warn"
	done
	for smp in 1 2; do
		ktap "$mode, $smp CPUs, release 15" "/bin/registering smc15" --cpu "$cpu" --smp "$smp" "${machine[@]}"
		has "Protected $mode mode initialized" "$mode, $smp CPUs, release 15: it is the mode of the machine"
		hasnt 'hyp BUG|hyp WARN|cut here' "$mode, $smp CPUs, release 15: nothing in it made EL2 or the kernel warn"
	done
done

done_testing
