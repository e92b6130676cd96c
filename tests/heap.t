#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The EL2 heap: 10,000 random allocations and frees against a model, pages given when
# it asks for them, and all of them back in the end. tests/machine/heap.c makes the
# claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program heap
module tests/modules/probe
[ -n "$ko" ]
ok $? "the probe builds"

# The heap maps one page after the other at an address.
for cpu in $modes; do
	if [ "$(mode_of "$cpu")" = hVHE ] && [ -n "$old_qemu" ]; then
		skip "hVHE" "$old_qemu"
		continue
	fi
	ktap "$(mode_of "$cpu")" /bin/heap --cpu "$cpu" --smp "$cpus" --ko "$ko" --add "$program:/bin/heap"
done

done_testing
