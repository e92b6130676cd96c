// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that writes into the pages of EL2's trace buffer that it shares with EL2, while
 * EL2 writes events there: what it reads is garbage, and no more than that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "traps.h"

#define TRACEFS		"/sys/kernel/tracing/remotes/hypervisor/"
#define ZEBRA		"events/hypervisor/trace_zebra/enable"
#define FIRST_PFN	(0x40000000 / PAGE)
#define MAX_PAGES	4096
#define NR_EVENTS	5000

static void tracefs(const char *file, const char *text)
{
	char path[128];
	int error;

	snprintf(path, sizeof(path), TRACEFS "%s", file);
	error = write_file(path, text);
	if (error)
		printf("# %s: %s\n", path, strerror(-error));
}

static void write_events(unsigned int first, unsigned int nr)
{
	char text[32];
	int error;

	snprintf(text, sizeof(text), "%u %u", first, nr);
	error = write_file("/sys/module/trace/parameters/go", text);
	if (error)
		printf("# go: %s\n", strerror(-error));
}

/* --- which pages they are --- */

static __u64 pages[MAX_PAGES];
static int nr_pages;

/*
 * Neither EL2's nor the host's alone: to give the host all permissions for a page
 * that it has, changes nothing, and for others it is refused.
 */
static bool is_the_hosts(__u64 pfn)
{
	return !op_int(OP_HOST_STAGE2_MOD_PROT, pfn, HYP_R | HYP_W | HYP_X, 1, 0);
}

/* Those that have become shared while the buffer was made. */
static void find_pages(void)
{
	__u64 pfn, end = last_ram_pfn() + 1;
	bool *before = calloc(end - FIRST_PFN, 1);
	struct pages p = alloc_pages(0);

	for (pfn = FIRST_PFN; pfn < end; pfn++)
		before[pfn - FIRST_PFN] = is_the_hosts(pfn);
	tracefs("tracing_on", "1");
	tracefs(ZEBRA, "1");
	write_events(1, 1);
	for (pfn = FIRST_PFN; pfn < end && nr_pages < MAX_PAGES; pfn++) {
		if (before[pfn - FIRST_PFN] && !is_the_hosts(pfn) &&
		    !host_read(p.va + (pfn - p.pfn) * PAGE, NULL))
			pages[nr_pages++] = pfn;
	}
	free(before);
	printf("# %d pages\n", nr_pages);
	claim(nr_pages >= 4 * nr_cpus(), "there are pages that host and EL2 share for it");
}

/* --- garbage --- */

static volatile bool enough;

static void *write_garbage(void *unused)
{
	unsigned char **mapped = calloc(nr_pages, sizeof(*mapped));
	unsigned int seed = 1;
	int i, byte;

	run_on(nr_cpus() - 1);
	for (i = 0; i < nr_pages; i++)
		mapped[i] = map_user(pages[i]);
	do {
		byte = rand_r(&seed) % 3;
		for (i = 0; i < nr_pages; i++) {
			if (byte == 2) {
				for (size_t j = 0; j < PAGE / sizeof(int); j++)
					((int *)mapped[i])[j] = rand_r(&seed);
			} else {
				memset(mapped[i], byte ? 0xff : 0, PAGE);
			}
		}
	} while (!enough);
	for (i = 0; i < nr_pages; i++)
		unmap_user(mapped[i]);

	return unused;
}

static int unshare_page(__u64 pfn)
{
	return probe(PROBE_HVC, probe(PROBE_FUNC, HVC_HOST_UNSHARE_HYP).res[0], pfn).res[1];
}

static void check_garbage(void)
{
	pthread_t thread;
	int kept = 0;

	for (int i = 0; i < nr_pages; i++)
		kept += unshare_page(pages[i]) == -EBUSY;
	expect(kept, nr_pages, "none of them can be unshared while EL2 has it");

	pthread_create(&thread, NULL, write_garbage, NULL);
	for (int i = 0; i < 20; i++) {
		for (int cpu = 0; cpu < nr_cpus(); cpu++) {
			run_on(cpu);
			write_events(1, NR_EVENTS);
		}
	}
	enough = true;
	pthread_join(thread, NULL);
	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after events into pages full of garbage");
}

/* What "trace" has of trace_zebra: how many, and whether they are those from @first on. */
static int read_events(unsigned int first)
{
	FILE *file = fopen(TRACEFS "trace", "r");
	char line[256], *at;
	int nr = 0;

	while (file && fgets(line, sizeof(line), file)) {
		at = strstr(line, "trace_zebra number=");
		if (at && strtoul(strchr(at, '=') + 1, NULL, 0) == first + nr)
			nr++;
	}
	if (file)
		fclose(file);

	return nr;
}

int main(void)
{
	open_probe();
	open_traps();
	reg(TRAPS_PERM_FAULT, 0);

	find_pages();
	check_garbage();

	tracefs("tracing_on", "0");
	tracefs("trace", "0");
	tracefs("tracing_on", "1");
	run_on(0);
	write_events(700, 10);
	expect(read_events(700), 10, "with a buffer that was reset, all is as before");
	finished();
}
