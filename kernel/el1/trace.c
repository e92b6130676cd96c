// SPDX-License-Identifier: GPL-2.0-only
/*
 * Trace events of pKVM vendor modules.
 */

#include <linux/trace_seq.h>

#define __PKVM_MODULE_LOADER
#include <asm/kvm_pkvm_module.h>

#include "internal.h"

/**
 * pkvm_module_printk() - show a line that a module wrote at EL2
 * @seq:	where to
 * @ip:		EL2 address that it was written from
 * @fmt_id:	number of its format in the module
 * @a:		first argument
 * @b:		second argument
 * @c:		third argument
 * @d:		fourth argument
 *
 * Context: the trace buffer is read. May sleep.
 * Return: an empty string, as what is to be shown is in @seq.
 */
const char *pkvm_module_printk(struct trace_seq *seq, unsigned long ip, u8 fmt_id,
			       u64 a, u64 b, u64 c, u64 d)
{
	unsigned long kern_va = pkvm_el2_mod_kern_va(ip);

	trace_seq_printf(seq, "%pS: format %u: 0x%llx 0x%llx 0x%llx 0x%llx",
			 (void *)(kern_va ?: ip), fmt_id, a, b, c, d);

	return "";
}
