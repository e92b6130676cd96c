#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/unit.sh [--coverage] [DIR...]
#
# Builds the EL2 part of each module in the DIRs for this machine, and runs the tests
# in its unit/ against the simulated hypervisor of tools/sim. Without a DIR: all
# modules of the repository that have tests.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"
build=${PKVM_BUILD:-$top/build}

variant=unit
if [ "${1:-}" = --coverage ]; then
	variant=coverage
	shift
fi
if [ $# = 0 ]; then
	cd "$top"
	shopt -s nullglob
	for file in modules/*/unit/*.c tests/modules/*/unit/*.c; do
		[[ " $* " == *" ${file%/unit/*} "* ]] || set -- "$@" "${file%/unit/*}"
	done
fi
"$top/tools/modules.sh" -n "$@"
for dir in "$@"; do
	[ -f "$dir/hyp/Makefile" ] || die "M=$dir: no hyp/Makefile in it; there is no EL2 part to test"
	[ -n "$(find "$dir/unit" -maxdepth 1 -name '*.c' ! -name fuzz.c 2>/dev/null)" ] ||
		die "M=$dir: no tests in $dir/unit; modules/hello/unit/test.c is one to copy"
done

sanitize='-fsanitize=address,undefined -fno-sanitize-recover=undefined'
optimize=-O1
# Lines as they are in the source
[ $variant = unit ] || { sanitize+=' --coverage -Wl,-u,__gcov_dump,-u,__gcov_reset'; optimize=-O0; }
export UBSAN_OPTIONS=print_stacktrace=1
# What a make above us was told is about something else
unset MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL M O C W V

# What a program said, but for the tests that passed
said() {
	awk '/^\[ RUN /      { run = $0; next }
	     /^\[       OK/  { run = ""; next }
	     /^\[=====/      { next }
	     { if (run != "") print run; run = ""; print }' "$1"
}

# run DIR: 0 if all tests passed. Paths in messages are as the DIR was given
run() {
	local dir=${1%/} out log test failed=0
	out=$(out_of $variant "$dir")
	log=$out/log
	sim_make M="$dir" OUT="$out" LIB="$build/sim" CC=gcc SANITIZE="$sanitize" \
		TRACE=-fsanitize-coverage=trace-pc OPT="$optimize" tests ||
		die "M=$dir: the EL2 part or its tests do not build, for the reason above"
	[ $variant = unit ] || find "$out" -name '*.gcda' -delete
	for test in "$dir"/unit/*.c; do
		test=$(basename "$test" .c)
		[ "$test" != fuzz ] || continue
		if "$out/test/$test" >"$log" 2>&1; then
			echo "$dir: unit/$test.c: $(sed -n "s|.*PASSED  \] \([0-9]*\) .*|\1|p" "$log") passed"
		else
			failed=1
			said "$log"
			echo "$dir: unit/$test.c: FAILED"
		fi
	done
	return $failed
}

status=0
for dir in "$@"; do
	run "$dir" || status=1
done
exit $status
