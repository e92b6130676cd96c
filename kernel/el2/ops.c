// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table that the EL2 part of a module is given.
 *
 * What each member means stands with struct pkvm_module_ops; here is the layer
 * that checks arguments. The families that have more to them than that have files
 * of their own: mapping.c, and mem_protect.c for ownership.
 */

#include <linux/poison.h>

#include <asm/arch_timer.h>
#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pkvm_module.h>

#include <nvhe/mem_protect.h>
#include <nvhe/modules.h>

#include "ops.h"

static int host_donate_hyp(u64 pfn, u64 nr_pages, bool accept_mmio)
{
	return __pkvm_module_donate_hyp(pfn, nr_pages, accept_mmio, PAGE_HYP);
}

static int host_donate_hyp_17(u64 pfn, u64 nr_pages)
{
	return __pkvm_module_donate_hyp(pfn, nr_pages, false, PAGE_HYP);
}

static int host_donate_sglist_hyp(struct pkvm_sglist_page *sglist, size_t nr_pages)
{
	return sglist && nr_pages ? __pkvm_module_donate_sglist(sglist, nr_pages) : -EINVAL;
}

/* Without a handler, a fault would be taken for a race and tried again for ever. */
static int host_stage2_mod_prot(u64 pfn, enum kvm_pgtable_prot prot, u64 nr_pages,
				bool update_iommu)
{
	if (update_iommu)
		return -EOPNOTSUPP;
	if (!pkvm_module_has(PKVM_MODULE_PERM_FAULT))
		return -ENOENT;

	return __pkvm_module_host_prot(pfn, prot, nr_pages);
}

static int host_stage2_mod_prot_14(u64 pfn, enum kvm_pgtable_prot prot)
{
	return host_stage2_mod_prot(pfn, prot, 1, false);
}

static int host_stage2_get_leaf_15(phys_addr_t phys, kvm_pte_t *ptep, u32 *level)
{
	s8 found;
	int ret;

	if (!level)
		return -EINVAL;

	ret = __pkvm_module_host_leaf(phys, ptep, &found);
	if (!ret)
		*level = found;

	return ret;
}

/* An address, in bytes, as the name does not say. */
static int host_stage2_enable_lazy_pte(u64 addr, u64 nr_pages)
{
	if (!PAGE_ALIGNED(addr))
		return -EINVAL;

	return __pkvm_module_host_lazy(hyp_phys_to_pfn(addr), nr_pages, true);
}

static int host_stage2_disable_lazy_pte(u64 addr, u64 nr_pages)
{
	if (!PAGE_ALIGNED(addr))
		return -EINVAL;

	return __pkvm_module_host_lazy(hyp_phys_to_pfn(addr), nr_pages, false);
}

static phys_addr_t module_hyp_pa(void *va)
{
	return __hyp_pa(va);
}

static void *module_hyp_va(phys_addr_t phys)
{
	unsigned long mmio_va = addr_is_memory(phys) ? 0 : __pkvm_module_mmio_va(phys);

	return mmio_va ? (void *)mmio_va : __hyp_va(phys);
}

static unsigned long module_kern_hyp_va(unsigned long kern_va)
{
	return kern_hyp_va(kern_va);
}

/* @num units of 1 / @from seconds as units of 1 / @to. */
static u64 convert_time(u64 num, u64 from, u64 to)
{
	return num / from * to + num % from * to / from;
}

/* The physical counter: a guest's offset may be in force in the virtual one. */
static void module_udelay(unsigned long usecs)
{
	u64 cycles = convert_time(usecs, USEC_PER_SEC, read_sysreg(cntfrq_el0));
	u64 start = __arch_counter_get_cntpct();

	while (__arch_counter_get_cntpct() - start < cycles)
		cpu_relax();
}

static u64 module_get_time(void)
{
	return convert_time(__arch_counter_get_cntpct(), read_sysreg(cntfrq_el0), USEC_PER_SEC);
}

static bool module_list_add_valid(struct list_head *entry, struct list_head *prev,
				  struct list_head *next)
{
	return prev && next && next->prev == prev && prev->next == next &&
	       entry != prev && entry != next;
}

/* One that is not in a list, or not any more, has no neighbours to look at. */
static bool module_list_del_valid(struct list_head *entry)
{
	struct list_head *prev = entry->prev, *next = entry->next;

	return prev && next && prev != LIST_POISON2 && next != LIST_POISON1 &&
	       prev->next == entry && next->prev == entry;
}

/*
 * A module that calls a member which can not say that it does nothing here fails to
 * load: see handle___pkvm_module_init().
 */
bool pkvm_module_used_missing_op;

void pkvm_module_missing_op(void)
{
	WRITE_ONCE(pkvm_module_used_missing_op, true);
}

static long no_such_op(void)
{
	return -EOPNOTSUPP;
}

const struct pkvm_module_ops module_ops = {
	.create_private_mapping		= pkvm_module_create_private_mapping,
	.alloc_module_va		= pkvm_alloc_module_va,
	.map_module_page		= pkvm_module_map_page,
	.map_module_pages		= pkvm_module_map_pages,
	.unmap_module_pages		= pkvm_module_unmap_pages,
	.fixmap_map			= pkvm_module_fixmap_map,
	.fixmap_unmap			= pkvm_module_fixmap_unmap,
	.fixblock_map			= pkvm_module_fixblock_map,
	.fixblock_map_17		= pkvm_module_fixblock_map_size,
	.fixblock_unmap			= pkvm_module_fixblock_unmap,
	.linear_map_early		= pkvm_module_linear_map_early,
	.linear_unmap_early		= pkvm_module_linear_unmap_early,
	.flush_dcache_to_poc		= pkvm_module_flush_dcache_to_poc,
	.hyp_pa				= module_hyp_pa,
	.hyp_va				= module_hyp_va,
	.kern_hyp_va			= module_kern_hyp_va,

	.host_donate_hyp		= host_donate_hyp,
	.host_donate_hyp_17		= host_donate_hyp_17,
	.host_donate_hyp_prot		= __pkvm_module_donate_hyp,
	.host_donate_sglist_hyp		= host_donate_sglist_hyp,
	.hyp_donate_host		= __pkvm_module_donate_host,
	.host_share_hyp			= __pkvm_module_share_hyp,
	.host_unshare_hyp		= __pkvm_module_unshare_hyp,
	.pin_shared_mem			= __pkvm_module_pin_shared,
	.unpin_shared_mem		= __pkvm_module_unpin_shared,
	.host_stage2_mod_prot		= host_stage2_mod_prot,
	.host_stage2_mod_prot_14	= host_stage2_mod_prot_14,
	.host_stage2_get_leaf		= __pkvm_module_host_leaf,
	.host_stage2_get_leaf_15	= host_stage2_get_leaf_15,
	.guest_stage2_pa		= __pkvm_module_guest_pa,
	.host_stage2_enable_lazy_pte	= host_stage2_enable_lazy_pte,
	.host_stage2_disable_lazy_pte	= host_stage2_disable_lazy_pte,

	.register_host_perm_fault_handler = pkvm_module_register_perm_fault,
	.register_host_smc_handler	= pkvm_module_register_host_smc,
	.register_guest_smc_handler	= pkvm_module_register_guest_smc,
	.register_guest_smc_handler_15	= pkvm_module_register_guest_smc_15,
	.register_default_trap_handler	= pkvm_module_register_default_trap,
	.register_illegal_abt_notifier	= pkvm_module_register_illegal_abt,
	.register_psci_notifier		= pkvm_module_register_psci,
	.register_hyp_panic_notifier	= pkvm_module_register_hyp_panic,
	.register_unmask_serror		= pkvm_module_register_unmask_serror,
	.update_hcr_el2			= pkvm_module_update_hcr,
	.update_hfgwtr_el2		= pkvm_module_update_hfgwtr,

	.register_serial_driver		= pkvm_module_register_serial,
	.putc				= pkvm_module_putc,
	.puts				= pkvm_module_puts,
	.putx64				= pkvm_module_putx64,
	.memcpy				= memcpy,
	.memset				= memset,
	.hyp_alloc			= pkvm_module_alloc,
	.hyp_free			= pkvm_module_free,
	.hyp_alloc_errno		= pkvm_module_alloc_errno,
	.hyp_alloc_missing_donations	= pkvm_module_alloc_missing,
	.tracing_reserve_entry		= pkvm_module_trace_reserve,
	.tracing_commit_entry		= pkvm_module_trace_commit,
	.tracing_mod_hyp_printk		= pkvm_module_trace_printk,
	.register_hyp_event_ids		= pkvm_module_register_event_ids,
	.hyp_smp_processor_id		= pkvm_module_cpu,
	.udelay				= module_udelay,
	.get_time			= module_get_time,
	.list_add_valid_or_report	= module_list_add_valid,
	.list_del_entry_valid_or_report	= module_list_del_valid,
	.register_guest_trng_ops	= pkvm_module_register_trng,

	.__reserved			= { [0 ... PKVM_MODULE_OPS_RESERVED - 1] = no_such_op },
};

static_assert(sizeof(struct pkvm_module_ops) == PKVM_MODULE_OPS_SLOTS * sizeof(u64));
