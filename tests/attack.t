#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A hostile host after deprivilege gets nothing and breaks nothing. The machine's
# programs tests/machine/attack*.c make the claims; `make attack` is the long run.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

# A short run, a half of it in each mode, and the same each time as far as one CPU goes:
# make attack is the long one.
seed=1 calls=1000000

for name in attack attack-pages attack-race attack-gate; do
	runs "the test program $name builds" program "$name"
done
programs=${program%/*}

modules probe attacker modules/hello modules/smc-guard modules/mem-guard
# shellcheck disable=SC2154 # modules sets them
machine=(--append oops=panic --ko "$probe" --ko "$hello" --ko "$smc_guard" --ko "$mem_guard") \
	attacker=(--add "$attacker:/attacker.ko")
rng='-global virtio-mmio.force-legacy=false -device virtio-rng-device'

# attack NAME PROGRAM ARGUMENTS...: in this mode
attack() {
	local name=$1 program=$2
	shift 2
	ktap "$mode, $name" "/bin/$program" --cpu "$cpu" "${attacker[@]}" \
		--add "$programs/${program%% *}:/bin/${program%% *}" "$@"
}

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	attack "one thing at a time" attack-pages --smp 2 "${machine[@]}" --qemu "$rng"
	has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
	attack "two things at once" "attack-race 300" --smp 4 "${machine[@]}"
	attack "a module is missing" attack-gate --smp 2 --ko "$probe" --named probe,nowhere
	heap=
	[ "$mode" = nVHE ] || heap=${old_qemu:+no-heap}
	attack "at random, seed $seed" "attack $((calls / 2)) $seed 0 $heap" --smp 4 --timeout 300 "${machine[@]}"
done

# What EL2 reads of the host's memory, it reads once. Modules that are shipped read
# none: one that is to gets a test like tests/machine/attack-race.c first.
users=$(grep -lE 'pin_shared_mem|fixmap_map|fixblock_map|linear_map_early|[>.]hyp_va\(' "$top"/modules/*/hyp/*.c)
is "$users" "" "no module that is shipped reads memory that the host can change"

done_testing
