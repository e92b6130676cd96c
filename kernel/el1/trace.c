// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trace events of pKVM vendor modules, at EL1: they are shown with the hypervisor's
 * own, in remotes/hypervisor of tracefs.
 *
 * The numbers of events are given by EL2, module by module in the order in which
 * they were loaded. They stand in memory of the module that the host loses when it
 * is deprivileged, so they are read right before.
 */

#define pr_fmt(fmt) "pkvm_module: " fmt

#include <linux/ctype.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/trace_remote.h>
#include <linux/trace_seq.h>

#include <asm/kvm_hyptrace.h>
#include <asm/virt.h>

#define __PKVM_MODULE_LOADER
#include <asm/kvm_pkvm_module.h>

#include "internal.h"

/* tracing_mod_hyp_printk() has a u8 for it. */
#define MAX_FORMATS	256
#define MAX_ARGS	4

/* The remote that the hypervisor is, to be registered with all events. */
static struct {
	const char *name;
	struct trace_remote_callbacks *cbs;
	void *priv;
	struct remote_event *events;
	size_t nr_events;
} remote;

static size_t nr_events(const struct pkvm_el2_part *part)
{
	return part->sections[PKVM_EL2_EVENTS].size / sizeof(struct remote_event *);
}

static struct remote_event **events(const struct pkvm_el2_part *part)
{
	return (struct remote_event **)part->sections[PKVM_EL2_EVENTS].start;
}

/* From the kernel VA of the first one to the end. */
static struct hyp_event_id **event_ids(const struct pkvm_el2_part *part)
{
	return (struct hyp_event_id **)part->sections[PKVM_EL2_EVENT_IDS].start;
}

/*
 * Only what can be printed of a number. EL2 addresses would be read at EL1 by %s
 * and by the letters after %p.
 */
static const char *skip_conversion(const char *p)
{
	p += strspn(p, "-+ #0123456789.");
	p += strspn(p, "hlz");
	if (!*p || !strchr("diuxXocp", *p) || (*p == 'p' && isalnum(p[1]) && p[1] != 'x'))
		return NULL;

	return p + 1;
}

static bool format_valid(const char *fmt)
{
	unsigned int args = 0;

	while ((fmt = strchr(fmt, '%'))) {
		if (fmt[1] == '%') {
			fmt += 2;
			continue;
		}
		fmt = skip_conversion(fmt + 1);
		if (!fmt || ++args > MAX_ARGS)
			return false;
	}

	return true;
}

/**
 * pkvm_module_check_formats() - whether what a module may print is harmless
 * @mod:	the module
 *
 * Context: process, with pkvm_module_lock held.
 * Return: 0; -ENOEXEC, with the reason noted.
 */
int pkvm_module_check_formats(struct module *mod)
{
	struct pkvm_el2_section *s = &mod->arch.el2.sections[PKVM_EL2_FORMATS];
	const char **formats = (const char **)s->start;
	size_t i, nr = s->size / sizeof(*formats);

	if (nr > MAX_FORMATS) {
		pkvm_module_fail(mod->name, "%zu times pkvm_printk(), not %d at most", nr,
				 MAX_FORMATS);
		return -ENOEXEC;
	}

	for (i = 0; i < nr; i++) {
		if (!formats[i] || !format_valid(formats[i])) {
			pkvm_module_fail(mod->name,
					 "pkvm_printk(\"%.40s\"): at most %d integers or %%p",
					 formats[i] ?: "", MAX_ARGS);
			return -ENOEXEC;
		}
	}

	return 0;
}

static int compare_names(const void *a, const void *b)
{
	struct remote_event * const *x = a, * const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/**
 * pkvm_module_number_events() - give the events of a module the numbers EL2 gave them
 * @mod:	the module, whose EL2 init function has returned
 *
 * Context: process, with pkvm_module_lock held, before deprivilege.
 * Return: 0; -ENOEXEC or -ENOMEM, with the reason noted.
 */
int pkvm_module_number_events(struct module *mod)
{
	struct pkvm_el2_part *part = &mod->arch.el2;
	size_t i, nr = nr_events(part);
	struct hyp_event_id **ids = event_ids(part);
	struct remote_event **sorted;

	if (!nr)
		return 0;

	if (!ids || ids[1] - ids[0] != nr) {
		pkvm_module_fail(mod->name, "%zu trace events at EL1, %td at EL2", nr,
				 ids ? ids[1] - ids[0] : 0);
		return -ENOEXEC;
	}

	/* The section of pointers is read-only. */
	sorted = kmemdup_array(events(part), nr, sizeof(*sorted), GFP_KERNEL);
	if (!sorted) {
		pkvm_module_fail(mod->name, "no memory for its trace events");
		return -ENOMEM;
	}
	sort(sorted, nr, sizeof(*sorted), compare_names, NULL);

	for (i = 0; i < nr; i++)
		sorted[i]->id = ids[0][i].id;
	kfree(sorted);

	/* Number 0 is one of the hypervisor's own. */
	if (!ids[0][0].id) {
		pkvm_module_fail(mod->name,
				 "trace events, and no pkvm_trace_init() in its EL2 init");
		return -ENOEXEC;
	}

	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	const struct remote_event *x = a, *y = b;

	return (int)x->id - (int)y->id;
}

/* The hypervisor's own events, and those of modules after them. */
static int __init all_events(struct remote_event **all, size_t *nr)
{
	struct pkvm_module_status *status;
	size_t i, next = remote.nr_events;

	lockdep_assert_held(&pkvm_module_lock);

	*nr = remote.nr_events;
	list_for_each_entry(status, &pkvm_module_list, node) {
		if (status->part.hyp_va)
			*nr += nr_events(&status->part);
	}

	*all = kcalloc(*nr, sizeof(**all), GFP_KERNEL);
	if (!*all)
		return -ENOMEM;

	memcpy(*all, remote.events, remote.nr_events * sizeof(**all));
	list_for_each_entry(status, &pkvm_module_list, node) {
		if (!status->part.hyp_va)
			continue;
		for (i = 0; i < nr_events(&status->part); i++)
			(*all)[next++] = *events(&status->part)[i];
	}
	sort(*all, *nr, sizeof(**all), compare_ids, NULL);

	return 0;
}

/**
 * pkvm_module_trace_register() - register the hypervisor as a trace remote
 * @name:	as for trace_remote_register()
 * @cbs:	likewise
 * @priv:	likewise
 * @events:	the hypervisor's own events
 * @nr_events:	how many
 *
 * Waits for modules and their events where there may be some.
 *
 * Context: initialisation of KVM.
 * Return: 0, or the error of trace_remote_register().
 */
int __init pkvm_module_trace_register(const char *name, struct trace_remote_callbacks *cbs,
				      void *priv, struct remote_event *events, size_t nr_events)
{
	if (!is_protected_kvm_enabled())
		return trace_remote_register(name, cbs, priv, events, nr_events);

	remote.name = name;
	remote.cbs = cbs;
	remote.priv = priv;
	remote.events = events;
	remote.nr_events = nr_events;

	return 0;
}

static int __init register_remote(void)
{
	struct remote_event *all;
	size_t nr;
	int ret;

	if (!remote.name)
		return 0;

	scoped_guard(mutex, &pkvm_module_lock)
		ret = all_events(&all, &nr);
	if (ret)
		return ret;

	return trace_remote_register(remote.name, remote.cbs, remote.priv, all, nr);
}

/* The host is deprivileged before: tracing needs hypercalls that are refused until then. */
late_initcall(register_remote);

/* The format @fmt_id of the module that has @ip at EL2. */
static const char *find_format(unsigned long ip, u8 fmt_id)
{
	struct pkvm_module_status *status;

	list_for_each_entry_rcu(status, &pkvm_module_list, node, true) {
		struct pkvm_el2_section *text = &status->part.sections[PKVM_EL2_TEXT];
		struct pkvm_el2_section *s = &status->part.sections[PKVM_EL2_FORMATS];
		/* Pairs with pkvm_module_mapped(). */
		unsigned long va = smp_load_acquire(&status->part.hyp_va);
		unsigned long offset = ip - (va + text->start - status->part.start);

		if (!va || offset >= text->size)
			continue;

		return fmt_id < s->size / sizeof(char *) ? ((char **)s->start)[fmt_id] : NULL;
	}

	return NULL;
}

/**
 * pkvm_module_printk() - show a line that a module wrote at EL2
 * @seq:	where to
 * @ip:		EL2 address that it was written from
 * @fmt_id:	number of its format in the module
 * @a:		first argument
 * @b:		second argument
 * @c:		third argument
 * @d:		fourth argument
 *
 * What is read is the host's to corrupt: nothing but numbers come from there.
 *
 * Context: the trace buffer is read. May sleep.
 * Return: an empty string, as what is to be shown is in @seq.
 */
const char *pkvm_module_printk(struct trace_seq *seq, unsigned long ip, u8 fmt_id,
			       u64 a, u64 b, u64 c, u64 d)
{
	unsigned long kern_va = pkvm_el2_mod_kern_va(ip);
	const char *fmt = find_format(ip, fmt_id);

	trace_seq_printf(seq, "%pS: ", (void *)(kern_va ?: ip));
	if (fmt)
		trace_seq_printf(seq, fmt, a, b, c, d);
	else
		trace_seq_printf(seq, "format %u of it: 0x%llx 0x%llx 0x%llx 0x%llx", fmt_id,
				 a, b, c, d);

	return "";
}
