// SPDX-License-Identifier: GPL-2.0-only
/* The EL2 part of smc-guard, on the build machine: make unit M=modules/smc-guard */

#include <sim.h>

#include "smc-guard.h"

#define SMC32(owner, func)	(0x80000000U | (owner) << 24 | (func))
#define SIP(func)		SMC32(ARM_SMCCC_OWNER_SIP, func)
#define ANSWER			0x600d

/* Set by EL1 before the load. */
extern u32 smc_guard_ids[SMC_GUARD_MAX_IDS];
extern unsigned int smc_guard_nr_ids;
extern u64 smc_guard_owners;

void smc_guard_hyp_refused(struct user_pt_regs *regs);

static void firmware(struct arm_smccc_1_2_regs *regs)
{
	regs->a0 = ANSWER;
}

static int boot(void **state)
{
	sim_setup(state);
	sim_set_firmware(firmware);

	return 0;
}

static bool passes(u64 id)
{
	struct sim_smc smc = sim_smc(id);

	if (smc.by == SIM_BY_MODULE)
		assert_int_equal(smc.regs.a0, SMCCC_RET_NOT_SUPPORTED);
	else
		assert_int_equal(smc.regs.a0, ANSWER);

	return smc.by == SIM_BY_EL3;
}

static void registers_one_handler(void **state)
{
	assert_int_equal(sim_boot(), 0);
	assert_int_equal(sim_nr_handlers(SIM_HOST_SMC), 1);
}

static void passes_arch_and_standard_calls(void **state)
{
	sim_boot();

	assert_true(passes(ARM_SMCCC_VERSION_FUNC_ID));
	assert_true(passes(ARM_SMCCC_TRNG_VERSION));
	assert_true(passes(ARM_SMCCC_TRNG_RND64));
}

static void refuses_all_others(void **state)
{
	sim_boot();

	for (u32 owner = 0; owner <= ARM_SMCCC_OWNER_MASK; owner++) {
		if (owner != ARM_SMCCC_OWNER_ARCH && owner != ARM_SMCCC_OWNER_STANDARD)
			assert_false(passes(SMC32(owner, 1)));
	}
}

/* Bits that look like an owner's mean nothing there. */
static void refuses_yielding_calls(void **state)
{
	sim_boot();

	assert_false(passes(0x00000001));
	assert_false(passes(0x04000001));
}

static void passes_what_is_on_the_list(void **state)
{
	smc_guard_ids[0] = SIP(7);
	smc_guard_ids[1] = 0x02000001;
	smc_guard_nr_ids = 2;
	smc_guard_owners |= BIT(ARM_SMCCC_OWNER_OEM);
	sim_boot();

	assert_true(passes(SIP(7)));
	assert_true(passes(SIP(7) | ARM_SMCCC_1_3_SVE_HINT));
	assert_true(passes(0x02000001));
	assert_true(passes(SMC32(ARM_SMCCC_OWNER_OEM, 3)));
	assert_false(passes(SIP(8)));
}

/* A number that EL1 has got wrong is no way out of the list. */
static void does_not_look_past_the_list(void **state)
{
	smc_guard_nr_ids = ~0U;
	sim_boot();

	assert_false(passes(SIP(1)));
}

static void leaves_the_other_registers(void **state)
{
	struct sim_smc smc;

	sim_boot();
	smc = sim_smc(SIP(1), 0x11, 0x22, 0x33);

	assert_int_equal(smc.regs.a1, 0x11);
	assert_int_equal(smc.regs.a2, 0x22);
	assert_int_equal(smc.regs.a3, 0x33);
}

static void counts_by_id(void **state)
{
	struct arm_smccc_res res;

	sim_boot();
	passes(SIP(1));
	passes(SIP(2));
	passes(SIP(1) | ARM_SMCCC_1_3_SVE_HINT);

	res = sim_hvc(smc_guard_hyp_refused, 0);
	assert_int_equal(res.a0, SMCCC_RET_SUCCESS);
	assert_int_equal(res.a1, 2);
	assert_int_equal(res.a2, SIP(1));
	assert_int_equal(res.a3, 2);
	res = sim_hvc(smc_guard_hyp_refused, 1);
	assert_int_equal(res.a2, SIP(2));
	assert_int_equal(res.a3, 1);
}

static void counts_the_rest_as_others(void **state)
{
	struct arm_smccc_res res;

	sim_boot();
	for (u32 func = 0; func < 64 + 3; func++)
		passes(SIP(func));

	res = sim_hvc(smc_guard_hyp_refused, 64);
	assert_int_equal(res.a1, 64);
	assert_int_equal(res.a2, 0);
	assert_int_equal(res.a3, 3);
	assert_int_equal(sim_hvc(smc_guard_hyp_refused, ~0ULL).a3, 3);
	assert_int_equal(sim_hvc(smc_guard_hyp_refused, 63).a2, SIP(63));
}

#define test(fn)	cmocka_unit_test_setup_teardown(fn, boot, sim_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(registers_one_handler),
		test(passes_arch_and_standard_calls),
		test(refuses_all_others),
		test(refuses_yielding_calls),
		test(passes_what_is_on_the_list),
		test(does_not_look_past_the_list),
		test(leaves_the_other_registers),
		test(counts_by_id),
		test(counts_the_rest_as_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
