// SPDX-License-Identifier: GPL-2.0-only
/* The EL2 part: one bit for each thing that did not work. */

#include <linux/arm-smccc.h>
#include <uapi/linux/psci.h>

#include <asm/kvm_pkvm_module.h>

#include <nvhe/arm-smccc.h>
#include <nvhe/spinlock.h>

#include "features.h"

#define FAILED(bit, ok)	((ok) ? 0 : BIT(bit))

static DEFINE_HYP_SPINLOCK(lock);
static u64 locked;

int features_hyp_init(const struct pkvm_module_ops *ops)
{
	return 0;
}

/* An SMC from EL2 goes to EL3, where PSCI is. */
static bool features_smccc_1_1(void)
{
	struct arm_smccc_res res;

	arm_smccc_1_1_smc(PSCI_0_2_FN_PSCI_VERSION, &res);

	return PSCI_VERSION_MAJOR(res.a0) >= 1;
}

static bool features_smccc_1_2(void)
{
	struct arm_smccc_1_2_regs regs = { .a0 = PSCI_0_2_FN_PSCI_VERSION };

	arm_smccc_1_2_smc(&regs, &regs);

	return PSCI_VERSION_MAJOR(regs.a0) >= 1;
}

/* The same as the hypervisor spells it, with its trace events. */
static bool features_hyp_smccc(void)
{
	struct arm_smccc_1_2_regs regs = { .a0 = PSCI_0_2_FN_PSCI_VERSION };
	struct arm_smccc_res res;

	hyp_smccc_1_1_smc(PSCI_0_2_FN_PSCI_VERSION, &res);
	hyp_smccc_1_2_smc(&regs, &regs);

	return PSCI_VERSION_MAJOR(res.a0) >= 1 && regs.a0 == res.a0;
}

static bool features_lock(void)
{
	hyp_spin_lock(&lock);
	locked++;
	hyp_spin_unlock(&lock);

	hyp_spin_lock(&lock);
	locked++;
	hyp_spin_unlock(&lock);

	return locked == 2;
}

void features_hyp_run(struct user_pt_regs *regs)
{
	u64 size = regs->regs[1];
	u64 one = regs->regs[2];

	regs->regs[1] = FAILED(0, features_memory(size)) |
			FAILED(1, features_shift(BIT(63), one)) |
			FAILED(2, features_list()) |
			FAILED(3, features_add(FEATURES_FLAG, one) == FEATURES_FLAG + 1) |
			FAILED(4, features_lock()) |
			FAILED(5, features_smccc_1_1()) |
			FAILED(6, features_smccc_1_2()) |
			FAILED(7, features_hyp_smccc());
}
