#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The simulator of the unit tests and the hypervisor agree: both run the list of
# operations in tests/cases, and give what it says. unit.t has the simulator's half.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program cases
modules probe traps

for cpu in $modes; do
	mode=$(mode_of "$cpu")
	# shellcheck disable=SC2154	# declared there
	ktap "$mode" /bin/cases --cpu "$cpu" --smp "$cpus" --ko "$probe" --ko "$traps" --add "$program:/bin/cases"
	has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
	hasnt 'hyp WARN|hyp BUG' "$mode: nothing in it made EL2 warn"
done

done_testing
