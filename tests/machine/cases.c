// SPDX-License-Identifier: GPL-2.0-only
/* The list of tests/cases on the hypervisor itself. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib.h"
#include "traps.h"
#include "../cases/cases.h"

#define RTC_PHYS	0x09010000UL	/* PL031 of QEMU's virt board: nobody uses it */

static __u64 linear_base;		/* the kernel's address of physical address 0 */
static struct vm protected_vm, normal_vm;

static __s64 machine_op(enum probe_op member, const __u64 *args)
{
	return call_op(member, args);
}

static void machine_alloc(struct cases_page *page)
{
	struct pages p = alloc_pages(0);

	linear_base = p.va - p.pfn * PAGE;
	page->pfn = p.pfn;
	page->phys = p.pfn * PAGE;
}

static __u64 pfn_of_user(void *addr)
{
	return probe(PROBE_USER, (unsigned long)addr).res[0];
}

static __u64 end_of_memory(void)
{
	FILE *file = fopen("/proc/iomem", "r");
	unsigned long long start, end, last = 0;
	char line[128];

	while (file && fgets(line, sizeof(line), file)) {
		if (line[0] != ' ' && strstr(line, "System RAM") &&
		    sscanf(line, "%llx-%llx", &start, &end) == 2)
			last = end + 1;
	}
	if (file)
		fclose(file);

	return last / PAGE;
}

static __u64 pfn_at(__u64 el2_va)
{
	return (el2_pte(el2_va) & 0xfffffffff000) / PAGE;
}

static __u64 machine_foreign(enum kind kind)
{
	switch (kind) {
	case GUEST:
		return pfn_of_user(protected_vm.memory);
	case GUEST_SHARED:
		return pfn_of_user(normal_vm.memory);
	case EL2:
		return pfn_at(probe(PROBE_SLOT, OP_HOST_DONATE_HYP).res[0]);
	case IMAGE:
		return pfn_at(traps_states);
	case MMIO:
		return RTC_PHYS / PAGE;
	default:
		return end_of_memory();
	}
}

static __u64 machine_linear(__u64 phys)
{
	return op(OP_HYP_VA, phys);
}

static int machine_read(const struct cases_page *page)
{
	return host_read(linear_base + page->phys, NULL);
}

/* What is there: it may be somebody else's code. */
static int machine_write(const struct cases_page *page)
{
	__u64 val;

	return host_read(linear_base + page->phys, &val) ?:
	       host_write(linear_base + page->phys, val);
}

static void machine_poke(__u64 va_to, __u64 val)
{
	probe(PROBE_POKE, va_to, val);
}

static __u64 machine_address(enum arg what, enum traps_kind kind, int i)
{
	switch (what) {
	case A_HANDLER:
		return handler(kind, i);
	case A_HYP_FUNCTION:
		return probe(PROBE_SLOT, OP_HOST_DONATE_HYP).res[0];
	case A_EL1_FUNCTION:
		return linear_base;
	default:
		return traps_states;
	}
}

static int machine_topup(unsigned long nr)
{
	return probe(PROBE_TOPUP, nr).res[0];
}

static unsigned long machine_reclaim(unsigned long nr)
{
	return probe(PROBE_RECLAIM, nr).res[0];
}

static unsigned int nr_right, nr_wrong;

/* There are too many for a line each. */
static void machine_result(bool ok, const char *name)
{
	nr_right += ok;
	nr_wrong += !ok;
	if (!ok)
		claim(false, "%s", name);
}

static void machine_say(const char *what)
{
	printf("# %s\n", what);
}

static const struct machine el2 = {
	.op = machine_op, .alloc = machine_alloc, .foreign = machine_foreign,
	.linear = machine_linear, .host_read = machine_read, .host_write = machine_write,
	.el2_prot = el2_prot, .poke = machine_poke, .address = machine_address,
	.topup = machine_topup, .reclaim = machine_reclaim, .result = machine_result,
	.say = machine_say,
};

static void run(void (*cases)(const struct machine *m), const char *what, unsigned int at_least)
{
	nr_right = 0;
	nr_wrong = 0;
	cases(&el2);
	claim(!nr_wrong && nr_right >= at_least, "%u of %u cases are as the list says: %s", nr_right,
	      nr_right + nr_wrong, what);
}

int main(void)
{
	open_probe();
	open_traps();
	/* Windows are a CPU's own. */
	run_on(0);

	run(run_heap_cases, "the heap", 28);
	run(run_handler_cases, "handlers", 150);
	claim(!start_vm(&protected_vm, true).error && !start_vm(&normal_vm, false).error,
	      "there are two VMs");
	run(run_page_cases, "pages of each kind", 700);
	run(run_range_cases, "ranges", 50);
	run(run_prot_cases, "protections", 30);
	run(run_other_cases, "what is left", 20);
	destroy_vm(&protected_vm);
	destroy_vm(&normal_vm);

	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
