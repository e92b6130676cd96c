/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest of caller.c: shares its second page with the host and powers off, and
 * whenever it is let run again, makes the call that is described there. With the
 * MMU off, in any place.
 */
#include "caller.h"

#define ARM_SMCCC_VENDOR_HYP_KVM_MEM_SHARE_FUNC_ID	0xc6000003
#define PSCI_0_2_FN_SYSTEM_OFF				0x84000008

	.section .rodata
	.balign	8
	.global	caller_start, caller_end

caller_start:
	ldr	x20, =CALLER_PAGE
	ldr	w0, =ARM_SMCCC_VENDOR_HYP_KVM_MEM_SHARE_FUNC_ID
	mov	x1, x20
	mov	x2, xzr
	mov	x3, xzr
	hvc	#0
	str	x0, [x20, #CALLER_SHARED]

1:	dsb	sy
	ldr	w0, =PSCI_0_2_FN_SYSTEM_OFF
	hvc	#0
	dsb	sy

	ldp	x0, x1, [x20, #CALLER_X]
	ldp	x2, x3, [x20, #CALLER_X + 16]
	ldp	x4, x5, [x20, #CALLER_X + 32]
	ldp	x6, x7, [x20, #CALLER_X + 48]
	ldp	x8, x9, [x20, #CALLER_X + 64]
	ldp	x10, x11, [x20, #CALLER_X + 80]
	ldp	x12, x13, [x20, #CALLER_X + 96]
	ldp	x14, x15, [x20, #CALLER_X + 112]
	ldp	x16, x17, [x20, #CALLER_X + 128]

	ldr	x21, [x20, #CALLER_SMC]
	cbnz	x21, 2f
	hvc	#0
	b	3f
2:	smc	#0

3:	stp	x0, x1, [x20, #CALLER_X]
	stp	x2, x3, [x20, #CALLER_X + 16]
	stp	x4, x5, [x20, #CALLER_X + 32]
	stp	x6, x7, [x20, #CALLER_X + 48]
	stp	x8, x9, [x20, #CALLER_X + 64]
	stp	x10, x11, [x20, #CALLER_X + 80]
	stp	x12, x13, [x20, #CALLER_X + 96]
	stp	x14, x15, [x20, #CALLER_X + 112]
	stp	x16, x17, [x20, #CALLER_X + 128]
	b	1b
	.ltorg
caller_end:

	.section .note.GNU-stack, "", %progbits
