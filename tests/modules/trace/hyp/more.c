// SPDX-License-Identifier: GPL-2.0-only
/* Formats in another file, and one that is compiled into two places. */

#include <asm/kvm_pkvm_module_trace.h>

void trace_hyp_more(u64 number);

static __always_inline void both(const char *from, int i)
{
	pkvm_printk("i=%d from=%px %%", i, from);
}

void trace_hyp_more(u64 number)
{
	pkvm_printk("nothing");
	both((char *)number, -1);
	both((char *)number, -2);
	pkvm_printk("%x %#llx %3u %c", (u32)number, number, 7, 'e');
}
