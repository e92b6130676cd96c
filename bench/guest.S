/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest: how long its own way into the hypervisor and back takes, and that
 * through the host. It runs at EL1 with the MMU off, in two pages of which it shares
 * the second with the host, to tell it.
 *
 * Interrupts of the host fall into some of its rounds: the shortest one had none.
 */
#include "guest.h"

	.section .rodata
	.balign	8
	.global	guest_start, guest_end

/* \result: the ticks of the shortest of GUEST_ROUNDS of GUEST_CALLS calls */
.macro	measure	fn, result
	ldr	w20, =\fn
	mov	x21, #GUEST_ROUNDS
	mov	\result, #-1
1:	mov	x22, #GUEST_CALLS
	isb
	mrs	x23, cntvct_el0
2:	mov	x0, x20
	mov	x1, xzr
	hvc	#0
	subs	x22, x22, #1
	b.ne	2b
	isb
	mrs	x24, cntvct_el0
	sub	x24, x24, x23
	cmp	x24, \result
	csel	\result, x24, \result, lo
	subs	x21, x21, #1
	b.ne	1b
.endm

guest_start:
	ldr	w0, =ARM_SMCCC_VENDOR_HYP_KVM_MEM_SHARE_FUNC_ID
	ldr	x1, =GUEST_REPORT
	mov	x2, xzr
	mov	x3, xzr
	hvc	#0

	measure	GUEST_CALL_EL2, x25
	measure	GUEST_CALL_HOST, x26
	ldr	x10, =GUEST_REPORT
	stp	x25, x26, [x10]
	dsb	sy

	/* And for the host to measure KVM_RUN with. */
3:	ldr	w0, =PSCI_0_2_FN_SYSTEM_OFF
	hvc	#0
	b	3b
	.ltorg
guest_end:

	.section .note.GNU-stack, "", %progbits
