/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Linker script used for partial linking of the EL2 part of a module.
 *
 * The pages of each section change hands when the module is loaded, so that each
 * is whole pages: nothing else of the module may lie in one of them.
 */

#include <asm/hyp_image.h>
#include <asm-generic/vmlinux.lds.h>
#include <asm/cache.h>
#include <asm/page.h>

#define HYP_MODULE_SECTION(NAME, ...)				\
	HYP_SECTION_NAME(NAME) : ALIGN(PAGE_SIZE) {		\
		HYP_SECTION_SYMBOL_NAME(NAME) = .;		\
		__VA_ARGS__					\
		. = ALIGN(PAGE_SIZE);				\
	}

SECTIONS {
	/* Names of files, for the bug table: EL1 reads both when EL2 has panicked. */
	.rodata.str : { *(.rodata.str) }
	/* The formats of pkvm_printk(), and where each is: read by EL1, too. */
	.pkvm_printk.str : { *(.pkvm_printk.str) }
	.pkvm_printk.fmts : { *(.pkvm_printk.fmts) }

	HYP_MODULE_SECTION(.text, *(.text .text.*))
	HYP_MODULE_SECTION(.rodata,
		__pkvm_printk_ids = .;
		*(.rodata.pkvm_printk_ids)
		*(.rodata .rodata.*)
	)
	HYP_MODULE_SECTION(.data,
		__pkvm_event_ids_start = .;
		*(SORT(.data.pkvm_event_ids.*))
		__pkvm_event_ids_end = .;
		*(.data .data.*)
	)
	HYP_MODULE_SECTION(.bss, *(.bss .bss.* COMMON))
}
