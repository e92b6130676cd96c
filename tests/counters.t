#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# EL2's counters of modules: exact, with one CPU and with four, in memory that the host
# can read and not write, at most 8 instructions for a call, and none where they are
# configured out. tests/machine/counters.c makes the claims about what is counted.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

counts() { grep -q '^CONFIG_PKVM_MODULES_STATS=y' "$1/.config"; }

# symbol NAME: its address in the kernel
symbol() { nm "$kdir/vmlinux" | awk -v name="$1" '$3 == name { print $1 }'; }

# built NAME...: builds them for the kernel of $kdir; ${ko_of[NAME]} is what came of it
declare -A ko_of
built() {
	local name
	for name; do
		module "$name"
		[ -n "$ko" ]
		ok $? "$name builds for ${kdir##*/}"
		ko_of[${name##*/}]=$ko
	done
}

# instructions CPU: of 16,384 round trips to an EL2 function, for each of them
instructions() {
	boot --cpu "$1" --smp 1 --ko "${ko_of[probe]}" --add "$program:/bin/counters" \
		--init "/bin/counters cost" --qemu "-icount shift=0,sleep=off"
	sed -n 's/^# a call takes \([0-9]*\) instructions$/\1/p' "$tmp/console"
}

runs "the test program builds" program counters

# Configured out, if this is a kernel where it is
declare -A cost
if counts "$kdir"; then
	skip "configured out" "this kernel counts"
else
	is "$(nm "$kdir/vmlinux" | grep -c 'pkvm_module_\(cpu_\)\?stats\|pkvm_module_count_')" 0 \
		"configured out: nothing of it is in the kernel"
	built tests/modules/probe
	for cpu in $modes; do
		cost[$cpu]=$(instructions "$cpu")
	done
	boot --ko "$ko" --init "/bin/ls -1 /sys/kernel/debug"
	has '^kvm$' "configured out: debugfs is there"
	hasnt '^pkvm$' "configured out: and has nothing of it"
	runs "a kernel that counts is built" make -C "$top" linux CONFIG_FRAGMENTS=stats
	kernel "$build/linux-stats"
fi

built tests/modules/probe tests/modules/traps modules/hello modules/smc-guard

for cpu in $modes; do
	mode=$(mode_of "$cpu")

	for smp in 4 1; do
		ktap "$mode, $smp CPUs" \
			"/bin/counters $(symbol __kvm_nvhe_pkvm_module_stats) $(symbol cpu_stats)" \
			--cpu "$cpu" --smp $smp --ko "${ko_of[probe]}" --ko "${ko_of[traps]}" \
			--add "$program:/bin/counters"
		hasnt 'hyp BUG|hyp WARN' "$mode, $smp CPUs: nothing warns at EL2"
	done

	if [ -n "${cost[$cpu]:-}" ]; then
		counted=$(instructions "$cpu")
		echo "# $mode: a call takes ${cost[$cpu]} instructions, $counted where it is counted"
		[ "${counted:-0}" -gt "${cost[$cpu]}" ] && [ "$counted" -le $((cost[$cpu] + 8)) ]
		ok $? "$mode: counting a call takes 8 instructions at most"
	else
		skip "$mode: counting a call takes 8 instructions at most" "no kernel to compare with"
	fi
done

# What make run shows
boot --ko "${ko_of[hello]}" --ko "${ko_of[smc-guard]}"
has '^    HVC [0-9]+ +__kvm_nvhe_hello_hyp_hvc, once$' "make run shows how often a call was made"
has '^    host-smc +__kvm_nvhe_[a-z_]+, took [0-9]+, passed [0-9]+ on$' "and what a handler took"

# A module that has made calls goes, and others take its slots: the probe's second call
# was made, smc-guard's first never is
mkdir "$tmp/modprobe.d"
echo 'options probe fail=el1' >"$tmp/modprobe.d/probe.conf"
printf '#!/bin/sh\ncd /sys/kernel/debug/pkvm/modules && ls && cat hello smc_guard\n' >"$tmp/show"
chmod +x "$tmp/show"
boot --ko "${ko_of[probe]}" --ko "${ko_of[hello]}" --ko "${ko_of[smc-guard]}" \
	--add "$tmp/modprobe.d:/etc/modprobe.d" --add "$tmp/show:/show" --init /show
has 'pkvm_module: probe: its EL1 init function failed; the EL2 part was withdrawn' \
	"a module that has made calls is withdrawn"
hasnt '^probe$' "it has no counters"
first=$(sed -n 's/^call \([0-9]*\) __kvm_nvhe_hello_hyp_hvc 1$/\1/p' "$tmp/console")
has "^call $((first + 1)) __kvm_nvhe_smc_guard_hyp_refused 0\$" \
	"who gets its number starts from zero"

done_testing
