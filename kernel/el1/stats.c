// SPDX-License-Identifier: GPL-2.0-only
/*
 * What EL2 has counted of each module, in debugfs. CONFIG_PKVM_MODULES_STATS.
 *
 * The files are described in docs/debugging.md of the project.
 */

#define pr_fmt(fmt) "pkvm_module: " fmt

#include <linux/cpumask.h>
#include <linux/debugfs.h>
#include <linux/kvm_host.h>
#include <linux/seq_file.h>

#include <asm/kvm_asm.h>
#include <asm/pkvm_module_stats.h>

#include "internal.h"

DECLARE_KVM_NVHE_PER_CPU(struct pkvm_module_cpu_stats, pkvm_module_cpu_stats);
extern struct pkvm_module_stats kvm_nvhe_sym(pkvm_module_stats);

/* Where they are can not be asked for any more once the host is deprivileged. */
static const struct pkvm_module_cpu_stats *cpu_stats[NR_CPUS];

static const char * const kind_names[PKVM_MODULE_NR_HANDLER_KINDS] = {
	[PKVM_MODULE_PERM_FAULT]	= "perm-fault",
	[PKVM_MODULE_HOST_SMC]		= "host-smc",
	[PKVM_MODULE_GUEST_SMC]		= "guest-smc",
	[PKVM_MODULE_DEFAULT_TRAP]	= "default-trap",
	[PKVM_MODULE_ILLEGAL_ABT]	= "illegal-abt",
	[PKVM_MODULE_PSCI]		= "psci",
	[PKVM_MODULE_HYP_PANIC]		= "hyp-panic",
};

static void put_function(struct seq_file *m, unsigned long kern_va)
{
	char symbol[KSYM_SYMBOL_LEN];

	seq_puts(m, pkvm_module_symbol(kern_va, symbol));
}

/* @count: a counter, as it is in the statistics of the first CPU */
static u64 sum(const u64 *count)
{
	size_t offset = (void *)count - (void *)cpu_stats[0];
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*(u64 *)((void *)cpu_stats[cpu] + offset));

	return sum;
}

static void show_calls(struct seq_file *m, struct pkvm_module_status *status)
{
	struct pkvm_module_call_entry *call;

	list_for_each_entry(call, &status->calls, node) {
		seq_printf(m, "call %d ", call->id);
		put_function(m, call->hfn);
		seq_printf(m, " %llu\n", sum(&cpu_stats[0]->calls[call->id -
								 __KVM_HOST_SMCCC_FUNC_MAX]));
	}
}

static void show_handler(struct seq_file *m, struct pkvm_module_status *status,
			 enum pkvm_module_handler_kind kind, unsigned int nr)
{
	struct pkvm_el2_section *text = &status->part.sections[PKVM_EL2_TEXT];
	unsigned long va = READ_ONCE(kvm_nvhe_sym(pkvm_module_stats).handlers[kind][nr]);
	unsigned long kern_va = va - status->part.hyp_va + status->part.start;
	bool asked = kind < PKVM_MODULE_ILLEGAL_ABT;

	if (!va || kern_va < text->start || kern_va - text->start >= text->size)
		return;

	seq_printf(m, "%s %s ", asked ? "handler" : "notifier", kind_names[kind]);
	put_function(m, kern_va);
	if (asked)
		seq_printf(m, " %llu", sum(&cpu_stats[0]->handlers[kind][nr].taken));
	seq_printf(m, " %llu\n", sum(&cpu_stats[0]->handlers[kind][nr].passed));
}

static void show_heap(struct seq_file *m, struct pkvm_module_status *status)
{
	struct pkvm_module_stats *stats = &kvm_nvhe_sym(pkvm_module_stats);
	unsigned int i;

	for (i = 0; i < PKVM_MODULE_MAX_RANGES; i++) {
		if (READ_ONCE(stats->images[i].start) == status->part.hyp_va)
			seq_printf(m, "heap %llu\n", READ_ONCE(stats->images[i].heap));
	}
}

static int stats_show(struct seq_file *m, void *unused)
{
	struct pkvm_module_status *status = m->private;
	unsigned int kind, nr;

	guard(mutex)(&pkvm_module_lock);

	show_calls(m, status);
	for (kind = 0; kind < PKVM_MODULE_NR_HANDLER_KINDS; kind++) {
		for (nr = 0; nr < PKVM_MODULE_MAX_HANDLERS; nr++)
			show_handler(m, status, kind, nr);
	}
	show_heap(m, status);

	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/**
 * pkvm_module_show_stats() - show the counters of the modules that are loaded
 *
 * Context: process, with pkvm_module_lock held. When EL2 has closed loading and the
 *	    host is not yet deprivileged.
 */
void pkvm_module_show_stats(void)
{
	struct pkvm_module_status *status;
	struct dentry *dir;
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		cpu_stats[cpu] = per_cpu_ptr_nvhe_sym(pkvm_module_cpu_stats, cpu);

	dir = debugfs_create_dir("modules", debugfs_create_dir("pkvm", NULL));
	list_for_each_entry(status, &pkvm_module_list, node) {
		if (status->state == PKVM_MODULE_LOADED)
			debugfs_create_file(status->name, 0400, dir, status, &stats_fops);
	}
}
