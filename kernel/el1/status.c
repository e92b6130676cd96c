// SPDX-License-Identifier: GPL-2.0-only
/*
 * What became of each pKVM vendor module, and sysfs to see it.
 *
 * The files are described in docs/sysfs.md of the project.
 */

#define pr_fmt(fmt) "pkvm_module: " fmt

#include <linux/kallsyms.h>
#include <linux/kobject.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/stdarg.h>
#include <linux/sysfs.h>

#include <asm/virt.h>

#include "internal.h"

/* The module that closed the gate: the first that failed. */
static struct pkvm_module_status *first_failed;

static struct kobject *pkvm_kobj;
static struct kset *modules_kset;

static struct pkvm_module_status *to_status(struct kobject *kobj)
{
	return container_of(kobj, struct pkvm_module_status, kobj);
}

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct pkvm_module_status *status = to_status(kobj);

	guard(mutex)(&pkvm_module_lock);
	if (status->state == PKVM_MODULE_LOADED)
		return sysfs_emit(buf, "loaded\n");

	return sysfs_emit(buf, "failed: %s\n", status->reason);
}

static ssize_t el2_address_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct pkvm_module_status *status = to_status(kobj);

	guard(mutex)(&pkvm_module_lock);
	if (!status->part.hyp_va)
		return sysfs_emit(buf, "none\n");

	return sysfs_emit(buf, "0x%lx\n", status->part.hyp_va);
}

static ssize_t sections_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct pkvm_module_status *status = to_status(kobj);
	struct pkvm_el2_part *part = &status->part;
	int id, len = 0;

	guard(mutex)(&pkvm_module_lock);
	if (!part->hyp_va)
		return 0;

	for (id = 0; id < PKVM_EL2_NR_MAPPED; id++) {
		struct pkvm_el2_section *s = &part->sections[id];

		if (s->size)
			len += sysfs_emit_at(buf, len, "%s 0x%lx %lu %s\n",
					     pkvm_el2_section_names[id],
					     s->start - part->start + part->hyp_va, s->size,
					     pkvm_el2_section_prot(id));
	}

	return len;
}

/*
 * A function of a module by its name, without the module's, which the directory or the
 * file has. "?" where the kernel has no names: an address is not everybody's to know.
 */
const char *pkvm_module_symbol(unsigned long va, char symbol[KSYM_SYMBOL_LEN])
{
	if (!IS_ENABLED(CONFIG_KALLSYMS))
		return "?";

	sprint_symbol_no_offset(symbol, va);
	strreplace(symbol, ' ', '\0');

	return symbol;
}

static ssize_t calls_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct pkvm_module_status *status = to_status(kobj);
	struct pkvm_module_call_entry *call;
	char symbol[KSYM_SYMBOL_LEN];
	int len = 0;

	guard(mutex)(&pkvm_module_lock);
	list_for_each_entry(call, &status->calls, node)
		len += sysfs_emit_at(buf, len, "%d %s\n", call->id,
				     pkvm_module_symbol(call->hfn, symbol));

	return len;
}

static struct kobj_attribute state_attr = __ATTR_RO_MODE(state, 0444);
static struct kobj_attribute el2_address_attr = __ATTR_RO_MODE(el2_address, 0400);
static struct kobj_attribute sections_attr = __ATTR_RO_MODE(sections, 0400);
static struct kobj_attribute calls_attr = __ATTR_RO_MODE(calls, 0444);

static struct attribute *status_attrs[] = {
	&state_attr.attr,
	&el2_address_attr.attr,
	&sections_attr.attr,
	&calls_attr.attr,
	NULL,
};
ATTRIBUTE_GROUPS(status);

/* Not that anybody drops the last reference: entries are kept for good. */
static void status_release(struct kobject *kobj)
{
	kfree(to_status(kobj));
}

static const struct kobj_type status_ktype = {
	.release	= status_release,
	.sysfs_ops	= &kobj_sysfs_ops,
	.default_groups	= status_groups,
};

int pkvm_module_why_closed(char *buf, size_t size)
{
	if (!is_protected_kvm_enabled() || !is_kvm_arm_initialised())
		return scnprintf(buf, size, "protected KVM is not enabled");
	if (!pkvm_modules_closed())
		return scnprintf(buf, size, "modules are still being loaded");
	if (first_failed)
		return scnprintf(buf, size, "%s: %s", first_failed->name, first_failed->reason);
	if (!pkvm_modules_closed_at_el2())
		return scnprintf(buf, size, "EL2 did not end loading");

	return 0;
}

static ssize_t protected_vms_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	char why[MODULE_NAME_LEN + PKVM_MODULE_REASON_LEN];

	guard(mutex)(&pkvm_module_lock);
	if (pkvm_module_why_closed(why, sizeof(why)))
		return sysfs_emit(buf, "denied: %s\n", why);

	return sysfs_emit(buf, "allowed\n");
}

static struct kobj_attribute protected_vms_attr = __ATTR_RO_MODE(protected_vms, 0444);

static int __init pkvm_status_init(void)
{
	pkvm_kobj = kobject_create_and_add("pkvm", kernel_kobj);
	if (!pkvm_kobj)
		return -ENOMEM;

	modules_kset = kset_create_and_add("modules", NULL, pkvm_kobj);
	if (!modules_kset)
		return -ENOMEM;

	return sysfs_create_file(pkvm_kobj, &protected_vms_attr.attr);
}
postcore_initcall(pkvm_status_init);

static struct pkvm_module_status *find_status(const char *name)
{
	struct pkvm_module_status *status;

	lockdep_assert_held(&pkvm_module_lock);

	list_for_each_entry(status, &pkvm_module_list, node) {
		if (!strcmp(status->name, name))
			return status;
	}

	return NULL;
}

/**
 * pkvm_module_status() - find or make the status of a module
 * @name:	its name, with underscores
 *
 * Context: process, with pkvm_module_lock held.
 * Return: the status, NULL without memory for it.
 */
struct pkvm_module_status *pkvm_module_status(const char *name)
{
	struct pkvm_module_status *status = find_status(name);

	if (status)
		return status;

	status = kzalloc_obj(*status);
	if (!status)
		return NULL;

	strscpy(status->name, name);
	INIT_LIST_HEAD(&status->calls);
	list_add_tail_rcu(&status->node, &pkvm_module_list);

	/* Without its directory in sysfs, a module is as good. */
	kobject_init(&status->kobj, &status_ktype);
	status->kobj.kset = modules_kset;
	if (!modules_kset || kobject_add(&status->kobj, NULL, "%s", name))
		pr_warn("%s: no directory in sysfs\n", name);

	return status;
}

static void forget_calls(struct pkvm_module_status *status)
{
	struct pkvm_module_call_entry *call, *next;

	list_for_each_entry_safe(call, next, &status->calls, node) {
		list_del(&call->node);
		kfree(call);
	}
}

static struct pkvm_module_status no_memory_status = {
	.reason = "out of memory",
	.calls = LIST_HEAD_INIT(no_memory_status.calls),
};

/**
 * pkvm_module_fail() - a module failed to load: say so and close the gate
 * @name:	its name
 * @fmt:	the reason, one line without the name
 *
 * The first reason given for a module is the one that stays.
 *
 * Context: process, with pkvm_module_lock held.
 */
void pkvm_module_fail(const char *name, const char *fmt, ...)
{
	struct pkvm_module_status *status = pkvm_module_status(name);
	va_list args;

	if (!status) {
		status = &no_memory_status;
		strscpy(status->name, name);
	} else if (status->state == PKVM_MODULE_LOADED || !status->reason[0]) {
		va_start(args, fmt);
		vscnprintf(status->reason, sizeof(status->reason), fmt, args);
		va_end(args);
		pr_err("%s: %s\n", name, status->reason);
	}

	status->state = PKVM_MODULE_FAILED;
	WRITE_ONCE(status->part.hyp_va, 0);
	forget_calls(status);
	if (!first_failed)
		first_failed = status;
}

/* EL2 is about to run it: from now on its addresses have names. */
void pkvm_module_mapped(const struct pkvm_el2_part *part)
{
	struct pkvm_module_status *status = part->status;

	memcpy(status->part.sections, part->sections, sizeof(part->sections));
	status->part.start = part->start;
	/* Pairs with pkvm_el2_mod_kern_va(), which takes no lock. */
	smp_store_release(&status->part.hyp_va, part->hyp_va);
}

void pkvm_module_loaded(struct pkvm_module_status *status)
{
	status->state = PKVM_MODULE_LOADED;
	status->initialised = false;
	pr_info("%s: EL2 part loaded\n", status->name);
}

bool pkvm_module_is_loaded(const char *name)
{
	struct pkvm_module_status *status = find_status(name);

	return status && status->state == PKVM_MODULE_LOADED;
}

/* Whether @reason is the one that stands for a module that failed. */
bool pkvm_module_is_because(const char *name, const char *reason)
{
	struct pkvm_module_status *status = find_status(name);

	return status && status->state == PKVM_MODULE_FAILED && !strcmp(status->reason, reason);
}

/* Without memory for the entry the call works all the same, unseen in sysfs. */
void pkvm_module_add_call(struct pkvm_module_status *status, int id, unsigned long hfn)
{
	struct pkvm_module_call_entry *call = kmalloc_obj(*call);

	if (!call)
		return;

	call->id = id;
	call->hfn = hfn;
	list_add_tail(&call->node, &status->calls);
}

bool pkvm_modules_all_loaded(void)
{
	return !first_failed;
}
