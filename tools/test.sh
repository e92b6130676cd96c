#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/test.sh KDIR "CPU..." "OPTION..." DIR...
#
# The tests of the modules in the DIRs: unit/ on this machine, then each program of
# test/ in a machine that all of them are loaded in, once for each CPU. Modules without
# programs are only loaded, and looked at as by make run. The OPTIONs are for
# machine/run.sh. With TRACE=DIR, what guest code QEMU translates goes to DIR, but for
# the kernel's, and the log of each machine: tools/coverage.sh reads them.
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
failed() { echo "$*: FAILED"; status=1; }

units=()
for dir in "$@"; do
	[ -z "$(echo "$dir"/unit/*.c)" ] || units+=("$dir")
done
[ ${#units[@]} = 0 ] || "$top/tools/unit.sh" "${units[@]}" || status=1

# program FILE.c: builds it, for the machine
program() {
	local dir=${1%/test/*} out
	out=$build/test/$(basename "$(realpath "$dir")")
	mkdir -p "$out"
	"${cross}gcc" -std=gnu11 -O2 -Wall -static -pthread -I"$dir" \
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

boots=0
boot() {
	local trace=()
	boots=$((boots + 1))
	[ -z "${TRACE:-}" ] || trace=(--log "$TRACE/$boots.log" --append MAP=1
		--qemu "-d in_asm -dfilter 0..0xfffeffffffffffff -D $TRACE/$boots.asm")
	"${machine[@]}" "${trace[@]}" "$@"
}

# in_machine CPU FILE.c
in_machine() {
	local what="${2%/test/*}: test/${2##*/}, CPU=$1" said
	said=$(mktemp)
	if boot --cpu "$1" --add "$program:/bin/test" --init /bin/test >"$said" 2>&1 &&
		! grep -q '^not ok ' "$said"; then
		echo "$what: $(grep -c '^ok ' "$said") passed"
	else
		cat "$said"
		failed "$what"
	fi
	rm -f "$said"
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
	boot --cpu "$cpu" >"$build/run/test.log" 2>&1 || {
		cat "$build/run/test.log"
		failed "$*: loaded, CPU=$cpu"
		continue
	}
	echo "$*: no programs in test/; loaded, CPU=$cpu: $(tail -n 1 "$build/run/test.log")"
done
exit $status
