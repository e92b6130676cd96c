// SPDX-License-Identifier: GPL-2.0-only
/* The EL1 part: a Linux module that loads the EL2 part, and lets root call it. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/module.h>

#include <asm/kvm_pkvm_module.h>

int __kvm_nvhe_new_module_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_new_module_hyp_add(struct user_pt_regs *regs);

static int add_id;

/* What is written is added, ... */
static int sum_set(void *data, u64 val)
{
	long sum = pkvm_el2_mod_call(add_id, val);

	return min(sum, 0L);
}

/* ... and what is read is the sum. */
static int sum_get(void *data, u64 *val)
{
	*val = pkvm_el2_mod_call(add_id, 0);

	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(sum_fops, sum_get, sum_set, "%llu\n");

static int __init new_module_init(void)
{
	unsigned long token;
	int ret;

	ret = pkvm_load_el2_module(__kvm_nvhe_new_module_hyp_init, &token);
	if (ret)
		return ret;

	ret = pkvm_register_el2_mod_call(__kvm_nvhe_new_module_hyp_add, token);
	if (ret < 0)
		return ret;
	add_id = ret;

	debugfs_create_file("sum", 0600, debugfs_create_dir(KBUILD_MODNAME, NULL), NULL, &sum_fops);
	pr_info("EL2 adds at HVC %d\n", add_id);

	return 0;
}
module_init(new_module_init);

MODULE_DESCRIPTION("pKVM vendor module: new-module");
MODULE_LICENSE("GPL");
