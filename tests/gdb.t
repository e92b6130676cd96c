#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# gdb on the machine: a breakpoint in the EL2 part of a module by its plain name hits,
# the backtrace goes on into the hypervisor, variables of both have their values, and
# nobody types an address. As of a terminal, gdb's commands come from a file.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

module modules/hello
hello=$ko
[ -n "$hello" ]
ok $? "hello builds"
source=$top/modules/hello/hyp/el2.c

module tests/modules/mod_00
other=$ko
[ -n "$other" ]
ok $? "another module builds"

# line TEXT: the number of the line of hello's EL2 part that has it
line() { grep -nF "$1" "$source" | cut -d: -f1; }

# debug SESSION ARGUMENTS...: these commands of gdb's on a machine; $out is what both say
debug() {
	local session=$1
	shift
	status=0
	"$top/machine/gdb.sh" --timeout 60 --log "$tmp/console" "$@" >"$tmp/shown" 2>&1 <<<"$session" ||
		status=$?
	sed -E 's/^(\(gdb\) )+//' "$tmp/shown" >"$out"
}

# order PATTERN...: frames of a backtrace, one after another from #0
order() {
	local pattern n=0
	for pattern; do
		grep -qE "^#$n +(0x[0-9a-f]+ in )?$pattern \(" "$out" || return
		n=$((n + 1))
	done
}

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	debug 'break hello_hyp_hvc
		continue
		bt
		next
		next
		info locals
		print number
		print 1000 + next_number
		print hyp_nr_cpus
		print va_ranges[0].use
		continue' --cpu "$cpu" --smp 3 --ko "$hello"
	is "$status" 0 "$mode: the machine ends as it should after all"
	has '^hello has its place at EL2, and nothing of it has run yet' "$mode: it has stopped in time"
	has 'Breakpoint 4 at 0x4000[0-9a-f]+: file modules/hello/hyp/el2\.c, line' "$mode: the plain name is an EL2 address"
	has '^Thread [0-9]+ hit Breakpoint 4, hello_hyp_hvc \(regs=0x[0-9a-f]+\)$' \
		"$mode: the breakpoint hits"
	# gdb begins a new line there
	has '^    at modules/hello/hyp/el2\.c:[0-9]+$' "$mode: in the module's file"
	order hello_hyp_hvc pkvm_module_hcall handle_host_hcall handle_trap __host_exit
	ok $? "$mode: the backtrace goes from the module to the hypervisor's entry"
	has 'at .*/hyp/nvhe/hyp-main\.c:[0-9]+$' "$mode: with files and lines of the hypervisor"
	has "^$(line 'u64 number =')[[:space:]]+u64 number =" "$mode: it stops at the first line"
	has "^$(line 'u64 el =')[[:space:]]+u64 el =" "$mode: next goes to the second"
	has '^number = 21$' "$mode: info locals has the argument"
	has '[$]1 = 21$' "$mode: so has print"
	has '[$]2 = 1001$' "$mode: a variable of the module has its value"
	has '[$]3 = 3$' "$mode: a variable of the hypervisor, too"
	has '[$]4 = VA_LIVE$' "$mode: and one that only its own source knows"
	has '^All as it should be\.$' "$mode: the machine goes on"

	debug 'break mod_hyp_init
		break no_such_function
		continue
		bt
		delete
		continue' --cpu "$cpu" --ko "$hello" --ko "$other"
	has 'Breakpoint 4 \(mod_hyp_init\) pending' "$mode: a module that is still to come"
	has 'hit Breakpoint 4, mod_hyp_init \(' "$mode: its breakpoint hits when it has come"
	order mod_hyp_init handle___pkvm_module_init pkvm_module_hcall handle_host_hcall handle_trap
	ok $? "$mode: in its init function, under the hypervisor's"

	debug 'break handle___pkvm_module_close
		continue
		bt
		kill' --cpu "$cpu"
	has '^The hypervisor is up, and no module is loaded' "$mode: without modules it stops, too"
	has 'hit Breakpoint [0-9.]+, handle___pkvm_module_close' "$mode: a breakpoint in the hypervisor hits"
	has '^the machine was ended by gdb$' "$mode: the machine ends when gdb says so"
done

# By hand, as `make run GDB=1` says
"$top/machine/run.sh" --ko "$hello" --log "$tmp/console" --timeout 60 --gdb "$tmp/dir/commands" \
	>"$tmp/said" 2>&1 &
machine=$!
while [ ! -e "$tmp/dir/commands" ] && kill -0 $machine; do sleep 0.1; done
gdb=$(sed -n 's/^the machine waits for gdb:  //p' "$tmp/said")
is "$gdb" "gdb-multiarch -x $tmp/dir/commands" "run.sh --gdb says what to type"
$gdb -batch -ex 'break hello_hyp_hvc' -ex continue -ex 'print regs->regs[1]' -ex delete -ex continue \
	>"$out" 2>&1 </dev/null
has '^[$]1 = 21$' "... and that is all one has to type"
wait $machine
is "$?" 0 "... and the machine's status is its own"
[ ! -e "$tmp/dir/commands" ]
ok $? "... and the file is gone with it"

done_testing
