#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: kernel/build.sh SRC OBJTREE FRAGMENT...
#
# Configures and builds the kernel of SRC in OBJTREE: Image, and what external
# modules need. FRAGMENTs are Kconfig fragments on top of allnoconfig; every
# option they ask for has to be set in the end. JOBS= and CROSS_COMPILE= as usual.
# SEED= names an objtree of the same SRC: a new OBJTREE begins with its objects.
# TARGETS= builds only these, kbuild's names; such an objtree boots nothing.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"

[ $# -ge 3 ] || die "usage: $0 SRC OBJTREE FRAGMENT..."
src=$(realpath "$1")
mkdir -p "$2"
obj=$(realpath "$2")
shift 2
for fragment in "$@"; do
	[ -f "$fragment" ] || die "no Kconfig fragment $fragment"
done
mapfile -t fragments < <(realpath "$@")

# The caller's make variables (M= above all) mean something else to kbuild
unset MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL M KBUILD_OUTPUT KBUILD_EXTMOD O C W V
export ARCH=arm64
export CROSS_COMPILE=$cross
jobs=${JOBS:-$(nproc)}
log=$obj/build.log

# Objects of another source, or of one that was elsewhere, are not to be trusted:
# make goes by dates, and those of an unpacked file may lie long before its object's
source_id=$(tail -n 1 "$src/.pkvm-modules/source" 2>/dev/null || echo "$src")
id="$obj $source_id"
if [ -e "$obj/.pkvm-source" ] && [ "$(cat "$obj/.pkvm-source")" != "$id" ]; then
	say "the source is another one: building all of ${obj##*/} again"
	find "$obj" -mindepth 1 -delete
fi
[ -e "$obj/vmlinux" ] || need_room "$obj" 1500 "the kernel build"

# kbuild compiles again what an option that changed, or a changed command, says
# something about, and neither objects nor commands say in which objtree they are.
# Its Makefile does.
seed() {
	[ -n "${SEED:-}" ] && [ ! -e "$obj/.config" ] && [ -e "$SEED/.pkvm-built" ] || return 0
	[ "$(cat "$SEED/.pkvm-source")" = "$(realpath "$SEED") $source_id" ] || return 0
	say "beginning with what is built in $SEED"
	# Half a copy is not to be trusted: it does not say that it is of this place
	cp -a "$SEED/.pkvm-source" "$obj"
	cp -a "$SEED/." "$obj"
	rm -f "$obj"/.pkvm-* "$obj/Makefile"
}
seed
echo "$id" >"$obj/.pkvm-source"

# `make -C OBJTREE M=...` by hand finds this file before kbuild's own Makefile
{
	echo '# Made by kernel/build.sh: a module builds without ARCH and CROSS_COMPILE being named'
	echo 'export ARCH ?= arm64'
	[ -z "$cross" ] || echo "export CROSS_COMPILE ?= $cross"
	# shellcheck disable=SC2016 # for make
	echo 'include $(dir $(abspath $(lastword $(MAKEFILE_LIST))))Makefile'
} >"$obj/GNUmakefile"

# requested FRAGMENT...: "CONFIG_X=value" of each option, the last word on it
requested() {
	sed -nE 's/^(CONFIG_[A-Za-z0-9_]+=.*)$/\1/p; s/^# (CONFIG_[A-Za-z0-9_]+) is not set$/\1=n/p' "$@" |
		awk -F= '{ last[$1] = $0 } END { for (o in last) print last[o] }' | LC_ALL=C sort
}

# Kconfig drops an option whose dependencies are not met without a word
check_config() {
	local want option line missing=
	while read -r want; do
		option=${want%%=*}
		line=$(grep -E "^($option=|# $option is not set)" "$obj/.config" || true)
		case $want in
		*=n)	[[ $line == *=* ]] || continue ;;
		*)	[ "$line" != "$want" ] || continue ;;
		esac
		missing+=" $want"
	done < <(requested "${fragments[@]}")
	[ -z "$missing" ] || {
		rm -f "$obj/.pkvm-config"
		die "Kconfig did not take (misspelt, or a dependency not set):$missing"
	}
}

configure() {
	local key
	# shellcheck disable=SC2046 # a list
	key=$(cat "${fragments[@]}" $(find "$src/arch/arm64/kvm" -name 'Kconfig*' | LC_ALL=C sort) | cksum)
	[ ! -e "$obj/.config" ] || [ "$(cat "$obj/.pkvm-config" 2>/dev/null)" != "$key" ] || return 0
	say "configuring the kernel"
	(cd "$src" && scripts/kconfig/merge_config.sh -Q -n -O "$obj" "${fragments[@]}") >"$log" 2>&1 || {
		cat "$log" >&2
		die "the kernel's configuration failed"
	}
	check_config
	echo "$key" >"$obj/.pkvm-config"
}

# progress TOTAL: reads kbuild's lines and says how far it has come: on one line
# that changes, or, where nobody watches, on a line every 15 s
progress() {
	local n=0 last=0 verb rest what
	while read -r verb rest; do
		case $verb in
		make*) continue ;;
		CC|AS|LD|AR|HOSTCC|HOSTLD|HYP*) n=$((n + 1)) ;;
		esac
		what="building the kernel: $n${1:+ of about $(($1 > n ? $1 : n))} objects, $SECONDS s"
		if [ -t 2 ]; then
			printf '\r\033[K%s  %.30s' "$what" "${rest##*/}" >&2
		elif [ $((SECONDS - last)) -ge 15 ]; then
			last=$SECONDS
			say "$what"
		fi
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
}

build() {
	local total='' make
	# shellcheck disable=SC2206 # a list
	make=(make -C "$obj" -j"$jobs" ${TARGETS:-Image modules})
	# How many there will be is known, about, for a build from nothing only
	[ -e "$obj/vmlinux" ] || [ -n "${TARGETS:-}" ] || total=1300
	SECONDS=0
	if ! "${make[@]}" 2>"$log" | progress "$total"; then
		grep -v '^make' "$log" | head -n 60 >&2
		die "the kernel does not build; all messages are in $log"
	fi
	[ ! -s "$log" ] || cat "$log" >&2
	[ -z "${TARGETS:-}" ] || return 0
	touch "$obj/.pkvm-built"
	say "Linux $(cat "$obj/include/config/kernel.release"): $obj/arch/arm64/boot/Image, $SECONDS s"
}

configure
build
