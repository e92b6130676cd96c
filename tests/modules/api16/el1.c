// SPDX-License-Identifier: GPL-2.0-only
/* The EL1 part of a module of release 16: macros with a token, handlers of registers. */

#include <linux/init.h>
#include <linux/module.h>

#include <asm/kvm_pkvm_module.h>

int __kvm_nvhe_api16_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_api16_hyp_register(struct user_pt_regs *regs);
void __kvm_nvhe_api16_hyp_state(struct user_pt_regs *regs);
void __kvm_nvhe_api16_hyp_donate(struct user_pt_regs *regs);
void __kvm_nvhe_api16_hyp_mod_prot(struct user_pt_regs *regs);
void __kvm_nvhe_api16_hyp_get_leaf(struct user_pt_regs *regs);
void __kvm_nvhe_api16_hyp_fixblock(struct user_pt_regs *regs);

extern u64 kvm_nvhe_sym(api16_va);

static void (* const calls[])(struct user_pt_regs *regs) = {
	__kvm_nvhe_api16_hyp_state,
	__kvm_nvhe_api16_hyp_donate,
	__kvm_nvhe_api16_hyp_mod_prot,
	__kvm_nvhe_api16_hyp_get_leaf,
	__kvm_nvhe_api16_hyp_fixblock,
};

static int __init api16_init(void)
{
	struct arm_smccc_res res;
	unsigned long token;
	int i, ret;

	ret = pkvm_load_el2_module(__kvm_nvhe_api16_hyp_init, &token);
	if (ret)
		return ret;

	kvm_nvhe_sym(api16_va) = pkvm_el2_mod_va(&kvm_nvhe_sym(api16_va), token);
	if (pkvm_el2_mod_kern_va(kvm_nvhe_sym(api16_va)) != (unsigned long)&kvm_nvhe_sym(api16_va))
		return -EFAULT;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		ret = pkvm_register_el2_mod_call(calls[i], token);
		if (ret < 0)
			return ret;
	}

	ret = pkvm_register_el2_mod_call(__kvm_nvhe_api16_hyp_register, token);
	if (ret < 0)
		return ret;

	res = pkvm_el2_mod_call_smccc(ret);

	return res.a0 == SMCCC_RET_SUCCESS ? res.a1 : -EIO;
}
module_init(api16_init);

MODULE_DESCRIPTION("Test module: all that release 16 has");
MODULE_LICENSE("GPL");
