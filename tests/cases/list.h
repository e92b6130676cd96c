/* SPDX-License-Identifier: GPL-2.0-only */
/* The list itself; see cases.h. Included by cases.c only. */

static const char * const kind_names[] = {
	[HOST] = "a page of the host", [DONATED] = "a donated page",
	[DONATED_RO] = "a page donated r--", [DONATED_RX] = "a page donated r-x",
	[SHARED] = "a shared page",
	[PINNED] = "a pinned page", [PINNED_TWICE] = "a page pinned twice",
	[TAKEN] = "a page taken by mapping it", [MAPPED] = "a mapped page",
	[MAPPED_RX] = "a page mapped r-x", [DONATED_MAPPED] = "a donated page that is mapped",
	[PROT_RO] = "a page the host may read", [PROT_RW] = "a page the host may read and write",
	[PROT_NONE] = "a page the host may not use", [GUEST] = "a protected guest's page",
	[GUEST_SHARED] = "a guest's page", [EL2] = "the hypervisor's page",
	[IMAGE] = "a module's image", [MMIO] = "MMIO", [MMIO_TAKEN] = "MMIO that was taken",
	[NO_MEMORY] = "the first page past memory", [PAST_PA] = "a page past the PA range",
	[LAST] = "page number -1",
};

static const struct view views[] = {
	[HOST]		= { "rw", "---", "---" },
	[DONATED]	= { "--", "rw-", "---" },
	[DONATED_RO]	= { "--", "r--", "---" },
	[DONATED_RX]	= { "--", "r-x", "---" },
	[SHARED]	= { "rw", "---", "---" },
	[PINNED]	= { "rw", "rw-", "---" },
	[PINNED_TWICE]	= { "rw", "rw-", "---" },
	[TAKEN]		= { "--", "---", "---" },
	[MAPPED]	= { "--", "---", "rw-" },
	[MAPPED_RX]	= { "--", "---", "r-x" },
	[DONATED_MAPPED] = { "--", "rw-", "rw-" },
	[PROT_RO]	= { "r-", "---", "---" },
	[PROT_RW]	= { "rw", "---", "---" },
	[PROT_NONE]	= { "--", "---", "---" },
};

#define NOT_THERE	{ PAST_PA, -EINVAL, SAME }, { LAST, -EINVAL, SAME }
#define TAKES(kind)	{ { ALL, -EPERM, SAME }, { HOST, 0, kind }, NOT_THERE }
#define REFUSES(err)	{ { ALL, err, SAME } }

static const struct page_cases page_cases[] = {
	{ { "host_donate_hyp()", OP_HOST_DONATE_HYP, { A_PFN, 1, false } }, TAKES(DONATED) },
	{ { "host_donate_hyp_17()", OP_HOST_DONATE_HYP_17, { A_PFN, 1 } }, TAKES(DONATED) },
	{ { "host_donate_hyp(accept_mmio)", OP_HOST_DONATE_HYP, { A_PFN, 1, true } },
	  { { ALL, -EPERM, SAME }, { HOST, 0, DONATED }, { MMIO, 0, MMIO_TAKEN },
	    { NO_MEMORY, 0, MMIO_TAKEN }, NOT_THERE } },
	{ { "host_donate_hyp_prot(rw-)", OP_HOST_DONATE_HYP_PROT, { A_PFN, 1, false, CASES_RW } },
	  TAKES(DONATED) },
	{ { "host_donate_hyp_prot(r--)", OP_HOST_DONATE_HYP_PROT, { A_PFN, 1, false, CASES_R } },
	  TAKES(DONATED_RO) },
	{ { "host_donate_hyp_prot(r-x)", OP_HOST_DONATE_HYP_PROT, { A_PFN, 1, false, CASES_RX } },
	  TAKES(DONATED_RX) },
	{ { "host_donate_hyp_prot(r--, accept_mmio)", OP_HOST_DONATE_HYP_PROT,
	    { A_PFN, 1, true, CASES_R } },
	  { { ALL, -EPERM, SAME }, { HOST, 0, DONATED_RO }, { MMIO, 0, MMIO_TAKEN },
	    { NO_MEMORY, 0, MMIO_TAKEN }, NOT_THERE } },
	{ { "host_donate_hyp_prot(rwx)", OP_HOST_DONATE_HYP_PROT, { A_PFN, 1, false, CASES_RWX } },
	  REFUSES(-EINVAL) },
	{ { "host_donate_sglist_hyp()", OP_HOST_DONATE_SGLIST_HYP, { A_SCRATCH, 1 } },
	  TAKES(DONATED) },
	{ { "host_donate_sglist_hyp() of so many pages that it wraps", OP_HOST_DONATE_SGLIST_HYP,
	    { A_SCRATCH, 1, 63 } }, REFUSES(-EINVAL) },
	{ { "host_donate_sglist_hyp() of an order that there is not", OP_HOST_DONATE_SGLIST_HYP,
	    { A_SCRATCH, 1, 255 } }, REFUSES(-EINVAL) },
	{ { "host_donate_sglist_hyp() of pages to past memory", OP_HOST_DONATE_SGLIST_HYP,
	    { A_SCRATCH, 1, 24 } }, { { ALL, -EINVAL, SAME }, { NO_MEMORY, -EPERM, SAME } } },
	{ { "host_donate_sglist_hyp() of nothing", OP_HOST_DONATE_SGLIST_HYP, { A_SCRATCH, 0 } },
	  REFUSES(-EINVAL) },
	{ { "hyp_donate_host()", OP_HYP_DONATE_HOST, { A_PFN, 1 } },
	  { { ALL, -EPERM, SAME }, { DONATED, 0, HOST }, { DONATED_RO, 0, HOST },
	    { DONATED_RX, 0, HOST }, { TAKEN, 0, HOST }, { MAPPED, -EBUSY, SAME },
	    { MAPPED_RX, -EBUSY, SAME },
	    { DONATED_MAPPED, -EBUSY, SAME }, { MMIO_TAKEN, 0, MMIO }, NOT_THERE } },

	{ { "host_share_hyp()", OP_HOST_SHARE_HYP, { A_PFN } }, TAKES(SHARED) },
	{ { "host_unshare_hyp()", OP_HOST_UNSHARE_HYP, { A_PFN } },
	  { { ALL, -EPERM, SAME }, { SHARED, 0, HOST }, { PINNED, -EBUSY, SAME },
	    { PINNED_TWICE, -EBUSY, SAME }, NOT_THERE } },
	{ { "pin_shared_mem()", OP_PIN_SHARED_MEM, { A_LINEAR, A_LINEAR_END } },
	  { { ALL, -EPERM, SAME }, { SHARED, 0, PINNED }, { PINNED, 0, PINNED_TWICE },
	    { PINNED_TWICE, SKIP }, { PAST_PA, -EINVAL, SAME }, { LAST, SKIP } } },
	{ { "pin_shared_mem() of nothing", OP_PIN_SHARED_MEM, { A_LINEAR, A_LINEAR } },
	  REFUSES(-EINVAL) },
	{ { "pin_shared_mem() at a misaligned address", OP_PIN_SHARED_MEM,
	    { A_LINEAR_8, A_LINEAR_END } },
	  { { ALL, -EPERM, SAME }, { SHARED, 0, PINNED }, { PINNED, 0, PINNED_TWICE },
	    { PINNED_TWICE, SKIP }, { PAST_PA, -EINVAL, SAME }, { LAST, SKIP } } },
	{ { "pin_shared_mem() backwards", OP_PIN_SHARED_MEM, { A_LINEAR_END, A_LINEAR } },
	  { { ALL, -EINVAL, SAME }, { LAST, SKIP } } },
	{ { "pin_shared_mem() to the end of all addresses", OP_PIN_SHARED_MEM, { A_LINEAR, ~0ULL } },
	  { { ALL, -EINVAL, SAME }, { LAST, SKIP } } },
	{ { "unpin_shared_mem()", OP_UNPIN_SHARED_MEM, { A_LINEAR, A_LINEAR_END }, R_NONE },
	  { { ALL, 0, SAME }, { PINNED, 0, SHARED }, { PINNED_TWICE, 0, PINNED } } },
	{ { "unpin_shared_mem() at a misaligned address", OP_UNPIN_SHARED_MEM,
	    { A_LINEAR_8, A_LINEAR_END }, R_NONE },
	  { { ALL, 0, SAME }, { PINNED, 0, SHARED }, { PINNED_TWICE, 0, PINNED } } },
	{ { "unpin_shared_mem() backwards", OP_UNPIN_SHARED_MEM, { A_LINEAR_END, A_LINEAR }, R_NONE },
	  { { ALL, 0, SAME } } },
	{ { "unpin_shared_mem() of nothing", OP_UNPIN_SHARED_MEM, { A_LINEAR, A_LINEAR }, R_NONE },
	  { { ALL, 0, SAME } } },

	{ { "map_module_page()", OP_MAP_MODULE_PAGE, { A_PFN, A_VA, CASES_RW, false } },
	  { { ALL, -EPERM, SAME }, { HOST, 0, MAPPED }, { MAPPED, -EBUSY, SAME },
	    { MAPPED_RX, -EBUSY, SAME }, { DONATED_MAPPED, -EBUSY, SAME }, NOT_THERE } },
	{ { "map_module_pages()", OP_MAP_MODULE_PAGES, { A_PFN, A_VA, 1, CASES_RW, false } },
	  { { ALL, -EPERM, SAME }, { HOST, 0, MAPPED }, { MAPPED, -EBUSY, SAME },
	    { MAPPED_RX, -EBUSY, SAME }, { DONATED_MAPPED, -EBUSY, SAME }, NOT_THERE } },
	{ { "map_module_pages(r-x)", OP_MAP_MODULE_PAGES, { A_PFN, A_VA, 1, CASES_RX, false } },
	  { { ALL, -EPERM, SAME }, { HOST, 0, MAPPED_RX }, { MAPPED, -EBUSY, SAME },
	    { MAPPED_RX, -EBUSY, SAME }, { DONATED_MAPPED, -EBUSY, SAME }, NOT_THERE } },
	{ { "map_module_pages(is_protected)", OP_MAP_MODULE_PAGES,
	    { A_PFN, A_VA, 1, CASES_RW, true } },
	  { { ALL, -EPERM, SAME }, { DONATED, 0, DONATED_MAPPED }, { DONATED_RO, SKIP },
	    { DONATED_RX, -EBUSY, SAME }, { TAKEN, 0, MAPPED }, { MAPPED, -EBUSY, SAME },
	    { MAPPED_RX, -EBUSY, SAME },
	    { DONATED_MAPPED, -EBUSY, SAME }, NOT_THERE } },
	{ { "map_module_pages(r-x, is_protected)", OP_MAP_MODULE_PAGES,
	    { A_PFN, A_VA, 1, CASES_RX, true } },
	  { { ALL, -EPERM, SAME }, { DONATED, 0, MAPPED_RX }, { DONATED_RO, 0, MAPPED_RX },
	    { DONATED_RX, 0, MAPPED_RX }, { TAKEN, 0, MAPPED_RX }, { MAPPED, -EBUSY, SAME },
	    { MAPPED_RX, -EBUSY, SAME },
	    { DONATED_MAPPED, -EBUSY, SAME }, NOT_THERE } },
	{ { "map_module_pages() elsewhere", OP_MAP_MODULE_PAGES, { A_PFN, A_VA_2, 1, CASES_RW, false } },
	  { { ALL, -EPERM, SAME }, { HOST, SKIP }, NOT_THERE } },
	{ { "map_module_pages(is_protected) elsewhere", OP_MAP_MODULE_PAGES,
	    { A_PFN, A_VA_2, 1, CASES_RW, true } },
	  { { ALL, -EPERM, SAME }, { DONATED, SKIP }, { DONATED_RO, SKIP },
	    { DONATED_RX, -EBUSY, SAME }, { TAKEN, SKIP },
	    { MAPPED, -EBUSY, SAME }, { MAPPED_RX, -EBUSY, SAME },
	    { DONATED_MAPPED, -EBUSY, SAME }, NOT_THERE } },
	{ { "map_module_pages() at a misaligned address", OP_MAP_MODULE_PAGES,
	    { A_PFN, A_VA_8, 1, CASES_RW, false } }, REFUSES(-EINVAL) },
	{ { "map_module_page() at a misaligned address", OP_MAP_MODULE_PAGE,
	    { A_PFN, A_VA_8, CASES_RW, false } }, REFUSES(-EINVAL) },
	{ { "map_module_pages() over the end of its addresses", OP_MAP_MODULE_PAGES,
	    { A_PFN, A_VA_2, 4, CASES_RW, false } }, REFUSES(-EINVAL) },
	{ { "map_module_pages() in the linear range", OP_MAP_MODULE_PAGES,
	    { A_PFN, A_LINEAR, 1, CASES_RW, false } }, REFUSES(-EINVAL) },
	{ { "unmap_module_pages()", OP_UNMAP_MODULE_PAGES, { A_PFN, A_VA, 1 } },
	  { { ALL, -EPERM, SAME }, { MAPPED, 0, TAKEN }, { MAPPED_RX, 0, TAKEN },
	    { DONATED_MAPPED, 0, DONATED }, { DONATED, -EINVAL, SAME },
	    { DONATED_RO, -EINVAL, SAME }, { DONATED_RX, -EINVAL, SAME },
	    { TAKEN, -EINVAL, SAME }, NOT_THERE } },
	{ { "unmap_module_pages() elsewhere", OP_UNMAP_MODULE_PAGES, { A_PFN, A_VA_2, 1 } },
	  { { ALL, -EPERM, SAME }, { MAPPED, -EINVAL, SAME }, { MAPPED_RX, -EINVAL, SAME },
	    { DONATED_MAPPED, -EINVAL, SAME }, { DONATED, -EINVAL, SAME },
	    { DONATED_RO, -EINVAL, SAME }, { DONATED_RX, -EINVAL, SAME },
	    { TAKEN, -EINVAL, SAME }, NOT_THERE } },

	{ { "unmap_module_pages() at a misaligned address", OP_UNMAP_MODULE_PAGES,
	    { A_PFN, A_VA_8, 1 } }, REFUSES(-EINVAL) },

	{ { "host_stage2_mod_prot(r--)", OP_HOST_STAGE2_MOD_PROT, { A_PFN, CASES_R, 1, false } },
	  { { ALL, -EPERM, SAME }, { HOST, 0, PROT_RO }, { PROT_RO, 0, PROT_RO },
	    { PROT_RW, 0, PROT_RO }, { PROT_NONE, 0, PROT_RO }, NOT_THERE } },
	{ { "host_stage2_mod_prot(rw-)", OP_HOST_STAGE2_MOD_PROT, { A_PFN, CASES_RW, 1, false } },
	  { { ALL, -EPERM, SAME }, { HOST, 0, PROT_RW }, { PROT_RO, 0, PROT_RW },
	    { PROT_RW, 0, PROT_RW }, { PROT_NONE, 0, PROT_RW }, NOT_THERE } },
	{ { "host_stage2_mod_prot(---)", OP_HOST_STAGE2_MOD_PROT, { A_PFN, 0, 1, false } },
	  { { ALL, -EPERM, SAME }, { HOST, 0, PROT_NONE }, { PROT_RO, 0, PROT_NONE },
	    { PROT_RW, 0, PROT_NONE }, { PROT_NONE, 0, PROT_NONE }, NOT_THERE } },
	{ { "host_stage2_mod_prot(rwx)", OP_HOST_STAGE2_MOD_PROT, { A_PFN, CASES_RWX, 1, false } },
	  { { ALL, -EPERM, SAME }, { HOST, 0, HOST }, { PROT_RO, 0, HOST }, { PROT_RW, 0, HOST },
	    { PROT_NONE, 0, HOST }, NOT_THERE } },
	{ { "host_stage2_mod_prot(-w-)", OP_HOST_STAGE2_MOD_PROT, { A_PFN, CASES_W, 1, false } },
	  REFUSES(-EINVAL) },
	{ { "host_stage2_mod_prot(update_iommu)", OP_HOST_STAGE2_MOD_PROT,
	    { A_PFN, CASES_R, 1, true } }, REFUSES(-EOPNOTSUPP) },
	{ { "host_stage2_mod_prot_14(r--)", OP_HOST_STAGE2_MOD_PROT_14, { A_PFN, CASES_R } },
	  { { ALL, -EPERM, SAME }, { HOST, 0, PROT_RO }, { PROT_RO, 0, PROT_RO },
	    { PROT_RW, 0, PROT_RO }, { PROT_NONE, 0, PROT_RO }, NOT_THERE } },
	{ { "host_stage2_enable_lazy_pte()", OP_HOST_STAGE2_ENABLE_LAZY_PTE, { A_PHYS, 1 } },
	  TAKES(HOST) },
	{ { "host_stage2_disable_lazy_pte()", OP_HOST_STAGE2_DISABLE_LAZY_PTE, { A_PHYS, 1 } },
	  TAKES(HOST) },
	{ { "host_stage2_enable_lazy_pte() at a misaligned address", OP_HOST_STAGE2_ENABLE_LAZY_PTE,
	    { A_PHYS_8, 1 } }, REFUSES(-EINVAL) },
	{ { "host_stage2_disable_lazy_pte() at a misaligned address", OP_HOST_STAGE2_DISABLE_LAZY_PTE,
	    { A_PHYS_8, 1 } }, REFUSES(-EINVAL) },
	{ { "host_stage2_get_leaf()", OP_HOST_STAGE2_GET_LEAF, { A_PHYS, A_SCRATCH, A_SCRATCH_8 } },
	  { { ALL, 0, SAME }, { PAST_PA, -ERANGE, SAME }, { LAST, -ERANGE, SAME } } },
	{ { "host_stage2_get_leaf_15()", OP_HOST_STAGE2_GET_LEAF_15,
	    { A_PHYS, A_SCRATCH, A_SCRATCH_8 } },
	  { { ALL, 0, SAME }, { PAST_PA, -ERANGE, SAME }, { LAST, -ERANGE, SAME } } },
	{ { "host_stage2_get_leaf() at a misaligned address", OP_HOST_STAGE2_GET_LEAF,
	    { A_PHYS_8, A_SCRATCH, A_SCRATCH_8 } },
	  { { ALL, 0, SAME }, { PAST_PA, -ERANGE, SAME }, { LAST, -ERANGE, SAME } } },
	{ { "host_stage2_get_leaf_15() at a misaligned address", OP_HOST_STAGE2_GET_LEAF_15,
	    { A_PHYS_8, A_SCRATCH, A_SCRATCH_8 } },
	  { { ALL, 0, SAME }, { PAST_PA, -ERANGE, SAME }, { LAST, -ERANGE, SAME } } },
	{ { "host_stage2_get_leaf_15() without a place", OP_HOST_STAGE2_GET_LEAF_15,
	    { A_PHYS, A_SCRATCH, 0 } }, REFUSES(-EINVAL) },
	{ { "host_stage2_get_leaf() without a place", OP_HOST_STAGE2_GET_LEAF, { A_PHYS, 0, 0 } },
	  REFUSES(-EINVAL) },

	{ { "create_private_mapping(r--)", OP_CREATE_PRIVATE_MAPPING,
	    { A_PHYS, CASES_PAGE, CASES_R, A_SCRATCH } },
	  { { ALL, 0, SAME }, NOT_THERE } },
	{ { "fixmap_map()", OP_FIXMAP_MAP, { A_PHYS }, R_WINDOW },
	  { { ALL, 0, SAME }, { MMIO, -1, SAME }, { MMIO_TAKEN, -1, SAME }, { NO_MEMORY, -1, SAME },
	    { PAST_PA, -1, SAME }, { LAST, -1, SAME } } },
	{ { "fixmap_map() at a misaligned address", OP_FIXMAP_MAP, { A_PHYS_8 }, R_WINDOW },
	  { { ALL, 0, SAME }, { MMIO, -1, SAME }, { MMIO_TAKEN, -1, SAME }, { NO_MEMORY, -1, SAME },
	    { PAST_PA, -1, SAME }, { LAST, -1, SAME } } },
	{ { "create_private_mapping(r--) at a misaligned address", OP_CREATE_PRIVATE_MAPPING,
	    { A_PHYS_8, 8, CASES_R, A_SCRATCH } },
	  { { ALL, 0, SAME }, NOT_THERE } },
	{ { "fixblock_map()", OP_FIXBLOCK_MAP, { A_PHYS }, R_WINDOW },
	  { { ALL, 0, SAME }, { MMIO, -1, SAME }, { MMIO_TAKEN, -1, SAME }, { NO_MEMORY, -1, SAME },
	    { PAST_PA, -1, SAME }, { LAST, -1, SAME } } },
	{ { "fixblock_map() at a misaligned address", OP_FIXBLOCK_MAP, { A_PHYS_8 }, R_WINDOW },
	  { { ALL, 0, SAME }, { MMIO, -1, SAME }, { MMIO_TAKEN, -1, SAME }, { NO_MEMORY, -1, SAME },
	    { PAST_PA, -1, SAME }, { LAST, -1, SAME } } },
	{ { "fixblock_map_17()", OP_FIXBLOCK_MAP_17, { A_PHYS, A_SCRATCH }, R_WINDOW },
	  { { ALL, 0, SAME }, { MMIO, -1, SAME }, { MMIO_TAKEN, -1, SAME }, { NO_MEMORY, -1, SAME },
	    { PAST_PA, -1, SAME }, { LAST, -1, SAME } } },
	{ { "fixblock_map_17() at a misaligned address", OP_FIXBLOCK_MAP_17, { A_PHYS_8, A_SCRATCH },
	    R_WINDOW },
	  { { ALL, 0, SAME }, { MMIO, -1, SAME }, { MMIO_TAKEN, -1, SAME }, { NO_MEMORY, -1, SAME },
	    { PAST_PA, -1, SAME }, { LAST, -1, SAME } } },
	{ { "fixblock_map_17() without a size", OP_FIXBLOCK_MAP_17, { A_PHYS, 0 }, R_POINTER },
	  REFUSES(-1) },
	{ { "linear_map_early() after init", OP_LINEAR_MAP_EARLY, { A_PHYS, CASES_PAGE, CASES_RW },
	    R_POINTER }, REFUSES(-1) },
};

/* Ranges that begin with a good page; @args[nr] is how many there are. */
static const struct {
	struct op op;
	unsigned int nr;
	enum kind kind;
} range_ops[] = {
	{ { "host_donate_hyp()", OP_HOST_DONATE_HYP, { A_PFN, 0, false } }, 1, HOST },
	{ { "host_donate_hyp(accept_mmio)", OP_HOST_DONATE_HYP, { A_PFN, 0, true } }, 1, HOST },
	{ { "host_donate_hyp_17()", OP_HOST_DONATE_HYP_17, { A_PFN, 0 } }, 1, HOST },
	{ { "host_donate_hyp_prot(rw-)", OP_HOST_DONATE_HYP_PROT, { A_PFN, 0, false, CASES_RW } }, 1,
	  HOST },
	{ { "hyp_donate_host()", OP_HYP_DONATE_HOST, { A_PFN, 0 } }, 1, DONATED },
	{ { "map_module_pages()", OP_MAP_MODULE_PAGES, { A_PFN, A_VA, 0, CASES_RW, false } }, 2, HOST },
	{ { "map_module_pages(is_protected)", OP_MAP_MODULE_PAGES,
	    { A_PFN, A_VA, 0, CASES_RW, true } }, 2, DONATED },
	{ { "unmap_module_pages()", OP_UNMAP_MODULE_PAGES, { A_PFN, A_VA, 0 } }, 2, MAPPED },
	{ { "host_stage2_mod_prot(r--)", OP_HOST_STAGE2_MOD_PROT, { A_PFN, CASES_R, 0, false } }, 2,
	  HOST },
	{ { "host_stage2_enable_lazy_pte()", OP_HOST_STAGE2_ENABLE_LAZY_PTE, { A_PHYS, 0 } }, 1, HOST },
	{ { "host_stage2_disable_lazy_pte()", OP_HOST_STAGE2_DISABLE_LAZY_PTE, { A_PHYS, 0 } }, 1,
	  HOST },
};

static const struct {
	__u64 nr;
	const char *name;
} bad_ranges[] = {
	{ 0, "no pages" },
	{ ~0ULL, "as many pages as there are numbers" },
	{ 1ULL << 52, "so many pages that their size wraps to 0" },
	{ (1ULL << 52) + 1, "so many pages that their size wraps to one" },
	{ 1ULL << 36, "pages to past the PA range" },
	{ 1ULL << 24, "pages to past memory" },
};

/* Protections; @args[prot] is which. What is bad depends on what it is for. */
#define BAD_EL2		1	/* a page at EL2 */
#define BAD_PRIVATE	2	/* a private mapping, also of a device */
#define BAD_HOST	4	/* the host, which may be given anything that makes sense */
#define BAD_ALL		(BAD_EL2 | BAD_PRIVATE | BAD_HOST)

static const struct {
	struct op op;
	unsigned int prot;
	enum kind kind;
	unsigned int is_bad;
} prot_ops[] = {
	{ { "host_donate_hyp_prot()", OP_HOST_DONATE_HYP_PROT, { A_PFN, 1, false, 0 } }, 3, HOST,
	  BAD_EL2 },
	{ { "map_module_page()", OP_MAP_MODULE_PAGE, { A_PFN, A_VA, 0, false } }, 2, HOST, BAD_EL2 },
	{ { "map_module_pages()", OP_MAP_MODULE_PAGES, { A_PFN, A_VA, 1, 0, false } }, 3, HOST,
	  BAD_EL2 },
	{ { "map_module_pages(is_protected)", OP_MAP_MODULE_PAGES, { A_PFN, A_VA, 1, 0, true } }, 3,
	  DONATED, BAD_EL2 },
	{ { "create_private_mapping()", OP_CREATE_PRIVATE_MAPPING,
	    { A_PHYS, CASES_PAGE, 0, A_SCRATCH } }, 2, HOST, BAD_PRIVATE },
	{ { "host_stage2_mod_prot()", OP_HOST_STAGE2_MOD_PROT, { A_PFN, 0, 1, false } }, 1, HOST,
	  BAD_HOST },
	{ { "host_stage2_mod_prot()", OP_HOST_STAGE2_MOD_PROT, { A_PFN, 0, 1, false } }, 1, PROT_RO,
	  BAD_HOST },
	{ { "host_stage2_mod_prot_14()", OP_HOST_STAGE2_MOD_PROT_14, { A_PFN, 0 } }, 1, HOST,
	  BAD_HOST },
};

static const struct {
	__u64 prot;
	const char *name;
	unsigned int is_bad;
} bad_prots[] = {
	{ 0, "no access", BAD_EL2 | BAD_PRIVATE },
	{ CASES_W, "w only", BAD_ALL },
	{ CASES_X, "x only", BAD_ALL },
	{ CASES_RWX, "rwx", BAD_EL2 | BAD_PRIVATE },
	{ CASES_RW | 1, "rw and x for EL2", BAD_ALL },
	{ CASES_RW | 2, "rw and x for EL0", BAD_ALL },
	{ CASES_RX | CASES_DEVICE, "an executable device", BAD_ALL },
	{ CASES_RW | CASES_DEVICE, "a device", BAD_EL2 | BAD_HOST },
	{ CASES_RW | 0x20, "uncached", BAD_ALL },
	{ CASES_RW | 1ULL << 55, "a software bit", BAD_ALL },
	{ CASES_RW | 1ULL << 63, "an unknown bit", BAD_ALL },
};

static const struct {
	const char *name;
	enum probe_op member;
} handler_kinds[] = {
	[TRAPS_PERM_FAULT] = { "register_host_perm_fault_handler()",
			       OP_REGISTER_HOST_PERM_FAULT_HANDLER },
	[TRAPS_HOST_SMC] = { "register_host_smc_handler()", OP_REGISTER_HOST_SMC_HANDLER },
	[TRAPS_GUEST_SMC] = { "register_guest_smc_handler()", OP_REGISTER_GUEST_SMC_HANDLER },
	[TRAPS_DEFAULT_TRAP] = { "register_default_trap_handler()",
				 OP_REGISTER_DEFAULT_TRAP_HANDLER },
	[TRAPS_ILLEGAL_ABT] = { "register_illegal_abt_notifier()",
				OP_REGISTER_ILLEGAL_ABT_NOTIFIER },
	[TRAPS_PSCI] = { "register_psci_notifier()", OP_REGISTER_PSCI_NOTIFIER },
	[TRAPS_HYP_PANIC] = { "register_hyp_panic_notifier()", OP_REGISTER_HYP_PANIC_NOTIFIER },
};

static const struct {
	enum arg what;
	const char *name;
	int ret;
} bad_handlers[] = {
	{ 0, "NULL", -EINVAL },
	{ A_HYP_FUNCTION, "a function of the hypervisor", -EINVAL },
	{ A_EL1_FUNCTION, "an address of the kernel", -EINVAL },
	{ A_DATA, "data of the module", -EINVAL },
	{ A_LINEAR, "an address in the linear range", -EINVAL },
};

static const struct step other_steps[] = {
	{ { "alloc_module_va() of nothing", OP_ALLOC_MODULE_VA, { 0 }, R_POINTER }, -1 },
	{ { "alloc_module_va() of everything", OP_ALLOC_MODULE_VA, { ~0ULL }, R_POINTER }, -1 },
	{ { "alloc_module_va() of 4 GiB", OP_ALLOC_MODULE_VA, { 1 << 20 }, R_POINTER }, -1 },
	{ { "alloc_module_va() of a page", OP_ALLOC_MODULE_VA, { 1 }, R_POINTER }, 0 },
	{ { "create_private_mapping() without a place", OP_CREATE_PRIVATE_MAPPING,
	    { A_PHYS, CASES_PAGE, CASES_RW, 0 } }, -EINVAL },
	{ { "create_private_mapping() of nothing", OP_CREATE_PRIVATE_MAPPING,
	    { A_PHYS, 0, CASES_RW, A_SCRATCH } }, -EINVAL },
	{ { "create_private_mapping() that wraps", OP_CREATE_PRIVATE_MAPPING,
	    { A_PHYS, ~0ULL, CASES_RW, A_SCRATCH } }, -EINVAL },
	{ { "create_private_mapping() of 4 GiB", OP_CREATE_PRIVATE_MAPPING,
	    { 0, 1ULL << 32, CASES_RW, A_SCRATCH } }, -ENOMEM },
	{ { "map_module_pages() at NULL", OP_MAP_MODULE_PAGES, { A_PFN, 0, 1, CASES_RW, false } },
	  -EINVAL },
	{ { "host_donate_sglist_hyp() without a list", OP_HOST_DONATE_SGLIST_HYP, { 0, 1 } }, -EINVAL },
	{ { "guest_stage2_pa() of no guest", OP_GUEST_STAGE2_PA, { 0x7777, 0, A_SCRATCH } }, -ENOENT },
	{ { "guest_stage2_pa() without a place", OP_GUEST_STAGE2_PA, { 0x7777, 0, 0 } }, -EINVAL },
	{ { "linear_unmap_early() to the end of all addresses", OP_LINEAR_UNMAP_EARLY,
	    { A_LINEAR, ~0ULL }, R_NONE }, 0 },
	{ { "linear_unmap_early() of nothing", OP_LINEAR_UNMAP_EARLY, { 0, 0 }, R_NONE }, 0 },
	{ { "fixmap_unmap() of a closed window", OP_FIXMAP_UNMAP, {}, R_NONE }, 0 },
	{ { "fixblock_unmap() of a closed window", OP_FIXBLOCK_UNMAP, {}, R_NONE }, 0 },
	{ { "register_serial_driver(NULL)", OP_REGISTER_SERIAL_DRIVER, { 0 } }, -EINVAL },
	{ { "register_serial_driver() of the kernel's", OP_REGISTER_SERIAL_DRIVER,
	    { A_EL1_FUNCTION } }, -EINVAL },
	{ { "register_guest_smc_handler_15(NULL)", OP_REGISTER_GUEST_SMC_HANDLER_15, { 0, 0 } }, -EINVAL },
	{ { "register_guest_smc_handler_15() of data", OP_REGISTER_GUEST_SMC_HANDLER_15,
	    { A_DATA, 0 } }, -EINVAL },
	{ { "register_serial_driver() of data", OP_REGISTER_SERIAL_DRIVER, { A_DATA } }, -EINVAL },
	{ { "register_unmask_serror() of data", OP_REGISTER_UNMASK_SERROR, { A_DATA, A_DATA } },
	  -EINVAL },
	{ { "register_unmask_serror(NULL)", OP_REGISTER_UNMASK_SERROR, { 0, 0 } }, -EINVAL },
	{ { "register_guest_trng_ops(NULL)", OP_REGISTER_GUEST_TRNG_OPS, { 0 } }, -EINVAL },
	{ { "register_guest_trng_ops() of data that has none", OP_REGISTER_GUEST_TRNG_OPS,
	    { A_DATA } }, -EINVAL },
	{ { "register_hyp_event_ids() of none", OP_REGISTER_HYP_EVENT_IDS, { A_DATA, A_DATA } }, 0 },
	{ { "the first reserved member", NR_PROBE_OPS, {} }, -EOPNOTSUPP },
	{ { "the last reserved member", 127, {} }, -EOPNOTSUPP },
};

/*
 * The heap, whose headers are of 32 bytes: how many pages it lacks tells where it puts
 * what.
 */
static const struct heap_step heap_steps[] = {
	{ ALLOC, 0, -EINVAL, 0 },
	{ ALLOC, 100, -ENOMEM, 1 },
	{ ALLOC, 4096, -ENOMEM, 2 },
	{ ALLOC, 1UL << 40, -EINVAL, 0 },
	{ RECLAIM, 1, .reclaimed = 0 },
	{ TOPUP, 1 },
	{ ALLOC, 4096, -ENOMEM, 1 },
	{ ALLOC, 4064, 0, 0 },			/* all of the page */
	{ ALLOC, 1, -ENOMEM, 1 },
	{ RECLAIM, 1, .reclaimed = 0 },
	{ FREE, 0 },
	{ FREE, 0 },				/* a second time: ignored */
	{ ALLOC, 1000, 0, 0 },			/* 1: from 0 */
	{ ALLOC, 1000, 0, 0 },			/* 2: from 1040 */
	{ ALLOC, 1000, 0, 0 },			/* 3: from 2080 */
	{ ALLOC, 1000, -ENOMEM, 1 },
	{ FREE, 2 },
	{ ALLOC, 1008, 0, 0 },			/* 4: in the gap */
	{ FREE, 1 },
	{ FREE, 4 },
	{ ALLOC, 2048, 0, 0 },			/* 5: in both, which are one by now */
	{ ALLOC, 1, 0, 0 },			/* 6: above the third */
	{ FREE, 3 },
	{ ALLOC, 1001, 0, 0 },			/* 7: where that was */
	{ ALLOC, 20000, -ENOMEM, 5 },
	{ TOPUP, 4 },
	{ ALLOC, 20000, -ENOMEM, 1 },
	{ TOPUP, 1 },
	{ ALLOC, 20000, 0, 0 },			/* 8 */
	{ RECLAIM, 10, .reclaimed = 0 },
	{ FREE, 5 },
	{ FREE, 6 },
	{ FREE, 7 },
	{ RECLAIM, 10, .reclaimed = 0 },	/* one chunk is at the top */
	{ FREE, 8 },
	{ RECLAIM, 10, .reclaimed = 6 },
	{ ALLOC, 1, -ENOMEM, 1 },
	{ ALLOC, 2000000, -ENOMEM, 255 },
};
