// SPDX-License-Identifier: GPL-2.0-only
/*
 * What holds of a module's EL2 part once the host is deprivileged: the host can do
 * nothing with its pages, and EL2 just what sysfs says.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>

#include "lib.h"

#define SECTIONS	"/sys/kernel/pkvm/modules/probe/sections"

struct section {
	char name[32], prot[8];
	__u64 el2_va, size;
};

static struct section sections[8];
static int nr_sections;

#define for_each_section(s)						\
	for (struct section *(s) = sections; (s) < sections + nr_sections; (s)++)
#define for_each_page(va, s)						\
	for (__u64 va = (s)->el2_va; va < (s)->el2_va + (s)->size; va += PAGE)

static void read_sections(void)
{
	FILE *file = fopen(SECTIONS, "r");
	struct section *s = sections;

	while (file && s < sections + 8 &&
	       fscanf(file, "%31s %llx %llu %7s", s->name, &s->el2_va, &s->size, s->prot) == 4)
		s++;
	if (file)
		fclose(file);
	nr_sections = s - sections;
}

static void check_sections(void)
{
	static const struct {
		const char *name, *prot;
	} wanted[] = {
		{ ".hyp.text", "r-x" },
		{ ".hyp.rodata", "r--" },
		{ ".hyp.data", "rw-" },
		{ ".hyp.bss", "rw-" },
	};

	for (int i = 0; i < 4; i++) {
		bool stated = i < nr_sections && !strcmp(sections[i].name, wanted[i].name) &&
			      !strcmp(sections[i].prot, wanted[i].prot);

		claim(stated, "sysfs states %s to be %s", wanted[i].name, wanted[i].prot);
		claim(stated && sections[i].size >= 2 * PAGE, "the probe's %s has more than a page",
		      wanted[i].name);
	}
}

static __u64 kern_va(__u64 el2_va)
{
	return probe(PROBE_KERN_VA, el2_va).res[0];
}

static __u64 pfn_of(__u64 el2_va)
{
	return probe(PROBE_LINEAR, kern_va(el2_va)).res[0];
}

/* --- the host --- */

static const char * const access_names[] = {
	[TOUCH_READ] = "read", [TOUCH_WRITE] = "write", [TOUCH_EXEC] = "execute",
};

/* Where the kernel has a page of the EL2 part in its own page tables. */
enum mapping {
	IN_MODULE,	/* where the module loader put it, with the section's permissions */
	IN_LINEAR,
	NR_MAPPINGS,
};

static const char * const mapping_names[] = {
	[IN_MODULE] = "in the module",
	[IN_LINEAR] = "in the linear map",
};

/* Do the kernel's own page tables allow it? If not, its report says so. */
static bool allowed_at_stage1(const struct section *s, enum mapping in, enum probe_touch how)
{
	switch (how) {
	case TOUCH_WRITE:
		return s->prot[1] == 'w';
	case TOUCH_EXEC:
		return s->prot[2] == 'x' && in == IN_MODULE;
	default:
		return true;
	}
}

/* The thread dies, and the log says of what and where. */
static bool dies_and_is_reported(__u64 va, enum probe_touch how, bool allowed)
{
	char where[64];
	bool lived;

	snprintf(where, sizeof(where), "at virtual address %016llx", va);
	log_mark();
	lived = probe(PROBE_TOUCH, va, how).res[0];

	return !lived && log_count(where) == 1 &&
	       (!allowed ||
		log_count("Unable to handle kernel access to hypervisor-protected memory") == 1);
}

static void check_kernel(const struct section *s, enum mapping in, enum probe_touch how)
{
	bool allowed = allowed_at_stage1(s, in, how);
	int pages = 0, dead = 0;

	for_each_page(el2_va, s) {
		__u64 va = kern_va(el2_va);

		if (in == IN_LINEAR)
			va = probe(PROBE_LINEAR, va).res[1];
		pages++;
		dead += dies_and_is_reported(va, how, allowed);
	}

	expect(dead, pages, "kernel can not %s any page of %s %s, and reports it",
	       access_names[how], s->name, mapping_names[in]);
}

static void check_kernel_handled(const struct section *s)
{
	int pages = 0, reads = 0, writes = 0;

	for_each_page(el2_va, s) {
		pages++;
		reads += host_read(kern_va(el2_va), NULL) == -EFAULT;
		writes += host_write(kern_va(el2_va), 0) == -EFAULT;
	}

	expect(reads, pages, "a kernel read of %s that expects faults gets -EFAULT", s->name);
	expect(writes, pages, "a kernel write to %s that expects faults gets -EFAULT", s->name);
}

static sigjmp_buf refused;
static siginfo_t refusal;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	refusal = *info;
	siglongjmp(refused, sig);
}

/* 0, or the signal that a process gets. */
static int touch_user(void *page, enum probe_touch how)
{
	volatile __u64 *word = page;
	int sig = sigsetjmp(refused, 1);

	if (sig)
		return sig;

	switch (how) {
	case TOUCH_READ:
		(void)*word;
		break;
	case TOUCH_WRITE:
		*word = 0;
		break;
	case TOUCH_EXEC:
		((void (*)(void))page)();
		break;
	}

	return 0;
}

/* There EL1's page tables allow everything: only stage 2 forbids. */
static void check_user(const struct section *s, enum probe_touch how)
{
	int pages = 0, dead = 0;

	for_each_page(el2_va, s) {
		void *page = map_user(pfn_of(el2_va));

		pages++;
		dead += touch_user(page, how) == SIGSEGV && refusal.si_code == SEGV_ACCERR &&
			refusal.si_addr == page;
		unmap_user(page);
	}

	expect(dead, pages,
	       "a process can not %s any page of %s mapped rwx into it, and gets SIGSEGV",
	       access_names[how], s->name);
}

/* The same accesses to a page of the host's own: would the checks see a hole? */
static void check_control(void)
{
	struct pages p = alloc_pages(0);
	void *page = map_user(p.pfn);
	const __u32 ret = 0xd65f03c0;

	host_write(p.va, ret);
	__builtin___clear_cache(page, (char *)page + PAGE);
	expect(touch_user(page, TOUCH_EXEC), 0,
	       "a process can execute a page of the host's own so");
	expect(touch_user(page, TOUCH_WRITE), 0, "a process can write it");
	expect(touch_user(page, TOUCH_READ), 0, "a process can read it");
	unmap_user(page);

	claim(probe(PROBE_TOUCH, p.va, TOUCH_READ).res[0], "the kernel can read it");
	claim(probe(PROBE_TOUCH, p.va, TOUCH_WRITE).res[0], "the kernel can write it");
}

/* What a hypercall of the host's returns. */
static __s64 hvc(enum probe_hvc hvc, __u64 arg)
{
	return probe(PROBE_HVC, probe(PROBE_FUNC, hvc).res[0], arg).res[1];
}

/* A host that asks the hypervisor for the page. */
static void check_hypercalls(const struct section *s)
{
	int pages = 0, share = 0, unshare = 0, reclaim = 0;

	for_each_page(el2_va, s) {
		__u64 pfn = pfn_of(el2_va);

		pages++;
		share += hvc(HVC_HOST_SHARE_HYP, pfn) == -EPERM;
		unshare += hvc(HVC_HOST_UNSHARE_HYP, pfn) == -EPERM;
		reclaim += hvc(HVC_FORCE_RECLAIM, pfn * PAGE) < 0;
	}

	expect(share, pages, "host can not share %s with EL2", s->name);
	expect(unshare, pages, "host can not unshare %s", s->name);
	expect(reclaim, pages, "host can not reclaim %s as a guest's memory", s->name);
}

/* --- EL2 --- */

static void check_el2(const struct section *s)
{
	int pages = 0, right = 0, once = 0, no_alias = 0;

	for_each_page(el2_va, s) {
		__u64 pfn = pfn_of(el2_va);
		struct probe_request found = probe(PROBE_FIND, pfn * PAGE);
		__u64 pte = el2_pte(el2_va);

		pages++;
		right += !strcmp(el2_prot(el2_va), s->prot) &&
			 (pte & 0xfffffffff000) == pfn * PAGE;
		once += found.res[0] == 1 && found.res[1] == el2_va;
		no_alias += !strcmp(el2_prot(hyp_va(pfn)), "---");
	}

	expect(right, pages, "EL2 maps each page of %s %s", s->name, s->prot);
	expect(no_alias, pages, "EL2's linear range has no alias of %s", s->name);
	expect(once, pages, "EL2 maps each page of %s just once", s->name);
}

static void check_write_xor_execute(void)
{
	struct probe_request found = probe(PROBE_FIND, probe(PROBE_TABLE).res[0]);

	expect(found.res[0], 1,
	       "EL2's whole page table was searched: its first page is found once");
	expect(found.res[2], 0, "nothing in it is both writable and executable");
}

/* What EL2 runs from is what the module loader put there, not a copy of it. */
static void check_addresses(const struct section *s)
{
	__u64 last = s->el2_va + s->size - 1;
	int pages = 0, both = 0;

	for_each_page(el2_va, s) {
		pages++;
		both += kern_va(el2_va) && probe(PROBE_EL2_VA, kern_va(el2_va)).res[0] == el2_va;
	}

	expect(both, pages, "EL2 and kernel addresses of %s convert both ways", s->name);
	expect(kern_va(last), kern_va(s->el2_va) + s->size - 1, "the last byte of %s too", s->name);
	expect(probe(PROBE_EL2_VA, kern_va(last)).res[0], last,
	       "the last byte of %s back", s->name);
}

static void check_other_addresses(void)
{
	__u64 first = -1, end = 0;
	struct pages p = alloc_pages(0);

	for_each_section(s) {
		if (s->el2_va < first)
			first = s->el2_va;
		if (s->el2_va + s->size > end)
			end = s->el2_va + s->size;
	}

	expect(kern_va(first - 1), 0, "there is no kernel address before the first section");
	expect(kern_va(end), 0, "there is none after the last");
	expect(kern_va(0), 0, "there is none for 0");
	expect(kern_va(~0ULL), 0, "there is none for the highest address");
	expect(probe(PROBE_EL2_VA, kern_va(first) - 1).res[0], 0,
	       "there is no EL2 address before the first section");
	expect(probe(PROBE_EL2_VA, 0).res[0], 0, "there is none for NULL");
	expect(probe(PROBE_EL2_VA, p.va).res[0], 0, "there is none for memory of the host");
	expect(probe(PROBE_EL2_VA, symbol("probe_ioctl")).res[0], 0,
	       "there is none for EL1 code of the module");
}

static void check_variables(void)
{
	__u64 var = probe(PROBE_VAR).res[0];

	expect(probe(PROBE_EARLY, EARLY_SEEN_BY_EL2).res[0], PROBE_BEFORE,
	       "EL2's init sees what EL1 stored before the load");
	expect(probe(PROBE_EARLY, EARLY_SEEN_BY_EL1).res[0], PROBE_FROM_EL2,
	       "EL1 sees what EL2's init stored");
	expect(probe(PROBE_PEEK, probe(PROBE_EL2_VA, var).res[0]).res[0], PROBE_AFTER,
	       "EL2 sees what EL1 stored between load and deprivilege");
	expect(probe(PROBE_EARLY, EARLY_LOAD_TWICE).res[0], -EBUSY,
	       "loading the EL2 part once more is refused with -EBUSY");
}

/* --- unloading --- */

static int delete_module(const char *name, int flags)
{
	return syscall(SYS_delete_module, name, flags) ? -errno : 0;
}

static void check_unload(void)
{
	close_probe();
	expect(delete_module("probe", O_NONBLOCK), -EAGAIN, "rmmod is refused");
	expect(delete_module("probe", O_NONBLOCK | O_TRUNC), -EAGAIN, "rmmod -f is refused");
	open_probe();
	expect(probe(PROBE_WHERE).res[0], 2, "the EL2 part works after that");
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO };

	open_probe();
	read_sections();

	check_sections();
	check_variables();
	for_each_section(s)
		check_addresses(s);
	check_other_addresses();

	for_each_section(s)
		check_el2(s);
	check_write_xor_execute();

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGILL, &action, NULL);
	check_control();
	for_each_section(s) {
		for (enum probe_touch how = TOUCH_READ; how <= TOUCH_EXEC; how++) {
			for (enum mapping in = 0; in < NR_MAPPINGS; in++)
				check_kernel(s, in, how);
			check_user(s, how);
		}
		check_kernel_handled(s);
		check_hypercalls(s);
	}

	check_unload();
	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
