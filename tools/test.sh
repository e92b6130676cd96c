#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/test.sh KDIR "CPU..." "OPTION..." DIR...
#
# The tests of the modules in the DIRs: unit/ on this machine, then each program of
# test/ in a machine that all of them are loaded in, once for each CPU. Modules without
# programs are only loaded, and looked at as by make run. The OPTIONs are for
# machine/run.sh. A program that passes and never comes to the EL2 code of its module
# has tested nothing: it fails. With TRACE=DIR, the logs of the machines and what QEMU
# says of their code at EL2 stay there: tools/coverage.sh reads them.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"
build=${PKVM_BUILD:-$top/build}

[ $# -ge 4 ] || die "usage: $0 KDIR CPUS OPTIONS DIR..."
kdir=$1
read -ra cpus <<<"$2"
read -ra options <<<"$3"
shift 3
shopt -s nullglob
status=0
failed() { echo "$1: FAILED${2:+: $2}"; status=1; }

logs=${TRACE:-$(mktemp -d)}
[ -n "${TRACE:-}" ] || trap 'rm -rf "$logs"' EXIT

units=()
for dir in "$@"; do
	[ -z "$(echo "$dir"/unit/*.c)" ] || units+=("$dir")
done
[ ${#units[@]} = 0 ] || "$top/tools/unit.sh" "${units[@]}" || status=1

# program FILE.c: builds it, for the machine. No other program there has its addresses,
# so that its first one is where it begins
program() {
	local dir=${1%/test/*} out
	out=$build/test/$(basename "$(realpath "$dir")")
	mkdir -p "$out"
	"${cross}gcc" -std=gnu11 -O2 -Wall -static -Wl,-Ttext-segment=0x40000000 -pthread -I"$dir" \
		-isystem "$build/linux-src/tools/testing/selftests" -o "$out/$(basename "$1" .c)" "$1" >&2 ||
		die "M=$dir: ${1#"$dir"/} does not build, for the reason above"
	echo "$out/$(basename "$1" .c)"
}

kos=$("$top/tools/modules.sh" "$kdir" "$@")
mapfile -t kos <<<"$kos"
machine=("$top/machine/run.sh" --image "$kdir/arch/arm64/boot/Image" "${options[@]}")
for ko in "${kos[@]}"; do
	machine+=(--ko "$ko")
done

# boot START OPTION...: its console is in $log.log then, and in $log.code each time that
# QEMU came to code at START, or to EL2's by an address in a register, which is how modules
# are called. Theirs is among the hypervisor's private mappings.
boots=0
boot() {
	boots=$((boots + 1))
	log=$logs/$boots
	"${machine[@]}" --log "$log.log" --append MAP=1 --qemu \
		"-d exec${TRACE:+,in_asm} -dfilter ${1:+$1+4,}0x400000000000+0x200000000000 -D $log.code" "${@:2}"
}

# reaches START DIR: from START on, the last boot came to EL2 code of a module of DIR, if
# it has any
reaches() {
	local ko at size
	[ -f "$2/hyp/Makefile" ] || return 0
	for ko in "$2"/*.ko; do
		read -r at size < <(el2_text "$log.log" "$ko") || continue
		awk -F '[][/]' -v start="$(printf %016x "$1")" -v from="$(printf %016x "$at")" \
			-v to="$(printf %016x $((at + size)))" '
			!/^Trace / { next }
			$3 == start { begun = 1 }
			# Not as numbers
			begun && "" $3 >= "" from && "" $3 < "" to { found = 1; exit }
			END { exit !found }' "$log.code" && return
	done
	return 1
}

# in_machine CPU FILE.c
in_machine() {
	local dir=${2%/test/*} start said=$logs/said
	local what="$dir: test/${2##*/}, CPU=$1"
	start=$(LC_ALL=C "${cross}readelf" -h "$program" | awk '/Entry point/ { print $4 }')
	if ! boot "$start" --cpu "$1" --add "$program:/bin/test" --init /bin/test >"$said" 2>&1 ||
		grep -q '^not ok ' "$said"; then
		cat "$said"
		failed "$what"
	elif ! reaches "$start" "$dir"; then
		failed "$what" "it never calls the module: no EL2 code of $dir ran while it did"
	else
		echo "$what: $(grep -c '^ok ' "$said") passed"
	fi
}

programs=()
for dir in "$@"; do
	programs+=("$dir"/test/*.c)
done
for file in "${programs[@]}"; do
	program=$(program "$file")
	for cpu in "${cpus[@]}"; do
		in_machine "$cpu" "$file"
	done
done

[ ${#programs[@]} = 0 ] || exit $status
for cpu in "${cpus[@]}"; do
	boot '' --cpu "$cpu" >"$logs/said" 2>&1 || {
		cat "$logs/said"
		failed "$*: loaded, CPU=$cpu"
		continue
	}
	echo "$*: no programs in test/; loaded, CPU=$cpu: $(tail -n 1 "$logs/said")"
done
exit $status
