// SPDX-License-Identifier: GPL-2.0-only
/*
 * What EL1 shows of a hypervisor panic beside the place and the backtrace, where
 * the configuration lets it see the hypervisor's memory then.
 */

#define pr_fmt(fmt) "pkvm_module: " fmt

#include <linux/kvm_host.h>
#include <linux/percpu.h>

#include <asm/kvm_asm.h>
#include <asm/pkvm_module.h>

/* x0-x30, sp. */
DECLARE_KVM_NVHE_PER_CPU(u64 [32], pkvm_module_panic_regs);

/**
 * pkvm_module_show_panic_regs() - show the registers that a hypervisor panic began with
 *
 * Context: from nvhe_hyp_panic_handler(), with the host's stage 2 disabled.
 */
void pkvm_module_show_panic_regs(void)
{
	u64 *regs = (u64 *)this_cpu_ptr_nvhe_sym(pkvm_module_panic_regs);
	int i;

	/* Not by way of the vectors. */
	if (!regs[31])
		return;

	pr_err("EL2 registers:\n");
	pr_err("sp : %016llx lr : %016llx\n", regs[31], regs[30]);
	for (i = 0; i < 30; i += 3)
		pr_err("x%-2d: %016llx x%-2d: %016llx x%-2d: %016llx\n", i, regs[i],
		       i + 1, regs[i + 1], i + 2, regs[i + 2]);
}
