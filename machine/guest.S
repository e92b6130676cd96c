/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guest: sums a table in its memory, keeps the sum in a private page, tells
 * it to the host in a shared one, and powers off. It runs at EL1 with the MMU
 * off, from wherever vmm.c put it.
 *
 * A protected guest's memory is its own, so it has to hand a page to the host
 * before the host can see a report: the hypercall MEM_SHARE. A normal VM is told
 * that there is no such call, and need not mind.
 */
#include "guest.h"

#define ARM_SMCCC_VENDOR_HYP_KVM_MEM_SHARE_FUNC_ID	0xc6000003
#define PSCI_0_2_FN_SYSTEM_OFF				0x84000008

	.section .rodata
	.balign	8
	.global	guest_start, guest_end

/* x0: the number of 64-bit words in the table, x1: what the sum starts from */
guest_start:
	ldr	x10, =GUEST_TABLE
	mov	x11, #31
	mov	x19, x1
1:	ldr	x12, [x10], #8
	madd	x19, x19, x11, x12
	subs	x0, x0, #1
	b.ne	1b

	ldr	x10, =GUEST_PRIVATE
	str	x19, [x10]

	ldr	w0, =ARM_SMCCC_VENDOR_HYP_KVM_MEM_SHARE_FUNC_ID
	ldr	x1, =GUEST_REPORT
	mov	x2, xzr
	mov	x3, xzr
	hvc	#0

	ldr	x10, =GUEST_REPORT
	stp	x19, x0, [x10]
	dsb	sy

	ldr	w0, =PSCI_0_2_FN_SYSTEM_OFF
	hvc	#0
2:	b	2b
	.ltorg
guest_end:

	.section .note.GNU-stack, "", %progbits
