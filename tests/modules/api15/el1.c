// SPDX-License-Identifier: GPL-2.0-only
/* The EL1 part of a module of release 15: macros with a token, handlers of registers. */

#include <linux/init.h>
#include <linux/module.h>

#include <asm/kvm_pkvm_module.h>

int __kvm_nvhe_api15_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_api15_hyp_register(struct user_pt_regs *regs);
void __kvm_nvhe_api15_hyp_state(struct user_pt_regs *regs);
void __kvm_nvhe_api15_hyp_donate(struct user_pt_regs *regs);
void __kvm_nvhe_api15_hyp_mod_prot(struct user_pt_regs *regs);
void __kvm_nvhe_api15_hyp_get_leaf(struct user_pt_regs *regs);

extern u64 kvm_nvhe_sym(api15_va);

static void (* const calls[])(struct user_pt_regs *regs) = {
	__kvm_nvhe_api15_hyp_state,
	__kvm_nvhe_api15_hyp_donate,
	__kvm_nvhe_api15_hyp_mod_prot,
	__kvm_nvhe_api15_hyp_get_leaf,
};

static int __init api15_init(void)
{
	unsigned long token;
	int i, ret;

	ret = pkvm_load_el2_module(__kvm_nvhe_api15_hyp_init, &token);
	if (ret)
		return ret;

	kvm_nvhe_sym(api15_va) = pkvm_el2_mod_va(&kvm_nvhe_sym(api15_va), token);

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		ret = pkvm_register_el2_mod_call(calls[i], token);
		if (ret < 0)
			return ret;
	}

	ret = pkvm_register_el2_mod_call(__kvm_nvhe_api15_hyp_register, token);
	if (ret < 0)
		return ret;

	return pkvm_el2_mod_call(ret);
}
module_init(api15_init);

MODULE_DESCRIPTION("Test module: all that release 15 has");
MODULE_LICENSE("GPL");
