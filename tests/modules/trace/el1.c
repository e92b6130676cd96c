// SPDX-License-Identifier: GPL-2.0-only
/* Calls its EL2 part when a parameter is written. */

#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include <asm/kvm_pkvm_module.h>

#define PKVM_EVENTS "events.h"
#include <asm/kvm_pkvm_module_define_events.h>

extern u64 kvm_nvhe_sym(trace_without_init);
int kvm_nvhe_sym(trace_hyp_init)(const struct pkvm_module_ops *ops);
void kvm_nvhe_sym(trace_hyp_hvc)(struct user_pt_regs *regs);
void kvm_nvhe_sym(trace_hyp_raw)(struct user_pt_regs *regs);

static bool without_init;
module_param(without_init, bool, 0);

static int hvc, raw;

/* "NUMBER TIMES" */
static int set_go(const char *val, const struct kernel_param *kp)
{
	u64 number, times;

	if (sscanf(val, "%llu %llu", &number, &times) != 2)
		return -EINVAL;

	pkvm_el2_mod_call(hvc, number, times);

	return 0;
}

static const struct kernel_param_ops go_ops = { .set = set_go };
module_param_cb(go, &go_ops, NULL, 0200);

/* "LENGTH": fails where there was no room for such an event. */
static int set_raw(const char *val, const struct kernel_param *kp)
{
	u64 length;

	if (kstrtou64(val, 0, &length))
		return -EINVAL;

	return pkvm_el2_mod_call(raw, length) ? 0 : -ENOSPC;
}

static const struct kernel_param_ops raw_ops = { .set = set_raw };
module_param_cb(raw, &raw_ops, NULL, 0200);

static int __init trace_module_init(void)
{
	int ret;

	kvm_nvhe_sym(trace_without_init) = without_init;

	ret = pkvm_load_el2_module(kvm_nvhe_sym(trace_hyp_init));
	if (ret)
		return ret;

	hvc = pkvm_register_el2_mod_call(kvm_nvhe_sym(trace_hyp_hvc));
	raw = pkvm_register_el2_mod_call(kvm_nvhe_sym(trace_hyp_raw));

	return min(min(hvc, raw), 0);
}
module_init(trace_module_init);

MODULE_DESCRIPTION("Trace events from EL2, for tests");
MODULE_LICENSE("GPL");
