#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: tools/docs.sh KDIR DIR
#
# Makes in DIR the documents that are looked up rather than written: reference.rst, the
# kernel-doc of what modules use, as the kernel's own tool has it; ops.md, see
# tools/ops/table.sh, for which KDIR has to be a kernel with CONFIG_NVHE_EL2_TRACING.
set -euo pipefail

top=$(cd "$(dirname "$0")/.." && pwd)
. "$top/tools/lib.sh"
[ $# = 2 ] || die "usage: $0 KDIR DIR"
kdir=$(realpath "$1")
dir=$(realpath "$2")
linux=$(realpath "${PKVM_BUILD:-$top/build}/linux-src")
cd "$top/kernel"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
# kernel_doc ARGUMENT...: what it warns of is an error
kernel_doc() {
	"$linux/scripts/kernel-doc" -rst -Wall "$@" 2>"$tmp/warnings"
	[ ! -s "$tmp/warnings" ] || { cat "$tmp/warnings" >&2; die "kernel-doc is not content, for the reason above"; }
}
title() { printf '\n%s\n%s\n\n' "$1" "${1//?/$2}"; }
only() { printf -- "-function %s " "$@"; }
but() { printf -- "-nosymbol %s " "$@"; }

header=include/kvm_pkvm_module.h
at_el2='pkvm_module_ops pkvm_psci_notification pkvm_sglist_page pkvm_module_trng_ops'
# shellcheck disable=SC2046,SC2086,SC2016	# lists; the ` are for readers
{
	echo '.. SPDX-License-Identifier: GPL-2.0-only'
	echo '.. Made by tools/docs.sh from the kernel-doc of kernel/: make docs'
	title 'Reference' =
	echo 'For EL2 code: ``#include <asm/kvm_pkvm_module.h>``. `ops.md <ops.md>`_ says of each operation which'
	echo 'releases have it, what it is made of, and which tests use it.'
	title 'EL2: the table of operations' -
	kernel_doc $(only $at_el2) $header
	title 'EL1: loading and calling' -
	kernel_doc $(but $at_el2) $header
	kernel_doc -export el1/loader.c
	title 'Tracing' -
	kernel_doc include/kvm_pkvm_module_trace.h
} >"$tmp/rst"
sed 's/[ 	]*$//' "$tmp/rst" | cat -s >"$dir/reference.rst"
"$top/tools/ops/table.sh" "$kdir" >"$tmp/ops.md"
mv "$tmp/ops.md" "$dir/ops.md"
