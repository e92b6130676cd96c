// SPDX-License-Identifier: GPL-2.0-only
/*
 * Page ownership for pKVM vendor modules.
 *
 * Included by ../mem_protect.c, whose page-state helpers it is made of. Two
 * things set a module's pages apart from the hypervisor's own:
 *
 * - The invalid host stage-2 entry that says "owned by EL2" also says for what
 *   (enum pkvm_module_page_user). A module can only give back, or map again,
 *   what was taken from the host on its behalf.
 *
 * - A page that is mapped in module VA holds one reference, as a pinned one does,
 *   so it can neither be mapped twice nor given back while EL2 can reach it.
 *
 * Pages of a module's image, and those a module takes by mapping them, have no
 * alias in EL2's linear range: a writable alias of text would defeat its
 * permissions.
 */

#include <linux/cacheflush.h>
#include <linux/overflow.h>

#include <asm/kvm_pkvm_module.h>

#include <nvhe/modules.h>

/* Checked before anything else: no argument of a module may reach a WARN. */
static bool module_range_valid(u64 pfn, u64 nr_pages)
{
	return nr_pages && pfn_range_is_valid(pfn, nr_pages);
}

static bool module_prot_valid(enum kvm_pgtable_prot prot)
{
	if (prot & ~KVM_PGTABLE_PROT_RWX || !(prot & KVM_PGTABLE_PROT_R))
		return false;

	return !(prot & KVM_PGTABLE_PROT_W) || !(prot & KVM_PGTABLE_PROT_X);
}

/* Whether anything is mapped at @va; its entry is *@pte then. */
static bool hyp_va_leaf(unsigned long va, kvm_pte_t *pte)
{
	hyp_assert_lock_held(&pkvm_pgd_lock);

	return !kvm_pgtable_get_leaf(&pkvm_pgtable, va, pte, NULL) && kvm_pte_valid(*pte);
}

static bool hyp_va_is_mapped(unsigned long va)
{
	kvm_pte_t pte;

	return hyp_va_leaf(va, &pte);
}

/*
 * What an annotation says beside the owner: the user, and for the pages of a list which
 * list that was.
 */
#define MODULE_PAGE_USER	GENMASK(3, 0)
#define MODULE_PAGE_LIST	GENMASK(55, 4)

/* @meta is a user, or a user with a list. */
static int check_module_page(phys_addr_t phys, u64 meta)
{
	kvm_pte_t pte;
	u64 found;

	if (kvm_pgtable_get_leaf(&host_mmu.pgt, phys, &pte, NULL) || kvm_pte_valid(pte) ||
	    FIELD_GET(KVM_INVALID_PTE_TYPE_MASK, pte) != KVM_HOST_INVALID_PTE_TYPE_DONATION ||
	    FIELD_GET(KVM_HOST_DONATION_PTE_OWNER_MASK, pte) != PKVM_ID_HYP)
		return -EPERM;

	found = FIELD_GET(KVM_HOST_DONATION_PTE_EXTRA_MASK, pte);
	if (!(meta & MODULE_PAGE_LIST))
		found &= MODULE_PAGE_USER;

	return found == meta ? 0 : -EPERM;
}

static int check_module_pages(phys_addr_t phys, u64 size, u64 meta)
{
	u64 offset;
	int ret;

	ret = __host_check_page_state_range(phys, size, PKVM_NOPAGE);
	if (!ret)
		ret = __hyp_check_page_state_range(phys, size, PKVM_PAGE_OWNED);

	for (offset = 0; !ret && offset < size; offset += PAGE_SIZE)
		ret = check_module_page(phys + offset, meta);

	return ret;
}

static void return_host_pages(phys_addr_t phys, u64 size)
{
	u64 offset;

	__hyp_set_page_state_range(phys, size, PKVM_NOPAGE);
	for (offset = 0; offset < size; offset += PAGE_SIZE)
		WARN_ON(host_stage2_set_owner_locked(phys + offset, PAGE_SIZE, PKVM_ID_HOST));
}

static int take_host_pages(phys_addr_t phys, u64 size, u64 meta)
{
	u64 offset;
	int ret;

	ret = __host_check_page_state_range(phys, size, PKVM_PAGE_OWNED);
	if (ret)
		return ret;
	ret = __hyp_check_page_state_range(phys, size, PKVM_NOPAGE);
	if (ret)
		return ret;
	ret = __hyp_check_page_count_range(phys, size);
	if (ret)
		return ret;

	/* Page by page, so that what was annotated needs no tables to be undone. */
	for (offset = 0; offset < size; offset += PAGE_SIZE) {
		ret = host_stage2_set_owner_metadata_locked(phys + offset, PAGE_SIZE,
							    PKVM_ID_HYP, meta);
		if (ret) {
			return_host_pages(phys, offset);
			return ret;
		}
	}

	__hyp_set_page_state_range(phys, size, PKVM_PAGE_OWNED);

	return 0;
}

/* What is executable at one address is not to be writable at another. */
static int check_no_text(unsigned long va, u64 size)
{
	unsigned long cur;
	kvm_pte_t pte;

	for (cur = va; cur < va + size; cur += PAGE_SIZE) {
		if (hyp_va_leaf(cur, &pte) && kvm_pgtable_hyp_pte_prot(pte) & KVM_PGTABLE_PROT_X)
			return -EBUSY;
	}

	return 0;
}

static void unmap_hyp_va(unsigned long va, u64 size)
{
	unsigned long cur;

	for (cur = va; cur < va + size; cur += PAGE_SIZE) {
		if (hyp_va_is_mapped(cur))
			WARN_ON(kvm_pgtable_hyp_unmap(&pkvm_pgtable, cur, PAGE_SIZE) != PAGE_SIZE);
	}
}

/*
 * What EL2 has written there, and what it has overwritten, is to be so in memory as
 * well: the host may look past the caches, see hyp_poison_page().
 *
 * It may have written past them, too. What a module reads in a page that was taken from
 * the host, it is to read there ever after, and what it has checked is what is run: so
 * this comes before the first look.
 */
static void flush_hyp_va(unsigned long va, u64 size)
{
	unsigned long cur;

	for (cur = va; cur < va + size; cur += PAGE_SIZE) {
		if (hyp_va_is_mapped(cur))
			kvm_flush_dcache_to_poc((void *)cur, PAGE_SIZE);
	}
}

/*
 * The text was written under another VA, maybe by a host that left it in the data cache:
 * what is read there is what has to be run.
 */
static void sync_hyp_text(unsigned long va, u64 size)
{
	flush_hyp_va(va, size);
	icache_inval_all_pou();
	isb();
}

/* Page by page, so that each can be unmapped by itself. */
static int map_hyp_va(unsigned long va, u64 size, phys_addr_t phys, enum kvm_pgtable_prot prot)
{
	u64 offset;
	int ret;

	for (offset = 0; offset < size; offset += PAGE_SIZE) {
		ret = kvm_pgtable_hyp_map(&pkvm_pgtable, va + offset, PAGE_SIZE,
					  phys + offset, prot);
		if (ret) {
			unmap_hyp_va(va, offset);
			return ret;
		}
	}

	if (prot & KVM_PGTABLE_PROT_X)
		sync_hyp_text(va, size);

	return 0;
}

static int map_taken_pages(unsigned long va, u64 size, phys_addr_t phys, enum kvm_pgtable_prot prot)
{
	int ret;

	ret = map_hyp_va(va, size, phys, prot);
	if (!ret)
		flush_hyp_va(va, size);
	else
		return_host_pages(phys, size);

	return ret;
}

int __pkvm_module_map_pages(u64 pfn, unsigned long va, u64 nr_pages,
			    enum kvm_pgtable_prot prot, bool is_protected,
			    enum pkvm_module_page_user user)
{
	phys_addr_t phys = hyp_pfn_to_phys(pfn);
	unsigned long linear = (unsigned long)__hyp_va(phys);
	u64 size = PAGE_SIZE * nr_pages;
	unsigned long cur;
	int ret;

	if (!module_range_valid(pfn, nr_pages) || !module_prot_valid(prot) ||
	    !PAGE_ALIGNED(va))
		return -EINVAL;

	host_lock_component();
	hyp_lock_component();

	ret = -EBUSY;
	for (cur = va; cur < va + size; cur += PAGE_SIZE) {
		if (hyp_va_is_mapped(cur))
			goto unlock;
	}

	if (is_protected) {
		ret = check_module_pages(phys, size, user);
		if (!ret)
			ret = __hyp_check_page_count_range(phys, size);
		if (!ret && prot & KVM_PGTABLE_PROT_W)
			ret = check_no_text(linear, size);
		if (!ret)
			ret = map_hyp_va(va, size, phys, prot);
	} else {
		ret = take_host_pages(phys, size, user);
		if (!ret)
			ret = map_taken_pages(va, size, phys, prot);
	}
	if (ret)
		goto unlock;

	if (prot & KVM_PGTABLE_PROT_X)
		unmap_hyp_va(linear, size);

	for_each_hyp_page(page, phys, size)
		hyp_set_page_refcounted(page);

unlock:
	hyp_unlock_component();
	host_unlock_component();

	return ret;
}

int __pkvm_module_unmap_pages(u64 pfn, unsigned long va, u64 nr_pages)
{
	phys_addr_t phys = hyp_pfn_to_phys(pfn);
	u64 size = PAGE_SIZE * nr_pages;
	kvm_pte_t pte;
	u64 offset;
	int ret;

	if (!module_range_valid(pfn, nr_pages) || !PAGE_ALIGNED(va))
		return -EINVAL;

	host_lock_component();
	hyp_lock_component();

	ret = check_module_pages(phys, size, PKVM_MODULE_PAGE);
	if (ret)
		goto unlock;

	ret = -EINVAL;
	for (offset = 0; offset < size; offset += PAGE_SIZE) {
		if (!hyp_va_leaf(va + offset, &pte) || kvm_pte_to_phys(pte) != phys + offset)
			goto unlock;
	}

	/* It may have no other mapping, by which it could be done when it is given back. */
	flush_hyp_va(va, size);
	unmap_hyp_va(va, size);
	for_each_hyp_page(page, phys, size)
		hyp_page_ref_dec(page);
	ret = 0;

unlock:
	hyp_unlock_component();
	host_unlock_component();

	return ret;
}

/**
 * __pkvm_module_release_image_page() - withdraw one page of a module's image
 * @va:	its EL2 address
 *
 * Context: EL2, with no CPU left inside the module.
 * Return: 0, also where nothing is mapped; -EPERM if it is not of an image.
 */
int __pkvm_module_release_image_page(unsigned long va)
{
	phys_addr_t phys;
	kvm_pte_t pte;
	int ret;

	host_lock_component();
	hyp_lock_component();

	ret = kvm_pgtable_get_leaf(&pkvm_pgtable, va, &pte, NULL);
	if (ret || !kvm_pte_valid(pte))
		goto unlock;

	phys = kvm_pte_to_phys(pte);
	ret = check_module_pages(phys, PAGE_SIZE, PKVM_MODULE_IMAGE);
	if (ret)
		goto unlock;

	unmap_hyp_va(va, PAGE_SIZE);
	hyp_page_ref_dec(hyp_phys_to_page(phys));
	return_host_pages(phys, PAGE_SIZE);

unlock:
	hyp_unlock_component();
	host_unlock_component();

	return ret;
}

/*
 * MMIO that modules have taken. There is no vmemmap for it, and what its host
 * stage-2 entries say is all dropped when the pages for their tables run out: the
 * ranges are kept here, and left out then.
 *
 * Those pages come from a pool with room for 1 GiB of MMIO. What these ranges can
 * need of it is a quarter.
 */
#define MAX_MMIO_TABLES		128
#define MMIO_TABLES(nr_pages)	((nr_pages) / PTRS_PER_PTE + 2 * KVM_PGTABLE_LAST_LEVEL)
#define MAX_MODULE_MMIO		(MAX_MMIO_TABLES / MMIO_TABLES(0))

static struct module_mmio {
	u64 start, end;
	unsigned long va;
} module_mmio[MAX_MODULE_MMIO];
static u64 nr_mmio_tables;

/* The first of the taken ranges from @start on that begins before @end, or NULL. */
static struct module_mmio *next_module_mmio(u64 start, u64 end)
{
	struct module_mmio *cur, *first = NULL;

	hyp_assert_lock_held(&host_mmu.lock);

	for (cur = module_mmio; cur < module_mmio + MAX_MODULE_MMIO; cur++) {
		if (cur->start < end && cur->end > start &&
		    (!first || cur->start < first->start))
			first = cur;
	}

	return first;
}

/* Drop the host's entries of a range of MMIO, but for what modules have. */
int pkvm_module_unmap_mmio(struct kvm_pgtable *host_pgt, u64 start, u64 size)
{
	u64 end = start + size;
	int ret = 0;

	while (!ret && start < end) {
		struct module_mmio *taken = next_module_mmio(start, end);
		u64 next = taken ? taken->start : end;

		if (next > start)
			ret = kvm_pgtable_stage2_unmap(host_pgt, start, next - start);
		start = taken ? taken->end : end;
	}

	return ret;
}

/* Whether __pkvm_module_take_mmio() can take it. Nobody else does, under the modules' lock. */
int __pkvm_module_check_mmio(u64 pfn, u64 nr_pages, enum kvm_pgtable_prot prot)
{
	phys_addr_t phys = hyp_pfn_to_phys(pfn);
	u64 size = PAGE_SIZE * nr_pages;
	struct kvm_mem_range around;
	int ret = 0;

	if (!module_range_valid(pfn, nr_pages) || !module_prot_valid(prot) ||
	    prot & KVM_PGTABLE_PROT_X)
		return -EINVAL;

	host_lock_component();

	if (find_mem_range(phys, &around) || !is_in_mem_range(phys + size - 1, &around))
		ret = -EINVAL;
	else if (next_module_mmio(phys, phys + size))
		ret = -EPERM;
	else if (MMIO_TABLES(nr_pages) > MAX_MMIO_TABLES - nr_mmio_tables)
		ret = -ENOSPC;

	host_unlock_component();

	return ret;
}

/* Take MMIO from the host and map it at @va, as a device. It has been checked. */
int __pkvm_module_take_mmio(u64 pfn, u64 nr_pages, unsigned long va, enum kvm_pgtable_prot prot)
{
	phys_addr_t phys = hyp_pfn_to_phys(pfn);
	struct module_mmio *slot = module_mmio;
	u64 size = PAGE_SIZE * nr_pages;
	kvm_pte_t annotation;
	int ret;

	host_lock_component();
	hyp_lock_component();

	while (slot->end)
		slot++;

	ret = map_hyp_va(va, size, phys, prot | KVM_PGTABLE_PROT_DEVICE);
	if (ret)
		goto unlock;

	annotation = FIELD_PREP(KVM_HOST_DONATION_PTE_OWNER_MASK, PKVM_ID_HYP) |
		     FIELD_PREP(KVM_HOST_DONATION_PTE_EXTRA_MASK, PKVM_MODULE_PAGE);
	ret = host_stage2_try(kvm_pgtable_stage2_annotate, &host_mmu.pgt, phys, size,
			      &host_s2_pool, KVM_HOST_INVALID_PTE_TYPE_DONATION, annotation);
	if (!ret) {
		pkvm_sme_dvmsync_fw_call();
		*slot = (struct module_mmio) { .start = phys, .end = phys + size, .va = va };
		nr_mmio_tables += MMIO_TABLES(nr_pages);
	} else {
		unmap_hyp_va(va, size);
		WARN_ON(kvm_pgtable_stage2_unmap(&host_mmu.pgt, phys, size));
	}

unlock:
	hyp_unlock_component();
	host_unlock_component();

	return ret;
}

/* The host faults it in again. Where it was mapped comes back in @va. */
int __pkvm_module_return_mmio(u64 pfn, u64 nr_pages, unsigned long *va)
{
	phys_addr_t phys = hyp_pfn_to_phys(pfn);
	u64 size = PAGE_SIZE * nr_pages;
	struct module_mmio *taken;
	int ret = -EPERM;

	if (!module_range_valid(pfn, nr_pages))
		return -EINVAL;

	host_lock_component();
	hyp_lock_component();

	taken = next_module_mmio(phys, phys + size);
	if (taken && taken->start == phys && taken->end == phys + size) {
		*va = taken->va;
		unmap_hyp_va(taken->va, size);
		*taken = (struct module_mmio) { };
		nr_mmio_tables -= MMIO_TABLES(nr_pages);
		ret = kvm_pgtable_stage2_unmap(&host_mmu.pgt, phys, size);
	}

	hyp_unlock_component();
	host_unlock_component();

	return ret;
}

/* Where MMIO that a module took is mapped, or 0. */
unsigned long __pkvm_module_mmio_va(phys_addr_t phys)
{
	struct module_mmio *taken;
	unsigned long va;

	host_lock_component();
	taken = next_module_mmio(phys, phys + 1);
	va = taken ? taken->va + (phys - taken->start) : 0;
	host_unlock_component();

	return va;
}

static int module_donate_hyp(u64 pfn, u64 nr_pages, enum kvm_pgtable_prot prot, u64 meta)
{
	phys_addr_t phys = hyp_pfn_to_phys(pfn);
	u64 size = PAGE_SIZE * nr_pages;
	int ret;

	if (!module_range_valid(pfn, nr_pages) || !module_prot_valid(prot))
		return -EINVAL;

	host_lock_component();
	hyp_lock_component();

	ret = take_host_pages(phys, size, meta);
	if (ret)
		goto unlock;

	ret = map_taken_pages((unsigned long)__hyp_va(phys), size, phys, prot);

unlock:
	hyp_unlock_component();
	host_unlock_component();

	return ret;
}

int __pkvm_module_donate_hyp(u64 pfn, u64 nr_pages, bool accept_mmio,
			     enum kvm_pgtable_prot prot)
{
	if (accept_mmio && module_range_valid(pfn, nr_pages) &&
	    !addr_is_memory(hyp_pfn_to_phys(pfn)))
		return pkvm_module_donate_mmio(pfn, nr_pages, prot & ~KVM_PGTABLE_PROT_DEVICE);

	return module_donate_hyp(pfn, nr_pages, prot, PKVM_MODULE_PAGE);
}

int __pkvm_module_donate_heap_page(u64 pfn)
{
	return module_donate_hyp(pfn, 1, PAGE_HYP, PKVM_MODULE_HEAP);
}

/*
 * What a module lets the host do with pages that the host owns. They stay the
 * host's, but no longer count as such for anybody else: in this state they can be
 * neither shared nor donated. Only memory: the host's entries for MMIO are
 * recycled when the tables for them run out, whatever they permit.
 */
#define PKVM_PAGE_MODULE_PROT	((enum pkvm_page_state)BIT(3))

int __pkvm_module_host_prot(u64 pfn, enum kvm_pgtable_prot prot, u64 nr_pages)
{
	phys_addr_t phys = hyp_pfn_to_phys(pfn);
	u64 size = PAGE_SIZE * nr_pages;
	int ret;

	if (!module_range_valid(pfn, nr_pages) || prot & ~KVM_PGTABLE_PROT_RWX ||
	    (prot && !(prot & KVM_PGTABLE_PROT_R)))
		return -EINVAL;

	/* Not every CPU can tell EL1 from EL0 there. */
	if (!!(prot & KVM_PGTABLE_PROT_PX) != !!(prot & KVM_PGTABLE_PROT_UX))
		return -EINVAL;

	host_lock_component();

	ret = check_range_allowed_memory(phys, phys + size);
	if (ret)
		goto unlock;

	ret = -EPERM;
	for_each_hyp_page(page, phys, size) {
		if (get_host_state(page) != PKVM_PAGE_OWNED &&
		    get_host_state(page) != PKVM_PAGE_MODULE_PROT)
			goto unlock;
	}

	/* Mapping over an entry would leave its permissions as they are. */
	ret = kvm_pgtable_stage2_unmap(&host_mmu.pgt, phys, size);
	if (ret)
		goto unlock;
	pkvm_sme_dvmsync_fw_call();

	/* The pool has tables for all of memory, page by page. */
	WARN_ON(host_stage2_idmap_locked(phys, size, prot));
	__host_update_page_state(phys, size, prot == PKVM_HOST_MEM_PROT ?
				 PKVM_PAGE_OWNED : PKVM_PAGE_MODULE_PROT);

unlock:
	host_unlock_component();

	return ret;
}

/*
 * Deprecated, and hardly more than a TLB invalidation: the host owns the pages and
 * faults them back in, one mapping at a time.
 */
int __pkvm_module_host_lazy(u64 pfn, u64 nr_pages, bool enable)
{
	phys_addr_t phys = hyp_pfn_to_phys(pfn);
	u64 size = PAGE_SIZE * nr_pages;
	int ret;

	if (!module_range_valid(pfn, nr_pages))
		return -EINVAL;

	host_lock_component();
	ret = __host_check_page_state_range(phys, size, PKVM_PAGE_OWNED);
	if (!ret && enable)
		ret = kvm_pgtable_stage2_unmap(&host_mmu.pgt, phys, size);
	else if (!ret)
		ret = host_stage2_idmap_locked(phys, size, PKVM_HOST_MEM_PROT);
	host_unlock_component();

	return ret;
}

int __pkvm_module_host_leaf(phys_addr_t phys, kvm_pte_t *ptep, s8 *level)
{
	int ret;

	if (!ptep || !level)
		return -EINVAL;

	host_lock_component();
	ret = kvm_pgtable_get_leaf(&host_mmu.pgt, phys, ptep, level);
	host_unlock_component();

	return ret;
}

/* Whether the host may do at stage 2 what it is said to have been stopped at. */
bool __pkvm_module_host_may(phys_addr_t phys, enum kvm_pgtable_prot access)
{
	kvm_pte_t pte;
	s8 level;

	if (__pkvm_module_host_leaf(phys, &pte, &level) || !kvm_pte_valid(pte))
		return true;

	return (kvm_pgtable_stage2_pte_prot(pte) & access) == access;
}

/*
 * Host memory at its linear address, without taking it from the host. Until it is
 * unmapped it counts as borrowed: who wants it for anything else would map over it.
 */
int __pkvm_module_map_linear(phys_addr_t phys, u64 size, enum kvm_pgtable_prot prot)
{
	unsigned long va = (unsigned long)__hyp_va(phys);
	u64 offset;
	int ret;

	if (!module_range_valid(hyp_phys_to_pfn(phys), size >> PAGE_SHIFT) ||
	    !module_prot_valid(prot) || prot & KVM_PGTABLE_PROT_X)
		return -EINVAL;

	host_lock_component();
	hyp_lock_component();

	ret = __host_check_page_state_range(phys, size, PKVM_PAGE_OWNED);
	if (!ret)
		ret = __hyp_check_page_state_range(phys, size, PKVM_NOPAGE);
	for (offset = 0; !ret && offset < size; offset += PAGE_SIZE)
		ret = hyp_va_is_mapped(va + offset) ? -EBUSY : 0;
	if (!ret)
		ret = map_hyp_va(va, size, phys, prot);
	if (!ret)
		__hyp_set_page_state_range(phys, size, PKVM_PAGE_SHARED_BORROWED);

	hyp_unlock_component();
	host_unlock_component();

	return ret;
}

void __pkvm_module_unmap_linear(unsigned long va, u64 size)
{
	host_lock_component();
	hyp_lock_component();
	unmap_hyp_va(va, size);
	__hyp_set_page_state_range(__hyp_pa(va), size, PKVM_NOPAGE);
	hyp_unlock_component();
	host_unlock_component();
}

bool __pkvm_module_is_memory(phys_addr_t phys, u64 size)
{
	return range_is_memory(phys, phys + size);
}

int __pkvm_module_guest_pa(pkvm_handle_t handle, u64 ipa, phys_addr_t *phys)
{
	struct pkvm_hyp_vm *vm;
	kvm_pte_t pte;
	s8 level;
	int ret;

	if (!phys)
		return -EINVAL;

	/* A reference would let the host's teardown of the VM fail, which tries but once. */
	hyp_spin_lock(&vm_table_lock);
	ret = -ENOENT;
	vm = get_vm_by_handle(handle);
	if (vm) {
		guest_lock_component(vm);
		ret = kvm_pgtable_get_leaf(&vm->pgt, ipa, &pte, &level);
		guest_unlock_component(vm);
	}
	hyp_spin_unlock(&vm_table_lock);

	if (ret)
		return ret;
	if (!kvm_pte_valid(pte) || level != KVM_PGTABLE_LAST_LEVEL)
		return -EINVAL;

	*phys = kvm_pte_to_phys(pte) + offset_in_page(ipa);

	return 0;
}

static int module_donate_host(u64 pfn, u64 nr_pages, u64 meta)
{
	phys_addr_t phys = hyp_pfn_to_phys(pfn);
	u64 size = PAGE_SIZE * nr_pages;
	int ret;

	if (!module_range_valid(pfn, nr_pages))
		return -EINVAL;

	host_lock_component();
	hyp_lock_component();

	ret = check_module_pages(phys, size, meta);
	if (!ret)
		ret = __hyp_check_page_count_range(phys, size);
	if (ret)
		goto unlock;

	flush_hyp_va((unsigned long)__hyp_va(phys), size);
	unmap_hyp_va((unsigned long)__hyp_va(phys), size);
	return_host_pages(phys, size);

unlock:
	hyp_unlock_component();
	host_unlock_component();

	return ret;
}

int __pkvm_module_donate_host(u64 pfn, u64 nr_pages)
{
	if (module_range_valid(pfn, nr_pages) && !addr_is_memory(hyp_pfn_to_phys(pfn)))
		return pkvm_module_return_mmio(pfn, nr_pages);

	return module_donate_host(pfn, nr_pages, PKVM_MODULE_PAGE);
}

/* Whether EL2 has all of it mapped: how long it is may have been the host's to say. */
bool __pkvm_module_is_mapped(const void *addr, size_t size)
{
	unsigned long cur = ALIGN_DOWN((unsigned long)addr, PAGE_SIZE);
	unsigned long last = (unsigned long)addr + size - 1;
	bool mapped = size && last >= (unsigned long)addr;

	hyp_lock_component();
	for (; mapped && cur <= last; cur += PAGE_SIZE)
		mapped = hyp_va_is_mapped(cur);
	hyp_unlock_component();

	return mapped;
}

/* Once only, as it may lie in memory that the host shares. */
static struct pkvm_sglist_page read_block(const struct pkvm_sglist_page *sglist, size_t i)
{
	struct pkvm_sglist_page block = sglist[i];

	barrier();

	return block;
}

/*
 * Each block that was taken so far is given back if a later one can not be. The list may
 * say something else by then: what is given back are only pages that were taken for it,
 * and a host that changed it loses the others.
 */
int __pkvm_module_donate_sglist(struct pkvm_sglist_page *sglist, size_t nr)
{
	static u64 nr_lists;
	struct pkvm_sglist_page block;
	size_t i, size;
	u64 meta;
	int ret;

	if (check_mul_overflow(nr, sizeof(block), &size) || !__pkvm_module_is_mapped(sglist, size))
		return -EINVAL;

	host_lock_component();
	meta = FIELD_PREP(MODULE_PAGE_LIST, ++nr_lists) | PKVM_MODULE_PAGE;
	host_unlock_component();

	for (i = 0; i < nr; i++) {
		block = read_block(sglist, i);
		ret = block.order < 40 ?
		      module_donate_hyp(block.pfn, BIT(block.order), PAGE_HYP, meta) : -EINVAL;
		if (ret)
			goto undo;
	}

	return 0;

undo:
	while (i--) {
		block = read_block(sglist, i);
		if (block.order < 40)
			module_donate_host(block.pfn, BIT(block.order), meta);
	}

	return ret;
}

int __pkvm_module_reclaim_heap_page(u64 pfn)
{
	return module_donate_host(pfn, 1, PKVM_MODULE_HEAP);
}

/*
 * A page of the heap, in use at @va. It also stays where it is in the linear range,
 * at @page, as all of it is data.
 */
int __pkvm_module_map_heap_page(unsigned long va, void *page)
{
	phys_addr_t phys = hyp_virt_to_phys(page);
	int ret;

	hyp_lock_component();
	ret = map_hyp_va(va, PAGE_SIZE, phys, PAGE_HYP);
	if (!ret)
		hyp_page_ref_inc(hyp_phys_to_page(phys));
	hyp_unlock_component();

	return ret;
}

void *__pkvm_module_unmap_heap_page(unsigned long va)
{
	phys_addr_t phys;
	kvm_pte_t pte;

	hyp_lock_component();
	WARN_ON(kvm_pgtable_get_leaf(&pkvm_pgtable, va, &pte, NULL));
	phys = kvm_pte_to_phys(pte);
	unmap_hyp_va(va, PAGE_SIZE);
	hyp_page_ref_dec(hyp_phys_to_page(phys));
	hyp_unlock_component();

	return hyp_phys_to_virt(phys);
}

#ifdef CONFIG_PKVM_MODULES_STATS
/*
 * Let the host read whole pages of the hypervisor. They are EL2's for everybody who
 * looks at the state, as hyp text is, which the host can read as well.
 */
int __pkvm_module_let_host_read(void *va, u64 size)
{
	phys_addr_t phys = __hyp_pa(va);
	int ret;

	host_lock_component();
	hyp_lock_component();

	ret = __host_check_page_state_range(phys, size, PKVM_NOPAGE);
	if (!ret)
		ret = __hyp_check_page_state_range(phys, size, PKVM_PAGE_OWNED);
	if (!ret)
		ret = host_stage2_idmap_locked(phys, size, KVM_PGTABLE_PROT_R);

	hyp_unlock_component();
	host_unlock_component();

	return ret;
}
#endif

int __pkvm_module_share_hyp(u64 pfn)
{
	return module_range_valid(pfn, 1) ? __pkvm_host_share_hyp(pfn) : -EINVAL;
}

int __pkvm_module_unshare_hyp(u64 pfn)
{
	return module_range_valid(pfn, 1) ? __pkvm_host_unshare_hyp(pfn) : -EINVAL;
}

/*
 * Map a range for good, for hypervisor private VA. Unlike
 * __pkvm_create_private_mapping(), leaves nothing mapped if it fails.
 */
int __pkvm_module_map_private(unsigned long va, u64 size, phys_addr_t phys,
			      enum kvm_pgtable_prot prot)
{
	int ret;

	hyp_lock_component();
	ret = map_hyp_va(va, size, phys, prot);
	hyp_unlock_component();

	return ret;
}

/* The pages of [from, to) as @phys and @size; false if there are none. */
static bool module_shared_range(void *from, void *to, phys_addr_t *phys, u64 *size)
{
	u64 start = ALIGN_DOWN((u64)from, PAGE_SIZE);
	u64 end = PAGE_ALIGN((u64)to);

	if (from >= to || end <= start)
		return false;

	*phys = __hyp_pa(start);
	*size = end - start;

	return module_range_valid(hyp_phys_to_pfn(*phys), *size >> PAGE_SHIFT);
}

static int check_shared_pages(phys_addr_t phys, u64 size)
{
	int ret = __host_check_page_state_range(phys, size, PKVM_PAGE_SHARED_OWNED);

	return ret ?: __hyp_check_page_state_range(phys, size, PKVM_PAGE_SHARED_BORROWED);
}

/*
 * What modules have pinned. A page's refcount does not tell whose pin it is, and
 * pKVM pins pages itself: a module can only unpin what a module has pinned.
 */
#define MAX_MODULE_PINS		128

static struct module_pin {
	phys_addr_t phys;
	u64 size;
	unsigned int count;
} module_pins[MAX_MODULE_PINS];

/* The entry of a range, or a free one; NULL if there is neither. */
static struct module_pin *find_module_pin(phys_addr_t phys, u64 size)
{
	struct module_pin *pin, *free = NULL;

	hyp_assert_lock_held(&pkvm_pgd_lock);

	for (pin = module_pins; pin < module_pins + MAX_MODULE_PINS; pin++) {
		if (!pin->count)
			free = free ?: pin;
		else if (pin->phys == phys && pin->size == size)
			return pin;
	}

	return free;
}

static void unpin_pages(phys_addr_t phys, u64 size)
{
	phys_addr_t cur;

	for (cur = phys; cur < phys + size; cur += PAGE_SIZE) {
		if (hyp_page_ref_dec_and_test(hyp_phys_to_page(cur)))
			unmap_hyp_va((unsigned long)__hyp_va(cur), PAGE_SIZE);
	}
}

static int pin_pages(phys_addr_t phys, u64 size)
{
	phys_addr_t cur;
	int ret;

	for (cur = phys; cur < phys + size; cur += PAGE_SIZE) {
		struct hyp_page *page = hyp_phys_to_page(cur);

		/* Far below what pKVM's own pins would trip over. */
		ret = page->refcount < U16_MAX / 2 ? 0 : -EBUSY;
		if (!ret && !page->refcount)
			ret = map_hyp_va((unsigned long)__hyp_va(cur), PAGE_SIZE, cur, PAGE_HYP);
		if (ret) {
			unpin_pages(phys, cur - phys);
			return ret;
		}
		hyp_page_ref_inc(page);
	}

	return 0;
}

int __pkvm_module_pin_shared(void *from, void *to)
{
	struct module_pin *pin;
	phys_addr_t phys;
	u64 size;
	int ret;

	if (!module_shared_range(from, to, &phys, &size))
		return -EINVAL;

	host_lock_component();
	hyp_lock_component();

	ret = check_shared_pages(phys, size);
	if (ret)
		goto unlock;

	pin = find_module_pin(phys, size);
	ret = pin ? pin_pages(phys, size) : -ENOSPC;
	if (ret)
		goto unlock;

	pin->phys = phys;
	pin->size = size;
	pin->count++;

unlock:
	hyp_unlock_component();
	host_unlock_component();

	return ret;
}

void __pkvm_module_unpin_shared(void *from, void *to)
{
	struct module_pin *pin;
	phys_addr_t phys;
	u64 size;

	if (!module_shared_range(from, to, &phys, &size))
		return;

	host_lock_component();
	hyp_lock_component();

	pin = find_module_pin(phys, size);
	if (pin && pin->count) {
		pin->count--;
		unpin_pages(phys, size);
	}

	hyp_unlock_component();
	host_unlock_component();
}
