// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL1 side of loading pKVM vendor modules.
 *
 * The EL2 part of a module is some ELF sections of the module itself. They stay
 * where the module loader has put them: the hypervisor maps those pages, and from
 * the moment the host is deprivileged only the hypervisor can reach them. What the
 * module's EL1 part wrote there until then, EL2 sees.
 */

#define pr_fmt(fmt) "pkvm_module: " fmt

#include <linux/cleanup.h>
#include <linux/cpu.h>
#include <linux/kmemleak.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/moduleloader.h>
#include <linux/smp.h>
#include <linux/text-patching.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include <asm/insn.h>
#include <asm/kvm_pgtable.h>
#include <asm/virt.h>

#define __PKVM_MODULE_LOADER
#include <asm/kvm_pkvm_module.h>

#include "internal.h"

/* Taken for a whole load, so that modules load one after the other. */
DEFINE_MUTEX(pkvm_module_lock);
LIST_HEAD(pkvm_module_list);

/* For EL2, which reads it while the host may still write to its text. */
DEFINE_STATIC_KEY_FALSE(pkvm_module_has_calls);

static bool closed;
static bool closed_at_el2;

/* EL2 modules whose EL1 init function has not returned yet. */
static unsigned int nr_initialising;
static DECLARE_WAIT_QUEUE_HEAD(initialised);

const char * const pkvm_el2_section_names[PKVM_EL2_NR_SECTIONS] = {
	[PKVM_EL2_TEXT]		= ".hyp.text",
	[PKVM_EL2_RODATA]	= ".hyp.rodata",
	[PKVM_EL2_DATA]		= ".hyp.data",
	[PKVM_EL2_BSS]		= ".hyp.bss",
	[PKVM_EL2_RELOC]	= ".hyp.reloc",
	[PKVM_EL2_EVENTS]	= ".pkvm_events",
	[PKVM_EL2_EVENT_IDS]	= ".pkvm_event_ids",
	[PKVM_EL2_FORMATS]	= ".pkvm_printk.fmts",
};

static const enum mod_mem_type section_mem_type[PKVM_EL2_NR_REQUIRED] = {
	[PKVM_EL2_TEXT]		= MOD_TEXT,
	[PKVM_EL2_RODATA]	= MOD_RODATA,
	[PKVM_EL2_DATA]		= MOD_DATA,
	[PKVM_EL2_BSS]		= MOD_DATA,
	[PKVM_EL2_RELOC]	= MOD_RODATA,
};

static enum kvm_pgtable_prot section_prot(enum pkvm_el2_section_id id)
{
	switch (id) {
	case PKVM_EL2_TEXT:
		return PAGE_HYP_EXEC;
	case PKVM_EL2_RODATA:
		return PAGE_HYP_RO;
	default:
		return PAGE_HYP;
	}
}

const char *pkvm_el2_section_prot(enum pkvm_el2_section_id id)
{
	enum kvm_pgtable_prot prot = section_prot(id);

	if (prot & KVM_PGTABLE_PROT_X)
		return "r-x";

	return prot & KVM_PGTABLE_PROT_W ? "rw-" : "r--";
}

/*
 * A probe in EL2 text would be hit at EL2, or could not be placed at all. There are two
 * ranges that kprobes keep out of; a module with an EL2 part that has code of its own for
 * both does without the one at EL1.
 */
static void keep_kprobes_out(struct module *mod)
{
#ifdef CONFIG_KPROBES
	const struct pkvm_el2_section *text = &mod->arch.el2.sections[PKVM_EL2_TEXT];

	if (!text->size)
		return;

	if (!mod->kprobes_text_start) {
		mod->kprobes_text_start = (void *)text->start;
		mod->kprobes_text_size = text->size;
	} else {
		mod->noinstr_text_start = (void *)text->start;
		mod->noinstr_text_size = text->size;
	}
#endif
}

/**
 * pkvm_module_find_el2_part() - note where the EL2 sections of a module are
 * @hdr:	its ELF header
 * @sechdrs:	its section headers, with final addresses
 * @mod:	the module
 *
 * Context: from module_finalize(), the last time the section headers are there.
 */
void pkvm_module_find_el2_part(const struct elf64_hdr *hdr, const struct elf64_shdr *sechdrs,
			       struct module *mod)
{
	struct pkvm_el2_section *sections = mod->arch.el2.sections;
	const struct elf64_shdr *s;
	int id;

	for (id = 0; id < PKVM_EL2_NR_SECTIONS; id++) {
		s = find_section(hdr, sechdrs, pkvm_el2_section_names[id]);
		if (!s || !(s->sh_flags & SHF_ALLOC))
			continue;
		sections[id].start = s->sh_addr;
		sections[id].size = s->sh_size;
		sections[id].present = true;
	}

	keep_kprobes_out(mod);
}

static bool in_section(const struct pkvm_el2_section *s, unsigned long addr, size_t size)
{
	return addr >= s->start && size <= s->size && addr - s->start <= s->size - size;
}

/* In one of the sections that EL2 maps. An end address (@size 0) counts as in it. */
static bool in_el2_part(const struct pkvm_el2_part *part, unsigned long addr, size_t size)
{
	int id;

	for (id = 0; id < PKVM_EL2_NR_MAPPED; id++) {
		if (part->sections[id].size && in_section(&part->sections[id], addr, size))
			return true;
	}

	return false;
}

static unsigned long el2_addr(const struct pkvm_el2_part *part, unsigned long kern_va)
{
	return kern_va - part->start + part->hyp_va;
}

static int check_section(struct module *mod, enum pkvm_el2_section_id id)
{
	struct pkvm_el2_section *s = &mod->arch.el2.sections[id];
	const char *name = pkvm_el2_section_names[id];
	struct module_memory *mem = &mod->mem[section_mem_type[id]];

	/* Also one without relocations has the section for them. */
	if (!s->present) {
		pkvm_module_fail(mod->name, "no section %s: link hyp/kvm_nvhe.o in", name);
		return -ENOEXEC;
	}

	if (s->size && (s->start < (unsigned long)mem->base || s->size > mem->size ||
			s->start - (unsigned long)mem->base > mem->size - s->size)) {
		pkvm_module_fail(mod->name, "section %s has the wrong flags", name);
		return -ENOEXEC;
	}

	if (id < PKVM_EL2_NR_MAPPED && s->size && !PAGE_ALIGNED(s->start | s->size)) {
		pkvm_module_fail(mod->name, "section %s is not whole pages: use Makefile.module",
				 name);
		return -ENOEXEC;
	}

	return 0;
}

/*
 * Erratum 843419: the module loader replaces an ADRP at the end of a page by a
 * branch to a veneer if its target is far, and the veneer is in EL1 text. The
 * compiler never makes an unconditional branch out of the EL2 text by itself.
 */
static int check_veneers(struct module *mod)
{
	struct pkvm_el2_section *text = &mod->arch.el2.sections[PKVM_EL2_TEXT];
	unsigned long page, addr;

	for (page = text->start; page < text->start + text->size; page += PAGE_SIZE) {
		for (addr = page + 0xff8; addr < page + PAGE_SIZE; addr += AARCH64_INSN_SIZE) {
			u32 insn = le32_to_cpu(*(__le32 *)addr);

			if (!is_forbidden_offset_for_adrp((void *)addr) ||
			    !aarch64_insn_is_b(insn) ||
			    in_section(text, addr + aarch64_get_branch_offset(insn),
				       AARCH64_INSN_SIZE))
				continue;
			pkvm_module_fail(mod->name, "erratum 843419: .hyp.text+0x%lx leaves EL2",
					 addr - text->start);
			return -ENOEXEC;
		}
	}

	return 0;
}

static int check_el2_part(struct module *mod)
{
	struct pkvm_el2_part *part = &mod->arch.el2;
	int id, ret;

	for (id = 0; id < PKVM_EL2_NR_REQUIRED; id++) {
		ret = check_section(mod, id);
		if (ret)
			return ret;
	}

	if (!part->sections[PKVM_EL2_TEXT].size) {
		pkvm_module_fail(mod->name, "section .hyp.text is empty");
		return -ENOEXEC;
	}

	return check_veneers(mod);
}

/*
 * Find the address that entry @rel of .hyp.reloc stands for: like those of the
 * hypervisor itself, an entry is the distance from itself to the position of a
 * kernel VA that EL2 is going to use.
 */
static u64 *reloc_position(struct module *mod, s32 *rel)
{
	struct pkvm_el2_part *part = &mod->arch.el2;
	unsigned long pos = (unsigned long)rel + *rel;

	/* Written through a mapping of one page. */
	if (!in_el2_part(part, pos, sizeof(u64)) || offset_in_page(pos) > PAGE_SIZE - sizeof(u64) ||
	    in_section(&part->sections[PKVM_EL2_BSS], pos, sizeof(u64)))
		return NULL;

	return (u64 *)pos;
}

/* Not undone when loading fails later: the EL2 part is not used again. */
static int apply_relocs(struct module *mod)
{
	struct pkvm_el2_part *part = &mod->arch.el2;
	struct pkvm_el2_section *s = &part->sections[PKVM_EL2_RELOC];
	s32 *rel = (s32 *)s->start;
	s32 *end = rel + s->size / sizeof(*rel);
	int ret;

	for (; rel < end; rel++) {
		u64 *pos = reloc_position(mod, rel);

		if (!pos || !in_el2_part(part, *pos, 0)) {
			pkvm_module_fail(mod->name, "relocation %zu %s outside of its EL2 sections",
					 rel - (s32 *)s->start, pos ? "points" : "is");
			return -ENOEXEC;
		}

		/* Read-only data is already read-only: write as text is patched. */
		ret = aarch64_insn_write_literal_u64(pos, el2_addr(part, *pos));
		if (ret) {
			pkvm_module_fail(mod->name, "relocation %zu can not be written: error %d",
					 rel - (s32 *)s->start, ret);
			return ret;
		}
	}

	return 0;
}

/* The lowest section's address, and the number of pages up to the highest's end. */
static unsigned long el2_part_span(struct pkvm_el2_part *part, unsigned long *start)
{
	unsigned long end = 0;
	int id;

	*start = ULONG_MAX;
	for (id = 0; id < PKVM_EL2_NR_MAPPED; id++) {
		struct pkvm_el2_section *s = &part->sections[id];

		if (!s->size)
			continue;
		*start = min(*start, s->start);
		end = max(end, s->start + s->size);
	}

	return (end - *start) >> PAGE_SHIFT;
}

static int map_section(struct pkvm_el2_part *part, enum pkvm_el2_section_id id)
{
	struct pkvm_el2_section *s = &part->sections[id];
	unsigned long addr;
	int ret;

	for (addr = s->start; addr < s->start + s->size; addr += PAGE_SIZE) {
		ret = kvm_call_hyp_nvhe(__pkvm_module_map_page, part->hyp_va,
					vmalloc_to_pfn((void *)addr), el2_addr(part, addr),
					section_prot(id));
		if (ret)
			return ret;
	}

	return 0;
}

static void leave_el2(void *unused)
{
	kvm_call_hyp_nvhe(__pkvm_module_undo_traps);
}

/* EL2 has pages that it should not have: nobody else may get them. */
static void keep_pages(const struct pkvm_el2_part *part)
{
	unsigned long addr;
	int id;

	for (id = 0; id < PKVM_EL2_NR_MAPPED; id++) {
		const struct pkvm_el2_section *s = &part->sections[id];

		for (addr = s->start; addr < s->start + s->size; addr += PAGE_SIZE)
			get_page(vmalloc_to_page((void *)addr));
	}
}

/*
 * Withdraw an EL2 part, whose init function may have run. EL2 runs with interrupts
 * masked, so that a CPU which takes an interrupt is outside. One that is about to come
 * up is in EL2 before it takes any, for the notifiers of PSCI.
 *
 * The module's memory is freed then, whatever EL2 answers.
 */
static void withdraw_el2_part(struct module *mod)
{
	struct pkvm_el2_part *part = &mod->arch.el2;
	int ret;

	cpus_read_lock();
	kvm_call_hyp_nvhe(__pkvm_module_unregister, part->hyp_va);
	on_each_cpu(leave_el2, NULL, 1);
	ret = kvm_call_hyp_nvhe(__pkvm_module_release, part->hyp_va);
	cpus_read_unlock();

	if (WARN(ret, "%s: EL2 keeps pages of a module that is gone: %d", mod->name, ret))
		keep_pages(part);
	part->hyp_va = 0;
}

/* Where it may be called at all. */
static int check_loading_allowed(struct module *mod)
{
	if (!is_protected_kvm_enabled()) {
		pr_err("%s: an EL2 module needs %s\n", mod->name,
		       is_hyp_mode_available() ? "kvm-arm.mode=protected on the command line" :
						 "a kernel that was started at EL2");
		return -EOPNOTSUPP;
	}

	if (!is_kvm_arm_initialised()) {
		pr_err("%s: an EL2 module needs KVM, which failed to initialise\n", mod->name);
		return -EOPNOTSUPP;
	}

	if (closed) {
		pr_err("%s: too late, the host is deprivileged: use kvm-arm.protected_modules=\n",
		       mod->name);
		return -EOPNOTSUPP;
	}

	return 0;
}

static int load_el2_part(struct module *mod, pkvm_el2_init_t init_fn)
{
	struct pkvm_el2_part *part = &mod->arch.el2;
	unsigned long nr_pages;
	int id, ret;
	long va;

	if (!in_section(&part->sections[PKVM_EL2_TEXT], (unsigned long)init_fn,
			AARCH64_INSN_SIZE)) {
		pkvm_module_fail(mod->name, "its EL2 init function %ps is not in .hyp.text",
				 init_fn);
		return -ENOEXEC;
	}

	nr_pages = el2_part_span(part, &part->start);
	va = kvm_call_hyp_nvhe(__pkvm_module_reserve, nr_pages);
	if (IS_ERR_VALUE(va)) {
		pkvm_module_fail(mod->name, "EL2 has no room for %lu pages: error %ld", nr_pages,
				 va);
		return va;
	}
	part->hyp_va = va;

	ret = apply_relocs(mod);
	if (ret)
		goto withdraw;

	for (id = 0; id < PKVM_EL2_NR_MAPPED; id++) {
		ret = map_section(part, id);
		if (ret) {
			pkvm_module_fail(mod->name, "EL2 can not map %s: error %d",
					 pkvm_el2_section_names[id], ret);
			goto withdraw;
		}
	}

	pkvm_module_mapped(part);
	ret = kvm_call_hyp_nvhe(__pkvm_module_init, part->hyp_va,
				el2_addr(part, (unsigned long)init_fn));
	if (ret) {
		pkvm_module_fail(mod->name, "its EL2 init function returned %d", ret);
		ret = ret < 0 ? ret : -EINVAL;
		goto withdraw;
	}

	ret = pkvm_module_number_events(mod);
	if (ret)
		goto withdraw;

	return 0;

withdraw:
	withdraw_el2_part(mod);
	return ret;
}

int __pkvm_load_el2_module(struct module *mod, u32 ops_version, size_t ops_size,
			   pkvm_el2_init_t init_fn, unsigned long *token)
{
	struct pkvm_el2_part *part = &mod->arch.el2;
	int ret;

	guard(mutex)(&pkvm_module_lock);

	ret = check_loading_allowed(mod);
	if (ret)
		return ret;

	if (part->hyp_va) {
		pr_err("%s: its EL2 part is loaded already\n", mod->name);
		return -EBUSY;
	}

	if (ops_version != PKVM_MODULE_OPS_VERSION || ops_size != sizeof(struct pkvm_module_ops)) {
		pkvm_module_fail(mod->name, "for pkvm_module_ops %u (%zu bytes), not %u (%zu)",
				 ops_version, ops_size, PKVM_MODULE_OPS_VERSION,
				 sizeof(struct pkvm_module_ops));
		return -ENOEXEC;
	}

	part->status = pkvm_module_status(mod->name);
	if (!part->status) {
		pkvm_module_fail(mod->name, "out of memory");
		return -ENOMEM;
	}

	ret = check_el2_part(mod);
	if (!ret)
		ret = pkvm_module_check_formats(mod);
	if (!ret)
		ret = load_el2_part(mod, init_fn);
	if (ret)
		return ret;

	/* What EL2 owns can not be freed: never unload. */
	__module_get(mod);
	nr_initialising++;
	pkvm_module_loaded(part->status);
	if (token)
		*token = part->hyp_va;

	return 0;
}
EXPORT_SYMBOL_GPL(__pkvm_load_el2_module);

/* The loaded module that has @kern_va in its EL2 part, or NULL. */
static struct module *el2_module_address(unsigned long kern_va)
{
	struct module *mod = __module_address(kern_va);

	return mod && mod->arch.el2.hyp_va && in_el2_part(&mod->arch.el2, kern_va, 1) ? mod : NULL;
}

int __pkvm_register_el2_mod_call(unsigned long hfn)
{
	void *fn = (void *)hfn;
	struct module *mod;
	int ret;

	if (!is_protected_kvm_enabled())
		return -EOPNOTSUPP;

	guard(mutex)(&pkvm_module_lock);

	if (closed) {
		pr_err("%ps can not be registered as a call: the host is deprivileged\n", fn);
		return -EOPNOTSUPP;
	}

	/* A module with an EL2 part does not go away while the lock is held. */
	scoped_guard(rcu)
		mod = el2_module_address(hfn);
	if (!mod) {
		pr_err("%ps can not be registered as a call: not in a loaded EL2 part\n", fn);
		return -EINVAL;
	}

	ret = kvm_call_hyp_nvhe(__pkvm_module_register_call, el2_addr(&mod->arch.el2, hfn));
	if (ret < 0) {
		pr_err("%s: EL2 refused to register %ps: error %d\n", mod->name, fn, ret);
		return ret;
	}

	static_branch_enable(&pkvm_module_has_calls);
	pkvm_module_add_call(mod->arch.el2.status, ret, hfn);

	return ret;
}
EXPORT_SYMBOL_GPL(__pkvm_register_el2_mod_call);

unsigned long __pkvm_el2_mod_va(const void *kern_va)
{
	struct module *mod;

	guard(rcu)();
	mod = el2_module_address((unsigned long)kern_va);

	return mod ? el2_addr(&mod->arch.el2, (unsigned long)kern_va) : 0;
}
EXPORT_SYMBOL_GPL(__pkvm_el2_mod_va);

/**
 * pkvm_el2_mod_kern_va() - kernel address of something at EL2
 * @hyp_va:	its EL2 address
 *
 * For backtraces: the memory itself is out of reach after deprivilege.
 *
 * Context: any.
 * Return: the kernel address, 0 if @hyp_va is not in the EL2 part of a module.
 */
unsigned long pkvm_el2_mod_kern_va(unsigned long hyp_va)
{
	struct pkvm_module_status *status;

	list_for_each_entry_rcu(status, &pkvm_module_list, node, true) {
		struct pkvm_el2_part *part = &status->part;
		/* Pairs with pkvm_module_mapped(): set when the rest is complete. */
		unsigned long base = smp_load_acquire(&part->hyp_va);
		unsigned long kern_va = hyp_va - base + part->start;

		if (base && in_el2_part(part, kern_va, 1))
			return kern_va;
	}

	return 0;
}
EXPORT_SYMBOL_GPL(pkvm_el2_mod_kern_va);

/**
 * __pkvm_topup_hyp_alloc() - give pages to the EL2 heap behind hyp_alloc
 * @nr_pages:	how many
 *
 * Pages given before an error stay with the heap.
 *
 * Context: process, also after deprivilege. May sleep.
 * Return: 0; -ENOMEM; -EOPNOTSUPP outside protected mode.
 */
int __pkvm_topup_hyp_alloc(unsigned long nr_pages)
{
	struct page *page;
	int ret;

	if (!is_protected_kvm_enabled())
		return -EOPNOTSUPP;

	while (nr_pages--) {
		page = alloc_page(GFP_KERNEL);
		if (!page)
			return -ENOMEM;

		ret = kvm_call_hyp_nvhe(__pkvm_module_topup_heap, page_to_pfn(page));
		if (ret) {
			__free_page(page);
			return ret;
		}
	}

	return 0;
}
EXPORT_SYMBOL_GPL(__pkvm_topup_hyp_alloc);

/**
 * __pkvm_reclaim_hyp_alloc() - take back pages that the EL2 heap does not use
 * @nr_pages:	how many at most
 *
 * Context: process, also after deprivilege. May sleep.
 * Return: how many came back.
 */
unsigned long __pkvm_reclaim_hyp_alloc(unsigned long nr_pages)
{
	unsigned long nr = 0;

	if (!is_protected_kvm_enabled())
		return 0;

	for (; nr < nr_pages; nr++) {
		long pfn = kvm_call_hyp_nvhe(__pkvm_module_reclaim_heap);

		if (pfn < 0)
			break;
		__free_page(pfn_to_page(pfn));
	}

	return nr;
}
EXPORT_SYMBOL_GPL(__pkvm_reclaim_hyp_alloc);

/*
 * The init function of a module has returned. If it failed, the module is about to
 * be freed. It does not go at any other time: it holds a reference to itself.
 */
static int module_initialised(struct notifier_block *nb, unsigned long state, void *data)
{
	struct module *mod = data;

	if (!mod->arch.el2.hyp_va || (state != MODULE_STATE_LIVE && state != MODULE_STATE_GOING))
		return NOTIFY_DONE;

	guard(mutex)(&pkvm_module_lock);

	if (state == MODULE_STATE_GOING) {
		withdraw_el2_part(mod);
		pkvm_module_fail(mod->name,
				 "its EL1 init function failed; the EL2 part was withdrawn");
	}

	mod->arch.el2.status->initialised = true;
	nr_initialising--;
	wake_up_all(&initialised);

	return NOTIFY_OK;
}

static struct notifier_block pkvm_module_nb = {
	.notifier_call = module_initialised,
};

static int __init pkvm_module_init(void)
{
	return register_module_notifier(&pkvm_module_nb);
}
core_initcall(pkvm_module_init);

bool pkvm_modules_closed(void)
{
	return READ_ONCE(closed);
}

/* If not, EL2 lets no protected VM run. */
bool pkvm_modules_closed_at_el2(void)
{
	return closed_at_el2;
}

/*
 * End loading, at EL1 and at EL2, which is told whether protected VMs may exist.
 *
 * A module whose init function is still running, because somebody else loads it or
 * because it crashed, may yet fail, and could not be withdrawn any more: it gets some
 * time, and then it has failed. What EL2 owns is taken out of kmemleak's sight.
 */
void pkvm_close_modules(void)
{
	struct pkvm_module_status *status;
	int id, ret;

	wait_event_timeout(initialised, !READ_ONCE(nr_initialising), 5 * HZ);

	guard(mutex)(&pkvm_module_lock);

	list_for_each_entry(status, &pkvm_module_list, node) {
		if (status->state != PKVM_MODULE_LOADED)
			continue;
		if (!status->initialised)
			pkvm_module_fail(status->name, "its EL1 init function did not return");
		for (id = 0; id < PKVM_EL2_NR_MAPPED; id++)
			kmemleak_free_part((void *)status->part.sections[id].start,
					   status->part.sections[id].size);
	}

	ret = kvm_call_hyp_nvhe(__pkvm_module_close, pkvm_modules_all_loaded());
	if (!WARN_ON(ret))
		pkvm_module_show_stats();
	closed_at_el2 = ret != -EOPNOTSUPP;
	WRITE_ONCE(closed, true);
}
