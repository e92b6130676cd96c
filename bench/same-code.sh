#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: bench/same-code.sh OBJTREE OBJTREE
#
# Whether the objects under arch/arm64/kvm/ of two kernels have the same instructions:
# names each function that has not, and ends with how many were compared. Addresses do
# not count, for another file of another size may be linked before it.
set -euo pipefail
export LC_ALL=C

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
. "$top/tools/lib.sh"
[ $# = 2 ] || { echo "usage: $0 OBJTREE OBJTREE" >&2; exit 2; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

objects() { (cd "$1/arch/arm64/kvm" && find . -name '*.o' ! -name 'built-in*' ! -name '*.tmp.o' -printf '%P\n' | sort); }

# code FILE: "OBJECT FUNCTION INSTRUCTION" lines, with relocations, without addresses
code() {
	"${cross}objdump" -dr --no-show-raw-insn --no-addresses "$1" |
		sed -n 's/^<\(.*\)>:$/\1/; t name; s/[[:space:]]*\/\/.*//; s/^[[:space:]]\+//p; b; :name; h; s/.*/&:/p'
}

# What is linked is the same, too. An objtree may have objects that are not.
linked() { "${cross}ar" t "$1/arch/arm64/kvm/built-in.a" | sed 's|.*/arch/arm64/kvm/||' | sort; }

linked "$1" >"$work/a"
linked "$2" >"$work/b"
{ diff "$work/a" "$work/b" || true; } | sed -n 's/^[<>] /linked in one of them only: /p' >"$work/said"

objects "$1" >"$work/objects"
functions=0
while read -r o; do
	code "$1/arch/arm64/kvm/$o" >"$work/code.a"
	code "$2/arch/arm64/kvm/$o" >"$work/code.b"
	functions=$((functions + $(grep -c ':$' "$work/code.a" || true)))
	! cmp -s "$work/code.a" "$work/code.b" || continue
	# Which: each function on a line of its own
	for x in a b; do
		awk '/:$/ { if (f) print f, t; f = $1; t = ""; next } { t = t "|" $0 } END { if (f) print f, t }' \
			"$work/code.$x" >"$work/functions.$x"
	done
	{ diff "$work/functions.a" "$work/functions.b" || true; } |
		sed -n "s|^[<>] \([^ ]*\): .*|$o: \1|p" | sort -u >>"$work/said"
done <"$work/objects"

[ "$functions" -gt 0 ] || { echo "nothing was compared: is $1 built?"; exit 2; }
cat "$work/said"
echo "$functions functions in $(wc -l <"$work/objects") objects"
[ ! -s "$work/said" ]
