#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: machine/gdb-commands.sh DIR IMAGE FUNCTION [FILE.ko]...
#
# Prints the commands with which gdb-multiarch debugs the machine that waits at
# DIR/socket, DIR being free for what they need. They run the machine to where the
# first module has its place at EL2 and nothing of it has run yet, or to FUNCTION of the
# kernel unless that is "". What is where is read from the machine: from variables of
# the kernel, and from what its loader of modules knows of each, which is built with -g
# for that.
set -euo pipefail

dir=$1 image=$2 at=$3
shift 3
objtree=${image%/arch/arm64/boot/*}
hyp=$objtree/arch/arm64/kvm/hyp/nvhe/kvm_nvhe.o

# By the names that the kernel has for them
for ko; do
	ln -s "$(realpath "$ko")" "$dir/$(basename "$ko" .ko | tr - _).ko"
done

# address SYMBOL: of the kernel's image
address() { sed -n "s/^\([0-9a-f]*\) . $1\$/0x\1/p" "$objtree/System.map"; }

start=$(address "${at:-pkvm_load_early_modules}")
[ -n "$start" ] || { echo "error: the kernel has no function $at to stop at" >&2; exit 1; }

# As for a module: the sections, each of which the linker script gave a symbol
hyp_sections() {
	sed -n "s/^\([0-9a-f]*\) . __kvm_nvhe___hyp_section_\(.*\)/ -s \2 0x\1+\$el2_offset/p" \
		"$objtree/System.map" | tr -d '\n'
}

# All of gdb's own words on the way are of no use
cat <<-END
	set confirm off
	set pagination off
	set breakpoint pending on
	set logging file /dev/null
	set logging redirect on
	set logging enabled on
	set architecture aarch64
	target remote $dir/socket

	# EL2 is up, the host not deprivileged, and no module loaded. The variables have
	# their values long before that. An address of the kernel's image is, at EL2, where
	# its memory is in EL2's linear range. The kernel has the hypervisor's symbols, too:
	# the first that gdb finds are to be EL2's.
	thbreak *$start
	continue
	set \$el2_offset = -*(long *)$(address kimage_voffset) - *(long *)$(address __kvm_nvhe_hyp_physvirt_offset)
	add-symbol-file $hyp$(hyp_sections)
	add-symbol-file $objtree/vmlinux

	define pkvm-module-symbols
	  set \$el2_part = part->hyp_va - part->start
	  set \$mod = (struct module *)((char *)part - (long)&((struct module *)0)->arch.el2)
	  eval "add-symbol-file $dir/%s.ko -s .text %#lx -s .init.text %#lx -s .hyp.text %#lx -s .hyp.rodata %#lx -s .hyp.data %#lx -s .hyp.bss %#lx", \
	    part->status->name, \
	    \$mod->mem[MOD_TEXT].base, \$mod->mem[MOD_INIT_TEXT].base, \
	    part->sections[PKVM_EL2_TEXT].start + \$el2_part, \
	    part->sections[PKVM_EL2_RODATA].start + \$el2_part, \
	    part->sections[PKVM_EL2_DATA].start + \$el2_part, \
	    part->sections[PKVM_EL2_BSS].start + \$el2_part
	end
	document pkvm-module-symbols
	In pkvm_module_mapped(): add the symbols of that module, at EL1 and EL2.
	end
END
[ $# = 0 ] || [ -n "$at" ] || cat <<-END
	thbreak pkvm_module_mapped
	continue
	pkvm-module-symbols
END
[ $# = 0 ] || cat <<-END
	# The others come on the way
	hbreak pkvm_module_mapped
	commands
	  silent
	  pkvm-module-symbols
	  continue
	end
END
stop="The hypervisor is up, and no module is loaded" name=
if [ -n "$at" ]; then
	stop="The kernel has come to $at"
elif [ $# -gt 0 ]; then
	stop="%s has its place at EL2, and nothing of it has run yet" name=", part->status->name"
fi
cat <<-END
	set logging enabled off
	printf "$stop: set breakpoints, then continue.\\n"$name
END
