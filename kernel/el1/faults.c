// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failures of loading on demand, for tests: CONFIG_PKVM_MODULES_FAULTS. In debugfs, in
 * pkvm_faults, as long as modules can be loaded:
 *
 *	times, nth	of what can fail at EL2 in a load, the nth does, and so many from
 *			there on. What was written counts down: 0 when it was reached
 *	undo		likewise for what is undone of a load, and one only
 *	no_init		1: no EL2 init function is run
 *	account		what EL2 has for modules, and how many pages are whose
 */

#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/kvm_host.h>
#include <linux/seq_file.h>

#include <asm/pkvm_module_faults.h>
#include <asm/virt.h>

#include "internal.h"

extern u64 kvm_nvhe_sym(pkvm_module_fail_nth);
extern u64 kvm_nvhe_sym(pkvm_module_fail_times);
extern u64 kvm_nvhe_sym(pkvm_module_fail_undo);
extern u64 kvm_nvhe_sym(pkvm_module_fail_init);
extern u64 kvm_nvhe_sym(pkvm_module_account_wanted);
extern u64 kvm_nvhe_sym(pkvm_module_accounts)[PKVM_MODULE_NR_ACCOUNTS];

static const char * const names[PKVM_MODULE_NR_ACCOUNTS] = {
	[PKVM_MODULE_LOCKS]		= "locks",
	[PKVM_MODULE_HOST_PAGES]	= "host-pages",
	[PKVM_MODULE_HOST_REFS]		= "host-page-references",
	[PKVM_MODULE_HYP_PAGES]		= "hyp-pages",
	[PKVM_MODULE_HYP_LEAVES]	= "hyp-mappings",
	[PKVM_MODULE_RANGES]		= "va-ranges",
	[PKVM_MODULE_CHARGED]		= "charged-tables",
	[PKVM_MODULE_CALLS]		= "calls",
	[PKVM_MODULE_HYP_TABLES]	= "hyp-tables",
};

/* The variables are EL2's: afterwards they are out of reach. */
static int fault_get(void *data, u64 *val)
{
	guard(mutex)(&pkvm_module_lock);
	if (pkvm_modules_closed())
		return -EPERM;
	*val = *(u64 *)data;

	return 0;
}

static int fault_set(void *data, u64 val)
{
	guard(mutex)(&pkvm_module_lock);
	if (pkvm_modules_closed())
		return -EPERM;
	*(u64 *)data = val;

	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(fault_fops, fault_get, fault_set, "%llu\n");

static int account_show(struct seq_file *m, void *unused)
{
	int i;

	/* A load that is over has left its lock: only one process loads modules here. */
	scoped_cond_guard(mutex_try, return -EBUSY, &pkvm_module_lock) {
		if (pkvm_modules_closed())
			return -EPERM;

		/* One that does nothing else where no module has gone. */
		kvm_nvhe_sym(pkvm_module_account_wanted) = 1;
		kvm_call_hyp_nvhe(__pkvm_module_undo_traps);

		for (i = 0; i < PKVM_MODULE_NR_ACCOUNTS; i++)
			seq_printf(m, "%s %llu\n", names[i],
				   kvm_nvhe_sym(pkvm_module_accounts)[i]);
	}

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(account);

static int __init pkvm_faults_init(void)
{
	struct dentry *dir;

	if (!is_protected_kvm_enabled())
		return 0;

	dir = debugfs_create_dir("pkvm_faults", NULL);
	debugfs_create_file_unsafe("nth", 0600, dir, &kvm_nvhe_sym(pkvm_module_fail_nth),
				   &fault_fops);
	debugfs_create_file_unsafe("times", 0600, dir, &kvm_nvhe_sym(pkvm_module_fail_times),
				   &fault_fops);
	debugfs_create_file_unsafe("undo", 0600, dir, &kvm_nvhe_sym(pkvm_module_fail_undo),
				   &fault_fops);
	debugfs_create_file_unsafe("no_init", 0600, dir, &kvm_nvhe_sym(pkvm_module_fail_init),
				   &fault_fops);
	debugfs_create_file("account", 0400, dir, NULL, &account_fops);

	return 0;
}

/* EL2 is there, and no module yet. */
device_initcall(pkvm_faults_init);
