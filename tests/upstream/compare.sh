#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tests/upstream/compare.sh STOCK PATCHED "CPU..." "TEST..." [FILE.ko]...
#
# Runs upstream's KVM selftests in the machine with the kernels of two objtrees: STOCK,
# and PATCHED with the modules loaded. Prints the verdicts of both side by side, and
# fails if they are not the same test by test. TESTs are names, or nothing for all.
#
# The machine may be busy with other things: what takes longer than the limit, or comes
# out differently, is run once more on both kernels with a longer limit, and the verdict of
# that time counts.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
# shellcheck source-path=SCRIPTDIR/../..
. "$top/tools/lib.sh"
build=${PKVM_BUILD:-$top/build}
kvm=$build/upstream/kvm
limit=20 longer=120

[ $# -ge 4 ] || die "usage: $0 STOCK PATCHED CPUS TESTS [FILE.ko]..."
stock=$1 patched=$2
read -ra cpus <<<"$3"
read -ra tests <<<"$4"
shift 4
ko=()
for file; do
	ko+=(--ko "$file")
done
for name in "${tests[@]}"; do
	[ -x "$kvm/$name" ] || die "upstream has no KVM selftest $name; those it has are in $kvm"
done
[ ${#tests[@]} -gt 0 ] ||
	mapfile -t tests < <(cd "$kvm" && find . -type f -printf '%P\n' | LC_ALL=C sort)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# with_arguments: each name that is read, with what tests/upstream/arguments has for it
with_arguments() {
	awk '/^#/ { next } FNR == NR { if (NF) line[$1] = $0; next } { print $1 in line ? line[$1] : $1 }' \
		"$here/arguments" -
}

# run KERNEL CPU SECONDS TEST...: what came of each goes to $work/KERNEL
run() {
	local kernel=$1 cpu=$2 seconds=$3 objtree=$stock modules=() log
	shift 3
	[ "$kernel" = stock ] || objtree=$patched modules=("${ko[@]}")
	log=$build/run/upstream-$kernel-$cpu.log
	say "$cpu, $kernel kernel: $# tests, each for $seconds s at most"
	printf '%s\n' "$@" >"$work/list"
	with_arguments <"$work/list" >"$work/lines"
	"$top/machine/run.sh" --image "$objtree/arch/arm64/boot/Image" "${modules[@]}" \
		--cpu "$cpu" --smp 2 --mem 2G --log "$log" --timeout $(($# * (seconds + 5) + 60)) \
		--add "$build/tests/upstream:/bin/upstream" --add "$kvm:/kvm" --add "$work/lines:/kvm.list" \
		--init "/bin/upstream $seconds /kvm.list" </dev/null >"$work/shown" 2>&1 || true
	tr -d '\r' <"$log" | awk -f "$here/results.awk" >"$work/$kernel"
	[ -s "$work/$kernel" ] || {
		cat "$work/shown" >&2
		die "the $kernel kernel ran no test; its log is $log"
	}
}

# side_by_side: NAME, the verdicts of both, "yes" if they are the same, and why, separated
# by tabs, of what ran last. Tests that fail or skip do so at the same place. One that did
# not run, because the machine ended before it, is not the same, not even on both.
side_by_side() {
	awk -F '\t' -v OFS='\t' '
		function of(file, name) { return (file, name) in verdict ? verdict[file, name] : "none" }
		!($1 in seen) { seen[$1]; order[++n] = $1 }
		FILENAME == ARGV[3] { next }
		{ verdict[FILENAME, $1] = $2; reason[FILENAME, $1] = $3 }
		END {
			for (i = 1; i <= n; i++) {
				name = order[i]
				stock = of(ARGV[1], name); why = reason[ARGV[1], name]
				patched = of(ARGV[2], name); other = reason[ARGV[2], name]
				same = stock == patched && stock != "none" && why == other ? "yes" : "NO"
				print name, stock, patched, same, why == other ? why : why " | " other
			}
		}
	' "$work/stock" "$work/patched" "$work/list"
}

# both CPU SECONDS TEST...: on one kernel after the other; side by side in $work/both
both() {
	run stock "$@"
	run patched "$@"
	side_by_side >"$work/both"
}

# doubtful: the tests to be run once more
doubtful() {
	awk -F '\t' '$4 == "NO" || $2 == "timeout" { sub(/: .*/, "", $1); print $1 }' "$work/both" | sort -u
}

# replace: what ran once more counts instead of what is in $work/table, and has a star
replace() {
	awk -F '\t' '
		{ test = $1; sub(/: .*/, "", test) }
		FNR == NR { $1 = $1 == test ? test "*" : $1; again[test] = again[test] $0 "\n"; next }
		!(test in again) { print; next }
		{ printf "%s", again[test]; again[test] = "" }
	' OFS='\t' "$work/both" "$work/table" >"$work/new"
	mv "$work/new" "$work/table"
}

# show CPU: the table; a part of a test has a line only when it differs
show() {
	local mode=hVHE
	[ "$1" != cortex-a53 ] || mode=nVHE
	printf '\nUpstream KVM selftests, %s (%s)\n\n' "$1" "$mode"
	awk -F '\t' '
		BEGIN { row = "%-34s %-13s %-13s %-5s %s\n"; printf row, "test", "stock", "patched", "same", "why" }
		$4 == "NO" { differ++ }
		$1 ~ /: / && $4 == "yes" { parts++; next }
		{ printf row, $1, $2, $3, $4, $5 }
		$1 ~ /\*$/ { again++ }
		$1 !~ /: / { tests++; count[$3]++ }
		END {
			printf "\n%d tests", tests
			for (verdict in count)
				printf ", %d %s", count[verdict], verdict
			printf "; %d named parts of them are the same", parts
			if (again)
				printf "; * %d ran once more, alone", again
			printf "\n%s\n", differ ? differ " DIFFER" : "The same on both kernels."
			exit differ != 0
		}
	' "$work/table"
}

status=0
for cpu in "${cpus[@]}"; do
	both "$cpu" $limit "${tests[@]}"
	cp "$work/both" "$work/table"
	mapfile -t again < <(doubtful)
	[ ${#again[@]} = 0 ] || {
		both "$cpu" $longer "${again[@]}"
		replace
	}
	show "$cpu" || status=1
done
[ $status = 0 ] || die "the verdicts of the two kernels differ"
