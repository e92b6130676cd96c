#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: [LINUX=TREE-OR-TARBALL] kernel/source.sh DIR
#
# Makes DIR the Linux source: a copy of LINUX, or else Debian's linux-source-7.2.
# Does nothing if DIR already is what is asked for. LINUX itself is only read; a
# tree is copied once, later changes in it are not followed.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"

series=7.2
suites='sid trixie-backports'

[ $# = 1 ] || die "usage: [LINUX=tree-or-tarball] $0 DIR"
dir=$(realpath -m "$1")
new=$dir.new

# linux_version TREE: "7.2.13", or nothing if TREE is not a kernel source
linux_version() {
	[ -d "$1/arch/arm64/kvm" ] && [ -f "$1/Makefile" ] &&
		awk '$2 == "=" && $1 ~ /^(VERSION|PATCHLEVEL|SUBLEVEL)$/ { v[$1] = $3 }
		     END { print v["VERSION"] "." v["PATCHLEVEL"] "." v["SUBLEVEL"] }' "$1/Makefile"
}

# check_version TREE NAME
check_version() {
	local v
	v=$(linux_version "$1") || die "$2 is not a Linux source tree; LINUX= wants one of $series.y"
	[[ $v == "$series".* ]] || die "$2 is Linux $v; LINUX= wants a tree or tarball of $series.y"
}

# unpack NAME: tar from stdin to $new, without its topmost directory
unpack() {
	mkdir -p "$new"
	tar -x --strip-components=1 --no-same-owner -C "$new" "${@:2}" ||
		die "cannot unpack $1"
}

from_tree() {
	check_version "$1" "$1"
	[[ $(realpath -m "$new")/ != "$(realpath "$1")"/* ]] ||
		die "LINUX=$1 has $new in it, where it would be copied to; build elsewhere with PKVM_BUILD=/dir"
	say "copying $1"
	mkdir -p "$new"
	tar -c --exclude-vcs -C "$1" . | tar -x --no-same-owner -C "$new" ||
		die "cannot copy $1"
	# An objtree beside the source needs a source nobody has built in
	if [ -e "$new/.config" ] || [ -d "$new/include/config" ]; then
		env -u MAKEFLAGS -u KBUILD_OUTPUT make -s -C "$new" ARCH=arm64 mrproper >&2
	fi
}

from_tarball() {
	local prog
	case $1 in
	*.xz)	prog=xz ;;
	*.gz|*.tgz) prog=gzip ;;
	*.zst)	prog=zstd; command -v zstd >/dev/null || "$top/tools/deps.sh" zstd ;;
	*)	die "LINUX=$1 is neither a directory nor a .tar.xz, .tar.gz or .tar.zst" ;;
	esac
	say "unpacking $1"
	$prog -dc "$1" | unpack "$1"
	check_version "$new" "$1"
}

from_debian() {
	local debs deb
	debs=$(dirname "$dir")/deb
	# shellcheck disable=SC2086 # a list
	deb=$("$top/tools/fetch-deb.sh" "$debs" "linux-source-$series" $suites)
	say "unpacking ${deb##*/}"
	# The tarball inside goes from pipe to pipe: 160 MB that need not be on the disk twice
	dpkg-deb --fsys-tarfile "$deb" | tar -xO "./usr/src/linux-source-$series.tar.xz" |
		xz -T0 -dc | unpack "$deb"
	check_version "$new" "$deb"
	rm -f "$deb"
}

# What DIR is to be made from, and so whether it is that already
if [ -z "${LINUX:-}" ]; then
	id="debian linux-source-$series"
elif [ -d "$LINUX" ]; then
	id="tree $(realpath "$LINUX")"
elif [ -f "$LINUX" ]; then
	id="file $(stat -c '%n %s %Y' "$(realpath "$LINUX")")"
else
	die "LINUX=$LINUX: no such directory or file"
fi

stamp=.pkvm-modules/source
[ "$(head -n 1 "$dir/$stamp" 2>/dev/null)" = "$id" ] && exit 0
[ ! -e "$dir" ] || [ -e "$dir/$stamp" ] ||
	die "$dir exists and was not made by $0; move it away"

mkdir -p "${dir%/*}"
rm -rf "$new"
need_room "${dir%/*}" 2500 "the Linux source"

# The tree is made beside its place and moved there whole: one interrupted half
# way never counts as complete
case $id in
debian*) from_debian ;;
tree*)	from_tree "$LINUX" ;;
file*)	from_tarball "$LINUX" ;;
esac
version=$(linux_version "$new")
mkdir -p "$new/.pkvm-modules"
# The second line tells objtrees of one source from those of the next
printf '%s\n%s\n' "$id" "$version $(date +%s.%N)" >"$new/$stamp"
rm -rf "$dir"
mv "$new" "$dir"
say "Linux $version, from ${id#* }"
