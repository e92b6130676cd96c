// SPDX-License-Identifier: GPL-2.0-only
/* The EL2 part of a module to be multiplied: all kinds of sections, and a counter. */

#include <asm/kvm_pkvm_module.h>

#include <nvhe/spinlock.h>

#define NR_PAGES	64

/* Set by EL1 before the load. */
int mod_init_ret;
uint mod_va_ranges;
ulong mod_count = 1;

static DEFINE_HYP_SPINLOCK(lock);
static u8 memory[NR_PAGES * PAGE_SIZE];

/* Enough memory to be missed if it does not come back. */
static int use_memory(const struct pkvm_module_ops *ops)
{
	u64 i;

	for (i = 0; i < sizeof(memory); i += PAGE_SIZE) {
		if (READ_ONCE(memory[i]))
			return -EUCLEAN;
		WRITE_ONCE(memory[i], 1);
	}

	return 0;
}

static int use_va(const struct pkvm_module_ops *ops)
{
	uint i;

	for (i = 0; i < mod_va_ranges; i++) {
		if (!ops->alloc_module_va(1))
			break;
	}

	return 0;
}

static int answer(const struct pkvm_module_ops *ops)
{
	return mod_init_ret;
}

/* Kernel addresses in read-only data, until the loader converts them. */
static int (* const steps[])(const struct pkvm_module_ops *ops) = { use_memory, use_va, answer };

int mod_hyp_init(const struct pkvm_module_ops *ops)
{
	int (* const *step)(const struct pkvm_module_ops *ops) = steps;
	int ret = 0;

	/* Or the compiler sees through the table, and there is none. */
	OPTIMIZER_HIDE_VAR(step);
	while (!ret && step < steps + ARRAY_SIZE(steps))
		ret = (*step++)(ops);

	return ret;
}

void mod_hyp_count(struct user_pt_regs *regs)
{
	hyp_spin_lock(&lock);
	regs->regs[1] = ++mod_count;
	hyp_spin_unlock(&lock);
}
