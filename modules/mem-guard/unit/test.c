// SPDX-License-Identifier: GPL-2.0-only
/* The EL2 part of mem-guard, on the build machine: make unit M=modules/mem-guard */

#include <sim.h>

#include "mem-guard.h"

/* Set by EL1 before the load. */
extern struct mem_guard_range mem_guard_ranges[MEM_GUARD_MAX_RANGES];
extern unsigned int mem_guard_nr_ranges;
extern u64 mem_guard_skip_pages[MEM_GUARD_SKIP_PAGES];
extern u64 mem_guard_nr_protected;

void mem_guard_hyp_call(struct user_pt_regs *regs);

#define call(cmd, arg)	sim_hvc(mem_guard_hyp_call, cmd, arg)

/* @nr pages of the host, guarded from @stage on. Gives back the first. */
static u64 guard(unsigned int nr, enum kvm_pgtable_prot prot, enum mem_guard_stage stage)
{
	u64 pfn = sim_alloc_pages(nr);

	mem_guard_ranges[mem_guard_nr_ranges++] = (struct mem_guard_range) {
		.start = pfn << PAGE_SHIFT, .size = nr * PAGE_SIZE, .prot = prot, .stage = stage,
	};

	return pfn;
}

static void protects_windows_at_once(void **state)
{
	u64 ro = guard(2, KVM_PGTABLE_PROT_R, MEM_GUARD_LOADED);
	u64 none = guard(1, 0, MEM_GUARD_LOADED);
	u64 later = guard(1, KVM_PGTABLE_PROT_R, MEM_GUARD_BOOTED);

	assert_int_equal(sim_boot(), 0);

	assert_string_equal(sim_host_prot(ro), "r--");
	assert_string_equal(sim_host_prot(ro + 1), "r--");
	assert_string_equal(sim_host_prot(none), "---");
	assert_string_equal(sim_host_prot(later), "rwx");
	assert_int_equal(mem_guard_nr_protected, 3);
	assert_int_equal(sim_host_read(ro << PAGE_SHIFT, &ro, 8), 0);
}

static u64 faults(enum mem_guard_access access)
{
	return call(MEM_GUARD_FAULTS, access).a1;
}

static void counts_what_it_stops(void **state)
{
	u64 ro = guard(1, KVM_PGTABLE_PROT_R, MEM_GUARD_LOADED) << PAGE_SHIFT;
	u64 none = guard(1, 0, MEM_GUARD_LOADED) << PAGE_SHIFT;
	u64 val;

	sim_boot();

	assert_int_equal(sim_host_set(ro + 8, 1), -EFAULT);
	assert_int_equal(sim_host_set(none, 1), -EFAULT);
	assert_int_equal(sim_host_read(none + 16, &val, sizeof(val)), -EFAULT);
	assert_int_equal(sim_host_exec(ro + 24), -EFAULT);
	assert_int_equal(faults(MEM_GUARD_WRITE), 2);
	assert_int_equal(faults(MEM_GUARD_READ), 1);
	assert_int_equal(faults(MEM_GUARD_EXEC), 1);
	assert_int_equal(call(MEM_GUARD_FAULTS, MEM_GUARD_WRITE).a2, none);
	assert_int_equal(call(MEM_GUARD_FAULTS, MEM_GUARD_READ).a2, none + 16);
	assert_int_equal(call(MEM_GUARD_FAULTS, MEM_GUARD_EXEC).a2, ro + 24);
}

/* A walk that sets a flag in a table of the host's writes, whatever the walk was for. */
static void counts_updates_of_page_tables_as_writes(void **state)
{
	u64 ro = guard(1, KVM_PGTABLE_PROT_R, MEM_GUARD_LOADED) << PAGE_SHIFT;
	u64 esr = ESR_ELx_S1PTW | ESR_ELx_FSC_PERM;

	sim_boot();

	sim_fault(esr | (u64)ESR_ELx_EC_IABT_LOW << ESR_ELx_EC_SHIFT, ro);
	sim_fault(esr | (u64)ESR_ELx_EC_DABT_LOW << ESR_ELx_EC_SHIFT, ro);
	assert_int_equal(faults(MEM_GUARD_WRITE), 2);
	assert_int_equal(faults(MEM_GUARD_READ), 0);
	assert_int_equal(faults(MEM_GUARD_EXEC), 0);
}

/* Another module may have taken permissions away as well. */
static void counts_its_own_only(void **state)
{
	u64 other = sim_alloc_pages(1);

	guard(1, KVM_PGTABLE_PROT_R, MEM_GUARD_LOADED);
	sim_boot();
	assert_int_equal(sim_ops()->host_stage2_mod_prot(other, KVM_PGTABLE_PROT_R, 1, false), 0);

	assert_int_equal(sim_host_set(other << PAGE_SHIFT, 1), -EFAULT);
	assert_int_equal(faults(MEM_GUARD_WRITE), 0);
}

static void protects_some_at_a_time(void **state)
{
	u64 first = guard(200, KVM_PGTABLE_PROT_R, MEM_GUARD_BOOTED);
	u64 second = guard(100, KVM_PGTABLE_PROT_R, MEM_GUARD_BOOTED);
	struct arm_smccc_res res;

	sim_boot();

	res = call(MEM_GUARD_PROTECT, MEM_GUARD_BOOTED);
	assert_int_equal(res.a1, 300 - 256);
	assert_int_equal(res.a2, 256);
	assert_string_equal(sim_host_prot(first + 199), "r--");
	assert_string_equal(sim_host_prot(second + 55), "r--");
	assert_string_equal(sim_host_prot(second + 56), "rwx");
	res = call(MEM_GUARD_PROTECT, MEM_GUARD_BOOTED);
	assert_int_equal(res.a1, 0);
	assert_int_equal(res.a2, 300);
	assert_string_equal(sim_host_prot(second + 99), "r--");
	assert_int_equal(call(MEM_GUARD_PROTECT, MEM_GUARD_BOOTED).a2, 300);
}

/* A page of EL2 in the middle of the kernel's, and the one that stays in use. */
static void leaves_out_what_is_not_the_hosts(void **state)
{
	u64 pfn = guard(4, KVM_PGTABLE_PROT_R, MEM_GUARD_BOOTED);
	struct arm_smccc_res res;

	mem_guard_skip_pages[1] = (pfn + 3) << PAGE_SHIFT;
	sim_boot();
	assert_int_equal(sim_ops()->host_donate_hyp(pfn + 1, 1, false), 0);

	res = call(MEM_GUARD_PROTECT, MEM_GUARD_BOOTED);
	assert_int_equal(res.a1, 0);
	assert_int_equal(res.a2, 2);
	assert_int_equal(res.a3, 2);
	assert_string_equal(sim_host_prot(pfn + 3), "rwx");
	assert_int_equal(sim_owner(pfn + 1), SIM_MODULE);
}

static void does_not_load_if_a_window_is_not_the_hosts(void **state)
{
	mem_guard_ranges[0] = (struct mem_guard_range) {
		.start = sim_el2_page() << PAGE_SHIFT, .size = PAGE_SIZE,
		.prot = KVM_PGTABLE_PROT_R, .stage = MEM_GUARD_LOADED,
	};
	mem_guard_nr_ranges = 1;

	assert_int_equal(sim_boot(), -EPERM);
}

static void does_not_load_with_a_bad_range(void **state)
{
	static const struct mem_guard_range bad[] = {
		{ .start = SIM_RAM_BASE, .size = 0 },
		{ .start = SIM_RAM_BASE + 8, .size = PAGE_SIZE },
		{ .start = SIM_RAM_BASE, .size = PAGE_SIZE + 8 },
		{ .start = -PAGE_SIZE, .size = 2 * PAGE_SIZE },
		{ .start = SIM_RAM_BASE, .size = BIT(PHYS_MASK_SHIFT) },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		sim_setup(state);
		mem_guard_ranges[0] = bad[i];
		mem_guard_nr_ranges = 1;
		assert_int_equal(sim_boot(), -EINVAL);
		assert_int_equal(sim_nr_handlers(SIM_PERM_FAULT), 0);
	}
}

static void refuses_what_it_does_not_know(void **state)
{
	sim_boot();

	assert_int_equal(call(2, 0).a0, SMCCC_RET_INVALID_PARAMETER);
	assert_int_equal(call(~0ULL, 0).a0, SMCCC_RET_INVALID_PARAMETER);
	assert_int_equal(call(MEM_GUARD_FAULTS, MEM_GUARD_NR_ACCESSES).a0,
			 SMCCC_RET_INVALID_PARAMETER);
	assert_int_equal(call(MEM_GUARD_FAULTS, ~0ULL).a0, SMCCC_RET_INVALID_PARAMETER);
	assert_int_equal(call(MEM_GUARD_PROTECT, ~0ULL).a1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		sim_test(protects_windows_at_once),
		sim_test(counts_what_it_stops),
		sim_test(counts_updates_of_page_tables_as_writes),
		sim_test(counts_its_own_only),
		sim_test(protects_some_at_a_time),
		sim_test(leaves_out_what_is_not_the_hosts),
		sim_test(does_not_load_if_a_window_is_not_the_hosts),
		sim_test(does_not_load_with_a_bad_range),
		sim_test(refuses_what_it_does_not_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
