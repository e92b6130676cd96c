// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL1 part of a module to be multiplied: tests give copies of its .ko other
 * names of the same length, and parameters that say where loading is to fail.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/init.h>
#include <linux/module.h>
#include <linux/sysfs.h>

#include <asm/kvm_pkvm_module.h>

/* As if it was for a kernel of another time */
#ifdef MOD_OPS_VERSION
#undef PKVM_MODULE_OPS_VERSION
#define PKVM_MODULE_OPS_VERSION	MOD_OPS_VERSION
#endif

int __kvm_nvhe_mod_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_mod_hyp_count(struct user_pt_regs *regs);

extern int kvm_nvhe_sym(mod_init_ret);
extern uint kvm_nvhe_sym(mod_va_ranges);
extern ulong kvm_nvhe_sym(mod_count);

static int el1_ret;
module_param(el1_ret, int, 0444);
MODULE_PARM_DESC(el1_ret, "what the EL1 init function returns in the end");

static int el2_ret;
module_param(el2_ret, int, 0444);
MODULE_PARM_DESC(el2_ret, "what the EL2 init function returns");

static bool el1_as_el2;
module_param(el1_as_el2, bool, 0444);
MODULE_PARM_DESC(el1_as_el2, "give a function of the EL1 part as EL2 init function");

static uint va_ranges;
module_param(va_ranges, uint, 0444);
MODULE_PARM_DESC(va_ranges, "so many ranges of EL2 VA to reserve");

static ulong first;
module_param(first, ulong, 0444);
MODULE_PARM_DESC(first, "where the counter at EL2 begins (1)");

static int try_call;
module_param(try_call, int, 0444);
MODULE_PARM_DESC(try_call, "a number to call, three times, before one is registered");

static int call_id;

/* Each read is a call. */
static int count_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%lu\n", pkvm_el2_mod_call(call_id));
}

static const struct kernel_param_ops count_ops = {
	.get = count_get,
};
module_param_cb(count, &count_ops, NULL, 0444);
MODULE_PARM_DESC(count, "the counter at EL2, which each read counts up");

static int not_at_el2(const struct pkvm_module_ops *ops)
{
	return 0;
}

static int __init mod_init(void)
{
	int i, ret;

	/* Only where a parameter says so: tests/faults.t has them lie anywhere. */
	if (el2_ret)
		kvm_nvhe_sym(mod_init_ret) = el2_ret;
	if (va_ranges)
		kvm_nvhe_sym(mod_va_ranges) = va_ranges;
	if (first)
		kvm_nvhe_sym(mod_count) = first;

	ret = pkvm_load_el2_module(el1_as_el2 ? not_at_el2 : __kvm_nvhe_mod_hyp_init);
	if (ret)
		return ret;

	for (i = 0; try_call && i < 3; i++)
		pr_info("call %d gave back %ld\n", try_call, pkvm_el2_mod_call(try_call));

	call_id = pkvm_register_el2_mod_call(__kvm_nvhe_mod_hyp_count);
	if (call_id < 0)
		return call_id;

	pr_info("call %d is registered\n", call_id);

	return el1_ret;
}
module_init(mod_init);

MODULE_DESCRIPTION("Test module: any number of it, failing where parameters say");
MODULE_LICENSE("GPL");
