// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 part: decides about each SMC of the host that pKVM itself did not take,
 * and counts those that it refuses. PSCI and FF-A calls are pKVM's and do not come
 * here.
 */

#include <linux/arm-smccc.h>
#include <linux/bits.h>

#include <asm/kvm_pkvm_module.h>

#include <nvhe/spinlock.h>

#include "../smc-guard.h"

#define MAX_REFUSED	64

/* Set by EL1 before the load. */
u32 smc_guard_ids[SMC_GUARD_MAX_IDS];
unsigned int smc_guard_nr_ids;
u64 smc_guard_owners = BIT(ARM_SMCCC_OWNER_ARCH) | BIT(ARM_SMCCC_OWNER_STANDARD);

struct refused {
	u32 id;
	u64 count;
};

static DEFINE_HYP_SPINLOCK(refused_lock);
static struct refused refused[MAX_REFUSED];
static unsigned int nr_refused;
static u64 refused_others;	/* what the table had no room for */

static bool is_allowed(u32 id)
{
	unsigned int i, nr = min(smc_guard_nr_ids, SMC_GUARD_MAX_IDS);

	/* Yielding calls have no owner that is standardised. */
	if (ARM_SMCCC_IS_FAST_CALL(id) && smc_guard_owners & BIT(ARM_SMCCC_OWNER_NUM(id)))
		return true;

	for (i = 0; i < nr; i++) {
		if (smc_guard_ids[i] == id)
			return true;
	}

	return false;
}

static void count_refused(u32 id)
{
	unsigned int i;

	hyp_spin_lock(&refused_lock);

	for (i = 0; i < nr_refused && refused[i].id != id; i++)
		;
	if (i == MAX_REFUSED) {
		refused_others++;
	} else {
		if (i == nr_refused)
			refused[nr_refused++].id = id;
		refused[i].count++;
	}

	hyp_spin_unlock(&refused_lock);
}

/* Only w0 says what is called, and the hint in it is for EL3 to use or ignore. */
static bool smc_guard_hyp_smc(struct user_pt_regs *regs)
{
	u32 id = regs->regs[0] & ~ARM_SMCCC_CALL_HINTS;

	if (is_allowed(id))
		return false;

	count_refused(id);
	regs->regs[0] = SMCCC_RET_NOT_SUPPORTED;

	return true;
}

int smc_guard_hyp_init(const struct pkvm_module_ops *ops)
{
	return ops->register_host_smc_handler(smc_guard_hyp_smc);
}

/*
 * x1: an index into the table. Gives back in x1 how many entries there are, and in
 * x2 and x3 the id and count of this one; past the last, the count of all others.
 */
void smc_guard_hyp_refused(struct user_pt_regs *regs)
{
	u64 index = regs->regs[1];

	hyp_spin_lock(&refused_lock);

	regs->regs[0] = SMCCC_RET_SUCCESS;
	regs->regs[1] = nr_refused;
	if (index < nr_refused) {
		regs->regs[2] = refused[index].id;
		regs->regs[3] = refused[index].count;
	} else {
		regs->regs[2] = 0;
		regs->regs[3] = refused_others;
	}

	hyp_spin_unlock(&refused_lock);
}
