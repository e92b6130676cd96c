#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make new: what it makes builds and passes its tests, wherever it is and whatever its
# name; its tests fail when they should; and what can not be a name is refused.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
src=$build/linux-src

new() { make -s -C "$top" new NAME="$1" DIR="$tmp/in" >"$out" 2>&1 </dev/null; }

# refused NAME WORDS CLAIM
refused() {
	! new "$1" && [ "$(grep -c '^error: ' "$out")" = 1 ] && grep -qF -- "$2" "$out"
	ok $? "$3"
}

mkdir "$tmp/in"
rule="a module's name is a letter, and up to 54 more letters, digits, \"_\" or \"-\""
long=$(printf 'n%.0s' {1..56})
for name in '' 9lives _x -n 'a b' a.b a/b ../b "a'b" 'a"b' é "$long"; do
	refused "$name" "NAME=\"$name\": $rule" "\"$name\" is refused, with the rule"
done
refused el1 'that is the name of a source file' "el1 is refused: el1.o is an object of it"
touch "$tmp/in/taken"
refused taken "$tmp/in/taken is there already" "a name that is taken is refused"
! make -s -C "$top" new NAME=foo DIR="$tmp/none" >"$out" 2>&1
ok $? "a directory that is not there is refused"
has "^error: DIR=$tmp/none: no such directory" "... which says so"
is "$(ls -A "$tmp/in")" taken "nothing is left of all that"

checkpatch() { (cd "$src" && perl scripts/checkpatch.pl --strict --terse --no-summary --ignore AVOID_EXTERNS,CAMELCASE -f "$1"); }

name=vendor-secure_heap2
dir=$tmp/in/$name
runs "it is made" new "$name"
has "make test M=$dir " "what to do next is said"
! grep -rnE 'new[-_]module|@[A-Z]+@' "$dir" >"$out"
ok $? "nothing is left to be filled in"
is "$(wc -l <"$dir/README.md")" 10 "the README can be read at a glance"
for f in "$dir"/*.c "$dir"/*/*.c; do
	checkpatch "$f" >"$out" 2>&1
	ok $? "checkpatch: ${f#"$dir"/}"
done
make -C "$kdir" M="$dir" W=1 modules >"$tmp/said" 2>&1 </dev/null
grep -E 'warning|error' "$tmp/said" | grep -v module-common >"$out"
[ ! -s "$out" ] && [ -e "$dir/$name.ko" ]
ok $? "it builds, without a warning"
runs "make clean, in its directory" sh -c "cd $dir && make KDIR=$kdir clean"
is "$(cd "$dir" && find . -type f -printf '%P\n' | sort | paste -sd ' ')" \
	"Makefile README.md el1.c hyp/Makefile hyp/el2.c test/test.c unit/test.c" \
	"... leaves what was made"

# Its tests, in both modes, and then with another limit than they know, beside one that
# only looks on: the module was called when it was loaded, and is no more
tests() { "$top/tools/test.sh" "$kdir" "$1" "" "$dir"; }
runs "all tests pass" tests "$modes"
has "^$dir: unit/test.c: 1 passed$" "... on this machine"
for cpu in $modes; do
	has "^$dir: test/test.c, CPU=$cpu: 3 passed$" "... and in the other one, CPU=$cpu"
done
sed -i 's/\(define MAX_SUM\).*/\1 2000/' "$dir/hyp/el2.c"
sed -i 's/^\tpr_info.*/\tpkvm_el2_mod_call(add_id, 0);\n&/' "$dir/el1.c"
cat >"$dir/test/idle.c" <<'END'
#include <stdio.h>

int main(void)
{
	puts("ok 1 all is well");

	return 0;
}
END
! tests cortex-a53 >"$out" 2>&1 </dev/null
ok $? "with a mistake in the EL2 part they fail"
has "^$dir: unit/test.c: FAILED$" "... on this machine"
has "^$dir: test/test.c, CPU=cortex-a53: FAILED$" "... and in the other one"
has '^not ok 3 EL2 has a limit' "... which shows what failed"
once "^$dir: test/idle.c, CPU=cortex-a53: FAILED: it never calls the module: no EL2 code of $dir ran while it did$" \
	"a program that never calls the module fails, in one line"

done_testing
