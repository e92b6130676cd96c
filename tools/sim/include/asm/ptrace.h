/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_ASM_PTRACE_H
#define SIM_ASM_PTRACE_H

#include <linux/types.h>

#ifdef __aarch64__
#include_next <asm/ptrace.h>
#else
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
};
#endif

#endif
