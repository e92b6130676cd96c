// SPDX-License-Identifier: GPL-2.0-only
/* The EL1 part of a module of release 14: macros with a token, handlers of a context. */

#include <linux/init.h>
#include <linux/module.h>

#include <asm/kvm_pkvm_module.h>

int __kvm_nvhe_api14_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_api14_hyp_register(struct kvm_cpu_context *ctxt);
void __kvm_nvhe_api14_hyp_state(struct kvm_cpu_context *ctxt);
void __kvm_nvhe_api14_hyp_donate(struct kvm_cpu_context *ctxt);
void __kvm_nvhe_api14_hyp_mod_prot(struct kvm_cpu_context *ctxt);
void __kvm_nvhe_api14_hyp_get_leaf(struct kvm_cpu_context *ctxt);

extern u64 kvm_nvhe_sym(api14_va);

static void (* const calls[])(struct kvm_cpu_context *ctxt) = {
	__kvm_nvhe_api14_hyp_state,
	__kvm_nvhe_api14_hyp_donate,
	__kvm_nvhe_api14_hyp_mod_prot,
	__kvm_nvhe_api14_hyp_get_leaf,
};

static int __init api14_init(void)
{
	unsigned long token;
	int i, ret;

	ret = pkvm_load_el2_module(__kvm_nvhe_api14_hyp_init, &token);
	if (ret)
		return ret;

	kvm_nvhe_sym(api14_va) = pkvm_el2_mod_va(&kvm_nvhe_sym(api14_va), token);

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		ret = pkvm_register_el2_mod_call(calls[i], token);
		if (ret < 0)
			return ret;
	}

	ret = pkvm_register_el2_mod_call(__kvm_nvhe_api14_hyp_register, token);
	if (ret < 0)
		return ret;

	return pkvm_el2_mod_call(ret);
}
module_init(api14_init);

MODULE_DESCRIPTION("Test module: all that release 14 has");
MODULE_LICENSE("GPL");
