#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Members of struct pkvm_module_ops that map and own: the window of a block, the linear
# range for init functions, MMIO, guests' pages, the forms of other releases.
# tests/machine/mapping.c makes the claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program mapping
modules probe traps early
# Memory that ends in the middle of a block
# shellcheck disable=SC2154	# declared there
machine=(--mem 1001M --ko "$probe" --ko "$traps" --ko "$early" --add "$program:/bin/mapping")

# What one block left there would be seen in the next one, where old_qemu is set.

# left OPTIONS ERROR: early.ko leaves ranges mapped, and EL2 says so
left() {
	mkdir -p "$tmp/modprobe.d"
	echo "options early $1" >"$tmp/modprobe.d/options.conf"
	ktap "$mode, early $1" "/bin/mapping left $2" --cpu "$cpu" --add "$tmp/modprobe.d:/etc/modprobe.d" "${machine[@]}"
	has "^\[.*pkvm_module: early: its EL2 init function returned $2$" "$mode, early $1: the log says why it failed"
	once "^\[.*no protected VM can be started: early: its EL2 init function returned $2$" \
		"$mode, early $1: the log says what that means"
}

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	for smp in 1 4; do
		ktap "$mode, CPUs: $smp" /bin/mapping --cpu "$cpu" --smp "$smp" "${machine[@]}"
		has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
		hasnt 'hyp BUG|hyp WARN|cut here' "$mode: nothing in it made EL2 or the kernel warn"
	done

	if [ "$mode" = hVHE ] && [ -n "$old_qemu" ]; then
		skip "$mode: one block after the other in the window" "$old_qemu"
	else
		ktap "$mode" "/bin/mapping blocks" --cpu "$cpu" "${machine[@]}"
	fi

	left leave=1 -16
	left leave=8 -16
	# Its own error is the one that counts
	left "leave=2 ret=-19" -19
	left windows=1 -16
	left windows=3 -16
done

done_testing
