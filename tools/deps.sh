#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/deps.sh SET|PACKAGE...      sets: build, machine, gdb, unit, fuzz, coverage, bench, docs, check
#
# Installs by apt what is missing of it; says and does nothing when nothing is.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"

packages=()
for set in "$@"; do
	case $set in
	build)	# kbuild, the source's way here, and a C library for what runs in the machine
		packages+=(make gcc libc6-dev flex bison bc libelf-dev libssl-dev patch
			xz-utils debian-archive-keyring kmod)
		[ "$(uname -m)" = aarch64 ] ||
			packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross) ;;
	machine) packages+=(qemu-system-arm cpio kmod) ;;
	gdb)	packages+=(gdb-multiarch) ;;
	unit)	packages+=(make gcc libc6-dev libcmocka-dev) ;;
	coverage) packages+=(make gcc libc6-dev libcmocka-dev lcov) ;;
	fuzz)	packages+=(make gcc libc6-dev clang libclang-rt-dev) ;;
	bench)	packages+=(jq binutils)
		[ "$(uname -m)" = aarch64 ] || packages+=(binutils-aarch64-linux-gnu) ;;
	# The kernel's tools for documents are in Python
	docs)	packages+=(gcc libc6-dev binutils python3 python3-sphinx) ;;
	check)	packages+=(python3 python3-sphinx)
		packages+=(perl sparse shellcheck gdb-multiarch libxml2-utils abigail-tools jq)
		packages+=(libcmocka-dev clang libclang-rt-dev lcov) ;;
	*)	packages+=("$set") ;;
	esac
done

command -v dpkg-query >/dev/null ||
	die "this is not Debian; install what stands for ${packages[*]}, then put 'true' in the place of $0"

mapfile -t missing < <(comm -23 <(printf '%s\n' "${packages[@]}" | sort -u) \
	<(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
		sed -n 's/^installed //p' | sort -u))
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" = 0 ]; then
	root=()
elif command -v sudo >/dev/null; then
	root=(sudo)
else
	die "neither root nor sudo; have these installed: ${missing[*]}"
fi

say "installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
	"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qy -o DPkg::Lock::Timeout=300 "$@" \
		>>"$log" 2>&1
}
install() { apt install --no-install-recommends "${missing[@]}"; }
# A fresh machine has no package lists yet, an old one has stale ones
install || { apt update && install; } || {
	# apt's errors; or else the words of what came before it, which is sudo
	{ grep '^E: ' "$log" || cat "$log"; } | tail -n 3 | sed 's/^E: //' >&2
	die "cannot install ${missing[*]}, for the reason above; if nothing else: is there a network?"
}
