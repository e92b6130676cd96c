#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What modules are asked and told: SMCs of host and guests, faults, other traps,
# power transitions, panics. tests/machine/traps.c makes the claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program traps
for name in modules/hyp-uart tests/modules/probe tests/modules/traps; do
	module "$name"
	[ -n "$ko" ]
	ok $? "$name builds"
	declare "$(basename "$name" | tr - _)=$ko"
done
# shellcheck disable=SC2154	# declared there
machine=(--ko "$hyp_uart" --ko "$probe" --ko "$traps" --add "$program:/bin/traps")

# before FIRST SECOND: both were said, FIRST before SECOND
before() {
	local first second
	first=$(grep -nE -m 1 -- "$1" "$tmp/console" | cut -d: -f1)
	second=$(grep -nE -m 1 -- "$2" "$tmp/console" | cut -d: -f1)
	[ -n "$first" ] && [ -n "$second" ] && [ "$first" -lt "$second" ]
}

bug='nVHE hyp BUG at: (.* __kvm_nvhe_handle_trap\+|[^ ]*nvhe/hyp-main\.c:)'
for cpu in $modes; do
	mode=$(mode_of "$cpu")

	ktap "$mode, CPUs: $cpus" /bin/traps --cpu "$cpu" --smp "$cpus" "${machine[@]}"
	has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
	# The host warns where EL2 refuses a page for a guest: KVM does not expect that
	grep -E 'hyp BUG|hyp WARN|WARNING: ' "$tmp/console" | grep -v ' at pkvm_pgtable_stage2_map+' >"$out"
	[ ! -s "$out" ]
	ok $? "$mode: nothing else in it made EL2 or the kernel warn"

	boot --cpu "$cpu" --init "/bin/traps unhandled" "${machine[@]}"
	has "$bug" "$mode: a trap that nobody handles is a hypervisor panic that names the place"
	hasnt 'the hypervisor panics|traps: last words' "$mode: the host does not go on, and nobody was told"

	boot --cpu "$cpu" --init "/bin/traps panic" "${machine[@]}"
	has '^traps: last words$' "$mode: a panic notifier speaks through another module's console"
	before '^traps: last words$' '^traps: the next words$'
	ok $? "$mode: the next one after it"
	before '^traps: the next words$' "$bug"
	ok $? "$mode: both before the panic"
done

done_testing
