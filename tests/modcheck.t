#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pkvm-modcheck: it has nothing to say of good modules, and of each thing that can be
# wrong it says which, where and what to do. What it says is what the kernel does. Files
# that are damaged in any way are read without harm.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

modcheck=$build/tools/pkvm-modcheck
make=(make -s -f "$top/tools/modcheck/Makefile" PKVM_BUILD="$build")
runs "pkvm-modcheck builds" "${make[@]}"

# check ARGUMENTS...: what it says is $out, and $status its status
check() {
	status=0
	"$modcheck" "$@" >"$out" 2>&1 </dev/null || status=$?
}
errors() { grep -c ': error: ' "$out"; }

# --- Good modules

names='modules/hello modules/hyp-uart modules/mem-guard modules/smc-guard
	tests/modules/mod_00 tests/modules/features tests/modules/plain tests/modules/trace'
good() { echo "$tmp/good/$1/$1.ko"; }
mkdir "$tmp/good"
# shellcheck disable=SC2086 # a list
build_modules $names
for name in $names; do
	cp -r "$tree/$name" "$tmp/good"
	[ -e "$(good "${name##*/}")" ]
	ok $? "${name##*/} builds"
done

for name in $names; do
	name=${name##*/}
	check --quiet --kernel "$kdir" "$(good "$name")"
	is "$status $(wc -l <"$out")" "0 0" "$name: accepted by this kernel, and sane, in silence"
done

# says NAME TITLE WORDS: of what the report has under TITLE
says() {
	check --kernel "$kdir" "$(good "$1")"
	is "$(sed -n "s/^ *$2 \{2,\}//p" "$out")" "$3" "$1: $2: $3"
}
says hello init hello_hyp_init
says hello calls hello_hyp_hvc
says hello operations hyp_smp_processor_id
says hello releases "15 16 17 have them all"
says hello table "version 1, 1024 bytes"
says hello "EL2 part" "3 pages of 4096 bytes"
says hello .hyp.text "$(printf 'r-x %6d' 1)"
says hello kernel "$(cat "$kdir/include/config/kernel.release"), in $kdir"
says hyp-uart operations "create_private_mapping register_serial_driver puts udelay"
says hyp-uart releases "15 16 have them all"
says mem-guard operations "host_stage2_mod_prot register_host_perm_fault_handler"
says smc-guard releases "14 15 16 17 have them all"
says features operations none
says mod_00 .hyp.reloc "3 addresses to convert"
# By a table of functions that are given the table of operations
says mod_00 operations alloc_module_va
says mod_00 init mod_hyp_init
check "$(good plain)"
is "$status $(cat "$out")" "0 $(good plain): no EL2 part" "a plain module has no EL2 part, and no findings"
check "$(good hello)"
has ': sane$' "without a kernel, it says no more than that it is sane"
# pkvm_printk() is nothing where the kernel has no tracing
check --json "$(good trace)"
wanted="register_hyp_event_ids tracing_commit_entry tracing_reserve_entry in 15"
! grep -q '^CONFIG_NVHE_EL2_TRACING=y' "$kdir/.config" ||
	wanted="register_hyp_event_ids tracing_commit_entry tracing_mod_hyp_printk tracing_reserve_entry in "
is "$(jq -r '(.operations | sort | join(" ")) + " in " + (.releases | map(tostring) | join(" "))' "$out" 2>&1)" \
	"hyp_smp_processor_id $wanted" "trace: what events and printk use is found, and the releases that have it"

# --- Modules that are wrong: base.S with something more, assembled

asm() {
	{ cat "$top/tests/modcheck/base.S" -; printf '\t.section %s\n\t.balign 4096\n' .hyp.text .hyp.data .hyp.rodata; } |
		"${cross}gcc" -c -x assembler "${@/#/-Wa,--defsym,}" -o "$tmp/bad.ko" - 2>"$out" || cat "$out" >&2
}
check_bad() { check --quiet "$@" "$tmp/bad.ko"; }

# finds KIND LEVEL WHERE WORDS: it does, in just one line, and for an error with status 1
: >"$tmp/provoked"
finds() {
	local kind=$1 level=$2 where=$3 words=$4 wanted=1
	echo "$kind" >>"$tmp/provoked"
	[ "$level" = error ] || wanted=0
	[ "$(grep -cF "$tmp/bad.ko: $level: ${where:+$where: }$words; " "$out")" = 1 ] &&
		grep -qE "; [^;]*[a-z][^;]* \[$kind\]\$" "$out" && [ "$status" = "$wanted" ]
	ok $? "$kind: ${where:+$where: }$words"
}
alone() { is "$(wc -l <"$out")" 1 "... and nothing else"; }

asm </dev/null
check_bad
is "$status $(cat "$out")" "0 " "what they are made of is sane itself"

asm </dev/null
poke_header "$tmp/bad.ko" .hyp.rodata size $((1 << 30))
check_bad
finds file-damaged error .hyp.rodata "its contents end after the file"
asm NO_MODULE=1 </dev/null
check_bad
finds not-a-module error "" "no struct module in it"
asm </dev/null
"${cross}objcopy" --strip-all "$tmp/bad.ko"
check_bad
finds stripped error "" "no symbol table"
asm <<<'	.comm common, 8'
check_bad
finds symbol-bad error "" "'common' is a common symbol"
asm NO_LICENSE=1 </dev/null
check_bad
finds license error .modinfo "no license"
asm NO_LICENSE=1 <<<'	.section .modinfo
	.asciz "license=Proprietary"'
check_bad
finds license error .modinfo "the license 'Proprietary' is not compatible with the GPL"
alone

for section in .hyp.text .hyp.rodata .hyp.data .hyp.bss .hyp.reloc; do
	asm </dev/null
	"${cross}objcopy" --rename-section "$section=.other" "$tmp/bad.ko"
	check_bad
	finds section-missing error "$section" "no such section"
done
asm </dev/null
poke_header "$tmp/bad.ko" .hyp.text flags 2
check_bad
finds section-flags error .hyp.text 'wrong flags: "A", not "AX"'
asm </dev/null
poke_header "$tmp/bad.ko" .hyp.rodata flags 3
check_bad
finds section-flags error .hyp.rodata 'wrong flags: "WA", not "A"'
asm </dev/null
poke_header "$tmp/bad.ko" .hyp.data size 100
check_bad
finds section-pages error .hyp.data "100 bytes are not whole pages of 4096"
alone
asm </dev/null
poke_header "$tmp/bad.ko" .hyp.bss align 8
check_bad
finds section-pages error .hyp.bss "an alignment of 8 is not one of pages of 4096"
asm <<<'	.section .hyp.data, "aw", %progbits, unique, 1
	.zero 8'
check_bad
echo section-twice >>"$tmp/provoked"
has 'error: \.hyp\.data: sections [0-9]+ and [0-9]+ have this name; .* \[section-twice\]$' "section-twice: .hyp.data"
asm <<<'	.section .hyp.extra, "a"
	.zero 8'
check_bad
finds section-unknown warning .hyp.extra "no section that EL2 has"
asm </dev/null
poke_header "$tmp/bad.ko" .hyp.text size 0
check_bad
finds text-empty error .hyp.text "it is empty"
asm NO_CODE=1 </dev/null
check_bad
finds text-no-code error .hyp.text "it is zeros only"
asm </dev/null
poke_header "$tmp/bad.ko" .hyp.bss size $((2 << 30))
check_bad
finds va-space error .hyp.bss "with it the EL2 part has more than 229376 pages"

asm </dev/null
poke_section "$tmp/bad.ko" .rela.hyp.text 0 8192
check_bad
echo reloc-damaged >>"$tmp/provoked"
has 'error: \.hyp\.text\+0x2000.*: relocation outside of its section, 4096 bytes; .* \[reloc-damaged\]$' \
	"reloc-damaged: outside of .hyp.text"
asm </dev/null
read -r nr _ < <(section "$tmp/bad.ko" .hyp.bss)
read -r link _ < <(section "$tmp/bad.ko" .symtab)
poke_header "$tmp/bad.ko" .rela.hyp.text link $((nr << 32 | link))
check_bad
finds reloc-damaged error .rela.hyp.text "its relocations are for section $nr, '.hyp.bss'"
asm <<<'	adrp x0, :got:elsewhere'
check_bad
finds reloc-kind error ".hyp.text+0x2c" "R_AARCH64_ADR_GOT_PAGE against elsewhere: the module loader does not know it"
asm <<<'	movz x0, #:abs_g3:__kvm_nvhe_init'
check_bad
finds reloc-absolute error ".hyp.text+0x2c" "R_AARCH64_MOVW_UABS_G3 against init: EL2 text and data can not have it"
asm <<<'	bl __kvm_nvhe_missing'
check_bad
finds undefined error ".hyp.text+0x2c" "undefined symbol 'missing'"
alone
asm <<<'	bl _printk'
check_bad
finds undefined error ".hyp.text+0x2c" "undefined symbol '_printk'"
asm <<<'	.weak perhaps
	adrp x0, perhaps'
check_bad
finds undefined error ".hyp.text+0x2c" "undefined symbol 'perhaps'"
asm <<<'	bl init_module'
check_bad
finds to-el1 error ".hyp.text+0x2c" "refers to 'init_module' in section '.init.text', which is not EL2's"
asm <<<'	.section .hyp.rodata
	.quad __kvm_nvhe_call'
check_bad
finds not-converted error ".hyp.rodata+0x1000" "address of 'call' without an entry in .hyp.reloc"
alone
converted='	.section .hyp.rodata
1:	.quad __kvm_nvhe_call
	.section .hyp.reloc
	.word 1b - .'
asm <<<"$converted"
check_bad
is "$status $(cat "$out")" "0 " "... and with one, all is well"
asm <<<"$converted
	.word 1b - ."
check_bad
finds entry-twice error ".hyp.rodata+0x1000" "has two entries in .hyp.reloc"
asm <<<'	.section .hyp.reloc
	.word init_module - .'
check_bad
finds entry-is-outside error ".hyp.reloc+0x0" "entry 0 is outside of the EL2 sections: .init.text+0"
asm <<<'	.section .hyp.reloc
	.word __kvm_nvhe_pkvm_ops - .'
check_bad
finds entry-is-outside error ".hyp.reloc+0x0" "entry 0 is outside of the EL2 sections: .hyp.bss+0"
asm <<<'	.section .hyp.data
1:	.quad init_module + 4
	.section .hyp.reloc
	.word 1b - .'
check_bad
finds entry-points-outside error ".hyp.data+0x1000" "entry 0 points outside of the EL2 sections: .init.text+4"
asm <<<'	.section .hyp.data
	.zero 4092
1:	.quad __kvm_nvhe_call
	.section .hyp.reloc
	.word 1b - .'
check_bad
finds entry-is-outside error ".hyp.reloc+0x0" "entry 0 is outside of the EL2 sections: .hyp.data+8188"
asm <<<'	.section .hyp.reloc
	.word 0'
check_bad
finds entry-damaged error ".hyp.reloc" "1 entries, and 0 relocations for them"

asm <<<'	.section __jump_table, "aw"
	.word __kvm_nvhe_call - .'
check_bad
finds static-key error ".hyp.text+0x10 (call+0x0)" "a static key's branch in __jump_table"
asm <<<'	.section __patchable_function_entries, "aw"
	.quad __kvm_nvhe_call'
check_bad
finds ftrace error ".hyp.text+0x10 (call+0x0)" "a place for ftrace in __patchable_function_entries"
asm <<<'	.section __ex_table, "a"
	.word __kvm_nvhe_call - .'
check_bad
finds exception-table error ".hyp.text+0x10 (call+0x0)" "an entry in __ex_table"

asm <<<'	str x30, [x18], #8'
check_bad
finds shadow-call-stack error ".hyp.text+0x2c" "pushes to a shadow call stack"
for name in __stack_chk_fail __ubsan_handle_out_of_bounds __asan_load8_noabort __sanitizer_cov_trace_pc _mcount; do
	asm <<<"	bl __kvm_nvhe_$name"
	check_bad
	finds instrumented error ".hyp.text+0x2c" "calls or uses '$name'"
done
asm <<<'	.type __kvm_nvhe___stack_chk_fail, %function
	.global __kvm_nvhe___stack_chk_fail
__kvm_nvhe___stack_chk_fail:
	bl __kvm_nvhe___stack_chk_fail'
check_bad
is "$status" 0 "... and its own function of that name is a module's own affair"
asm <<<'	.inst 0x17fffff0'
check_bad
finds branch-outside error ".hyp.text+0x2c" "branch by -64 bytes leaves .hyp.text"
asm <<<'	.org 0xffc
	adrp x0, __kvm_nvhe_pkvm_ops'
check_bad
finds erratum-843419 warning ".hyp.text+0xffc" "ADRP in the last 8 bytes of a page, to 'pkvm_ops'"
asm <<<'	.org 0xff4
	adrp x0, __kvm_nvhe_pkvm_ops'
check_bad
is "$(cat "$out")" "" "... but not a word before"

asm NO_LOAD=1 </dev/null
check_bad
finds not-loaded error "" "nothing in it loads its EL2 part"
asm INIT_AT_EL1=1 </dev/null
check_bad
finds init-not-text error "" "its EL2 init function 'init_module' is not in .hyp.text"
asm CALL_AT_EL1=1 </dev/null
check_bad
finds call-not-text warning "" "registers 'init_module', which is not in .hyp.text"
asm VERSION=99 </dev/null
check_bad
finds ops-table-unknown warning "" "for pkvm_module_ops 99 (1024 bytes), not 1 (1024)"
check_bad --kernel "$kdir"
finds ops-table error "" "for pkvm_module_ops 99 (1024 bytes), not 1 (1024)"
# use CODE: what an EL2 function does with the table in x1, which it has from the static pointer
use() {
	asm <<-END
		.type	__kvm_nvhe_more, %function
		__kvm_nvhe_more:
		adrp	x1, __kvm_nvhe_pkvm_ops
		ldr	x1, [x1, :lo12:__kvm_nvhe_pkvm_ops]
		$1
		ret
	END
}
use 'ldr x1, [x1, #8 * 100]'
check_bad
finds op-reserved warning "" "uses member 100 of struct pkvm_module_ops, which is reserved"
use 'ldr x1, [x1, #8 * 128]'
check_bad
finds op-outside warning ".hyp.text+0x34 (more+0x8)" "uses struct pkvm_module_ops at byte 1024, where it has no member"

formats() { printf '\t.section .pkvm_printk.str, "a"\n1:\t.asciz "%s"\n\t.section .pkvm_printk.fmts, "a"\n%s\n' "$1" "$2"; }
asm < <(formats '%d %#llx %px %% %-3u' '.quad 1b')
check_bad
is "$(cat "$out")" "" "a format of four integers is one"
asm < <(formats '%s' '.quad 1b')
check_bad
finds format error ".pkvm_printk.fmts+0x0" 'pkvm_printk("%s"): at most 4 integers or %p'
asm < <(formats '%d %d %d %d %d' '.quad 1b')
check_bad
finds format error ".pkvm_printk.fmts+0x0" 'pkvm_printk("%d %d %d %d %d"): at most 4 integers or %p'
asm < <(formats '%d' '.rept 257; .quad 1b; .endr')
check_bad
finds formats error .pkvm_printk.fmts "257 times pkvm_printk(), not 256 at most"
events='	.section .pkvm_events, "a"
	.quad init_module
	.section .pkvm_event_ids, "a"
	.quad __kvm_nvhe_pkvm_ops, __kvm_nvhe_pkvm_ops +'
asm <<<"$events 16"
check_bad
finds events error .pkvm_events "1 trace events at EL1, 2 at EL2"
asm <<<"$events 8"
check_bad
finds events-unknown warning .pkvm_events "no pkvm_trace_init() for them"

# --- Another kernel

# other FILE SED: what building modules needs of this kernel, with a file changed
other() {
	rm -rf "$tmp/other"
	mkdir -p "$tmp/other/include/generated"
	cp "$kdir/.config" "$kdir/Module.symvers" "$tmp/other"
	cp "$kdir/include/generated/utsrelease.h" "$tmp/other/include/generated"
	ln -s "$(realpath "$kdir/source")" "$tmp/other/source"
	sed -i "$2" "$tmp/other/$1"
}
cp "$(good hello)" "$tmp/bad.ko"
other .config ''
check_bad --kernel "$tmp/other"
is "$status $(cat "$out")" "0 " "the same kernel elsewhere is the same"
other .config /PKVM_MODULES/d
check_bad --kernel "$tmp/other"
finds kernel-option error "" "the kernel takes no EL2 modules"
other .config /CONFIG_SMP=y/d
check_bad --kernel "$tmp/other"
magic=$(grep -aoz '^vermagic=.*' "$tmp/bad.ko" | tr -d '\0')
finds vermagic error .modinfo "version magic '${magic#vermagic=}', not '$(sed 's/vermagic=//; s/SMP //' <<<"$magic")'"
alone
other include/generated/utsrelease.h 's/"7/"8/'
check_bad --kernel "$tmp/other"
is "$status" 0 "another release with the same CRCs will do, as it does for the kernel"
other Module.symvers 's/^0x[0-9a-f]*\(.__pkvm_load_el2_module.\)/0x12345678\1/'
check_bad --kernel "$tmp/other"
echo crc >>"$tmp/provoked"
once "error: __versions: another version of symbol '__pkvm_load_el2_module': 0x[0-9a-f]{8}, not 0x12345678; .* \[crc\]$" \
	"crc: another version of __pkvm_load_el2_module"
is "$status" 1 "... is an error"
other Module.symvers /__pkvm_load_el2_module/d
check_bad --kernel "$tmp/other"
finds unknown-symbol error "" "symbol '__pkvm_load_el2_module' is not exported by it"
asm < <(formats '%d' '.quad 1b')
other .config /CONFIG_NVHE_EL2_TRACING/d
check_bad --kernel "$tmp/other"
echo kernel-tracing >>"$tmp/provoked"
once ' warning: the kernel has no EL2 tracing; .*\[kernel-tracing\]$' "kernel-tracing: formats, and a kernel without tracing"
other .config 's/CONFIG_ARM64_4K_PAGES/CONFIG_ARM64_64K_PAGES/'
check_bad --kernel "$tmp/other"
has 'error: \.hyp\.text: 4096 bytes are not whole pages of 65536' "a kernel with other pages wants others"

# --- Instructions, as binutils has them

# Words at random, as code; those that binutils knows nothing of are left out
awk 'BEGIN {
	srand(7)
	for (i = 0; i < 6000; i++)
		printf "\t.inst 0x%04x%04x\n", 65536 * rand(), 65536 * rand()
}' >"$tmp/words.S"
"${cross}gcc" -c -o "$tmp/words.o" "$tmp/words.S"
"${cross}objdump" -d -M no-aliases "$tmp/words.o" | sed -n 's/^ *[0-9a-f]*:\t//p' |
	grep -vE 'undefined|unallocated|\.inst|; ' | sed 's/[0-9a-f]* <.*//' >"$tmp/listing"
# Operands that are registers of SIMD&FP, SVE or SME, and what is about them without any
fp='[\t ,{\[]([bhsdqvz]\d+|pn?\d+|za\d*[hv]?|zt0|ffr)(?![\da-z_])'
fp+='|fp[cs]r|\t((sq|uq)?(inc|dec|cnt)[bhwdp]|cterm(eq|ne)|rds?vl|adds?[vp]l|setffr|rdffrs?)\t'
grep -P "$fp" "$tmp/listing" >"$tmp/with"
grep -vP "$fp" "$tmp/listing" >"$tmp/without"
words() { sed 's/^\([0-9a-f]*\).*/\t.inst 0x\1/' "$1"; }
asm < <(words "$tmp/with")
check_bad
is "$(errors) $(sed -n 's/.* \([0-9]*\) more of this kind \[fp-simd\]/\1/p' "$out")" \
	"17 $(($(wc -l <"$tmp/with") - 16))" "fp-simd: $(wc -l <"$tmp/with") words that binutils has such registers in"
echo fp-simd >>"$tmp/provoked"
asm < <(words "$tmp/without")
check_bad
hasnt fp-simd "... and none of $(wc -l <"$tmp/without") in which it has none"
for insn in "fmov d0, x0" "ldr q0, [x0]" "ld1 {v0.16b}, [x0]" "mrs x0, fpcr" "msr fpsr, x0" \
	".arch armv9-a; ptrue p0.b" ".inst 0xc0080000"; do
	asm <<<"	$insn"
	check_bad
	has "error: \.hyp\.text\+0x2c: .* 0x[0-9a-f]{8}; compile with -mgeneral-regs-only" "... $insn"
done
# shellcheck disable=SC2016	# the name of a symbol
asm <<<'	.inst 0x1e604000
	.word 0x1e604000
$d:	.word 0x1e604000'
check_bad
is "$(errors)" 1 "... but not in data between the code"

# --- The table of operations, followed

# used WORDS CLAIM / lost WHY CLAIM
used() { check "$tmp/bad.ko"; is "$(sed -n 's/^  operations *//p' "$out")" "$1" "$2"; }
lost() { check "$tmp/bad.ko"; has "and maybe more: at \.hyp\.text.* the table $1\$" "$2"; }
use 'ldp x2, x3, [x1, #8 * 46]'
used "puts putx64 memcpy" "loads of two members are uses of both"
use 'str x1, [sp, #-16]!; mov x1, #0; ldr x2, [sp], #16; ldr x2, [x2, #8 * 46]'
used "puts putx64" "over the stack"
use 'mov x0, x1; b 1f; nop; 1: add x0, x0, #8; ldr x2, [x0, #8 * 45]'
used "puts putx64" "over a branch, and by an address in the table"
use 'mov x2, #46; ldr x2, [x1, x2, lsl #3]'
used "puts putx64" "by an index that is constant"
use 'ldr x2, [x1, x0, lsl #3]'
lost "is used with an offset that is not constant" "... and one that is not is said"
use 'str x1, [x0]'
lost "is stored at an address that is not known" "what is stored anywhere is said"
use 'mov x0, x1; blr x2'
lost "is given to a function that is not known" "what is given to anybody is said"
use 'eor x1, x1, x2'
lost "is computed with" "what is computed with is said"

# --- JSON, options, files that are none

check --json --kernel "$kdir" "$(good mod_00)" "$(good plain)"
cp "$out" "$tmp/json"
is "$(jq -rs 'map(.file | sub(".*/"; "")) | join(" ")' "$tmp/json" 2>&1)" "mod_00.ko plain.ko" "JSON of two modules, one after the other"
is "$(jq -rs '.[0] | [.init, .calls[], .operations[], .operations_complete, .releases[], .relocations, .errors,
	(.sections | map(.pages) | add)] | map(tostring) | join(" ")' "$tmp/json" 2>&1)" \
	"mod_hyp_init mod_hyp_count alloc_module_va true 14 15 16 17 3 0 68" "... has what the report has"
is "$(jq -rs '.[1] | "\(.el2_part) \(.findings | length)"' "$tmp/json")" "false 0" "... and of the plain one, that"
asm <<<'	bl "odd\"name\\with\001\377all"'
check --json "$tmp/bad.ko"
is "$status $(jq -r '.findings[0] | [.id, .level, .by, .where] | join(" ")' "$out" 2>&1)" \
	"1 undefined error EL2 .hyp.text+0x2c" "names of any bytes are valid JSON"

check --list
is "$(sed 's/ .*//' "$out" | LC_ALL=C sort | paste -sd ' ')" "$(LC_ALL=C sort -u "$tmp/provoked" | paste -sd ' ')" \
	"every kind of finding that there is was provoked above"
check --help
is "$status $(grep -cE '^(EXIT STATUS|EXAMPLES|usage: pkvm-modcheck )' "$out")" "0 3" "--help"
# unusable WORDS CLAIM ARGUMENTS...: status 2, and one line
unusable() {
	local words=$1 claim=$2
	shift 2
	check "$@"
	is "$status $(grep -c '^error: ' "$out") $(wc -l <"$out")" "2 1 1" "$claim: status 2, and one line"
	has "$words" "... that says so"
}
unusable 'no FILE\.ko; see pkvm-modcheck --help$' "no file"
unusable 'an option that there is not' "an unknown option" --frobnicate x
unusable 'No such file or directory; give a kernel module' "a file that is not there" "$tmp/nothing.ko"
echo "This is no module." >"$tmp/text.ko"
unusable 'it is not an ELF file' "text" "$tmp/text.ko"
: >"$tmp/empty.ko"
unusable 'it is empty' "an empty file" "$tmp/empty.ko"
head -c 9000 "$(good hello)" >"$tmp/half.ko"
unusable 'its section headers are not in the file' "half a module" "$tmp/half.ko"
unusable 'it is not for arm64|not a relocatable one' "a program" "$modcheck"
unusable 'it is not a regular file' "a directory" "$tmp"
unusable "no \.config in it: No such file" "a kernel that is none" --kernel "$tmp" "$(good hello)"
check "$tmp/text.ko" "$(good hello)"
is "$status $(grep -c 'sane$' "$out")" "2 1" "one that can not be read does not keep it from the others"

# --- The build

cp -r "$tmp/good/hello" "$tmp/fp"
sed -i 's/u64 number = regs->regs\[1\];/&\n\n\tasm volatile("fmov d0, %0" :: "r" (number));/' "$tmp/fp/hyp/el2.c"
runs "make module builds a good one" "$top/tools/modules.sh" "$kdir" "$tmp/good/hello"
is "$(cat "$out")" "$(good hello)" "... and says no more than its path"
! "$top/tools/modules.sh" "$kdir" "$tmp/fp" >"$out" 2>&1
ok $? "an FP instruction in EL2 text stops the build"
once 'error: \.hyp\.text\+0x[0-9a-f]+ \(hello_hyp_hvc\+0x[0-9a-f]+\): FP/SIMD instruction 0x9e670[0-9a-f]{3}; .*\[fp-simd\]$' \
	"... with a line that says where"
has '^error: such a module is not accepted, or not sane' "... and one that says that it ends for it"
! "$top/tools/modules.sh" -r "$kdir" "$tmp/fp" >"$out" 2>&1
ok $? "the report of it is an error, too"
has '^  init +hello_hyp_init$' "... after all that there is to say"
runs "make modcheck FILE=" make -C "$top" --no-print-directory modcheck FILE="$(good smc-guard)" PKVM_BUILD="$build"
has ': sane, and for this kernel$' "... says so of a file"

# --- The kernel's word

# Files as refused.t has them, and good ones between
number=0
kos=()
: >"$tmp/verdicts"
# another: a copy of mod_00 under a name of its own, $ko; judged: its verdict is noted
another() {
	number=$((number + 1))
	local name
	name=$(printf mod_%02d $number)
	ko=$tmp/$name.ko
	sed "s/mod_00/$name/g" "$(good mod_00)" >"$ko"
}
judged() {
	check --quiet --kernel "$kdir" "$ko"
	echo "$(basename "$ko" .ko) $status $(sed -n 's/.*\[\(.*\)\]$/\1/p' "$out" | head -n 1)" >>"$tmp/verdicts"
	kos+=(--ko "$ko")
}
another; judged
for section in text rodata data bss; do
	another
	"${cross}objcopy" --rename-section ".hyp.$section=.not.$section" "$ko"
	judged
done
another; poke_header "$ko" .hyp.text size 0; judged
another; poke_header "$ko" .hyp.rodata size 100; judged
another; poke_header "$ko" .hyp.bss align 8; judged
another; poke_header "$ko" .hyp.text flags 2; judged
another; poke_header "$ko" .hyp.rodata flags 3; judged
another; poke_section "$ko" .rela.hyp.reloc 16 $((1 << 20)); judged
another; poke_section "$ko" .rela.hyp.reloc 16 $((4096 - 4)); judged
another; poke_section "$ko" .rela.hyp.rodata 16 $((1 << 20)); judged
another; poke_section "$ko" .rela.hyp.rodata 40 -4096; judged
another; sed -i 's/\(vermagic=[^ ]*\) SMP /\1 UMP /' "$ko"; judged
another
"${cross}objcopy" -O binary -j __versions "$ko" "$tmp/versions"
at=$(grep -abo __pkvm_load_el2_module "$tmp/versions")
poke_section "$ko" __versions $((${at%%:*} - 8)) 0x12345678
judged
another; sed -i 's/license=GPL/license=XXX/' "$ko"; judged
another; judged
another; poke_section "$ko" .rela.hyp.text 8 $((0x7fff << 32 | 0x7fff)); judged
another; judged

boot --cpu max "${kos[@]}"
loaded() { grep -q "pkvm_module: $1: EL2 part loaded\$" "$out"; }
while read -r name status kind; do
	loaded "$name"
	is "$?" "$status" "$name: modcheck says ${kind:-that it is sane}, and the kernel $(loaded "$name" && echo loads || echo refuses) it"
done <"$tmp/verdicts"
is "$(cut -d ' ' -f 2 "$tmp/verdicts" | sort | uniq -c | sed 's/^ *//' | paste -sd ' ')" "3 0 17 1" \
	"three of them are good"

# --- Damaged files, found by libFuzzer, under AddressSanitizer

runs "it builds with sanitizers" "${make[@]}" regress
for file in "$top"/tests/modcheck/*.gz.base64; do
	name=$(basename "$file" .gz.base64)
	grep -v '^#' "$file" | base64 -d | gzip -d >"$tmp/$name.ko"
	status=0
	"$build/tools/modcheck-regress" --kernel "$kdir" "$tmp/$name.ko" >"$out" 2>&1 || status=$?
	[ "$status" -le 2 ] && ! grep -qE 'Sanitizer|runtime error' "$out"
	ok $? "$name: read without harm"
done

done_testing
