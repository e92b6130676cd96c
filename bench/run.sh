#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: bench/run.sh KERNEL STOCK OFF
#
# Measures what EL2 modules cost: KERNEL is the objtree with support for them, STOCK
# one without the additions, and OFF has them in its source, and not in its
# configuration. COMPARE= names a result to compare with; the last one otherwise.
#
# All figures but seconds are exact: QEMU's -icount makes one instruction a nanosecond
# of the counter, and of all that kernels and programs in the machine see as time.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
. "$top/tools/lib.sh"
build=${PKVM_BUILD:-$top/build}

[ $# = 3 ] || die "usage: $0 KERNEL STOCK OFF"
kernel=$1 stock=$2 off=$3
results=$build/bench
last=$(find "$results" -maxdepth 1 -name '*.json' 2>/dev/null | LC_ALL=C sort | tail -n 1)
old=${COMPARE:-$last}
[ -z "$old" ] || [ -f "$old" ] || die "COMPARE=$old: no such file"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
values=$work/values	# CPU kernel name value
: >"$values"
cpus='max cortex-a53'
copies=16

# module KDIR DIR: the .ko of a copy of it
module() {
	local copy
	copy=$work/${1##*/}-${2##*/}
	[ -d "$copy" ] || cp -r "$top/$2" "$copy"
	find "$copy" \( -name '*.o' -o -name '.*.cmd' -o -name '*.ko' -o -name '*.mod*' \) -delete
	"$top/tools/modules.sh" "$1" "$copy"
}

# measure CPU NAME KDIR ARGUMENT...: boots a machine whose init prints what it measured
measure() {
	local cpu=$1 name=$2 kdir=$3 log=$work/$1-$2.log
	shift 3
	say "measuring: $cpu, $name"
	"$top/machine/run.sh" --image "$kdir/arch/arm64/boot/Image" --cpu "$cpu" --smp 1 --log "$log" \
		--timeout 900 --qemu "-icount shift=0,sleep=off" --append loglevel=1 \
		--add "$results/bench:/bench" "$@" >"$work/shown" 2>&1 || {
		tail -n 20 "$work/shown" >&2
		die "the machine with the kernel \"$name\" on $cpu failed"
	}
	tr -d '\r' <"$log" | sed -n "s/^bench: \([^ ]*\) \([-0-9.]*\)$/$cpu $name \1 \2/p" >>"$values"
}

# options NAME OPTIONS...: for modprobe
options() {
	mkdir -p "$work/$1"
	printf 'options %s\n' "${@:2}" >"$work/$1/bench.conf"
}

paths() {
	local cpu name
	for cpu in $cpus; do
		measure "$cpu" stock "$stock" --add "$stock_paths:/paths.ko" --init "/bench /paths.ko"
		measure "$cpu" none "$kernel" --add "$paths:/paths.ko" --init "/bench /paths.ko"
		for name in calls1 calls16 calls256 handlers1 handlers16; do
			options "$name" "el2_00 ${name%%[0-9]*}=${name##*[a-z]}"
			measure "$cpu" "$name" "$kernel" --ko "$el2" --add "$paths:/paths.ko" \
				--add "$work/$name:/etc/modprobe.d" --init "/bench /paths.ko"
		done
	done
}

# of CPU KERNEL NAME: what was measured
of() { awk -v a="$1" -v b="$2" -v c="$3" '$1 == a && $2 == b && $3 == c { print $4 }' "$values"; }
value() { printf '%s\n' "$*" >>"$values"; }
# calc EXPRESSION: in numbers with a fraction
calc() { awk "BEGIN { printf \"%.3f\", $* }"; }
# tables MAP WHOSE: pages of tables, as machine/map counts them
tables() { sed -n "s/^  tables of $2  *\([0-9]*\) pages$/\1/p" "$1.txt"; }

# median CPU FIRST: of what it took to load each other one of the modules in mixed16
median() {
	local i
	for ((i = $2; i < copies; i += 2)); do
		of "$1" mixed16 "$(printf 'load_el2_%02d' "$i")"
	done | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# Sixteen modules, with an EL2 part that is loaded and as plain ones of the same size.
# Each other one is a plain module in the third machine, so that the two are loaded
# under the same circumstances: some of both wait for the timer, hence the median.
loading() {
	local cpu i name kos=() plain=() mixed=() real other
	for ((i = 0; i < copies; i++)); do
		name=$(printf 'el2_%02d' "$i")
		sed "s/el2_00/$name/g" "$el2" >"$work/$name.ko"
		kos+=(--ko "$work/$name.ko")
		plain+=("$name load=0")
		[ $((i % 2)) = 0 ] || mixed+=("$name load=0")
	done
	options plain16 "${plain[@]}"
	options mixed16 "${mixed[@]}"
	for cpu in $cpus; do
		measure "$cpu" modules0 "$kernel" --map "$work/map0" --init /bench
		measure "$cpu" modules16 "$kernel" "${kos[@]}" --map "$work/map16" --init /bench
		measure "$cpu" plain16 "$kernel" "${kos[@]}" --add "$work/plain16:/etc/modprobe.d" --init /bench
		measure "$cpu" mixed16 "$kernel" "${kos[@]}" --add "$work/mixed16:/etc/modprobe.d" --init /bench
		# The first ones warm up
		real=$(median "$cpu" 2) other=$(median "$cpu" 3)
		value "$cpu" loading load "$real"
		value "$cpu" loading plain_load "$other"
		value "$cpu" loading ratio "$(calc "$real / $other")"
		value "$cpu" loading host_pages \
			"$(calc "($(of "$cpu" plain16 free_pages) - $(of "$cpu" modules16 free_pages)) / $copies")"
		value "$cpu" loading el2_tables "$(calc "($(tables "$work/map16" EL2) - $(tables "$work/map0" EL2)) / $copies")"
		value "$cpu" loading host_tables \
			"$(calc "($(tables "$work/map16" 'the host') - $(tables "$work/map0" 'the host')) / $copies")"
	done
}

sizes() {
	local k
	for k in stock kernel; do
		value - "$k" image "$(stat -c %s "${!k}/arch/arm64/boot/Image")"
		value - "$k" text "$("${cross}size" "${!k}/vmlinux" | awk 'NR == 2 { print $1 }')"
		value - "$k" data "$("${cross}size" "${!k}/vmlinux" | awk 'NR == 2 { print $2 }')"
		value - "$k" bss "$("${cross}size" "${!k}/vmlinux" | awk 'NR == 2 { print $3 }')"
	done
}

# From an edit of el2.c to the verdict of the machine
edit_to_verdict() {
	local start
	cp -r "$top/modules/hello" "$work/hello"
	make -s -C "$top" run M="$work/hello" >/dev/null 2>&1 || return 0
	echo '/* An edit. */' >>"$work/hello/hyp/el2.c"
	start=$EPOCHREALTIME
	make -s -C "$top" run M="$work/hello" >/dev/null 2>&1
	value - kernel edit_seconds "$(calc "$EPOCHREALTIME - $start")"
}

same_code() {
	local status=0
	"$top/bench/same-code.sh" "$stock" "$off" >"$work/same" || status=$?
	[ "$status" -le 1 ] || die "$(cat "$work/same")"
	value - off differing "$(($(wc -l <"$work/same") - 1))"
}

say "building what is measured"
paths=$(module "$kernel" bench/paths)
stock_paths=$(module "$stock" bench/paths)
el2=$(module "$kernel" bench/el2_00)

paths
loading
sizes
same_code
edit_to_verdict

# --- What came of it

missed=
mkdir -p "$results"
awk -f "$top/bench/report.awk" "$top/bench/limits" "$values" >"$work/report" || missed=1
awk -f "$top/bench/summary.awk" "$work/same" "$values" >>"$work/report" || missed=1
awk -f "$top/bench/chart.awk" "$values" >"$results/bench.svg"

json=$results/$(date -u +%Y%m%dT%H%M%SZ).json
jq -Rn --arg date "$(date -u +%FT%TZ)" \
	--arg commit "$(git -C "$top" describe --always --dirty 2>/dev/null)" \
	--arg linux "$(cat "$kernel/include/config/kernel.release")" \
	--arg compiler "$(sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"$/\1/p' "$kernel/.config")" \
	--arg qemu "$(qemu-system-aarch64 --version | head -n 1)" \
	'{ $date, $commit, $linux, $compiler, $qemu,
	   values: [inputs | split(" ") | { cpu: .[0], kernel: .[1], name: .[2], value: .[3] | tonumber }] }' \
	<"$values" >"$json"

cat "$work/report"
[ -z "$old" ] || "$top/bench/compare.sh" "$old" "$json"
echo
echo "Kept: $json"
echo "As a picture: $results/bench.svg"
[ -z "$missed" ] || die "not all is within its limits, see above"
