#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel's own tools say of this project's files: checkpatch --strict,
# sparse and W=1, kernel-doc; shellcheck; an SPDX line on each. What was said of files
# that have not changed since, and was nothing, is not asked for again.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
cd "$top" || exit 1
src=$build/linux-src
kept=$build/tests/quality/${kdir##*/}
mkdir -p "$kept"

files() { git ls-files --cached --others --exclude-standard -- "$@"; }

# Nothing said by COMMAND..., on any of its outputs
silent() {
	local claim=$1
	shift
	"$@" >"$out" 2>&1 </dev/null
	[ ! -s "$out" ]
	ok $? "$claim"
}

# about NAME FUNCTION FILE...: what FUNCTION claims of these files, or has claimed of them
# with this test, these tools and this kernel
about() {
	local name=$1 fn=$2 key claim from=$count
	shift 2
	key=$({
		cksum "$0" "$kdir/.config" "$kdir/Module.symvers" "$src/scripts/checkpatch.pl" "$@"
		"${cross}gcc" --version
		sparse --version
		shellcheck --version
	} 2>&1 | cksum)
	if [ "$(head -n 1 "$kept/$name" 2>/dev/null)" = "$key" ]; then
		while read -r claim; do ok 0 "$claim"; done < <(tail -n +2 "$kept/$name")
		return
	fi
	"$fn" "$@" | sed -E 's/^(not )?ok [0-9]+/\1ok/' >"$tmp/claims"
	while read -r claim; do
		case $claim in
		'ok - '*)	count=$((count + 1)); echo "ok $count - ${claim#ok - }" ;;
		'not ok - '*)	count=$((count + 1)); echo "not ok $count - ${claim#not ok - }" ;;
		*)		echo "$claim" ;;
		esac
	done <"$tmp/claims"
	rm -f "$kept/$name"
	[ "$count" -gt "$from" ] && ! grep -q '^not ok' "$tmp/claims" &&
		{ echo "$key"; sed -n 's/^ok - //p' "$tmp/claims"; } >"$kept/$name"
}

# --- checkpatch

# Not asked for: module sources declare EL2 symbols in el1.c, as the document does;
# the macros that use an argument twice do so in typeof and sizeof only.
# CurrentEL is the register's name; the argv of a usermode helper is not const.
ignore=AVOID_EXTERNS,FUNCTION_ARGUMENTS,MACRO_ARG_REUSE,CAMELCASE,STATIC_CONST_CHAR_ARRAY
checkpatch() { (cd "$src" && perl scripts/checkpatch.pl --strict --terse --no-summary --show-types "$@"); }

# What more need not be said of a file. Tests look at memory behind the compiler's back,
# and are userspace in part, as tools are; some crash, and write bare addresses. The form
# of events is the kernel's. The headers of the simulator spell out what the kernel's
# macros stand for.
allowed() {
	local tests=VOLATILE,BIT_MACRO,PREFER_DEFINED_ATTRIBUTE_MACRO,AVOID_BUG,STRCPY,VSPRINTF_SPECIFIER_PX
	case $1 in
	*.patch)	echo FILE_PATH_CHANGES,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE ;;
	tests/*events.h) echo "$ignore,PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE,BIT_MACRO" ;;
	# Tables
	tests/cases/* | tests/*/cases.c) echo "$ignore,$tests,COMPLEX_MACRO,TRAILING_SEMICOLON,LONG_LINE,PARENTHESIS_ALIGNMENT,REPEATED_WORD" ;;
	tests/* | bench/*) echo "$ignore,$tests,COMPLEX_MACRO,TRAILING_SEMICOLON" ;;
	*define_events.h) echo "$ignore,MACRO_ARG_UNUSED" ;;
	tools/*)	echo "$ignore,BIT_MACRO,VOLATILE,PREFER_DEFINED_ATTRIBUTE_MACRO,STRCPY,EMBEDDED_FUNCTION_NAME,MACRO_ARG_UNUSED,LONG_LINE_STRING" ;;
	*)		echo "$ignore" ;;
	esac
}

# All files of one kind at once: it takes longer to start than to read one
checkpatch_all() {
	local f types
	for types in $(for f; do allowed "$f"; done | sort -u); do
		for f; do
			[ "$(allowed "$f")" != "$types" ] || echo "$top/$f"
		done >"$tmp/of-these-types"
		mapfile -t of_these <"$tmp/of-these-types"
		case $types in
		FILE_PATH_CHANGES*)	checkpatch --no-signoff --ignore "$types" "${of_these[@]}" ;;
		*)			checkpatch --ignore "$types" -f "${of_these[@]}" ;;
		esac
	done >"$tmp/said" 2>&1
	for f; do
		grep -F "$f:" "$tmp/said" >"$out"
		[ ! -s "$out" ]
		ok $? "checkpatch: $f"
	done
	grep -vE ':[0-9]+: (ERROR|WARNING|CHECK):' "$tmp/said" >"$out"
	[ ! -s "$out" ]
	ok $? "checkpatch says nothing else"
}
mapfile -t sources < <(files 'kernel/*.[chS]' 'modules/*.[chS]' 'machine/*.[chS]' 'tests/*.[chS]' 'abi/*.[chS]' \
	'bench/*.[chS]' 'tools/*.[chS]' 'kernel/hooks/*.patch' | grep -v '^tools/sim/include/')
about checkpatch checkpatch_all "${sources[@]}"

# --- sparse and W=1

# Compiled once more with the warnings on, in a copy: the flags would make the next
# build compile them again.
kernel_objects() {
	local obj=$tmp/obj objects ours='kernel/(el1|el2|include)|pkvm_module|nvhe/module/|modules\.h' status
	mkdir "$obj"
	(cd "$kdir" && cp -a .config include scripts arch ./*.symvers "$obj") 2>"$out"
	# Of those that the kernel's configuration has.
	objects=$(cd kernel && {
		find el1 -name '*.c' -printf 'arch/arm64/kvm/pkvm_module/%P\n' | sed 's/c$/o/'
		find el2 -name '*.c' ! -name mem_protect.c -printf 'arch/arm64/kvm/hyp/nvhe/module/%P\n' |
			sed 's/c$/nvhe.o/'
		echo arch/arm64/kvm/hyp/nvhe/mem_protect.nvhe.o
	} | while read -r o; do [ ! -f "$kdir/$o" ] || echo "$o"; done)
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
}
mapfile -t kernel < <(files kernel)
about kernel kernel_objects "${kernel[@]}"

# What was said when they were built for the other tests. Sparse takes what
# MODULE_LICENSE() and its like are made of for no constant
mapfile -t dirs < <(module_dirs)
build_modules "${dirs[@]}"
for dir in "${dirs[@]}"; do
	grep -E 'warning:|error:|WARNING|ERROR' "$tree/$dir.log" |
		grep -vE 'module-common|\.mod\.c|bad constant expression' >"$out"
	[ ! -s "$out" ] && grep -q CHECK "$tree/$dir.log" && [ -e "$tree/$dir.key" ]
	ok $? "W=1 and sparse have nothing to say of $dir"
done

# --- The rest

kernel_doc() { silent "kernel-doc" "$src/scripts/kernel-doc" -none -Wall "$@"; }
mapfile -t documented < <(files 'kernel/*.[ch]')
about kernel-doc kernel_doc "${documented[@]}"

shellcheck_all() {
	local f
	for f; do
		silent "shellcheck: $f" shellcheck -x "$f"
	done
}
mapfile -t scripts < <(files | grep -vE '\.(md|patch|rst)$' | while read -r f; do
	case $(head -n 1 "$f") in '#!/bin/bash' | '#!/bin/sh' | *'shellcheck shell='*) echo "$f" ;; esac
done)
about shellcheck shellcheck_all "${scripts[@]}"

for f in $(files | grep -vE '^COPYING$|\.gitignore$'); do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || echo "$f"
done >"$out"
[ ! -s "$out" ]
ok $? "each file says GPL-2.0-only"

# prove reads the first line of one that is not; who runs it by its name can not
files 'tests/*.t' '*.sh' | while read -r f; do
	[ -x "$f" ] || [ "${f##*/}" = lib.sh ] || echo "$f"
done >"$out"
[ ! -s "$out" ]
ok $? "each test and script can be executed"

done_testing
