// SPDX-License-Identifier: GPL-2.0-only
/* Unit test: the EL2 part on this machine, in a simulated hypervisor, with cmocka. */

#include <sim.h>

void new_module_hyp_add(struct user_pt_regs *regs);

static long add(u64 number)
{
	struct arm_smccc_res res = sim_hvc(new_module_hyp_add, number);

	assert_int_equal(res.a0, SMCCC_RET_SUCCESS);

	return res.a1;
}

static void adds_up_to_a_limit(void **state)
{
	assert_int_equal(sim_boot(), 0);

	assert_int_equal(add(2), 2);
	assert_int_equal(add(998), 1000);
	assert_int_equal(add(1), -ERANGE);
	assert_int_equal(add(~0ULL), -ERANGE);
	assert_int_equal(add(0), 1000);
	sim_check_leaks();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		sim_test(adds_up_to_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
