#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: machine/initramfs.sh OUT RELEASE [--add SRC:DEST]... [FILE.ko]...
#
# Writes an initramfs for the kernel RELEASE: init, vmm, busybox, the modules with
# what modprobe has to know about them, and files or directories of your own. Not
# compressed: QEMU loads it from a file, and unpacking would cost the guest time.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source-path=SCRIPTDIR/..
. "$top/tools/lib.sh"
build=${PKVM_BUILD:-$top/build}
gen_init_cpio=${GEN_INIT_CPIO:-$build/linux/usr/gen_init_cpio}

[ $# -ge 2 ] || die "usage: $0 OUT RELEASE [--add SRC:DEST]... [FILE.ko]..."
out=$1 release=$2
shift 2
[ -x "$gen_init_cpio" ] || die "$gen_init_cpio is missing; make linux"

add=() modules=()
while [ $# -gt 0 ]; do
	case $1 in
	--add)	[[ ${2:-} == ?*:/?* ]] || die "--add wants SRC:DEST, with an absolute DEST"
		[ -f "${2%:*}" ] || [ -d "${2%:*}" ] ||
			die "--add: ${2%:*}: no such file or directory"
		add+=("$2"); shift 2 ;;
	*)	[ -f "$1" ] || die "$1: no such module"
		modules+=("$1"); shift ;;
	esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A directory with all that lead to it, once
declare -A made
dir() {
	[ "$1" != / ] && [ "$1" != . ] && [ -z "${made[$1]:-}" ] || return 0
	made[$1]=1
	dir "$(dirname "$1")"
	echo "dir $1 755 0 0"
}

# file SRC DEST
file() {
	local mode=644
	[ ! -x "$1" ] || mode=755
	dir "$(dirname "$2")"
	echo "file $2 $1 $mode 0 0"
}

# The kernel runs modprobe before init, so before any mount: it finds the nodes
# for its messages in the initramfs itself.
skeleton() {
	local path
	for path in /bin /sbin /usr/bin /usr/sbin /dev /etc /proc /sys /tmp; do
		dir $path
	done
	echo "nod /dev/console 600 0 0 c 5 1"
	echo "nod /dev/kmsg 600 0 0 c 1 11"
	echo "nod /dev/null 666 0 0 c 1 3"
	file "$build/machine/init" /init
	file "$build/machine/vmm" /bin/vmm
	file "$build/machine/busybox" /bin/busybox
	echo "slink /bin/sh busybox 777 0 0"
	echo "slink /sbin/modprobe ../bin/busybox 777 0 0"
	echo "slink /sbin/insmod ../bin/busybox 777 0 0"
}

# depmod looks in one place or the other, as the distribution has it
modules() {
	local tree=$work/usr/lib/modules/$release ko name
	mkdir -p "$tree"
	ln -s usr/lib "$work/lib"
	: >"$tree/modules.order"
	: >"$tree/modules.builtin"
	for ko; do
		cp "$ko" "$tree/"
	done
	# A file that is no module is for the kernel to refuse
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$work" "$release" 2>"$work/depmod.log" ||
		die "depmod: $(head -n 1 "$work/depmod.log")"
	for ko in "$tree"/*; do
		name=${ko##*/}
		[[ $name == *.bin ]] || file "$ko" "/lib/modules/$release/$name"
	done
}

extras() {
	local pair src dest path
	for pair; do
		src=${pair%:*} dest=${pair##*:}
		if [ -d "$src" ]; then
			while read -r path; do
				file "$src/$path" "$dest/$path"
			done < <(cd "$src" && find . -type f -printf '%P\n')
		else
			file "$src" "$dest"
		fi
	done
}

{
	skeleton
	modules "${modules[@]}"
	extras "${add[@]}"
} >"$work/list"
"$gen_init_cpio" "$work/list" >"$out" || die "cannot write $out"
