// SPDX-License-Identifier: GPL-2.0-only
/*
 * The members of struct pkvm_module_ops, with real pages: what they do, to whom the
 * pages belong then, and what is refused. Arguments:
 *
 *	ops		all but what follows
 *	ops va		all VA that a module can get, and pages all over it
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib.h"

#define MMIO_PHYS	0x09000000UL	/* PL011 of QEMU's virt board */
#define PL011_CELL_ID0	0xff0UL		/* always 0x0d */
#define PA_BITS		48		/* of the largest of the machines */
#define NR_SLOTS	128		/* PKVM_MODULE_OPS_SLOTS */

static __u64 linear_base;		/* the kernel's address of physical address 0 */

static struct pages new_pages(unsigned int order)
{
	struct pages p = alloc_pages(order);

	linear_base = p.va - p.pfn * PAGE;

	return p;
}

static struct pages nth(struct pages p, int n)
{
	p.va += n * PAGE;
	p.pfn += n;
	p.hyp_va += n * PAGE;

	return p;
}

/* EL2's, without an address in its linear range. */
static bool is_taken(struct pages p)
{
	return host_can_not(p) && el2_has(p, "---");
}

static bool is_pinned(struct pages p)
{
	return host_can(p) && el2_has(p, "rw-");
}

static int donate(struct pages p, __u64 nr)
{
	return op_int(OP_HOST_DONATE_HYP, p.pfn, nr, false);
}

static int give_back(struct pages p, __u64 nr)
{
	return op_int(OP_HYP_DONATE_HOST, p.pfn, nr);
}

static int share_page(struct pages p)
{
	return op_int(OP_HOST_SHARE_HYP, p.pfn);
}

static int unshare_page(struct pages p)
{
	return op_int(OP_HOST_UNSHARE_HYP, p.pfn);
}

static int pin(struct pages p, __u64 nr)
{
	return op_int(OP_PIN_SHARED_MEM, p.hyp_va, p.hyp_va + nr * PAGE);
}

static void unpin(struct pages p, __u64 nr)
{
	op(OP_UNPIN_SHARED_MEM, p.hyp_va, p.hyp_va + nr * PAGE);
}

static __u64 peek(__u64 el2_va)
{
	return probe(PROBE_PEEK, el2_va).res[0];
}

/* --- the table --- */

static void check_table(void)
{
	int null = 0, not_code = 0, reserved = 0;

	for (int i = 0; i < NR_PROBE_OPS; i++) {
		__u64 slot = probe(PROBE_SLOT, i).res[0];

		null += !slot;
		not_code += strcmp(el2_prot(slot), "r-x") != 0;
	}
	for (int i = NR_PROBE_OPS; i < NR_SLOTS; i++)
		reserved += op_int(i, 0) == -EOPNOTSUPP;

	expect(null, 0, "no member of the table is NULL");
	expect(not_code, 0, "all of them point to code of EL2");
	expect(reserved, NR_SLOTS - NR_PROBE_OPS, "the room at the end gives -EOPNOTSUPP");
}

/* --- addresses, memory, CPU --- */

static void check_addresses(void)
{
	struct pages p = new_pages(0);
	__u64 phys = p.pfn * PAGE + 0x123;

	expect(op(OP_HYP_VA, phys), p.hyp_va + 0x123, "hyp_va() keeps the offset");
	expect(op(OP_HYP_PA, p.hyp_va + 0x123), phys, "hyp_pa() undoes hyp_va()");
	expect(op(OP_KERN_HYP_VA, p.va + 0x123), p.hyp_va + 0x123,
	       "kern_hyp_va() of a linear kernel address is hyp_va() of the page");
}

static void check_memory(void)
{
	struct pages from = new_pages(0), to = new_pages(0);
	__u64 val, sum = 0;

	for (int i = 0; i < 512; i++)
		host_write(from.va + 8 * i, 0x0101010101010101ULL * i);
	donate(from, 1);
	donate(to, 1);

	expect(op(OP_MEMSET, to.hyp_va, 0x1a5, PAGE), to.hyp_va, "memset() gives back its address");
	expect(op(OP_MEMCPY, to.hyp_va + 9, from.hyp_va + 9, 1001), to.hyp_va + 9,
	       "memcpy() gives back its address");
	op(OP_FLUSH_DCACHE_TO_POC, to.hyp_va + 1, PAGE - 1);
	op(OP_FLUSH_DCACHE_TO_POC, to.hyp_va, 0);
	op(OP_MEMCPY, to.hyp_va + 2000, from.hyp_va, 0);
	give_back(to, 1);

	host_read(to.va + 8, &val);
	expect(val, 0x01010101010101a5, "memcpy() begins where it should");
	host_read(to.va + 16, &val);
	expect(val, 0x0202020202020202, "memcpy() copies");
	host_read(to.va + 1008, &val);
	expect(val, 0xa5a5a5a5a5a57e7eULL, "memcpy() ends where it should");
	for (int i = 127; i < 512; i++) {
		host_read(to.va + 8 * i, &val);
		sum += val == 0xa5a5a5a5a5a5a5a5ULL;
	}
	expect(sum, 512 - 127, "memset() sets the rest, flush_dcache_to_poc() leaves it");
	give_back(from, 1);
}

static __u64 counter(void)
{
	__u64 val;

	asm volatile("isb; mrs %0, cntvct_el0; isb" : "=r" (val) : : "memory");

	return val;
}

/* Whether it is much longer depends on the machine under the machine. */
static void check_udelay(void)
{
	__u64 freq, start = counter();

	asm volatile("mrs %0, cntfrq_el0" : "=r" (freq));
	op(OP_UDELAY, 3000);
	claim(counter() - start >= freq * 3 / 1000, "udelay() waits no shorter than it is told");
	start = counter();
	op(OP_UDELAY, 0);
	claim(true, "udelay() of nothing comes back");
}

static void check_list(void)
{
	struct pages p = new_pages(0);
	/* struct list_head { next, prev }: a list of two, and an entry outside of it */
	__u64 a = p.hyp_va, b = a + 16, c = a + 32;

	host_write(p.va, b);
	host_write(p.va + 8, b);
	host_write(p.va + 16, a);
	host_write(p.va + 24, a);
	donate(p, 1);

	expect(op(OP_LIST_ADD_VALID_OR_REPORT, c, a, b) & 1, 1, "adding to a list is valid");
	expect(op(OP_LIST_ADD_VALID_OR_REPORT, a, a, b) & 1, 0, "adding what is in it is not");
	expect(op(OP_LIST_DEL_ENTRY_VALID_OR_REPORT, b) & 1, 1, "deleting from a list is valid");
	probe(PROBE_POKE, a, c);
	expect(op(OP_LIST_ADD_VALID_OR_REPORT, c, a, b) & 1, 0, "adding to a corrupt list is not");
	expect(op(OP_LIST_DEL_ENTRY_VALID_OR_REPORT, b) & 1, 0, "deleting from it is not");
	expect(op(OP_LIST_ADD_VALID_OR_REPORT, c, 0, b) & 1, 0, "adding after NULL is not");
	expect(op(OP_LIST_ADD_VALID_OR_REPORT, c, b, 0) & 1, 0, "adding before NULL is not");
	probe(PROBE_POKE, c, 0);
	probe(PROBE_POKE, c + 8, 0);
	expect(op(OP_LIST_DEL_ENTRY_VALID_OR_REPORT, c) & 1, 0, "deleting what is in none is not");
	/* LIST_POISON1 and 2, with CONFIG_ILLEGAL_POINTER_VALUE */
	probe(PROBE_POKE, c, 0xdead000000000100);
	probe(PROBE_POKE, c + 8, 0xdead000000000122);
	expect(op(OP_LIST_DEL_ENTRY_VALID_OR_REPORT, c) & 1, 0, "deleting it twice is not");
	give_back(p, 1);
}

static void check_cpu(void)
{
	int right = 0;

	for (int cpu = 0; cpu < nr_cpus(); cpu++) {
		run_on(cpu);
		right += op_int(OP_HYP_SMP_PROCESSOR_ID, 0) == cpu;
	}
	expect(right, nr_cpus(), "hyp_smp_processor_id() is right on each of %d CPUs", nr_cpus());
}

/* --- donation --- */

static void check_donate(void)
{
	struct pages p = new_pages(2);
	__u64 val;

	claim(is_hosts(p), "a new page is the host's, and EL2 does not have it");
	host_write(p.va + OFFSET, 0x11);

	expect(donate(p, 1), 0, "host_donate_hyp() takes a page");
	claim(is_donated(p), "the host can not get at it then, EL2 has it rw-");
	expect(peek(p.hyp_va + OFFSET), 0x11, "EL2 sees what the host wrote before");
	claim(is_hosts(nth(p, 1)), "the next page is still the host's");
	probe(PROBE_POKE, p.hyp_va + OFFSET, 0x22);

	expect(donate(p, 1), -EPERM, "donating it once more gives -EPERM");
	expect(share_page(p), -EPERM, "sharing it gives -EPERM");
	claim(is_donated(p), "it is EL2's all the same");

	expect(give_back(p, 1), 0, "hyp_donate_host() gives it back");
	claim(is_hosts(p), "it is the host's then, and EL2 does not have it");
	host_read(p.va + OFFSET, &val);
	expect(val, 0x22, "the host sees what EL2 wrote");
	expect(give_back(p, 1), -EPERM, "giving it back once more gives -EPERM");
	claim(is_hosts(p), "it is the host's all the same");

	expect(op_int(OP_HOST_DONATE_HYP, p.pfn, 4, true), 0,
	       "host_donate_hyp() takes four, accept_mmio or not");
	claim(is_donated(p) && is_donated(nth(p, 1)) && is_donated(nth(p, 2)) &&
	      is_donated(nth(p, 3)),
	      "all four are EL2's");
	expect(give_back(nth(p, 1), 2), 0, "two of them can be given back");
	claim(is_donated(p) && is_hosts(nth(p, 1)) && is_hosts(nth(p, 2)) && is_donated(nth(p, 3)),
	      "just these two are the host's");
	expect(give_back(p, 4), -EPERM, "a range that is EL2's in parts can not be given back");
	expect(donate(p, 4), -EPERM, "it can not be donated either");
	claim(is_donated(p) && is_hosts(nth(p, 1)) && is_hosts(nth(p, 2)) && is_donated(nth(p, 3)),
	      "all four are whose they were");
	give_back(p, 1);
	give_back(nth(p, 3), 1);

	share_page(nth(p, 2));
	expect(donate(p, 4), -EPERM, "a range with a shared page in it can not be donated");
	claim(is_hosts(p) && is_hosts(nth(p, 1)) && is_hosts(nth(p, 3)),
	      "the rest of it is still the host's");
	expect(unshare_page(nth(p, 2)), 0, "the page is still shared");
}

/* --- sharing --- */

static __u64 function(enum probe_hvc hvc)
{
	return probe(PROBE_FUNC, hvc).res[0];
}

static void check_share(void)
{
	struct pages p = new_pages(2);
	__u64 val;

	expect(share_page(p), 0, "host_share_hyp() shares a page");
	claim(is_hosts(p), "the host still has it, EL2 does not map it yet");
	expect(share_page(p), -EPERM, "sharing it once more gives -EPERM");
	expect(donate(p, 1), -EPERM, "donating it gives -EPERM");

	host_write(p.va + OFFSET, 0x33);
	expect(pin(p, 1), 0, "pin_shared_mem() pins it");
	claim(is_pinned(p), "the host still has it, and EL2 has it rw-");
	expect(peek(p.hyp_va + OFFSET), 0x33, "EL2 sees what the host wrote");
	probe(PROBE_POKE, p.hyp_va + OFFSET, 0x44);
	host_read(p.va + OFFSET, &val);
	expect(val, 0x44, "the host sees what EL2 wrote");

	expect(unshare_page(p), -EBUSY, "unsharing a pinned page gives -EBUSY");
	expect((__s64)probe(PROBE_HVC, function(HVC_HOST_UNSHARE_HYP), p.pfn).res[1], -EBUSY,
	       "the host's own hypercall for that gives -EBUSY too");
	expect(donate(p, 1), -EPERM, "donating a pinned page gives -EPERM");
	claim(is_pinned(p), "it is pinned all the same");

	expect(pin(p, 1), 0, "it can be pinned twice");
	unpin(p, 1);
	claim(is_pinned(p), "after one unpin_shared_mem() it is still pinned");
	expect(unshare_page(p), -EBUSY, "it can not be unshared then");
	unpin(p, 1);
	claim(is_hosts(p), "after the second, EL2 does not map it");
	unpin(p, 1);
	expect(unshare_page(p), 0, "a third does nothing: host_unshare_hyp() ends the sharing");
	expect(unshare_page(p), -EPERM, "unsharing once more gives -EPERM");
	expect(pin(p, 1), -EPERM, "pinning a page that is not shared gives -EPERM");
	claim(is_hosts(p), "it is the host's");

	for (int i = 0; i < 3; i++)
		share_page(nth(p, i));
	expect(op_int(OP_PIN_SHARED_MEM, p.hyp_va + 0xff8, nth(p, 2).hyp_va + 1), 0,
	       "a range is pinned from its first to its last byte");
	claim(is_pinned(p) && is_pinned(nth(p, 1)) && is_pinned(nth(p, 2)), "that is three pages");
	unpin(p, 3);
	claim(is_hosts(p) && is_hosts(nth(p, 1)) && is_hosts(nth(p, 2)),
	      "all are unpinned at once");

	expect(pin(p, 4), -EPERM, "a range with a page in it that is not shared can not be pinned");
	claim(is_hosts(p) && is_hosts(nth(p, 1)) && is_hosts(nth(p, 2)), "none of it is then");
	pin(nth(p, 1), 1);
	unpin(p, 3);
	claim(is_pinned(nth(p, 1)), "unpinning a range that is pinned in parts does nothing");
	unpin(nth(p, 1), 1);
	pin(p, 2);
	unpin(p, 1);
	unpin(nth(p, 1), 1);
	claim(is_pinned(p) && is_pinned(nth(p, 1)), "unpinning parts of a range does nothing");
	unpin(p, 2);
	for (int i = 0; i < 3; i++)
		expect(unshare_page(nth(p, i)), 0,
		       "page %d of the range is shared to the end", i + 1);
}

static void check_pin_ranges(void)
{
	struct pages p = new_pages(0);

	share_page(p);
	expect(op_int(OP_PIN_SHARED_MEM, p.hyp_va, p.hyp_va), -EINVAL,
	       "pinning nothing gives -EINVAL");
	expect(op_int(OP_PIN_SHARED_MEM, p.hyp_va + PAGE, p.hyp_va), -EINVAL,
	       "pinning backwards gives -EINVAL");
	expect(op_int(OP_PIN_SHARED_MEM, p.hyp_va, ~0ULL), -EINVAL,
	       "pinning to the end of all addresses gives -EINVAL");
	expect(op_int(OP_PIN_SHARED_MEM, 0, 0), -EINVAL, "pinning NULL to NULL gives -EINVAL");
	claim(op_int(OP_PIN_SHARED_MEM, 0, p.hyp_va + PAGE) < 0, "pinning from NULL on is refused");
	op(OP_UNPIN_SHARED_MEM, 0, 0);
	op(OP_UNPIN_SHARED_MEM, p.hyp_va + PAGE, p.hyp_va);
	op(OP_UNPIN_SHARED_MEM, p.hyp_va, ~0ULL);
	op(OP_UNPIN_SHARED_MEM, 0, p.hyp_va + PAGE);
	expect(unshare_page(p), 0,
	       "none of it pinned the page, and unpinning the like does no harm");
}

static void check_pin_often(void)
{
	struct pages p = new_pages(0);
	__u64 call = (function(HVC_MAX) & ~0xffffULL) + probe(PROBE_IDS).res[HANDLER_CALL];
	__u64 often;

	share_page(p);
	often = probe(PROBE_REPEAT, 0x10000, call, PROBE_OP, OP_PIN_SHARED_MEM, p.hyp_va,
		      p.hyp_va + PAGE).res[1];
	claim(often > 1 && often < 0x10000, "a page can be pinned %llu times", often);
	expect(pin(p, 1), -EBUSY, "once more gives -EBUSY");
	probe(PROBE_REPEAT, often - 1, call, PROBE_OP, OP_UNPIN_SHARED_MEM, p.hyp_va,
	      p.hyp_va + PAGE);
	expect(unshare_page(p), -EBUSY, "it is pinned until it was unpinned as often");
	unpin(p, 1);
	expect(unshare_page(p), 0, "then it can be unshared");
}

#define MANY_PAGES	256

/* Each with a page the host does not share behind it, so that ranges do not meet. */
static void check_pin_many(void)
{
	struct pages p = new_pages(9);
	int nr, ret = 0, shared = 0;

	for (nr = 0; nr < MANY_PAGES; nr++) {
		share_page(nth(p, 2 * nr));
		ret = pin(nth(p, 2 * nr), 1);
		if (ret)
			break;
	}
	expect(ret, -ENOSPC, "pinning gives -ENOSPC after %d ranges", nr);
	claim(is_hosts(nth(p, 2 * nr)), "the page is not mapped at EL2 then");
	expect(pin(p, 1), 0, "a range that is pinned can be pinned again");
	unpin(p, 1);
	unpin(p, 1);
	expect(pin(nth(p, 2 * nr), 1), 0, "when another was unpinned, it can be pinned");
	unpin(nth(p, 2 * nr), 1);
	for (int i = 0; i <= nr; i++) {
		if (i)
			unpin(nth(p, 2 * i), 1);
		shared += !unshare_page(nth(p, 2 * i));
	}
	expect(shared, nr + 1, "all can be unshared in the end");
}

/* --- module VA --- */

static __u64 alloc_va(__u64 nr)
{
	return op(OP_ALLOC_MODULE_VA, nr);
}

static int map(struct pages p, __u64 va, __u64 nr, __u64 prot, bool is_protected)
{
	return op_int(OP_MAP_MODULE_PAGES, p.pfn, va, nr, prot, is_protected);
}

static int unmap(struct pages p, __u64 va, __u64 nr)
{
	return op_int(OP_UNMAP_MODULE_PAGES, p.pfn, va, nr);
}

static int map_private(__u64 phys, __u64 size, __u64 prot, __u64 haddr)
{
	return op_int(OP_CREATE_PRIVATE_MAPPING, phys, size, prot, haddr);
}

static bool maps(__u64 va, struct pages p, const char *prot)
{
	return !strcmp(el2_prot(va), prot) && (el2_pte(va) & 0xfffffffff000) == p.pfn * PAGE;
}

static bool is_free(__u64 va)
{
	return !strcmp(el2_prot(va), "---");
}

static void check_alloc_va(void)
{
	__u64 one = alloc_va(1), two = alloc_va(3);
	struct pages p = new_pages(0), scratch = new_pages(0);
	int bad = 0;

	claim(one && !(one % PAGE), "alloc_module_va() reserves a page");
	claim(two && !(two % PAGE), "alloc_module_va() reserves three");
	claim(two >= one + PAGE || two + 3 * PAGE <= one, "they do not overlap");
	claim(is_free(one) && is_free(two) && is_free(two + 2 * PAGE), "nothing is mapped there");
	expect(alloc_va(0), 0, "alloc_module_va() of nothing gives NULL");
	expect(alloc_va(~0ULL), 0, "alloc_module_va() of everything gives NULL");
	expect(alloc_va(1ULL << 52), 0,
	       "alloc_module_va() of so much that its size wraps gives NULL");
	for (int bits = 36; bits > 20; bits--)
		bad += alloc_va(1ULL << bits) != 0;
	expect(bad, 0, "alloc_module_va() of 4 GB and more gives NULL");
	/* What was reserved in vain is nobody's, and not to be had as a whole. */
	donate(scratch, 1);
	expect(map_private(p.pfn * PAGE, PAGE, HYP_RW, scratch.hyp_va), 0,
	       "create_private_mapping() works after that");
	give_back(scratch, 1);
	one = alloc_va(1);
	claim(one, "alloc_module_va() of a page does");
	expect(map(p, one + PAGE, 1, HYP_RW, false), -EINVAL, "its range is no larger than that");
	claim(is_hosts(p), "the page that was to be mapped past it is the host's");
}

static void check_map(void)
{
	struct pages p = new_pages(2);
	__u64 va = alloc_va(4);

	host_write(p.va + OFFSET, 0x55);
	expect(map(p, va, 1, HYP_RW, false), 0, "map_module_pages() takes a page and maps it");
	claim(maps(va, p, "rw-"), "EL2 has it there, rw-");
	claim(is_taken(p), "the host can not get at it, nor does EL2's linear range have it");
	expect(peek(va + OFFSET), 0x55, "EL2 sees what the host wrote before");
	probe(PROBE_POKE, va + OFFSET, 0x66);

	expect(map(nth(p, 1), va, 1, HYP_RW, false), -EBUSY,
	       "mapping another page there gives -EBUSY");
	claim(is_hosts(nth(p, 1)), "that page is still the host's");
	expect(map(p, va + PAGE, 1, HYP_RW, true), -EBUSY,
	       "mapping the page at another address too gives -EBUSY");
	expect(map(p, va + PAGE, 1, HYP_RW, false), -EPERM, "taking it once more gives -EPERM");
	claim(is_free(va + PAGE), "nothing is mapped there then");
	expect(give_back(p, 1), -EBUSY, "giving it back gives -EBUSY");
	expect(share_page(p), -EPERM, "sharing it gives -EPERM");
	expect(unmap(nth(p, 1), va, 1), -EPERM, "unmapping a page of the host there gives -EPERM");
	donate(nth(p, 1), 1);
	expect(unmap(nth(p, 1), va, 1), -EINVAL, "unmapping another page there gives -EINVAL");
	expect(unmap(p, va, 2), -EINVAL, "unmapping more than was mapped gives -EINVAL");
	give_back(nth(p, 1), 1);
	expect(unmap(p, va + PAGE, 1), -EINVAL, "unmapping it elsewhere gives -EINVAL");
	claim(maps(va, p, "rw-"), "it is mapped all the same");

	expect(unmap(p, va, 1), 0, "unmap_module_pages() unmaps it");
	claim(is_free(va), "nothing is mapped there then");
	claim(is_taken(p), "the page stays EL2's");
	expect(unmap(p, va, 1), -EINVAL, "unmapping it once more gives -EINVAL");
	expect(map(p, va, 1, HYP_R, true), 0, "it can be mapped again, without being taken");
	claim(maps(va, p, "r--"), "EL2 has it there, r--");
	expect(peek(va + OFFSET), 0x66, "it has what it had");
	unmap(p, va, 1);
	expect(give_back(p, 1), 0, "hyp_donate_host() gives it back");
	claim(is_hosts(p), "it is the host's");

	expect(op_int(OP_MAP_MODULE_PAGE, p.pfn, va, HYP_RW, false), 0,
	       "map_module_page() takes and maps one");
	claim(maps(va, p, "rw-") && is_taken(p) && is_free(va + PAGE),
	      "it does as map_module_pages()");
	unmap(p, va, 1);
	expect(op_int(OP_MAP_MODULE_PAGE, p.pfn, va, HYP_RW, true), 0, "and without taking it");
	unmap(p, va, 1);
	give_back(p, 1);

	donate(p, 4);
	expect(map(p, va, 4, HYP_RW, true), 0, "four donated pages can be mapped");
	claim(maps(va, p, "rw-") && maps(va + 3 * PAGE, nth(p, 3), "rw-"), "they are");
	expect(give_back(p, 4), -EBUSY, "giving back a range that is mapped gives -EBUSY");
	expect(unmap(nth(p, 1), va + PAGE, 2), 0, "two of them can be unmapped");
	claim(maps(va, p, "rw-") && is_free(va + PAGE) && is_free(va + 2 * PAGE) &&
	      maps(va + 3 * PAGE, nth(p, 3), "rw-"), "just these two are");
	expect(unmap(p, va, 4), -EINVAL, "unmapping a range that is mapped in parts gives -EINVAL");
	claim(maps(va, p, "rw-") && maps(va + 3 * PAGE, nth(p, 3), "rw-"),
	      "nothing is unmapped then");
	expect(map(p, va, 4, HYP_RW, true), -EBUSY, "mapping it gives -EBUSY");
	claim(is_free(va + PAGE) && is_free(va + 2 * PAGE), "nothing is mapped then");
	unmap(p, va, 1);
	unmap(nth(p, 3), va + 3 * PAGE, 1);
	expect(give_back(p, 4), 0, "all can be given back in the end");

	donate(nth(p, 2), 1);
	expect(map(p, va, 4, HYP_RW, false), -EPERM,
	       "a range that is not all the host's is not taken");
	expect(map(p, va, 4, HYP_RW, true), -EPERM, "a range that is not all EL2's is not mapped");
	claim(is_hosts(p) && is_hosts(nth(p, 1)) && is_donated(nth(p, 2)) && is_hosts(nth(p, 3)),
	      "all of it is whose it was");
	claim(is_free(va) && is_free(va + PAGE) && is_free(va + 2 * PAGE) && is_free(va + 3 * PAGE),
	      "none of it is mapped");
	give_back(nth(p, 2), 1);
}

/* An executable page is what it says, and there is no way to write to it. */
static void check_map_exec(void)
{
	static const __u32 code[] = {
		0xd503245f,	/* bti	c */
		0xd2800540,	/* mov	x0, #42 */
		0xd65f03c0,	/* ret */
	};
	struct pages p = new_pages(0);
	__u64 va = alloc_va(1);

	host_write(p.va, code[0] | (__u64)code[1] << 32);
	host_write(p.va + 8, code[2]);
	donate(p, 1);
	op(OP_FLUSH_DCACHE_TO_POC, p.hyp_va, PAGE);
	expect(map(p, va, 1, HYP_R | HYP_X, true), 0, "a donated page can be mapped executable");
	claim(maps(va, p, "r-x"), "EL2 has it there, r-x");
	claim(is_taken(p), "it is not to be written to in EL2's linear range any more");
	expect(probe(PROBE_FIND, p.pfn * PAGE).res[0], 1, "it has no other address at EL2");
	expect(probe(PROBE_JUMP, va).res[0], 42, "EL2 can run it");
	expect(unmap(p, va, 1), 0, "it can be unmapped");
	expect(give_back(p, 1), 0, "it can be given back");
	claim(is_hosts(p), "it is the host's then");
}

static void check_map_bad(void)
{
	static const struct {
		__u64 prot;
		const char *name;
	} bad[] = {
		{ 0, "no access" },
		{ HYP_W, "w only" },
		{ HYP_X, "x only" },
		{ HYP_RW | HYP_X, "rwx" },
		{ HYP_RW | 1, "rw and x for EL2" },
		{ HYP_RW | 2, "rw and x for EL0" },
		{ HYP_RW | HYP_DEVICE, "a device" },
		{ HYP_RW | 0x20, "uncached" },
		{ HYP_RW | 1ULL << 55, "a software bit" },
		{ HYP_RW | 1ULL << 63, "an unknown bit" },
	};
	struct pages p = new_pages(2), q = new_pages(0);
	__u64 va = alloc_va(2), next = alloc_va(2);
	__u64 image = strtoull(first_line("/sys/kernel/pkvm/modules/probe/el2_address"), NULL, 0);
	bool whole = true;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		donate(q, 1);
		expect(map(p, va, 1, bad[i].prot, false), -EINVAL,
		       "mapping with prot of %s gives -EINVAL",
		       bad[i].name);
		expect(map(q, va, 1, bad[i].prot, true), -EINVAL,
		       "so does a donated page with prot of %s", bad[i].name);
		whole &= is_hosts(p) && is_donated(q) && is_free(va);
		give_back(q, 1);
	}
	claim(whole, "nothing is taken or mapped then");

	expect(map(p, 0, 1, HYP_RW, false), -EINVAL, "mapping at NULL gives -EINVAL");
	expect(map(p, va + 8, 1, HYP_RW, false), -EINVAL,
	       "mapping at a misaligned address gives -EINVAL");
	expect(map(p, va + PAGE, 2, HYP_RW, false), -EINVAL,
	       "mapping past the end of a range gives -EINVAL%s",
	       next == va + 2 * PAGE ? ", although another begins there" : "");
	expect(map(p, image, 1, HYP_RW, false), -EINVAL,
	       "mapping in the module's image gives -EINVAL");
	expect(map(p, p.hyp_va, 1, HYP_RW, false), -EINVAL,
	       "mapping in the linear range gives -EINVAL");
	expect(map(p, ~0ULL - PAGE + 1, 1, HYP_RW, false), -EINVAL,
	       "mapping at the last page there is gives -EINVAL");
	expect(map(p, p.va, 1, HYP_RW, false), -EINVAL,
	       "mapping at a kernel address gives -EINVAL");
	claim(is_hosts(p) && is_hosts(nth(p, 1)) &&
	      is_free(va) && is_free(va + PAGE) && is_free(next),
	      "nothing is taken or mapped then either");

	map(p, va, 2, HYP_RW, false);
	expect(unmap(p, va + 8, 1), -EINVAL, "unmapping at a misaligned address gives -EINVAL");
	expect(unmap(p, 0, 1), -EINVAL, "unmapping at NULL gives -EINVAL");
	expect(unmap(p, va, 0), -EINVAL, "unmapping nothing gives -EINVAL");
	expect(unmap(p, va, ~0ULL), -EINVAL, "unmapping everything gives -EINVAL");
	expect(unmap(p, image, 1), -EINVAL, "unmapping in the module's image gives -EINVAL");
	claim(maps(va, p, "rw-") && maps(va + PAGE, nth(p, 1), "rw-"), "nothing is unmapped then");
	unmap(p, va, 2);
	give_back(p, 2);
}

/* --- private mappings --- */

static void check_private_mapping(void)
{
	static const struct {
		__u64 prot;
		const char *name;
	} bad[] = {
		{ 0, "no access" },
		{ HYP_W, "w only" },
		{ HYP_X, "x only" },
		{ HYP_RW | HYP_X, "rwx" },
		{ HYP_R | HYP_X | HYP_DEVICE, "an executable device" },
		{ HYP_RW | 1ULL << 55, "a software bit" },
		{ HYP_RW | 1ULL << 63, "an unknown bit" },
	};
	struct pages p = new_pages(1), scratch = new_pages(0);
	__u64 haddr = scratch.hyp_va, phys = p.pfn * PAGE, va, val;

	donate(scratch, 1);
	host_write(p.va + OFFSET, 0x77);
	expect(map_private(phys + OFFSET, PAGE, HYP_RW, haddr), 0,
	       "create_private_mapping() maps memory");
	va = peek(haddr);
	expect(va % PAGE, OFFSET, "the address it gives has the offset of the physical one");
	expect(peek(va), 0x77, "EL2 sees what the host wrote");
	probe(PROBE_POKE, va, 0x88);
	host_read(p.va + OFFSET, &val);
	expect(val, 0x88, "the host sees what EL2 wrote: its access is unchanged");
	claim(maps(va, p, "rw-") && maps(va + PAGE, nth(p, 1), "rw-"),
	      "the range is rounded out to pages, each mapped rw-");
	claim(is_hosts(p), "the page is still the host's");

	expect(map_private(phys, PAGE, HYP_R, haddr), 0, "it can be mapped read-only too");
	claim(maps(peek(haddr), p, "r--"), "it is, r--");
	expect(map_private(phys, PAGE, HYP_R | HYP_X, haddr), 0, "and executable");
	claim(maps(peek(haddr), p, "r-x"), "it is, r-x");

	expect(map_private(MMIO_PHYS + PL011_CELL_ID0, 4, HYP_RW | HYP_DEVICE, haddr), 0,
	       "create_private_mapping() maps MMIO");
	va = peek(haddr);
	expect(probe(PROBE_PEEK32, va).res[0], 0x0d, "EL2 reads the device there");
	claim(((el2_pte(va) ^ el2_pte(haddr)) & 0x1c) != 0,
	      "with other attributes than memory has");
	expect(!strcmp(el2_prot(va), "rw-"), true, "it is mapped rw-");

	probe(PROBE_POKE, haddr, 0x99);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect(map_private(phys, PAGE, bad[i].prot, haddr), -EINVAL,
		       "create_private_mapping() with prot of %s gives -EINVAL", bad[i].name);
	expect(map_private(phys, 0, HYP_RW, haddr), -EINVAL, "of nothing it gives -EINVAL");
	expect(map_private(phys, ~0ULL, HYP_RW, haddr), -EINVAL,
	       "of a range that wraps it gives -EINVAL");
	expect(map_private(~0ULL, 1, HYP_RW, haddr), -EINVAL, "at the end of all addresses too");
	expect(map_private(1ULL << PA_BITS, PAGE, HYP_RW, haddr), -EINVAL, "past the PA range too");
	expect(map_private((1ULL << PA_BITS) - PAGE, PAGE + 1, HYP_RW, haddr), -EINVAL,
	       "across its end too");
	expect(map_private(phys, PAGE, HYP_RW, 0), -EINVAL, "without a place for the address too");
	expect(map_private(0, 1ULL << 32, HYP_RW, haddr), -ENOMEM,
	       "of more than there are tables for it gives -ENOMEM");
	expect(peek(haddr), 0x99, "no address is stored then");
	expect(map_private(phys, PAGE, HYP_RW, haddr), 0, "a page can be mapped after all that");
	give_back(scratch, 1);
}

/* --- the fixmap --- */

static void check_fixmap(void)
{
	struct pages p = new_pages(0);
	__u64 end = (p.pfn + (1 << 20)) * PAGE, va[2] = {}, val;
	struct probe_request req;
	int last = nr_cpus() > 1;

	for (int cpu = 0; cpu <= last; cpu++) {
		run_on(cpu);
		host_write(p.va + OFFSET, 0xaa);
		req = probe(PROBE_FIXMAP, p.pfn * PAGE + OFFSET, 0xbb);
		va[cpu] = req.res[0];
		expect(va[cpu] % PAGE, OFFSET, "CPU %d: fixmap_map() keeps the offset", cpu);
		expect(req.res[1], 0xaa, "CPU %d: EL2 sees there what the host wrote", cpu);
		host_read(p.va + OFFSET, &val);
		expect(val, 0xbb, "CPU %d: the host sees what EL2 wrote", cpu);
		expect(probe_pte_prot(req.res[2], is_hvhe()), PROT_MAPPED_R | PROT_MAPPED_W,
		       "CPU %d: it was mapped rw-", cpu);
		claim(is_free(va[cpu]), "CPU %d: fixmap_unmap() unmaps it", cpu);
	}
	if (last)
		claim(va[0] != va[1], "each CPU has a window of its own");
	claim(is_hosts(p), "the page is still the host's");

	expect(probe(PROBE_FIXMAP, MMIO_PHYS).res[0], 0, "fixmap_map() of MMIO gives NULL");
	expect(probe(PROBE_FIXMAP, end).res[0], 0, "fixmap_map() past memory gives NULL");
	expect(probe(PROBE_FIXMAP, 1ULL << PA_BITS).res[0], 0,
	       "fixmap_map() past the PA range gives NULL");
	expect(probe(PROBE_FIXMAP, ~0ULL).res[0], 0, "fixmap_map() of the last address gives NULL");
	claim(is_free(va[last]), "nothing is mapped there then");

	expect(probe(PROBE_FIXMAP_TWICE, p.pfn * PAGE).res[0], 0,
	       "fixmap_map() gives NULL while the window is open");
	claim(is_free(va[last]), "the window is closed after that");
	expect(probe(PROBE_FIXMAP, p.pfn * PAGE + OFFSET).res[1], 0xbb, "it can be used again");
}

/* --- pages that are not to be had --- */

enum owner {
	OWNER_OTHER,		/* the hypervisor itself, the image of a module, a VM */
	OWNER_NOBODY,		/* no memory */
	OWNER_NOWHERE,		/* past the PA range */
	OWNER_MODULE,		/* donated */
	OWNER_BOTH,		/* shared */
	OWNER_HOST,
};

struct target {
	const char *what;
	__u64 pfn;
	enum owner owner;
};

enum action {
	DONATE,
	DONATE_17,
	DONATE_MMIO,
	GIVE_BACK,
	SHARE,
	UNSHARE,
	PIN,
	MAP,
	MAP_PROTECTED,
	UNMAP,
	NR_ACTIONS,
};

static const char * const action_names[] = {
	[DONATE] = "host_donate_hyp()", [DONATE_17] = "host_donate_hyp_17()",
	[DONATE_MMIO] = "host_donate_hyp(accept_mmio)",
	[GIVE_BACK] = "hyp_donate_host()", [SHARE] = "host_share_hyp()",
	[UNSHARE] = "host_unshare_hyp()", [PIN] = "pin_shared_mem()",
	[MAP] = "map_module_pages()", [MAP_PROTECTED] = "map_module_pages(is_protected)",
	[UNMAP] = "unmap_module_pages()",
};

static int do_action(enum action action, __u64 pfn, __u64 nr, __u64 va)
{
	struct pages p = { .pfn = pfn, .hyp_va = hyp_va(pfn) };

	switch (action) {
	case DONATE:
	case DONATE_MMIO:
		return op_int(OP_HOST_DONATE_HYP, pfn, nr, action == DONATE_MMIO);
	case DONATE_17:
		return op_int(OP_HOST_DONATE_HYP_17, pfn, nr);
	case GIVE_BACK:
		return give_back(p, nr);
	case SHARE:
		return share_page(p);
	case UNSHARE:
		return unshare_page(p);
	case PIN:
		return pin(p, nr);
	case MAP:
	case MAP_PROTECTED:
		return map(p, va, nr, HYP_RW, action == MAP_PROTECTED);
	default:
		return unmap(p, va, nr);
	}
}

/* 0 where it is allowed. */
static int wanted_error(enum action action, enum owner owner)
{
	static const enum owner allowed[] = {
		[DONATE] = OWNER_HOST, [DONATE_17] = OWNER_HOST, [DONATE_MMIO] = OWNER_HOST,
		[GIVE_BACK] = OWNER_MODULE,
		[SHARE] = OWNER_HOST, [UNSHARE] = OWNER_BOTH, [PIN] = OWNER_BOTH,
		[MAP] = OWNER_HOST, [MAP_PROTECTED] = OWNER_MODULE,
	};

	/* Nothing is mapped there. */
	if (action == UNMAP && owner == OWNER_MODULE)
		return -EINVAL;
	if (action != UNMAP && owner == allowed[action])
		return 0;
	if (owner == OWNER_NOWHERE)
		return -EINVAL;
	/* A range of its own: see check_mmio(). */
	if (owner == OWNER_NOBODY && action == DONATE_MMIO)
		return 0;

	return -EPERM;
}

/* What can be seen of a page: the host's access, and all of EL2's. */
struct view {
	int host_read, host_write;
	__u64 el2_count, el2_va, linear;
};

static struct view view(const struct target *t)
{
	bool memory = t->owner != OWNER_NOBODY && t->owner != OWNER_NOWHERE;
	struct probe_request req = probe(PROBE_FIND, t->pfn * PAGE);
	__u64 va = linear_base + t->pfn * PAGE + OFFSET, val;
	struct view v = {
		.el2_count = req.res[0], .el2_va = req.res[1], .linear = el2_pte(hyp_va(t->pfn)),
	};

	if (memory) {
		v.host_read = host_read(va, &val);
		v.host_write = v.host_read ?: host_write(va, val);
	}

	return v;
}

static void check_target(const struct target *t, __u64 va)
{
	struct view before = view(t), after;

	for (enum action action = 0; action < NR_ACTIONS; action++) {
		int error = wanted_error(action, t->owner);

		/* An address has no room for such a number. */
		if (action == PIN && t->pfn >> (64 - 12))
			continue;
		if (error)
			expect(do_action(action, t->pfn, 1, va), error, "%s of %s gives %s",
			       action_names[action], t->what, strerrorname_np(-error));
	}
	op(OP_UNPIN_SHARED_MEM, hyp_va(t->pfn), hyp_va(t->pfn + 1));

	after = view(t);
	claim(!memcmp(&before, &after, sizeof(before)),
	      "none of it changes who can get at %s", t->what);
	claim(is_free(va), "nor does it map %s", t->what);
}

static __u64 section_pfn(const char *name)
{
	FILE *file = fopen("/sys/kernel/pkvm/modules/probe/sections", "r");
	char line[128];
	unsigned long long va = 0;

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, name, strlen(name)))
			sscanf(line, "%*s %llx", &va);
	}
	if (file)
		fclose(file);

	return (el2_pte(va) & 0xfffffffff000) / PAGE;
}

static void check_targets(void)
{
	struct pages donated = new_pages(0), shared = new_pages(0), host = new_pages(0);
	unsigned long long reserved = 0, mib = 0;
	__u64 text = el2_pte(probe(PROBE_SLOT, OP_HOST_DONATE_HYP).res[0]) & 0xfffffffff000;
	__u64 va = alloc_va(1);
	struct vm protected, normal;

	claim(sscanf(log_find(" MiB at 0x"), "kvm [%*d]: Reserved %llu MiB at %llx", &mib,
		     &reserved) == 2, "the log says where the hypervisor's memory is");
	claim(!start_vm(&protected, true).error && !start_vm(&normal, false).error,
	      "there are two VMs");
	donate(donated, 1);
	share_page(shared);

	const struct target targets[] = {
		{ "the hypervisor's text", text / PAGE, OWNER_OTHER },
		{ "its page table", probe(PROBE_TABLE).res[0] / PAGE, OWNER_OTHER },
		{ "the first page of its memory", reserved / PAGE, OWNER_OTHER },
		{ "the last page of its memory", (reserved + (mib << 20)) / PAGE - 1, OWNER_OTHER },
		{ "a page in the middle of it", (reserved + (mib << 19)) / PAGE, OWNER_OTHER },
		{ "a module's text", section_pfn(".hyp.text"), OWNER_OTHER },
		{ "a module's rodata", section_pfn(".hyp.rodata"), OWNER_OTHER },
		{ "a module's data", section_pfn(".hyp.data"), OWNER_OTHER },
		{ "a module's bss", section_pfn(".hyp.bss"), OWNER_OTHER },
		{ "a protected VM's page", user_pfn(protected.memory), OWNER_OTHER },
		{ "a normal VM's page", user_pfn(normal.memory), OWNER_OTHER },
		{ "MMIO", MMIO_PHYS / PAGE, OWNER_NOBODY },
		{ "the first page past memory", last_ram_pfn() + 1, OWNER_NOBODY },
		{ "a page past the PA range", 1ULL << (PA_BITS - 12), OWNER_NOWHERE },
		{ "a page with bits that wrap away", host.pfn | 1ULL << 52, OWNER_NOWHERE },
		{ "page number -1", ~0ULL, OWNER_NOWHERE },
		{ "a donated page", donated.pfn, OWNER_MODULE },
		{ "a shared page", shared.pfn, OWNER_BOTH },
		{ "a page of the host", host.pfn, OWNER_HOST },
	};

	for (size_t i = 0; i < sizeof(targets) / sizeof(*targets); i++)
		check_target(&targets[i], va);

	destroy_vm(&protected);
	destroy_vm(&normal);
	claim(is_hosts(host), "the host's page is still the host's");
	expect(give_back(donated, 1), 0, "the donated page is still the module's");
	expect(unshare_page(shared), 0, "the shared page is still shared");
}

/* Ranges that begin with a good page. */
static void check_ranges(void)
{
	static const struct {
		__u64 nr;
		int error;
		const char *what;
	} ranges[] = {
		{ 0, -EINVAL, "no pages" },
		{ ~0ULL, -EINVAL, "as many pages as there are numbers" },
		{ 1ULL << 52, -EINVAL, "so many pages that their size wraps to 0" },
		{ (1ULL << 52) + 1, -EINVAL, "so many pages that their size wraps to one" },
		{ 1ULL << (PA_BITS - 12), -EINVAL, "pages to past the PA range" },
	};
	static const enum action actions[] = {
		DONATE, DONATE_17, DONATE_MMIO, GIVE_BACK, MAP, MAP_PROTECTED,
	};
	struct pages host = new_pages(0), donated = new_pages(0), p;
	__u64 va = alloc_va(1), last = last_ram_pfn();
	const struct target end = { "", last, OWNER_HOST };
	struct view before, after;

	donate(donated, 1);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		for (size_t j = 0; j < sizeof(actions) / sizeof(*actions); j++) {
			p = wanted_error(actions[j], OWNER_MODULE) ? host : donated;
			expect(do_action(actions[j], p.pfn, ranges[i].nr, va), ranges[i].error,
			       "%s of %s gives %s", action_names[actions[j]], ranges[i].what,
			       strerrorname_np(-ranges[i].error));
		}
	}
	claim(is_hosts(host) && is_donated(donated) && is_free(va), "none of it changes anything");
	give_back(donated, 1);

	before = view(&end);
	for (size_t j = 0; j < sizeof(actions) / sizeof(*actions); j++)
		claim(do_action(actions[j], last, 2, va) < 0,
		      "%s of a range across memory's end is refused",
		      action_names[actions[j]]);
	after = view(&end);
	claim(!memcmp(&before, &after, sizeof(before)), "its last page is whose it was");
}

/* --- more than one CPU --- */

#define ROUNDS	60

struct worker {
	pthread_t thread;
	pthread_barrier_t *start;
	int cpu;
	struct pages p;
	__u64 va;
	int result[ROUNDS];
	int bad;
};

static void *own_page(void *arg)
{
	struct worker *w = arg;

	run_on(w->cpu);
	pthread_barrier_wait(w->start);
	for (int i = 0; i < ROUNDS / 4; i++) {
		w->bad += donate(w->p, 1) != 0;
		w->bad += map(w->p, w->va, 1, HYP_RW, true) != 0;
		w->bad += unmap(w->p, w->va, 1) != 0;
		w->bad += give_back(w->p, 1) != 0;
		w->bad += share_page(w->p) != 0;
		w->bad += pin(w->p, 1) != 0;
		unpin(w->p, 1);
		w->bad += unshare_page(w->p) != 0;
	}

	return NULL;
}

static void *same_page(void *arg)
{
	struct worker *w = arg;

	run_on(w->cpu);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_barrier_wait(w->start);
		w->result[i] = donate(w->p, 1);
		pthread_barrier_wait(w->start);
		if (!w->result[i])
			give_back(w->p, 1);
	}

	return NULL;
}

static void run_workers(struct worker *workers, int nr, void *(*fn)(void *))
{
	pthread_barrier_t start;

	pthread_barrier_init(&start, NULL, nr);
	for (int i = 0; i < nr; i++) {
		workers[i].start = &start;
		workers[i].cpu = i % nr_cpus();
		pthread_create(&workers[i].thread, NULL, fn, &workers[i]);
	}
	for (int i = 0; i < nr; i++)
		pthread_join(workers[i].thread, NULL);
}

static void check_at_once(void)
{
	static struct worker workers[16];
	struct pages p = new_pages(0);
	int nr = nr_cpus(), bad = 0, rounds = 0;

	for (int i = 0; i < nr; i++) {
		workers[i].p = new_pages(0);
		workers[i].va = alloc_va(1);
	}
	run_workers(workers, nr, own_page);
	for (int i = 0; i < nr; i++)
		bad += workers[i].bad + !is_hosts(workers[i].p);
	expect(bad, 0, "%d CPUs at once can do all that with pages of their own", nr);

	workers[0].p = p;
	workers[1].p = p;
	run_workers(workers, 2, same_page);
	for (int i = 0; i < ROUNDS; i++)
		rounds += (!workers[0].result[i] && workers[1].result[i] == -EPERM) ||
			  (!workers[1].result[i] && workers[0].result[i] == -EPERM);
	expect(rounds, ROUNDS, "of two that want the same page, one gets it, and one -EPERM");
	claim(is_hosts(p), "it is the host's in the end");
}

/* --- all that there is --- */

#define BLOCK		512	/* pages of VA that share a table */
#define MAX_BLOCKS	1024

/*
 * Module VA is limited so that its page tables can not use up what the hypervisor
 * needs for its own mappings.
 */
static void check_all_va(void)
{
	static struct pages pages[MAX_BLOCKS];
	static __u64 vas[MAX_BLOCKS];
	struct pages p = new_pages(0), scratch = new_pages(0);
	int nr = 0, mapped = 0, back = 0, ret;
	struct vm_result result;

	donate(scratch, 1);
	for (__u64 size = MAX_BLOCKS * BLOCK; size; size /= 2) {
		__u64 va;

		while ((va = alloc_va(size))) {
			for (__u64 i = 0; i < size && nr < MAX_BLOCKS; i += BLOCK)
				vas[nr++] = va + i * PAGE;
		}
	}
	claim(nr > 1 && nr < MAX_BLOCKS, "alloc_module_va() gives NULL in the end");
	expect(alloc_va(1), 0, "it still does");

	for (int i = 0; i < nr; i++) {
		pages[i] = new_pages(0);
		mapped += !map(pages[i], vas[i], 1, HYP_RW, false);
	}
	expect(mapped, nr, "pages can be mapped all over what it gave, %d of them", nr);

	probe(PROBE_POKE, scratch.hyp_va, 0x99);
	ret = map_private(p.pfn * PAGE, PAGE, HYP_RW, scratch.hyp_va);
	claim(ret == -ENOMEM || ret == -ENOSPC,
	      "create_private_mapping() gives -ENOMEM or -ENOSPC then");
	expect(peek(scratch.hyp_va), 0x99, "it stores no address");
	expect(share_page(p) ?: pin(p, 1), 0, "a page can be pinned all the same");
	unpin(p, 1);
	unshare_page(p);
	result = run_vm(true);
	claim(result.step == VM_RAN && !result.error, "a protected VM runs all the same");

	for (int i = 0; i < nr; i++)
		back += !unmap(pages[i], vas[i], 1) && !give_back(pages[i], 1) &&
			is_hosts(pages[i]);
	expect(back, nr, "all pages can be given back");
}

static int donate_prot(struct pages p, __u64 prot)
{
	return op_int(OP_HOST_DONATE_HYP_PROT, p.pfn, 1, false, prot);
}

static void check_donate_prot(void)
{
	struct pages p = new_pages(0);

	expect(donate_prot(p, HYP_R), 0, "host_donate_hyp_prot(r--) takes a page");
	claim(host_can_not(p) && el2_has(p, "r--"), "it is EL2's, r--");
	expect(donate_prot(p, HYP_RW), -EPERM, "taking it once more gives -EPERM");
	expect(give_back(p, 1), 0, "hyp_donate_host() gives it back");
	expect(donate_prot(p, HYP_RW | HYP_X), -EINVAL, "writable and executable gives -EINVAL");
	expect(donate_prot(p, HYP_W), -EINVAL, "not readable gives -EINVAL");
	expect(donate_prot(p, HYP_RW | HYP_DEVICE), -EINVAL, "device memory gives -EINVAL");
	claim(is_hosts(p), "it is the host's");
}

/* struct pkvm_sglist_page */
struct block {
	__u64 pfn : 40;
	__u8 order;
} __attribute__((packed));

/* @list is copied to the page @at, which EL2 has. */
static int donate_list(struct pages at, const struct block *list, size_t nr)
{
	__u64 words[4] = { };

	memcpy(words, list, nr * sizeof(*list));
	for (int i = 0; i < 4; i++)
		probe(PROBE_POKE, at.hyp_va + 8 * i, words[i]);

	return op_int(OP_HOST_DONATE_SGLIST_HYP, at.hyp_va, nr);
}

static void check_donate_sglist(void)
{
	struct pages a = new_pages(1), b = new_pages(0), list = new_pages(0);
	struct block blocks[] = { { a.pfn, 1 }, { b.pfn, 0 } };
	struct block huge[] = { { b.pfn, 0 }, { a.pfn, 63 } };

	donate(list, 1);
	expect(donate_list(list, blocks, 2), 0, "host_donate_sglist_hyp() takes two blocks");
	claim(is_donated(a) && is_donated(nth(a, 1)) && is_donated(b), "they are EL2's");
	give_back(a, 2);
	expect(donate_list(list, blocks, 2), -EPERM, "with one that EL2 has: -EPERM");
	claim(is_hosts(a) && is_hosts(nth(a, 1)), "the others are the host's");
	claim(is_donated(b), "that one is still EL2's");
	give_back(b, 1);
	expect(donate_list(list, huge, 2), -EINVAL, "with too large a block: -EINVAL");
	claim(is_hosts(b), "the one before it is the host's");
	blocks[1] = (struct block) { a.pfn, 0 };
	expect(donate_list(list, blocks, 2), -EPERM, "with a page that is in it twice: -EPERM");
	claim(is_hosts(a) && is_hosts(nth(a, 1)), "none of it is taken then");
	expect(op_int(OP_HOST_DONATE_SGLIST_HYP, 0, 2), -EINVAL, "no list gives -EINVAL");
	expect(op_int(OP_HOST_DONATE_SGLIST_HYP, list.hyp_va, 0), -EINVAL, "none in it: -EINVAL");
	give_back(list, 1);
}

/* --- a list that is longer than what EL2 has of it --- */

#define PER_PAGE	(PAGE / sizeof(struct block))

static void check_long_list(void)
{
	struct pages at = new_pages(1), p = new_pages(10);
	struct block *list = map_user(at.pfn);
	int hosts = 0;

	for (size_t i = 0; i < PER_PAGE; i++)
		list[i] = (struct block) { p.pfn + i, 0 };
	unmap_user(list);
	donate(at, 1);

	expect(op_int(OP_HOST_DONATE_SGLIST_HYP, at.hyp_va, PER_PAGE + 1), -EINVAL,
	       "a list that ends where EL2 has nothing mapped gives -EINVAL");
	expect(op_int(OP_HOST_DONATE_SGLIST_HYP, at.hyp_va, -1UL), -EINVAL,
	       "one of all memory gives -EINVAL");
	expect(op_int(OP_HOST_DONATE_SGLIST_HYP, at.hyp_va, -1UL / 6 + 2), -EINVAL,
	       "one whose size wraps gives -EINVAL");
	expect(op_int(OP_HOST_DONATE_SGLIST_HYP, -8UL, 2), -EINVAL,
	       "one that wraps gives -EINVAL");
	expect(op_int(OP_HOST_DONATE_SGLIST_HYP, at.hyp_va + PAGE, 1), -EINVAL,
	       "one that EL2 has not mapped gives -EINVAL");
	for (size_t i = 0; i < PER_PAGE; i++)
		hosts += is_hosts(nth(p, i));
	expect(hosts, PER_PAGE, "all pages are the host's");

	op(OP_FLUSH_DCACHE_TO_POC, at.hyp_va, 2 * PAGE);
	op(OP_FLUSH_DCACHE_TO_POC, at.hyp_va, -1UL);
	op(OP_FLUSH_DCACHE_TO_POC, at.hyp_va + PAGE, 8);
	op(OP_FLUSH_DCACHE_TO_POC, 0, 8);
	op(OP_FLUSH_DCACHE_TO_POC, at.hyp_va, 0);
	claim(true, "flush_dcache_to_poc() of what EL2 has not mapped is nothing");
	give_back(at, 1);
}

/* --- a list that the host changes while EL2 reads it --- */

#define LIST_ORDER	6
#define LIST_LENGTH	((1 << LIST_ORDER) + 1)

struct changed_list {
	volatile struct block *shared;
	struct block right[LIST_LENGTH];	/* pages of the host's; the last is EL2's */
	volatile bool stop;
};

/* Now the one, now the page that is EL2's. */
static void *change_list(void *arg)
{
	struct changed_list *list = arg;

	run_on(nr_cpus() - 1);
	while (!list->stop) {
		for (int i = 0; i < LIST_LENGTH - 1; i++)
			list->shared[i] = list->right[LIST_LENGTH - 1];
		for (int i = 0; i < LIST_LENGTH - 1; i++)
			list->shared[i] = list->right[i];
	}

	return NULL;
}

/* What the host cheated itself of is EL2's, and comes back as any other page does. */
static void give_back_all(struct pages p)
{
	for (int i = 0; i < 1 << LIST_ORDER; i++)
		give_back(nth(p, i), 1);
}

static void check_list_changed(void)
{
	struct pages at = new_pages(0), p = new_pages(LIST_ORDER), taken = new_pages(0);
	struct changed_list list = { .shared = map_user(at.pfn) };
	int refused = 0, hosts = 0;
	pthread_t thread;

	donate(taken, 1);
	for (int i = 0; i < LIST_LENGTH; i++) {
		list.right[i] = (struct block) { i < LIST_LENGTH - 1 ? p.pfn + i : taken.pfn, 0 };
		list.shared[i] = list.right[i];
	}
	op(OP_HOST_SHARE_HYP, at.pfn);
	op(OP_PIN_SHARED_MEM, at.hyp_va, at.hyp_va + PAGE);
	expect(op_int(OP_HOST_DONATE_SGLIST_HYP, at.hyp_va, LIST_LENGTH), -EPERM,
	       "a list that the host shares, with a page that is EL2's: -EPERM");

	run_on(0);
	pthread_create(&thread, NULL, change_list, &list);
	for (int i = 0; i < 100; i++) {
		refused += op_int(OP_HOST_DONATE_SGLIST_HYP, at.hyp_va, LIST_LENGTH) == -EPERM;
		give_back_all(p);
	}
	list.stop = true;
	pthread_join(thread, NULL);

	expect(refused, 100, "the host changes it meanwhile: -EPERM each time");
	claim(is_donated(taken), "what EL2 had is EL2's still");
	for (int i = 0; i < 1 << LIST_ORDER; i++)
		hosts += is_hosts(nth(p, i));
	expect(hosts, 1 << LIST_ORDER, "every other page is the host's");

	op(OP_UNPIN_SHARED_MEM, at.hyp_va, at.hyp_va + PAGE);
	op(OP_HOST_UNSHARE_HYP, at.pfn);
	unmap_user((void *)list.shared);
	give_back(taken, 1);
}

static struct pages leaf;		/* EL2 puts entry and level there */

static int get_leaf(__u64 phys)
{
	return op_int(OP_HOST_STAGE2_GET_LEAF, phys, leaf.hyp_va, leaf.hyp_va + 8);
}

static void check_host_stage2(void)
{
	struct pages p = new_pages(0), taken = new_pages(0);

	leaf = new_pages(0);
	donate(leaf, 1);
	donate(taken, 1);
	host_write(p.va, 1);

	expect(get_leaf(p.pfn * PAGE), 0, "host_stage2_get_leaf() reads an entry");
	claim(peek(leaf.hyp_va) & 1, "that of a page that the host uses is valid");
	claim((peek(leaf.hyp_va + 8) & 0xff) <= 3, "its level is one");
	expect(get_leaf(taken.pfn * PAGE), 0, "it reads that of a page that EL2 took");
	claim(peek(leaf.hyp_va) && !(peek(leaf.hyp_va) & 1), "which is not valid, and not nothing");
	expect(get_leaf(1ULL << 60), -ERANGE, "an address that no host has gives -ERANGE");
	expect(op_int(OP_HOST_STAGE2_GET_LEAF, p.pfn * PAGE, 0, 0), -EINVAL, "no place: -EINVAL");

	for (int i = 0; i < 2; i++) {
		enum probe_op lazy = i ? OP_HOST_STAGE2_DISABLE_LAZY_PTE :
					 OP_HOST_STAGE2_ENABLE_LAZY_PTE;
		const char *name = i ? "disable_lazy_pte" : "enable_lazy_pte";

		expect(op_int(lazy, p.pfn * PAGE, 1), 0, "%s: the host's page will do", name);
		claim(is_hosts(p), "%s: the host has it afterwards", name);
		expect(op_int(lazy, taken.pfn * PAGE, 1), -EPERM, "%s: EL2's: -EPERM", name);
		expect(op_int(lazy, p.pfn * PAGE + 8, 1), -EINVAL, "%s: half one: -EINVAL", name);
		expect(op_int(lazy, p.pfn * PAGE, 0), -EINVAL, "%s: no page gives -EINVAL", name);
	}
	claim(is_donated(taken), "EL2's page is EL2's still");

	give_back(taken, 1);
	give_back(leaf, 1);
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";

	open_probe();

	if (!strcmp(what, "va")) {
		check_all_va();
	} else {
		check_table();
		check_addresses();
		check_memory();
		check_udelay();
		check_list();
		check_cpu();
		check_donate();
		check_donate_prot();
		check_donate_sglist();
		check_long_list();
		check_list_changed();
		check_host_stage2();
		check_share();
		check_pin_ranges();
		check_pin_often();
		check_pin_many();
		check_alloc_va();
		check_map();
		check_map_exec();
		check_map_bad();
		check_private_mapping();
		check_fixmap();
		check_targets();
		check_ranges();
		check_at_once();
	}

	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
