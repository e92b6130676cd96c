// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes its EL2 part die: where and how are parameters. In init at once, elsewhere
 * when the parameter "go" is written.
 */

#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/module.h>

#include <asm/kvm_pkvm_module.h>

#include "crash.h"

extern u64 kvm_nvhe_sym(crash_where);
extern u64 kvm_nvhe_sym(crash_how);
int kvm_nvhe_sym(crash_hyp_init)(const struct pkvm_module_ops *ops);
void kvm_nvhe_sym(crash_hyp_hvc)(struct user_pt_regs *regs);

static unsigned int where, how;
module_param(where, uint, 0);
module_param(how, uint, 0);

static int hvc;

static int set_go(const char *val, const struct kernel_param *kp)
{
	unsigned long page = __get_free_page(GFP_KERNEL);
	struct arm_smccc_res res;

	if (!page)
		return -ENOMEM;

	if (where == CRASH_IN_SMC)
		arm_smccc_smc(CRASH_SMC, 0, 0, 0, 0, 0, 0, 0, &res);
	else
		pkvm_el2_mod_call(hvc, page_to_pfn(virt_to_page(page)));
	if (where == CRASH_IN_FAULT)
		WRITE_ONCE(*(u64 *)page, 1);

	return 0;
}

static const struct kernel_param_ops go_ops = { .set = set_go };
module_param_cb(go, &go_ops, NULL, 0200);

static int __init crash_init(void)
{
	int ret;

	kvm_nvhe_sym(crash_where) = where;
	kvm_nvhe_sym(crash_how) = how;

	ret = pkvm_load_el2_module(kvm_nvhe_sym(crash_hyp_init));
	if (ret)
		return ret;

	hvc = pkvm_register_el2_mod_call(kvm_nvhe_sym(crash_hyp_hvc));

	return hvc < 0 ? hvc : 0;
}
module_init(crash_init);

MODULE_DESCRIPTION("Dies at EL2, for tests");
MODULE_LICENSE("GPL");
