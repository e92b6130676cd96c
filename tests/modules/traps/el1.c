// SPDX-License-Identifier: GPL-2.0-only
/* The EL1 part: /dev/traps, see traps.h. For test machines only. */

#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include <asm/kvm_pkvm_module.h>
#include <asm/sysreg.h>

#include "traps.h"

int __kvm_nvhe_traps_hyp_init(const struct pkvm_module_ops *ops);

extern struct traps_state kvm_nvhe_sym(traps_states)[TRAPS_NR_KINDS];

static int traps_run(struct traps_request *req)
{
	const u64 *a = req->args;
	struct arm_smccc_1_2_regs in = {
		.a0 = a[0], .a1 = a[1], .a2 = a[2], .a3 = a[3], .a4 = a[4], .a5 = a[5], .a6 = a[6],
	}, out;

	switch (req->cmd) {
	case TRAPS_STATE:
		req->res[0] = (u64)kvm_nvhe_sym(traps_states);
		return 0;
	case TRAPS_SMC:
		arm_smccc_1_2_smc(&in, &out);
		req->res[0] = out.a0;
		req->res[1] = out.a1;
		req->res[2] = out.a2;
		req->res[3] = out.a3;
		return 0;
	case TRAPS_READ_AIDR:
		req->res[0] = read_sysreg(aidr_el1);
		return 0;
	default:
		return -ENOTTY;
	}
}

static long traps_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct traps_request req;
	int ret;

	if (cmd != TRAPS_IOCTL)
		return -ENOTTY;
	if (copy_from_user(&req, (void __user *)arg, sizeof(req)))
		return -EFAULT;

	ret = traps_run(&req);

	return ret ?: copy_to_user((void __user *)arg, &req, sizeof(req)) ? -EFAULT : 0;
}

static const struct file_operations traps_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= traps_ioctl,
};

static struct miscdevice traps_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "traps",
	.fops	= &traps_fops,
};

static int __init traps_init(void)
{
	int ret = pkvm_load_el2_module(__kvm_nvhe_traps_hyp_init);

	return ret ?: misc_register(&traps_misc);
}
module_init(traps_init);

MODULE_DESCRIPTION("Test module: a handler for everything, and what sets it off");
MODULE_LICENSE("GPL");
