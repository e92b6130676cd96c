#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The documents that are looked up rather than written are as they would be now; what
# kernel-doc says of the operations is what they answer; what can not be looked up is
# an error.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

header=$top/kernel/include/kvm_pkvm_module.h
# repo: what the tools read, in a copy of it
repo=$tmp/repo
mkdir "$repo" "$tmp/docs"
cp -r "$top/tools" "$top/kernel" "$top/tests" "$repo"

# same FILE: it is what the tools make
same() {
	diff -u "$top/docs/$1" "$tmp/docs/$1" >"$out" 2>&1
	ok $? "docs/$1 is up to date; if not: make docs"
}

tracing=
! grep -q '^CONFIG_NVHE_EL2_TRACING=y' "$kdir/.config" || tracing=1
"$top/tools/docs.sh" "$kdir" "$tmp/docs" >"$out" 2>&1
status=$?
if [ -n "$tracing" ]; then
	ok $status "the documents can be made"
	same ops.md
else
	skip "docs/ops.md" "the kernel has no CONFIG_NVHE_EL2_TRACING"
fi
same reference.rst
mkdir "$tmp/rst"
cp "$tmp/docs/reference.rst" "$tmp/rst/index.rst"
runs "Sphinx renders it, and warns of nothing" sphinx-build -q -W -C -b html "$tmp/rst" "$tmp/html"

# --- What kernel-doc says of results

# member, "void" or what it returns, after "Return:", with that of the one that it refers to
awk '/^struct pkvm_module_ops \{/ { on = 1 } /^};/ { on = 0 }
	!on { next }
	/^\t\/\*\*/ { text = "" }
	/^\t(\/\*\*| \*)/ { gsub(/\t/, " "); gsub(/ \* /, " "); text = text " " $0 }
	/^\t[a-z].*\(\*[a-z]/ && match($0, /\(\*[a-z_0-9]+\)/) {
		member = substr($0, RSTART + 2, RLENGTH - 3)
		order[++nr] = member
		returns[member] = $0 ~ /^\tvoid \(/ ? "void" : "value"
		if (text !~ "@" member ":")
			text = ""
		result[member] = match(text, /Return: .*/) ? substr(text, RSTART + 8) : ""
		doc[member] = text
		text = ""
	}
	END {
		for (i = 1; i <= nr; i++) {
			member = order[i]
			text = result[member]
			if (match(text, /as @[a-z_0-9]+/))
				text = text " " result[substr(text, RSTART + 4, RLENGTH - 4)]
			print member "\t" returns[member] "\t" text "\t" (doc[member] != "")
		}
	}' "$header" >"$tmp/results"
is "$(wc -l <"$tmp/results")" "$(grep -vc '^#' "$top/tools/ops.releases")" "each member of the table is found"
awk -F '\t' '!$4' "$tmp/results" >"$out"
[ ! -s "$out" ]
ok $? "each has a comment of its own"
awk -F '\t' '($2 == "void") != ($3 == "")' "$tmp/results" >"$out"
[ ! -s "$out" ]
ok $? "those that return something say what"

gcc -D_GNU_SOURCE -o "$tmp/print" "$top/tests/cases/print.c" >"$out" 2>&1
ok $? "the list of operations can be printed"
"$tmp/print" >"$tmp/cases"
# A heap that could not give memory says why by another member
sed -i 's/^hyp_alloc\t/hyp_alloc_errno\t/' "$tmp/cases"
awk -F '\t' 'FNR == NR { result[$1] = $3; next }
	($3 ~ /^-E/ || $3 == "NULL") && ($1 in result) {
		said++
		if (!match(result[$1], $3 "([^A-Z]|$)")) print $1 $2 " gives " $3 ", and its kernel-doc does not say so"
	}
	END { if (said < 900) print "only " said " cases" }' "$tmp/results" "$tmp/cases" >"$out"
[ ! -s "$out" ]
ok $? "kernel-doc names each error that an operation gives in tests/cases"

# --- What is missing is an error

# missing WORDS CLAIM: the last run of table.sh said so
missing() { grep -qF -- "error: $1" "$out"; ok $? "$2"; }

sed -i '/^udelay	/d' "$repo/tools/ops.releases"
sed -i '/^fixmap_map	/s/hyp_fixmap_map/hyp_fixblock_map/; /^host_share_hyp	/d' "$repo/tools/ops/linux"
sed -i 's/OP_PUTX64/OP_PUTC/' "$repo/tests/machine/shipped.c"
sed -i '/"fixmap_map() at a misaligned address"/,/} },$/d' "$repo/tests/cases/list.h"
if [ -n "$tracing" ]; then
	! PKVM_BUILD=$build "$repo/tools/ops/table.sh" "$kdir" >/dev/null 2>"$out"
	ok $? "a table with empty cells is not made"
	missing "udelay: tools/ops.releases does not have it" "... it says which member has no release"
	missing "fixmap_map: it does not come to hyp_fixblock_map()" "... what Linux does not have under it"
	missing "host_share_hyp: it comes to __pkvm_host_share_hyp()" "... what there is and is not said"
	missing "putx64: no test uses it" "... what no test uses"
	missing "fixmap_map: no case for misaligned" "... and what bad input was not tried"
	is "$(grep -c '^error' "$out")" 5 "and no more"
else
	skip "what is missing" "the kernel has no CONFIG_NVHE_EL2_TRACING"
	! "$top/tools/ops/table.sh" "$kdir" >/dev/null 2>"$out"
	missing "$kdir is no kernel with CONFIG_NVHE_EL2_TRACING" "a kernel without tracing is refused"
fi
sed -i 's/^	\/\*\* @puts:/	\/** @put:/' "$repo/kernel/include/kvm_pkvm_module.h"
! PKVM_BUILD=$build "$repo/tools/docs.sh" "$kdir" "$tmp/docs" >"$out" 2>&1
has "'puts' not described" "a member without kernel-doc is seen"

done_testing
