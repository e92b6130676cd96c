// SPDX-License-Identifier: GPL-2.0-only
/* Entropy for protected guests: SMCCC TRNG, Arm DEN0098. */
#include <string.h>

#include "internal.h"

#define TRNG_MAX_WORDS	3

static const struct pkvm_module_trng_ops *trng;

void sim_reset_trng(void)
{
	trng = NULL;
}

bool sim_has_trng(void)
{
	return trng;
}

int op_register_guest_trng_ops(const struct pkvm_module_trng_ops *ops)
{
	SIM_OP();
	if (!ops || !ops->trng_uuid || !sim_is_text(ops->trng_rnd64))
		return -EINVAL;
	if (trng) {
		if (trng == ops)
			sim_refused("it is registered already");
		return -EBUSY;
	}
	trng = ops;

	return 0;
}

static void rnd(unsigned int size, u64 nr_bits, struct arm_smccc_1_2_regs *res)
{
	u64 bits[TRNG_MAX_WORDS] = {};
	unsigned int i;

	if (!nr_bits || nr_bits > 3 * size) {
		res->a0 = -2UL;
		return;
	}
	for (i = 0; i < DIV_ROUND_UP(nr_bits, 64); i++) {
		int nr = min(nr_bits - 64 * i, (u64)64);

		if (trng->trng_rnd64(&bits[i], nr)) {
			res->a0 = -3UL;
			return;
		}
		bits[i] &= GENMASK_ULL(nr - 1, 0);
	}
	res->a0 = SMCCC_RET_SUCCESS;
	res->a1 = size == 32 ? lower_32_bits(bits[1]) : bits[2];
	res->a2 = size == 32 ? upper_32_bits(bits[0]) : bits[1];
	res->a3 = size == 32 ? lower_32_bits(bits[0]) : bits[0];
}

static void answer(u64 id, u64 arg, struct arm_smccc_1_2_regs *res)
{
	u32 uuid[4];

	switch (id) {
	case ARM_SMCCC_TRNG_VERSION:
		res->a0 = 0x10000;
		break;
	case ARM_SMCCC_TRNG_FEATURES:
		res->a0 = (arg >= ARM_SMCCC_TRNG_VERSION && arg <= ARM_SMCCC_TRNG_RND32) ||
			  arg == ARM_SMCCC_TRNG_RND64 ? 0 : -1UL;
		break;
	case ARM_SMCCC_TRNG_GET_UUID:
		memcpy(uuid, trng->trng_uuid->b, sizeof(uuid));
		res->a0 = uuid[0];
		res->a1 = uuid[1];
		res->a2 = uuid[2];
		res->a3 = uuid[3];
		break;
	case ARM_SMCCC_TRNG_RND32:
		rnd(32, arg, res);
		break;
	case ARM_SMCCC_TRNG_RND64:
		rnd(64, arg, res);
		break;
	default:
		sim_test_error("sim_trng(%#llx): not a TRNG call", id);
	}
}

struct sim_smc sim_trng(u64 id, u64 arg)
{
	struct sim_smc smc = { .by = SIM_BY_EL3, .regs.a0 = SMCCC_RET_NOT_SUPPORTED };

	if (!trng)
		return smc;

	smc.by = SIM_BY_MODULE;
	sim_enter_el2();
	answer(id, arg, &smc.regs);
	sim_leave_el2();

	return smc;
}
