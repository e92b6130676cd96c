#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The members of struct pkvm_module_ops do what their kernel-doc says, refuse what it
# says, and never end the machine. tests/machine/ops.c makes the claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program ops
module tests/modules/probe
[ -n "$ko" ]
ok $? "the probe builds"

# op MEMBER: its number in the table
op() { awk -v member="$1," '/^enum probe_op/ { n = 0; next } $1 == member { print n } { n++ }' \
	"$top/tests/modules/probe/probe.h"; }
mkdir "$tmp/modprobe.d"

for cpu in $modes; do
	mode=$(mode_of "$cpu")
	machine=(--cpu "$cpu" --smp 4 --ko "$ko" --add "$program:/bin/ops")

	ktap "$mode" /bin/ops "${machine[@]}"
	has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
	hasnt 'cut here' "$mode: nothing in it made EL2 or the kernel warn"
	ktap "$mode, all VA" "/bin/ops va" "${machine[@]}"

	# Members that can not say that they are not there yet
	for member in UPDATE_HCR_EL2 UPDATE_HFGWTR_EL2; do
		echo "options probe init_op=$(op "OP_$member")" >"$tmp/modprobe.d/probe.conf"
		boot --cpu "$cpu" --ko "$ko" --add "$tmp/modprobe.d:/etc/modprobe.d"
		once '^\[.*pkvm_module: probe: its EL2 init function returned -95' \
			"$mode: an EL2 init that calls ${member,,} fails: it is not there yet"
	done
done

done_testing
