/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Defines what belongs to the trace events in the header PKVM_EVENTS: once in the EL2
 * part of a module and once in its EL1 part. See asm/kvm_pkvm_module_trace.h.
 */

#include <asm/kvm_pkvm_module_trace.h>

#ifdef CONFIG_NVHE_EL2_TRACING

#undef HYP_EVENT
#define HYP_EVENT_MULTI_READ

#ifdef __KVM_NVHE_HYPERVISOR__

#define HYP_EVENT(__name, __proto, __struct, __assign, __printk)		\
	struct hyp_event_id hyp_event_id_##__name				\
	__section(".data.pkvm_event_ids." #__name) = {				\
		.enabled = ATOMIC_INIT(0),					\
	}
#include PKVM_EVENTS

#else

#define REMOTE_EVENT_INCLUDE_FILE	PKVM_EVENTS
#define REMOTE_EVENT_INCLUDE(file)	file

#define HE_PROTO(args...)		args
#define HE_ASSIGN(args...)		args
#define HE_STRUCT(args...)		args
#define HE_PRINTK(args...)		args
#define he_field			re_field

#define HYP_EVENT(__name, __proto, __struct, __assign, __printk)		\
	REMOTE_EVENT(__name, 0, RE_STRUCT(__struct), RE_PRINTK(__printk))
#include <trace/define_remote_events.h>

/* For the loader, which sorts them by name as EL2's linker script does. */
#undef HYP_EVENT
#define HYP_EVENT(__name, __proto, __struct, __assign, __printk)		\
	static struct remote_event * const pkvm_event_##__name			\
	__used __section(".pkvm_events") = &remote_event_##__name
#include PKVM_EVENTS

extern struct hyp_event_id kvm_nvhe_sym(__pkvm_event_ids_start)[];
extern struct hyp_event_id kvm_nvhe_sym(__pkvm_event_ids_end)[];
static struct hyp_event_id * const pkvm_event_ids[] __used __section(".pkvm_event_ids") = {
	kvm_nvhe_sym(__pkvm_event_ids_start),
	kvm_nvhe_sym(__pkvm_event_ids_end),
};

#endif

#undef HYP_EVENT_MULTI_READ

#endif /* CONFIG_NVHE_EL2_TRACING */
