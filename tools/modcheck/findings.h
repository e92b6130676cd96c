/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every kind of finding: its name, whether it is an error, who refuses the module for it,
 * and what is to be done. Included with FINDING() defined.
 */

/* The file */
FINDING(FILE_DAMAGED, "file-damaged", LEVEL_ERROR, BY_KERNEL,
	"the file is cut short or damaged: build or copy it again")
FINDING(NOT_A_MODULE, "not-a-module", LEVEL_ERROR, BY_KERNEL,
	"give the .ko that kbuild links in the end, not an object that goes into it")
FINDING(STRIPPED, "stripped", LEVEL_ERROR, BY_KERNEL,
	"keep the symbol table: strip --strip-debug is as far as a module can be stripped")
FINDING(SYMBOL_BAD, "symbol-bad", LEVEL_ERROR, BY_KERNEL,
	"build it again, with -fno-common as kbuild does")
FINDING(LICENSE, "license", LEVEL_ERROR, BY_KERNEL,
	"add MODULE_LICENSE(\"GPL\") to el1.c: only GPL modules can load an EL2 part")

/* Sections */
FINDING(SECTION_MISSING, "section-missing", LEVEL_ERROR, BY_LOADER,
	"link hyp/kvm_nvhe.o into the module, made by Makefile.module")
FINDING(SECTION_FLAGS, "section-flags", LEVEL_ERROR, BY_LOADER,
	"leave the flags of EL2 sections to Makefile.module")
FINDING(SECTION_PAGES, "section-pages", LEVEL_ERROR, BY_LOADER,
	"use Makefile.module, whose linker script makes EL2 sections whole pages")
FINDING(SECTION_TWICE, "section-twice", LEVEL_ERROR, BY_EL2,
	"only the first is mapped at EL2: link one hyp/kvm_nvhe.o into the module")
FINDING(SECTION_UNKNOWN, "section-unknown", LEVEL_WARNING, BY_EL2,
	"EL2 does not map it: have text, rodata, data and bss only")
FINDING(TEXT_EMPTY, "text-empty", LEVEL_ERROR, BY_LOADER,
	"list the objects of the EL2 part in hyp-obj-y of hyp/Makefile")
FINDING(TEXT_NO_CODE, "text-no-code", LEVEL_ERROR, BY_EL2,
	"the file has no instructions for it: build it again")
FINDING(VA_SPACE, "va-space", LEVEL_ERROR, BY_LOADER,
	"all modules share less than 1 GiB of EL2 addresses: allocate large memory at run time")

/* Relocations */
FINDING(RELOC_DAMAGED, "reloc-damaged", LEVEL_ERROR, BY_KERNEL,
	"the file is damaged: build or copy it again")
FINDING(RELOC_KIND, "reloc-kind", LEVEL_ERROR, BY_KERNEL,
	"compile with kbuild's own flags: no -fpic, no thread-local variables")
FINDING(RELOC_ABSOLUTE, "reloc-absolute", LEVEL_ERROR, BY_EL2,
	"compile with -mcmodel=small, as kbuild does: an address is 64 bits of data, or relative")
FINDING(UNDEFINED, "undefined", LEVEL_ERROR, BY_EL2,
	"EL2 can only call itself and struct pkvm_module_ops: define it in hyp/")
FINDING(TO_EL1, "to-el1", LEVEL_ERROR, BY_EL2,
	"EL2 does not map it: move it into the EL2 part, or pass what is needed as a value")
FINDING(NOT_CONVERTED, "not-converted", LEVEL_ERROR, BY_EL2,
	"it would keep a kernel address: have Makefile.module make hyp-reloc.S again")
FINDING(ENTRY_IS_OUTSIDE, "entry-is-outside", LEVEL_ERROR, BY_LOADER,
	"have Makefile.module make hyp-reloc.S again, of the same objects")
FINDING(ENTRY_POINTS_OUTSIDE, "entry-points-outside", LEVEL_ERROR, BY_LOADER,
	"have EL2 data point to EL2 text and data only")
FINDING(ENTRY_DAMAGED, "entry-damaged", LEVEL_ERROR, BY_LOADER,
	"have Makefile.module make hyp-reloc.S again, of the same objects")
FINDING(ENTRY_TWICE, "entry-twice", LEVEL_ERROR, BY_LOADER,
	"have Makefile.module make hyp-reloc.S again, of the same objects")
FINDING(STATIC_KEY, "static-key", LEVEL_ERROR, BY_EL2,
	"use a variable: the kernel can not patch text that is out of its reach")
FINDING(FTRACE, "ftrace", LEVEL_ERROR, BY_EL2,
	"compile by Makefile.module, which leaves -pg and -fpatchable-function-entry out")
FINDING(EXCEPTION_TABLE, "exception-table", LEVEL_ERROR, BY_EL2,
	"do without: EL2 does not look at exception tables of modules")

/* Instructions */
FINDING(FP_SIMD, "fp-simd", LEVEL_ERROR, BY_EL2,
	"compile with -mgeneral-regs-only: at EL2 these registers are the host's or a guest's")
FINDING(SCS, "shadow-call-stack", LEVEL_ERROR, BY_EL2,
	"compile by Makefile.module, without -fsanitize=shadow-call-stack: x18 is the host's")
FINDING(INSTRUMENTED, "instrumented", LEVEL_ERROR, BY_EL2,
	"compile by Makefile.module, which leaves it out: EL2 has nothing that it could call")
FINDING(BRANCH_OUTSIDE, "branch-outside", LEVEL_ERROR, BY_EL2,
	"the file is damaged, or was patched: build it again")
FINDING(ERRATUM_843419, "erratum-843419", LEVEL_WARNING, BY_LOADER,
	"for Cortex-A53, move it by a few instructions: the loader may refuse it there")

/* Use of the interface */
FINDING(NOT_LOADED, "not-loaded", LEVEL_ERROR, BY_LOADER,
	"call pkvm_load_el2_module() in the module's init function")
FINDING(INIT_NOT_TEXT, "init-not-text", LEVEL_ERROR, BY_LOADER,
	"name it with the __kvm_nvhe_ prefix and define it in the EL2 part")
FINDING(CALL_NOT_TEXT, "call-not-text", LEVEL_WARNING, BY_LOADER,
	"register functions of the EL2 part, named with the __kvm_nvhe_ prefix")
FINDING(OPS_TABLE, "ops-table", LEVEL_ERROR, BY_LOADER,
	"build the module for this kernel")
FINDING(OPS_TABLE_HERE, "ops-table-unknown", LEVEL_WARNING, BY_LOADER,
	"the names of its operations are not to be relied on: take the pkvm-modcheck of its kernel")
FINDING(OP_OUTSIDE, "op-outside", LEVEL_WARNING, BY_EL2,
	"build against the header of the kernel it is for")
FINDING(OP_RESERVED, "op-reserved", LEVEL_WARNING, BY_EL2,
	"it answers -EOPNOTSUPP: build against the header of a kernel that has it")

/* Tracing */
FINDING(FORMATS, "formats", LEVEL_ERROR, BY_LOADER,
	"have 256 calls of pkvm_printk() in a module at most")
FINDING(FORMAT, "format", LEVEL_ERROR, BY_LOADER,
	"have four integers or %p at most, and no %s: EL1 prints them")
FINDING(EVENTS, "events", LEVEL_ERROR, BY_LOADER,
	"include kvm_pkvm_module_define_events.h once in el1.c and once at EL2")
FINDING(EVENTS_UNUSED, "events-unknown", LEVEL_WARNING, BY_LOADER,
	"call pkvm_trace_init() first in the EL2 init function")

/* The kernel that was given */
FINDING(NO_MODULES, "kernel-option", LEVEL_ERROR, BY_KERNEL,
	"set CONFIG_PKVM_MODULES=y and build the kernel")
FINDING(NO_TRACING, "kernel-tracing", LEVEL_WARNING, BY_KERNEL,
	"nothing of it is shown: set CONFIG_NVHE_EL2_TRACING=y")
FINDING(VERMAGIC, "vermagic", LEVEL_ERROR, BY_KERNEL,
	"build the module for this kernel: make KDIR=OBJTREE")
FINDING(CRC, "crc", LEVEL_ERROR, BY_KERNEL,
	"build the module for this kernel: make KDIR=OBJTREE")
FINDING(UNKNOWN_SYMBOL, "unknown-symbol", LEVEL_ERROR, BY_KERNEL,
	"use what this kernel exports, or load the module that does first")
