/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pKVM vendor modules: what the rest of the kernel calls, at EL1.
 *
 * asm/module.h includes this for every module, so it must stay light.
 */
#ifndef __ARM64_PKVM_MODULE_H__
#define __ARM64_PKVM_MODULE_H__

#include <linux/elf.h>
#include <linux/types.h>

struct kvm;
struct module;
struct pkvm_module_status;
struct remote_event;
struct trace_remote_callbacks;
struct trace_seq;

/* The ELF sections that make the EL2 part of a module, each whole pages. */
enum pkvm_el2_section_id {
	PKVM_EL2_TEXT,
	PKVM_EL2_RODATA,
	PKVM_EL2_DATA,
	PKVM_EL2_BSS,
	PKVM_EL2_NR_MAPPED,
	/* Positions of addresses to be converted; stays with the kernel. */
	PKVM_EL2_RELOC = PKVM_EL2_NR_MAPPED,
	PKVM_EL2_NR_REQUIRED,
	/* Of trace events, where a module has some: pointers, for EL1. */
	PKVM_EL2_EVENTS = PKVM_EL2_NR_REQUIRED,
	PKVM_EL2_EVENT_IDS,
	PKVM_EL2_FORMATS,
	PKVM_EL2_NR_SECTIONS,
};

struct pkvm_el2_section {
	unsigned long start;		/* kernel VA */
	unsigned long size;		/* bytes */
	bool present;
};

/**
 * struct pkvm_el2_part - the EL2 part of a module, in mod_arch_specific
 * @sections:	where the module loader has put its sections
 * @start:	lowest kernel VA of a mapped section
 * @hyp_va:	what @start is at EL2; 0 unless loaded. The sections keep their
 *		distances, so @hyp_va - @start converts every address
 * @status:	what sysfs shows
 */
struct pkvm_el2_part {
	struct pkvm_el2_section sections[PKVM_EL2_NR_SECTIONS];
	unsigned long start;
	unsigned long hyp_va;
	struct pkvm_module_status *status;
};

#ifdef CONFIG_PKVM_MODULES
void pkvm_module_find_el2_part(const struct elf64_hdr *hdr, const struct elf64_shdr *sechdrs,
			       struct module *mod);
void pkvm_load_early_modules(void);
int pkvm_modules_allow_protected_vm(void);
unsigned long pkvm_el2_mod_kern_va(unsigned long hyp_va);
int pkvm_module_trace_register(const char *name, struct trace_remote_callbacks *cbs, void *priv,
			       struct remote_event *events, size_t nr_events);
const char *pkvm_module_printk(struct trace_seq *seq, unsigned long ip, u8 fmt_id,
			       u64 a, u64 b, u64 c, u64 d);
void pkvm_module_show_panic_regs(void);
#else
static inline void pkvm_module_find_el2_part(const struct elf64_hdr *hdr,
					     const struct elf64_shdr *sechdrs,
					     struct module *mod) { }
static inline void pkvm_load_early_modules(void) { }
static inline int pkvm_modules_allow_protected_vm(void) { return 0; }
static inline unsigned long pkvm_el2_mod_kern_va(unsigned long hyp_va) { return 0; }
#define pkvm_module_trace_register	trace_remote_register
static inline void pkvm_module_show_panic_regs(void) { }
#endif

#endif /* __ARM64_PKVM_MODULE_H__ */
