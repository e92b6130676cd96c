#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make export: a tree that needs nothing of this project, for a release that has all
# that the module uses; what it does not have is named, and nothing is written then.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
export PKVM_BUILD=$tmp/build
"$top/tools/new.sh" foo "$tmp" >/dev/null
dir=$tmp/foo

export_for() { "$top/tools/export.sh" "$kdir" "$1" "${2:-$dir}" "$tmp/tree" >"$out" 2>&1 </dev/null; }

# refused RELEASE WORDS CLAIM
refused() {
	! export_for "$1" && grep -qE -- "$2" "$out"
	ok $? "$3"
	[ ! -e "$tmp/tree" ] && [ ! -e "$tmp/build/export" ]
	ok $? "... and nothing is written"
}

export_for android16
ok $? "a new module is exported for android16"
is "$(cd "$tmp/tree" && find . -type f -printf '%P\n' | sort | paste -sd ' ')" \
	"BUILD.bazel Makefile README.md el1.c hyp/Makefile hyp/el2.c" "... as that release has modules"
is "$(grep -lr -e '^ccflags-y += -DPKVM_MODULE_API=16$' "$tmp/tree" | wc -l)" 2 "... with the API level, in both parts"
has "^$tmp/tree: foo for android16" "... which is said"
! grep -rnE 'sim\.h|kselftest|PKVM_BUILD|@NAME@|@LEVEL@' "$tmp/tree" --include='*.[ch]' --include=Makefile \
	--include=BUILD.bazel >"$out"
ok $? "... and with nothing of this project"
! grep -E 'make [a-z]+ M=' "$tmp/tree/README.md" >"$out" && grep -q 'make KDIR=' "$tmp/tree/README.md"
ok $? "... nor with a word of its commands"
runs "it builds" sh -c "cd $tmp/tree && make KDIR=$kdir"
! export_for android16
ok $? "a place that is taken is refused"
has "^error: TO=$tmp/tree is there already" "... which is said"
rm -r "$tmp/tree"

refused android13 'FOR="android13": the release is android14, android15 or android16$' "there is no android13"
# All at once: it takes one build
sed -i 's/^	sum += number;/&/; s/^	pkvm_ops = ops;/&\n	if (!ops->hyp_alloc(8))\n		ops->putc(48);\n	ops->get_time();/' "$dir/hyp/el2.c"
sed -i 's/, token);/);/; s/&token/\&token/; s/= pkvm_el2_mod_call(add_id, val);/= pkvm_el2_mod_call_smccc(add_id, val).a1;/' "$dir/el1.c"
refused android14 '^error: .*/foo/hyp/el2.c:[0-9]+: hyp_alloc: android14 does not have it' "members that a release does not have"
has 'hyp/el2.c:[0-9]+: putc: android14 does not have it' "... each of them is named"
has 'hyp/el2.c:[0-9]+: get_time: android14 does not have it' "... those of a later release too"
has 'el1.c:[0-9]+: pkvm_el2_mod_call_smccc: android14 does not have it' "... and functions of EL1"
has 'el1.c:[0-9]+: pkvm_register_el2_mod_call: android14 wants a token' "... and a macro that wants a token there"
has "^error: M=$dir can not be exported for android14" "... and that is all"

done_testing
