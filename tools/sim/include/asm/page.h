/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_ASM_PAGE_H
#define SIM_ASM_PAGE_H

#include <linux/kernel.h>
#include <linux/sizes.h>

#undef PAGE_SIZE
#undef PAGE_MASK
#undef PAGE_SHIFT
#define PAGE_SHIFT		12
#define PAGE_SIZE		(1UL << PAGE_SHIFT)
#define PAGE_MASK		(~(PAGE_SIZE - 1))
#define PMD_SHIFT		21
#define PMD_SIZE		(1UL << PMD_SHIFT)
#define PTRS_PER_PTE		512
#define PHYS_MASK_SHIFT		48

#define PAGE_ALIGN(addr)	ALIGN(addr, PAGE_SIZE)
#define PAGE_ALIGN_DOWN(addr)	ALIGN_DOWN(addr, PAGE_SIZE)
#define PAGE_ALIGNED(addr)	IS_ALIGNED((unsigned long)(addr), PAGE_SIZE)
#define offset_in_page(p)	((unsigned long)(p) & ~PAGE_MASK)

#endif
