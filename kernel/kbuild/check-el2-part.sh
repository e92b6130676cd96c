#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check-el2-part.sh LINKED OBJECT... - what could not work at EL2 fails the build
#
# LINKED is what module.lds.S made of the OBJECTs. $NM, $READELF and $OBJDUMP are
# the toolchain's; of their output only what GNU's and LLVM's have in common is read.

linked=$1
shift
status=0

fail() {
	echo "error: EL2 part: $*" >&2
	status=1
}

# Sections that take memory: name and flags, one a line.
sections() {
	"$READELF" -S -W "$1" | sed -n 's/^ *\[ *[0-9]*\] *//p' |
		awk 'NF >= 9 && $7 ~ /A/ && $5 !~ /^0+$/ { print $1, $7 }'
}

symbols_in() {
	"$OBJDUMP" -t "$1" | awk -v section="$2" '
		index($0, section) && $NF !~ /^\./ && $NF != section && !/ [dF]?f / {
			sep = list == "" ? "" : ", "
			list = list sep $NF
		}
		END { print list }'
}

# The linker has already said what is missing in the way of a real link; here it
# is EL2's own rules. Alternatives are patched by the kernel, at EL1.
for sym in $("$NM" -u "$linked" | awk '{ print $NF }' | grep -vx alt_cb_patch_nops); do
	users=
	for o; do
		"$NM" -u "$o" | awk '{ print $NF }' | grep -qxF "$sym" && users="$users ${o##*/}"
	done
	fail "undefined symbol '$sym', used in${users:- a library function}: EL2 code can only call" \
	     "itself and struct pkvm_module_ops, not the kernel"
done

for o; do
	name=${o##*/}
	while read -r section flags; do
		case $section in
		.data..percpu*)
			fail "per-CPU data in $name ($(symbols_in "$o" "$section")):" \
			     "not available to EL2 modules; use an array indexed by ops->hyp_smp_processor_id()"
			continue ;;
		.altinstr_replacement)
			continue ;;
		esac
		case $flags in
		*W*X*)
			fail "section '$section' of $name ($(symbols_in "$o" "$section")) is writable and" \
			     "executable: EL2 maps nothing so" ;;
		esac
	done <<-END
	$(sections "$o")
	END
done

# With what is left, the module loader would not know that it belongs to EL2.
while read -r section flags; do
	case $flags in *W*X*) continue ;; esac
	case $section in
	'' | .hyp.text | .hyp.rodata | .hyp.data | .hyp.bss) ;;
	.altinstructions | .altinstr_replacement | __bug_table | .rodata.str | .pkvm_printk.* | .note*) ;;
	__jump_table)
		fail "static key: it can not be switched, since the kernel would have to patch text" \
		     "that is out of its reach" ;;
	.data..percpu*) ;;
	*)
		fail "section '$section' ($(symbols_in "$linked" "$section")) has no place at EL2:" \
		     "only text, rodata, data and bss have" ;;
	esac
done <<END
$(sections "$linked")
END

# Everything above would hold of output that it can not read
sections "$linked" | grep -q '^\.hyp\.text ' || fail "no .hyp.text in $linked: nothing to run at EL2"

exit $status
