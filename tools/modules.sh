#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/modules.sh KDIR DIR...
#        tools/modules.sh -n DIR...        only see that the DIRs are modules
#        tools/modules.sh -r KDIR DIR...   say all that pkvm-modcheck knows of them
#
# Builds the vendor modules in the DIRs for the kernel that kernel/build.sh made
# in KDIR, has pkvm-modcheck look at them, and prints the paths of all their .ko files
# in order. Whether one is up to date is left to kbuild: it takes half a second and
# knows all that counts.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"

[ $# -ge 1 ] || die "usage: $0 KDIR|-n|-r KDIR DIR..."
report=
if [ "$1" = -r ]; then
	report=1
	shift
fi
kdir=$1
shift
for dir in "$@"; do
	[ -d "$dir" ] || die "M=$dir: no such directory"
	[ -f "$dir/Makefile" ] ||
		die "M=$dir: no Makefile in it; a module is a directory like modules/hello"
	if ! grep -qsE '\<obj-|^[-s]?include ' "$dir/Makefile" "$dir/Kbuild"; then
		die "M=$dir: no obj-m in its Makefile; a module is a directory like modules/hello"
	elif grep -q '^hyp-obj-' "$dir/Makefile" && ! grep -q '^obj-' "$dir/Makefile"; then
		die "M=$dir: that is the EL2 part of a module; the directory above it is the module"
	fi
	[[ $(realpath "$dir") != *[[:space:]]* ]] ||
		die "M=$dir: a space in the path, which kbuild cannot do; move it"
done
[ "$kdir" != -n ] || exit 0
[ -e "$kdir/.pkvm-built" ] || die "no kernel in $kdir; make linux builds one"
kdir=$(realpath "$kdir")
# What a make above us was told means something else to kbuild, M= above all
unset MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL M KBUILD_OUTPUT KBUILD_EXTMOD O C W V

log=$(mktemp)
trap 'rm -f "$log"' EXIT

build() {
	local failed=
	# A module's Makefile goes by PWD
	cd "$1"
	PWD=$(pwd -P); export PWD
	make KDIR="$kdir" -j"${JOBS:-$(nproc)}" >/dev/null 2>"$log" || failed=1
	grep -v '^make' "$log" | head -n 60 >&2 || true
	[ -z "$failed" ] || die "M=$1 does not build, for the reason above"
	[ -s modules.order ] || die "M=$1 makes no module; its Makefile needs an obj-m"
	# kbuild's own list of what it made
	sed "s|\.o$|.ko|; s|^|$PWD/|" modules.order
}

shopt -s inherit_errexit
kos=$(for dir in "$@"; do (build "$dir"); done)
# As a person would name them; no path has a space
# shellcheck disable=SC2086
named=$([ -z "$kos" ] || realpath --relative-base=. $kos)
if [ -n "$report" ]; then
	# shellcheck disable=SC2086
	exec "$top/tools/modcheck.sh" "$kdir" $named
fi
# shellcheck disable=SC2086
[ -z "$named" ] || "$top/tools/modcheck.sh" "$kdir" -q $named >&2 ||
	die "such a module is not accepted, or not sane: see above; make modcheck M= says more of it"
echo "$kos"
