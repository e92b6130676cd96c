#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make coverage: the lines that a module's tests reach, on this machine and in the other
# one, and those that none does.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
mkdir "$tmp/build"
ln -s "$build/linux-src" "$build/machine" "$tmp/build"

"$top/tools/new.sh" foo "$tmp" >/dev/null
dir=$tmp/foo
el2=$dir/hyp/el2.c
# The unit test knows of no limit, the one in the machine does; nobody calls the other one
sed -i '/ERANGE/d; /add(0), 1000/d' "$dir/unit/test.c"
cat >>"$el2" <<'END'

void foo_hyp_other(struct user_pt_regs *regs)
{
	regs->regs[1] = 1;
}
END
line() { grep -nE "$1" "$el2" | tail -n 1 | cut -d: -f1; }
other="$(line foo_hyp_other) $(line 'regs\[1\] = 1;') $(wc -l <"$el2")"

runs "both kinds of tests run" env PKVM_BUILD="$tmp/build" "$top/tools/coverage.sh" "$kdir" cortex-a53 "" "$dir"
has "^$dir: test/test.c, CPU=cortex-a53: 3 passed" "... the one in the machine too"
has "^$dir/hyp/el2.c: 13 of 16 lines: 12 by unit tests, [1-9][0-9]* in the machine; not reached: $other\$" \
	"what was reached by which is said, and what by neither"
info=$tmp/build/coverage/lcov.info
grep -q "^DA:$(line ERANGE),1" "$info"
ok $? "the limit is reached in the machine"
grep -q "^DA:$(line ERANGE),0" "$info"
ok $? "... and by no unit test"
is "$(grep '^SF:' "$info" | sort -u)" "SF:$el2" "the report is about the EL2 part alone"
[ -s "$tmp/build/coverage/html/index.html" ]
ok $? "there is one to look at"

done_testing
