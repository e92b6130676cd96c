#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/coverage.sh KDIR "CPU..." "OPTION..." DIR...
#
# Which lines of the EL2 parts of the modules in the DIRs their tests reach: unit tests,
# by gcov, and those in the machine, by what QEMU has translated. It logs each block of
# guest code when it comes to it first, and debug information has the lines of it. What
# a line of code is, gcov says, but of files that only the machine has.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"
build=${PKVM_BUILD:-$top/build}

[ $# -ge 4 ] || die "usage: $0 KDIR CPUS OPTIONS DIR..."
machine=("$1" "$2" "$3")
shift 3
shopt -s nullglob
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Only what is the module's and runs at EL2
ours() {
	awk -v dir="$(realpath "$1")/" '
		/^SF:/ { keep = index($0, "SF:" dir) == 1 && $0 !~ /\/(unit|test)\// }
		keep && /^(SF|DA|FN|FNDA|FNF|FNH|LF|LH|end_of_record)/'
}

# from_units DIR: what its unit tests reached
from_units() {
	local out
	[ -n "$(find "$1/unit" -maxdepth 1 -name '*.c' ! -name fuzz.c 2>/dev/null)" ] || return 0
	# What they have to say, tools/test.sh has shown
	"$top/tools/unit.sh" --coverage "$1" >/dev/null 2>&1 || true
	out=$build/coverage/$(basename "$(realpath "$1")")
	geninfo -q --output-filename "$work/all" "$out/hyp" >"$work/said" 2>&1 || {
		cat "$work/said" >&2
		die "M=$1: lcov can not read what gcov wrote, for the reason above"
	}
	ours "$1" <"$work/all"
}

# reached BOOT BASE SIZE: which instructions of .hyp.text were translated, as offsets in it
reached() {
	awk -v base="$2" -v size="$3" '
		function hex(digits,  i, n) {
			for (i = 3; i <= length(digits); i++)
				n = 16 * n + index("123456789abcdef", substr(digits, i, 1))
			return n
		}
		BEGIN { base = hex(base) }
		/^0x/ {
			sub(/:$/, "", $1)
			at = hex($1) - base
			if (at >= 0 && at < size)
				printf "0x%x\n", at
		}' "$1.code" | sort -u
}

# from_machine DIR FILE.ko: the same of what ran in the machine
from_machine() {
	local boot text base size
	: >"$work/reached"
	for boot in "$work"/boot/*.log; do
		boot=${boot%.log}
		# One that did not come so far has none
		text=$(el2_text "$boot.log" "$2")
		[ -n "$text" ] || continue
		read -r base size <<<"$text"
		reached "$boot" "$base" "$size" >>"$work/reached"
	done
	[ -s "$work/reached" ] || return 0
	seq -f '%.0f' 0 4 $((size - 4)) | awk '{ printf "0x%x\n", $1 }' >"$work/all"
	"${cross}addr2line" -a -i -j .hyp.text -e "$1/hyp/kvm_nvhe.o" <"$work/all" 2>/dev/null |
		sed 's/ (discriminator [0-9]*)$//' |
		awk -v dir="$(realpath "$1")/" '
			NR == FNR { reached[$1] = 1; next }
			/^0x/ { sub(/^0x0*/, "0x"); if ($0 == "0x") $0 = "0x0"; hit = $0 in reached; next }
			index($0, dir) == 1 { at = $0; if (!(at in count)) count[at] = 0; if (hit) count[at] = 1 }
			END { for (at in count) {
				n = match(at, /:[0-9]+$/)
				if (n) print substr(at, 1, n - 1), substr(at, n + 1), count[at]
			} }' "$work/reached" - | sort -k1,1 -k2,2n |
		awk -v known="$work/unit" '
			BEGIN { while ((getline line < known) > 0) {
				if (line ~ /^SF:/) { file = substr(line, 4); has[file] = 1 }
				if (line ~ /^DA:/) { split(substr(line, 4), da, ","); code[file, da[1]] = 1 }
			} }
			($1 in has) && !(($1, $2) in code) { next }
			$1 != last { if (last != "") print "end_of_record"; print "SF:" $1; last = $1 }
			{ print "DA:" $2 "," $3 }
			END { if (last != "") print "end_of_record" }'
}

# table DIR: a line for each file, from $work/unit and $work/machine
table() {
	awk -v dir="$(realpath "$1")/" -v shown="${1%/}/" '
		FNR == 1 { n++ }
		/^SF:/ { file = substr($0, 4 + length(dir)); files[file] = 1 }
		/^DA:/ { split(substr($0, 4), da, ","); line[file, da[1]] = 1; if (da[2] > 0) hit[n, file, da[1]] = 1 }
		END {
			for (file in files) {
				all = one = two = both = 0; missed = ""
				for (i = 1; i < 100000; i++) {
					if (!((file, i) in line)) continue
					all++; one += (1, file, i) in hit; two += (2, file, i) in hit
					if ((1, file, i) in hit || (2, file, i) in hit) both++
					else missed = missed " " i
				}
				printf "%s%s: %d of %d lines: %d by unit tests, %d in the machine", shown, file, both, all, one, two
				print missed == "" ? "" : "; not reached:" missed
			}
		}' "$work/unit" "$work/machine" | sort
}

status=0
mkdir -p "$work/boot" "$build/coverage"
TRACE=$work/boot "$top/tools/test.sh" "${machine[@]}" "$@" || status=1
reports=()
for dir in "$@"; do
	echo "# nothing" >"$work/unit"
	from_units "$dir" >>"$work/unit" || status=1
	name=$(basename "$(realpath "$dir")")
	echo "# nothing" >"$work/machine"
	for ko in "$dir"/*.ko; do
		from_machine "$dir" "$ko" >>"$work/machine"
	done
	table "$dir"
	for half in unit machine; do
		grep -q ^SF: "$work/$half" || continue
		sed "1s/.*/TN:$half/" "$work/$half" >"$work/$name.$half.info"
		reports+=(-a "$work/$name.$half.info")
	done
done
[ ${#reports[@]} -gt 0 ] || die "nothing of $* was reached, by no test"
report=$(realpath --relative-base=. "$build/coverage")
if ! lcov -q "${reports[@]}" -o "$report/lcov.info" >"$work/said" 2>&1 ||
	! genhtml -q -o "$report/html" "$report/lcov.info" >>"$work/said" 2>&1; then
	cat "$work/said" >&2
	die "lcov makes no report of it, for the reason above"
fi
echo "lcov's report is $report/lcov.info; as HTML, $report/html/index.html"
exit $status
