/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events and printk of pKVM vendor modules. They go into the hypervisor's own
 * trace buffer (CONFIG_NVHE_EL2_TRACING) and are nothing without it.
 *
 * Events are declared in a header of the module, as the hypervisor declares its own:
 *
 *	#if !defined(FOO_EVENTS_H) || defined(HYP_EVENT_MULTI_READ)
 *	#define FOO_EVENTS_H
 *
 *	HYP_EVENT(foo_call,
 *		HE_PROTO(u64 number),
 *		HE_STRUCT(
 *			he_field(u64, number)
 *		),
 *		HE_ASSIGN(
 *			__entry->number = number;
 *		),
 *		HE_PRINTK("number=%llu", __entry->number)
 *	);
 *	#endif
 *
 * EL2 code includes this header and then that one, and has trace_foo_call(). One of
 * its files, and el1.c, define what belongs to the events:
 *
 *	#define PKVM_EVENTS "events.h"
 *	#include <asm/kvm_pkvm_module_define_events.h>
 *
 * The Makefile has "CFLAGS_el1.o := -I$(src)", as that header is included from below
 * include/. The EL2 init function calls pkvm_trace_init(ops) first.
 */
#ifndef __ARM64_KVM_PKVM_MODULE_TRACE_H__
#define __ARM64_KVM_PKVM_MODULE_TRACE_H__

#include <linux/args.h>
#include <linux/printk.h>
#include <linux/trace_remote_event.h>

#include <asm/kvm_hyptrace.h>
#include <asm/kvm_pkvm_module.h>

#ifdef __KVM_NVHE_HYPERVISOR__

/* What the events write with, set by pkvm_trace_init(). One for all files. */
const struct pkvm_module_ops *__pkvm_trace_ops __weak;

/* Both laid out by module.lds.S. */
extern struct hyp_event_id __pkvm_event_ids_start[], __pkvm_event_ids_end[];
extern const char __pkvm_printk_ids[];

#include <nvhe/trace.h>

/*
 * What HYP_EVENT() makes calls the hypervisor's functions of these names, which a
 * module reaches by its table.
 */
#ifdef CONFIG_NVHE_EL2_TRACING
void * __weak tracing_reserve_entry(unsigned long length)
{
	return __pkvm_trace_ops->tracing_reserve_entry(length);
}

void __weak tracing_commit_entry(void)
{
	__pkvm_trace_ops->tracing_commit_entry();
}
#endif

/**
 * pkvm_trace_init() - make the trace events of this module known
 * @ops:	what the EL2 init function was given
 *
 * Context: the EL2 init function, before the first event or pkvm_printk().
 * Return: 0; -EBUSY when too many modules have events.
 */
#define pkvm_trace_init(ops)							\
({										\
	__pkvm_trace_ops = (ops);						\
	__pkvm_trace_ops->register_hyp_event_ids((unsigned long)__pkvm_event_ids_start,	\
						 (unsigned long)__pkvm_event_ids_end);	\
})

/*
 * Each call leaves two entries, in the same place of two tables: the address of its
 * format, for EL1, and a byte at EL2 whose number is that of the format.
 */
#define __pkvm_printk_id(fmt)							\
({										\
	static const char __fmt[] __used __section(".pkvm_printk.str") = fmt;	\
	const char *__id;							\
										\
	asm volatile(								\
	"	.pushsection .pkvm_printk.fmts, \"a\"\n"			\
	"	.balign	8\n"							\
	"	.quad	%c[format]\n"						\
	"	.popsection\n"							\
	"	.pushsection .rodata.pkvm_printk_ids, \"a\"\n"			\
	"881:	.byte	0\n"							\
	"	.popsection\n"							\
	"	adrp	%[id], 881b\n"						\
	"	add	%[id], %[id], :lo12:881b\n"				\
	: [id] "=r" (__id) : [format] "i" (__fmt));				\
	(u8)(__id - __pkvm_printk_ids);						\
})

#define __pkvm_printk_0(id)			__pkvm_printk_4(id, 0, 0, 0, 0)
#define __pkvm_printk_1(id, a)			__pkvm_printk_4(id, a, 0, 0, 0)
#define __pkvm_printk_2(id, a, b)		__pkvm_printk_4(id, a, b, 0, 0)
#define __pkvm_printk_3(id, a, b, c)		__pkvm_printk_4(id, a, b, c, 0)
#define __pkvm_printk_4(id, a, b, c, d)						\
	__pkvm_trace_ops->tracing_mod_hyp_printk(id, (u64)(a), (u64)(b), (u64)(c), (u64)(d))

/**
 * pkvm_printk() - write a line into the EL2 trace buffer
 * @fmt:	a format with integers only, which stays at EL1: no %s, and %p as it is
 * @args:	up to four integers or pointers
 *
 * Shown as the event module_printk of the hypervisor, when that is enabled. The
 * line ends itself. A module has 256 of them at most. Formats are checked when it
 * is built, and when it is loaded.
 *
 * Context: EL2, after pkvm_trace_init(). Any locks.
 */
#ifdef CONFIG_NVHE_EL2_TRACING
#define pkvm_printk(fmt, args...)						\
do {										\
	no_printk(fmt, ##args);							\
	CONCATENATE(__pkvm_printk_, COUNT_ARGS(args))(__pkvm_printk_id(fmt), ##args);	\
} while (0)
#else
#define pkvm_printk(fmt, args...)	no_printk(fmt, ##args)
#endif

#endif /* __KVM_NVHE_HYPERVISOR__ */

#endif /* __ARM64_KVM_PKVM_MODULE_TRACE_H__ */
