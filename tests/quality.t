#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel's own tools say of this project's files: checkpatch --strict,
# sparse and W=1, kernel-doc; shellcheck; an SPDX line on each.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
cd "$top" || exit 1
src=$build/linux-src

files() { git ls-files --cached --others --exclude-standard -- "$@"; }

# Nothing said by COMMAND..., on any of its outputs, but what PATTERN is about
silent() {
	local claim=$1 allowed=$2
	shift 2
	"$@" 2>&1 </dev/null | grep -vE "$allowed" >"$out"
	[ ! -s "$out" ]
	ok $? "$claim"
}

# Not asked for: module sources declare EL2 symbols in el1.c, as the document does;
# the macros that use an argument twice do so in typeof and sizeof only.
# CurrentEL is the register's name; the argv of a usermode helper is not const.
ignore=AVOID_EXTERNS,FUNCTION_ARGUMENTS,MACRO_ARG_REUSE,CAMELCASE,STATIC_CONST_CHAR_ARRAY
checkpatch() { (cd "$src" && perl scripts/checkpatch.pl --strict --terse --no-summary --show-types "$@"); }

for f in $(files 'kernel/*.[chS]' 'modules/*.[chS]' 'machine/*.[chS]' 'tests/*.[chS]' 'abi/*.[chS]' \
	'bench/*.[chS]' 'tools/*.[chS]' | grep -v '^tools/sim/include/'); do
	# Tests look at memory behind the compiler's back, and are userspace in part, as
	# tools are; some crash, and write bare addresses. The form of events is the kernel's.
	# The headers of the simulator spell out what the kernel's macros stand for.
	case $f in
	tests/*events.h) more=,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE,BIT_MACRO ;;
	tests/* | bench/*) more=,VOLATILE,BIT_MACRO,PREFER_DEFINED_ATTRIBUTE_MACRO,AVOID_BUG,STRCPY,VSPRINTF_SPECIFIER_PX
		 more+=,COMPLEX_MACRO,TRAILING_SEMICOLON
		 # Tables
		 case $f in */cases*) more+=,LONG_LINE,PARENTHESIS_ALIGNMENT,REPEATED_WORD ;; esac ;;
	*define_events.h) more=,MACRO_ARG_UNUSED ;;
	tools/*) more=,BIT_MACRO,VOLATILE,PREFER_DEFINED_ATTRIBUTE_MACRO,STRCPY,EMBEDDED_FUNCTION_NAME
		 more+=,MACRO_ARG_UNUSED,LONG_LINE_STRING ;;
	*) more= ;;
	esac
	silent "checkpatch: $f" '^$' checkpatch --ignore "$ignore$more" -f "$top/$f"
done
for f in $(files 'kernel/hooks/*.patch'); do
	silent "checkpatch: $f" '^$' checkpatch --no-signoff \
		--ignore FILE_PATH_CHANGES,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE "$top/$f"
done

# Debian 12's sparse does not know this word yet, and kbuild leaves it out then
sparse='sparse -D__typeof_unqual__=__typeof__'

# Compiled once more with the warnings on, in a copy: the flags would make the next
# build compile them again.
obj=$tmp/obj
mkdir "$obj"
(cd "$kdir" && cp -a .config include scripts arch ./*.symvers "$obj") 2>"$out"
# Of those that the kernel's configuration has.
objects=$(cd kernel && {
	find el1 -name '*.c' -printf 'arch/arm64/kvm/pkvm_module/%P\n' | sed 's/c$/o/'
	find el2 -name '*.c' ! -name mem_protect.c -printf 'arch/arm64/kvm/hyp/nvhe/module/%P\n' |
		sed 's/c$/nvhe.o/'
	echo arch/arm64/kvm/hyp/nvhe/mem_protect.nvhe.o
} | while read -r o; do [ ! -f "$kdir/$o" ] || echo "$o"; done)
ours='kernel/(el1|el2|include)|pkvm_module|nvhe/module/|modules\.h'
case $(uname -m) in aarch64) cross= ;; *) cross=aarch64-linux-gnu- ;; esac
# shellcheck disable=SC2086
make -C "$src" O="$obj" ARCH=arm64 CROSS_COMPILE=$cross -j"$(nproc)" W=1 C=1 CHECK="$sparse" \
	$objects >"$tmp/warnings" 2>&1
status=$?
cp "$tmp/warnings" "$out"
ok $status "every kernel object builds with W=1 C=1"
is "$(grep -c '^  CHECK.*\(pkvm_module/\|nvhe/module/\|nvhe/mem_protect\)' "$tmp/warnings")" \
	"$(echo "$objects" | wc -w)" "sparse saw every kernel object"
grep -E 'warning:|error:' "$tmp/warnings" | grep -E "$ours" >"$out"
[ ! -s "$out" ]
ok $? "W=1 and sparse have nothing to say of them"

# Sparse takes what MODULE_LICENSE() and its like are made of for no constant
for dir in $(files 'modules/*/Makefile' 'tests/modules/*/Makefile' 'bench/*/Makefile' | grep -v /hyp/ | xargs -r -n1 dirname); do
	cp -rL "$dir" "$tmp/module"
	find "$tmp/module" \( -name '*.o' -o -name '*.ko' -o -name '.*.cmd' \) -delete
	make -C "$kdir" M="$tmp/module" W=1 C=1 CHECK="$sparse" modules >"$tmp/warnings" 2>&1
	grep -E 'warning:|error:|WARNING|ERROR' "$tmp/warnings" |
		grep -vE 'module-common|\.mod\.c|bad constant expression' >"$out"
	[ ! -s "$out" ] && grep -q CHECK "$tmp/warnings"
	ok $? "W=1 and sparse have nothing to say of $dir"
	rm -rf "$tmp/module"
done

# shellcheck disable=SC2046
silent "kernel-doc" '^$' "$src/scripts/kernel-doc" -none -Wall $(files 'kernel/*.[ch]')

for f in $(files | grep -vE '\.(md|patch)$'); do
	case $(head -n 1 "$f") in '#!/bin/bash' | '#!/bin/sh' | *'shellcheck shell='*) ;; *) continue ;; esac
	silent "shellcheck: $f" '^$' shellcheck -x "$f"
done

for f in $(files | grep -vE '^COPYING$|\.gitignore$'); do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || echo "$f"
done >"$out"
[ ! -s "$out" ]
ok $? "each file says GPL-2.0-only"

done_testing
