// SPDX-License-Identifier: GPL-2.0-only
/*
 * load_unaligned_zeropad(): the kernel reads eight bytes that begin at the end of a
 * page of its own and end in the next one, whatever that is. Names are compared so.
 * Where EL2 does not let it, the rest is to read as zeros.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "lib.h"
#include "traps.h"

#define WORD	sizeof(__u64)

/* What lies at the end of the host's page, and at the start of the one after it. */
#define LAST	0x8877665544332211ULL
#define FIRST	0x0fedcba987654321ULL

static const char * const contexts[] = { "", ", with interrupts masked" };

/* @host bytes from the end of the host's page, the rest from the start of the next */
static __u64 word_of(__u64 last, unsigned int host, __u64 first)
{
	return last >> (64 - 8 * host) | first << (8 * host);
}

static __u64 zeropad(__u64 boundary, unsigned int host, bool masked)
{
	return probe(PROBE_ZEROPAD, boundary - host, masked).res[0];
}

/* How many of the seven words that cross @boundary are what they should be. */
static int nr_right(__u64 boundary, bool masked, __u64 first)
{
	int right = 0;

	for (unsigned int host = 1; host < WORD; host++)
		right += zeropad(boundary, host, masked) == word_of(LAST, host, first);

	return right;
}

/* The host may read both pages. */
static void reads_both(__u64 boundary, __u64 first, const char *what)
{
	reset(TRAPS_ILLEGAL_ABT, 0);
	expect(nr_right(boundary, false, first), WORD - 1, "%s: the kernel reads both pages", what);
	expect(peek(TRAPS_ILLEGAL_ABT, nr), 0, "%s: nothing is aborted", what);
}

/* Just one abort for a word: that in the fixup is not tried again. */
static void reads_zeros(__u64 boundary, const char *what)
{
	for (int masked = 0; masked < 2; masked++) {
		reset(TRAPS_ILLEGAL_ABT, 0);
		log_mark();
		expect(nr_right(boundary, masked, 0), WORD - 1,
		       "%s: what is missing reads as zeros%s", what, contexts[masked]);
		expect(peek(TRAPS_ILLEGAL_ABT, nr), WORD - 1, "%s: EL2 aborted each%s", what,
		       contexts[masked]);
		expect(peek(TRAPS_ILLEGAL_ABT, args[0][1]), boundary,
		       "%s: where the second page begins", what);
		expect(log_count(";"), 0, "%s: the kernel has nothing to say of it", what);
	}
}

/* Two pages of the host's; returns where the second begins. */
static struct pages pair(__u64 *boundary)
{
	struct pages p = alloc_pages(1);

	*boundary = p.va + PAGE;
	host_write(*boundary - WORD, LAST);
	host_write(*boundary, FIRST);

	return p;
}

static void check_donated(void)
{
	__u64 boundary;
	struct pages p = pair(&boundary);

	reads_both(boundary, FIRST, "the host's own");
	expect(op_int(OP_HOST_DONATE_HYP, p.pfn + 1, 1, 0), 0,
	       "donated: EL2 takes the second page");
	reads_zeros(boundary, "donated");
	expect(op_int(OP_HYP_DONATE_HOST, p.pfn + 1, 1), 0, "donated: it gives it back");
	reads_both(boundary, FIRST, "given back");
}

static void check_image(void)
{
	__u64 text = probe(PROBE_KERN_VA, handler(TRAPS_ILLEGAL_ABT, 0) & -PAGE).res[0];
	struct pages p = alloc_pages(0);
	__u64 va = probe(PROBE_VMAP, p.pfn, probe(PROBE_LINEAR, text).res[0]).res[0];

	host_write(p.va + PAGE - WORD, LAST);
	reads_zeros(va + PAGE, "EL2 text of a module");
}

/* --- pages whose permissions a module has changed --- */

#define PROT_HOST	(HYP_R | HYP_W | HYP_X)

static int mod_prot(__u64 pfn, __u64 prot)
{
	return op_int(OP_HOST_STAGE2_MOD_PROT, pfn, prot, 1, 0);
}

static void check_mod_prot(void)
{
	__u64 boundary;
	struct pages p = pair(&boundary);

	expect(reg(TRAPS_PERM_FAULT, 0), 0, "a permission-fault handler is registered");

	expect(mod_prot(p.pfn + 1, 0), 0, "---: the second page is so");
	reset(TRAPS_PERM_FAULT, 0);
	reads_zeros(boundary, "---");
	expect(peek(TRAPS_PERM_FAULT, nr), 2 * (WORD - 1), "---: the handler was asked each time");
	expect(peek(TRAPS_PERM_FAULT, args[0][1]), (p.pfn + 1) * PAGE, "---: it was told the page");

	reset(TRAPS_PERM_FAULT, 1);
	reads_both(boundary, FIRST, "---, and a handler that gives it back");
	expect(peek(TRAPS_PERM_FAULT, nr), 1, "---: it was asked once");

	reset(TRAPS_PERM_FAULT, 0);
	expect(mod_prot(p.pfn + 1, HYP_R), 0, "r--: the second page is so");
	reads_both(boundary, FIRST, "r--");
	expect(mod_prot(p.pfn + 1, PROT_HOST), 0, "rwx: the second page is so");
	reads_both(boundary, FIRST, "rwx");
}

static void check_lazy(void)
{
	__u64 boundary;
	struct pages p = pair(&boundary);

	expect(op_int(OP_HOST_STAGE2_ENABLE_LAZY_PTE, (p.pfn + 1) * PAGE, 1), 0,
	       "lazy: the second page is unmapped");
	reads_both(boundary, FIRST, "lazy");
	op_int(OP_HOST_STAGE2_DISABLE_LAZY_PTE, (p.pfn + 1) * PAGE, 1);
}

/* --- a guest's memory --- */

#define NR_PAGES	256

static __u64 pfn_of(void *page)
{
	*(volatile char *)page = 0;

	return probe(PROBE_USER, (__u64)page).res[0];
}

/* Two pages of this process that lie side by side in memory, too. */
static bool find_pair(char *pages, void **first, void **second, __u64 *pfn)
{
	__u64 pfns[NR_PAGES];

	for (int i = 0; i < NR_PAGES; i++)
		pfns[i] = pfn_of(pages + i * PAGE);
	for (int i = 0; i < NR_PAGES; i++) {
		for (int j = 0; j < NR_PAGES; j++) {
			if (pfns[i] + 1 != pfns[j])
				continue;
			*first = pages + i * PAGE;
			*second = pages + j * PAGE;
			*pfn = pfns[j];
			return true;
		}
	}

	return false;
}

static void check_guest(bool protected)
{
	const char *what = protected ? "a protected VM's page" : "a normal VM's page";
	struct pages known = alloc_pages(0);
	void *pages, *host, *guest;
	__u64 pfn, boundary, first;
	struct vm vm;

	pages = mmap(NULL, NR_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1, 0);
	if (pages == MAP_FAILED || !find_pair(pages, &host, &guest, &pfn)) {
		claim(false, "%s: two pages side by side", what);
		return;
	}
	boundary = known.va + (pfn - known.pfn) * PAGE;
	*(__u64 *)(host + PAGE - WORD) = LAST;

	expect(start_vm_in(&vm, protected, guest).step, VM_RAN, "%s: the VM runs", what);
	expect(probe(PROBE_USER, (__u64)guest).res[0], pfn, "%s: it is where it was", what);
	if (protected) {
		reads_zeros(boundary, what);
		/* An access without a fixup would make EL2 wipe the page and give it back. */
		expect(host_read(boundary, NULL), -EFAULT, "%s: it is still the guest's", what);
	} else {
		first = *(__u64 *)guest;
		claim(first, "%s: it has a program", what);
		reads_both(boundary, first, what);
	}
	destroy_vm(&vm);
	munmap(pages, NR_PAGES * PAGE);
}

int main(void)
{
	open_probe();
	open_traps();

	expect(reg(TRAPS_ILLEGAL_ABT, 0), 0, "an abort notifier is registered");
	check_donated();
	check_image();
	check_mod_prot();
	check_lazy();
	check_guest(false);
	check_guest(true);

	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
