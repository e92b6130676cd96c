/* SPDX-License-Identifier: GPL-2.0-only */
/* What a load that failed has to leave as it was: CONFIG_PKVM_MODULES_FAULTS. */
#ifndef __ARM64_PKVM_MODULE_FAULTS_H__
#define __ARM64_PKVM_MODULE_FAULTS_H__

enum pkvm_module_account {
	PKVM_MODULE_LOCKS,		/* that are held: hypercalls of the loader take them */
	PKVM_MODULE_HOST_PAGES,		/* that the host has, and nobody else */
	PKVM_MODULE_HOST_REFS,		/* what EL2 has a hand on of those */
	PKVM_MODULE_HYP_PAGES,		/* that EL2 has */
	PKVM_MODULE_HYP_LEAVES,		/* pages and blocks that EL2 maps */
	PKVM_MODULE_RANGES,		/* VA ranges in use */
	PKVM_MODULE_CHARGED,		/* page tables that modules are charged for */
	PKVM_MODULE_CALLS,
	/* Those of a range that was mapped in part stay until it is used again. */
	PKVM_MODULE_HYP_TABLES,		/* page tables of EL2 */
	PKVM_MODULE_NR_ACCOUNTS,
};

#endif /* __ARM64_PKVM_MODULE_FAULTS_H__ */
