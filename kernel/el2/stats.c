// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counters of vendor modules: calls, handlers, heap. CONFIG_PKVM_MODULES_STATS.
 *
 * EL2 only ever adds to what is here and never goes by it. The counting itself is
 * inline, in nvhe/modules.h.
 *
 * A slot starts from zero when it is taken. A CPU that is still in what was in it
 * before may count once more after that, while a module is being withdrawn.
 */

#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>

#include <nvhe/mem_protect.h>
#include <nvhe/modules.h>

#include "ops.h"

DEFINE_PER_CPU_PAGE_ALIGNED(struct pkvm_module_cpu_stats, pkvm_module_cpu_stats);
struct pkvm_module_stats pkvm_module_stats;

/* From now on the host can read it all. Before it is deprivileged, it can anyway. */
int pkvm_module_share_stats(void)
{
	unsigned int cpu;
	int ret;

	ret = __pkvm_module_let_host_read(&pkvm_module_stats, sizeof(pkvm_module_stats));
	for (cpu = 0; !ret && cpu < hyp_nr_cpus; cpu++)
		ret = __pkvm_module_let_host_read(per_cpu_ptr(&pkvm_module_cpu_stats, cpu),
						  sizeof(pkvm_module_cpu_stats));

	return ret;
}

/* Call @nr is another function's from now on, or nobody's. */
void pkvm_module_reset_call(unsigned int nr)
{
	unsigned int cpu;

	for (cpu = 0; cpu < hyp_nr_cpus; cpu++)
		WRITE_ONCE(per_cpu_ptr(&pkvm_module_cpu_stats, cpu)->calls[nr], 0);
}

/* Slot @nr is @fn's from now on, or nobody's. */
void pkvm_module_reset_handler(enum pkvm_module_handler_kind kind, unsigned int nr, void *fn)
{
	unsigned int cpu;

	for (cpu = 0; cpu < hyp_nr_cpus; cpu++) {
		struct pkvm_module_cpu_stats *stats = per_cpu_ptr(&pkvm_module_cpu_stats, cpu);

		WRITE_ONCE(stats->handlers[kind][nr].taken, 0);
		WRITE_ONCE(stats->handlers[kind][nr].passed, 0);
	}
	WRITE_ONCE(pkvm_module_stats.handlers[kind][nr], (u64)fn);
}

/* VA range @nr is the image at @start from now on, or none. */
void pkvm_module_count_image(unsigned int nr, unsigned long start)
{
	WRITE_ONCE(pkvm_module_stats.images[nr].start, start);
}
