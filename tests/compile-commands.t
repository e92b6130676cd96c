#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make compile_commands: an entry for each source of the kernel part that is compiled, and
# for both parts of modules; with it clang, as clangd does, reads EL2 code with EL2's
# headers. In a copy of the repository: an editor may be at work in this one.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

repo=$tmp/repo
mkdir -p "$repo/modules"
cp -r "$top/tools" "$top/kernel" "$repo"
# Built where they are: that is what kbuild's files say
outside=$tmp/mod_00
cp -rL "$top/modules/hello" "$repo/modules"
cp -rL "$top/tests/modules/mod_00" "$tmp"
find "$repo/modules" "$outside" \( "${products[@]}" \) -delete
build_module "$repo/modules/hello" && [ -n "$ko" ]
ok $? "a module in the repository"
build_module "$outside" && [ -n "$ko" ]
ok $? "... and one outside of it"

runs "compile_commands.json is made for both" "$repo/tools/compile-commands.sh" "$kdir" "$repo/modules/hello" "$outside"
json=$repo/compile_commands.json
cat "$json" >"$out"
is "$(jq -r 'map(has("directory") and has("file") and has("command")) | "\(type) \(all)"' "$json" 2>&1)" "array true" \
	"it is JSON, of entries that have what they need"

# sources DIR OBJECTS: those in kernel/DIR that the kernel has an object of
sources() {
	local file
	for file in "$repo/kernel/$1"/*.c; do
		[ ! -e "$kdir/arch/arm64/kvm/$2/$(basename "$file" .c)${3:-}.o" ] || echo "$file"
	done
}
files() { jq -r '.[].file' "$1" | LC_ALL=C sort; }
is "$(files "$json")" \
	"$({ sources el1 pkvm_module; sources el2 hyp/nvhe/module .nvhe; printf '%s\n' "$repo/modules/hello/"{el1,hyp/el2}.c; } | LC_ALL=C sort)" \
	"kernel/el1, kernel/el2 and both parts of the module are in it, and nothing else"
[ "$(files "$json" | grep -c /kernel/el2/)" -ge 5 ]
ok $? "... and that is not nothing"
is "$(files "$outside/compile_commands.json")" "$(printf '%s\n' "$outside/"{el1,hyp/el2}.c)" \
	"the other module has one of its own"

# reads FILE [OPTION...]: clang does, by the entry's command but for what it makes
reads() {
	local file=$1 dir command
	shift
	dir=$(jq -r --arg file "$file" '.[] | select(.file == $file).directory' "$json")
	command=$(jq -r --arg file "$file" '.[] | select(.file == $file).command' "$json" | sed 's/ -c -o [^ ]*//')
	(cd "$dir" && eval "$command -fsyntax-only $*")
}
before=$(find "$repo/modules" -type f -newer "$json" | wc -l)
for file in modules/hello/hyp/el2.c modules/hello/el1.c kernel/el2/ops.c kernel/el1/loader.c; do
	runs "clang reads $file" reads "$repo/$file"
	hasnt '^clang: ' "... and knows all options"
done
is "$(find "$repo/modules" -type f -newer "$json" | wc -l)" "$before" "nothing is written by that"
el2=$repo/modules/hello/hyp/el2.c
sed -i '1i#include <nvhe/mem_protect.h>\n#ifndef __KVM_NVHE_HYPERVISOR__\n#error not EL2\n#endif' "$el2"
runs "an EL2 source has the headers of the hypervisor, and is one" reads "$el2" -H
has "arch/arm64/kvm/hyp/include/nvhe/mem_protect\.h$" "... which are those of the kernel"
sed -i '1i#include <nvhe/nothing.h>' "$el2"
! reads "$el2" >"$out" 2>&1
ok $? "what is wrong in it is found"
has "^$el2:1:10: fatal error: 'nvhe/nothing.h' file not found" "... with the place"

done_testing
