// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of tests/cases on the simulator. tests/machine/cases.c runs it on the
 * hypervisor: what they do not agree on fails in one of the two.
 */
#define _GNU_SOURCE
#include <stdio.h>

#include <sim.h>

#include "../../../cases/cases.c"

static unsigned int nr_cases, nr_failed;
static u64 guest_page, guest_shared_page;

/* The members take fewer arguments, and narrower ones: the ABI lets them be. */
typedef u64 (*member_t)(u64 a, u64 b, u64 c, u64 d, u64 e);

static __s64 sim_op(enum probe_op member, const __u64 *a)
{
	return ((const member_t *)sim_ops())[member](a[0], a[1], a[2], a[3], a[4]);
}

static void sim_alloc(struct cases_page *page)
{
	page->pfn = sim_alloc_pages(1);
	page->phys = page->pfn << PAGE_SHIFT;
}

static __u64 sim_foreign(enum kind kind)
{
	switch (kind) {
	case GUEST:
		return guest_page;
	case GUEST_SHARED:
		return guest_shared_page;
	case EL2:
		return sim_el2_page();
	case IMAGE:
		return sim_image_page();
	case MMIO:
		return 0x09010000 >> PAGE_SHIFT;
	default:
		return SIM_RAM_END >> PAGE_SHIFT;
	}
}

static __u64 sim_linear(__u64 phys)
{
	return (u64)sim_hyp_va(phys);
}

static int host_reads(const struct cases_page *page)
{
	u64 val;

	return sim_host_read(page->phys, &val, sizeof(val));
}

static int host_writes(const struct cases_page *page)
{
	return sim_host_set(page->phys, 0);
}

static const char *el2_prot_at(__u64 at)
{
	return sim_el2_prot((void *)at);
}

static void poke_el2(__u64 at, __u64 val)
{
	*(u64 *)at = val;
}

#define FUNCTIONS(kind)								\
	(void *[]) { kind##_0, kind##_1, kind##_2, kind##_3, kind##_4, kind##_5, kind##_6,	\
		     kind##_7, kind##_8, kind##_9, kind##_10, kind##_11, kind##_12,	\
		     kind##_13, kind##_14, kind##_15, kind##_16 }
#define DECLARE_ONE(kind, n)	void kind##_##n(void);
#define DECLARE(kind)							\
	DECLARE_ONE(kind, 0) DECLARE_ONE(kind, 1) DECLARE_ONE(kind, 2) DECLARE_ONE(kind, 3)	\
	DECLARE_ONE(kind, 4) DECLARE_ONE(kind, 5) DECLARE_ONE(kind, 6) DECLARE_ONE(kind, 7)	\
	DECLARE_ONE(kind, 8) DECLARE_ONE(kind, 9) DECLARE_ONE(kind, 10) DECLARE_ONE(kind, 11)	\
	DECLARE_ONE(kind, 12) DECLARE_ONE(kind, 13) DECLARE_ONE(kind, 14)	\
	DECLARE_ONE(kind, 15) DECLARE_ONE(kind, 16)

DECLARE(traps_perm_fault)
DECLARE(traps_host_smc)
DECLARE(traps_guest_smc)
DECLARE(traps_default_trap)
DECLARE(traps_illegal_abt)
DECLARE(traps_psci)
DECLARE(traps_hyp_panic)

extern struct traps_state traps_states[];

static __u64 address_of(enum arg what, enum traps_kind kind, int i)
{
	void **functions[] = {
		[TRAPS_PERM_FAULT] = FUNCTIONS(traps_perm_fault),
		[TRAPS_HOST_SMC] = FUNCTIONS(traps_host_smc),
		[TRAPS_GUEST_SMC] = FUNCTIONS(traps_guest_smc),
		[TRAPS_DEFAULT_TRAP] = FUNCTIONS(traps_default_trap),
		[TRAPS_ILLEGAL_ABT] = FUNCTIONS(traps_illegal_abt),
		[TRAPS_PSCI] = FUNCTIONS(traps_psci),
		[TRAPS_HYP_PANIC] = FUNCTIONS(traps_hyp_panic),
	};

	switch (what) {
	case A_HANDLER:
		return (u64)functions[kind][i];
	case A_HYP_FUNCTION:
		return (u64)sim_ops()->host_donate_hyp;
	case A_EL1_FUNCTION:
		return sim_kern_va(SIM_RAM_BASE);
	default:
		return (u64)traps_states;
	}
}

static void take_result(bool ok, const char *name)
{
	nr_cases++;
	nr_failed += !ok;
	if (!ok)
		printf("not ok - %s\n", name);
}

static void take_words(const char *what)
{
	printf("    %s\n", what);
}

static const struct machine simulator = {
	.op = sim_op, .alloc = sim_alloc, .foreign = sim_foreign, .linear = sim_linear,
	.host_read = host_reads, .host_write = host_writes, .el2_prot = el2_prot_at,
	.poke = poke_el2, .address = address_of, .topup = sim_topup, .reclaim = sim_reclaim,
	.result = take_result, .say = take_words,
};

static int set_up(void **state)
{
	sim_setup(state);
	nr_cases = 0;
	nr_failed = 0;
	guest_page = sim_guest_page(1, 0, true);
	guest_shared_page = sim_guest_page(2, 0, false);
	/* The list is about what the contract has an errno for. */
	sim_tolerate(true);
	sim_boot();
	sim_ops()->register_host_perm_fault_handler((void *)traps_perm_fault_0);

	return 0;
}

static void pages(void **state)
{
	run_page_cases(&simulator);
	assert_int_equal(nr_failed, 0);
	assert_in_range(nr_cases, 700, 2000);
}

static void ranges(void **state)
{
	run_range_cases(&simulator);
	assert_int_equal(nr_failed, 0);
	assert_in_range(nr_cases, 50, 100);
}

static void protections(void **state)
{
	run_prot_cases(&simulator);
	assert_int_equal(nr_failed, 0);
	assert_in_range(nr_cases, 30, 100);
}

static void others(void **state)
{
	run_other_cases(&simulator);
	assert_int_equal(nr_failed, 0);
}

static void heap(void **state)
{
	run_heap_cases(&simulator);
	assert_int_equal(nr_failed, 0);
}

/* On a machine without any. */
static void handlers(void **state)
{
	sim_setup(state);
	sim_tolerate(true);
	sim_boot();
	run_handler_cases(&simulator);
	assert_int_equal(nr_failed, 0);
	assert_in_range(nr_cases, 150, 200);
}

#define test(fn)	cmocka_unit_test_setup_teardown(fn, set_up, sim_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(pages), test(ranges), test(protections), test(others), test(heap),
		test(handlers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
