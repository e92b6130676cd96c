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

# The probe calls members by their numbers
members=$(awk '/^struct pkvm_module_ops \{/ { on = 1 } /^};/ { on = 0 }
	on && match($0, /\(\*[a-z_0-9]+\)\(/) && /^\t[a-z]/ {
		print "OP_" toupper(substr($0, RSTART + 2, RLENGTH - 4)) }' \
	"$top/kernel/include/kvm_pkvm_module.h")
is "$(grep -oE '^	OP_[A-Z0-9_]+' "$top/tests/modules/probe/probe.h" | tr -d '\t')" "$members" \
	"the probe knows all members, in their order"

# tables: how many modules got for VA that all are mapped in
tables() { sed -n '/^ok .* all over what it gave, \([0-9]*\) of them$/ { s//\1/p; q }' "$out"; }

for cpu in $modes; do
	mode=$(mode_of "$cpu")
	machine=(--cpu "$cpu" --ko "$ko" --add "$program:/bin/ops")

	ktap "$mode, CPUs: $cpus" /bin/ops --smp "$cpus" "${machine[@]}"
	has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
	hasnt 'cut here' "$mode: nothing in it made EL2 or the kernel warn"
	ktap "$mode, CPUs: $other_cpus, all VA" "/bin/ops va" --smp "$other_cpus" "${machine[@]}"
	usual=$(tables)
done

# The vmemmap of so much memory has 72 tables of its own, and 32 are always left for it.
# How many of the others are mapped in depends a little on how they are asked for.
mem=72G
ktap "$mem of memory, all VA" "/bin/ops va" --mem $mem "${machine[@]}" \
	--qemu "-object memory-backend-ram,id=ram,size=$mem,reserve=off -machine memory-backend=ram"
fewer=$((usual - $(tables)))
[ $fewer -ge 36 ] && [ $fewer -le 44 ]
ok $? "$mem of memory: of $usual tables modules have some 40 fewer"

done_testing
