/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the files of the EL1 side of pKVM vendor modules.
 */
#ifndef __ARM64_KVM_PKVM_MODULE_INTERNAL_H__
#define __ARM64_KVM_PKVM_MODULE_INTERNAL_H__

#include <linux/jump_label.h>
#include <linux/kallsyms.h>
#include <linux/list.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include <asm/pkvm_module.h>

#define PKVM_MODULE_REASON_LEN	128

enum pkvm_module_state {
	PKVM_MODULE_FAILED,
	PKVM_MODULE_LOADED,
};

struct pkvm_module_call_entry {
	struct list_head node;
	int id;
	unsigned long hfn;		/* kernel VA, for its symbol */
};

/**
 * struct pkvm_module_status - what is known of an EL2 module
 * @node:	in pkvm_module_list
 * @kobj:	/sys/kernel/pkvm/modules/<name>
 * @name:	its name, with underscores
 * @state:	whether it is loaded
 * @reason:	why not
 * @initialised: its EL1 init function has returned
 * @part:	a copy of its EL2 part while it is loaded. Its own goes with it
 * @calls:	its struct pkvm_module_call_entry, in order
 *
 * Outlives the module, so that a failed one can be seen. Never freed.
 */
struct pkvm_module_status {
	struct list_head node;
	struct kobject kobj;
	char name[MODULE_NAME_LEN];
	enum pkvm_module_state state;
	char reason[PKVM_MODULE_REASON_LEN];
	bool initialised;
	struct pkvm_el2_part part;
	struct list_head calls;
};

/* Serialises loading, and guards the list and what is in it. */
extern struct mutex pkvm_module_lock;
extern struct list_head pkvm_module_list;

extern const char * const pkvm_el2_section_names[PKVM_EL2_NR_SECTIONS];
const char *pkvm_el2_section_prot(enum pkvm_el2_section_id id);

/* status.c */
struct pkvm_module_status *pkvm_module_status(const char *name);
__printf(2, 3) void pkvm_module_fail(const char *name, const char *fmt, ...);
void pkvm_module_mapped(const struct pkvm_el2_part *part);
void pkvm_module_loaded(struct pkvm_module_status *status);
bool pkvm_module_is_loaded(const char *name);
bool pkvm_module_is_because(const char *name, const char *reason);
void pkvm_module_add_call(struct pkvm_module_status *status, int id, unsigned long hfn);
int pkvm_module_why_closed(char *buf, size_t size);
bool pkvm_modules_all_loaded(void);
const char *pkvm_module_symbol(unsigned long va, char symbol[KSYM_SYMBOL_LEN]);

/* trace.c */
#ifdef CONFIG_NVHE_EL2_TRACING
int pkvm_module_check_formats(struct module *mod);
int pkvm_module_number_events(struct module *mod);
#else
static inline int pkvm_module_check_formats(struct module *mod) { return 0; }
static inline int pkvm_module_number_events(struct module *mod) { return 0; }
#endif

/* stats.c */
#ifdef CONFIG_PKVM_MODULES_STATS
void pkvm_module_show_stats(void);
#else
static inline void pkvm_module_show_stats(void) { }
#endif

/* loader.c */
DECLARE_STATIC_KEY_FALSE(pkvm_module_has_calls);
bool pkvm_modules_closed(void);
bool pkvm_modules_closed_at_el2(void);
void pkvm_close_modules(void);

#endif /* __ARM64_KVM_PKVM_MODULE_INTERNAL_H__ */
