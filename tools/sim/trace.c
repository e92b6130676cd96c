// SPDX-License-Identifier: GPL-2.0-only
/* Trace events of modules: kept as text for the test, where tracing is on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define TRACE_SIZE	(64 * 1024)

/* As at EL2: a struct remote_event_hdr, and what a page of the buffer has room for */
#define MIN_ENTRY	sizeof(unsigned short)
#define MAX_ENTRY	(PAGE_SIZE - 64)

static bool on;
static char text[TRACE_SIZE];
static size_t len;
static void *reserved[SIM_NR_CPUS];

void sim_reset_trace(void)
{
	int cpu;

	on = false;
	len = 0;
	text[0] = '\0';
	for (cpu = 0; cpu < SIM_NR_CPUS; cpu++) {
		free(reserved[cpu]);
		reserved[cpu] = NULL;
	}
}

void sim_set_tracing(bool enable)
{
	on = enable;
}

const char *sim_trace(void)
{
	return text;
}

void *op_tracing_reserve_entry(unsigned long length)
{
	void **entry = &reserved[sim_this_cpu()];

	SIM_OP();
	if (!on || length < MIN_ENTRY || length > MAX_ENTRY)
		return NULL;
	if (*entry) {
		sim_misuse("the last one of this CPU was not committed");
		return NULL;
	}
	*entry = calloc(1, length);

	return *entry;
}

void op_tracing_commit_entry(void)
{
	void **entry = &reserved[sim_this_cpu()];

	SIM_OP();
	if (!*entry)
		sim_misuse("nothing is reserved on this CPU");
	free(*entry);
	*entry = NULL;
}

void op_tracing_mod_hyp_printk(u8 fmt_id, u64 a, u64 b, u64 c, u64 d)
{
	SIM_OP();
	if (on && len < TRACE_SIZE - 128)
		len += snprintf(text + len, TRACE_SIZE - len, "%u: %llx %llx %llx %llx\n",
				fmt_id, a, b, c, d);
}

/* Its numbers come from the hypervisor's own events, which there are none of here. */
int op_register_hyp_event_ids(unsigned long start, unsigned long end)
{
	SIM_OP();
	if (start == end)
		return 0;
	sim_fail("the simulator does not model this member: test it in the machine");
}
