/* SPDX-License-Identifier: GPL-2.0-only */
#if !defined(TRACE_EVENTS_H) || defined(HYP_EVENT_MULTI_READ)
#define TRACE_EVENTS_H

/* Not in the order of their names, by which they are sorted. */
HYP_EVENT(trace_zebra,
	HE_PROTO(u64 number, u32 cpu),
	HE_STRUCT(
		he_field(u64, number)
		he_field(u32, cpu)
	),
	HE_ASSIGN(
		__entry->number = number;
		__entry->cpu = cpu;
	),
	HE_PRINTK("number=%llu cpu=%u", __entry->number, __entry->cpu)
);

HYP_EVENT(trace_ape,
	HE_PROTO(u8 small),
	HE_STRUCT(
		he_field(u8, small)
	),
	HE_ASSIGN(
		__entry->small = small;
	),
	HE_PRINTK("small=%u", __entry->small)
);
#endif
