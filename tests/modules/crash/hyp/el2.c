// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dies at EL2 where EL1 says, two calls deep.
 */

#include <linux/bug.h>

#include <asm/kvm_pkvm_module.h>

#include "../crash.h"

static const struct pkvm_module_ops *pkvm_ops;

/* Set by EL1 before the load. */
u64 crash_where;
u64 crash_how;
u64 *crash_pointer;

static noinline void crash_now(u64 val)
{
	switch (crash_how) {
	case CRASH_NULL:
		*(volatile u64 *)crash_pointer = val;	/* line: null */
		break;
	case CRASH_BUG:
		BUG();					/* line: bug */
	case CRASH_WARN:
		WARN_ON(val);				/* line: warn */
		break;
	}
}

static noinline void crash_if(enum crash_where where, u64 val)
{
	if (crash_where == where)
		crash_now(val);
	/* Not a tail call: the frame is to be seen. */
	barrier();
}

static bool crash_hyp_smc(struct user_pt_regs *regs)
{
	if (regs->regs[0] != CRASH_SMC)
		return false;

	crash_if(CRASH_IN_SMC, 0x5c);
	barrier();

	return true;
}

static int crash_hyp_fault(struct user_pt_regs *regs, u64 esr, u64 addr)
{
	crash_if(CRASH_IN_FAULT, addr);
	barrier();

	return -EPERM;
}

static u64 nr_chars;

/* With the console's lock held, and once. */
static void crash_hyp_putc(char c)
{
	if (!nr_chars++)
		crash_if(CRASH_IN_PUTC, c);
	barrier();
}

static void crash_hyp_last_words(struct user_pt_regs *regs)
{
	pkvm_ops->puts("and this is how it ended");
}

void crash_hyp_hvc(struct user_pt_regs *regs)
{
	crash_if(CRASH_IN_CALL, 0xca11);
	pkvm_ops->puts("and so it begins");
	regs->regs[1] = pkvm_ops->host_stage2_mod_prot(regs->regs[1], KVM_PGTABLE_PROT_R, 1, false);
}

int crash_hyp_init(const struct pkvm_module_ops *ops)
{
	int ret;

	pkvm_ops = ops;
	crash_if(CRASH_IN_INIT, 0x1217);
	barrier();

	ret = ops->register_host_smc_handler(crash_hyp_smc);
	ret = ret ?: ops->register_host_perm_fault_handler(crash_hyp_fault);
	ret = ret ?: ops->register_serial_driver(crash_hyp_putc);

	return ret ?: ops->register_hyp_panic_notifier(crash_hyp_last_words);
}
