// SPDX-License-Identifier: GPL-2.0-only
/* What costs nothing itself: a call that does nothing, handlers that pass on. */

#include <linux/array_size.h>
#include <linux/minmax.h>

#include <asm/kvm_pkvm_module.h>

/* How many handlers of each kind. Set by the EL1 part before this is loaded. */
unsigned int el2_00_handlers;

void el2_00_hyp_nothing(struct user_pt_regs *regs)
{
}

/* A function can be registered once: the empty asm keeps them from being one. */
#define define_handlers(i)							\
static bool pass_smc_##i(struct user_pt_regs *regs)				\
{										\
	asm volatile("// " #i);							\
	return false;								\
}										\
static int pass_fault_##i(struct user_pt_regs *regs, u64 esr, u64 addr)		\
{										\
	asm volatile("// " #i);							\
	return -EPERM;								\
}

#define all_handlers(x)								\
	x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7)					\
	x(8) x(9) x(10) x(11) x(12) x(13) x(14) x(15)

all_handlers(define_handlers)

static const struct {
	bool (*smc)(struct user_pt_regs *regs);
	int (*fault)(struct user_pt_regs *regs, u64 esr, u64 addr);
} handlers[] = {
#define handlers_of(i)	{ pass_smc_##i, pass_fault_##i },
	all_handlers(handlers_of)
};

int el2_00_hyp_init(const struct pkvm_module_ops *ops)
{
	unsigned int i, nr = min(el2_00_handlers, ARRAY_SIZE(handlers));
	int ret = 0;

	for (i = 0; !ret && i < nr; i++) {
		ret = ops->register_host_smc_handler(handlers[i].smc);
		if (!ret)
			ret = ops->register_host_perm_fault_handler(handlers[i].fault);
	}

	return ret;
}
