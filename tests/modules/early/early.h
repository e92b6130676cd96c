/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an EL2 init function tried with linear_map_early() and linear_unmap_early(), and
 * what came of it: /sys/module/early/parameters/results, in this order.
 */
#ifndef __EARLY_H__
#define __EARLY_H__

/* A region of the host's that is nobody else's. Each of its pages begins with this. */
#define EARLY_SIZE	(64UL << 20)
#define EARLY_EL1(page)	(0xe100000000000000UL + (page))
#define EARLY_EL2(page)	(0xe200000000000000UL + (page))

/* The pages of it that are mapped one by one. */
#define EARLY_PAGE	0	/* most of all */
#define EARLY_R_PAGE	1	/* r-- */
#define EARLY_MANY	8	/* and every second from here on */

enum early_window {
	EARLY_FIXMAP = 1,
	EARLY_FIXBLOCK = 2,
};

enum early_result {
	EARLY_PHYS,		/* of the region */
	/* Entries are those of EL2's stage-1 table. */
	EARLY_PTE_BEFORE,
	EARLY_HYP_VA,		/* what hyp_va() says */
	EARLY_MAP,		/* one page rw- */
	EARLY_MAP_PTE,
	EARLY_NEXT_PTE,		/* of the page after it */
	EARLY_READ,		/* through it */
	EARLY_MAP_TWICE,
	EARLY_MAP_OVER,		/* the page and the next one */
	EARLY_MAP_OVER_PTE,	/* of the next one */
	EARLY_MAP_UNDER,	/* in a range of three that ends with one that is mapped */
	EARLY_MAP_UNDER_PTE,	/* of the first of them */
	EARLY_WRONG_UNMAP_PTE,	/* after unmapping all kinds of other ranges */
	/* While it is mapped: what else wants it */
	EARLY_TAKE,		/* host_donate_hyp() */
	EARLY_TAKE_R,		/* the same of a page that is mapped r-- */
	EARLY_TAKE_MAP,		/* map_module_pages() */
	EARLY_TAKE_SHARE,	/* host_share_hyp() */
	EARLY_TAKEN_PTE,
	EARLY_UNMAP_PTE,
	EARLY_UNMAP_TWICE_PTE,
	/* Not the host's alone */
	EARLY_DONATE,
	EARLY_DONATED,		/* mapping it then */
	EARLY_DONATED_PTE,
	EARLY_GIVE_BACK,
	EARLY_SHARE,
	EARLY_SHARED,
	EARLY_UNSHARE,
	EARLY_BAD,		/* bit i: enum early_bad i was mapped */
	EARLY_BAD_PTE,		/* of the page */
	EARLY_NR_MANY,		/* how many ranges there can be */
	EARLY_AGAIN,		/* another one, when one of them was unmapped */
	EARLY_MANY_LEFT,	/* how many are still mapped after unmapping all */
	EARLY_LARGE,		/* the whole region */
	EARLY_LARGE_READ,	/* how many pages of it had what EL1 wrote */
	EARLY_LARGE_LEFT,	/* how many are mapped after unmapping it */
	EARLY_R,		/* one page r-- */
	EARLY_R_PTE,
	/* By EL1 */
	EARLY_EL1_READ,		/* how many pages had what EL2 wrote */
	EARLY_OUTSIDE,		/* mapping it in a call, before the host is deprivileged */
	EARLY_NR_RESULTS,
};

enum early_bad {
	EARLY_BAD_NO_ACCESS,
	EARLY_BAD_W,
	EARLY_BAD_X,
	EARLY_BAD_RX,
	EARLY_BAD_RWX,
	EARLY_BAD_DEVICE,
	EARLY_BAD_BIT,
	EARLY_BAD_NOTHING,	/* a size of 0 */
	EARLY_BAD_HALF,		/* half a page */
	EARLY_BAD_MISALIGNED,
	EARLY_BAD_WRAPS,	/* to the end of all addresses */
	EARLY_BAD_WRAPS_TO_ONE,	/* so large that it wraps to a page */
	EARLY_BAD_NOWHERE,	/* past the PA range */
	EARLY_BAD_PAST_PA,	/* across its end */
	EARLY_BAD_MMIO,
	EARLY_BAD_MMIO_TO_RAM,	/* across the beginning of memory */
	EARLY_BAD_PAST_RAM,	/* across its end */
	EARLY_BAD_TABLE,	/* EL2's page table */
	EARLY_BAD_IMAGE,	/* this module's data */
	EARLY_NR_BAD,
};

#endif /* __EARLY_H__ */
