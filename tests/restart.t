#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Another kernel in the host's place gets nothing of EL2's: by kexec, by hibernation, and
# after a crash. tests/machine/attack-restart.c makes the claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program attack-restart
modules probe attacker modules/hello modules/mem-guard
# shellcheck disable=SC2154 # modules sets them
machine=(--smp "$cpus" --append crashkernel=128M --append oops=panic
	--ko "$probe" --ko "$hello" --ko "$mem_guard")
# In either kernel
files=(--add "$attacker:/attacker.ko" --add "$program:/bin/attack-restart")

image=$kdir/arch/arm64/boot/Image
runs "an initramfs for the second kernel is made" env GEN_INIT_CPIO="$kdir/usr/gen_init_cpio" \
	"$top/machine/initramfs.sh" "$tmp/second" "$(cat "$kdir/include/config/kernel.release")" "${files[@]}"

for cpu in $modes; do
	mode=$(mode_of "$cpu")
	ktap "$mode" /bin/attack-restart --cpu "$cpu" "${machine[@]}" "${files[@]}" \
		--add "$image:/Image" --add "$tmp/second:/second"
	has "Protected $mode mode initialized" "$mode: it is the mode of the machine"
	hasnt 'hyp panic' "$mode: and EL2 did not panic"
done

done_testing
