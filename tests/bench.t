#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What EL2 modules cost, in instructions: at most what bench/limits says, with no module
# and with one that has many calls and handlers. `make bench` measures the
# stock kernel, which there is none of here: its counts are in bench/stock, for the
# compiler that they were measured with. With another one the kernel itself without
# modules stands for it, which shows what modules cost, and not what having support for
# them does.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

if grep -qE '^CONFIG_(UBSAN|NVHE_EL2_TRACING|PROVE_LOCKING|PKVM_MODULES_STATS)=y' "$kdir/.config"; then
	skip "what modules cost" "other things cost more in this kernel"
	done_testing
	exit
fi

PKVM_BUILD=$build make -s -f "$top/bench/Makefile" >"$out" 2>&1 </dev/null
ok $? "the program that measures builds"
modules bench/paths bench/el2_00

limited() { sed 's/#.*//' "$top/bench/limits" | awk 'NF { print $1 }' | sort -u; }

values=$tmp/values
compiler=$(sed -n 's/^CONFIG_GCC_VERSION=\([0-9]*\)[0-9]\{4\}$/gcc\1/p' "$kdir/.config")
base=$(sed -n "s/^$compiler \(.* .*\)/\1/p" "$top/bench/stock" | awk '{ print $1, "stock", $2, $3 }')

# measured KERNEL: adds what the last boots have said, in both modes
measured() {
	local cpu
	for cpu in $modes; do
		of "$cpu"
		sed -n "s/^bench: \([^ ]*\) \([-0-9.]*\)$/$cpu $1 \1 \2/p" "$tmp/$cpu/console" >"$tmp/$cpu/$1"
		cat "$tmp/$cpu/$1" >>"$values"
	done
}

# shellcheck disable=SC2154	# declared there
machine=(--smp 1 --qemu "-icount shift=0,sleep=off" --append loglevel=1 --add "$build/bench/bench:/bench"
	--add "$paths:/paths.ko" --init "/bench /paths.ko")

both "${machine[@]}"
measured none
mkdir "$tmp/modprobe.d"
echo "options el2_00 calls=256 handlers=16" >"$tmp/modprobe.d/bench.conf"
# shellcheck disable=SC2154
both "${machine[@]}" --ko "$el2_00" --add "$tmp/modprobe.d:/etc/modprobe.d"
measured handlers16

for cpu in $modes; do
	mode=$(mode_of "$cpu")
	stock=$(grep "^$cpu " <<<"$base")
	what="the stock kernel's" names='none handlers16'
	if [ -z "$stock" ]; then
		stock=$(sed 's/ none / stock /' "$tmp/$cpu/none")
		what="those without modules" names=handlers16
	fi
	is "$(awk -v cpu="$cpu" '$1 == cpu && $2 == "handlers16" { print $3 }' "$values" | sort -u | comm -13 - <(limited))" "" \
		"$mode: every path that has a limit was measured"
	for name in $names; do
		{ echo "$stock"; cat "$tmp/$cpu/$name"; } >"$tmp/these"
		runs "$mode, $name: instructions are within their limits of $what" \
			awk -f "$top/bench/report.awk" "$top/bench/limits" "$tmp/these"
	done
done

# What make bench says of the rest, here of values that are made up
{
	printf 'max loading %s\n' 'load 110' 'plain_load 100' 'ratio 1.1' 'host_pages 0' 'el2_tables 0'
	printf -- '- stock %s 100\n' image text data bss
	printf -- '- kernel %s 110\n' image text data bss
} >"$tmp/values"
summary() { awk -f "$top/bench/summary.awk" "$tmp/same" "$tmp/values"; }
echo "9 functions in 2 objects" >"$tmp/same"
runs "what is within its aims is" summary
has 'against stock: 9 functions in 2 objects, all the same$' "... and code that is the same"
sed -i '1i a.o: f' "$tmp/same"
! summary >"$out" 2>&1
ok $? "code that is not the same is a miss"
has '^  differs: a\.o: f$' "... and it is said which"
sed -i 1d "$tmp/same"
sed -i 's/ratio 1\.1/ratio 1.3/' "$tmp/values"
! summary >"$out" 2>&1
ok $? "loading that takes too long is one"
has '1\.30!  at most 1\.2 is the aim' "... and the aim is said"

done_testing
