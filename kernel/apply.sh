#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: kernel/apply.sh TREE        bring the module machinery into a Linux tree
#        kernel/apply.sh -R TREE     take it out again
#
# New files are copied to their places, hooks/NNNN-*.patch are applied to pristine
# copies of the files they touch, kept in TREE/.pkvm-modules. A file of TREE is
# written only when its content changes, so a rebuild compiles only what depends
# on it. All is prepared aside first: when a patch does not apply, TREE stays as
# it was. Needs nothing from the rest of the repository but kernel/.
set -euo pipefail

die() { echo "error: $*" >&2; exit 1; }

here=$(cd "$(dirname "$0")" && pwd)
reverse=
[ "${1:-}" != -R ] || { reverse=1; shift; }
[ $# = 1 ] || die "usage: $0 [-R] TREE"
tree=${1%/}
[ -f "$tree/arch/arm64/kvm/hyp/nvhe/Makefile" ] ||
	die "$tree is not a Linux source tree with pKVM"
command -v patch >/dev/null || die "no patch program; apt-get install patch"

state=$tree/.pkvm-modules
pristine=$state/pristine	# files that hooks touch, as they were
applied=$state/applied		# all files this script wrote, as it wrote them
mkdir -p "$pristine" "$applied"
work=$(mktemp -d "$state/work.XXXXXX")
trap 'rm -rf "$work"' EXIT
want=$work/want			# all files as they are to be
mkdir "$want"

# files_in DIR [FIND-TEST...]: regular files below, as relative paths
files_in() {
	[ ! -d "$1" ] || (cd "$1" && find . -type f "${@:2}" -printf '%P\n' | LC_ALL=C sort)
}

# new_files FROM TO [GLOB]: the files of kernel/FROM are wanted as TO/...
new_files() {
	local f
	# What editors leave behind is nobody's source
	files_in "$here/$1" ! -name '.*.sw?' ! -name '*~' ! -name '*.orig' ! -name '*.rej' |
	while read -r f; do
		# shellcheck disable=SC2053 # a pattern
		[[ $f == ${3:-*} ]] || continue
		if [ -e "$pristine/$2/$f" ] || { [ -e "$tree/$2/$f" ] &&
			[ ! -e "$applied/$2/$f" ] && ! cmp -s "$here/$1/$f" "$tree/$2/$f"; }; then
			die "kernel/$1/$f: Linux has a file $2/$f; change that one with a patch in kernel/hooks"
		fi
		mkdir -p "$(dirname "$want/$2/$f")"
		cp "$here/$1/$f" "$want/$2/$f"
	done
}

# touched PATCH...: the files that patches touch
touched() { sed -n 's|^+++ [^/]*/\([^	]*\).*|\1|p' "$@" | LC_ALL=C sort -u; }

hooks() {
	local p f out at
	shopt -s nullglob
	local patches=("$here"/hooks/[0-9][0-9][0-9][0-9]-*.patch)
	[ ${#patches[@]} -gt 0 ] || return 0

	for p in "${patches[@]}"; do
		! grep -qE '^(\+\+\+|---) /dev/null' "$p" ||
			die "kernel/hooks/${p##*/} makes or removes a file; new files go to kernel/el1, el2 or include"
		for f in $(touched "$p"); do
			[ ! -e "$work/hooked/$f" ] || continue
			at=$pristine/$f
			[ -e "$at" ] || at=$tree/$f
			[ -e "$at" ] ||
				die "kernel/hooks/${p##*/} does not apply: $tree has no $f"
			mkdir -p "$(dirname "$want/$f")" "$(dirname "$work/hooked/$f")"
			cp "$at" "$want/$f"
			cp "$at" "$work/hooked/$f"
		done
		out=$(patch -p1 --fuzz=0 -f --no-backup-if-mismatch -r - -d "$want" <"$p" 2>&1) && continue
		f=$(awk '/^patching file / { f = $3 } /FAILED|malformed/ { print f; exit }' <<<"$out")
		die "kernel/hooks/${p##*/} does not apply to ${f:-$(touched "$p" | head -n 1)} of $tree"
	done
}

if [ -z "$reverse" ]; then
	new_files include/nvhe arch/arm64/kvm/hyp/include/nvhe
	new_files include arch/arm64/include/asm '+([^/]).h'
	new_files el1 arch/arm64/kvm/pkvm_module
	new_files el2 arch/arm64/kvm/hyp/nvhe/module
	new_files kbuild arch/arm64/kvm/hyp/nvhe
	hooks
fi

# What somebody changed in TREE would be lost without a word: an edit, or what a newer
# Linux has in a file that hooks touch
for f in $({ files_in "$applied"; files_in "$pristine"; } | sort -u); do
	[ -e "$tree/$f" ] || continue
	for known in "$applied/$f" "$want/$f" "$pristine/$f"; do
		! cmp -s "$known" "$tree/$f" || continue 2
	done
	[ -e "$pristine/$f" ] ||
		die "$tree/$f was edited; move the edit to kernel/, then rm $tree/$f"
	die "$tree/$f was changed: an edit belongs into kernel/hooks, and then cp $pristine/$f $tree/$f; if Linux has another one now, put that there, and rm -f $pristine/$f $applied/$f"
done

# From here on TREE changes. put FROM TO: replace TO whole, as of now, if it differs
put() {
	! cmp -s "$1" "$2" || return 0
	mkdir -p "$(dirname "$2")"
	cp "$1" "$work/put"
	mv "$work/put" "$2"
}

[ ! -d "$work/hooked" ] || files_in "$work/hooked" | while read -r f; do
	put "$work/hooked/$f" "$pristine/$f"
done
files_in "$want" | while read -r f; do
	put "$want/$f" "$tree/$f"
	put "$want/$f" "$applied/$f"
done
files_in "$applied" | while read -r f; do
	[ ! -e "$want/$f" ] || continue
	if [ -e "$pristine/$f" ]; then
		put "$pristine/$f" "$tree/$f"
		rm -f "$pristine/$f"
	else
		rm -f "$tree/$f"
		rmdir -p --ignore-fail-on-non-empty "$(dirname "$tree/$f")" 2>/dev/null || true
	fi
	rm -f "$applied/$f"
done
