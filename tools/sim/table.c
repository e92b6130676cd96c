// SPDX-License-Identifier: GPL-2.0-only
/* The table, and the members that are too small for a file of their own. */
#include <string.h>

#include "internal.h"

void *op_memcpy(void *to, const void *from, size_t count)
{
	SIM_OP();
	sim_check_access(from, count, false);
	sim_check_access(to, count, true);

	return memcpy(to, from, count);
}

void *op_memset(void *dst, int c, size_t count)
{
	SIM_OP();
	sim_check_access(dst, count, true);

	return memset(dst, c, count);
}

bool op_list_add_valid_or_report(struct list_head *entry, struct list_head *prev,
				 struct list_head *next)
{
	SIM_OP();
	sim_check_access(prev, sizeof(*prev), false);
	sim_check_access(next, sizeof(*next), false);

	return next->prev == prev && prev->next == next && entry != prev && entry != next;
}

bool op_list_del_entry_valid_or_report(struct list_head *entry)
{
	SIM_OP();
	sim_check_access(entry, sizeof(*entry), false);
	sim_check_access(entry->prev, sizeof(*entry), false);
	sim_check_access(entry->next, sizeof(*entry), false);

	return entry->prev->next == entry && entry->next->prev == entry;
}

static long no_such_op(void)
{
	return -EOPNOTSUPP;
}

const struct pkvm_module_ops sim_table = {
	.create_private_mapping = op_create_private_mapping,
	.alloc_module_va = op_alloc_module_va,
	.map_module_page = op_map_module_page,
	.map_module_pages = op_map_module_pages,
	.unmap_module_pages = op_unmap_module_pages,
	.fixmap_map = op_fixmap_map,
	.fixmap_unmap = op_fixmap_unmap,
	.fixblock_map = op_fixblock_map,
	.fixblock_map_17 = op_fixblock_map_17,
	.fixblock_unmap = op_fixblock_unmap,
	.linear_map_early = op_linear_map_early,
	.linear_unmap_early = op_linear_unmap_early,
	.flush_dcache_to_poc = op_flush_dcache_to_poc,
	.hyp_pa = op_hyp_pa,
	.hyp_va = op_hyp_va,
	.kern_hyp_va = op_kern_hyp_va,
	.host_donate_hyp = op_host_donate_hyp,
	.host_donate_hyp_17 = op_host_donate_hyp_17,
	.host_donate_hyp_prot = op_host_donate_hyp_prot,
	.host_donate_sglist_hyp = op_host_donate_sglist_hyp,
	.hyp_donate_host = op_hyp_donate_host,
	.host_share_hyp = op_host_share_hyp,
	.host_unshare_hyp = op_host_unshare_hyp,
	.pin_shared_mem = op_pin_shared_mem,
	.unpin_shared_mem = op_unpin_shared_mem,
	.host_stage2_mod_prot = op_host_stage2_mod_prot,
	.host_stage2_mod_prot_14 = op_host_stage2_mod_prot_14,
	.host_stage2_get_leaf = op_host_stage2_get_leaf,
	.host_stage2_get_leaf_15 = op_host_stage2_get_leaf_15,
	.guest_stage2_pa = op_guest_stage2_pa,
	.host_stage2_enable_lazy_pte = op_host_stage2_enable_lazy_pte,
	.host_stage2_disable_lazy_pte = op_host_stage2_disable_lazy_pte,
	.register_host_perm_fault_handler = op_register_host_perm_fault_handler,
	.register_host_smc_handler = op_register_host_smc_handler,
	.register_guest_smc_handler = op_register_guest_smc_handler,
	.register_guest_smc_handler_15 = op_register_guest_smc_handler_15,
	.register_default_trap_handler = op_register_default_trap_handler,
	.register_illegal_abt_notifier = op_register_illegal_abt_notifier,
	.register_psci_notifier = op_register_psci_notifier,
	.register_hyp_panic_notifier = op_register_hyp_panic_notifier,
	.register_unmask_serror = op_register_unmask_serror,
	.update_hcr_el2 = op_update_hcr_el2,
	.update_hfgwtr_el2 = op_update_hfgwtr_el2,
	.register_serial_driver = op_register_serial_driver,
	.putc = op_putc,
	.puts = op_puts,
	.putx64 = op_putx64,
	.memcpy = op_memcpy,
	.memset = op_memset,
	.hyp_alloc = op_hyp_alloc,
	.hyp_free = op_hyp_free,
	.hyp_alloc_errno = op_hyp_alloc_errno,
	.hyp_alloc_missing_donations = op_hyp_alloc_missing_donations,
	.tracing_reserve_entry = op_tracing_reserve_entry,
	.tracing_commit_entry = op_tracing_commit_entry,
	.tracing_mod_hyp_printk = op_tracing_mod_hyp_printk,
	.register_hyp_event_ids = op_register_hyp_event_ids,
	.hyp_smp_processor_id = op_hyp_smp_processor_id,
	.udelay = op_udelay,
	.get_time = op_get_time,
	.list_add_valid_or_report = op_list_add_valid_or_report,
	.list_del_entry_valid_or_report = op_list_del_entry_valid_or_report,
	.register_guest_trng_ops = op_register_guest_trng_ops,

	.__reserved = { [0 ... PKVM_MODULE_OPS_RESERVED - 1] = no_such_op },
};
