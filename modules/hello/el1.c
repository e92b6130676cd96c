// SPDX-License-Identifier: GPL-2.0-only
/* The EL1 part: a Linux module that loads the EL2 part and calls it. */

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include <asm/kvm_pkvm_module.h>

int __kvm_nvhe_hello_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_hello_hyp_hvc(struct user_pt_regs *regs);

static int __init hello_init(void)
{
	struct arm_smccc_res res;
	unsigned long token;
	int ret, hvc;

	ret = pkvm_load_el2_module(__kvm_nvhe_hello_hyp_init, &token);
	if (ret)
		return ret;

	hvc = pkvm_register_el2_mod_call(__kvm_nvhe_hello_hyp_hvc, token);
	if (hvc < 0)
		return hvc;

	res = pkvm_el2_mod_call_smccc(hvc, 21);
	if (res.a0 != SMCCC_RET_SUCCESS)
		return -EIO;

	pr_info("hello: HVC %d with 21 gave back %lu: run at EL%lu on CPU %lu, call number %lu\n",
		hvc, res.a1, res.a2 >> 32, res.a2 & 0xffffffff, res.a3);

	return 0;
}
module_init(hello_init);

MODULE_DESCRIPTION("Smallest pKVM vendor module: one call into the hypervisor");
MODULE_LICENSE("GPL");
