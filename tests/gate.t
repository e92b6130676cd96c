#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fail closed: a module that did not load means no protected VM, at EL1 with a
# reason, and at EL2 whatever a compromised host says. tests/machine/gate.c makes the
# claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program gate
module tests/modules/hostile
[ -n "$ko" ]
ok $? "the hostile module builds"
hostile=$ko
module tests/modules/probe
[ -n "$ko" ]
ok $? "the probe builds"
probe=$ko

# The probe under another name, to fail
broken=$tmp/broken
cp -r "$tmp/modules/tests/modules/probe" "$broken"
rm "$broken"/*.ko "$broken"/*.mod*
sed -i 's/probe\.o/broken.o/; s/probe-y/broken-y/' "$broken/Makefile"
build_module "$broken"
[ -n "$ko" ]
ok $? "the module that fails builds"
broken=$ko

# with OPTIONS...: for modprobe, one a line; in $options
with() {
	options=$tmp/modprobe.d
	mkdir -p "$options"
	printf 'options %s\n' "$@" >"$options/options.conf"
}

# gate NAME allowed|denied|denied-many ARGUMENTS...
gate() {
	local name=$1 is=$2
	shift 2
	ktap "$mode, $name" "/bin/gate $is" --cpu "$cpu" --add "$program:/bin/gate" \
		--add "$hostile:/hostile.ko" --add "$broken:/late.ko" "$@"
}

# failed MODULE REASON: sysfs and the log say so
failed() {
	has "^# denied: $1: $2" "$mode: sysfs names $1 and the reason"
	has "^\[.*pkvm_module: $1: $2" "$mode: the log names $1 and the reason"
	once "^\[.*no protected VM can be started: $1: $2" "$mode: the log says what that means"
}

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	gate "no module named" allowed
	has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
	gate "empty list" allowed --named ""
	gate "all loaded" allowed --ko "$probe"

	gate "one missing" denied-many --ko "$probe" --named probe,nowhere
	failed nowhere ".*not found"

	with "broken fail=el2"
	gate "EL2 init fails" denied --ko "$broken" --add "$options:/etc/modprobe.d"
	failed broken "its EL2 init function returned -33"

	with "broken fail=el1"
	gate "EL1 init fails after the load" denied --ko "$probe" --ko "$broken" \
		--add "$options:/etc/modprobe.d"
	failed broken "its EL1 init function failed; the EL2 part was withdrawn"

	# It ran at EL2 all the same
	with "probe load_first=broken" "broken fail=el1"
	gate "a module that nobody named fails" denied --ko "$probe" --ko "$broken" --named probe \
		--add "$options:/etc/modprobe.d"
	failed broken "its EL1 init function failed; the EL2 part was withdrawn"
done

done_testing
