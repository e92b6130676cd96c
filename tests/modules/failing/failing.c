// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has fail-nth count the allocations that may sleep, as almost all in a load may, and
 * single pages. What says otherwise can be changed in debugfs, but only later: the files
 * are made when modules with an EL2 part have been loaded.
 */

#include <linux/errno.h>
#include <linux/fault-inject.h>
#include <linux/init.h>
#include <linux/module.h>

/* Where the kernel has them. */
static unsigned long failslab;
module_param(failslab, ulong, 0);
MODULE_PARM_DESC(failslab, "address of failslab");
static unsigned long fail_page_alloc;
module_param(fail_page_alloc, ulong, 0);
MODULE_PARM_DESC(fail_page_alloc, "address of fail_page_alloc");

/* As mm/failslab.c and mm/fail_page_alloc.c have them. */
struct failslab {
	struct fault_attr attr;
	bool ignore_gfp_reclaim;
	bool cache_filter;
};

struct fail_page_alloc {
	struct fault_attr attr;
	bool ignore_gfp_highmem;
	bool ignore_gfp_reclaim;
	u32 min_order;
};

static int __init failing_init(void)
{
	struct fail_page_alloc *pages = (struct fail_page_alloc *)fail_page_alloc;
	struct failslab *slab = (struct failslab *)failslab;

	if (!slab || !pages)
		return -EINVAL;
	/* As they are set at first, or they are not these. */
	if (!slab->ignore_gfp_reclaim || slab->cache_filter || !pages->ignore_gfp_highmem ||
	    !pages->ignore_gfp_reclaim || pages->min_order != 1)
		return -EPERM;

	slab->ignore_gfp_reclaim = false;
	pages->ignore_gfp_highmem = false;
	pages->ignore_gfp_reclaim = false;
	pages->min_order = 0;

	/* It has nothing to stay for. */
	return -ENODEV;
}
module_init(failing_init);

MODULE_DESCRIPTION("Test module: any allocation can fail");
MODULE_LICENSE("GPL");
