// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who owns a page, and what that permits: the rules of the hypervisor's
 * mem_protect.c, page by page, and with its error codes.
 */
#include <stdio.h>
#include <string.h>

#include "internal.h"

#define MAX_PINS	128
#define MAX_MMIO	21	/* 128 tables, six for each range at least */
#define MAX_MMIO_TABLES	128

static struct pin {
	u64 pfn, nr;
	unsigned int count;
	void *by;
} pins[MAX_PINS];

static struct mmio {
	u64 pfn, nr;
	struct region *region;
	void *by;
} mmio[MAX_MMIO];
static u64 nr_mmio_tables;

#define MAX_GUEST_PAGES	64
static struct {
	pkvm_handle_t handle;
	u64 ipa, pfn;
} guest_pages[MAX_GUEST_PAGES];
static unsigned int nr_guest_pages;

void sim_reset_ownership(void)
{
	memset(pins, 0, sizeof(pins));
	memset(mmio, 0, sizeof(mmio));
	nr_mmio_tables = 0;
	nr_guest_pages = 0;
}

bool sim_range_valid(u64 pfn, u64 nr_pages)
{
	u64 limit = BIT(SIM_PA_BITS - PAGE_SHIFT);

	return nr_pages && pfn < limit && limit - pfn >= nr_pages;
}

bool sim_prot_valid(enum kvm_pgtable_prot prot)
{
	if (prot & ~KVM_PGTABLE_PROT_RWX || !(prot & KVM_PGTABLE_PROT_R))
		return false;

	return !(prot & KVM_PGTABLE_PROT_W) || !(prot & KVM_PGTABLE_PROT_X);
}

/* All memory or none of it: a range across its end is nobody's mistake but the caller's. */
static int check_memory(u64 pfn, u64 nr)
{
	u64 start = pfn << PAGE_SHIFT, size = nr << PAGE_SHIFT;

	if (sim_is_memory(start, 1) != sim_is_memory(start + size - 1, 1) ||
	    (start < SIM_RAM_BASE && start + size > SIM_RAM_BASE))
		return -EINVAL;

	return sim_is_memory(start, 1) ? 0 : -EPERM;
}

static int check_host(u64 pfn, u64 nr, enum page_state state)
{
	int ret = check_memory(pfn, nr);
	u64 i;

	for (i = 0; !ret && i < nr; i++)
		ret = sim_page(pfn + i)->host == state ? 0 : -EPERM;

	return ret;
}

static int check_hyp(u64 pfn, u64 nr, enum page_state state)
{
	u64 i;

	for (i = 0; i < nr; i++) {
		if (sim_page(pfn + i)->hyp != state)
			return -EPERM;
	}

	return 0;
}

static int check_unused(u64 pfn, u64 nr)
{
	u64 i;

	for (i = 0; i < nr; i++) {
		if (sim_page(pfn + i)->refcount)
			return -EBUSY;
	}

	return 0;
}

int sim_host_owns(u64 pfn, u64 nr)
{
	return check_host(pfn, nr, PAGE_OWNED);
}

int sim_check_pages(u64 pfn, u64 nr, enum sim_owner user)
{
	int ret = check_host(pfn, nr, PAGE_NONE);
	u64 i;

	if (!ret)
		ret = check_hyp(pfn, nr, PAGE_OWNED);
	for (i = 0; !ret && i < nr; i++)
		ret = sim_page(pfn + i)->user == user ? 0 : -EPERM;

	return ret;
}

static void check_taken(u64 pfn, u64 nr)
{
	u64 i;

	for (i = 0; i < nr && sim_page(pfn + i); i++) {
		if (sim_page(pfn + i)->user == SIM_MODULE)
			sim_refused("page %#llx was taken already, at %s", pfn + i,
				    sim_where(sim_page(pfn + i)->by));
	}
}

int sim_take_pages(u64 pfn, u64 nr, enum sim_owner user)
{
	int ret = check_host(pfn, nr, PAGE_OWNED);
	u64 i;

	ret = ret ?: check_hyp(pfn, nr, PAGE_NONE);
	ret = ret ?: check_unused(pfn, nr);
	if (ret == -EPERM)
		check_taken(pfn, nr);
	for (i = 0; !ret && i < nr; i++) {
		struct page *page = sim_page(pfn + i);

		page->host = PAGE_NONE;
		page->hyp = PAGE_OWNED;
		page->user = user;
		page->given_back = false;
		page->by = sim_caller();
	}

	return ret;
}

void sim_return_pages(u64 pfn, u64 nr)
{
	u64 i;

	for (i = 0; i < nr; i++) {
		struct page *page = sim_page(pfn + i);

		page->host = PAGE_OWNED;
		page->hyp = PAGE_NONE;
		page->given_back = page->user == SIM_MODULE;
		page->by = sim_caller();
		page->user = SIM_HOST;
		page->host_prot = PKVM_HOST_MEM_PROT;
	}
}

/* --- MMIO --- */

static u64 mmio_tables(u64 nr)
{
	return nr / PTRS_PER_PTE + 6;
}

static struct mmio *find_mmio(u64 pfn, u64 nr)
{
	int i;

	for (i = 0; i < MAX_MMIO; i++) {
		if (mmio[i].nr && mmio[i].pfn < pfn + nr && pfn < mmio[i].pfn + mmio[i].nr)
			return &mmio[i];
	}

	return NULL;
}

void *sim_mmio_va(phys_addr_t phys)
{
	struct mmio *range = find_mmio(phys >> PAGE_SHIFT, 1);

	return range ? range->region->start + (phys - (range->pfn << PAGE_SHIFT)) : NULL;
}

static int take_mmio(u64 pfn, u64 nr, enum kvm_pgtable_prot prot)
{
	struct region *region;
	struct mmio *slot = mmio;
	int ret;

	prot &= ~KVM_PGTABLE_PROT_DEVICE;
	region = sim_new_charged_region(REGION_PRIVATE, nr, &ret);
	if (!region)
		return ret;

	if (!sim_prot_valid(prot) || prot & KVM_PGTABLE_PROT_X)
		ret = -EINVAL;
	else if (check_memory(pfn, nr) == -EINVAL)
		ret = -EINVAL;
	else if (find_mmio(pfn, nr))
		ret = -EPERM;
	else if (mmio_tables(nr) > MAX_MMIO_TABLES - nr_mmio_tables)
		ret = -ENOSPC;
	if (ret) {
		sim_uncharge_region(region);
		return ret;
	}

	while (slot->nr)
		slot++;
	*slot = (struct mmio) { .pfn = pfn, .nr = nr, .region = region, .by = sim_caller() };
	nr_mmio_tables += mmio_tables(nr);
	sim_map(region, region->start, nr << PAGE_SHIFT, pfn << PAGE_SHIFT,
		prot | KVM_PGTABLE_PROT_DEVICE);

	return 0;
}

static int return_mmio(u64 pfn, u64 nr)
{
	struct mmio *range = find_mmio(pfn, nr);

	if (!range || range->pfn != pfn || range->nr != nr)
		return -EPERM;
	sim_uncharge_region(range->region);
	nr_mmio_tables -= mmio_tables(nr);
	*range = (struct mmio) { };

	return 0;
}

/* --- donation --- */

static int donate(u64 pfn, u64 nr, enum kvm_pgtable_prot prot)
{
	int ret;

	if (!sim_range_valid(pfn, nr) || !sim_prot_valid(prot))
		return -EINVAL;

	ret = sim_take_pages(pfn, nr, SIM_MODULE);
	if (!ret)
		sim_map(&sim_linear, sim_hyp_va(pfn << PAGE_SHIFT), nr << PAGE_SHIFT,
			pfn << PAGE_SHIFT, prot);

	return ret;
}

static int donate_any(u64 pfn, u64 nr, bool accept_mmio, enum kvm_pgtable_prot prot)
{
	if (accept_mmio && sim_range_valid(pfn, nr) && !sim_is_memory(pfn << PAGE_SHIFT, 1))
		return take_mmio(pfn, nr, prot);

	return donate(pfn, nr, prot);
}

int op_host_donate_hyp(u64 pfn, u64 nr_pages, bool accept_mmio)
{
	SIM_OP();

	return donate_any(pfn, nr_pages, accept_mmio, PAGE_HYP);
}

int op_host_donate_hyp_17(u64 pfn, u64 nr_pages)
{
	SIM_OP();

	return donate_any(pfn, nr_pages, false, PAGE_HYP);
}

int op_host_donate_hyp_prot(u64 pfn, u64 nr_pages, bool accept_mmio, enum kvm_pgtable_prot prot)
{
	SIM_OP();

	return donate_any(pfn, nr_pages, accept_mmio, prot);
}

/* Page by page: each may be mapped at its linear address, or not any more. */
static void unmap_linear(u64 pfn, u64 nr)
{
	u64 i;

	for (i = 0; i < nr; i++) {
		void *va = sim_hyp_va((pfn + i) << PAGE_SHIFT);

		if (sim_is_mapped(va))
			sim_unmap(&sim_linear, va, PAGE_SIZE);
	}
}

static int give_back(u64 pfn, u64 nr)
{
	int ret;

	if (!sim_range_valid(pfn, nr))
		return -EINVAL;
	if (!sim_is_memory(pfn << PAGE_SHIFT, 1))
		return return_mmio(pfn, nr);

	ret = sim_check_pages(pfn, nr, SIM_MODULE) ?: check_unused(pfn, nr);
	if (ret)
		return ret;
	unmap_linear(pfn, nr);
	sim_return_pages(pfn, nr);

	return 0;
}

static void check_given_back(u64 pfn, u64 nr)
{
	u64 i;

	for (i = 0; i < nr && sim_page(pfn + i); i++) {
		struct page *page = sim_page(pfn + i);

		if (page->given_back && page->user == SIM_HOST)
			sim_refused("page %#llx was given back already, at %s", pfn + i,
				    sim_where(page->by));
	}
}

int op_hyp_donate_host(u64 pfn, u64 nr_pages)
{
	int ret;

	SIM_OP();
	ret = give_back(pfn, nr_pages);
	if (ret == -EPERM)
		check_given_back(pfn, nr_pages);

	return ret;
}

/* The module did not give them back itself. */
static void undo_donation(u64 pfn, u64 nr)
{
	u64 i;

	give_back(pfn, nr);
	for (i = 0; i < nr; i++)
		sim_page(pfn + i)->given_back = false;
}

int op_host_donate_sglist_hyp(struct pkvm_sglist_page *sglist, size_t nr_pages)
{
	size_t i;
	int ret = 0;

	SIM_OP();
	if (!sglist || !nr_pages)
		return -EINVAL;
	sim_check_access(sglist, nr_pages * sizeof(*sglist), false);

	for (i = 0; !ret && i < nr_pages; i++)
		ret = sglist[i].order < 40 ? donate(sglist[i].pfn, BIT(sglist[i].order), PAGE_HYP) :
					     -EINVAL;
	if (!ret)
		return 0;

	/* The last one was not taken. */
	for (i--; i--;)
		undo_donation(sglist[i].pfn, BIT(sglist[i].order));

	return ret;
}

/* --- sharing --- */

int op_host_share_hyp(u64 pfn)
{
	int ret;

	SIM_OP();
	if (!sim_range_valid(pfn, 1))
		return -EINVAL;
	ret = check_host(pfn, 1, PAGE_OWNED) ?: check_hyp(pfn, 1, PAGE_NONE);
	if (sim_owner(pfn) == SIM_SHARED)
		sim_refused("page %#llx is shared already, at %s", pfn,
			    sim_where(sim_page(pfn)->by));
	if (!ret) {
		sim_page(pfn)->host = PAGE_SHARED_OWNED;
		sim_page(pfn)->hyp = PAGE_SHARED_BORROWED;
		sim_page(pfn)->given_back = false;
		sim_page(pfn)->by = sim_caller();
	}

	return ret;
}

int op_host_unshare_hyp(u64 pfn)
{
	int ret;

	SIM_OP();
	if (!sim_range_valid(pfn, 1))
		return -EINVAL;
	ret = check_host(pfn, 1, PAGE_SHARED_OWNED) ?: check_hyp(pfn, 1, PAGE_SHARED_BORROWED) ?:
	      check_unused(pfn, 1);
	if (!ret) {
		sim_page(pfn)->host = PAGE_OWNED;
		sim_page(pfn)->hyp = PAGE_NONE;
		sim_page(pfn)->by = NULL;
	}

	return ret;
}

static bool shared_range(void *from, void *to, u64 *pfn, u64 *nr)
{
	u64 start = PAGE_ALIGN_DOWN((u64)from), end = PAGE_ALIGN((u64)to);

	if (from >= to || end <= start)
		return false;
	*pfn = sim_hyp_pa((void *)start) >> PAGE_SHIFT;
	*nr = (end - start) >> PAGE_SHIFT;

	return sim_range_valid(*pfn, *nr);
}

static struct pin *find_pin(u64 pfn, u64 nr)
{
	struct pin *pin, *free = NULL;

	for (pin = pins; pin < pins + MAX_PINS; pin++) {
		if (!pin->count)
			free = free ?: pin;
		else if (pin->pfn == pfn && pin->nr == nr)
			return pin;
	}

	return free;
}

static void unpin_pages(u64 pfn, u64 nr)
{
	u64 i;

	for (i = 0; i < nr; i++) {
		if (!--sim_page(pfn + i)->refcount)
			unmap_linear(pfn + i, 1);
	}
}

static int pin_pages(u64 pfn, u64 nr)
{
	u64 i;

	for (i = 0; i < nr; i++) {
		struct page *page = sim_page(pfn + i);
		phys_addr_t phys = (pfn + i) << PAGE_SHIFT;

		if (page->refcount >= U16_MAX / 2) {
			unpin_pages(pfn, i);
			return -EBUSY;
		}
		if (!page->refcount++)
			sim_map(&sim_linear, sim_hyp_va(phys), PAGE_SIZE, phys, PAGE_HYP);
	}

	return 0;
}

int op_pin_shared_mem(void *from, void *to)
{
	struct pin *pin;
	u64 pfn, nr;
	int ret;

	SIM_OP();
	if (!shared_range(from, to, &pfn, &nr))
		return -EINVAL;
	ret = check_host(pfn, nr, PAGE_SHARED_OWNED) ?: check_hyp(pfn, nr, PAGE_SHARED_BORROWED);
	if (ret)
		return ret;

	pin = find_pin(pfn, nr);
	ret = pin ? pin_pages(pfn, nr) : -ENOSPC;
	if (!ret)
		*pin = (struct pin) {
			.pfn = pfn, .nr = nr, .count = pin->count + 1, .by = sim_caller(),
		};

	return ret;
}

void op_unpin_shared_mem(void *from, void *to)
{
	struct pin *pin = NULL;
	u64 pfn, nr;

	SIM_OP();
	if (shared_range(from, to, &pfn, &nr))
		pin = find_pin(pfn, nr);
	if (!pin || !pin->count) {
		sim_refused("%p to %p is not pinned", from, to);
		return;
	}
	pin->count--;
	unpin_pages(pfn, nr);
}

/* --- the host's permissions --- */

static int mod_prot(u64 pfn, enum kvm_pgtable_prot prot, u64 nr)
{
	u64 i;
	int ret;

	if (!sim_nr_handlers(SIM_PERM_FAULT))
		return -ENOENT;
	if (!sim_range_valid(pfn, nr) || prot & ~KVM_PGTABLE_PROT_RWX ||
	    (prot && !(prot & KVM_PGTABLE_PROT_R)) ||
	    !!(prot & KVM_PGTABLE_PROT_PX) != !!(prot & KVM_PGTABLE_PROT_UX))
		return -EINVAL;

	ret = check_memory(pfn, nr);
	for (i = 0; !ret && i < nr; i++) {
		if (sim_page(pfn + i)->host != PAGE_OWNED &&
		    sim_page(pfn + i)->host != PAGE_MODULE_PROT)
			ret = -EPERM;
	}
	for (i = 0; !ret && i < nr; i++) {
		struct page *page = sim_page(pfn + i);

		page->host = prot == PKVM_HOST_MEM_PROT ? PAGE_OWNED : PAGE_MODULE_PROT;
		page->host_prot = prot;
		page->by = sim_caller();
		page->given_back = false;
	}

	return ret;
}

int op_host_stage2_mod_prot(u64 pfn, enum kvm_pgtable_prot prot, u64 nr_pages, bool update_iommu)
{
	SIM_OP();

	return update_iommu ? -EOPNOTSUPP : mod_prot(pfn, prot, nr_pages);
}

int op_host_stage2_mod_prot_14(u64 pfn, enum kvm_pgtable_prot prot)
{
	SIM_OP();

	return mod_prot(pfn, prot, 1);
}

#define STAGE2_R	BIT(6)
#define STAGE2_W	BIT(7)
#define STAGE2_XN	BIT(54)
#define STAGE2_DONATED	(2ULL << 60)

/* As if each page had been used by the host, and tables were all of pages. */
static int get_leaf(phys_addr_t phys, kvm_pte_t *ptep, s8 *level)
{
	struct page *page = sim_page(phys >> PAGE_SHIFT);

	if (phys >> SIM_PA_BITS)
		return -ERANGE;

	*level = KVM_PGTABLE_LAST_LEVEL;
	if (!page)
		*ptep = sim_mmio_va(phys) ? STAGE2_DONATED : 0;
	else if (page->host == PAGE_NONE)
		*ptep = STAGE2_DONATED | page->user << 1;
	else
		*ptep = PAGE_ALIGN_DOWN(phys) | KVM_PTE_VALID | BIT(1) |
			(page->host_prot & KVM_PGTABLE_PROT_R ? STAGE2_R : 0) |
			(page->host_prot & KVM_PGTABLE_PROT_W ? STAGE2_W : 0) |
			(page->host_prot & KVM_PGTABLE_PROT_X ? 0 : STAGE2_XN);

	return 0;
}

int op_host_stage2_get_leaf(phys_addr_t phys, kvm_pte_t *ptep, s8 *level)
{
	SIM_OP();
	if (!ptep || !level)
		return -EINVAL;
	sim_check_access(ptep, sizeof(*ptep), true);
	sim_check_access(level, sizeof(*level), true);

	return get_leaf(phys, ptep, level);
}

int op_host_stage2_get_leaf_15(phys_addr_t phys, kvm_pte_t *ptep, u32 *level)
{
	s8 found;
	int ret;

	SIM_OP();
	if (!ptep || !level)
		return -EINVAL;
	sim_check_access(ptep, sizeof(*ptep), true);
	sim_check_access(level, sizeof(*level), true);
	ret = get_leaf(phys, ptep, &found);
	if (!ret)
		*level = found;

	return ret;
}

static int lazy(u64 addr, u64 nr)
{
	if (!PAGE_ALIGNED(addr) || !sim_range_valid(addr >> PAGE_SHIFT, nr))
		return -EINVAL;

	return check_host(addr >> PAGE_SHIFT, nr, PAGE_OWNED);
}

int op_host_stage2_enable_lazy_pte(u64 addr, u64 nr_pages)
{
	SIM_OP();

	return lazy(addr, nr_pages);
}

int op_host_stage2_disable_lazy_pte(u64 addr, u64 nr_pages)
{
	SIM_OP();

	return lazy(addr, nr_pages);
}

/* --- guests --- */

u64 sim_guest_page(pkvm_handle_t handle, u64 ipa, bool protected)
{
	u64 pfn = sim_alloc_pages(1);
	struct page *page = sim_page(pfn);

	if (nr_guest_pages == MAX_GUEST_PAGES)
		sim_test_error("sim_guest_page(): no more than %d", MAX_GUEST_PAGES);
	guest_pages[nr_guest_pages].handle = handle;
	guest_pages[nr_guest_pages].ipa = ipa;
	guest_pages[nr_guest_pages++].pfn = pfn;
	page->host = protected ? PAGE_NONE : PAGE_SHARED_OWNED;
	page->user = protected ? SIM_GUEST : SIM_GUEST_SHARED;

	return pfn;
}

int op_guest_stage2_pa(pkvm_handle_t handle, u64 ipa, phys_addr_t *phys)
{
	bool found = false;
	unsigned int i;

	SIM_OP();
	if (!phys)
		return -EINVAL;
	sim_check_access(phys, sizeof(*phys), true);

	for (i = 0; i < nr_guest_pages; i++)
		found |= guest_pages[i].handle == handle;
	if (!found)
		return -ENOENT;
	if (ipa >> SIM_PA_BITS)
		return -ERANGE;
	for (i = 0; i < nr_guest_pages; i++) {
		if (guest_pages[i].handle == handle && guest_pages[i].ipa == PAGE_ALIGN_DOWN(ipa)) {
			*phys = (guest_pages[i].pfn << PAGE_SHIFT) + offset_in_page(ipa);
			return 0;
		}
	}

	return -EINVAL;
}

/* --- the host's accesses --- */

static bool host_may(phys_addr_t phys, enum kvm_pgtable_prot access)
{
	struct page *page = sim_page(phys >> PAGE_SHIFT);

	return page->host != PAGE_NONE && (page->host_prot & access) == access;
}

static u64 esr_of(phys_addr_t phys, enum kvm_pgtable_prot access)
{
	struct page *page = sim_page(phys >> PAGE_SHIFT);
	u64 ec = access & KVM_PGTABLE_PROT_X ? ESR_ELx_EC_IABT_LOW : ESR_ELx_EC_DABT_LOW;
	u64 fsc = page->host == PAGE_NONE ? ESR_ELx_FSC_FAULT : ESR_ELx_FSC_PERM;

	return ec << ESR_ELx_EC_SHIFT | ESR_ELx_IL | fsc | KVM_PGTABLE_LAST_LEVEL |
	       (access & KVM_PGTABLE_PROT_W ? ESR_ELx_WNR : 0);
}

/* A handler that took it may have changed what the host may do: it tries again. */
static int host_access(phys_addr_t phys, enum kvm_pgtable_prot access)
{
	int tries;

	if (!sim_is_memory(phys, 1))
		sim_test_error("the host can access memory only, and %#llx is none", phys);

	for (tries = 0; tries < 16; tries++) {
		u64 esr;

		if (host_may(phys, access))
			return 0;
		esr = esr_of(phys, access);
		if (!esr_fsc_is_permission_fault(esr) || !sim_host_perm_fault(esr, phys)) {
			sim_illegal_abt(esr, phys);
			return -EFAULT;
		}
	}
	sim_fail("the fault of the host at %#llx is said to be handled for ever", phys);
}

static int host_copy(phys_addr_t phys, void *buf, size_t size, bool write)
{
	while (size) {
		size_t len = min(size, PAGE_SIZE - offset_in_page(phys));
		int ret = host_access(phys, write ? KVM_PGTABLE_PROT_W : KVM_PGTABLE_PROT_R);

		if (ret)
			return ret;
		if (write)
			memcpy(sim_ram(phys), buf, len);
		else
			memcpy(buf, sim_ram(phys), len);
		phys += len;
		buf += len;
		size -= len;
	}

	return 0;
}

int sim_host_read(phys_addr_t phys, void *buf, size_t size)
{
	return host_copy(phys, buf, size, false);
}

int sim_host_write(phys_addr_t phys, const void *buf, size_t size)
{
	return host_copy(phys, (void *)buf, size, true);
}

int sim_host_exec(phys_addr_t phys)
{
	return host_access(phys, KVM_PGTABLE_PROT_X);
}

u64 sim_host_get(phys_addr_t phys)
{
	u64 val;

	return host_copy(phys, &val, sizeof(val), false) ? 0 : val;
}

int sim_host_set(phys_addr_t phys, u64 val)
{
	return host_copy(phys, &val, sizeof(val), true);
}

unsigned int sim_leaks_ownership(void)
{
	unsigned int nr = 0, i;
	u64 pfn;

	for (pfn = SIM_RAM_BASE >> PAGE_SHIFT; sim_page(pfn); pfn++) {
		struct page *page = sim_page(pfn);
		bool shared = page->host == PAGE_SHARED_OWNED && page->user == SIM_HOST;

		if (page->user != SIM_MODULE && !shared)
			continue;
		fprintf(stderr, "    page %#llx is still %s, at %s\n", pfn,
			shared ? "shared" : "taken", sim_where(page->by));
		nr++;
	}
	for (i = 0; i < MAX_PINS; i++) {
		if (!pins[i].count)
			continue;
		fprintf(stderr, "    page %#llx is still pinned, at %s\n", pins[i].pfn,
			sim_where(pins[i].by));
		nr++;
	}
	for (i = 0; i < MAX_MMIO; i++) {
		if (!mmio[i].nr)
			continue;
		fprintf(stderr, "    MMIO page %#llx is still taken, at %s\n", mmio[i].pfn,
			sim_where(mmio[i].by));
		nr++;
	}

	return nr;
}
