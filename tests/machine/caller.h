/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM whose guest makes the calls that the test asks for, see caller.S. One that is
 * protected shares a page with the host for that, and nothing else.
 */
#ifndef CALLER_H
#define CALLER_H

/* In the second page of its memory. */
#define CALLER_PAGE		0x40001000
#define CALLER_SHARED		0	/* what MEM_SHARE of it returned */
#define CALLER_SMC		8	/* not HVC */
#define CALLER_X		16	/* x0-x17, before and after */

#ifndef __ASSEMBLER__
#include "lib.h"

extern const char caller_start[], caller_end[];

/* It has made no call yet. */
struct vm_result start_caller(struct vm *vm, bool protected);

/*
 * guest_hvc(VM, X0...), guest_smc(): the registers after it, x0-x17, until the next
 * call. Those not given are as CALLER_FILL() has it, but x1-x3 are 0.
 */
#define guest_hvc(vm, ...)	guest_call(vm, false, (const __u64[4]) { __VA_ARGS__ })
#define guest_smc(vm, ...)	guest_call(vm, true, (const __u64[4]) { __VA_ARGS__ })
const __u64 *guest_call(struct vm *vm, bool smc, const __u64 *x);

#define CALLER_FILL(i)		(0xf111f111f1110000ULL + (i))
#endif

#endif
