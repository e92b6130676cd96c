/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/probe: what a test program can have done at EL1 and at EL2. mmap() of it maps
 * physical memory, whatever it is.
 */
#ifndef __PROBE_H__
#define __PROBE_H__

#include <linux/ioctl.h>
#include <linux/types.h>

enum probe_cmd {
	/* At EL2 */
	PROBE_OP,		/* member args[0] of the ops table with args[1..5] */
	PROBE_SLOT,		/* what slot args[0] of the ops table holds */
	PROBE_PEEK,		/* 8 bytes at EL2 address args[0] */
	PROBE_POKE,		/* the same, write args[1] */
	PROBE_PEEK32,		/* 4 bytes at EL2 address args[0] */
	PROBE_JUMP,		/* call EL2 address args[0]: res is what it returns */
	PROBE_FIXMAP,		/* through fixmap_map(args[0]): res are its address, 8 bytes read
				 * there, entry; written is args[1], unless it is 0
				 */
	PROBE_FIXMAP_TWICE,	/* what fixmap_map(args[0]) gives while the window is open */
	PROBE_FIXBLOCK,		/* as PROBE_FIXMAP, with fixblock_map() */
	PROBE_FIXBLOCK_SIZE,	/* fixblock_map_17(args[0]), with no place for the size if args[1]:
				 * res are its address and the size
				 */
	PROBE_FIXBLOCK_TWICE,	/* what fixblock_map(args[0]) gives while this CPU has the window */
	PROBE_FIXBLOCK_COUNT,	/* be in the window for args[1] microseconds. How many went in and
				 * came out is counted in the first two words at physical address
				 * args[0]: res is how many were inside
				 */
	PROBE_PTE,		/* EL2 stage-1 entry of args[0]; res[1] is its level */
	PROBE_TABLE,		/* physical address of EL2's stage-1 table */
	PROBE_FIND,		/* all of that: res are how many entries map physical address
				 * args[0], the address of one, how many are w and x
				 */
	PROBE_COUNT,		/* count up under a lock */
	PROBE_WHERE,		/* res: CurrentEL, CPU, whether in hVHE */
	/* At EL1 */
	PROBE_EARLY,		/* what enum probe_early args[0] gave */
	PROBE_IDS,		/* res: ids of the calls, in the order of enum probe_handler */
	PROBE_FUNC,		/* id of enum probe_hvc args[0] */
	PROBE_ALLOC,		/* 2^args[0] pages: res are kernel VA and pfn */
	PROBE_LINEAR,		/* pfn and linear address of what is at kernel VA args[0] */
	PROBE_USER,		/* pfn of what the caller has at args[0] */
	PROBE_READ,		/* 8 bytes at kernel VA args[0]: res are errno and data */
	PROBE_WRITE,		/* the same, write args[1] */
	PROBE_TOUCH,		/* kernel VA args[0] in a kernel thread, how: enum probe_touch
				 * args[1]. res is 1 if the thread lived
				 */
	PROBE_HVC,		/* x0.. are args[0..6]: res are x0-x3 */
	PROBE_CALL,		/* pkvm_el2_mod_call(args[0], args[1]) */
	PROBE_REPEAT,		/* as PROBE_HVC with x0..x5 = args[1..6], args[0] times: res are
				 * how often x0 was "success", with x1 0, and with x1 above the last
				 */
	PROBE_COST,		/* as PROBE_HVC with x0..x5 = args[1..6], args[0] times, with
				 * interrupts masked: res is how long it took, in nanoseconds
				 */
	PROBE_VAR,		/* kernel VA of probe_from_el1, which EL1 sets */
	PROBE_REGISTER,		/* register kernel VA args[0] as a call */
	PROBE_EL2_VA,		/* pkvm_el2_mod_va(args[0]) */
	PROBE_KERN_VA,		/* pkvm_el2_mod_kern_va(args[0]) */
	PROBE_TOPUP,		/* __pkvm_topup_hyp_alloc(args[0]) */
	PROBE_RECLAIM,		/* __pkvm_reclaim_hyp_alloc(args[0]) */
	PROBE_VMAP,		/* kernel VA of page frames args[0] and args[1], side by side */
	PROBE_ZEROPAD,		/* load_unaligned_zeropad() of kernel VA args[0], with interrupts
				 * masked if args[1] is 1
				 */
};

struct probe_request {
	__u64 cmd;
	__u64 args[7];
	__u64 res[4];
};

enum probe_touch {
	TOUCH_READ,
	TOUCH_WRITE,
	TOUCH_EXEC,
};

/* The calls that the probe registers. */
enum probe_handler {
	HANDLER_CALL,		/* what /dev/probe does at EL2 */
	HANDLER_CALL14,		/* in the form of Android 14: gives back x1 + 14 */
	HANDLER_ECHO,		/* x0-x3: x4, x5, x6, and x1-x3 as 16 bits each */
	NR_HANDLERS,
};

/* Tried before the host is deprivileged: what came of it. */
enum probe_early {
	EARLY_SEEN_BY_EL2,	/* in EL2's init: what EL1 had stored before the load */
	EARLY_SEEN_BY_EL1,	/* after it: what EL2's init had stored */
	EARLY_LOAD_TWICE,
	EARLY_CALL14,		/* the Android 14 form with 28 */
	EARLY_MEM,		/* what the compiler made calls to memcpy and so on of, with 7 */
	EARLY_REGISTER_UNLOADED,	/* its own EL2 function before the load */
	EARLY_REGISTER_EL1,	/* an EL1 function */
	EARLY_REGISTER_DATA,	/* something in .hyp.data */
	/* EL2's own opinion, asked with the loader's hypercall */
	EARLY_HVC_NULL,
	EARLY_HVC_EL1,
	EARLY_HVC_RODATA,
	EARLY_HVC_DATA,
	EARLY_HVC_MISALIGNED,
	EARLY_HVC_PAST_TEXT,
	EARLY_HVC_HYP_TEXT,	/* a function of the hypervisor itself */
	EARLY_FILL,		/* the last answer to registering until it fails, with fill=1 */
	EARLY_FILL_COUNT,	/* how many there were */
	NR_EARLY,
};

/* Hypercalls that a host could make on its own. */
enum probe_hvc {
	HVC_MODULE_RESERVE,
	HVC_MODULE_MAP_PAGE,
	HVC_MODULE_INIT,
	HVC_MODULE_REGISTER_CALL,
	HVC_MODULE_UNREGISTER,
	HVC_MODULE_UNDO_TRAPS,
	HVC_MODULE_RELEASE,
	HVC_MODULE_CLOSE,
	NR_LOADER_HVCS,
	HVC_HOST_SHARE_HYP = NR_LOADER_HVCS,
	HVC_HOST_UNSHARE_HYP,
	HVC_FORCE_RECLAIM,
	HVC_MIN_PKVM,		/* the first that is not for initialisation only */
	HVC_MAX,		/* the first that is not a built-in one */
	NR_PROBE_HVCS,
};

/* In x0 of a hypercall that there is not */
#define PROBE_NOT_SUPPORTED	((__u64)-1)

/* What probe_from_el1 is before the load and after it, and what EL2's init stores. */
#define PROBE_BEFORE		41
#define PROBE_AFTER		43
#define PROBE_FROM_EL2		42

/* A stage-1 entry of EL2, as the Arm ARM has it. */
#define EL2_PTE_VALID		(1ULL << 0)
#define EL2_PTE_READONLY		(1ULL << 7)	/* AP[2] */
#define EL2_PTE_PXN		(1ULL << 53)	/* PXN, only with E2H */
#define EL2_PTE_XN		(1ULL << 54)	/* UXN with E2H, else XN */

enum {
	PROT_MAPPED_X = 1,
	PROT_MAPPED_W = 2,
	PROT_MAPPED_R = 4,
};

/* Executable is what is so at either level: with E2H, EL0's bit counts too. */
static inline unsigned int probe_pte_prot(__u64 pte, int hvhe)
{
	unsigned int prot = PROT_MAPPED_R;

	if (!(pte & EL2_PTE_VALID))
		return 0;
	if (!(pte & EL2_PTE_READONLY))
		prot |= PROT_MAPPED_W;
	if (!(pte & EL2_PTE_XN) || (hvhe && !(pte & EL2_PTE_PXN)))
		prot |= PROT_MAPPED_X;

	return prot;
}

#define PROBE_IOCTL	_IOWR('p', 1, struct probe_request)

/* Where members of struct pkvm_module_ops are; the order is frozen. */
enum probe_op {
	OP_CREATE_PRIVATE_MAPPING,
	OP_ALLOC_MODULE_VA,
	OP_MAP_MODULE_PAGE,
	OP_MAP_MODULE_PAGES,
	OP_UNMAP_MODULE_PAGES,
	OP_FIXMAP_MAP,
	OP_FIXMAP_UNMAP,
	OP_FIXBLOCK_MAP,
	OP_FIXBLOCK_MAP_17,
	OP_FIXBLOCK_UNMAP,
	OP_LINEAR_MAP_EARLY,
	OP_LINEAR_UNMAP_EARLY,
	OP_FLUSH_DCACHE_TO_POC,
	OP_HYP_PA,
	OP_HYP_VA,
	OP_KERN_HYP_VA,
	OP_HOST_DONATE_HYP,
	OP_HOST_DONATE_HYP_17,
	OP_HOST_DONATE_HYP_PROT,
	OP_HOST_DONATE_SGLIST_HYP,
	OP_HYP_DONATE_HOST,
	OP_HOST_SHARE_HYP,
	OP_HOST_UNSHARE_HYP,
	OP_PIN_SHARED_MEM,
	OP_UNPIN_SHARED_MEM,
	OP_HOST_STAGE2_MOD_PROT,
	OP_HOST_STAGE2_MOD_PROT_14,
	OP_HOST_STAGE2_GET_LEAF,
	OP_HOST_STAGE2_GET_LEAF_15,
	OP_GUEST_STAGE2_PA,
	OP_HOST_STAGE2_ENABLE_LAZY_PTE,
	OP_HOST_STAGE2_DISABLE_LAZY_PTE,
	OP_REGISTER_HOST_PERM_FAULT_HANDLER,
	OP_REGISTER_HOST_SMC_HANDLER,
	OP_REGISTER_GUEST_SMC_HANDLER,
	OP_REGISTER_GUEST_SMC_HANDLER_15,
	OP_REGISTER_DEFAULT_TRAP_HANDLER,
	OP_REGISTER_ILLEGAL_ABT_NOTIFIER,
	OP_REGISTER_PSCI_NOTIFIER,
	OP_REGISTER_HYP_PANIC_NOTIFIER,
	OP_REGISTER_UNMASK_SERROR,
	OP_UPDATE_HCR_EL2,
	OP_UPDATE_HFGWTR_EL2,
	OP_REGISTER_SERIAL_DRIVER,
	OP_PUTC,
	OP_PUTS,
	OP_PUTX64,
	OP_MEMCPY,
	OP_MEMSET,
	OP_HYP_ALLOC,
	OP_HYP_FREE,
	OP_HYP_ALLOC_ERRNO,
	OP_HYP_ALLOC_MISSING_DONATIONS,
	OP_TRACING_RESERVE_ENTRY,
	OP_TRACING_COMMIT_ENTRY,
	OP_TRACING_MOD_HYP_PRINTK,
	OP_REGISTER_HYP_EVENT_IDS,
	OP_HYP_SMP_PROCESSOR_ID,
	OP_UDELAY,
	OP_GET_TIME,
	OP_LIST_ADD_VALID_OR_REPORT,
	OP_LIST_DEL_ENTRY_VALID_OR_REPORT,
	OP_REGISTER_GUEST_TRNG_OPS,
	NR_PROBE_OPS,
};

#endif /* __PROBE_H__ */
