// SPDX-License-Identifier: GPL-2.0-only
/*
 * What only an EL2 init function can do: map the host's memory for itself. It tries
 * all of that and goes on whatever comes of it. For test machines only.
 */

#include <asm/kvm_hyp.h>
#include <asm/kvm_pkvm_module.h>
#include <asm/pgtable-hwdef.h>
#include <asm/sysreg.h>

#include <nvhe/memory.h>

#include "../early.h"

#define MMIO_PHYS	0x09000000UL	/* PL011 of QEMU's virt board */
#define RAM_PHYS	0x40000000UL
#define PA_BITS		48		/* of the largest of the machines */
#define RW		PAGE_HYP
#define R		PAGE_HYP_RO

/* Set by EL1 before the load. */
u64 early_phys, early_ram_end;
uint early_leave;
uint early_windows;
int early_ret;

u64 early_results[EARLY_NR_RESULTS];

static const struct pkvm_module_ops *pkvm_ops;

static u64 page(int nr)
{
	return early_phys + nr * PAGE_SIZE;
}

static u64 map(u64 phys, u64 size, enum kvm_pgtable_prot prot)
{
	return (u64)pkvm_ops->linear_map_early(phys, size, prot);
}

static void unmap(u64 phys, u64 size)
{
	pkvm_ops->linear_unmap_early(pkvm_ops->hyp_va(phys), size);
}

static u64 table(void)
{
	return read_sysreg_el2(SYS_TTBR0) & GENMASK(47, 1);
}

/* EL2's entry for an address. Its tables are in its linear range. */
static u64 pte_at(u64 va)
{
	u64 va_bits = 64 - (read_sysreg_el2(SYS_TCR) & 0x3f);
	int level = 4 - DIV_ROUND_UP(va_bits - PAGE_SHIFT, PAGE_SHIFT - 3);
	u64 pte = table() | 3;

	for (; level <= 3 && (pte & 3) == 3; level++) {
		u64 *entries = pkvm_ops->hyp_va(pte & GENMASK(47, PAGE_SHIFT));
		int shift = (PAGE_SHIFT - 3) * (4 - level) + 3;

		pte = READ_ONCE(entries[(va >> shift) & (PTRS_PER_PTE - 1)]);
	}

	return pte;
}

static u64 pte_of(u64 phys)
{
	return pte_at((u64)pkvm_ops->hyp_va(phys));
}

static bool is_mapped(u64 phys)
{
	return pte_of(phys) & 1;
}

static void try_one(u64 *res)
{
	u64 phys = page(EARLY_PAGE);

	res[EARLY_PTE_BEFORE] = pte_of(phys);
	res[EARLY_HYP_VA] = (u64)pkvm_ops->hyp_va(phys);
	res[EARLY_MAP] = map(phys, PAGE_SIZE, RW);
	res[EARLY_MAP_PTE] = pte_of(phys);
	res[EARLY_NEXT_PTE] = pte_of(phys + PAGE_SIZE);
	if (is_mapped(phys))
		res[EARLY_READ] = READ_ONCE(*(u64 *)res[EARLY_MAP]);

	res[EARLY_MAP_TWICE] = map(phys, PAGE_SIZE, RW);
	res[EARLY_MAP_OVER] = map(phys, 2 * PAGE_SIZE, RW);
	res[EARLY_MAP_OVER_PTE] = pte_of(phys + PAGE_SIZE);
	unmap(phys, 2 * PAGE_SIZE);
	unmap(phys, 0);
	unmap(phys + PAGE_SIZE, PAGE_SIZE);
	pkvm_ops->linear_unmap_early(NULL, PAGE_SIZE);
	pkvm_ops->linear_unmap_early(NULL, 0);
	res[EARLY_WRONG_UNMAP_PTE] = pte_of(phys);
}

/* What is mapped for now is not to be had for good. */
static void try_take(u64 *res)
{
	u64 phys = page(EARLY_PAGE), pfn = hyp_phys_to_pfn(phys);
	void *va = pkvm_ops->alloc_module_va(1);

	res[EARLY_TAKE] = pkvm_ops->host_donate_hyp(pfn, 1, false);
	res[EARLY_TAKE_MAP] = pkvm_ops->map_module_pages(pfn, va, 1, RW, false);
	res[EARLY_TAKE_SHARE] = pkvm_ops->host_share_hyp(pfn);
	res[EARLY_TAKEN_PTE] = pte_of(phys);
	unmap(phys, PAGE_SIZE);
	res[EARLY_UNMAP_PTE] = pte_of(phys);
	unmap(phys, PAGE_SIZE);
	res[EARLY_UNMAP_TWICE_PTE] = pte_of(phys);
}

static void try_owners(u64 *res)
{
	u64 phys = page(EARLY_PAGE), pfn = hyp_phys_to_pfn(phys);

	res[EARLY_DONATE] = pkvm_ops->host_donate_hyp(pfn, 1, false);
	res[EARLY_DONATED] = map(phys, PAGE_SIZE, RW);
	unmap(phys, PAGE_SIZE);
	res[EARLY_DONATED_PTE] = pte_of(phys);
	res[EARLY_GIVE_BACK] = pkvm_ops->hyp_donate_host(pfn, 1);

	res[EARLY_SHARE] = pkvm_ops->host_share_hyp(pfn);
	res[EARLY_SHARED] = map(phys, PAGE_SIZE, RW);
	unmap(phys, PAGE_SIZE);
	res[EARLY_UNSHARE] = pkvm_ops->host_unshare_hyp(pfn);
}

static void try_bad(u64 *res, enum early_bad bad, u64 phys, u64 size, enum kvm_pgtable_prot prot)
{
	if (!map(phys, size, prot))
		return;
	res[EARLY_BAD] |= BIT(bad);
	unmap(phys, size);
}

static void try_all_bad(u64 *res)
{
	u64 phys = page(EARLY_PAGE), image = pte_at((u64)early_results) & GENMASK(47, PAGE_SHIFT);

	try_bad(res, EARLY_BAD_NO_ACCESS, phys, PAGE_SIZE, 0);
	try_bad(res, EARLY_BAD_W, phys, PAGE_SIZE, KVM_PGTABLE_PROT_W);
	try_bad(res, EARLY_BAD_X, phys, PAGE_SIZE, KVM_PGTABLE_PROT_X);
	try_bad(res, EARLY_BAD_RX, phys, PAGE_SIZE, PAGE_HYP_EXEC);
	try_bad(res, EARLY_BAD_RWX, phys, PAGE_SIZE, KVM_PGTABLE_PROT_RWX);
	try_bad(res, EARLY_BAD_DEVICE, phys, PAGE_SIZE, PAGE_HYP_DEVICE);
	try_bad(res, EARLY_BAD_BIT, phys, PAGE_SIZE, RW | KVM_PGTABLE_PROT_SW0);
	try_bad(res, EARLY_BAD_NOTHING, phys, 0, RW);
	try_bad(res, EARLY_BAD_HALF, phys, PAGE_SIZE / 2, RW);
	try_bad(res, EARLY_BAD_MISALIGNED, phys + 8, PAGE_SIZE, RW);
	try_bad(res, EARLY_BAD_WRAPS, phys, -PAGE_SIZE, RW);
	try_bad(res, EARLY_BAD_WRAPS_TO_ONE, phys, PAGE_SIZE - phys, RW);
	try_bad(res, EARLY_BAD_NOWHERE, BIT(PA_BITS), PAGE_SIZE, RW);
	try_bad(res, EARLY_BAD_PAST_PA, BIT(PA_BITS) - PAGE_SIZE, 2 * PAGE_SIZE, RW);
	try_bad(res, EARLY_BAD_MMIO, MMIO_PHYS, PAGE_SIZE, RW);
	try_bad(res, EARLY_BAD_MMIO_TO_RAM, RAM_PHYS - PAGE_SIZE, 2 * PAGE_SIZE, RW);
	try_bad(res, EARLY_BAD_PAST_RAM, early_ram_end - PAGE_SIZE, 2 * PAGE_SIZE, RW);
	try_bad(res, EARLY_BAD_TABLE, table() & PAGE_MASK, PAGE_SIZE, R);
	try_bad(res, EARLY_BAD_IMAGE, image, PAGE_SIZE, R);
	res[EARLY_BAD_PTE] = pte_of(phys);
}

/* One range between two that are mapped meets the second. */
static void try_many(u64 *res)
{
	u64 nr = 0, i;

	while (nr < EARLY_SIZE / PAGE_SIZE / 4 && map(page(EARLY_MANY + 2 * nr), PAGE_SIZE, RW))
		nr++;
	res[EARLY_NR_MANY] = nr;
	if (!nr)
		return;

	unmap(page(EARLY_MANY), PAGE_SIZE);
	res[EARLY_MAP_UNDER] = map(page(EARLY_MANY), 3 * PAGE_SIZE, RW);
	res[EARLY_MAP_UNDER_PTE] = pte_of(page(EARLY_MANY));
	res[EARLY_AGAIN] = map(page(EARLY_MANY), PAGE_SIZE, RW);
	for (i = 0; i < nr; i++) {
		unmap(page(EARLY_MANY + 2 * i), PAGE_SIZE);
		res[EARLY_MANY_LEFT] += is_mapped(page(EARLY_MANY + 2 * i));
	}
}

static void try_large(u64 *res)
{
	u64 *words = (u64 *)map(early_phys, EARLY_SIZE, RW);
	int i;

	res[EARLY_LARGE] = (u64)words;
	if (!words)
		return;
	for (i = 0; i < EARLY_SIZE / PAGE_SIZE; i++, words += PAGE_SIZE / sizeof(*words)) {
		res[EARLY_LARGE_READ] += READ_ONCE(*words) == EARLY_EL1(i);
		WRITE_ONCE(*words, EARLY_EL2(i));
	}

	unmap(early_phys, EARLY_SIZE);
	for (i = 0; i < EARLY_SIZE / PAGE_SIZE; i++)
		res[EARLY_LARGE_LEFT] += is_mapped(page(i));
}

/* After all that writes, or a machine that forgets to invalidate would trip. */
static void try_read_only(u64 *res)
{
	u64 phys = page(EARLY_R_PAGE);

	res[EARLY_R] = map(phys, PAGE_SIZE, R);
	res[EARLY_R_PTE] = pte_of(phys);
	res[EARLY_TAKE_R] = pkvm_ops->host_donate_hyp(hyp_phys_to_pfn(phys), 1, false);
	unmap(phys, PAGE_SIZE);
}

int early_hyp_init(const struct pkvm_module_ops *ops)
{
	uint i;

	pkvm_ops = ops;
	for (i = 0; i < early_leave; i++) {
		if (!map(page(2 * i), PAGE_SIZE, i % 2 ? R : RW))
			return -ENXIO;
	}
	if (early_windows & EARLY_FIXMAP && !pkvm_ops->fixmap_map(early_phys))
		return -ENXIO;
	if (early_windows & EARLY_FIXBLOCK && !pkvm_ops->fixblock_map(early_phys))
		return -ENXIO;
	if (early_leave || early_windows)
		return early_ret;

	early_results[EARLY_PHYS] = early_phys;
	try_one(early_results);
	try_take(early_results);
	try_owners(early_results);
	try_all_bad(early_results);
	try_many(early_results);
	try_large(early_results);
	try_read_only(early_results);

	return 0;
}

/* x1: what linear_map_early() gives in a call. */
void early_hyp_call(struct user_pt_regs *regs)
{
	regs->regs[1] = map(page(EARLY_PAGE), PAGE_SIZE, RW);
}
