#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tests/attack.sh COUNT [SEED [FROM]]
#
# A hostile host makes COUNT hypercalls at random, half of them in each mode of pKVM.
# What it tells on the way is shown as it comes. `make attack` is this.
#
# usage: tests/attack.sh --known KDIR
#
# The calls that are kept out of that, made on another kernel, each in a machine of its
# own: that kernel's hypervisor is to panic at each. With a stock one, as `make linux
# STOCK=1` builds it, it shows that it is not the modules' doing.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
. "$top/tools/lib.sh"
build=${PKVM_BUILD:-$top/build}
kdir=${PKVM_KDIR:-$build/linux}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# built KDIR DIR: the module of a copy of DIR is $ko. Test modules do on purpose what
# pkvm-modcheck warns of: it is shown if there is no module in the end only.
built() {
	cp -rL "$top/$2" "$work/"
	ko=$("$top/tools/modules.sh" "$1" "$work/${2##*/}" 2>"$work/built") || {
		cat "$work/built" >&2
		exit 1
	}
}

# A machine in which the call came back has a hypervisor. One that says why it ends says
# so, and one that hangs does after the call only.
known() {
	local image=$1/arch/arm64/boot/Image ko index name failed=0
	[ -f "$image" ] || die "$1: no kernel was built there"
	built "$1" tests/modules/attacker
	PKVM_BUILD=$build make -s -f "$top/tests/machine/Makefile" attack

	# run_known ARGUMENT...
	run_known() {
		"$top/machine/run.sh" --image "$image" --cpu cortex-a53 --init "/bin/attack known $*" \
			--log "$work/log" --add "$ko:/attacker.ko" --add "$build/tests/attack:/bin/attack" \
			--timeout 60 >"$work/said" 2>&1 </dev/null
	}
	run_known || die "$(tail -n 1 "$work/said")"
	cp "$work/said" "$work/list"
	while read -r _ _ index name; do
		run_known "${index%:}" || : # as it should
		if grep -q 'nVHE hyp \(panic\|BUG\) at' "$work/log"; then
			echo "ends the machine: $name"
		elif grep -q "^# making call ${index%:}" "$work/log" && ! grep -q '^not ok' "$work/log" &&
			grep -q 'did not end in' "$work/said"; then
			echo "hangs the machine: $name"
		else
			echo "does not: $name"
			failed=1
		fi
	done < <(grep '^# call ' "$work/list")
	return $failed
}

[ "${1:-}" != --known ] || { known "${2:?a kernel}"; exit; }

count=${1:-} seed=${2:-} from=${3:-0}
[[ $count =~ ^[0-9]+$ && $count -ge 4 ]] || die "COUNT=$count: a number of hypercalls, 4 at least"
: "${seed:=$(od -An -N6 -tu8 /dev/urandom | tr -d ' ')}"
[[ $seed =~ ^(0x[0-9a-fA-F]+|[0-9]+)$ ]] || die "SEED=$seed: not a number"
[[ $from =~ ^[0-9]+$ ]] || die "FROM=$from: not a number"

PKVM_BUILD=$build make -s -f "$top/tests/machine/Makefile" attack
modules=(modules/hello modules/smc-guard modules/mem-guard)
kos=()
for dir in tests/modules/probe "${modules[@]}" tests/modules/attacker; do
	built "$kdir" "$dir"
	kos+=("$ko")
done
attacker=${kos[-1]}
unset 'kos[-1]'
ko_args=()
for ko in "${kos[@]}"; do
	ko_args+=(--ko "$ko")
done

say "$count hypercalls; the same again: make attack COUNT=$count SEED=$seed"
# See old_qemu in tests/lib.sh
old_qemu=$(qemu-system-aarch64 --version | grep -E 'version [1-7]\.') || :
for cpu in cortex-a53 max; do
	heap=
	[ "$cpu" != max ] || heap=${old_qemu:+no-heap}
	case $cpu in cortex-a53) say "nVHE (CPU=$cpu)" ;; *) say "hVHE (CPU=$cpu)" ;; esac
	# A hypervisor that panicked may leave a host that hangs.
	"$top/machine/run.sh" --image "$kdir/arch/arm64/boot/Image" --cpu "$cpu" --smp 4 \
		--timeout $((600 + count / 500)) \
		--log "$build/run/attack-$cpu.log" --append oops=panic \
		--add "$attacker:/attacker.ko" --add "$build/tests/attack:/bin/attack" \
		--init "/bin/attack $((count / 2)) $seed $from $heap" "${ko_args[@]}" || {
		grep -a 'attacker: CPU' "$build/run/attack-$cpu.log" >&2 || :
		die "CPU=$cpu: something was gained or lost; the same again: make attack COUNT=$count SEED=$seed; one round of it: FROM= and its number"
	}
done
