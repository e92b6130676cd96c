#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/export.sh KDIR RELEASE DIR [TO]
#
# Writes the module in DIR as a tree for an Android release (android14, android15,
# android16) to TO: without what is of this project, with the API level set. First it is
# built for the kernel in KDIR, with a header that has of the table what that release
# has, and no more: what would not work there is said here, and nothing is written then.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"
build=${PKVM_BUILD:-$top/build}

[ $# -ge 3 ] || die "usage: $0 KDIR RELEASE DIR [TO]"
kdir=$(realpath "$1") release=$2 dir=${3%/} to=${4:-}
case $release in
android14 | android15 | android16) level=${release#android} ;;
*) die "FOR=\"$release\": the release is android14, android15 or android16" ;;
esac
"$top/tools/modules.sh" -n "$dir"
[ -f "$dir/hyp/Makefile" ] || die "M=$dir: no hyp/Makefile in it; there is no EL2 part to export"
grep -q '^obj-m' "$dir/Makefile" || die "M=$dir: no obj-m in its Makefile; a module is a directory like modules/hello"
name=$(basename "$(realpath "$dir")")
[ -z "$to" ] || [ ! -e "$to" ] || die "TO=$to is there already; take another place, or remove it"
to=${to:-$build/export/$name-$release}
unset MAKEFLAGS MAKEOVERRIDES MFLAGS MAKELEVEL M KBUILD_OUTPUT KBUILD_EXTMOD O C W V

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/$name

# --- the tree

copy() {
	(cd "$dir" && find . \( -path ./unit -o -path ./test -o -path '*/.*' \) -prune -o -type f \
		\( -name '*.[chS]' -o -name Makefile -o -name Kconfig -o -name '*.md' \) \
		! -name '*.mod.c' ! -name hyp-reloc.S -printf '%P\n') |
		while read -r file; do
			mkdir -p "$(dirname "$tree/$file")"
			cp "$dir/$file" "$tree/$file"
		done
	# What it says to do is to be done there
	find "$tree" -name '*.md' -exec sed -i -E '/^    make [a-z_]+ .*\<M=/d' {} +
}

# set_level FILE PATTERN: before the first line that matches
set_level() {
	sed -i '/-DPKVM_MODULE_API=/d' "$1"
	sed -i "0,/$2/s//# The release whose prototypes it is written for: the kernel there has no others\n\
ccflags-y += -DPKVM_MODULE_API=$level\n\n&/" "$1"
}

bazel() {
	sed "s/@NAME@/$name/g; s/@LEVEL@/$level/g" "$top/tools/BUILD.bazel.in" >"$tree/BUILD.bazel"
}

# --- what the release has

# A header with its members, and its form of EL1's macros. The others are marked, so
# that the compiler says where one is used.
strict_header() {
	local members types
	members=$(awk -v level="$level" '!/^#/ { for (i = 2; i <= NF; i++) if ($i == level) print $1 }' \
		"$top/tools/ops.releases" | paste -sd ' ')
	types='s/struct kvm_cpu_context \*/struct user_pt_regs */'
	[ "$level" != 14 ] || types='s/struct user_pt_regs \*/struct kvm_cpu_context */'
	mkdir -p "$work/include/asm"
	awk -v members="$members" '
		BEGIN { n = split(members, list, " "); for (i = 1; i <= n; i++) has[list[i]] = 1 }
		/^struct pkvm_module_ops \{/ { on = 1 }
		/private: room/ { on = 0 }
		on && match($0, /\(\*[a-z_0-9]+\)\(/) && /^\t[a-z]/ { member = substr($0, RSTART + 2, RLENGTH - 4) }
		on && member != "" && /;$/ {
			if (!(member in has)) sub(/;$/, " __attribute__((deprecated(\"not in the release\")));")
			member = ""
		}
		{ print }' "$top/kernel/include/kvm_pkvm_module.h" |
		sed "/__same_type(\*(hfn)/$types; s/, ##token/, token/; s/, token\.\.\.)/, token)/" |
		sed "/__pkvm_reclaim_hyp_alloc/d$(el1_names | sed 's/.*/; s,\\b&\\b,__not_in_the_release_&,g/' | tr -d '\n')" \
		>"$work/include/asm/kvm_pkvm_module.h"
}

# What the release does not have of EL1's functions
el1_names() {
	[ "$level" -ge 16 ] || printf '%s\n' pkvm_el2_mod_call_smccc pkvm_el2_mod_kern_va
	[ "$level" -ge 15 ] || echo __pkvm_topup_hyp_alloc
}

# What the compiler said, as what is wrong with the module
translate() {
	local handler='struct user_pt_regs *'
	[ "$level" != 14 ] || handler='struct kvm_cpu_context *'
	sed -nE "s/^([^ ]+:[0-9]+):[0-9]+: error: '([a-z0-9_]+)' is deprecated: not in the release.*/\1: \2: $release does not have it/p
		s/^([^ ]+:[0-9]+):[0-9]+: error: implicit declaration of function '(__pkvm_(topup|reclaim)_hyp_alloc|pkvm_el2_mod_call_smccc|pkvm_el2_mod_kern_va)'.*/\1: \2: $release does not have it/p
		s/^([^ ]+:[0-9]+):[0-9]+: error: macro \"(pkvm_[a-z0-9_]+)\" requires 2 arguments.*/\1: \2: $release wants a token/p
		s/^([^ ]+):([0-9]+):[0-9]+: note: in expansion of macro 'pkvm_register_el2_mod_call'.*/\1:\2: pkvm_register_el2_mod_call: a handler of $release takes a $handler/p" \
		"$1" | sed -E 's/_1[457]: /: /' | sort -u
}

# Headers that no Android tree has
own_headers() {
	{ cd "$tree" && grep -nrE '#include <asm/kvm_pkvm_module_(trace|define_events)\.h>' .; } |
		sed -E "s|^\./||; s|:#include <(.*)>.*|: \1: it is not in $release, where events of modules are declared otherwise|"
}

# kbuild drops LC_ALL, and quotes are to be those of C
check() {
	local said=$work/said own
	own=$(own_headers) || true
	cp -r "$tree" "$work/check"
	strict_header
	if [ -z "$own" ] && (cd "$work/check" && LANG=C LC_CTYPE=C LC_MESSAGES=C make -k -C "$kdir" M="$PWD" modules -j"${JOBS:-$(nproc)}" \
		NOSTDINC_FLAGS="-nostdinc -I$work/include" KCFLAGS=-Werror=deprecated-declarations) \
		>"$said" 2>&1; then
		return
	fi
	own+=$(translate "$said" 2>/dev/null || true)
	if [ -n "$own" ]; then
		sed "s|^$work/check/||; s|^|error: $dir/|" <<<"$own" >&2
		die "M=$dir can not be exported for $release, for the reason above"
	fi
	grep -E 'error:|Error|undefined' "$said" | sed "s|$work/check/|$dir/|g" | head -n 20 >&2
	die "M=$dir does not build with the prototypes of $release, for the reason above"
}

copy
set_level "$tree/Makefile" '^obj-m'
set_level "$tree/hyp/Makefile" '^hyp-obj-'
[ "$level" -lt 16 ] || bazel
check

[ -n "${4:-}" ] || rm -rf "$to"
mkdir -p "$(dirname "$to")"
mv -T "$tree" "$to"
to=$(realpath --relative-base=. "$to")
echo "$to: $name for $release; it builds here with what that release has of the interface:"
(cd "$to" && find . -type f -printf '    %P\n' | sort)
