// SPDX-License-Identifier: GPL-2.0-only
/* The EL2 part of hello, on the build machine: make unit M=modules/hello */

#include <sim.h>

void hello_hyp_hvc(struct user_pt_regs *regs);

static void gives_back_the_double(void **state)
{
	struct arm_smccc_res res;

	assert_int_equal(sim_boot(), 0);

	res = sim_hvc(hello_hyp_hvc, 21);
	assert_int_equal(res.a0, SMCCC_RET_SUCCESS);
	assert_int_equal(res.a1, 42);
}

static void says_where_it_ran(void **state)
{
	struct arm_smccc_res res;

	sim_boot();
	sim_cpu(3);

	res = sim_hvc(hello_hyp_hvc, 0);
	assert_int_equal(res.a2 >> 32, 2);
	assert_int_equal(res.a2 & 0xffffffff, 3);
}

static void counts_its_calls(void **state)
{
	sim_boot();

	assert_int_equal(sim_hvc(hello_hyp_hvc).a3, 1);
	assert_int_equal(sim_hvc(hello_hyp_hvc).a3, 2);
	sim_check_leaks();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		sim_test(gives_back_the_double),
		sim_test(says_where_it_ran),
		sim_test(counts_its_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
