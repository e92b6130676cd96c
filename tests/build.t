#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Building modules: the document's own files as they are, wherever they lie; what EL2
# code may use; and what it may not, refused with a line that says which and why.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2016	# much of it is for make
. "$(dirname "$0")/lib.sh"

# --- The document

# document DIR RULE SECTION [NAME]: the document's files, after its section 1, or 3 in
# the form of Android 14 or 15. Only what can not compile is otherwise: MODULE_LICENSE
# in all, and "&token" of an unsigned long and a ";" in section 3.
document() {
	local dir=$1 rule=$2 section=$3 name=${4:-pkvm_module}
	mkdir -p "$dir/hyp"
	cat >"$dir/Makefile" <<END
ifneq (\$(KERNELRELEASE),)
clean-files := hyp/hyp.lds hyp/hyp-reloc.S

obj-m := $name.o
$name-y := el1.o hyp/kvm_nvhe.o

$rule/hyp/kvm_nvhe.o: FORCE
	 \$(Q)\$(MAKE) \$(build)=\$(obj)/hyp \$(obj)/hyp/kvm_nvhe.o
else
all:
	make -C \$(KDIR) M=\$(PWD) modules
clean:
	make -C \$(KDIR) M=\$(PWD) clean
endif
END
	cat >"$dir/hyp/Makefile" <<'END'
hyp-obj-y := el2.o
include $(srctree)/arch/arm64/kvm/hyp/nvhe/Makefile.module
END
	cat >"$dir/hyp/el2.c" <<'END'
#include <asm/kvm_pkvm_module.h>

int pkvm_driver_hyp_init(const struct pkvm_module_ops *ops)
{
  /* Init the EL2 code */

  return 0;
}
END
	cat >"$dir/el1.c" <<'END'
#include <linux/init.h>
#include <linux/module.h>
#include <linux/kernel.h>
#include <asm/kvm_pkvm_module.h>

MODULE_LICENSE("GPL");

int __kvm_nvhe_pkvm_driver_hyp_init(const struct pkvm_module_ops *ops);

END
	"document_$section" "$dir"
}

document_1() {
	cat >>"$1/el1.c" <<'END'
static int __init pkvm_driver_init(void)
{
    unsigned long token;

    return pkvm_load_el2_module(__kvm_nvhe_pkvm_driver_hyp_init, &token);
}
module_init(pkvm_driver_init);
END
}

document_14() {
	cat >>"$1/hyp/el2.c" <<'END'

void pkvm_driver_hyp_hvc(struct kvm_cpu_context *ctx)
{
  /* Handle the call */

  cpu_reg(ctx, 1) = 0;
}
END
	echo 'void __kvm_nvhe_pkvm_driver_hyp_hvc(struct kvm_cpu_context *ctx); // Android 14' >>"$1/el1.c"
	document_3 "$1"
}

document_15() {
	cat >>"$1/hyp/el2.c" <<'END'

void pkvm_driver_hyp_hvc(struct user_pt_regs *regs)
{
  /* Handle the call */

  regs->regs[0] = SMCCC_RET_SUCCESS;
  regs->regs[1] = 0;
}
END
	echo 'void __kvm_nvhe_pkvm_driver_hyp_hvc(struct user_pt_regs *regs);   // Android 15' >>"$1/el1.c"
	document_3 "$1"
}

# The document does not say from where the call is made: here, in the end
document_3() {
	cat >>"$1/el1.c" <<'END'

static int hvc_number;

static int __init pkvm_driver_init(void)
{
  unsigned long token;
  int ret;

  ret = pkvm_load_el2_module(__kvm_nvhe_pkvm_driver_hyp_init,&token);
  if (ret)
    return ret;

  ret = pkvm_register_el2_mod_call(__kvm_nvhe_pkvm_driver_hyp_hvc, token);
  if (ret < 0)
    return ret;

  hvc_number = ret;

  pkvm_el2_mod_call(hvc_number);

  return 0;
}
module_init(pkvm_driver_init);
END
}

# --- Builds, two at a time: in one, most files wait for another

# in_dir DIR COMMAND...: make goes by PWD
in_dir() { (cd "$1" && shift && "$@"); }

# start DIR [VARIABLE=]...: the document's own way to build it
start() {
	local dir=$1
	shift
	while [ "$(jobs -pr | wc -l)" -ge 2 ]; do wait -n; done
	{
		in_dir "$dir" make KDIR="$kdir" "$@" >"$dir/log" 2>&1 </dev/null
		echo $? >"$dir/status"
	} &
}

# copy FROM TO: a module's directory, without what was built there
copy() {
	cp -r "$top/$1" "$2"
	find "$2" \( "${products[@]}" \) -delete
}

# files DIR: what is in it, without what start leaves
files() { in_dir "$1" find . -type f ! -name log ! -name status | LC_ALL=C sort; }
# made DIR: what was made there, and when
made() { in_dir "$1" find . \( -name '*.o' -o -name '*.ko' \) -printf '%p %T@\n' | LC_ALL=C sort; }
# changes FILE: the lines of standard input that FILE does not have
changes() { diff "$1" - | sed -n 's/^> //p'; }

# built DIR CLAIM: what was started there made a module, with its EL2 part, and without
# a warning but that of a description, which the document's modules do not have
built() {
	out=$1/log
	[ "$(cat "$1/status")" = 0 ] && ! grep -i 'warning:' "$out" | grep -qv 'missing MODULE_DESCRIPTION' &&
		readelf -sW "$1"/*.ko | grep -q ' __kvm_nvhe_pkvm_driver_hyp_init$'
	ok $? "$2"
}

# A kernel built without O=, or of it what modules are built with. Making it costs more
# than all the rest, so it is kept, and made again when the kernel is another. Its files
# are those of the source (hard links): no build writes to one.
intree=$kdir-intree
in_tree=(KDIR="$intree" ARCH=arm64 ${cross:+CROSS_COMPILE="$cross"})
make_intree() {
	local key src=$build/linux-src
	key=$(in_dir "$src" find .pkvm-modules/applied -type f -exec cksum {} + | LC_ALL=C sort |
		cat - "$src/.pkvm-modules/source" "$kdir/.config" "$kdir/Module.symvers" | cksum)
	[ "$(cat "$intree/.key" 2>/dev/null)" != "$key" ] || return 0

	rm -rf "$intree"
	cp -al "$src" "$intree" &&
		cp "$kdir/.config" "$intree" &&
		make -C "$intree" -j2 "${in_tree[@]:1}" modules_prepare </dev/null &&
		cp "$kdir/Module.symvers" "$intree" &&
		cp "$kdir/arch/arm64/kvm/hyp/nvhe/gen-hyprel" "$intree/arch/arm64/kvm/hyp/nvhe" &&
		echo "$key" >"$intree/.key"
}
runs "there is a kernel built without O=" make_intree

plain=$tmp/plain
document "$plain" '$(PWD)' 1
files "$plain" >"$tmp/plain.files"
start "$plain"

deep=$tmp/a/directory/that/lies/deep/down/in/the/file/system
document "$deep" '$(obj)' 1 deep
start "$deep"

document "$tmp/else/where/linked" '$(PWD)' 15 linked
ln -s "$tmp/else/where" "$tmp/link"
linked=$tmp/link/linked
start "$linked"

odd="$tmp/+a,b-c.d~e@f=g^h/.i"
document "$odd" '$(PWD)' 14 odd
start "$odd"

document "$tmp/intree1" '$(PWD)' 15 intree1
start "$tmp/intree1" "${in_tree[@]}"
document "$tmp/intree2" '$(obj)' 14 intree2
start "$tmp/intree2" "${in_tree[@]}"

copy modules/hello "$tmp/hello"
start "$tmp/hello" W=1

copy tests/modules/features "$tmp/features"
start "$tmp/features"
wait

built "$plain" 'the files of section 1, as they are, with the rule $(PWD)/hyp/kvm_nvhe.o'
built "$deep" 'the files of section 1 with the rule $(obj)/hyp/kvm_nvhe.o, deep down'
built "$linked" "the files of section 3, Android 15, in a directory that a symbolic link leads to"
built "$odd" "the files of section 3, Android 14, in a path of all odd characters that kbuild takes"
built "$tmp/intree1" 'for a kernel built without O=, with the rule $(PWD)/hyp/kvm_nvhe.o'
built "$tmp/intree2" 'for a kernel built without O=, with the rule $(obj)/hyp/kvm_nvhe.o'

kos=()
for dir in "$plain" "$deep" "$linked" "$odd" "$tmp/intree1" "$tmp/intree2"; do
	kos+=(--ko "$(echo "$dir"/*.ko)")
done
both "${kos[@]}" --ko "$tmp/features/features.ko"
for cpu in $modes; do
	of "$cpu"
	is "$status $(grep -oE '^  (pkvm_module|deep|linked|odd|intree[12]): loaded' "$out" | sort -u | wc -l)" "0 6" \
		"$(mode_of "$cpu"): all six load"
	is "$(grep '^ *HVC .*__kvm_nvhe_pkvm_driver_hyp_hvc' "$out" | sort -u | wc -l)" 4 \
		"$(mode_of "$cpu"): those with a call have it registered"
	hasnt 'WARNING|BUG:' "$(mode_of "$cpu"): the calls of the document's samples succeed"
done

# --- What EL2 code may use

out=$tmp/features/log
is "$(cat "$tmp/features/status")" 0 \
	'several files, assembly, hyp-obj-$(CONFIG_X), ccflags-y, lists, locks, SMCs and shifts build'
hasnt 'warning:' "... and nothing is warned of"
is "$("${cross}nm" -u "$tmp/features/hyp/memory.nvhe.o" "$tmp/features/hyp/shift.nvhe.o" |
	sed -n 's/^ *U //p' | LC_ALL=C sort | paste -sd ' ')" \
	"__ashlti3 __ashrti3 __lshrti3 memcmp memcpy memmove memset" "... with the calls that the compiler makes"
is "$("${cross}nm" "$tmp/features/hyp/memory.nvhe.o" | grep -c features_one_file)" 1 \
	"... CFLAGS_memory.nvhe.o in hyp/Makefile is for that file"
for cpu in $modes; do
	of "$cpu"
	has 'features: failed at EL2: 0x0$' "$(mode_of "$cpu"): ... and all of it works at EL2"
done

# --- Once more

out=$tmp/hello/log
is "$(cat "$tmp/hello/status")" 0 "hello builds with W=1"
hasnt 'warning:' "... and nothing is warned of"

made "$plain" >"$tmp/before"
runs "a build with nothing changed" build_module "$plain"
is "$(made "$plain" | changes "$tmp/before")" "" "... makes no object anew, and no module"

sed -i 's/return 0;/return -5;/' "$plain/hyp/el2.c"
runs "a build after an edit of el2.c" build_module "$plain"
is "$(made "$plain" | changes "$tmp/before" | sed 's/ .*//' | grep -E 'el[12]|ko$' | paste -sd ' ')" \
	"./hyp/el2.nvhe.o ./pkvm_module.ko" "... compiles it, but not el1.c, and makes the module"

runs "make clean" in_dir "$plain" make KDIR="$kdir" clean
is "$(files "$plain" | diff "$tmp/plain.files" -)" "" "... leaves just the sources"

# --- Several modules in one tree, and in one directory

many=$tmp/many
document "$many/one" '$(obj)' 1 one
document "$many/below/two" '$(PWD)' 1 two
for name in three four; do
	document "$many/$name" '$(obj)' 1
	mv "$many/$name/el1.c" "$many/$name-el1.c"
	mv "$many/$name/hyp" "$many/$name-hyp"
	rm -r "${many:?}/$name"
done
cat >"$many/Makefile" <<'END'
ifneq ($(KERNELRELEASE),)
obj-m := one/ below/two/ three.o four.o
three-y := three-el1.o three-hyp/kvm_nvhe.o
four-y := four-el1.o four-hyp/kvm_nvhe.o
clean-files := three-hyp/hyp.lds three-hyp/hyp-reloc.S four-hyp/hyp.lds four-hyp/hyp-reloc.S
else
all:
	make -C $(KDIR) M=$(PWD) modules
clean:
	make -C $(KDIR) M=$(PWD) clean
endif
END
files "$many" >"$tmp/many.files"
runs "two modules in one directory and two below it build at once" in_dir "$many" make -j2 KDIR="$kdir"
is "$(files "$many" | grep 'ko$' | paste -sd ' ')" "./below/two/two.ko ./four.ko ./one/one.ko ./three.ko" "... all four"
runs "make clean there" in_dir "$many" make KDIR="$kdir" clean
is "$(files "$many" | diff "$tmp/many.files" -)" "" "... leaves just the sources"

# --- Handlers and macros

types=$tmp/types
mkdir "$types"
# kernel_side NAME: EL1 code from standard input
kernel_side() {
	{
		printf '#include <linux/module.h>\n#include <asm/kvm_pkvm_module.h>\n\n'
		cat
	} >"$types/$1.c"
	objects+=("$1.o")
}
# register NAME TYPE: a handler of that type
register() {
	kernel_side "$1" <<-END
		int register_it(void);
		int register_it(void)
		{
			return pkvm_register_el2_mod_call(($2)0UL);
		}
	END
}

objects=()
kernel_side macros <<'END'
int __kvm_nvhe_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_hvc(struct user_pt_regs *regs);
void __kvm_nvhe_hvc14(struct kvm_cpu_context *ctx);
extern int __kvm_nvhe_variable;

unsigned long use_macros(void);
unsigned long use_macros(void)
{
	unsigned long token, sum = 0;
	struct arm_smccc_res res;
	int id;

	id = pkvm_load_el2_module(__kvm_nvhe_init, &token);
	id += pkvm_load_el2_module(__kvm_nvhe_init);
	id += pkvm_register_el2_mod_call(__kvm_nvhe_hvc, token);
	id += pkvm_register_el2_mod_call(__kvm_nvhe_hvc);
	id += pkvm_register_el2_mod_call(__kvm_nvhe_hvc14, token);
	id += pkvm_register_el2_mod_call(&__kvm_nvhe_hvc14);
	sum += pkvm_el2_mod_va(&__kvm_nvhe_variable, token);
	sum += pkvm_el2_mod_va(&__kvm_nvhe_variable);
	sum += pkvm_el2_mod_kern_va(sum);
	sum += pkvm_el2_mod_call(id);
	sum += pkvm_el2_mod_call(id, 1, 2UL, 3, 4, 5, 6);
	res = pkvm_el2_mod_call_smccc(id, 1, 2, 3, 4, 5, 6);

	return sum + res.a3;
}
END
register right15 'void (*)(struct user_pt_regs *)'
register right14 'void (*)(struct kvm_cpu_context *)'
wrong=(
	'void (*)(void)'
	'void (*)(void *)'
	'void (*)(struct pt_regs *)'
	'void (*)(struct user_pt_regs)'
	'void (*)(struct user_pt_regs *, int)'
	'int (*)(struct user_pt_regs *)'
	'void (**)(struct user_pt_regs *)'
	'void *'
	'unsigned long'
)
for i in "${!wrong[@]}"; do register "wrong$i" "${wrong[i]}"; done
kernel_side wrong_init <<'END'
int __kvm_nvhe_init(struct user_pt_regs *regs);

int load_it(void);
int load_it(void)
{
	return pkvm_load_el2_module(__kvm_nvhe_init);
}
END

echo "obj-m := ${objects[*]}" >"$types/Makefile"
out=$types/log
make -k -j2 -C "$kdir" M="$types" W=1 "${objects[@]}" >"$out" 2>&1 </dev/null
[ -e "$types/macros.o" ] && ! grep -qE '^macros\.c:.*(warning|error):' "$out"
ok $? "all macros compile in both arities, without a warning"
for form in 15 14; do
	[ -e "$types/right$form.o" ]
	ok $? "the handler of Android $form compiles"
done
for i in "${!wrong[@]}"; do
	[ ! -e "$types/wrong$i.o" ]
	ok $? "a handler of type ${wrong[i]} does not"
done
[ ! -e "$types/wrong_init.o" ]
ok $? "an init function of another type does not"

# --- What EL2 code may not use: all in one tree, and one make

bad=$tmp/bad
# el2_side NAME: a module in the tree, with code from standard input in its EL2 part
el2_side() {
	document "$bad/$1" '$(obj)' 1 "$1"
	cat >"$bad/$1/hyp/of_$1.c"
	sed -i "s/el2\.o/& of_$1.o/" "$bad/$1/hyp/Makefile"
	echo "obj-m += $1/" >>"$bad/Makefile"
}

mkdir "$bad"
el2_side undefined <<'END'
#include <linux/printk.h>

int elsewhere(void);
int use_elsewhere(void)
{
	pr_info("Hello from EL2\n");
	return elsewhere();
}
END
el2_side weak <<'END'
int __attribute__((weak)) perhaps(void);
int use_perhaps(void)
{
	return perhaps ? perhaps() : 0;
}
END
el2_side percpu <<'END'
#include <linux/percpu.h>

DEFINE_PER_CPU(int, one_each);
END
el2_side writable <<'END'
asm(".pushsection .stub, \"awx\"\n"
    "stub: ret\n"
    ".popsection");
END
el2_side init_text <<'END'
#include <linux/init.h>

int __init only_at_init(void)
{
	return 0;
}
END
el2_side init_data <<'END'
#include <linux/init.h>

int number_at_init __initdata = 1;
END
el2_side custom <<'END'
int __attribute__((section("vendor_table"))) table[2] = { 1, 2 };
END
el2_side custom_bss <<'END'
asm(".pushsection vendor_bss, \"aw\", @nobits\n"
    "room: .zero 16\n"
    ".popsection");
END

# fails CLAIM: the tree does not build
fails() {
	! make -k -j2 -C "$kdir" M="$bad" modules >"$out" 2>&1 </dev/null
	ok $? "$1"
}
# refused NAME WORDS CLAIM: one line says so, and there is no EL2 part
refused() {
	[ "$(grep -cE "^error: EL2 part: $2" "$out")" = 1 ] && [ ! -e "$bad/$1/hyp/kvm_nvhe.o" ]
	ok $? "$3"
}
only='EL2 code can only call itself and struct pkvm_module_ops, not the kernel$'
no_place='has no place at EL2: only text, rodata, data and bss have$'

out=$bad/log
fails "EL2 parts that can not work do not build"
refused undefined "undefined symbol '_printk', used in of_undefined.nvhe.o: $only" \
	"a function of the kernel: which, where and why not"
refused undefined "undefined symbol 'elsewhere', used in of_undefined.nvhe.o: $only" \
	"a function that is nowhere: which, where and why not"
refused weak "undefined symbol 'perhaps', used in of_weak.nvhe.o: $only" \
	"a weak one that is nowhere: which, where and why not"
refused percpu "per-CPU data in of_percpu.nvhe.o \(one_each\): not available to EL2 modules" \
	"per-CPU data: which, where and why not"
refused writable "section '.stub' of of_writable.nvhe.o \(stub\) is writable and executable: EL2 maps nothing so$" \
	"a writable and executable section: which, where and why not"
refused init_text "section '.init.text' \(only_at_init\) $no_place" "__init code: what, where and why not"
refused init_data "section '.init.data' \(number_at_init\) $no_place" "__initdata: what, where and why not"
refused custom "section 'vendor_table' \(table\) $no_place" "a section of one's own: which, what is in it, why not"
refused custom_bss "section 'vendor_bss' \(room\) $no_place" "one without contents: which, what is in it, why not"
is "$(files "$bad" | grep 'ko$')" "" "... and none of them makes a module"

echo 'obj-m := percpu/' >"$bad/Makefile"
fails "what has failed fails the second time too"
refused percpu "per-CPU data in of_percpu.nvhe.o" "... for the same reason"
: >"$bad/percpu/hyp/of_percpu.c"
runs "... and builds without it" make -C "$kdir" M="$bad" modules

done_testing
