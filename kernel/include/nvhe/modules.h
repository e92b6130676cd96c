/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pKVM vendor modules: what the rest of the hypervisor calls, at EL2.
 */
#ifndef __ARM64_KVM_NVHE_MODULES_H__
#define __ARM64_KVM_NVHE_MODULES_H__

#include <linux/kvm_host.h>
#include <linux/types.h>

#include <asm/kvm_asm.h>
#include <asm/kvm_pgtable.h>

struct pkvm_hyp_vm;
struct pkvm_module_ops;

typedef void (*pkvm_module_call_t)(struct kvm_cpu_context *host_ctxt);

/* How many functions all modules together can register as calls. */
#define PKVM_MODULE_MAX_CALLS	512

#ifdef CONFIG_PKVM_MODULES
extern pkvm_module_call_t pkvm_module_calls[PKVM_MODULE_MAX_CALLS];

/*
 * The function behind hypercall @id, which is not a built-in one; NULL if no
 * module has registered it.
 */
static inline pkvm_module_call_t pkvm_module_call(unsigned long id)
{
	id -= __KVM_HOST_SMCCC_FUNC_MAX;

	return id < PKVM_MODULE_MAX_CALLS ? READ_ONCE(pkvm_module_calls[id]) : NULL;
}

bool pkvm_modules_allow_vm(struct pkvm_hyp_vm *hyp_vm);
#else
static inline pkvm_module_call_t pkvm_module_call(unsigned long id) { return NULL; }
static inline bool pkvm_modules_allow_vm(struct pkvm_hyp_vm *hyp_vm) { return true; }
#endif

/* module.c */
void handle___pkvm_module_reserve(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_map_page(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_init(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_register_call(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_unregister(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_release(struct kvm_cpu_context *host_ctxt);
void handle___pkvm_module_close(struct kvm_cpu_context *host_ctxt);
bool pkvm_module_va_valid(unsigned long va, u64 nr_pages);
void *pkvm_alloc_module_va(u64 nr_pages);
int pkvm_module_map_private(phys_addr_t phys, u64 size, enum kvm_pgtable_prot prot,
			    unsigned long *va);
int pkvm_module_cpu(void);

/* mem_protect.c */

/* Who a page belongs to that EL2 took from the host for a module. */
enum pkvm_module_page_user {
	PKVM_MODULE_IMAGE = 1,		/* a section of its EL2 part */
	PKVM_MODULE_PAGE,		/* taken by the module itself */
};

int __pkvm_module_map_pages(u64 pfn, unsigned long va, u64 nr_pages,
			    enum kvm_pgtable_prot prot, bool is_protected,
			    enum pkvm_module_page_user user);
int __pkvm_module_unmap_pages(u64 pfn, unsigned long va, u64 nr_pages);
int __pkvm_module_release_image_page(unsigned long va);
int __pkvm_module_donate_hyp(u64 pfn, u64 nr_pages, enum kvm_pgtable_prot prot);
int __pkvm_module_donate_host(u64 pfn, u64 nr_pages);
int __pkvm_module_share_hyp(u64 pfn);
int __pkvm_module_unshare_hyp(u64 pfn);
int __pkvm_module_map_private(unsigned long va, u64 size, phys_addr_t phys,
			      enum kvm_pgtable_prot prot);
int __pkvm_module_pin_shared(void *from, void *to);
void __pkvm_module_unpin_shared(void *from, void *to);

/* ops.c */
extern const struct pkvm_module_ops module_ops;

#endif /* __ARM64_KVM_NVHE_MODULES_H__ */
