// SPDX-License-Identifier: GPL-2.0-only
/* The EL1 part: loads a module that uses all that its authors may expect, and asks how it went. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>

#include <asm/kvm_pkvm_module.h>

int __kvm_nvhe_features_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_features_hyp_run(struct user_pt_regs *regs);

static int __init features_init(void)
{
	unsigned long failed;
	int ret;

	ret = pkvm_load_el2_module(__kvm_nvhe_features_hyp_init);
	if (ret)
		return ret;

	ret = pkvm_register_el2_mod_call(__kvm_nvhe_features_hyp_run);
	if (ret < 0)
		return ret;

	/* Numbers that the compiler does not know */
	failed = pkvm_el2_mod_call(ret, 64, 1);
	pr_info("failed at EL2: 0x%lx\n", failed);

	return failed ? -EIO : 0;
}
module_init(features_init);

MODULE_DESCRIPTION("Test module: what EL2 code may use besides the ops table");
MODULE_LICENSE("GPL");
