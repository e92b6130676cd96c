// SPDX-License-Identifier: GPL-2.0-only
/* The EL1 part: memory for it, and the results. For test machines only. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/module.h>

#include <asm/kvm_pkvm_module.h>

#include "early.h"

#define ORDER		MAX_PAGE_ORDER
#define BLOCK		(PAGE_SIZE << ORDER)
#define MAX_BLOCKS	(4 * EARLY_SIZE / BLOCK)

int __kvm_nvhe_early_hyp_init(const struct pkvm_module_ops *ops);
void __kvm_nvhe_early_hyp_call(struct user_pt_regs *regs);

extern u64 kvm_nvhe_sym(early_phys), kvm_nvhe_sym(early_ram_end);
extern uint kvm_nvhe_sym(early_leave);
extern uint kvm_nvhe_sym(early_windows);
extern int kvm_nvhe_sym(early_ret);
extern u64 kvm_nvhe_sym(early_results)[];

static uint leave;
module_param(leave, uint, 0444);
MODULE_PARM_DESC(leave, "so many ranges are left mapped, and nothing else is tried");

static uint windows;
module_param(windows, uint, 0444);
MODULE_PARM_DESC(windows, "these are left open, and nothing else is tried: enum early_window");

static int ret;
module_param(ret, int, 0444);
MODULE_PARM_DESC(ret, "what the EL2 init function returns then");

static unsigned long results[EARLY_NR_RESULTS];
module_param_array(results, ulong, NULL, 0444);
MODULE_PARM_DESC(results, "what came of it, see early.h");

static int __init block_at(struct page **blocks, u64 phys)
{
	int i;

	for (i = 0; i < MAX_BLOCKS; i++) {
		if (blocks[i] && page_to_phys(blocks[i]) == phys)
			return i;
	}

	return -1;
}

/* The first of as many blocks in a row as make the region, and they are taken out. */
static u64 __init take_row(struct page **blocks)
{
	u64 start, size;
	int i;

	for (i = 0; i < MAX_BLOCKS && blocks[i]; i++) {
		start = page_to_phys(blocks[i]);
		for (size = 0; size < EARLY_SIZE && block_at(blocks, start + size) >= 0; )
			size += BLOCK;
		if (size < EARLY_SIZE)
			continue;
		for (size = 0; size < EARLY_SIZE; size += BLOCK)
			blocks[block_at(blocks, start + size)] = NULL;
		return start;
	}

	return 0;
}

/* It is more than the page allocator gives in one piece. */
static u64 __init alloc_region(void)
{
	static struct page *blocks[MAX_BLOCKS] __initdata;
	u64 phys;
	int i;

	for (i = 0; i < MAX_BLOCKS; i++)
		blocks[i] = alloc_pages(GFP_KERNEL | __GFP_NOWARN, ORDER);
	phys = take_row(blocks);
	for (i = 0; i < MAX_BLOCKS; i++) {
		if (blocks[i])
			__free_pages(blocks[i], ORDER);
	}

	return phys;
}

static u64 __init ram_end(u64 phys)
{
	while (pfn_is_map_memory(PHYS_PFN(phys)))
		phys += PAGE_SIZE;

	return phys;
}

static u64 __init *word(int page)
{
	return phys_to_virt(kvm_nvhe_sym(early_phys) + page * PAGE_SIZE);
}

static int __init early_init(void)
{
	u64 phys = alloc_region();
	int i, call, err;

	/* The log tells a test where to look if this fails. It is never freed. */
	pr_info("memory at %#llx\n", phys);
	if (!phys)
		return -ENOMEM;

	kvm_nvhe_sym(early_phys) = phys;
	kvm_nvhe_sym(early_ram_end) = ram_end(phys);
	kvm_nvhe_sym(early_leave) = leave;
	kvm_nvhe_sym(early_windows) = windows;
	kvm_nvhe_sym(early_ret) = ret;
	for (i = 0; i < EARLY_SIZE / PAGE_SIZE; i++)
		*word(i) = EARLY_EL1(i);

	err = pkvm_load_el2_module(__kvm_nvhe_early_hyp_init);
	if (err)
		return err;
	call = pkvm_register_el2_mod_call(__kvm_nvhe_early_hyp_call);
	if (call < 0)
		return call;

	for (i = 0; i < EARLY_NR_RESULTS; i++)
		results[i] = kvm_nvhe_sym(early_results)[i];
	for (i = 0; i < EARLY_SIZE / PAGE_SIZE; i++)
		results[EARLY_EL1_READ] += *word(i) == EARLY_EL2(i);
	results[EARLY_OUTSIDE] = pkvm_el2_mod_call(call);

	return 0;
}
module_init(early_init);

MODULE_DESCRIPTION("Test module: what only an EL2 init function can do");
MODULE_LICENSE("GPL");
