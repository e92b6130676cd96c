// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module to be measured, and to be multiplied: copies of its .ko get other names of
 * the same length. With load=0 it is a plain module of the same size.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>

#include <asm/kvm_pkvm_module.h>

int __kvm_nvhe_el2_00_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_el2_00_hyp_nothing(struct user_pt_regs *regs);

extern unsigned int kvm_nvhe_sym(el2_00_handlers);

static bool load = true;
module_param(load, bool, 0444);
MODULE_PARM_DESC(load, "whether to load the EL2 part");

static uint calls = 1;
module_param(calls, uint, 0444);
MODULE_PARM_DESC(calls, "how often to register the call");

static uint handlers;
module_param(handlers, uint, 0444);
MODULE_PARM_DESC(handlers, "how many handlers of SMCs and faults, 16 at most");

static int __init el2_00_init(void)
{
	uint i;
	int ret;

	if (load) {
		kvm_nvhe_sym(el2_00_handlers) = handlers;
		ret = pkvm_load_el2_module(__kvm_nvhe_el2_00_hyp_init);
		for (i = 0; ret >= 0 && i < calls; i++)
			ret = pkvm_register_el2_mod_call(__kvm_nvhe_el2_00_hyp_nothing);
		if (ret < 0)
			return ret;
	}

	/* For who measures how long it took to get here. */
	pr_info("initialised\n");

	return 0;
}
module_init(el2_00_init);

MODULE_DESCRIPTION("Module to be measured: calls that do nothing, handlers that pass on");
MODULE_LICENSE("GPL");
