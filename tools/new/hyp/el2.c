// SPDX-License-Identifier: GPL-2.0-only
/* The EL2 part: it runs inside the pKVM hypervisor, and does not trust the host. */

#include <asm/kvm_pkvm_module.h>

#include <nvhe/spinlock.h>

#define MAX_SUM		1000

static const struct pkvm_module_ops *pkvm_ops;

static DEFINE_HYP_SPINLOCK(lock);
static u64 sum;

int new_module_hyp_init(const struct pkvm_module_ops *ops)
{
	pkvm_ops = ops;

	return 0;
}

/*
 * x1: a number. Back in x1: the sum of all numbers, or -ERANGE if that would be more
 * than MAX_SUM. The host can call it on all CPUs at once, with any number.
 */
void new_module_hyp_add(struct user_pt_regs *regs)
{
	u64 number = regs->regs[1];

	hyp_spin_lock(&lock);
	if (number > MAX_SUM - sum) {
		regs->regs[1] = -ERANGE;
	} else {
		sum += number;
		regs->regs[1] = sum;
	}
	hyp_spin_unlock(&lock);

	regs->regs[0] = SMCCC_RET_SUCCESS;
}
