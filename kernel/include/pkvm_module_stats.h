/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What EL2 counts of vendor modules, as the host reads it (CONFIG_PKVM_MODULES_STATS).
 *
 * EL2 owns the pages and is the only one that writes them; the host's stage 2 has them
 * read-only. A count is a 64-bit word that one CPU alone writes, so that counting needs
 * no atomics, loses nothing, and a reader sees no half of it. The host adds them up.
 */
#ifndef __ARM64_PKVM_MODULE_STATS_H__
#define __ARM64_PKVM_MODULE_STATS_H__

#include <linux/types.h>

#include <asm/page.h>

/* How many functions all modules together can register as calls. */
#define PKVM_MODULE_MAX_CALLS		512
/* How many handlers of one kind. */
#define PKVM_MODULE_MAX_HANDLERS	16
/* Ranges of EL2's private VA: one for each image, and those of the modules themselves. */
#define PKVM_MODULE_MAX_RANGES		256

/* What modules can register for; see struct pkvm_module_ops. */
enum pkvm_module_handler_kind {
	PKVM_MODULE_PERM_FAULT,
	PKVM_MODULE_HOST_SMC,
	PKVM_MODULE_GUEST_SMC,
	PKVM_MODULE_DEFAULT_TRAP,
	/* From here on they are told, and not asked. */
	PKVM_MODULE_ILLEGAL_ABT,
	PKVM_MODULE_PSCI,
	PKVM_MODULE_HYP_PANIC,
	PKVM_MODULE_NR_HANDLER_KINDS,
};

/**
 * struct pkvm_module_cpu_stats - what one CPU has counted
 * @calls:		of each registered call, how often it was made; the first one has
 *			the number __KVM_HOST_SMCCC_FUNC_MAX
 * @handlers:		of each slot for a handler
 * @handlers.taken:	how often it took what it was asked about
 * @handlers.passed:	how often it did not; of those that are told, how often they were
 */
struct pkvm_module_cpu_stats {
	u64 calls[PKVM_MODULE_MAX_CALLS];
	struct {
		u64 taken;
		u64 passed;
	} handlers[PKVM_MODULE_NR_HANDLER_KINDS][PKVM_MODULE_MAX_HANDLERS];
} __aligned(PAGE_SIZE);

/**
 * struct pkvm_module_stats - what is the same for all CPUs
 * @handlers:		EL2 address of the handler in each slot, 0 where there is none
 * @images:		of each VA range
 * @images.start:	its first EL2 address, if it is the image of a live module, or 0
 * @images.heap:	bytes of the EL2 heap that this module has allocated and not freed
 */
struct pkvm_module_stats {
	u64 handlers[PKVM_MODULE_NR_HANDLER_KINDS][PKVM_MODULE_MAX_HANDLERS];
	struct {
		u64 start;
		u64 heap;
	} images[PKVM_MODULE_MAX_RANGES];
} __aligned(PAGE_SIZE);

#endif /* __ARM64_PKVM_MODULE_STATS_H__ */
