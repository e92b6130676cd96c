// SPDX-License-Identifier: GPL-2.0-only
/* The EL1 part: hands the allow-list to EL2, and shows what EL2 refused. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/arm-smccc.h>
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include <asm/kvm_pkvm_module.h>

#include "smc-guard.h"

int __kvm_nvhe_smc_guard_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_smc_guard_hyp_refused(struct user_pt_regs *regs);

extern u32 kvm_nvhe_sym(smc_guard_ids)[SMC_GUARD_MAX_IDS];
extern unsigned int kvm_nvhe_sym(smc_guard_nr_ids);
extern u64 kvm_nvhe_sym(smc_guard_owners);

static unsigned int allow[SMC_GUARD_MAX_IDS];
static unsigned int nr_allow;
module_param_array(allow, uint, &nr_allow, 0444);
MODULE_PARM_DESC(allow, "More function ids that the host may call");

static unsigned int owners[ARM_SMCCC_OWNER_MASK + 1];
static unsigned int nr_owners;
module_param_array(owners, uint, &nr_owners, 0444);
MODULE_PARM_DESC(owners, "More owners (SMCCC: 1 CPU, 2 SiP, 3 OEM ...) whose fast calls it may make");

static int refused_id;

static int refused_show(struct seq_file *m, void *unused)
{
	struct arm_smccc_res res;
	unsigned long i;

	/* Another CPU may add to it meanwhile, but nothing ever goes. */
	for (i = 0; ; i++) {
		res = pkvm_el2_mod_call_smccc(refused_id, i);
		if (res.a0 != SMCCC_RET_SUCCESS)
			return -EIO;
		if (i >= res.a1)
			break;
		seq_printf(m, "0x%08lx %lu\n", res.a2, res.a3);
	}
	if (res.a3)
		seq_printf(m, "others %lu\n", res.a3);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(refused);

static int __init fill_allow_list(void)
{
	u64 *mask = &kvm_nvhe_sym(smc_guard_owners);
	unsigned int i;

	for (i = 0; i < nr_allow; i++)
		kvm_nvhe_sym(smc_guard_ids)[i] = allow[i] & ~ARM_SMCCC_CALL_HINTS;
	kvm_nvhe_sym(smc_guard_nr_ids) = nr_allow;

	for (i = 0; i < nr_owners; i++) {
		if (owners[i] > ARM_SMCCC_OWNER_MASK) {
			pr_err("there is no owner %u\n", owners[i]);
			return -EINVAL;
		}
		*mask |= BIT_ULL(owners[i]);
	}

	return 0;
}

static int __init smc_guard_init(void)
{
	unsigned long token;
	int ret;

	ret = fill_allow_list();
	if (ret)
		return ret;

	ret = pkvm_load_el2_module(__kvm_nvhe_smc_guard_hyp_init, &token);
	if (ret)
		return ret;

	refused_id = pkvm_register_el2_mod_call(__kvm_nvhe_smc_guard_hyp_refused, token);
	if (refused_id < 0)
		return refused_id;

	debugfs_create_file("refused", 0400, debugfs_create_dir("smc_guard", NULL), NULL,
			    &refused_fops);
	pr_info("the host may call owners %#llx and %u more functions\n",
		kvm_nvhe_sym(smc_guard_owners), nr_allow);

	return 0;
}
module_init(smc_guard_init);

MODULE_DESCRIPTION("pKVM vendor module: lets the host make only those SMCs that are on a list");
MODULE_LICENSE("GPL");
