#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/fuzz.sh [--time SECONDS] [--replay FILE] [--args "ARG..."] DIR...
#
# Runs the EL2 part of each module in the DIRs in the simulated hypervisor, with
# programs that libFuzzer makes up (tools/sim/fuzz). What reached something new is kept
# in build/fuzz/NAME/corpus; what is in the module's unit/corpus is run too, and first.
# A finding is made as short as can be. --args are for libFuzzer itself.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"
build=${PKVM_BUILD:-$top/build}

seconds=60 replay='' args=()
while [[ ${1:-} == --* ]]; do
	case $1 in
	--time)		seconds=$2 ;;
	--replay)	replay=$2 ;;
	--args)		read -ra args <<<"$2" ;;
	*)		die "$1: unknown option" ;;
	esac
	shift 2
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "TIME=$seconds: seconds, as a number"
[ -z "$replay" ] || [ -f "$replay" ] || die "REPLAY=$replay: no such file"
[ -z "$replay" ] || [ $# = 1 ] || die "REPLAY= is of one module: name it with M="
"$top/tools/modules.sh" -n "$@"

sanitize='-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined'
export UBSAN_OPTIONS=print_stacktrace=1
export ASAN_OPTIONS=detect_leaks=0:allow_addr2line=1:handle_abort=1
unset MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL M O C W V

# sees FILE [OPTION]: runs one program, with an option for the sanitizers
sees() { ASAN_OPTIONS=$ASAN_OPTIONS${2:+:$2} "$fuzz" -timeout=10 "$1" 2>&1 || true; }

# kind: what kind of finding it is that a run says on stdin: where, but no addresses
kind() {
	grep -m 1 -E 'SUMMARY: |^error: |runtime error: |ERROR: libFuzzer: timeout' |
		sed -E 's/0x[0-9a-f]+|[0-9a-f]{8,}/N/g; s/==[0-9]+==//'
}

# what: the line that says it best
what() {
	grep -m 1 -E '^error: |runtime error: |ERROR: AddressSanitizer|ERROR: libFuzzer' |
		sed -E 's/^==[0-9]+==//; s/^error: //; s/ \(pc .*//'
}

# reduce FILE: fewer steps, none repeated, then fewer arguments and more of them 0, of the
# same kind
reduce() {
	local file=$1 try=$1.try wanted i w words first was step
	wanted=$(sees "$file" symbolize=0 | kind)
	fewer
	# The one of those that are repeated that failed, with what a call before it gave back
	# as the number that it is: then that call may not be needed either
	step=$(SIM_REPLAY=1 sees "$file" symbolize=0 | grep -E '^(hvc|(guest-)?smc|fault|trap|read|write|exec|psci|trng) ' |
		tail -n 1) || true
	if [ -n "$step" ]; then
		sed "\$d" "$file" | sed '${/^repeat /d}' >"$try"
		echo "$step" >>"$try"
		! same || fewer
	fi
	for ((i = $(wc -l <"$file"); i > 0; i--)); do
		read -ra words < <(sed -n "${i}p" "$file")
		first=1
		[ "${words[0]}" != hvc ] || first=2
		for ((w = ${#words[@]} - 1; w >= first; w--)); do
			was=${words[w]}
			words[w]=$([ $w = $((${#words[@]} - 1)) ] && [ $w != 1 ] || echo 0)
			sed "${i}s|.*|${words[*]}|; s| *$||" "$file" >"$try"
			if ! same; then
				words[w]=$was
			elif [ -z "${words[w]}" ]; then
				unset "words[w]"
			fi
		done
	done
	rm -f "$try"
}
same() { [ "$(sees "$try" symbolize=0 | kind)" = "$wanted" ] && cp "$try" "$file"; }
# fewer: without the steps that it fails without. From the end: what comes after the failure
# is never done
fewer() {
	for ((i = $(wc -l <"$file"); i > 0; i--)); do
		sed "${i}d" "$file" >"$try"
		same || true
	done
}

found() {
	local dir=$1 file=$2 said
	# Each try of one that never ends takes its time
	[[ $file == */timeout-* ]] || reduce "$file"
	said=$(sees "$file")
	echo "$dir: found: $(what <<<"$said")"
	sed 's/^/    /' "$file"
	echo "again, with the report:  make fuzz M=$dir REPLAY=$file"
	echo "to keep it for later runs:  mkdir -p $dir/unit/corpus && cp $file $dir/unit/corpus/"
}

# What libFuzzer says about its progress
worth_showing='^#[0-9]+[[:space:]]+(INITED|pulse|DONE)'

# replay: the steps with what came of them, and the report but for what is below EL2 code
replay() {
	local status=0
	SIM_REPLAY=1 "$fuzz" -timeout=10 "$replay" >"$log" 2>&1 || status=$?
	grep -vE '^(INFO|Executed|Running|\*\*\*|.*: Running )|^ +#[0-9]+ .*(fuzzer::| in (_start|main|__libc)|/tools/sim/)' "$log" || true
	return "$status"
}

# run DIR: 0 if nothing was found
run() {
	local dir=${1%/} out log file seeds=() fixed=() status=0
	[ -f "$dir/hyp/Makefile" ] || die "M=$dir: no hyp/Makefile in it; there is no EL2 part to fuzz"
	out=$(out_of fuzz "$dir")
	fuzz=$out/fuzz log=$out/log
	sim_make M="$dir" OUT="$out" LIB="$build/sim/clang" CC=clang SANITIZE="$sanitize" fuzz ||
		die "M=$dir: the EL2 part or its unit/fuzz.c does not build, for the reason above"
	[ -z "$replay" ] || { replay; return; }

	mkdir -p "$out/corpus"
	rm -f "$out"/crash-* "$out"/timeout-* "$out"/oom-*
	[ ! -d "$dir/unit/corpus" ] || seeds=("$dir/unit/corpus")
	# The addresses that are compared steer the fuzzer: with the same ones, where this machine
	# allows it, a seed is the same programs again. The reduction has others each time, so
	# that no program depends on them
	! setarch -R true 2>/dev/null || fixed=(setarch -R)
	{
		"${fixed[@]}" "$fuzz" -max_total_time="$seconds" -len_control=0 -max_len=4096 -timeout=10 \
			-print_final_stats=1 -use_value_profile=1 -artifact_prefix="$out/" "${args[@]}" \
			"$out/corpus" "${seeds[@]}" 2>&1 || status=$?
		echo "$status" >"$out/status"
	} | tee "$log" | grep --line-buffered -E "$worth_showing" || true
	status=$(cat "$out/status")
	[ "$status" != 0 ] || {
		echo "$dir: nothing found in $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") programs"
		return 0
	}
	file=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
	[ -n "$file" ] || {
		# It did not come to a first program
		grep -E '^error: |^    (called|in|so) ' "$log" >&2 || cat "$log" >&2
		return 1
	}
	# A name to type: crash-89a32143
	mv "$file" "${file:0:-32}"
	found "$dir" "$(realpath --relative-base=. "${file:0:-32}")"
	return 1
}

status=0
for dir in "$@"; do
	run "$dir" || status=1
done
exit $status
