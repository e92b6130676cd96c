// SPDX-License-Identifier: GPL-2.0-only
/* Whatever the host calls: only what is allowed gets to EL3. make fuzz M=modules/smc-guard */

#include <sim-fuzz.h>

#include "smc-guard.h"

extern u32 smc_guard_ids[SMC_GUARD_MAX_IDS];
extern unsigned int smc_guard_nr_ids;
extern u64 smc_guard_owners;

#define NR_IDS		3

static u32 ids[NR_IDS];
static u64 owners;

static bool may_be_called(u32 id)
{
	unsigned int i;

	for (i = 0; i < NR_IDS; i++) {
		if (ids[i] && ids[i] == id)
			return true;
	}

	return id >> 31 && owners & BIT(id >> 24 & 0x3f);
}

static void firmware(struct arm_smccc_1_2_regs *regs)
{
	fuzz_expect(may_be_called(regs->a0 & ~ARM_SMCCC_CALL_HINTS));
	regs->a0 = SMCCC_RET_SUCCESS;
}

void fuzz_setup(const u64 values[FUZZ_MAX_ARGS])
{
	unsigned int i;

	owners = BIT(ARM_SMCCC_OWNER_ARCH) | BIT(ARM_SMCCC_OWNER_STANDARD) | values[0];
	smc_guard_owners = owners;
	for (i = 0; i < NR_IDS; i++) {
		ids[i] = values[1 + i] & ~ARM_SMCCC_CALL_HINTS;
		if (ids[i])
			smc_guard_ids[smc_guard_nr_ids++] = ids[i];
	}
	sim_set_firmware(firmware);
}
