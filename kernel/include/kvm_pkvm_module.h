/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interface between pKVM vendor modules and the kernel and hypervisor.
 *
 * A vendor module has an EL1 part, which is a Linux module, and an EL2 part,
 * which runs in the pKVM hypervisor. Both include this header: EL2 code gets
 * struct pkvm_module_ops, EL1 code the macros that load its EL2 part and call
 * into it.
 */
#ifndef __ARM64_KVM_PKVM_MODULE_H__
#define __ARM64_KVM_PKVM_MODULE_H__

#include <linux/arm-smccc.h>
#include <linux/kvm_host.h>
#include <linux/types.h>
#include <linux/uuid.h>

#include <asm/kvm_asm.h>
#include <asm/kvm_pgtable.h>
#include <asm/ptrace.h>

/*
 * The release whose prototypes a module is written for: 14, 15 and 16 are those of
 * Android's kernels, 17 is the development line after them. It decides which form
 * of a few members of the table goes by the plain name; all forms are in the one
 * table, so that modules of all releases can be loaded together.
 */
#ifndef PKVM_MODULE_API
#define PKVM_MODULE_API			16
#elif PKVM_MODULE_API < 14 || PKVM_MODULE_API > 17
#error "PKVM_MODULE_API is 14, 15, 16 or 17: the release that the module is written for"
#endif

/* The context of 14 begins with the registers of the others: only the type differs. */
#if PKVM_MODULE_API == 14
#define __pkvm_regs			kvm_cpu_context
#else
#define __pkvm_regs			user_pt_regs
#endif
static_assert(offsetof(struct kvm_cpu_context, regs) == 0);

#ifdef __KVM_NVHE_HYPERVISOR__
#include <nvhe/trap_handler.h>

/* Sanitizers make macros of them, which members of the table would be taken for. */
#undef memcpy
#undef memset
#endif

/**
 * enum pkvm_psci_notification - what a PSCI notifier is told
 * @PKVM_PSCI_CPU_SUSPEND:	this CPU is about to suspend
 * @PKVM_PSCI_SYSTEM_SUSPEND:	the system is about to suspend
 * @PKVM_PSCI_CPU_ENTRY:	this CPU has been turned on or has resumed
 */
enum pkvm_psci_notification {
	PKVM_PSCI_CPU_SUSPEND,
	PKVM_PSCI_SYSTEM_SUSPEND,
	PKVM_PSCI_CPU_ENTRY,
};

/**
 * struct pkvm_sglist_page - one block of a list of pages
 * @pfn:	page frame number of its first page
 * @order:	log2 of its number of pages
 */
struct pkvm_sglist_page {
	u64 pfn : 40;
	u8 order;
} __packed;

/**
 * struct pkvm_module_trng_ops - a source of entropy for protected guests
 * @trng_uuid:	what TRNG_GET_UUID answers
 * @trng_rnd64:	puts up to @bits bits into @entropy; 0 or a negative errno
 */
struct pkvm_module_trng_ops {
	const uuid_t *trng_uuid;
	int (*trng_rnd64)(u64 *entropy, int bits);
};

/*
 * Version of struct pkvm_module_ops, compared when a module is loaded. It
 * changes with the layout; CONFIG_MODVERSIONS notices that too, but is optional.
 */
#define PKVM_MODULE_OPS_VERSION		1
#define PKVM_MODULE_OPS_SLOTS		128
#define PKVM_MODULE_OPS_RESERVED	65

/**
 * struct pkvm_module_ops - what the hypervisor offers to the EL2 part of a module
 *
 * The EL2 init function is given a pointer to it, which stays valid for good.
 *
 * All members are called at EL2, with the EL2 address space and interrupts masked,
 * from an init function, a call or a handler, on any CPU; those for which less is
 * right say so. None sleeps. They take locks of the hypervisor, never one of a module.
 *
 * A pfn is a page frame number, sizes are in bytes unless the name says pages, an
 * address named phys is physical. A protection is that of enum kvm_pgtable_prot:
 * PAGE_HYP (rw-), PAGE_HYP_RO (r--), PAGE_HYP_EXEC (r-x), PAGE_HYP_DEVICE.
 *
 * Errors are negative errno; what fails has changed nothing, and ranges are all or
 * nothing. What can not work on this CPU or with this kernel's configuration gives
 * -EOPNOTSUPP, or NULL where it returns a pointer; an init function that calls one
 * which returns nothing fails with -EOPNOTSUPP. The reserved room is filled with
 * functions that return -EOPNOTSUPP.
 *
 * Handlers and notifiers are functions in the text of a live module, up to 16 of
 * each kind, in the order in which they were registered. They can be registered at
 * any time, and run with the locks of nobody held.
 *
 * A member whose name ends in _14, _15 or _17 is the form that this release has of
 * the one before it. A module of that release knows it by the name without number.
 *
 * The order is fixed: members are never moved, removed or retyped, and new ones
 * are taken from the reserved room at the end.
 */
struct pkvm_module_ops {
	/* Mapping */

	/**
	 * @create_private_mapping: Maps @size bytes from @phys (rounded out to pages) into
	 * EL2's private VA range and stores the address of @phys in @haddr. The mapping
	 * stays for good. Who owns the pages is not looked at, and the host's access is
	 * unchanged. For MMIO, @prot is PAGE_HYP_DEVICE.
	 *
	 * Return: 0; -EINVAL for no @haddr, for an empty or wrapping range or one past the
	 * PA range, and for a @prot that is not readable, that is executable and writable
	 * or a device, or that has other bits; -ENOMEM for more than modules may map, and
	 * when pages for tables run out; -ENOSPC with too many ranges.
	 */
	int (*create_private_mapping)(phys_addr_t phys, size_t size,
				      enum kvm_pgtable_prot prot, unsigned long *haddr);

	/**
	 * @alloc_module_va: Reserves @nr_pages pages of EL2 VA with nothing mapped. They
	 * are not given back.
	 *
	 * Return: the first address; NULL for no pages, for more than modules may map
	 * (somewhat less than 900 MB in all, down to 128 MB where there are more than
	 * 32 GB of memory), and with too many ranges.
	 */
	void *(*alloc_module_va)(u64 nr_pages);

	/**
	 * @map_module_page: @map_module_pages for one page.
	 *
	 * Return: as @map_module_pages.
	 */
	int (*map_module_page)(u64 pfn, void *va, enum kvm_pgtable_prot prot,
			       bool is_protected);

	/**
	 * @map_module_pages: Maps @nr_pages pages from @pfn at @va, a page-aligned address
	 * inside a range from @alloc_module_va. Unless @is_protected, the pages are the
	 * host's and are taken from it; otherwise they must have been taken before, with
	 * one of the donation members. A page is mapped at one such address at a time, and
	 * one mapped executable not in the linear range as well, its code cleaned from the
	 * data cache.
	 *
	 * Return: 0; -EINVAL for a bad @va, for an empty or wrapping range, one past the
	 * PA range or partly memory, and for a @prot that is not readable, that is
	 * writable and executable, or that has other bits; -EPERM for pages in another
	 * state; -EBUSY for pages or addresses that are mapped already, and to write to pages
	 * that are executable in the linear range; -ENOMEM when pages for tables run out.
	 */
	int (*map_module_pages)(u64 pfn, void *va, u64 nr_pages,
				enum kvm_pgtable_prot prot, bool is_protected);

	/**
	 * @unmap_module_pages: Undoes it: nothing is mapped at @va, the pages stay EL2's
	 * until @hyp_donate_host.
	 *
	 * Return: 0; -EINVAL unless just @nr_pages pages from @pfn are mapped at @va;
	 * -EPERM for pages that no module took.
	 */
	int (*unmap_module_pages)(u64 pfn, void *va, u64 nr_pages);

	/**
	 * @fixmap_map: Maps the page of @phys in this CPU's one-page window. It must be
	 * unmapped before the next use, and before the handler returns: an init function
	 * that leaves it open, or that of @fixblock_map, fails with -EBUSY. Who owns the
	 * page is not looked at.
	 *
	 * Return: the address of @phys; NULL unless it is memory, and while the window is
	 * open.
	 */
	void *(*fixmap_map)(phys_addr_t phys);

	/** @fixmap_unmap: Closes the window. Nothing happens if it is not open. */
	void (*fixmap_unmap)(void);

	/**
	 * @fixblock_map: Maps the block (PMD_SIZE bytes) that @phys lies in, in a window
	 * that all CPUs share. It is this CPU's until it is unmapped, which must be before
	 * the handler returns; other CPUs wait for it. pKVM itself does so while it holds
	 * the locks for ownership: until then, call no member that maps, allocates,
	 * registers or has to do with ownership.
	 *
	 * Return: the address of @phys; NULL unless all of the block is memory, and while
	 * this CPU has the window.
	 */
	void *(*fixblock_map)(phys_addr_t phys);

	/**
	 * @fixblock_map_17: The same, and stores how much is mapped from the address that
	 * it returns, up to the end of the block, in @size.
	 *
	 * Return: as @fixblock_map; NULL also for no @size.
	 */
	void *(*fixblock_map_17)(phys_addr_t phys, size_t *size);

	/**
	 * @fixblock_unmap: Closes the window and lets another CPU have it. Nothing happens
	 * if this CPU does not have it.
	 */
	void (*fixblock_unmap)(void);

	/**
	 * @linear_map_early: Maps @size bytes of memory that the host owns from @phys, both
	 * of whole pages, at their addresses in EL2's linear range with @prot. For the EL2
	 * init function only, which has to undo it before it returns: if not, it fails with
	 * -EBUSY. Meanwhile the pages can be neither shared nor donated.
	 *
	 * Return: the address of @phys; NULL outside of an init function, for pages in
	 * another state, for a @prot that is executable or not readable, and with more than
	 * 8 ranges at a time.
	 */
	void *(*linear_map_early)(phys_addr_t phys, size_t size, enum kvm_pgtable_prot prot);

	/**
	 * @linear_unmap_early: Undoes @linear_map_early of just the same range; nothing
	 * happens if there was none.
	 */
	void (*linear_unmap_early)(void *addr, size_t size);

	/**
	 * @flush_dcache_to_poc: Cleans and invalidates the lines of @size bytes from @addr
	 * to the point of coherency. Nothing where EL2 has not all of it mapped.
	 */
	void (*flush_dcache_to_poc)(void *addr, size_t size);

	/**
	 * @hyp_pa: Converts an address in EL2's linear range.
	 *
	 * Return: the physical address.
	 */
	phys_addr_t (*hyp_pa)(void *va);

	/**
	 * @hyp_va: Converts a physical address. What it gives can be used only while EL2
	 * has the page mapped there.
	 *
	 * Return: the address in EL2's linear range; of MMIO that a module took, the one
	 * where that is mapped.
	 */
	void *(*hyp_va)(phys_addr_t phys);

	/**
	 * @kern_hyp_va: Converts an address in the kernel's linear range.
	 *
	 * Return: the address in EL2's linear range.
	 */
	unsigned long (*kern_hyp_va)(unsigned long kern_va);

	/* Ownership */

	/**
	 * @host_donate_hyp: Takes @nr_pages pages from @pfn from the host, which must own
	 * them and share them with nobody, and maps them in EL2's linear range, readable
	 * and writable. @accept_mmio says that the range may be MMIO, which is mapped as a
	 * device, in private VA: @hyp_va tells where.
	 *
	 * Return: 0; -EINVAL for an empty or wrapping range, one past the PA range or
	 * partly memory; -EPERM for memory in another state, MMIO that EL2 has, and MMIO
	 * without @accept_mmio; -ENOSPC with too many ranges of MMIO, or too large ones;
	 * -ENOMEM when pages for tables run out, as they would for MMIO of almost 1 GiB.
	 */
	int (*host_donate_hyp)(u64 pfn, u64 nr_pages, bool accept_mmio);

	/**
	 * @host_donate_hyp_17: @host_donate_hyp for memory only.
	 *
	 * Return: as @host_donate_hyp without @accept_mmio.
	 */
	int (*host_donate_hyp_17)(u64 pfn, u64 nr_pages);

	/**
	 * @host_donate_hyp_prot: @host_donate_hyp with the EL2 protection given. MMIO is a
	 * device in any case.
	 *
	 * Return: as @host_donate_hyp; -EINVAL also for a @prot that is not readable, that is
	 * writable and executable, that has other bits, and for executable MMIO.
	 */
	int (*host_donate_hyp_prot)(u64 pfn, u64 nr_pages, bool accept_mmio,
				    enum kvm_pgtable_prot prot);

	/**
	 * @host_donate_sglist_hyp: @host_donate_hyp for a list of @nr_pages blocks of
	 * memory, all of them or none. The host may share the memory that the list is in: if
	 * it changes the list meanwhile, and it can not be done, it may lose pages.
	 *
	 * Return: 0; -EINVAL for no @sglist, an empty one, or one that EL2 has not all
	 * mapped, and for a block that wraps, is past the PA range or partly memory; -EPERM
	 * for a page in another state, also one that is in the list twice; -ENOMEM when
	 * pages for tables run out.
	 */
	int (*host_donate_sglist_hyp)(struct pkvm_sglist_page *sglist, size_t nr_pages);

	/**
	 * @hyp_donate_host: Gives pages that a module took back to the host, with the
	 * contents they have, cleaned from the data cache. MMIO is given back range by
	 * range, as it was taken.
	 *
	 * Return: 0; -EINVAL for an empty or wrapping range, one past the PA range or
	 * partly memory; -EPERM for pages that no module took, EL2's own among them, and
	 * for MMIO in any other range; -EBUSY while one of them is mapped by
	 * @map_module_pages.
	 */
	int (*hyp_donate_host)(u64 pfn, u64 nr_pages);

	/**
	 * @host_share_hyp: Lets EL2 use a page that the host owns and keeps. EL2 maps it
	 * when it is pinned.
	 *
	 * Return: 0; -EINVAL for a page past the PA range; -EPERM if the host does not own
	 * it, or shares it already.
	 */
	int (*host_share_hyp)(u64 pfn);

	/**
	 * @host_unshare_hyp: Ends that.
	 *
	 * Return: 0; -EINVAL for a page past the PA range; -EPERM if it is not shared;
	 * -EBUSY while it is pinned.
	 */
	int (*host_unshare_hyp)(u64 pfn);

	/**
	 * @pin_shared_mem: Maps the shared pages from @from to @to (exclusive), given by
	 * linear EL2 addresses, and keeps the host from unsharing them. What lies there can
	 * be changed by the host at any moment.
	 *
	 * Return: 0; -EINVAL for an empty or wrapping range, one past the PA range or partly
	 * memory; -EPERM for pages not shared; -EBUSY when a page is pinned too often;
	 * -ENOSPC with more than 128 ranges; -ENOMEM when pages for tables run out.
	 */
	int (*pin_shared_mem)(void *from, void *to);

	/**
	 * @unpin_shared_mem: Undoes one @pin_shared_mem of just the same range; nothing
	 * happens if there was none.
	 */
	void (*unpin_shared_mem)(void *from, void *to);

	/**
	 * @host_stage2_mod_prot: Changes what the host may do with @nr_pages pages from @pfn
	 * that it owns: read, write, execute, or nothing. Until all three are permitted
	 * again, they can be neither shared nor donated.
	 *
	 * Return: 0; -EINVAL for an empty or wrapping range, one past the PA range or partly
	 * memory, and for a @prot that permits more but no reading or has other bits;
	 * -EPERM for pages that the host does not own for itself, and for MMIO; -ENOENT
	 * without a permission-fault handler; -EOPNOTSUPP with @update_iommu.
	 */
	int (*host_stage2_mod_prot)(u64 pfn, enum kvm_pgtable_prot prot, u64 nr_pages,
				    bool update_iommu);

	/**
	 * @host_stage2_mod_prot_14: @host_stage2_mod_prot for one page.
	 *
	 * Return: as @host_stage2_mod_prot.
	 */
	int (*host_stage2_mod_prot_14)(u64 pfn, enum kvm_pgtable_prot prot);

	/**
	 * @host_stage2_get_leaf: Reads the host's stage-2 entry for @phys into @ptep, and
	 * the level that it is at into @level. It may be invalid: the host faults in what
	 * it owns.
	 *
	 * Return: 0; -EINVAL for no @ptep or @level; -ERANGE for an address beyond the PA
	 * range.
	 */
	int (*host_stage2_get_leaf)(phys_addr_t phys, kvm_pte_t *ptep, s8 *level);

	/**
	 * @host_stage2_get_leaf_15: @host_stage2_get_leaf with a level that has no sign.
	 *
	 * Return: as @host_stage2_get_leaf.
	 */
	int (*host_stage2_get_leaf_15)(phys_addr_t phys, kvm_pte_t *ptep, u32 *level);

	/**
	 * @guest_stage2_pa: Where the page that the guest @handle has at @ipa is now, plus
	 * the offset of @ipa in it, in @phys. Nothing keeps it there.
	 *
	 * Return: 0; -EINVAL for no @phys, where nothing is mapped, and for a block; -ENOENT
	 * for no such guest; -ERANGE for an @ipa beyond the guest's range.
	 */
	int (*guest_stage2_pa)(pkvm_handle_t handle, u64 ipa, phys_addr_t *phys);

	/**
	 * @host_stage2_enable_lazy_pte: Deprecated: unmaps @nr_pages pages that the host
	 * owns, from physical address @addr, to be faulted back in.
	 *
	 * Return: 0; -EINVAL for a misaligned @addr, an empty or wrapping range, one past
	 * the PA range or partly memory; -EPERM for pages that the host does not own for
	 * itself.
	 */
	int (*host_stage2_enable_lazy_pte)(u64 addr, u64 nr_pages);

	/**
	 * @host_stage2_disable_lazy_pte: Deprecated: maps them again.
	 *
	 * Return: as @host_stage2_enable_lazy_pte.
	 */
	int (*host_stage2_disable_lazy_pte)(u64 addr, u64 nr_pages);

	/* Traps and events */

	/**
	 * @register_host_perm_fault_handler: Asks @cb about each stage-2 permission fault of
	 * the host, with its syndrome and the address, until one returns 0: it has been
	 * handled, and the host tries again. What all leave alone (-EPERM) is aborted. The
	 * address comes from the host's own tables, which it may have changed since: it says
	 * where to look, not what was tried.
	 *
	 * Return: 0; -EINVAL for a function that is not in the text of a live module;
	 * -EBUSY for one that is registered already, and for the 17th.
	 */
	int (*register_host_perm_fault_handler)(int (*cb)(struct __pkvm_regs *regs,
							  u64 esr, u64 addr));

	/**
	 * @register_host_smc_handler: Asks @cb about each host SMC that pKVM does not take
	 * itself, until one returns true: its registers are the answer. EL3 answers
	 * otherwise.
	 *
	 * Return: as @register_host_perm_fault_handler.
	 */
	int (*register_host_smc_handler)(bool (*cb)(struct __pkvm_regs *regs));

	/**
	 * @register_guest_smc_handler: Asks @cb about each SMC of a guest, until one returns
	 * true: @res is the answer. It comes with x0-x3 zero, and x4-x17 as the guest has
	 * them. The host answers otherwise.
	 *
	 * Return: as @register_host_perm_fault_handler.
	 */
	int (*register_guest_smc_handler)(bool (*cb)(struct arm_smccc_1_2_regs *regs,
						     struct arm_smccc_1_2_regs *res,
						     pkvm_handle_t handle));

	/**
	 * @register_guest_smc_handler_15: The same for the guest @handle, or for all with 0,
	 * with an answer of four registers. The number of a guest that is gone can be given
	 * to another one.
	 *
	 * Return: as @register_host_perm_fault_handler; a function can be registered once
	 * for each guest.
	 */
	int (*register_guest_smc_handler_15)(bool (*cb)(struct arm_smccc_1_2_regs *regs,
							struct arm_smccc_res *res,
							pkvm_handle_t handle),
					     pkvm_handle_t handle);

	/**
	 * @register_default_trap_handler: Asks @cb about each host trap nobody handled, until
	 * one returns true. It is a hypervisor panic otherwise.
	 *
	 * Return: as @register_host_perm_fault_handler.
	 */
	int (*register_default_trap_handler)(bool (*cb)(struct __pkvm_regs *regs));

	/**
	 * @register_illegal_abt_notifier: Tells @cb when the host touched what it may not,
	 * before the abort is injected.
	 *
	 * Return: as @register_host_perm_fault_handler.
	 */
	int (*register_illegal_abt_notifier)(void (*cb)(struct __pkvm_regs *regs));

	/**
	 * @register_psci_notifier: Tells @cb of power transitions of the host. A suspend
	 * that is told may still be refused by the firmware.
	 *
	 * Return: as @register_host_perm_fault_handler.
	 */
	int (*register_psci_notifier)(void (*cb)(enum pkvm_psci_notification notification,
						 struct __pkvm_regs *regs));

	/**
	 * @register_hyp_panic_notifier: Tells @cb of a hypervisor panic, once.
	 *
	 * Return: as @register_host_perm_fault_handler.
	 */
	int (*register_hyp_panic_notifier)(void (*cb)(struct __pkvm_regs *regs));

	/**
	 * @register_unmask_serror: While EL2 works for the host, SErrors are left for the
	 * host to take. With this, @unmask is asked at each entry from the host: if it
	 * returns true, they are taken at EL2, as a hypervisor panic, until @mask is told
	 * that this ends. A guest ends it early, and turning the CPU off ends it without a
	 * word. One for all modules.
	 *
	 * Return: 0; -EINVAL for a function that is not in the text of a live module; -EBUSY
	 * if there is one, and while this CPU's window of @fixmap_map is open.
	 */
	int (*register_unmask_serror)(bool (*unmask)(void), void (*mask)(void));

	/**
	 * @update_hcr_el2: Sets the bits of @set_mask and clears those of @clear_mask in
	 * HCR_EL2 on this CPU, for the host, whether or not a guest is on it. They stay so
	 * when a guest was run, and when the CPU was off, and end when the last default trap
	 * handler is withdrawn. Does nothing without one: what is trapped then would be a
	 * panic. Nor does it where one of the bits that change is VM, FWB, DC, CD, ID, TSC,
	 * HCD, IMO, FMO, AMO, TEA, TGE, E2H, RW, NV, NV1 or NV2, by which pKVM itself runs.
	 */
	void (*update_hcr_el2)(unsigned long set_mask, unsigned long clear_mask);

	/** @update_hfgwtr_el2: The same for HFGWTR_EL2. Nothing without FEAT_FGT, either. */
	void (*update_hfgwtr_el2)(unsigned long set_mask, unsigned long clear_mask);

	/* Console, memory, tracing, the rest */

	/**
	 * @register_serial_driver: Makes @hyp_putc_cb the EL2 console. It is called with a
	 * lock held, but in a panic, and must not use the console itself.
	 *
	 * Return: 0; -EINVAL for a function that is not in the text of a live module; -EBUSY
	 * if there is one.
	 */
	int (*register_serial_driver)(void (*hyp_putc_cb)(char c));

	/** @putc: Writes a character to the EL2 console, and nothing if there is none. */
	void (*putc)(char c);

	/** @puts: Writes a string to it, and ends the line. Nothing for NULL. */
	void (*puts)(const char *str);

	/** @putx64: Writes 0x and sixteen hexadecimal digits to it, and ends the line. */
	void (*putx64)(u64 num);

	/**
	 * @memcpy: As in C, on EL2 addresses.
	 *
	 * Return: @to.
	 */
	void *(*memcpy)(void *to, const void *from, size_t count);

	/**
	 * @memset: As in C, on EL2 addresses.
	 *
	 * Return: @dst.
	 */
	void *(*memset)(void *dst, int c, size_t count);

	/**
	 * @hyp_alloc: Zeroed memory from the EL2 heap, aligned to 16 bytes.
	 *
	 * Return: its address; NULL when the heap needs more pages, which EL1 gives with
	 * __pkvm_topup_hyp_alloc(), and for a size that can not be. @hyp_alloc_errno says
	 * which.
	 */
	void *(*hyp_alloc)(size_t size);

	/** @hyp_free: Gives it back. What is not the address of an allocation is ignored. */
	void (*hyp_free)(void *addr);

	/**
	 * @hyp_alloc_errno: Why the last @hyp_alloc on this CPU failed.
	 *
	 * Return: 0 if it did not; -ENOMEM for want of pages; -EINVAL for a size of 0 or
	 * more than the heap can ever have; -ENOSPC when its addresses are used up.
	 */
	int (*hyp_alloc_errno)(void);

	/**
	 * @hyp_alloc_missing_donations: How many pages it lacked.
	 *
	 * Return: their number, 255 at most.
	 */
	u8 (*hyp_alloc_missing_donations)(void);

	/**
	 * @tracing_reserve_entry: Room for an event of @length bytes, with its header, in
	 * this CPU's trace buffer. It has to be committed before the handler returns.
	 *
	 * Return: its address; NULL when tracing is off, or not built in, for a length that
	 * no page has room for, and while an entry is reserved.
	 */
	void *(*tracing_reserve_entry)(unsigned long length);

	/** @tracing_commit_entry: Ends what is reserved on this CPU, if something is. */
	void (*tracing_commit_entry)(void);

	/**
	 * @tracing_mod_hyp_printk: Writes a line into the trace buffer: format @fmt_id of
	 * the calling module, with up to four arguments. Nothing when tracing is off.
	 */
	void (*tracing_mod_hyp_printk)(u8 fmt_id, u64 a, u64 b, u64 c, u64 d);

	/**
	 * @register_hyp_event_ids: Makes trace events of the module known, by their struct
	 * hyp_event_id from @start to @end (exclusive), EL2 addresses in its data.
	 *
	 * Return: 0, also for none; -EINVAL for a range that is not of whole entries, or not
	 * in the data of a live module; -EBUSY for one that is registered already, and with
	 * too many; -EOPNOTSUPP where tracing is not built in.
	 */
	int (*register_hyp_event_ids)(unsigned long start, unsigned long end);

	/**
	 * @hyp_smp_processor_id: Which CPU this is.
	 *
	 * Return: the number that the host gave to it.
	 */
	int (*hyp_smp_processor_id)(void);

	/** @udelay: Busy-waits @usecs microseconds. */
	void (*udelay)(unsigned long usecs);

	/**
	 * @get_time: The time since the counter was started, at boot. Never goes back.
	 *
	 * Return: microseconds.
	 */
	u64 (*get_time)(void);

	/**
	 * @list_add_valid_or_report: What <linux/list.h> calls under list hardening.
	 *
	 * Return: whether @entry can be added between @prev and @next.
	 */
	bool (*list_add_valid_or_report)(struct list_head *entry, struct list_head *prev,
					 struct list_head *next);

	/**
	 * @list_del_entry_valid_or_report: Likewise.
	 *
	 * Return: whether @entry can be taken out.
	 */
	bool (*list_del_entry_valid_or_report)(struct list_head *entry);

	/**
	 * @register_guest_trng_ops: Makes what @ops says now the source of entropy for
	 * protected guests (SMCCC TRNG).
	 *
	 * Return: 0; -EINVAL for no @ops, one without UUID, or whose function is not in the
	 * text of a live module; -EBUSY if there is one.
	 */
	int (*register_guest_trng_ops)(const struct pkvm_module_trng_ops *ops);

	/* private: room for the devices and IOMMU family and for later members */
	long (*__reserved[PKVM_MODULE_OPS_RESERVED])(void);
	/* public: */
} __no_randomize_layout;

/* The forms that a release has of them. */
#if PKVM_MODULE_API == 14
#define host_stage2_mod_prot		host_stage2_mod_prot_14
#endif
#if PKVM_MODULE_API <= 15
#define host_stage2_get_leaf		host_stage2_get_leaf_15
#define register_guest_smc_handler	register_guest_smc_handler_15
#endif
#if PKVM_MODULE_API == 17
#define fixblock_map			fixblock_map_17
#define host_donate_hyp			host_donate_hyp_17
#endif

#if (defined(MODULE) || defined(__PKVM_MODULE_LOADER)) && !defined(__KVM_NVHE_HYPERVISOR__)

#include <linux/bug.h>
#include <linux/module.h>
#include <linux/stringify.h>

typedef int (*pkvm_el2_init_t)(const struct pkvm_module_ops *ops);

int __pkvm_load_el2_module(struct module *mod, u32 ops_version, size_t ops_size,
			   pkvm_el2_init_t init_fn, unsigned long *token);
int __pkvm_register_el2_mod_call(unsigned long hfn);
unsigned long __pkvm_el2_mod_va(const void *kern_va);
unsigned long pkvm_el2_mod_kern_va(unsigned long hyp_va);
int __pkvm_topup_hyp_alloc(unsigned long nr_pages);
unsigned long __pkvm_reclaim_hyp_alloc(unsigned long nr_pages);

#define __pkvm_load_0(init_fn)						\
	__pkvm_load_el2_module(THIS_MODULE, PKVM_MODULE_OPS_VERSION,	\
			       sizeof(struct pkvm_module_ops), init_fn, NULL)
#define __pkvm_load_1(init_fn, token)					\
({									\
	static_assert(__same_type(token, unsigned long *),		\
		      "the token is an unsigned long, passed by its address");	\
	__pkvm_load_el2_module(THIS_MODULE, PKVM_MODULE_OPS_VERSION,	\
			       sizeof(struct pkvm_module_ops), init_fn, token);	\
})

/**
 * pkvm_load_el2_module() - load the EL2 part of this module
 * @init_fn:	its init function, named with the __kvm_nvhe_ prefix
 * @token:	optional, the address of an unsigned long: identifies the EL2 part.
 *		The other macros accept it, none needs it
 *
 * Gives the module's EL2 sections to the hypervisor, maps them there (text
 * executable, rodata read-only, data and bss writable) and runs @init_fn at EL2
 * with the table of struct pkvm_module_ops. The module can not be unloaded
 * afterwards. If it fails, or if the module's init function fails later, the EL2
 * part is withdrawn and no protected VM can be started.
 *
 * Context: the module's init function, before the host is deprivileged: the
 *	    module must be named in kvm-arm.protected_modules=. May sleep.
 * Return: 0; -EOPNOTSUPP outside protected mode or after deprivilege; -ENOEXEC
 *	   for an EL2 part that is missing, malformed or built for another table;
 *	   -EBUSY if it is loaded already; -ENOMEM, -ENOSPC when EL2 has no room;
 *	   the error of @init_fn.
 */
#define pkvm_load_el2_module(init_fn, token...)				\
	CONCATENATE(__pkvm_load_, COUNT_ARGS(token))(init_fn, ##token)

/**
 * pkvm_register_el2_mod_call() - make an EL2 function callable from EL1
 * @hfn:	the function, named with the __kvm_nvhe_ prefix: takes a struct
 *		user_pt_regs * or a struct kvm_cpu_context *
 * @token:	optional, unused
 *
 * On entry to @hfn, x0 is SMCCC_RET_SUCCESS and x1.. are the caller's arguments;
 * what it leaves in x0-x3 is given back. The host is not trusted by then:
 * arguments are to be checked before use.
 *
 * Context: after pkvm_load_el2_module(), before the host is deprivileged. May
 *	    sleep.
 * Return: the id of the call, > 0; -EINVAL if @hfn is not in the text of a loaded
 *	   EL2 part; -EOPNOTSUPP outside protected mode or after deprivilege;
 *	   -EBUSY when all ids are taken.
 */
#define pkvm_register_el2_mod_call(hfn, token...)			\
({									\
	static_assert(__same_type(*(hfn), void (struct user_pt_regs *)) ||	\
		      __same_type(*(hfn), void (struct kvm_cpu_context *)),	\
		      "not a function of struct user_pt_regs * or struct kvm_cpu_context *"); \
	(void)((void)0, ##token);					\
	__pkvm_register_el2_mod_call((unsigned long)(hfn));		\
})

/**
 * pkvm_el2_mod_call_smccc() - call an EL2 function of a module
 * @id:		what pkvm_register_el2_mod_call() returned
 * @args:	up to six arguments, passed in x1..
 *
 * Context: any, also atomic; interrupts are masked while EL2 runs.
 * Return: struct arm_smccc_res with x0-x3. x0 is SMCCC_RET_NOT_SUPPORTED when
 *	   @id is not a registered call.
 */
#define pkvm_el2_mod_call_smccc(id, args...)				\
({									\
	struct arm_smccc_res __res;					\
									\
	arm_smccc_1_1_hvc(KVM_HOST_SMCCC_ID(id), ##args, &__res);	\
	__res;								\
})

/**
 * pkvm_el2_mod_call() - call an EL2 function of a module, for one result
 * @id:		what pkvm_register_el2_mod_call() returned
 * @args:	up to six arguments, passed in x1..
 *
 * Warns, once for each place that calls it, when x0 comes back as anything but
 * SMCCC_RET_SUCCESS.
 *
 * Context: as for pkvm_el2_mod_call_smccc().
 * Return: unsigned long: x1 as the function left it, -EOPNOTSUPP if x0 is
 *	   SMCCC_RET_NOT_SUPPORTED.
 */
#define pkvm_el2_mod_call(id, args...)					\
({									\
	struct arm_smccc_res __r = pkvm_el2_mod_call_smccc(id, ##args);	\
									\
	WARN_ON_ONCE(__r.a0 != SMCCC_RET_SUCCESS);			\
	__r.a0 == SMCCC_RET_NOT_SUPPORTED ?				\
		(unsigned long)-EOPNOTSUPP : __r.a1;			\
})

/**
 * pkvm_el2_mod_va() - EL2 address of something in the EL2 part of a module
 * @kern_va:	its kernel address
 * @token:	optional, unused
 *
 * Context: any.
 * Return: unsigned long: the EL2 address, 0 where there is none.
 */
#define pkvm_el2_mod_va(kern_va, token...)				\
({									\
	(void)((void)0, ##token);					\
	__pkvm_el2_mod_va(kern_va);					\
})

#endif /* EL1 side */

#endif /* __ARM64_KVM_PKVM_MODULE_H__ */
