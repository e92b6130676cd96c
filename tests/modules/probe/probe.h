/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /dev/probe: what a test program can have done at EL1 and at EL2.
 */
#ifndef __PROBE_H__
#define __PROBE_H__

#include <linux/ioctl.h>
#include <linux/types.h>

enum probe_cmd {
	/* At EL2 */
	PROBE_OP,		/* member args[0] of the ops table with args[1..5] */
	PROBE_PEEK,		/* 8 bytes at EL2 address args[0] */
	PROBE_POKE,		/* the same, write args[1] */
	PROBE_PTE,		/* EL2 stage-1 entry of args[0]; res[1] is its level */
	PROBE_COUNT,		/* count up under a lock */
	PROBE_WHERE,		/* res: CurrentEL, CPU, what a static variable holds */
	/* At EL1 */
	PROBE_ALLOC,		/* args[0] pages: res are kernel VA and pfn */
	PROBE_FREE,		/* args[0] kernel VA, args[1] pages */
	PROBE_READ,		/* 8 bytes at kernel VA args[0]: res are errno and data */
	PROBE_WRITE,		/* the same, write args[1] */
	PROBE_EXEC,		/* jump to kernel VA args[0] in a kernel thread */
	PROBE_CALL,		/* module call or other hypercall args[0], x1.. are args[1..5] */
	PROBE_REGISTER,		/* register kernel VA args[0] as a call */
	PROBE_SECTION,		/* args[0]: kernel VA, size and EL2 VA of a section */
	PROBE_KERN_VA,		/* pkvm_el2_mod_kern_va(args[0]) */
};

struct probe_request {
	__u64 cmd;
	__u64 args[6];
	__u64 res[4];
};

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
	OP_FIXBLOCK_UNMAP,
	OP_LINEAR_MAP_EARLY,
	OP_LINEAR_UNMAP_EARLY,
	OP_FLUSH_DCACHE_TO_POC,
	OP_HYP_PA,
	OP_HYP_VA,
	OP_KERN_HYP_VA,
	OP_HOST_DONATE_HYP,
	OP_HOST_DONATE_HYP_PROT,
	OP_HOST_DONATE_SGLIST_HYP,
	OP_HYP_DONATE_HOST,
	OP_HOST_SHARE_HYP,
	OP_HOST_UNSHARE_HYP,
	OP_PIN_SHARED_MEM,
	OP_UNPIN_SHARED_MEM,
	OP_HOST_STAGE2_MOD_PROT,
	OP_HOST_STAGE2_GET_LEAF,
	OP_HOST_STAGE2_ENABLE_LAZY_PTE,
	OP_HOST_STAGE2_DISABLE_LAZY_PTE,
	OP_REGISTER_HOST_PERM_FAULT_HANDLER,
	OP_REGISTER_HOST_SMC_HANDLER,
	OP_REGISTER_GUEST_SMC_HANDLER,
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
	OP_HYP_SMP_PROCESSOR_ID,
	OP_UDELAY,
	OP_LIST_ADD_VALID_OR_REPORT,
	OP_LIST_DEL_ENTRY_VALID_OR_REPORT,
	OP_REGISTER_GUEST_TRNG_OPS,
	NR_PROBE_OPS,
};

#endif /* __PROBE_H__ */
