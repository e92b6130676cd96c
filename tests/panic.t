#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A panic in the EL2 part of a module names its cause, the function, file and line,
# wherever it happens; the machine's runner shows that, fails, and shows little else.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

module tests/modules/crash
[ -n "$ko" ]
ok $? "the module builds"

# number NAME: of an enumerator in crash.h
number() {
	awk -v name="$1," '/^enum/ { n = 0; next } $1 == name { print n } { n++ }' \
		"$top/tests/modules/crash/crash.h"
}
# line NAME: of el2.c, as marked there
line() { grep -n "line: $1 " "$top/tests/modules/crash/hyp/el2.c" | cut -d: -f1; }

mkdir "$tmp/modprobe.d"
printf '#!/bin/sh\necho 1 >/sys/module/crash/parameters/go\n' >"$tmp/go"
chmod +x "$tmp/go"

# frames WHERE: the functions below crash_if()
frames() {
	case $1 in
	INIT)	echo crash_hyp_inithandle_trap ;;
	CALL)	echo crash_hyp_hvchandle_trap ;;
	SMC)	echo crash_hyp_smchandle_trap ;;
	FAULT)	echo crash_hyp_faulthandle_trap ;;
	PUTC)	echo crash_hyp_putccrash_hyp_hvchandle_trap ;;
	esac
}

# crash CPU WHERE HOW: $out is what the runner shows
crash() {
	echo "options crash where=$(number "CRASH_IN_$2") how=$(number "CRASH_$3")" \
		>"$tmp/modprobe.d/crash.conf"
	boot --cpu "$1" --smp "$cpus" --ko "$ko" --add "$tmp/modprobe.d:/etc/modprobe.d" --add "$tmp/go:/go" --init /go
	cp "$tmp/shown" "$out"
}

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	# Where the console's lock is held, a panic notifier that prints must not wait for it
	for where in INIT CALL SMC FAULT PUTC; do
		name="$mode: NULL in ${where,,}"
		crash "$cpu" $where NULL
		is "$status" 1 "$name: the runner fails"
		once '^the hypervisor panicked, writing to address 0x0000000000000000: panic$' \
			"$name: it tells the cause"
		once '^  crash_now\+0x[0-9a-f]+/0x[0-9a-f]+ \[crash\]$' "$name: the function and the module"
		once "^ +crash_now at .*hyp/el2\.c:$(line null)$" "$name: the line"
		if grep -q '^CONFIG_PKVM_STACKTRACE=y' "$kdir/.config"; then
			sed -n '/^EL2 call trace:/,/^called from EL1:/p' "$tmp/shown" >"$out"
			is "$(grep -oE '^  (crash_if|crash_hyp_[a-z]+|handle_trap)\+' "$out" | tr -d ' +\n')" \
				"crash_if$(frames $where)" "$name: how it came there, down to the trap"
			has "^ +crash_if at .*hyp/el2\.c:" "$name: with lines"
			cp "$tmp/shown" "$out"
			once '^  x27: [0-9a-f]{16} x28: [0-9a-f]{16} x29: [0-9a-f]{16}$' "$name: the registers"
		fi
		[ "$(wc -l <"$out")" -lt 40 ]
		ok $? "$name: and little else"
		tail -n 1 "$out" >"$tmp/last"
		is "$(grep -c '^error: the hypervisor panicked; the log is ' "$tmp/last")" 1 \
			"$name: where the log is comes last"
	done
	crash "$cpu" INIT NULL
	has '^  crash_init\+.* \[crash\]$' "$mode: in init: the EL1 function that led there"

	for how in BUG WARN; do
		crash "$cpu" CALL $how
		once '^the hypervisor panicked: BUG$' "$mode: $how is told as such"
		once "^ +crash_now at .*hyp/el2\.c:$(line ${how,,})$" "$mode: $how: the line"
		out=$tmp/console once "nVHE hyp BUG at: ([^ ]*/)?hyp/el2\.c:$(line ${how,,})!" \
			"$mode: $how: the kernel's log has it, too"
	done
done

# The kernel has another size of the last function of a section than the file has
cp -rL "$top/modules/hello" "$tmp/hello"
find "$tmp/hello" \( "${products[@]}" \) -delete
sed -i 's|^	regs->regs\[0\] = SMCCC_RET_SUCCESS;|	*(volatile u64 *)NULL = number;|' "$tmp/hello/hyp/el2.c"
build_module "$tmp/hello"
[ -n "$ko" ]
ok $? "hello with a NULL pointer builds"
boot --ko "$ko"
is "$status" 1 "hello with a NULL pointer: the runner fails"
once "^ +hello_hyp_hvc at .*hyp/el2\.c:$(grep -n NULL "$tmp/hello/hyp/el2.c" | cut -d: -f1)$" \
	"hello with a NULL pointer: the line, in the last function there is"

done_testing
