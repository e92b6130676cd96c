#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A kernel that can load EL2 modules, and is used without: in each of KVM's modes, VMs
# are what they are on any other. tests/machine/plain.c makes the claims.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

runs "the test program builds" program plain

# plain CPU MODE WORDS: KVM's mode, and how the kernel calls what it is in then
plain() {
	ktap "$2, CPU=$1" /bin/plain --cpu "$1" --append "kvm-arm.mode=$2" --add "$program:/bin/plain"
	has "kvm \[1\]: $3 initialized successfully" "$2, CPU=$1: it is the mode of the machine"
	hasnt 'cut here|hyp panic' "$2, CPU=$1: nothing in it made EL2 or the kernel warn"
}

plain cortex-a53 nvhe 'Hyp nVHE mode'
plain cortex-a53 protected 'Protected nVHE mode'
plain max nvhe 'Hyp nVHE mode'
plain max protected 'Protected hVHE mode'
# There is no word for it: it is what comes of none that the kernel knows
plain max vhe 'VHE mode'

done_testing
