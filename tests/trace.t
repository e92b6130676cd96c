#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Trace events of modules: declared as the hypervisor declares its own, shown with
# them in tracefs, switched one by one, at run time and on the command line.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

grep -q '^CONFIG_NVHE_EL2_TRACING=y' "$kdir/.config" || {
	echo "1..0 # SKIP the kernel has no CONFIG_NVHE_EL2_TRACING: CONFIG_FRAGMENTS=debug"
	exit 0
}

module tests/modules/trace
[ -n "$ko" ]
ok $? "a module with two events, in a header of its own, builds"
trace_ko=$ko

# The way of an event that is off: from the start of a function that has nothing but the
# event in it to its return. Not counted are the function's frame, which any that calls
# another has, and the address of the switch.
"${cross}objdump" -d --no-show-raw-insn --disassemble=__kvm_nvhe_trace_hyp_off "$ko" |
	awk '$1 ~ /^[0-9a-f]+:$/ { print $2 } $2 == "ret" { exit }' >"$tmp/off"
cp "$tmp/off" "$out"
is "$(grep -vxE 'stp|ldp|mov|adrp|add|nop|bti' "$tmp/off" | sed -E 's/^ld[a-z]*$/load/; s/^(cb|tb)n?z$/branch/' | paste -sd ' ')" \
	"load branch ret" "an event that is off is a load and a branch"

runs "the test program builds" program tracebuf
modules probe traps

cat >"$tmp/script" <<'END'
#!/bin/sh
mount -t tracefs tracefs /sys/kernel/tracing
cd /sys/kernel/tracing/remotes/hypervisor || exit 1
go() { echo "$*" >/sys/module/trace/parameters/go; }
show() { echo "begin $1"; cat trace | grep -E 'trace_|module_printk|LOST|UNKNOWN|hyp_enter'; echo "end $1"; }
clear() { echo 0 >trace; }
e=events/hypervisor

echo "boot: $(cat tracing_on) $(cat $e/trace_ape/enable) $(cat $e/trace_zebra/enable) $(cat $e/module_printk/enable)"
echo "ids: $(cat $e/trace_ape/id) $(cat $e/trace_zebra/id) $(cat $e/selftest/id)"
sed 's/^/format: /' $e/trace_zebra/format
echo 0 >events/enable
echo 1 >tracing_on
clear
go 7 1; show none
echo 1 >$e/trace_zebra/enable; go 8 1; show zebra; clear
echo 1 >$e/trace_ape/enable; go 9 2; show both; clear
echo 0 >$e/trace_zebra/enable; go 300 1; show ape; clear
echo 0 >$e/trace_ape/enable; echo 1 >$e/module_printk/enable; go 10 1; show printk; clear
echo 1 >events/enable; go 11 1; show all
echo 0 >events/enable; clear; echo 1 >$e/trace_zebra/enable
go 1000 5000; show lost | tail -n 20 | grep -E 'zebra|end'; cat trace_pipe >/tmp/pipe & sleep 1; kill $!
grep -c trace_zebra /tmp/pipe | sed 's/^/pipe: /'
grep -iE -m 1 'lost' /tmp/pipe | sed 's/^/lost: /'
sed -n 's/.*\[LOST \([0-9]*\) EVENTS\].*/\1/p' /tmp/pipe | awk '{ n += $1 } END { print "all lost: " n }'
for n in 1 8 64 4032 4033 0xffffffffffffffff; do
	echo $n >/sys/module/trace/parameters/raw && echo "raw: $n" || echo "raw: $n refused"
done
echo 0 >tracing_on
echo 8 >/sys/module/trace/parameters/raw || echo "raw: off"
echo "alive"
END
chmod +x "$tmp/script"

# between NAME: what "show NAME" showed, its stamps left out
between() { sed -n "/^begin $1\$/,/^end $1\$/p" "$tmp/console" | sed '1d;$d; s/^.*: \(trace_\|module_printk\|hyp_enter\)/\1/'; }

for cpu in $modes; do
	mode=$(mode_of "$cpu")
	boot --cpu "$cpu" --ko "$trace_ko" --add "$tmp/script:/script" --init /script \
		--append "trace_remote=hypervisor:trace_ape,no_such"
	is "$(grep -c '^alive$' "$tmp/console")" 1 "$mode: the script runs to its end"
	has '^boot: 1 1 0 0$' "$mode: the command line turns tracing on, and one event"
	has "trace_remote=hypervisor: can not enable 'no_such'" "$mode: an event that is not there is told"
	has '^ids: [0-9]+ [0-9]+ [0-9]+$' "$mode: each event has a number"
	read -r _ ape zebra selftest < <(grep '^ids: ' "$tmp/console")
	[ "$zebra" = $((ape + 1)) ] && [ "$ape" -gt "$selftest" ]
	ok $? "$mode: those of the module come after the hypervisor's own, by name"
	has '^format: name: trace_zebra$' "$mode: it has a format"
	has '^format: .*field:u64 number' "$mode: with its fields"

	is "$(between none)" "" "$mode: with all off, nothing is written"
	is "$(between zebra | sed 's/cpu=.*//')" "trace_zebra number=8 " "$mode: one that is on is"
	is "$(between both | sed 's/ cpu=.*//' | tr '\n' '|')" \
		"trace_zebra number=9|trace_ape small=9|trace_zebra number=10|trace_ape small=10|" \
		"$mode: two are, in the order in which they happened"
	is "$(between ape)" "trace_ape small=44" "$mode: the other can be turned off"
	is "$(between printk | sed 's/^module_printk [a-z_.0-9]*+0x[0-9a-f]*\/0x[0-9a-f]* \[trace\]: //' | tr '\n' '|')" \
		"number 10|nothing|i=-1 from=000000000000000a %|i=-2 from=000000000000000a %|a 0xa   7 e|" \
		"$mode: pkvm_printk() shows its lines, from two files, with numbers of all kinds"
	has '^ *module_printk __kvm_nvhe_trace_hyp_hvc\+|: module_printk __kvm_nvhe_trace_hyp_hvc\+' \
		"$mode: and the function it is in"
	hasnt 'too early' "$mode: nothing is written before somebody has turned it on"
	[ "$(between all | grep -c hyp_enter)" -gt 0 ] && [ "$(between all | grep -c trace_ape)" = 1 ]
	ok $? "$mode: they stand among the hypervisor's own"

	pipe=$(sed -n 's/^pipe: //p' "$tmp/console")
	[ "${pipe:-0}" -gt 0 ] && [ "$pipe" -lt 5000 ]
	ok $? "$mode: of 5000 events some are lost: the buffer is smaller"
	has '^lost: .*LOST' "$mode: which is told, with a number"
	is "$((${pipe:-0} + $(sed -n 's/^all lost: //p' "$tmp/console")))" 5000 "$mode: the right one"
	is "$(sed -n 's/^raw: \([0-9]\)/\1/p' "$tmp/console" | tr '\n' '|')" \
		"1 refused|8|64|4032|4033 refused|0xffffffffffffffff refused|" \
		"$mode: tracing_reserve_entry() has room for what a page has, once at a time"
	has '^raw: off$' "$mode: not when tracing is off"
	hasnt 'cut here|hyp BUG|hyp WARN' "$mode: nothing warns"

	# shellcheck disable=SC2154 # declared above
	ktap "$mode, garbage in the buffer" /bin/tracebuf --cpu "$cpu" --mem 256M --ko "$probe" \
		--ko "$traps" --ko "$trace_ko" --add "$program:/bin/tracebuf"

	mkdir -p "$tmp/modprobe.d"
	echo 'options trace without_init=1' >"$tmp/modprobe.d/trace.conf"
	boot --cpu "$cpu" --ko "$trace_ko" --add "$tmp/modprobe.d:/etc/modprobe.d"
	once '^\[.*pkvm_module: trace: trace events, and no pkvm_trace_init\(\) in its EL2 init' \
		"$mode: a module that does not make its events known is refused"
done

# What could hurt EL1 or EL2 is refused, when it is built or when it is loaded
bad() {
	rm -rf "$tmp/bad" && cp -r "$top/tests/modules/trace" "$tmp/bad"
	sed -i "s|pkvm_printk(\"nothing\")|$1|" "$tmp/bad/hyp/more.c"
	build_module "$tmp/bad"
}
for fmt in 'pkvm_printk("%d %d", 1)' 'pkvm_printk("%llu", (u32)1)' 'pkvm_printk("%q", 1)' 'pkvm_printk("%n", &i)'; do
	bad "$fmt"
	has 'more.c:.*(warning|error): .*format' "$fmt: the compiler warns"
done
bad 'pkvm_printk("%d%d%d%d%d", 1, 2, 3, 4, 5)'
is "$ko" "" "five arguments do not build"
for fmt in '%s' '%pS' '%pV'; do
	bad "pkvm_printk(\"a $fmt\", (char *)number)" && [ -n "$ko" ]
	boot --ko "$ko"
	has "pkvm_module: trace: pkvm_printk\(\"a $fmt\"\): at most 4 integers" \
		"a module with $fmt in a format is refused at load"
done

done_testing
