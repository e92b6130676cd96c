#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Modules that can not be loaded: each is refused with one line that names it and says
# why, no protected VM starts, and the machine is up. Also lists of odd shape, modules
# that come too late, and machines without protected KVM.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"

objcopy=$(sed -n 's/^export CROSS_COMPILE ?= //p' "$kdir/GNUmakefile")objcopy

module tests/modules/plain
plain=$ko
[ -n "$plain" ]
ok $? "the module without an EL2 part builds"

module tests/modules/mod_00
[ -n "$ko" ]
ok $? "the good module builds"
good=$tmp/good.ko
cp "$ko" "$good"

# The same sources, as if they were for a kernel of another time
in_another_time() { (cd "${ko%/*}" && make KDIR="$kdir" KCFLAGS=-DMOD_OPS_VERSION=99); }
runs "the module for another ops table builds" in_another_time
mv "$ko" "$tmp/other_ops.ko"

# copy NAME [FILE.ko]: the good module, or another, under that name; it is $ko
copy() {
	ko=$tmp/$1.ko
	sed "s/mod_00/$1/g" "${2:-$good}" >"$ko"
}

# options LINE...: modprobe's, as arguments for a boot in ${options[@]}
options() {
	mkdir -p "$tmp/modprobe.d"
	printf 'options %s\n' "$@" >"$tmp/modprobe.d/options.conf"
	options=(--add "$tmp/modprobe.d:/etc/modprobe.d")
}

# --- Early loading

copy mod_01
load_accepted "a good module" mod_01 --ko "$ko"
call=$(sed -n 's/.*mod_01: call \([0-9]*\) is registered$/\1/p' "$out" | head -n 1)
[ "${call:-0}" -gt 0 ]
ok $? "... and its call has a number"

mkdir "$tmp/again"
cp "$ko" "$tmp/again"
boot --ko "$ko" --ko "$tmp/again/${ko##*/}"
has '^error: --ko: two modules with the name mod_01:' "two files of one name are refused before the machine starts"
is "$status" 1 "... with an exit status"

load_refused "not in the initramfs" "absent=modprobe: module absent not found in modules.dep" -- --named absent

echo "This is no module." >"$tmp/mod_01.ko"
: >"$tmp/mod_02.ko"
head -c $(($(stat -c %s "$good") / 2)) "$good" >"$tmp/mod_03.ko"
load_refused "text, nothing and half a module" "mod_01=$(not_loadable mod_01 'invalid module format')" \
	"mod_02=modprobe: short read" "mod_03=$(not_loadable mod_03 'invalid module format')" \
	-- --ko "$tmp/mod_01.ko" --ko "$tmp/mod_02.ko" --ko "$tmp/mod_03.ko"

# With CONFIG_MODVERSIONS the first word of the vermagic is not looked at
copy mod_01
sed -i 's/\(vermagic=[^ ]*\) SMP /\1 UMP /' "$ko"
load_refused "another vermagic" "mod_01=$(not_loadable mod_01 'invalid module format')" -- --ko "$ko"
for cpu in $modes; do
	of "$cpu"
	has "mod_01: version magic '.* UMP .*' should be '.* SMP .*'" "$(mode_of "$cpu"): ... the log has both"
done

copy mod_01
"$objcopy" -O binary -j __versions "$ko" "$tmp/versions"
at=$(grep -abo __pkvm_load_el2_module "$tmp/versions")
poke_section "$ko" __versions $((${at%%:*} - 8)) 0x12345678
load_refused "another interface (CONFIG_MODVERSIONS)" "mod_01=$(not_loadable mod_01 'Invalid argument')" -- --ko "$ko"
for cpu in $modes; do
	of "$cpu"
	has "mod_01: disagrees about version of symbol __pkvm_load_el2_module" "$(mode_of "$cpu"): ... the log says in what"
done

copy mod_01 "$tmp/other_ops.ko"
load_refused "another ops table" "mod_01=.*for pkvm_module_ops 99 \(.*\), not [0-9]+ \(.*\)" -- --ko "$ko"

cp "$plain" "$tmp/plain.ko"
cp "$good" "$tmp/other_name.ko"
load_refused "no EL2 part, or one of another name" "plain=it has no EL2 part, or did not load it" \
	"other_name=it has no EL2 part, or did not load it" -- --ko "$tmp/plain.ko" --ko "$tmp/other_name.ko"

echo "This is no program." >"$tmp/modprobe"
load_refused "a modprobe that is none" "mod_01=/sbin/modprobe could not be run: error -13" \
	-- --ko "$tmp/mod_01.ko" --add "$tmp/modprobe:/sbin/modprobe"

# --- The module's own word

for i in 1 2 3 4 5; do copy "mod_0$i"; done
options "mod_01 el2_ret=-19" "mod_02 el2_ret=19" "mod_03 el1_as_el2=1" "mod_04 el1_ret=-5"
load_refused "EL2 init fails" "mod_01=its EL2 init function returned -19" -- --ko "$tmp/mod_01.ko" "${options[@]}"
load_refused "EL2 init returns a positive number" "mod_02=its EL2 init function returned 19" \
	-- --ko "$tmp/mod_02.ko" "${options[@]}"
load_refused "EL2 init is a function of EL1" \
	"mod_03=its EL2 init function not_at_el2 \[mod_03\] is not in \.hyp\.text" -- --ko "$tmp/mod_03.ko" "${options[@]}"

# Its number goes to the next module, which tries it before, and one that nobody had
options "mod_04 el1_ret=-5" "mod_01 try_call=$call" "mod_02 try_call=$((call + 300))"
load_refused "EL1 init fails after the EL2 part was loaded" \
	"mod_04=its EL1 init function failed; the EL2 part was withdrawn" \
	-- --ko "$tmp/mod_04.ko" --ko "$tmp/mod_01.ko" --ko "$tmp/mod_02.ko" "${options[@]}"
for cpu in $modes; do
	of "$cpu"
	mode=$(mode_of "$cpu")
	has "mod_04: call $call is registered$" "$mode: ... it had registered a call"
	is "$(grep -cE "^\[.*mod_01: call $call gave back -95$" "$out")" 3 "$mode: ... which does not work any more"
	is "$(grep -cE "^\[.*mod_02: call $((call + 300)) gave back -95$" "$out")" 3 "$mode: a number that nobody registered does not work"
	is "$(grep -cE '^\[.*WARNING: ' "$out")" 2 "$mode: ... one warning at each of the two, not one a call"
	is "$(grep -cE "^\[.*mod_0[12]: call [0-9]* is registered$" "$out")" 2 "$mode: ... and modules load after it"
done

# --- The EL2 sections

kos=() reasons=()
for name in text rodata data bss; do
	nr=$((${#reasons[@]} + 1))
	copy "mod_0$nr"
	"$objcopy" --rename-section ".hyp.$name=.not.$name" "$ko"
	kos+=(--ko "$ko")
	reasons+=("mod_0$nr=no section \.hyp\.$name: link hyp/kvm_nvhe\.o in")
done
load_refused "a section is missing" "${reasons[@]}" -- "${kos[@]}"

copy mod_01
"$objcopy" --rename-section ".hyp.reloc=.not.reloc" "$ko"
both --ko "$ko"
for cpu in $modes; do
	of "$cpu"
	load_said mod_01 "no section \.hyp\.reloc: .*"
	ok $? "$(mode_of "$cpu"): the list of relocations is missing: the log says so"
done

copy mod_01
poke_header "$ko" .hyp.text size 0
copy mod_02
poke_header "$ko" .hyp.rodata size 100
copy mod_03
poke_header "$ko" .hyp.bss align 8
copy mod_04
poke_header "$ko" .hyp.text flags 2	# SHF_ALLOC
copy mod_05
poke_header "$ko" .hyp.rodata flags 3	# SHF_ALLOC | SHF_WRITE
load_refused "a section is not as it should be" "mod_01=section \.hyp\.text is empty" \
	"mod_02=section \.hyp\.rodata is not whole pages: use Makefile\.module" \
	"mod_03=section \.hyp\.bss is not whole pages: use Makefile\.module" \
	"mod_04=section \.hyp\.text has the wrong flags" \
	"mod_05=section \.hyp\.rodata has the wrong flags" \
	-- --ko "$tmp/mod_01.ko" --ko "$tmp/mod_02.ko" --ko "$tmp/mod_03.ko" --ko "$tmp/mod_04.ko" --ko "$tmp/mod_05.ko"

copy mod_01
poke_header "$ko" .hyp.bss size $((300 << 20))
load_refused "more bss than there is memory" "mod_01=$(not_loadable mod_01 'Cannot allocate memory')" \
	-- --mem 256M --ko "$ko"

# The first module leaves EL2 page tables for just the smaller sections of the next
copy mod_01
copy mod_02
poke_header "$ko" .hyp.bss size $((64 << 20))
copy mod_03
options "mod_01 va_ranges=210"
load_refused "more bss than EL2 has page tables for" "mod_02=EL2 can not map \.hyp\.bss: error -28" \
	-- --ko "$tmp/mod_01.ko" --ko "$tmp/mod_02.ko" --ko "$tmp/mod_03.ko" "${options[@]}"
for cpu in $modes; do
	of "$cpu"
	has '^  mod_03: loaded' "$(mode_of "$cpu"): ... and the next one loads, where that one was"
done

# --- Relocations: the addends are what says where to, in the third word of an entry

copy mod_01
poke_section "$ko" .rela.hyp.reloc 16 $((1 << 20))
copy mod_02
poke_section "$ko" .rela.hyp.reloc 16 $((4096 - 4))
copy mod_03
poke_section "$ko" .rela.hyp.rodata 16 $((1 << 20))
copy mod_04
poke_section "$ko" .rela.hyp.rodata 40 -4096
load_refused "a relocation out of place" "mod_01=relocation 0 is outside of its EL2 sections" \
	"mod_02=relocation 0 is outside of its EL2 sections" \
	"mod_03=relocation 0 points outside of its EL2 sections" \
	"mod_04=relocation 1 points outside of its EL2 sections" \
	-- --ko "$tmp/mod_01.ko" --ko "$tmp/mod_02.ko" --ko "$tmp/mod_03.ko" --ko "$tmp/mod_04.ko"

# --- Lists

copy mod_01
copy mod_02
two=(--ko "$tmp/mod_01.ko" --ko "$tmp/mod_02.ko")
load_accepted "an empty list" "" "${two[@]}" --named ""
load_accepted "stray commas" "mod_01 mod_02" "${two[@]}" --named ",,mod_01,,,mod_02,"
load_accepted "the same name again" "mod_02 mod_01" "${two[@]}" --named mod_02,mod_01,mod_02,mod-01
for cpu in $modes; do
	of "$cpu"
	has 'pkvm_module: mod_01: named more than once' "$(mode_of "$cpu"): ... the log says so"
done
load_accepted "two lists" "mod_02 mod_01" "${two[@]}" --named mod_02 --append kvm-arm.protected_modules=mod_01
load_accepted "spaces around names" "mod_01 mod_02" "${two[@]}" --append '"kvm-arm.protected_modules= mod_01 , mod_02 "' --named ""
cp "$tmp/mod_02.ko" "$tmp/mod-02.ko"
load_accepted "a dash for an underscore" "mod_01 mod_02" --ko "$tmp/mod_01.ko" --ko "$tmp/mod-02.ko" --named mod-01,mod_02

long=$(printf '%055d' 0)
load_refused "names of all kinds" "$long=name too long: module names have 55 characters at most" \
	"_r=modprobe: module _r not found in modules.dep" \
	"\.\./mod_01=modprobe: module \.\./mod_01 not found in modules.dep" \
	"mod 01=modprobe: module mod 01 not found in modules.dep" \
	-- "${two[@]}" --named "${long}0,-r,../mod_01" --append '"kvm-arm.protected_modules=mod 01,mod_02"'
for cpu in $modes; do
	of "$cpu"
	has '^  mod_02: loaded' "$(mode_of "$cpu"): ... and the good one after them is loaded"
done

# --- Too late, or without protected KVM

cat >"$tmp/late" <<'END'
#!/bin/sh
insmod /late.ko
echo "insmod: $?"
cat /sys/kernel/pkvm/protected_vms
vmm --protected
echo "protected VM: status $?"
vmm
echo "normal VM: status $?"
END
chmod +x "$tmp/late"
late=(--ko "$tmp/mod_01.ko" --add "$tmp/mod_02.ko:/late.ko" --add "$tmp/late:/late" --init /late)

# not_inserted REASON CLAIM...
not_inserted() {
	load_said mod_02 "$1" && grep -qx "insmod: can't insert '/late.ko': Operation not supported" "$out" &&
		grep -qx 'insmod: 95' "$out"
	ok $? "$2"
}

both "${late[@]}"
for cpu in $modes; do
	of "$cpu"
	mode=$(mode_of "$cpu")
	not_inserted "too late, the host is deprivileged: use kvm-arm\.protected_modules=" \
		"$mode: insmod after boot: EOPNOTSUPP and a line"
	grep -qx allowed "$out" && grep -qx 'protected VM: status 0' "$out"
	ok $? "$mode: ... protected VMs are allowed all the same"
done

both "${late[@]}" --append kvm-arm.mode=nvhe
for cpu in $modes; do
	of "$cpu"
	has 'pkvm_module: kvm-arm\.protected_modules= is ignored: kvm-arm\.mode=protected is missing' \
		"$cpu, not protected: the log names the missing option"
	not_inserted "an EL2 module needs kvm-arm\.mode=protected on the command line" \
		"$cpu, not protected: insmod: EOPNOTSUPP, and a line names the missing option"
	has '^denied: protected KVM is not enabled' "$cpu, not protected: sysfs says that no protected VM starts"
	grep -qx 'protected VM: status 1' "$out" && grep -qx 'normal VM: status 0' "$out"
	ok $? "$cpu, not protected: so it is, and normal VMs run"
done

both "${late[@]}" --qemu "-machine virt,virtualization=off,gic-version=3"
for cpu in $modes; do
	of "$cpu"
	has 'pkvm_module: kvm-arm\.protected_modules= is ignored: the kernel was not started at EL2' \
		"$cpu, without EL2: the log says so"
	not_inserted "an EL2 module needs a kernel that was started at EL2" \
		"$cpu, without EL2: insmod: EOPNOTSUPP and a line"
done

done_testing
