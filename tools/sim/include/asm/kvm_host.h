/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_ASM_KVM_HOST_H
#define SIM_ASM_KVM_HOST_H

#include <linux/kernel.h>
#include <linux/string.h>

#include <asm/barrier.h>
#include <asm/page.h>
#include <asm/ptrace.h>

typedef u16 pkvm_handle_t;

struct kvm_vcpu;

/* As much of it as modules know. */
struct kvm_cpu_context {
	struct user_pt_regs regs;
};

#endif
