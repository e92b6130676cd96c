// SPDX-License-Identifier: GPL-2.0-only
/*
 * The EL2 side of loading pKVM vendor modules.
 *
 * Until the host is deprivileged it is trusted: it brings modules in with the
 * hypercalls below, which handle_host_hcall() refuses for good afterwards. What
 * stays is the table of calls that modules have registered, and whether protected
 * VMs may exist. The host says the latter once, when it closes loading; a host
 * that never does has said no.
 *
 *     reserve          map_page            init
 *  -------------> VA -----------> image -----------> live
 *                 ^                 |                  |
 *                 |     release     |    unregister    |
 *                 +-----------------+------------------+
 *
 * Lock order: heap_lock, modules_lock, then the host stage-2 lock and pkvm_pgd_lock.
 * None is held while a module's code runs.
 */

#include <linux/percpu.h>

#include <asm/kvm_hyp.h>
#include <asm/kvm_mmu.h>
#include <asm/kvm_pkvm_module.h>

#include <nvhe/mem_protect.h>
#include <nvhe/mm.h>
#include <nvhe/modules.h>
#include <nvhe/pkvm.h>
#include <nvhe/spinlock.h>
#include <nvhe/trap_handler.h>

#include "ops.h"

enum va_range_use {
	VA_UNUSED,		/* reserved earlier, released: can be used again */
	VA_LOADING,
	VA_LIVE,		/* the image of a module that initialised */
	VA_MODULE,		/* a module's own, from alloc_module_va() */
	VA_PRIVATE,		/* mapped for modules, but not by them: devices, the heap */
};

/* What is mapped of an image: its sections may be far apart. */
struct va_section {
	unsigned long start;
	unsigned long end;
	enum kvm_pgtable_prot prot;
};

#define MAX_SECTIONS		4

struct va_range {
	unsigned long start;
	u64 nr_pages;		/* in use */
	u64 capacity;		/* what was reserved, maybe for somebody else before */
	struct va_section sections[MAX_SECTIONS];
	unsigned int nr_sections;
	unsigned int nr_tables;
	enum va_range_use use;
};

/*
 * The page tables for private VA come from a pool that has enough for 1 GiB, see
 * hyp_s1_pgtable_pages(), and all of memory beside. Modules get most of that GiB:
 * with more, mapping memory could fail where the hypervisor does not expect it.
 *
 * The hypervisor itself has little there but its vmemmap, of 2 MiB for each GiB of memory.
 * Where that alone takes most of it, stock can come short of tables, too: modules are not
 * to be refused for that.
 */
#define MAX_TABLES		448
#define MIN_TABLES		64
#define VMEMMAP_TABLES		32
static unsigned int nr_tables;

static DEFINE_HYP_SPINLOCK(modules_lock);
static DEFINE_PER_CPU(bool, in_init);
static struct va_range va_ranges[PKVM_MODULE_MAX_RANGES];
static unsigned int nr_va_ranges;
static bool closed;
static bool allow_protected_vms;

pkvm_module_call_t pkvm_module_calls[PKVM_MODULE_MAX_CALLS];

static bool va_range_contains(struct va_range *range, unsigned long va, u64 nr_pages)
{
	u64 first = (va - range->start) >> PAGE_SHIFT;

	return va >= range->start && first < range->nr_pages &&
	       range->nr_pages - first >= nr_pages;
}

static struct va_range *find_va_range(unsigned long va, u64 nr_pages)
{
	unsigned int i;

	hyp_assert_lock_held(&modules_lock);

	for (i = 0; i < nr_va_ranges; i++) {
		if (va_ranges[i].use != VA_UNUSED &&
		    va_range_contains(&va_ranges[i], va, nr_pages))
			return &va_ranges[i];
	}

	return NULL;
}

static struct va_range *find_image(unsigned long start, enum va_range_use use)
{
	struct va_range *range = find_va_range(start, 1);

	return range && range->start == start && range->use == use ? range : NULL;
}

/*
 * Private VA comes from a pointer that only grows. The range of a module that
 * was withdrawn is kept for the next one that fits, the tightest fit first.
 */
static struct va_range *reserve_va_range(u64 nr_pages, enum va_range_use use)
{
	struct va_range *range = NULL;
	unsigned int i;
	int ret;

	hyp_assert_lock_held(&modules_lock);

	/* Also keeps nr_pages << PAGE_SHIFT from wrapping. */
	if (!nr_pages || nr_pages > BIT(pkvm_pgtable.ia_bits - PAGE_SHIFT))
		return ERR_PTR(-EINVAL);

	for (i = 0; i < nr_va_ranges; i++) {
		if (va_ranges[i].use == VA_UNUSED && va_ranges[i].capacity >= nr_pages &&
		    (!range || va_ranges[i].capacity < range->capacity))
			range = &va_ranges[i];
	}

	if (!range) {
		if (nr_va_ranges == PKVM_MODULE_MAX_RANGES)
			return ERR_PTR(-ENOSPC);
		range = &va_ranges[nr_va_ranges];
		ret = pkvm_alloc_private_va_range(nr_pages << PAGE_SHIFT, &range->start);
		if (ret)
			return ERR_PTR(ret);
		range->capacity = nr_pages;
		nr_va_ranges++;
	}

	range->nr_pages = nr_pages;
	range->use = use;
	range->nr_sections = 0;
	range->nr_tables = 0;

	return range;
}

static bool is_open(void)
{
	return is_protected_kvm_enabled() && !closed;
}

/* Each of the loader's hypercalls asks one of these, once. */
static bool loading_allowed(void)
{
	return is_open() && !pkvm_module_should_fail();
}

static bool undoing_allowed(void)
{
	return is_open() && !pkvm_module_should_fail_undo();
}

/* Whether all of a range was reserved by one pkvm_alloc_module_va(). */
bool pkvm_module_va_valid(unsigned long va, u64 nr_pages)
{
	struct va_range *range;
	bool ret;

	hyp_spin_lock(&modules_lock);
	range = find_va_range(va, nr_pages);
	ret = range && range->use == VA_MODULE;
	hyp_spin_unlock(&modules_lock);

	return ret;
}

/* Whether this CPU is in the init function of a module. */
bool pkvm_module_in_init(void)
{
	return *this_cpu_ptr(&in_init);
}

static u64 max_tables(void)
{
	u64 more = hyp_vmemmap_pages(sizeof(struct hyp_page)) / PTRS_PER_PTE;

	more -= min(more, VMEMMAP_TABLES);

	return MAX_TABLES - min(more, MAX_TABLES - MIN_TABLES);
}

/* What the pages of one range, or of a section, can need. */
static u64 nr_tables_for(u64 nr_pages)
{
	return nr_pages / PTRS_PER_PTE + 2;
}

static bool tables_left(u64 tables)
{
	hyp_assert_lock_held(&modules_lock);

	return tables <= max_tables() - nr_tables;
}

/* Account for them. */
static bool charge_tables(struct va_range *range, u64 nr_pages)
{
	u64 tables = nr_tables_for(nr_pages);

	if (pkvm_module_should_fail() || !tables_left(tables))
		return false;

	nr_tables += tables;
	range->nr_tables += tables;

	return true;
}

/* Nothing is mapped in it any more. */
static void release_va_range(struct va_range *range)
{
	nr_tables -= range->nr_tables;
	range->nr_tables = 0;
	range->use = VA_UNUSED;
}

/* A range that may all be mapped. */
static struct va_range *reserve_charged_range(u64 nr_pages, enum va_range_use use)
{
	struct va_range *range;

	/* Not even reserved if there are no tables for it: VA does not come back. */
	if (!tables_left(nr_tables_for(nr_pages)))
		return ERR_PTR(-ENOMEM);

	range = reserve_va_range(nr_pages, use);
	if (!IS_ERR(range) && !charge_tables(range, nr_pages)) {
		range->use = VA_UNUSED;
		range = ERR_PTR(-ENOMEM);
	}

	return range;
}

static void *alloc_va(u64 nr_pages, enum va_range_use use)
{
	struct va_range *range;

	hyp_spin_lock(&modules_lock);
	range = reserve_charged_range(nr_pages, use);
	hyp_spin_unlock(&modules_lock);

	return IS_ERR(range) ? NULL : (void *)range->start;
}

void *pkvm_alloc_module_va(u64 nr_pages)
{
	return alloc_va(nr_pages, VA_MODULE);
}

/* Modules can map nothing there by themselves. */
void *pkvm_alloc_heap_va(u64 nr_pages)
{
	return alloc_va(nr_pages, VA_PRIVATE);
}

/*
 * Reserve VA for the image of a module.
 * x1: number of pages. Returns the first address or a negative errno.
 */
void handle___pkvm_module_reserve(struct kvm_cpu_context *host_ctxt)
{
	DECLARE_REG(u64, nr_pages, host_ctxt, 1);
	struct va_range *range = ERR_PTR(-EOPNOTSUPP);

	hyp_spin_lock(&modules_lock);
	if (loading_allowed())
		range = reserve_va_range(nr_pages, VA_LOADING);
	hyp_spin_unlock(&modules_lock);

	cpu_reg(host_ctxt, 1) = IS_ERR(range) ? PTR_ERR(range) : range->start;
}

/*
 * The section that the page at @va is to be added to: the last one if it goes on
 * there, or else a new one. Its tables are paid for with its first page, and again
 * with each block of pages. NULL if there can be no other, or no more tables.
 */
static struct va_section *section_for_page(struct va_range *range, unsigned long va,
					   enum kvm_pgtable_prot prot)
{
	struct va_section *section = range->sections;

	if (range->nr_sections)
		section = &range->sections[range->nr_sections - 1];

	if (range->nr_sections && section->end == va && section->prot == prot)
		return (va - section->start) % PMD_SIZE || charge_tables(range, 0) ? section : NULL;

	if (range->nr_sections == MAX_SECTIONS || !charge_tables(range, 0))
		return NULL;

	section = &range->sections[range->nr_sections++];
	*section = (struct va_section) { .start = va, .end = va, .prot = prot };

	return section;
}

/*
 * Take a page from the host and map it in the image.
 * x1: first address of the image, x2: pfn, x3: EL2 address, x4: protection.
 */
void handle___pkvm_module_map_page(struct kvm_cpu_context *host_ctxt)
{
	DECLARE_REG(unsigned long, image, host_ctxt, 1);
	DECLARE_REG(u64, pfn, host_ctxt, 2);
	DECLARE_REG(unsigned long, va, host_ctxt, 3);
	DECLARE_REG(enum kvm_pgtable_prot, prot, host_ctxt, 4);
	struct va_section *section;
	struct va_range *range;
	int ret = -EINVAL;

	hyp_spin_lock(&modules_lock);
	range = loading_allowed() ? find_image(image, VA_LOADING) : NULL;
	if (!range || !va_range_contains(range, va, 1))
		goto unlock;

	section = section_for_page(range, va, prot);
	if (!section) {
		ret = -ENOSPC;
		goto unlock;
	}

	ret = __pkvm_module_map_pages(pfn, va, 1, prot, false, PKVM_MODULE_IMAGE);
	if (!ret)
		section->end += PAGE_SIZE;

unlock:
	hyp_spin_unlock(&modules_lock);
	cpu_reg(host_ctxt, 1) = ret;
}

static bool in_section(struct va_range *range, unsigned long va, size_t size,
		       enum kvm_pgtable_prot prot)
{
	unsigned int i;

	for (i = 0; range && i < range->nr_sections; i++) {
		struct va_section *section = &range->sections[i];

		if (section->prot & prot && va >= section->start && va < section->end &&
		    section->end - va >= size)
			return true;
	}

	return false;
}

/* The only place for handlers. */
static bool in_text(struct va_range *range, unsigned long va)
{
	return IS_ALIGNED(va, AARCH64_INSN_SIZE) &&
	       in_section(range, va, AARCH64_INSN_SIZE, KVM_PGTABLE_PROT_X);
}

/*
 * Held while something that lies in a module is checked and made known: a module that
 * is withdrawn on another CPU takes with it all that is known by then.
 */
void pkvm_module_lock(void)
{
	hyp_spin_lock(&modules_lock);
}

void pkvm_module_unlock(void)
{
	hyp_spin_unlock(&modules_lock);
}

/* Whether a function can be called on behalf of modules. */
bool pkvm_module_is_text(unsigned long va)
{
	struct va_range *range = find_va_range(va, 1);

	return in_text(range, va) && range->use == VA_LIVE;
}

#ifdef CONFIG_PKVM_MODULES_STATS
/*
 * The number of the VA range that a function is in, if that is the image of a live
 * module; or else PKVM_MODULE_MAX_RANGES.
 */
unsigned int pkvm_module_image_of(unsigned long va)
{
	unsigned int nr = PKVM_MODULE_MAX_RANGES;
	struct va_range *range;

	hyp_spin_lock(&modules_lock);
	range = find_va_range(va, 1);
	if (in_text(range, va) && range->use == VA_LIVE)
		nr = range - va_ranges;
	hyp_spin_unlock(&modules_lock);

	return nr;
}
#endif

/* Whether it is in the writable data of a live module. */
bool pkvm_module_is_data(unsigned long va, size_t size)
{
	struct va_range *range = find_va_range(va, 1);

	return in_section(range, va, size, KVM_PGTABLE_PROT_W) && range->use == VA_LIVE;
}

/*
 * Run the init function of a module whose image is complete.
 * x1: first address of the image, x2: EL2 address of the function.
 */
void handle___pkvm_module_init(struct kvm_cpu_context *host_ctxt)
{
	DECLARE_REG(unsigned long, image, host_ctxt, 1);
	DECLARE_REG(unsigned long, init_va, host_ctxt, 2);
	int (*init)(const struct pkvm_module_ops *ops) = (void *)init_va;
	struct va_range *range;
	int ret = -EINVAL;
	bool left;

	hyp_spin_lock(&modules_lock);
	range = loading_allowed() ? find_image(image, VA_LOADING) : NULL;
	if (in_text(range, init_va) && !pkvm_module_fails_init()) {
		/* From here on it counts as text that handlers may lie in. */
		range->use = VA_LIVE;
		pkvm_module_count_image(range - va_ranges, range->start);
		ret = 0;
	}
	hyp_spin_unlock(&modules_lock);

	if (!ret) {
		pkvm_module_used_missing_op = false;
		*this_cpu_ptr(&in_init) = true;
		ret = init(&module_ops);
		*this_cpu_ptr(&in_init) = false;
		left = !pkvm_module_linear_unmap_all();
		left |= !pkvm_module_close_windows();
		if (left && !ret)
			ret = -EBUSY;
		/* What it asked for and did not get, it must not believe to have. */
		if (pkvm_module_used_missing_op && !ret)
			ret = -EOPNOTSUPP;
	}

	cpu_reg(host_ctxt, 1) = ret;
}

/*
 * Give a function of a live module a hypercall number.
 * x1: its EL2 address. Returns the number or a negative errno.
 */
void handle___pkvm_module_register_call(struct kvm_cpu_context *host_ctxt)
{
	DECLARE_REG(unsigned long, va, host_ctxt, 1);
	struct va_range *range;
	unsigned int i;
	int ret = -EOPNOTSUPP;

	hyp_spin_lock(&modules_lock);
	if (!loading_allowed())
		goto unlock;

	ret = -EINVAL;
	range = find_va_range(va, 1);
	if (!in_text(range, va) || range->use != VA_LIVE)
		goto unlock;

	ret = -EBUSY;
	for (i = 0; i < PKVM_MODULE_MAX_CALLS; i++) {
		if (pkvm_module_calls[i])
			continue;
		pkvm_module_reset_call(i);
		WRITE_ONCE(pkvm_module_calls[i], (pkvm_module_call_t)va);
		ret = __KVM_HOST_SMCCC_FUNC_MAX + i;
		break;
	}

unlock:
	hyp_spin_unlock(&modules_lock);
	cpu_reg(host_ctxt, 1) = ret;
}

/*
 * Remove everything that leads into a module. The host makes every CPU leave EL2
 * before it goes on to release the image.
 * x1: first address of the image.
 */
void handle___pkvm_module_unregister(struct kvm_cpu_context *host_ctxt)
{
	DECLARE_REG(unsigned long, image, host_ctxt, 1);
	struct va_range *range;
	unsigned int i, nr;
	int ret = -EINVAL;

	hyp_spin_lock(&modules_lock);
	range = undoing_allowed() ? find_image(image, VA_LIVE) : NULL;
	if (!range)
		goto unlock;

	/* No handler runs here: a window that is open was left so by a call. */
	pkvm_module_close_windows();

	for (i = 0; i < PKVM_MODULE_MAX_CALLS; i++) {
		if (!in_text(range, (unsigned long)pkvm_module_calls[i]))
			continue;
		WRITE_ONCE(pkvm_module_calls[i], NULL);
		pkvm_module_reset_call(i);
	}

	for (i = 0; i < range->nr_sections; i++) {
		struct va_section *section = &range->sections[i];

		if (section->prot & KVM_PGTABLE_PROT_W)
			pkvm_module_remove_events(section->start, section->end);
		if (!(section->prot & KVM_PGTABLE_PROT_X))
			continue;
		pkvm_module_remove_handlers(section->start, section->end);
		pkvm_module_remove_serial(section->start, section->end);
		pkvm_module_remove_trng(section->start, section->end);
		pkvm_module_remove_serror(section->start, section->end);
	}
	range->use = VA_LOADING;
	nr = range - va_ranges;
	pkvm_module_count_image(nr, 0);
	ret = 0;

unlock:
	hyp_spin_unlock(&modules_lock);
	/* The heap's lock comes before this one. */
	if (!ret)
		pkvm_module_disown_heap(nr);
	cpu_reg(host_ctxt, 1) = ret;
}

/*
 * End what withdrawn modules had trapped on this CPU. Whose it is, is not known: while
 * there is a handler left, all of it stays.
 */
void handle___pkvm_module_undo_traps(struct kvm_cpu_context *host_ctxt)
{
	int ret = -EOPNOTSUPP;

	pkvm_module_take_account();
	if (undoing_allowed()) {
		if (!pkvm_module_has(PKVM_MODULE_DEFAULT_TRAP))
			pkvm_module_undo_traps();
		ret = 0;
	}

	cpu_reg(host_ctxt, 1) = ret;
}

/*
 * Unmap an image that nothing leads into and give its pages back to the host.
 * x1: first address of the image.
 */
void handle___pkvm_module_release(struct kvm_cpu_context *host_ctxt)
{
	DECLARE_REG(unsigned long, image, host_ctxt, 1);
	struct va_range *range;
	unsigned int i;
	int ret = -EINVAL;

	hyp_spin_lock(&modules_lock);
	range = undoing_allowed() ? find_image(image, VA_LOADING) : NULL;
	if (!range)
		goto unlock;

	ret = 0;
	for (i = 0; i < range->nr_sections; i++) {
		struct va_section *section = &range->sections[i];
		unsigned long va;

		if (section->prot & KVM_PGTABLE_PROT_X)
			pkvm_module_free_handlers(section->start, section->end);
		for (va = section->start; va < section->end; va += PAGE_SIZE) {
			int err = __pkvm_module_release_image_page(va);

			ret = ret ?: err;
		}
	}

	/* A range that is not clean is lost rather than used again. */
	if (!ret)
		release_va_range(range);

unlock:
	hyp_spin_unlock(&modules_lock);
	cpu_reg(host_ctxt, 1) = ret;
}

/*
 * End loading for good.
 * x1: whether all modules that were asked for are loaded. An error other than
 * -EOPNOTSUPP is about the counters, which are out of the host's reach then.
 */
void handle___pkvm_module_close(struct kvm_cpu_context *host_ctxt)
{
	DECLARE_REG(bool, all_loaded, host_ctxt, 1);
	int ret = -EOPNOTSUPP;

	hyp_spin_lock(&modules_lock);
	if (loading_allowed()) {
		allow_protected_vms = all_loaded;
		closed = true;
		pkvm_module_end_faults();
		ret = pkvm_module_share_stats();
	}
	hyp_spin_unlock(&modules_lock);

	cpu_reg(host_ctxt, 1) = ret;
}

/*
 * Map a range in private VA, for good: create_private_mapping() of modules.
 * @size is whole pages.
 */
int pkvm_module_map_private(phys_addr_t phys, u64 size, enum kvm_pgtable_prot prot,
			    unsigned long *va)
{
	struct va_range *range;
	int ret;

	hyp_spin_lock(&modules_lock);

	range = reserve_charged_range(size >> PAGE_SHIFT, VA_PRIVATE);
	if (IS_ERR(range)) {
		ret = PTR_ERR(range);
		goto unlock;
	}

	ret = __pkvm_module_map_private(range->start, size, phys, prot);
	if (ret)
		release_va_range(range);
	else
		*va = range->start;

unlock:
	hyp_spin_unlock(&modules_lock);

	return ret;
}

/* Take MMIO from the host for a module. */
int pkvm_module_donate_mmio(u64 pfn, u64 nr_pages, enum kvm_pgtable_prot prot)
{
	struct va_range *range;
	int ret;

	hyp_spin_lock(&modules_lock);

	/* What is refused takes no VA, which does not come back. */
	ret = __pkvm_module_check_mmio(pfn, nr_pages, prot);
	if (ret)
		goto unlock;

	range = reserve_charged_range(nr_pages, VA_PRIVATE);
	if (IS_ERR(range)) {
		ret = PTR_ERR(range);
		goto unlock;
	}

	ret = __pkvm_module_take_mmio(pfn, nr_pages, range->start, prot);
	if (ret)
		release_va_range(range);

unlock:
	hyp_spin_unlock(&modules_lock);

	return ret;
}

int pkvm_module_return_mmio(u64 pfn, u64 nr_pages)
{
	unsigned long va;
	int ret;

	hyp_spin_lock(&modules_lock);
	ret = __pkvm_module_return_mmio(pfn, nr_pages, &va);
	if (!ret)
		release_va_range(find_va_range(va, nr_pages));
	hyp_spin_unlock(&modules_lock);

	return ret;
}

/* A normal VM always may exist. */
bool pkvm_modules_allow_vm(struct pkvm_hyp_vm *hyp_vm)
{
	return allow_protected_vms || !pkvm_hyp_vm_is_protected(hyp_vm);
}

#ifdef CONFIG_PKVM_MODULES_FAULTS
bool pkvm_module_is_locked(void)
{
	return hyp_spin_is_locked(&modules_lock);
}

void pkvm_module_count(u64 *accounts)
{
	unsigned int i;

	hyp_spin_lock(&modules_lock);
	for (i = 0; i < nr_va_ranges; i++)
		accounts[PKVM_MODULE_RANGES] += va_ranges[i].use != VA_UNUSED;
	for (i = 0; i < PKVM_MODULE_MAX_CALLS; i++)
		accounts[PKVM_MODULE_CALLS] += !!pkvm_module_calls[i];
	accounts[PKVM_MODULE_CHARGED] = nr_tables;
	hyp_spin_unlock(&modules_lock);
}
#endif

/* The number of this CPU, found by its per-CPU area: EL2 keeps no other record. */
int pkvm_module_cpu(void)
{
	unsigned long offset = __hyp_my_cpu_offset();
	unsigned int cpu;

	for (cpu = 0; cpu < hyp_nr_cpus; cpu++) {
		if (__hyp_per_cpu_offset(cpu) == offset)
			return cpu;
	}

	return -EINVAL;
}
