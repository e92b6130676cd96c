#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: machine/panic.sh LOG [FILE.ko]...
#
# Shows what a log tells of a hypervisor panic: where it was, how it came there, the
# registers. Addresses in a module get file and line, by the kernel's own faddr2line,
# where that finds the module's debug information. Fails when there was none.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
build=${PKVM_BUILD:-$top/build}
# shellcheck source-path=SCRIPTDIR/..
. "$top/tools/lib.sh"
# For faddr2line
export CROSS_COMPILE=$cross

log=$1
shift

# where FUNC+OFFSET/SIZE MODULE: "function at file:line" for it and what is inlined. The
# size is left out: of the last function of a section the kernel has another one than the
# file, and faddr2line takes that for another function.
where() {
	local ko
	for ko in "${kos[@]}"; do
		[ "$(basename "$ko" .ko | tr - _)" = "$2" ] || continue
		"$build/linux-src/scripts/faddr2line" "$ko" "${1%/*}" 2>/dev/null |
			sed -n "2,\$ { /^\$/d; s/__kvm_nvhe_//; s/ (discriminator [0-9]*)//; s, at $top/, at ,; s/^ */      /; p }"
	done
}

# place TEXT: what it says of a place, and below it the lines
place() {
	local symbol='([A-Za-z0-9_.$]+\+0x[0-9a-f]+/0x[0-9a-f]+)( \[([a-z0-9_]+)\])?' lines
	[[ $1 =~ $symbol ]] || { echo "  $1"; return; }
	lines=
	[ -z "${BASH_REMATCH[3]}" ] || lines=$(where "${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}")
	printf '  %s%s\n' "${BASH_REMATCH[1]#__kvm_nvhe_}" "${BASH_REMATCH[2]}"
	[ -z "$lines" ] || echo "$lines"
}

# cause: in words, from what the host's panic has of the exception
cause() {
	local esr far
	esr=$(sed -n 's/.* ESR:\([0-9a-f]*\).*/\1/p' <<<"$text" | head -n 1)
	far=$(sed -n 's/.*FAR:\([0-9a-f]*\) HPFAR:.*/\1/p' <<<"$text" | head -n 1)
	case $((0x${esr:-0} >> 26 & 0x3f)) in
	33)	echo ", running at address 0x$far" ;;
	37)	if [ $((0x$esr >> 6 & 1)) = 1 ]; then echo ", writing to address 0x$far"; else
			echo ", reading from address 0x$far"; fi ;;
	esac
}

kos=("$@")
text=$(tr -d '\r' <"$log")
shown='' el1=0
while read -r line; do
	line=${line#\[*\] }
	case $line in
	kvm*': nVHE hyp '*' at: '*)
		line=${line#*: nVHE hyp }
		[ -n "$shown" ] || echo "the hypervisor panicked$(cause): ${line%% at: *}"
		shown=1
		# The other line of a BUG has the place as it is in the source alone
		[[ $line == *'[<'* ]] && place "${line#* at: }" ;;
	*'nVHE call trace:'*)	[ -z "$shown" ] || echo "EL2 call trace:" ;;
	kvm*': '*'[<'*'>] '*)	[ -z "$shown" ] || place "${line#*>] }" ;;
	'pkvm_module: EL2 registers:'*) [ -z "$shown" ] || echo "EL2 registers:" ;;
	'pkvm_module: sp '* | 'pkvm_module: x'[0-9]*) [ -z "$shown" ] || echo "  ${line#*: }" ;;
	# How EL1 came there, without the panic itself and the entry of the kernel
	' nvhe_hyp_panic_handler+'*) [ -z "$shown" ] || { echo "called from EL1:"; el1=6; } ;;
	' '*+0x*/0x*)		[ "$el1" = 0 ] || { place "$line"; el1=$((el1 - 1)); } ;;
	*)	el1=0 ;;
	esac
done <<<"$text"
[ -n "$shown" ]
