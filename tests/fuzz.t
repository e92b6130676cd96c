#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make fuzz: what is wrong with a module is found, is said in one line with a program of
# a few, and can be seen again. With a seed and a number of runs, so that it is the same
# each time.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
export PKVM_BUILD=$tmp/build

fuzz() { "$top/tools/fuzz.sh" --time 100000 --args "-seed=1 -runs=$1" "${@:2}"; }

# found CLAIM DIR WORDS...: in the first line, and in the program below it
found() {
	local claim=$1 dir=$2 what=$3 step=$4
	! fuzz 200000 "$dir" >"$out" 2>&1 </dev/null
	ok $? "$claim: it is found"
	has "^$dir: found: .*$what" "... which says what and where"
	has "^    $step\$" "... with the step that did it"
	[ "$(grep -c '^    ' "$out")" -le "${5:-1}" ]
	ok $? "... and no more steps than it needs"
}

# fault NAME SED...: a module with a fault in its EL2 part
fault() {
	cp -r "$top/modules/$1" "$tmp/$1-$2"
	sed -i "${@:3}" "$tmp/$1-$2/hyp/el2.c"
	dir=$tmp/$1-$2
}

"$top/tools/new.sh" foo "$tmp" >/dev/null
dir=$tmp/foo
runs "a module that was just made has nothing to be found" fuzz 2000 "$dir"
has "^$dir: nothing found in 2000 programs" "... which is said"
runs "nor have smc-guard and mem-guard" fuzz 4000 "$top/modules/smc-guard" "$top/modules/mem-guard"
is "$(grep -c 'nothing found in 4000 programs' "$out")" 2 "... which is said of each"

# The index of a call into a table
sed -i 's/^static u64 sum;/&\nstatic const u64 table[8];/; s/^	hyp_spin_lock(&lock);/	if (regs->regs[2] <= 8)\n		number += table[regs->regs[2]];\n&/' \
	"$dir/hyp/el2.c"
rm -r "$tmp/build/fuzz/foo/corpus"
found "a read out of bounds" "$dir" 'hyp/el2.c:[0-9]+:.*index 8 out of bounds' 'hvc foo_hyp_add (0|0x[0-9a-f]+) 0x8'
again=$(grep '^again' "$out")
rm -r "$tmp/build/fuzz/foo/corpus"
! fuzz 200000 "$dir" >"$out" 2>&1
if setarch -R true 2>/dev/null; then
	is "$(grep '^again' "$out")" "$again" "a seed is the same programs again"
else
	skip "a seed is the same programs again" "addresses can not be the same here: setarch -R"
fi

# What was found can be seen again, edited, and kept with the module
file=$(sed -n 's/^again.*REPLAY=//p' "$out")
! "$top/tools/fuzz.sh" --replay "$file" "$dir" >"$out" 2>&1
ok $? "it can be seen again"
has '^hvc foo_hyp_add ' "... step by step"
has '#0 .* in foo_hyp_add .*hyp/el2.c' "... with the report"
hasnt 'tools/sim/|fuzzer::' "... and nothing of the fuzzer in it"
echo 'hvc foo_hyp_add 0x2 0x7' >"$tmp/edited"
runs "a program of one's own runs" "$top/tools/fuzz.sh" --replay "$tmp/edited" "$dir"
has '^    x0 0, x1 0x2, x2 0x7, x3 0$' "... and says what came of its steps"
mkdir "$dir/unit/corpus"
cp "$file" "$dir/unit/corpus"
rm -r "$tmp/build/fuzz/foo/corpus"
! fuzz 1 "$dir" >"$out" 2>&1
ok $? "what is in unit/corpus is run first"
has ': found: ' "... and found at once"
sed -i 's/regs->regs\[2\]/regs->regs[1]/g' "$dir/hyp/el2.c"
printf 'cpu 1\nrepeat 0x7f\nhvc foo_hyp_add\n' >"$dir/unit/corpus/${file##*/}"
! fuzz 1 "$dir" >"$out" 2>&1
ok $? "a step that fails when it is repeated ..."
is "$(grep '^    ' "$out")" "    hvc foo_hyp_add 0x8" "... is said as the one that failed"
printf 'hvc foo_hyp_add 0x3\nhvc foo_hyp_add x(1)+0x5\n' >"$dir/unit/corpus/${file##*/}"
! fuzz 1 "$dir" >"$out" 2>&1
ok $? "one that fails for what a call before it gave back ..."
is "$(grep '^    ' "$out")" "    hvc foo_hyp_add 0x8" "... is said with that as a number, without the call"

# Faults of other kinds
fault smc-guard lock 's/^		refused_others++;/&\n		return;/'
found "a lock that is held at the end" "$dir" 'returned to the host with the lock &refused_lock' 'smc .*' 3
fault smc-guard list 's/if (smc_guard_ids\[i\] == id)/if ((smc_guard_ids[i] \& ~1) == (id \& ~1))/'
found "what only the module's own check can tell" "$dir" 'may_be_called.* does not hold' 'smc .*' 3
fault mem-guard fault 's/^	enum mem_guard_access access = access_of(esr);/	enum mem_guard_access access = esr \& 3;/'
found "a fault handler with a wrong index" "$dir" 'hyp/el2.c:[0-9]+:.*index 3 out of bounds' '(fault|write|read|exec) .*' 2
fault mem-guard panic 's/^	u64 arg = regs->regs\[2\];/&\n\n	WARN_ON(cmd > 0x100000);/'
found "a panic that the host can bring about" "$dir" 'WARN_ON\(cmd > 0x100000\) at .*hyp/el2.c:[0-9]+: a hypervisor panic' \
	'hvc mem_guard_hyp_call .*'

# Another module of that name
dir=$tmp/other/foo
mkdir "$tmp/other"
cp -r "$tmp/foo" "$dir"
rm -rf "$dir/unit/corpus"
fuzz 1 "$dir" >"$out" 2>&1
has "build/fuzz/foo was of the module in $tmp/foo: it is .*/foo\\.[0-9]+ now" "another module of that name: the corpus of the first is kept"
[ -d "$(echo "$tmp"/build/fuzz/foo.*/corpus)" ]
ok $? "... indeed"
dir=$tmp/foo

# What can not be done
refused() {
	! "${@:3}" >"$out" 2>&1 </dev/null && [ "$(grep -c '^error: ' "$out")" = 1 ] && grep -qF -- "$1" "$out"
	ok $? "$2"
}
refused "there is nothing to fuzz" "a module with no call and no handler" fuzz 1 "$top/tests/modules/traps"
refused "there is no device at 0x18" "one that does not load" fuzz 1 "$top/modules/hyp-uart"
has '^    so hyp-uart does not load in the simulator: fuzz_setup\(\)' "... which says what it takes"
refused "no hyp/Makefile in it" "one without an EL2 part" fuzz 1 "$top/tests/modules/plain"
refused "TIME=soon: seconds" "a time that is none" "$top/tools/fuzz.sh" --time soon "$dir"
refused "REPLAY=$tmp/none: no such file" "a file that is not there" "$top/tools/fuzz.sh" --replay "$tmp/none" "$dir"
printf 'cpu 1\nhvc foo_hyp_sub 1\n' >"$tmp/edited"
refused "line 2 is not a step" "a program with a call that the module does not have" \
	"$top/tools/fuzz.sh" --replay "$tmp/edited" "$tmp/foo"

done_testing
