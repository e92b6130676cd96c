// SPDX-License-Identifier: GPL-2.0-only
/* Writes events and lines into the EL2 trace buffer. */

#include <asm/kvm_pkvm_module_trace.h>

#include "../events.h"

#define PKVM_EVENTS "events.h"
#include <asm/kvm_pkvm_module_define_events.h>

static const struct pkvm_module_ops *pkvm_ops;

/* Set by EL1 before the load. */
u64 trace_without_init;

void trace_hyp_more(u64 number);

/* x1: a number, x2: how often. */
void trace_hyp_hvc(struct user_pt_regs *regs)
{
	u64 number = regs->regs[1], times = regs->regs[2];

	while (times--) {
		trace_trace_zebra(number, pkvm_ops->hyp_smp_processor_id());
		trace_trace_ape(number & 0xff);
		pkvm_printk("number %llu", number);
		trace_hyp_more(number);
		number++;
	}
}

/* Nothing but an event: what it costs is what this has. */
void trace_hyp_off(u64 number)
{
	trace_trace_ape(number);
}

/* By hand, as a module of another tree would. */
void trace_hyp_raw(struct user_pt_regs *regs)
{
	void *entry = pkvm_ops->tracing_reserve_entry(regs->regs[1]);
	void *another = pkvm_ops->tracing_reserve_entry(regs->regs[1]);

	if (entry)
		*(unsigned short *)entry = 0xfffe;
	/* Once more than there is something to commit. */
	pkvm_ops->tracing_commit_entry();
	pkvm_ops->tracing_commit_entry();
	regs->regs[1] = entry && !another;
}

int trace_hyp_init(const struct pkvm_module_ops *ops)
{
	int ret;

	pkvm_ops = ops;
	if (trace_without_init)
		return 0;

	ret = pkvm_trace_init(ops);
	/* Nobody can have enabled it. */
	pkvm_printk("too early");

	return ret;
}
