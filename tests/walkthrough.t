#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# docs/walkthrough.md: its code, put where it says, does what it says, and prints that. On
# this machine only: what the other one has to do with it, other tests are about.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
export PKVM_BUILD=$tmp/repo/build

mkdir -p "$tmp/repo/modules"
cp -r "$top/tools" "$top/kernel" "$tmp/repo"
cd "$tmp/repo" || exit
el1=modules/foo/el1.c el2=modules/foo/hyp/el2.c test=modules/foo/unit/test.c

# block N PATTERN: of the document's blocks of code, and of commands with what they print,
# the Nth that has a line like that
block() {
	local text
	text=$(awk -v n="$1" -v pattern="$2" '
		function done() { if (hit && --n == 0) { printf "%s", text; exit } text = ""; hit = 0 }
		/^    \$ / || /^[^ ]/ { done() }
		/^(    |$)/ { line = substr($0, 5); text = text line "\n"; if (line ~ pattern) hit = 1 }' \
		"$top/docs/walkthrough.md")
	printf '%s\n' "${text#"${text%%[!$'\n']*}"}"
}
# printed N COMMAND: what the Nth use of a command prints there, it printed. How far the
# fuzzer has come does not count
printed() {
	local line missing=0
	while IFS= read -r line; do
		[[ -n $line && $line != ... && $line != "#"* ]] || continue
		grep -qxF -- "$line" "$out" && continue
		echo "not printed: $line" >>"$out"
		missing=1
	done < <(block "$1" "^\\$ $2\$" | sed 1d)
	[ -n "$(block "$1" "^\\$ $2\$" | sed 1d)" ] && [ $missing = 0 ]
	ok $? "... and prints what the document has, $2"
}
# after FILE LINE TEXT: TEXT after a line like that
after() { awk -v like="$2" -v text="$3" '{ print } $0 ~ like { print text }' "$1" >"$tmp/edited" && cp "$tmp/edited" "$1"; }

runs "make new NAME=foo" tools/new.sh foo modules
printed 1 "make new NAME=foo"

# A handler, its declaration and its registration, and a test
{ echo; block 1 'foo_hyp_take\(struct'; } >>$el2
added=$(block 1 '__kvm_nvhe_foo_hyp_take')
after $el1 'nvhe_foo_hyp_add\(struct' "${added%%$'\n'...*}"
after $el1 '^	add_id = ret;' $'\n'"${added#*...$'\n'}"
after $test '^	sim_check_leaks' "}"$'\n\n'"$(block 1 takes_a_page_once\\\(void | sed '$d')"
after $test 'sim_test\(adds' $'\t\tsim_test(takes_a_page_once),'
! tools/unit.sh modules/foo >"$out" 2>&1
ok $? "the double donation is found"
printed 1 "make unit M=modules/foo"

sed -i '/x1: pfn of a page/,$d' $el2
block 1 'define MAX_TAKEN' >>$el2
runs "a module that remembers has none" tools/unit.sh modules/foo
printed 2 "make unit M=modules/foo"

# One more call
{ echo; block 1 'foo_hyp_taken\(struct'; } >>$el2
added=${added//_take/_taken}
after $el1 'nvhe_foo_hyp_take\\(struct' "${added%%$'\n'...*}"
after $el1 '^	add_id = ret;' $'\n'"${added#*...$'\n'}"
fuzz() { tools/fuzz.sh --time 100000 --args "-seed=1 -runs=$1" modules/foo; }
! fuzz 200000 >"$out" 2>&1
ok $? "the read out of bounds is found"
found=$(sed -n 's/^again.*REPLAY=.*-//p' "$out")
sed -i "s/crash-$found/crash-ebaa2991/" "$out"
printed 1 "make fuzz M=modules/foo"
sed -i 's/index <= MAX_TAKEN/index < MAX_TAKEN/' $el2
runs "with the limit as it should be there is nothing to find" fuzz 2000

done_testing
