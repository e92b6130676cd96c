#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make unit: the tests of the modules here pass; what EL2 code does wrong with the table
# ends a test with the member and the line; and what can not be tested is said in one.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
export PKVM_BUILD=$tmp/build
unit() { "$top/tools/unit.sh" "$@"; }

runs "the unit tests of all modules pass" unit
is "$(grep -c ': [0-9]* passed$' "$out")" "$(cd "$top" && find modules tests/modules -path '*/unit/*.c' ! -name fuzz.c | wc -l)" \
	"... which are all that there are"
has '^tests/modules/traps: unit/cases.c: ' "... the list of operations among them"

members=$(awk '/^struct pkvm_module_ops \{/ { on = 1 } /^};/ { on = 0 }
	on && match($0, /\(\*[a-z_0-9]+\)\(/) && /^\t[a-z]/ { print substr($0, RSTART + 2, RLENGTH - 4) }' \
	"$top/kernel/include/kvm_pkvm_module.h")
is "$(sed -n 's/^	\.\([a-z0-9_]*\) = op_.*/\1/p' "$top/tools/sim/table.c")" "$members" \
	"the simulator has each member of the table, or says that it has not"

"$top/tools/new.sh" foo "$tmp" >/dev/null
dir=$tmp/foo
cp -r "$dir" "$tmp/new"

# wrong CLAIM PATTERN FILE SED: with that done to FILE, the tests fail and say PATTERN
wrong() {
	rm -r "$dir"
	cp -r "$tmp/new" "$dir"
	sed -i "$4" "$dir/$3"
	! unit "$dir" >"$out" 2>&1 </dev/null && grep -qE -- "$2" "$out"
	ok $? "$1"
}
at='/^	hyp_spin_lock/i\	'

wrong "a page that is donated twice: the member, and where it was taken" \
	"^error: host_donate_hyp\(\): page 0x40200 was taken already, at $dir/hyp/el2.c:[0-9]+" hyp/el2.c \
	"${at}pkvm_ops->host_donate_hyp(0x40200, 1, false); pkvm_ops->host_donate_hyp(0x40200, 1, false);"
has "called at $dir/hyp/el2.c:[0-9]+" "... and who called it"
wrong "one that is shared twice" '^error: host_share_hyp\(\): page 0x40200 is shared already' hyp/el2.c \
	"${at}pkvm_ops->host_share_hyp(0x40200); pkvm_ops->host_share_hyp(0x40200);"
wrong "a member that is not modelled names itself" \
	'^error: register_hyp_event_ids\(\): the simulator does not model this member' hyp/el2.c \
	"${at}pkvm_ops->register_hyp_event_ids(0, 8);"
wrong "a test that never calls the module" '^error: this test never runs code of the module' unit/test.c \
	'/adds_up_to_a_limit(void/,/^}/{/add(\|sim_boot\|leaks/d}'
wrong "a header that EL2 code can not have" \
	"^$dir/hyp/el2.c:1: linux/slab.h: the simulator has no such header: EL2 code cannot have it" hyp/el2.c \
	'1i#include <linux/slab.h>'
is "$(grep -c . "$out")" 2 "... in one line, beside what became of it"
wrong "per-CPU data" \
	"^$dir/hyp/el2.c:1: linux/percpu.h: per-CPU data is not available to EL2 modules" hyp/el2.c \
	'1i#include <linux/percpu.h>'
is "$(grep -c . "$out")" 2 "... in one line, too"

# What EL2 gives NULL for, as it does
rm -r "$dir"
cp -r "$tmp/new" "$dir"
sed -i '/sim_boot()/a\	sim_set_tracing(true);\
	assert_null(sim_ops()->tracing_reserve_entry(1));\
	assert_null(sim_ops()->tracing_reserve_entry(PAGE_SIZE));\
	assert_non_null(sim_ops()->tracing_reserve_entry(64));\
	sim_ops()->tracing_commit_entry();' "$dir/unit/test.c"
runs "a trace entry has a size that EL2 has room for" unit "$dir"

# refused WORDS CLAIM COMMAND...
refused() {
	! "${@:3}" >"$out" 2>&1 </dev/null && [ "$(grep -c . "$out")" = 1 ] && grep -qF -- "$1" "$out"
	ok $? "$2"
}
refused "$tmp/none: no such directory" "no directory" unit "$tmp/none"
mkdir "$tmp/empty"
refused "$tmp/empty: no Makefile in it" "one that is no module" unit "$tmp/empty"
refused "no hyp/Makefile in it" "a module without an EL2 part" unit "$top/tests/modules/plain"
rm -r "$dir/unit"
refused "no tests in $dir/unit" "a module without tests" unit "$dir"

done_testing
