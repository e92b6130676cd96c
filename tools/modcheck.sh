#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/modcheck.sh KDIR [-q] FILE.ko...
#
# Says of modules whether the kernel in KDIR will accept them, and whether they are
# sane: by pkvm-modcheck, which is built first where it is not up to date. With -q
# only what is wrong is said.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"

[ $# -ge 2 ] || die "usage: $0 KDIR [-q] FILE.ko..."
kdir=$(realpath --relative-base=. "$1")
shift
build=${PKVM_BUILD:-$top/build}

# What a make above us was told is about something else
(unset MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL M O C W V
 exec make -s -f "$top/tools/modcheck/Makefile" PKVM_BUILD="$build" -j"${JOBS:-$(nproc)}") >&2 ||
	die "pkvm-modcheck does not build, for the reason above"
exec "$build/tools/pkvm-modcheck" --kernel "$kdir" "$@"
