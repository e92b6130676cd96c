// SPDX-License-Identifier: GPL-2.0-only
/* The EL2 part: it runs inside the pKVM hypervisor. */

#include <asm/kvm_pkvm_module.h>
#include <asm/sysreg.h>

#include <nvhe/spinlock.h>

static const struct pkvm_module_ops *pkvm_ops;

static DEFINE_HYP_SPINLOCK(lock);
static unsigned long next_number = 1;

int hello_hyp_init(const struct pkvm_module_ops *ops)
{
	pkvm_ops = ops;

	return 0;
}

/* x1: a number. Gives back its double, and in x2 and x3 where that was computed. */
void hello_hyp_hvc(struct user_pt_regs *regs)
{
	u64 number = regs->regs[1];
	u64 el = read_sysreg(CurrentEL) >> 2;

	hyp_spin_lock(&lock);
	regs->regs[3] = next_number++;
	hyp_spin_unlock(&lock);

	regs->regs[0] = SMCCC_RET_SUCCESS;
	regs->regs[1] = 2 * number;
	regs->regs[2] = el << 32 | pkvm_ops->hyp_smp_processor_id();
}
