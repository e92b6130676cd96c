/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers that a hypervisor panic began with, for EL1 to show.
 */

#include <linux/linkage.h>

#include <asm/assembler.h>
#include <asm/kvm_asm.h>

	.text

/* From the vectors, with all general-purpose registers as they were. */
SYM_CODE_START(__pkvm_module_hyp_panic)
	stp	x0, x1, [sp, #-16]!
	adr_this_cpu x0, pkvm_module_panic_regs, x1
	stp	x2, x3, [x0, #16 * 1]
	stp	x4, x5, [x0, #16 * 2]
	stp	x6, x7, [x0, #16 * 3]
	stp	x8, x9, [x0, #16 * 4]
	stp	x10, x11, [x0, #16 * 5]
	stp	x12, x13, [x0, #16 * 6]
	stp	x14, x15, [x0, #16 * 7]
	stp	x16, x17, [x0, #16 * 8]
	stp	x18, x19, [x0, #16 * 9]
	stp	x20, x21, [x0, #16 * 10]
	stp	x22, x23, [x0, #16 * 11]
	stp	x24, x25, [x0, #16 * 12]
	stp	x26, x27, [x0, #16 * 13]
	stp	x28, x29, [x0, #16 * 14]
	ldp	x2, x3, [sp], #16
	stp	x2, x3, [x0, #16 * 0]
	mov	x1, sp
	stp	x30, x1, [x0, #16 * 15]
	b	hyp_panic
SYM_CODE_END(__pkvm_module_hyp_panic)
