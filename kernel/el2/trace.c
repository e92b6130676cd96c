// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trace events of vendor modules, in the hypervisor's own buffer.
 *
 * An event is enabled by its number. The numbers after the hypervisor's own go to
 * the events of modules, in the order in which they were made known. For a line of
 * text only its arguments are written, and the address in the module that it comes
 * from, by which EL1 finds the format.
 */

#include <linux/percpu.h>

#include <asm/kvm_hyp.h>
#include <asm/kvm_hypevents.h>
#include <asm/kvm_hyptrace.h>
#include <asm/kvm_pkvm_module.h>

#include <nvhe/modules.h>
#include <nvhe/spinlock.h>

#include "ops.h"

#ifdef CONFIG_NVHE_EL2_TRACING
#define MAX_EVENT_RANGES	32

static struct event_range {
	struct hyp_event_id *start;	/* NULL when the module was withdrawn */
	unsigned int nr;
} event_ranges[MAX_EVENT_RANGES];
static unsigned int nr_event_ranges;
static DEFINE_HYP_SPINLOCK(events_lock);

static unsigned int nr_own_events(void)
{
	return __hyp_event_ids_end - __hyp_event_ids_start;
}

static int add_event_range(struct hyp_event_id *ids, unsigned int nr)
{
	unsigned int id = nr_own_events(), i;
	int ret = -EBUSY;

	hyp_spin_lock(&events_lock);

	for (i = 0; i < nr_event_ranges; i++) {
		if (event_ranges[i].start == ids)
			goto unlock;
		id += event_ranges[i].nr;
	}
	if (i == MAX_EVENT_RANGES || id + nr > U16_MAX)
		goto unlock;

	event_ranges[i] = (struct event_range) { .start = ids, .nr = nr };
	nr_event_ranges++;
	for (i = 0; i < nr; i++)
		ids[i].id = id + i;
	ret = 0;

unlock:
	hyp_spin_unlock(&events_lock);

	return ret;
}

int pkvm_module_register_event_ids(unsigned long start, unsigned long end)
{
	unsigned long nr = (end - start) / sizeof(struct hyp_event_id);
	struct hyp_event_id *ids = (struct hyp_event_id *)start;
	int ret = -EINVAL;

	if (end < start || (end - start) % sizeof(struct hyp_event_id) || nr > U16_MAX)
		return -EINVAL;
	if (!nr)
		return 0;

	pkvm_module_lock();
	if (IS_ALIGNED(start, __alignof__(struct hyp_event_id)) &&
	    pkvm_module_is_data(start, end - start))
		ret = add_event_range(ids, nr);
	pkvm_module_unlock();

	return ret;
}

int pkvm_module_enable_event(unsigned short id, bool enable)
{
	unsigned int first = nr_own_events(), i;
	int ret = -EINVAL;

	hyp_spin_lock(&events_lock);
	for (i = 0; i < nr_event_ranges; first += event_ranges[i++].nr) {
		struct event_range *range = &event_ranges[i];

		if (!range->start || id < first || id - first >= range->nr)
			continue;
		atomic_set(&range->start[id - first].enabled, enable);
		ret = 0;
	}
	hyp_spin_unlock(&events_lock);

	return ret;
}

/* The numbers stay taken: those of later events do not change. */
void pkvm_module_remove_events(unsigned long start, unsigned long end)
{
	unsigned int i;

	hyp_spin_lock(&events_lock);
	for (i = 0; i < nr_event_ranges; i++) {
		unsigned long ids = (unsigned long)event_ranges[i].start;

		if (ids >= start && ids < end)
			event_ranges[i].start = NULL;
	}
	hyp_spin_unlock(&events_lock);
}
#else
int pkvm_module_register_event_ids(unsigned long start, unsigned long end)
{
	return start == end ? 0 : -EOPNOTSUPP;
}

void pkvm_module_remove_events(unsigned long start, unsigned long end) { }
#endif

/* What a page of the buffer has room for, with headers and a long time stamp. */
#define MAX_ENTRY	(PAGE_SIZE - 64)

static DEFINE_PER_CPU(bool, reserved);

void *pkvm_module_trace_reserve(unsigned long length)
{
	void *entry = NULL;

	if (length >= sizeof(struct remote_event_hdr) && length <= MAX_ENTRY)
		entry = tracing_reserve_entry(length);
	if (entry)
		*this_cpu_ptr(&reserved) = true;

	return entry;
}

/* The buffer may be gone where nothing is reserved. */
void pkvm_module_trace_commit(void)
{
	if (!*this_cpu_ptr(&reserved))
		return;

	*this_cpu_ptr(&reserved) = false;
	tracing_commit_entry();
}

void pkvm_module_trace_printk(u8 fmt_id, u64 a, u64 b, u64 c, u64 d)
{
	trace_module_printk((unsigned long)__builtin_return_address(0), fmt_id, a, b, c, d);
}
