#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The host can do nothing with the EL2 part of a loaded module, and EL2 only what
# the module's sections are for. tests/machine/protect.c makes the claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program protect
module tests/modules/probe
[ -n "$ko" ]
ok $? "the probe builds"

for cpu in $modes; do
	mode=$(mode_of "$cpu")
	ktap "$mode" /bin/protect --cpu "$cpu" --smp "$cpus" --ko "$ko" --add "$program:/bin/protect"
	has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
done

done_testing
