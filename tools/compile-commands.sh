#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/compile-commands.sh KDIR DIR...
#
# Writes compile_commands.json, of which clangd learns how a file is compiled: at the top
# of the repository for kernel/ and the modules in it, and in the directory of any other
# module. The commands are those that kbuild has kept; what clang does not know of gcc's
# options is left out.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"
[ $# -ge 1 ] || die "usage: $0 KDIR DIR..."
kdir=$(realpath "$1")
shift

unknown=' -(fconserve-stack|fno-allow-store-data-races|femit-struct-debug-[a-z]*|fmin-function-alignment=[0-9]*'
unknown+='|fno-stack-clash-protection|fzero-init-padding-bits=[a-z]*|Wimplicit-fallthrough=5|Wp,-MMD,[^ ]*|Wa,[^ ]*|mabi=lp64|ftrivial-auto-var-init=[a-z]*)'

src=$(sed -n 's/^include \(.*\)\/Makefile$/\1/p' "$kdir/Makefile")
# What applies to the copy in the tree applies to the file that it is a copy of
origin() {
	case $1 in
	"$src"/arch/arm64/kvm/pkvm_module/*)	echo "$top/kernel/el1/${1##*/}" ;;
	"$src"/arch/arm64/kvm/hyp/nvhe/module/*) echo "$top/kernel/el2/${1##*/}" ;;
	*)	echo "$1" ;;
	esac
}

escaped() {
	local text=${1//\\/\\\\}
	echo "${text//\"/\\\"}"
}

# entries DIRECTORY FILTER: an entry for each object of C that was compiled there
entries() {
	local cmd file command
	while read -r cmd; do
		command=$(sed -n 's/^savedcmd_[^ ]* := //p' "$cmd" | sed 's/ ; .*//; s/ *$//')
		file=${command##* }
		[[ $file == *.c && $command == *gcc* ]] || continue
		[[ $file == /* ]] || file=$1/$file
		file=$(origin "$(realpath -m "$file")")
		[ -f "$file" ] || continue
		command=$(sed -E ":again; s!$unknown( |\$)! !; t again; s/\\$\(pound\)/#/g; s/^([^ ]*ccache )?[^ ]+//" <<<"$command")
		command="clang --target=aarch64-linux-gnu -Wno-unknown-warning-option -Wno-microsoft-anon-tag${command% *}"
		printf '%s  { "directory": "%s",\n    "file": "%s",\n    "command": "%s" }' "${comma:-}" "$1" "$file" \
			"$(escaped "$command $file")"
		comma=$',\n'
	done < <(find "$1" -name '.*.o.cmd' ! -name '*.mod.o.cmd' ! -name '*module-common*' 2>/dev/null | sort | grep -E "$2")
}

# write FILE: what comes on its input, whole or not at all
write() {
	{ echo '['; cat; printf '\n]\n'; } >"$1.new"
	mv "$1.new" "$1"
	echo "$(realpath --relative-base=. "$1"): $(grep -c '"file"' "$1") files"
}

inside=()
for dir in "$@"; do
	dir=$(realpath "$dir")
	case $dir in
	"$top"/*) inside+=("$dir") ;;
	*) comma=''; entries "$dir" . | write "$dir/compile_commands.json" ;;
	esac
done
{
	comma=''
	entries "$kdir" 'kvm/(pkvm_module|hyp/nvhe/module)/'
	[ ${#inside[@]} = 0 ] || for dir in "${inside[@]}"; do
		entries "$dir" .
	done
} | write "$top/compile_commands.json"
