#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Loading that fails: each step of it at EL2 and each allocation at EL1 once, what is
# undone then as well, and each byte of what a module file says of its EL2 part in turn.
# The machine outlives it, nothing is lost, and a good module loads in the end.
# tests/machine/faults.c makes the claims. Of the bytes, one in FAULTS_EVERY; `make
# faults` takes all of them, and a kernel whose allocations can fail.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

grep -q '^CONFIG_PKVM_MODULES_FAULTS=y' "$kdir/.config" || {
	runs "a kernel that fails on demand is built" make -C "$top" linux CONFIG_FRAGMENTS=debug
	kernel "$build/linux-debug"
}

runs "the test program builds" program faults
modules mod_00 failing
# shellcheck disable=SC2154 # declared there
machine=(--mem 256M --named mod_00 --add "$mod_00:/mod_00.ko" --add "$failing:/failing.ko" --add "$program:/bin/faults"
	--add "$program:/sbin/modprobe" --timeout "${FAULTS_TIMEOUT:-300}")

# All of it takes so long that one wants to know where it is.
[ -z "${FAULTS_TIMEOUT:-}" ] || {
	: >"$tmp/shown"
	tail -F "$tmp/shown" 2>/dev/null > >(sed -un 's/^# so far: //p' >&2) &
	# shellcheck disable=SC2064 # that process
	trap "kill $!; rm -rf '$tmp'" EXIT
}

for cpu in $modes; do
	mode=$(mode_of "$cpu")
	ktap "$mode" /bin/faults --cpu "$cpu" --smp 2 "${machine[@]}" --append "FAULTS=${FAULTS_EVERY:-41}"
	hasnt 'hyp BUG|hyp WARN|Internal error|BUG:|Unable to handle' "$mode: nothing warns at EL2, nothing crashes"
	grep -E '^# .*(places|of [0-9]+)' "$tmp/console"

	ktap "$mode, loading does not end" /bin/faults --cpu "$cpu" --smp 1 "${machine[@]}" --append FAULTS=0
done

done_testing
