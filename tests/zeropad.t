#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The kernel reads over the end of its page into one that EL2 has taken from it: it
# gets zeros, and nobody warns. tests/machine/zeropad.c makes the claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program zeropad
modules probe traps

for cpu in $modes; do
	mode=$(mode_of "$cpu")
	# shellcheck disable=SC2154	# declared there
	ktap "$mode" /bin/zeropad --cpu "$cpu" --smp "$cpus" --ko "$probe" --ko "$traps" --add "$program:/bin/zeropad"
	has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
	hasnt 'cut here|Unable to handle|spurious|hyp BUG|BUG:|WARNING:' \
		"$mode: nothing in it made EL2 or the kernel warn"
done

done_testing
