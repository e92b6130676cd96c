// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failures on demand, and an account of what modules have. CONFIG_PKVM_MODULES_FAULTS,
 * for tests of loading.
 *
 * What can fail in a load asks pkvm_module_should_fail(), and what can fail when one is
 * undone, pkvm_module_should_fail_undo(). Which passage it is to be, EL1 writes into the
 * variables here, as it can until the host is deprivileged.
 */

#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pgtable.h>

#include <nvhe/mem_protect.h>
#include <nvhe/memory.h>
#include <nvhe/mm.h>
#include <nvhe/modules.h>
#include <nvhe/spinlock.h>

#include "ops.h"

u64 pkvm_module_fail_nth;	/* the first one that fails, counted from 1 on; or 0 */
u64 pkvm_module_fail_times;	/* how many, from there on */
u64 pkvm_module_fail_undo;	/* the same for undoing: one only */
u64 pkvm_module_fail_init;	/* no init function is run */
u64 pkvm_module_account_wanted;
u64 pkvm_module_accounts[PKVM_MODULE_NR_ACCOUNTS];

static void *(*hyp_zalloc_page)(void *arg);
static void *(*host_zalloc_page)(void *arg);

static void *hyp_zalloc_or_fail(void *arg)
{
	return pkvm_module_should_fail() ? NULL : hyp_zalloc_page(arg);
}

static void *host_zalloc_or_fail(void *arg)
{
	return pkvm_module_should_fail() ? NULL : host_zalloc_page(arg);
}

/* Pages for tables are to fail as well. */
static void hook_allocators(void)
{
	if (hyp_zalloc_page)
		return;

	hyp_zalloc_page = pkvm_pgtable.mm_ops->zalloc_page;
	host_zalloc_page = host_mmu.mm_ops.zalloc_page;
	pkvm_pgtable.mm_ops->zalloc_page = hyp_zalloc_or_fail;
	host_mmu.mm_ops.zalloc_page = host_zalloc_or_fail;
}

/* Modules are loaded one after the other: nobody else counts. */
bool pkvm_module_should_fail(void)
{
	hook_allocators();

	if (!pkvm_module_fail_nth || --pkvm_module_fail_nth)
		return false;

	/* The next one is the first again. */
	if (--pkvm_module_fail_times)
		pkvm_module_fail_nth = 1;

	return true;
}

bool pkvm_module_should_fail_undo(void)
{
	return pkvm_module_fail_undo && !--pkvm_module_fail_undo;
}

/* What asks goes on asking, for tables that EL2 can not do without. */
void pkvm_module_end_faults(void)
{
	pkvm_module_fail_nth = 0;
	pkvm_module_fail_undo = 0;
}

static void count_pages(void)
{
	struct hyp_page *page;
	unsigned int i;
	u64 offset;

	for (i = 0; i < hyp_memblock_nr; i++) {
		for (offset = 0; offset < hyp_memory[i].size; offset += PAGE_SIZE) {
			page = hyp_phys_to_page(hyp_memory[i].base + offset);
			if (get_host_state(page) == PKVM_PAGE_OWNED) {
				pkvm_module_accounts[PKVM_MODULE_HOST_PAGES]++;
				pkvm_module_accounts[PKVM_MODULE_HOST_REFS] += page->refcount;
			}
			if (get_hyp_state(page) == PKVM_PAGE_OWNED)
				pkvm_module_accounts[PKVM_MODULE_HYP_PAGES]++;
		}
	}
}

static int count_entry(const struct kvm_pgtable_visit_ctx *ctx, enum kvm_pgtable_walk_flags visit)
{
	if (visit == KVM_PGTABLE_WALK_TABLE_PRE)
		pkvm_module_accounts[PKVM_MODULE_HYP_TABLES]++;
	else if (kvm_pte_valid(ctx->old))
		pkvm_module_accounts[PKVM_MODULE_HYP_LEAVES]++;

	return 0;
}

static void count_mappings(void)
{
	struct kvm_pgtable_walker walker = {
		.cb	= count_entry,
		.flags	= KVM_PGTABLE_WALK_LEAF | KVM_PGTABLE_WALK_TABLE_PRE,
	};

	hyp_spin_lock(&pkvm_pgd_lock);
	WARN_ON(kvm_pgtable_walk(&pkvm_pgtable, 0, BIT(pkvm_pgtable.ia_bits), &walker));
	hyp_spin_unlock(&pkvm_pgd_lock);
}

/*
 * Where EL1 has asked for it: to be compared with what it was before. A lock that was
 * left would be waited for in vain.
 */
void pkvm_module_take_account(void)
{
	if (!pkvm_module_account_wanted)
		return;

	pkvm_module_account_wanted = 0;
	memset(pkvm_module_accounts, 0, sizeof(pkvm_module_accounts));
	pkvm_module_accounts[PKVM_MODULE_LOCKS] = pkvm_module_is_locked() +
						  hyp_spin_is_locked(&host_mmu.lock) +
						  hyp_spin_is_locked(&pkvm_pgd_lock);
	if (pkvm_module_accounts[PKVM_MODULE_LOCKS])
		return;

	count_pages();
	count_mappings();
	pkvm_module_count(pkvm_module_accounts);
}
