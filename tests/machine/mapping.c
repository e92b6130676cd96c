// SPDX-License-Identifier: GPL-2.0-only
/*
 * Members of struct pkvm_module_ops that map and own: the window of a block, the
 * linear range for init functions, MMIO, and the forms that other releases have.
 * Arguments:
 *
 *	mapping			all but what follows
 *	mapping blocks		one block after the other in the window
 *	mapping left ERROR	early.ko left ranges mapped, and its EL2 init returned ERROR
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

#include "traps.h"
#include "../modules/early/early.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof(*(a)))
#define MIB		(1UL << 20)
#define BLOCK		(2 * MIB)
#define PA_BITS		48		/* of the largest of the machines */
#define MIN_PA_BITS	40		/* of the smallest */

/* QEMU's virt board. The last is where PCI devices would be, had it any. */
#define UART		0x09000000UL
#define RTC		0x09010000UL
#define GPIO		0x09030000UL
#define PERIPH_ID	0xfe0UL
#define UART_ID		0x11
#define RTC_ID		0x31
#define GPIO_ID		0x61
#define RAM		0x40000000UL
#define PCI		0x8000000000UL

#define PTE_PHYS	0xfffffffff000ULL
#define PTE_ATTR	0x1cULL		/* AttrIndx */

static __u64 word_at(__u64 el2_va)
{
	return probe(PROBE_PEEK, el2_va).res[0];
}

static bool is_free(__u64 va)
{
	return !strcmp(el2_prot(va), "---");
}

/* @pte is an entry of EL2's that maps @phys with @prot. */
static bool pte_maps(__u64 pte, __u64 phys, unsigned int prot)
{
	return (pte & PTE_PHYS) == phys && probe_pte_prot(pte, is_hvhe()) == prot;
}

static bool maps(__u64 va, __u64 phys, unsigned int prot)
{
	return pte_maps(el2_pte(va), phys, prot);
}

#define MAPS_R	PROT_MAPPED_R
#define MAPS_RW	(PROT_MAPPED_R | PROT_MAPPED_W)

/* In how many places EL2 has a page. */
static int nr_mappings(__u64 phys)
{
	return probe(PROBE_FIND, phys).res[0];
}

static int donate(__u64 phys, __u64 nr)
{
	return op_int(OP_HOST_DONATE_HYP, phys / PAGE, nr, true);
}

static int donate_17(__u64 phys, __u64 nr)
{
	return op_int(OP_HOST_DONATE_HYP_17, phys / PAGE, nr);
}

static int give_back(__u64 phys, __u64 nr)
{
	return op_int(OP_HYP_DONATE_HOST, phys / PAGE, nr);
}

/* A page that EL2 has, for what members put somewhere. */
static __u64 scratch;

static void alloc_scratch(void)
{
	struct pages p = alloc_pages(0);

	donate(p.pfn * PAGE, 1);
	scratch = p.hyp_va;
}

/* --- the window of a block --- */

/* The first block that is mapped, and all that is but for "blocks": see mapping.t. */
static struct pages block;
static __u64 window_va;

static void check_offset(__u64 offset)
{
	struct probe_request req;
	__u64 val;

	host_write(block.va + offset, 0xaa00 + offset);
	req = probe(PROBE_FIXBLOCK, block.pfn * PAGE + offset, 0xbb00 + offset);
	host_read(block.va + offset, &val);

	expect(req.res[0], window_va + offset, "fixblock_map() + %#llx: its place in the window",
	       offset);
	expect(req.res[1], 0xaa00 + offset, "+ %#llx: EL2 sees there what the host wrote", offset);
	expect(val, 0xbb00 + offset, "+ %#llx: the host sees what EL2 wrote", offset);
	claim(pte_maps(req.res[2], block.pfn * PAGE, MAPS_RW) && (req.res[2] & 3) == 1,
	      "+ %#llx: one entry maps the whole block, rw-", offset);
	claim(is_free(window_va) && is_free(window_va + BLOCK - PAGE) &&
	      !nr_mappings(block.pfn * PAGE + offset),
	      "+ %#llx: fixblock_unmap() unmaps it, EL2 has it nowhere", offset);
}

static void check_size(__u64 phys, __u64 offset)
{
	struct probe_request req = probe(PROBE_FIXBLOCK_SIZE, phys + offset);

	expect(req.res[0], window_va + offset, "fixblock_map_17() + %#llx: its place in the window",
	       offset);
	expect(req.res[1], BLOCK - offset, "+ %#llx: the size is up to the end of the block",
	       offset);
}

static void check_no_window(__u64 phys, const char *what)
{
	struct probe_request req = probe(PROBE_FIXBLOCK_SIZE, phys);

	expect(probe(PROBE_FIXBLOCK, phys).res[0], 0, "fixblock_map() of %s gives NULL", what);
	claim(!req.res[0] && !req.res[1], "fixblock_map_17() too, and stores no size");
}

static void check_window(void)
{
	static const __u64 offsets[] = { 0, 8, PAGE, 0x12340, MIB, BLOCK - PAGE, BLOCK - 8 };
	__u64 phys, end = (last_ram_pfn() + 1) * PAGE;

	block = alloc_pages(9);
	phys = block.pfn * PAGE;
	window_va = probe(PROBE_FIXBLOCK, phys).res[0];
	claim(window_va && !(window_va % BLOCK), "fixblock_map() maps a block");
	for (int cpu = 0; cpu < nr_cpus(); cpu++) {
		run_on(cpu);
		expect(probe(PROBE_FIXBLOCK, phys).res[0], window_va, "CPU %d has the same window",
		       cpu);
	}
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++)
		check_offset(offsets[i]);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++)
		check_size(phys, offsets[i]);
	expect(probe(PROBE_FIXBLOCK_SIZE, phys, 1).res[0], 0,
	       "fixblock_map_17() without a place for the size gives NULL");

	expect(probe(PROBE_FIXBLOCK_TWICE, phys).res[0], 0,
	       "fixblock_map() gives NULL while this CPU has the window");
	claim(is_free(window_va), "the window is closed after that");
	op(OP_FIXBLOCK_UNMAP, 0);
	op(OP_FIXBLOCK_UNMAP, 0);
	expect(probe(PROBE_FIXBLOCK, phys + 8).res[1], 0xbb08,
	       "fixblock_unmap() without a window does nothing: it can be used again");

	check_no_window(UART, "MMIO");
	check_no_window(RAM - 8, "the word before memory");
	check_no_window(end, "the first address past memory");
	check_no_window(1ULL << PA_BITS, "an address past the PA range");
	check_no_window(~0ULL, "the last address there is");
	claim(end % BLOCK, "memory ends in a block, %#llx bytes from its start", end % BLOCK);
	check_no_window(end - 8, "the last word of memory");
	check_no_window(end - end % BLOCK, "the start of that block");
	claim(probe(PROBE_FIXBLOCK_SIZE, end - end % BLOCK - 8).res[0],
	      "fixblock_map() of the block before it does not");
	claim(host_can(block), "the host has had its block all the time");
}

/* --- one block after the other --- */

#define NR_BLOCKS	3

static void check_blocks(void)
{
	struct pages blocks[NR_BLOCKS];
	int right = 0, rounds = 0;
	__u64 offset, val;

	for (int i = 0; i < NR_BLOCKS; i++)
		blocks[i] = alloc_pages(9);
	for (offset = 0; offset < BLOCK; offset += BLOCK / 8 + 8) {
		for (int i = 0; i < NR_BLOCKS; i++)
			host_write(blocks[i].va + offset, offset + i);
		for (int i = 0; i < NR_BLOCKS; i++, rounds++)
			right += probe(PROBE_FIXBLOCK, blocks[i].pfn * PAGE + offset,
				       offset + 0x100 + i).res[1] == offset + i;
		for (int i = 0; i < NR_BLOCKS; i++) {
			host_read(blocks[i].va + offset, &val);
			right += val == offset + 0x100 + i;
		}
	}
	expect(right, 2 * rounds, "what is read and written is in the block that was asked for");
}

/* --- one CPU at a time --- */

#define ROUNDS	200

struct worker {
	pthread_t thread;
	int cpu;
	int met;		/* how often another CPU was in the window too */
};

static void *count_up(void *arg)
{
	struct worker *w = arg;

	run_on(w->cpu);
	for (int i = 0; i < ROUNDS; i++) {
		w->met += probe(PROBE_FIXBLOCK_COUNT, block.pfn * PAGE, 20).res[0] != 0;
		/* Another CPU's */
		op(OP_FIXBLOCK_UNMAP, 0);
	}

	return NULL;
}

static void *stay_inside(void *arg)
{
	struct worker *w = arg;

	run_on(w->cpu);
	w->met = probe(PROBE_FIXBLOCK_COUNT, block.pfn * PAGE, 20000).res[0];

	return NULL;
}

/* How many went into the window, or came out. */
static __u64 count(int nr)
{
	__u64 val;

	host_read(block.va + nr * sizeof(val), &val);

	return val;
}

/* Until it was seen: CPU 1 is inside, CPU 0 wants to be. */
static void check_waiting(void)
{
	struct worker w = { .cpu = 1 };
	int met = 0;
	bool seen = false;

	run_on(0);
	for (int i = 0; i < 100 && !seen; i++) {
		__u64 before = count(0);

		pthread_create(&w.thread, NULL, stay_inside, &w);
		while (count(0) == before)
			;
		seen = count(1) == before;
		met += probe(PROBE_FIXBLOCK_COUNT, block.pfn * PAGE, 0).res[0] != 0;
		pthread_join(w.thread, NULL);
		met += w.met != 0;
	}
	claim(seen, "a CPU wants the window while another has it");
	expect(met, 0, "it gets it when the other one is out");
}

static void check_one_at_a_time(void)
{
	static struct worker workers[16];
	int nr = nr_cpus(), met = 0;
	__u64 was_in;

	host_write(block.va, 0);
	host_write(block.va + 8, 0);
	if (nr > 1)
		check_waiting();
	was_in = count(0);
	for (int i = 0; i < nr; i++) {
		workers[i].cpu = i;
		pthread_create(&workers[i].thread, NULL, count_up, &workers[i]);
	}
	for (int i = 0; i < nr; i++) {
		pthread_join(workers[i].thread, NULL);
		met += workers[i].met;
	}
	expect(met, 0, "none of %d CPUs ever meets another in the window", nr);
	claim(count(0) - was_in == (__u64)nr * ROUNDS && count(1) == count(0),
	      "none of the %d times that they count up there is lost", nr * ROUNDS);
}

/* --- linear mappings of an init function --- */

static __u64 early[EARLY_NR_RESULTS];

static int read_early(void)
{
	FILE *file = fopen("/sys/module/early/parameters/results", "r");
	int nr = 0;

	while (file && nr < EARLY_NR_RESULTS && fscanf(file, "%llu,", &early[nr]) == 1)
		nr++;
	if (file)
		fclose(file);

	return nr;
}

static void check_early_one(void)
{
	__u64 phys = early[EARLY_PHYS] + EARLY_PAGE * PAGE;

	expect(early[EARLY_PTE_BEFORE] & 1, 0, "early: EL2 does not have a page of the host");
	expect(early[EARLY_MAP], early[EARLY_HYP_VA], "linear_map_early() maps it at its hyp_va()");
	expect(early[EARLY_HYP_VA], hyp_va(phys / PAGE), "which is the same as ever");
	claim(pte_maps(early[EARLY_MAP_PTE], phys, MAPS_RW), "rw-, as was asked for");
	expect(early[EARLY_NEXT_PTE] & 1, 0, "and not the next page");
	expect(early[EARLY_READ], EARLY_EL1(EARLY_PAGE), "EL2 sees there what the host wrote");

	expect(early[EARLY_MAP_TWICE], 0, "mapping it once more gives NULL");
	expect(early[EARLY_MAP_OVER], 0, "a range that begins with it gives NULL");
	expect(early[EARLY_MAP_OVER_PTE] & 1, 0, "the rest of that is not mapped");
	expect(early[EARLY_MAP_UNDER], 0, "a range that ends with a mapped page gives NULL");
	expect(early[EARLY_MAP_UNDER_PTE] & 1, 0, "the rest of that is not mapped");
	claim(pte_maps(early[EARLY_WRONG_UNMAP_PTE], phys, MAPS_RW),
	      "linear_unmap_early() of any other range does nothing");

	expect((int)early[EARLY_TAKE], -EPERM, "meanwhile host_donate_hyp() gives -EPERM");
	expect((int)early[EARLY_TAKE_MAP], -EPERM, "map_module_pages() gives -EPERM");
	expect((int)early[EARLY_TAKE_SHARE], -EPERM, "host_share_hyp() gives -EPERM");
	expect((int)early[EARLY_TAKE_R], -EPERM, "so does host_donate_hyp() if it is r--");
	claim(pte_maps(early[EARLY_TAKEN_PTE], phys, MAPS_RW), "it is mapped all the same");

	expect(early[EARLY_UNMAP_PTE] & 1, 0, "linear_unmap_early() unmaps it");
	expect(early[EARLY_UNMAP_TWICE_PTE] & 1, 0, "a second one does nothing");
}

static void check_early_owners(void)
{
	__u64 phys = early[EARLY_PHYS] + EARLY_PAGE * PAGE;

	expect((int)early[EARLY_DONATE], 0, "host_donate_hyp() takes the page then");
	expect(early[EARLY_DONATED], 0, "linear_map_early() of a donated page gives NULL");
	claim(pte_maps(early[EARLY_DONATED_PTE], phys, MAPS_RW),
	      "linear_unmap_early() leaves that one alone");
	expect((int)early[EARLY_GIVE_BACK], 0, "it can be given back");
	expect((int)early[EARLY_SHARE], 0, "it can be shared");
	expect(early[EARLY_SHARED], 0, "linear_map_early() of a shared page gives NULL");
	expect((int)early[EARLY_UNSHARE], 0, "it can be unshared");
}

static void check_early_bad(void)
{
	static const char * const names[EARLY_NR_BAD] = {
		[EARLY_BAD_NO_ACCESS] = "no access", [EARLY_BAD_W] = "w only",
		[EARLY_BAD_X] = "x only", [EARLY_BAD_RX] = "r-x", [EARLY_BAD_RWX] = "rwx",
		[EARLY_BAD_DEVICE] = "a device", [EARLY_BAD_BIT] = "a software bit",
		[EARLY_BAD_NOTHING] = "nothing", [EARLY_BAD_HALF] = "half a page",
		[EARLY_BAD_MISALIGNED] = "a page from its second word on",
		[EARLY_BAD_WRAPS] = "all but a page of all addresses",
		[EARLY_BAD_WRAPS_TO_ONE] = "a range that ends before it begins",
		[EARLY_BAD_NOWHERE] = "a page past the PA range",
		[EARLY_BAD_PAST_PA] = "a range across the PA range's end",
		[EARLY_BAD_MMIO] = "MMIO",
		[EARLY_BAD_MMIO_TO_RAM] = "a range across memory's beginning",
		[EARLY_BAD_PAST_RAM] = "a range across memory's end",
		[EARLY_BAD_TABLE] = "EL2's page table", [EARLY_BAD_IMAGE] = "the module's own data",
	};

	for (int i = 0; i < EARLY_NR_BAD; i++)
		expect(early[EARLY_BAD] >> i & 1, 0, "linear_map_early() of %s gives NULL",
		       names[i]);
	expect(early[EARLY_BAD_PTE] & 1, 0, "nothing is mapped then");
}

static void check_early_ranges(void)
{
	__u64 phys = early[EARLY_PHYS], pages = EARLY_SIZE / PAGE;

	expect(early[EARLY_NR_MANY], 8, "there can be eight ranges, the next one gives NULL");
	claim(early[EARLY_AGAIN], "when one is unmapped there can be another");
	expect(early[EARLY_MANY_LEFT], 0, "all of them can be unmapped");

	expect(early[EARLY_LARGE], hyp_va(phys / PAGE), "%lu MiB can be mapped at once",
	       EARLY_SIZE / MIB);
	expect(early[EARLY_LARGE_READ], pages, "EL2 sees in each page what the host wrote");
	expect(early[EARLY_EL1_READ], pages, "the host sees in each what EL2 wrote");
	expect(early[EARLY_LARGE_LEFT], 0, "all of it is unmapped at once");

	phys += EARLY_R_PAGE * PAGE;
	expect(early[EARLY_R], hyp_va(phys / PAGE), "a page can be mapped r--");
	claim(pte_maps(early[EARLY_R_PTE], phys, MAPS_R), "it is, r--");
}

/* The kernel's linear address of physical address 0. */
static __u64 linear_base(void)
{
	struct pages p = alloc_pages(0);

	return p.va - p.pfn * PAGE;
}

static struct pages pages_at(__u64 phys)
{
	return (struct pages){
		.va = linear_base() + phys, .pfn = phys / PAGE, .hyp_va = hyp_va(phys / PAGE),
	};
}

/* Any init function is over by now. */
static void check_not_early(void)
{
	struct pages p = pages_at(early[EARLY_PHYS]), donated = alloc_pages(0);
	int left = 0;

	expect(early[EARLY_OUTSIDE], 0, "in a call it gives NULL, before the host is deprivileged");
	expect(op(OP_LINEAR_MAP_EARLY, p.pfn * PAGE, PAGE, HYP_RW), 0, "it gives NULL afterwards");
	expect(op(OP_LINEAR_MAP_EARLY, p.pfn * PAGE, EARLY_SIZE, HYP_R), 0,
	       "for a large range too");
	for (__u64 i = 0; i < EARLY_SIZE / PAGE; i += 7)
		left += !is_free(p.hyp_va + i * PAGE);
	expect(left, 0, "nothing of the region is mapped at EL2");
	expect(nr_mappings(p.pfn * PAGE), 0, "at no address");
	claim(host_can(p), "the host can use it");

	donate(donated.pfn * PAGE, 1);
	op(OP_LINEAR_UNMAP_EARLY, donated.hyp_va, PAGE);
	op(OP_LINEAR_UNMAP_EARLY, 0, 0);
	op(OP_LINEAR_UNMAP_EARLY, donated.hyp_va, 0);
	op(OP_LINEAR_UNMAP_EARLY, 0, PAGE);
	claim(is_donated(donated), "linear_unmap_early() does nothing to a donated page");
	give_back(donated.pfn * PAGE, 1);
}

static void check_early(void)
{
	expect(read_early(), EARLY_NR_RESULTS, "the module early says what its init tried");
	check_early_one();
	check_early_owners();
	check_early_bad();
	check_early_ranges();
	check_not_early();
}

/* It did not unmap what it mapped, in one or in eight pages from there on, or in a window. */
static void check_left(const char *error)
{
	unsigned long long phys = 0;
	int left = 0, found = 0, windows = 0;
	char state[128], denied[256];
	struct vm_result result;

	snprintf(state, sizeof(state), "failed: its EL2 init function returned %s", error);
	snprintf(denied, sizeof(denied), "denied: early: %s", state + strlen("failed: "));
	claim(!strcmp(first_line("/sys/kernel/pkvm/modules/early/state"), state),
	      "sysfs says of it: %s", state);
	claim(!strcmp(first_line("/sys/kernel/pkvm/protected_vms"), denied),
	      "sysfs says of protected VMs: %s", denied);
	expect(access("/sys/module/early", F_OK), -1, "the module is not there");

	claim(sscanf(log_find("early: memory at "), "early: memory at %llx", &phys) == 1,
	      "the log says where it was, at %#llx", phys);
	for (int i = 0; i < 16; i++) {
		left += !is_free(hyp_va(phys / PAGE + i));
		found += nr_mappings(phys + i * PAGE);
	}
	expect(left, 0, "nothing is mapped there any more");
	expect(found, 0, "nor at another address");
	for (int i = 0; i < nr_cpus(); i++) {
		run_on(i);
		windows += probe(PROBE_FIXMAP, phys).res[0] != 0;
		windows += probe(PROBE_FIXBLOCK, phys).res[0] != 0;
	}
	expect(windows, 2 * nr_cpus(), "both windows are free on each CPU");
	claim(host_can(pages_at(phys)), "the host has the page");
	expect(donate(phys, 16), 0, "another module can take all of them");
	expect(give_back(phys, 16), 0, "and give them back");

	result = run_vm(true);
	claim(result.step == VM_CREATE && result.error == -EPERM,
	      "a protected VM can not be created: EPERM");
	result = run_vm(false);
	claim(result.step == VM_RAN && !result.error, "a normal VM runs");
}

/* --- MMIO --- */

static sigjmp_buf stopped;

static void on_signal(int sig)
{
	siglongjmp(stopped, sig);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

/* What the host gets there, 4 bytes: 0 or the signal. SIGBUS is that nothing is there. */
static int host_gets(__u64 phys, __u32 *val)
{
	void *page = map_user(phys / PAGE);
	volatile __u32 *p = page + phys % PAGE;
	int sig = sigsetjmp(stopped, 1);

	if (!sig)
		*val = *p;
	unmap_user(page);

	return sig;
}

static int host_puts(__u64 phys, __u32 val)
{
	void *page = map_user(phys / PAGE);
	volatile __u32 *p = page + phys % PAGE;
	int sig = sigsetjmp(stopped, 1);

	if (!sig)
		*p = val;
	unmap_user(page);

	return sig;
}

static bool host_has(__u64 device, __u32 id)
{
	__u32 val = 0;

	return !host_gets(device + PERIPH_ID, &val) && (val & 0xff) == id;
}

static bool host_lost(__u64 phys)
{
	__u32 val;

	return host_gets(phys, &val) == SIGSEGV && host_puts(phys, 0) == SIGSEGV;
}

struct leaf {
	int error;
	__u64 pte;
	int level;
};

static struct leaf get_leaf(__u64 phys)
{
	int error = op_int(OP_HOST_STAGE2_GET_LEAF, phys, scratch, scratch + 8);

	return (struct leaf){ error, word_at(scratch), (__s8)word_at(scratch + 8) };
}

/* The host's entry there is not a mapping, and says that this has an owner. */
static bool is_annotated(__u64 phys)
{
	struct leaf leaf = get_leaf(phys);

	return !leaf.error && leaf.pte && !(leaf.pte & 1);
}

/* EL2 has it where hyp_va() says, and the host has not. */
static bool is_taken(__u64 phys, unsigned int prot)
{
	return host_lost(phys) && is_annotated(phys) && maps(hyp_va(phys / PAGE), phys, prot);
}

static bool is_not_taken(__u64 phys)
{
	__u32 val;

	return host_gets(phys, &val) != SIGSEGV && !is_annotated(phys) &&
	       is_free(hyp_va(phys / PAGE));
}

/* What create_private_mapping() makes of a device. */
static __u64 device_attr(void)
{
	op(OP_CREATE_PRIVATE_MAPPING, UART, PAGE, HYP_RW | HYP_DEVICE, scratch);

	return el2_pte(word_at(scratch)) & PTE_ATTR;
}

static __u64 linear_va(__u64 phys)
{
	struct pages p = alloc_pages(0);

	return p.hyp_va - p.pfn * PAGE + phys;
}

static void check_mmio(void)
{
	__u64 attr = device_attr(), va[2];

	claim(host_has(RTC, RTC_ID) && host_has(GPIO, GPIO_ID), "the host has two devices");
	expect(hyp_va(RTC / PAGE), linear_va(RTC), "hyp_va() of a device is linear");
	expect(donate(RTC, 1), 0, "host_donate_hyp() takes one");
	expect(donate(GPIO, 1), 0, "it takes the other");
	claim(host_lost(RTC + PERIPH_ID) && host_lost(GPIO + PERIPH_ID),
	      "the host can neither read nor write them then, it gets SIGSEGV");
	claim(host_has(UART, UART_ID), "it has others all the same");

	va[0] = op(OP_HYP_VA, RTC + PERIPH_ID);
	va[1] = op(OP_HYP_VA, GPIO + PERIPH_ID);
	claim(va[0] % PAGE == PERIPH_ID && va[1] % PAGE == PERIPH_ID, "hyp_va() keeps the offset");
	expect(probe(PROBE_PEEK32, va[0]).res[0], RTC_ID, "EL2 reads the one there");
	expect(probe(PROBE_PEEK32, va[1]).res[0], GPIO_ID, "EL2 reads the other there");
	claim(maps(va[0], RTC, MAPS_RW) && maps(va[1], GPIO, MAPS_RW), "they are mapped rw-");
	claim((el2_pte(va[0]) & PTE_ATTR) == attr && attr != (el2_pte(scratch) & PTE_ATTR),
	      "with the attributes of a device");
	claim(is_free(linear_va(RTC)), "the linear range does not have it");
	expect(nr_mappings(RTC), 1, "that is the only address");
	claim(is_annotated(RTC) && is_annotated(GPIO), "the host's entries say so");

	expect(give_back(RTC, 1), 0, "hyp_donate_host() gives the one back");
	claim(host_has(RTC, RTC_ID), "the host has it again");
	claim(is_free(va[0]) && !nr_mappings(RTC), "EL2 has not");
	claim(!is_annotated(RTC), "the host's entry does not say that it is taken");
	expect(hyp_va(RTC / PAGE), linear_va(RTC), "hyp_va() is linear again");
	expect(give_back(RTC, 1), -EPERM, "giving it back once more gives -EPERM");
	claim(is_taken(GPIO, MAPS_RW), "the other is EL2's still");
	expect(give_back(GPIO, 1), 0, "it can be given back");
	claim(host_has(GPIO, GPIO_ID) && !nr_mappings(GPIO), "the host has it again");
}

/* More than modules have ranges of VA */
#define MANY	300

static void check_mmio_ranges(void)
{
	const __u64 before = RTC - PAGE, after = RTC + PAGE;
	__u64 va, pfn = RTC / PAGE;
	int refused = 0;

	donate(RTC, 1);
	expect(donate(RTC, 1), -EPERM, "taking MMIO once more gives -EPERM");
	expect(donate(before, 2), -EPERM, "so does a range that ends with it");
	expect(donate(RTC, 2), -EPERM, "and one that begins with it");
	expect(donate(before, 3), -EPERM, "and one that it is in the middle of");
	claim(is_not_taken(before) && is_not_taken(after), "what is around it is not taken then");
	expect(give_back(before, 1), -EPERM, "giving back what is before it gives -EPERM");
	expect(give_back(RTC, 2), -EPERM, "so does a range that begins with it");
	expect(give_back(before, 2), -EPERM, "and one that ends with it");
	expect(give_back(before, 3), -EPERM, "and one that it is in the middle of");
	expect(give_back(RTC, 0), -EINVAL, "giving back nothing gives -EINVAL");
	expect(give_back(RTC, ~0ULL), -EINVAL, "giving back everything gives -EINVAL");
	expect(op_int(OP_HOST_SHARE_HYP, pfn), -EPERM, "sharing it gives -EPERM");
	expect(op_int(OP_HOST_UNSHARE_HYP, pfn), -EPERM, "unsharing it gives -EPERM");
	va = hyp_va(pfn);
	claim(op_int(OP_PIN_SHARED_MEM, va, va + PAGE) < 0, "pinning it there is refused");
	expect(op_int(OP_PIN_SHARED_MEM, linear_va(RTC), linear_va(RTC) + PAGE), -EPERM,
	       "pinning it at its linear address gives -EPERM");
	for (int nr = 1; nr <= MANY; nr++)
		refused += donate(RTC, nr) == -EPERM;
	expect(refused, MANY, "so does all that begins with it, up to %d pages", MANY);
	claim(op(OP_ALLOC_MODULE_VA, 2 * MANY), "which takes no module VA: there is more");
	va = op(OP_ALLOC_MODULE_VA, 1);
	expect(op_int(OP_MAP_MODULE_PAGES, pfn, va, 1, HYP_RW, true), -EPERM,
	       "map_module_pages() of it gives -EPERM");
	claim(is_taken(RTC, MAPS_RW), "it is EL2's all the same");
	expect(give_back(RTC, 1), 0, "and can be given back");

	expect(donate(before, 3), 0, "three pages can be taken at once");
	claim(is_taken(before, MAPS_RW) && is_taken(RTC, MAPS_RW) && is_taken(after, MAPS_RW),
	      "all three are");
	expect(hyp_va(after / PAGE) - hyp_va(before / PAGE), 2 * PAGE, "they are in one piece");
	expect(give_back(RTC, 1), -EPERM, "giving back one of them gives -EPERM");
	expect(give_back(before, 2), -EPERM, "so do two");
	claim(is_taken(before, MAPS_RW) && is_taken(RTC, MAPS_RW) && is_taken(after, MAPS_RW),
	      "all three are taken all the same");
	expect(give_back(before, 3), 0, "all three can be given back");
	claim(is_not_taken(before) && host_has(RTC, RTC_ID) && is_not_taken(after),
	      "all three are the host's again");
}

static int donate_prot(__u64 phys, bool accept_mmio, __u64 prot)
{
	return op_int(OP_HOST_DONATE_HYP_PROT, phys / PAGE, 1, accept_mmio, prot);
}

static void check_mmio_bad(void)
{
	static const struct {
		__u64 prot;
		const char *name;
	} bad[] = {
		{ 0, "no access" },
		{ HYP_W, "w only" },
		{ HYP_X, "x only" },
		{ HYP_R | HYP_X, "r-x" },
		{ HYP_R | HYP_X | HYP_DEVICE, "an executable device" },
		{ HYP_RW | HYP_X, "rwx" },
		{ HYP_RW | 0x20, "uncached" },
		{ HYP_RW | 1ULL << 55, "a software bit" },
		{ HYP_RW | 1ULL << 63, "an unknown bit" },
	};
	const __u64 end = (last_ram_pfn() + 1) * PAGE;

	expect(op_int(OP_HOST_DONATE_HYP, RTC / PAGE, 1, false), -EPERM,
	       "MMIO without accept_mmio gives -EPERM");
	expect(donate_17(RTC, 1), -EPERM, "host_donate_hyp_17() of MMIO gives -EPERM");
	expect(donate_prot(RTC, false, HYP_RW), -EPERM, "host_donate_hyp_prot() too");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		expect(donate_prot(RTC, true, bad[i].prot), -EINVAL,
		       "host_donate_hyp_prot() of MMIO with prot of %s gives -EINVAL", bad[i].name);
	expect(donate(RAM - PAGE, 2), -EINVAL, "MMIO up to memory, and a page of that: -EINVAL");
	expect(donate(end - PAGE, 2), -EINVAL, "the last page of memory, and MMIO: -EINVAL");
	expect(donate_17(end - PAGE, 2), -EINVAL, "host_donate_hyp_17(): -EINVAL");
	expect(donate(RTC, 0), -EINVAL, "no MMIO gives -EINVAL");
	expect(donate(RTC, ~0ULL), -EINVAL, "as many pages as there are numbers: -EINVAL");
	expect(donate(RTC, 1ULL << 52), -EINVAL, "a size that wraps to 0: -EINVAL");
	expect(donate(RTC, 1ULL << (PA_BITS - 12)), -EINVAL, "MMIO to past the PA range: -EINVAL");
	expect(donate(1ULL << PA_BITS, 1), -EINVAL, "a page past the PA range: -EINVAL");
	claim(host_has(RTC, RTC_ID) && is_not_taken(RTC) && is_not_taken(RAM - PAGE) &&
	      is_not_taken(end), "none of that is taken then");

	expect(donate_prot(RTC, true, HYP_R), 0, "it can be taken r--");
	claim(is_taken(RTC, MAPS_R), "EL2 has it, r--");
	give_back(RTC, 1);
	expect(donate_prot(RTC, true, HYP_RW | HYP_DEVICE), 0, "it may be called a device");
	claim(is_taken(RTC, MAPS_RW), "EL2 has it, rw-");
	give_back(RTC, 1);
	expect(donate(end, 1), 0, "what follows memory is MMIO");
	claim(is_taken(end, MAPS_RW), "EL2 has it");
	give_back(end, 1);
}

#define MAX_RANGES	64

static void check_mmio_limits(void)
{
	int nr, error = 0, taken = 0, back = 0;
	__u64 pages;

	for (nr = 0; nr < MAX_RANGES; nr++) {
		error = donate(PCI + 2 * nr * PAGE, 1);
		if (error)
			break;
		taken += is_taken(PCI + 2 * nr * PAGE, MAPS_RW);
	}
	expect(error, -ENOSPC, "MMIO: %d ranges can be taken, one more gives -ENOSPC", nr);
	claim(nr > 1 && taken == nr, "all of them are EL2's");
	claim(is_not_taken(PCI + 2 * nr * PAGE), "the one more is not");
	expect(give_back(PCI, 1), 0, "one of them is given back");
	expect(donate(PCI + 2 * nr * PAGE, 1), 0, "then there can be another");
	for (int i = 1; i <= nr; i++)
		back += !give_back(PCI + 2 * i * PAGE, 1);
	expect(back, nr, "all of them can be given back");

	expect(donate(PCI, 1ULL << 20), -ENOSPC, "4 GiB of MMIO give -ENOSPC");
	for (pages = 1ULL << 17; pages; pages /= 2) {
		error = donate(PCI, pages);
		if (error != -ENOSPC)
			break;
	}
	claim(!error && pages < 1ULL << 17,
	      "MMIO: %llu MiB can be taken, twice as much gives -ENOSPC", pages * PAGE / MIB);
	claim(is_taken(PCI, MAPS_RW) && is_taken(PCI + (pages - 1) * PAGE, MAPS_RW) &&
	      is_taken(PCI + pages / 2 * PAGE, MAPS_RW), "from the first page to the last");
	claim(is_not_taken(PCI + pages * PAGE), "and no further");
	expect(donate(RTC, 1) ?: give_back(RTC, 1), 0, "there is room for a small one beside it");
	expect(give_back(PCI, pages), 0, "it can be given back");
	claim(is_not_taken(PCI) && is_not_taken(PCI + (pages - 1) * PAGE),
	      "the host has all of it again");
}

/*
 * Makes the host's page tables for MMIO as many as can be: where a page in a block was
 * taken and given back, the host's use of the next one keeps a table. False if EL2
 * does not drop them all in the end.
 */
static bool exhaust_tables(int *nr, int *failed)
{
	__u32 val;

	for (*nr = 0; *nr < 4096; (*nr)++) {
		__u64 block = PCI + *nr * BLOCK;

		if (!(get_leaf(GPIO).pte & 1))
			return true;
		*failed += donate(block, 1) != 0;
		host_gets(block + PAGE, &val);
		*failed += give_back(block, 1) != 0;
	}

	return false;
}

static void check_mmio_exhausted(void)
{
	struct leaf before, after;
	int nr, failed = 0;

	donate(RTC, 1);
	before = get_leaf(RTC);
	claim(host_has(GPIO, GPIO_ID) && get_leaf(GPIO).pte & 1,
	      "the host has one device mapped, EL2 took another");
	claim(exhaust_tables(&nr, &failed),
	      "when the host has MMIO in %d blocks more, EL2 drops all its mappings of MMIO", nr);
	expect(failed, 0, "MMIO could be taken and given back all the time");

	after = get_leaf(RTC);
	claim(!after.error && after.pte == before.pte && after.level == before.level,
	      "the host's entry of what was taken is as it was");
	claim(is_taken(RTC, MAPS_RW), "the host can not get at it, EL2 can");
	expect(donate(RTC, 1), -EPERM, "taking it once more gives -EPERM");
	claim(host_has(GPIO, GPIO_ID) && get_leaf(GPIO).pte & 1,
	      "the host's own device comes back when it is used");
	expect(give_back(RTC, 1), 0, "what was taken can be given back");
	claim(host_has(RTC, RTC_ID), "the host has it then");
}

/* --- forms of other releases --- */

static void check_donate_17(void)
{
	struct pages p = alloc_pages(1);
	__u64 phys = p.pfn * PAGE, val;

	host_write(p.va + OFFSET, 0x17);
	expect(donate_17(phys, 2), 0, "host_donate_hyp_17() takes two pages");
	claim(is_donated(p), "the host can not get at them then, EL2 has them rw-");
	expect(word_at(p.hyp_va + OFFSET), 0x17, "EL2 sees what the host wrote");
	expect(donate_17(phys, 1), -EPERM, "taking one once more gives -EPERM");
	expect(give_back(phys, 2), 0, "they can be given back");
	host_read(p.va + OFFSET, &val);
	claim(is_hosts(p) && val == 0x17, "they are the host's then, with what was there");
}

static int mod_prot_14(__u64 phys, __u64 prot)
{
	return op_int(OP_HOST_STAGE2_MOD_PROT_14, phys / PAGE, prot);
}

static void check_mod_prot_14(void)
{
	const __u64 end = (last_ram_pfn() + 1) * PAGE, all = HYP_RW | HYP_X;
	struct pages p = alloc_pages(1), donated = alloc_pages(0), shared = alloc_pages(0);
	__u64 table = probe(PROBE_TABLE).res[0], phys = p.pfn * PAGE, val;
	struct vm vm;

	expect(mod_prot_14(phys, HYP_R), -ENOENT,
	       "host_stage2_mod_prot_14() without a fault handler gives -ENOENT");
	claim(host_can(p), "the host can do what it could");
	reg(TRAPS_PERM_FAULT, 0);
	reset(TRAPS_PERM_FAULT, 0);

	expect(mod_prot_14(phys, HYP_R), 0, "host_stage2_mod_prot_14() makes a page r--");
	claim(!host_read(p.va, &val) && host_write(p.va, 0) == -EFAULT,
	      "the host can read it and not write it");
	claim(!host_write(p.va + PAGE, 0), "it can write the next one");
	expect(donate(phys, 1), -EPERM, "the page can not be donated");
	expect(mod_prot_14(phys, 0), 0, "it can be made ---");
	claim(host_can_not(p), "the host can do neither");
	expect(mod_prot_14(phys, all), 0, "it can be made rwx");
	claim(host_can(p), "the host can do both");
	expect(donate(phys, 1) ?: give_back(phys, 1), 0, "the page can be donated");

	expect(mod_prot_14(phys, HYP_W), -EINVAL, "w only gives -EINVAL");
	expect(mod_prot_14(phys, HYP_X), -EINVAL, "x only gives -EINVAL");
	expect(mod_prot_14(phys, HYP_RW | HYP_DEVICE), -EINVAL, "a device gives -EINVAL");
	claim(host_can(p), "the host can do what it could");

	donate(donated.pfn * PAGE, 1);
	op(OP_HOST_SHARE_HYP, shared.pfn);
	claim(!start_vm(&vm, true).error, "there is a protected VM");
	expect(mod_prot_14(donated.pfn * PAGE, all), -EPERM, "a donated page gives -EPERM");
	expect(mod_prot_14(shared.pfn * PAGE, HYP_R), -EPERM, "a shared page gives -EPERM");
	expect(mod_prot_14(user_pfn(vm.memory) * PAGE, all), -EPERM, "a VM's page gives -EPERM");
	expect(mod_prot_14(table, all), -EPERM, "EL2's page table gives -EPERM");
	expect(mod_prot_14(RTC, all), -EPERM, "MMIO gives -EPERM");
	expect(mod_prot_14(end, all), -EPERM, "the first page past memory gives -EPERM");
	expect(mod_prot_14(1ULL << PA_BITS, all), -EINVAL, "past the PA range it gives -EINVAL");
	expect(op_int(OP_HOST_STAGE2_MOD_PROT_14, ~0ULL, all), -EINVAL, "page number -1 too");
	claim(is_donated(donated) && host_can(shared) && host_has(RTC, RTC_ID),
	      "nothing is changed by that");
	destroy_vm(&vm);
	expect(give_back(donated.pfn * PAGE, 1), 0, "the donated page is EL2's still");
	expect(op_int(OP_HOST_UNSHARE_HYP, shared.pfn), 0, "the shared page is shared still");
}

/* What is in the place for the level and around it. */
#define AROUND	0xa5a5a5a5a5a5a5a5ULL

static int leaf_15(__u64 phys)
{
	probe(PROBE_POKE, scratch, AROUND);
	probe(PROBE_POKE, scratch + 8, AROUND);

	return op_int(OP_HOST_STAGE2_GET_LEAF_15, phys, scratch, scratch + 8);
}

static bool nothing_stored(void)
{
	return word_at(scratch) == AROUND && word_at(scratch + 8) == AROUND;
}

static void check_leaf_15(void)
{
	struct pages p = alloc_pages(0), taken = alloc_pages(0);
	const __u64 phys[] = { p.pfn * PAGE, taken.pfn * PAGE, UART, RAM - PAGE };
	static const char * const names[] = { "the host's", "EL2's", "a device", "of nothing" };
	struct leaf leaf;

	donate(taken.pfn * PAGE, 1);
	for (size_t i = 0; i < ARRAY_SIZE(phys); i++) {
		leaf = get_leaf(phys[i]);
		expect(leaf_15(phys[i]), 0, "host_stage2_get_leaf_15() of a page that is %s",
		       names[i]);
		expect(word_at(scratch), leaf.pte, "the entry is that of host_stage2_get_leaf()");
		expect(word_at(scratch + 8), (AROUND & ~0xffffffffULL) | (__u32)leaf.level,
		       "the level too, as 32 bits");
	}
	expect(leaf_15(1ULL << PA_BITS), -ERANGE, "past the PA range it gives -ERANGE");
	expect(leaf_15(~0ULL), -ERANGE, "at the last address too");
	expect(op_int(OP_HOST_STAGE2_GET_LEAF_15, phys[0], scratch, 0), -EINVAL,
	       "without a place for the level it gives -EINVAL");
	expect(op_int(OP_HOST_STAGE2_GET_LEAF_15, phys[0], 0, scratch), -EINVAL,
	       "without a place for the entry too");
	claim(nothing_stored(), "nothing is stored then");
	give_back(taken.pfn * PAGE, 1);
}

/* --- time --- */

static __u64 host_usecs(void)
{
	__u64 count, freq;

	asm volatile("isb; mrs %0, cntvct_el0; isb" : "=r" (count) : : "memory");
	asm volatile("mrs %0, cntfrq_el0" : "=r" (freq));

	return count / freq * 1000000 + count % freq * 1000000 / freq;
}

/* Between what the host reads before and after it: its counter has no offset. */
static void check_time(void)
{
	int right = 0, back = 0, rounds = 0;
	__u64 last = 0;

	for (int i = 0; i < 100; i++) {
		for (int cpu = 0; cpu < nr_cpus(); cpu++, rounds++) {
			__u64 before, time;

			run_on(cpu);
			before = host_usecs();
			time = op(OP_GET_TIME, 0);
			right += before <= time && time <= host_usecs();
			back += time < last;
			last = time;
		}
	}
	expect(right, rounds, "get_time() agrees with the counter on each of %d CPUs", nr_cpus());
	expect(back, 0, "it never goes back, from one CPU to another either");
}

/* --- pages of guests --- */

#define NR_HANDLES	0x1200		/* all that there can be are below that */

static int nr_stored_in_error;

static int guest_pa(__u64 handle, __u64 ipa)
{
	int error;

	probe(PROBE_POKE, scratch, AROUND);
	error = op_int(OP_GUEST_STAGE2_PA, handle, ipa, scratch);
	nr_stored_in_error += error && word_at(scratch) != AROUND;

	return error;
}

/* The one that has a page there, 0 if it is none or more than one. */
static __u64 find_handle(int *other_errors)
{
	__u64 found = 0;
	int nr = 0;

	*other_errors = 0;
	for (__u64 handle = 0; handle < NR_HANDLES; handle++) {
		int error = guest_pa(handle, GUEST_PHYS);

		if (!error) {
			found = handle;
			nr++;
		} else if (error != -ENOENT) {
			(*other_errors)++;
		}
	}

	return nr == 1 ? found : 0;
}

static void check_guest_pa(bool protected)
{
	const char *name = protected ? "protected VM" : "normal VM";
	__u64 handle, phys;
	struct vm vm;
	int other;

	claim(!find_handle(&other) && !other,
	      "guest_stage2_pa() gives -ENOENT for %#x handles while there is no VM", NR_HANDLES);
	claim(!start_vm(&vm, protected).error, "%s: it runs", name);
	phys = user_pfn(vm.memory) * PAGE;
	handle = find_handle(&other);
	claim(handle, "%s: guest_stage2_pa() knows one VM, by the handle %#llx", name, handle);
	expect(other, 0, "%s: for all other handles it gives -ENOENT", name);

	expect(guest_pa(handle, GUEST_PHYS), 0, "%s: it finds its page", name);
	expect(word_at(scratch), phys, "%s: where the host gave it one", name);
	guest_pa(handle, GUEST_PHYS + 0xabc);
	expect(word_at(scratch), phys + 0xabc, "%s: with the offset", name);
	expect(get_leaf(phys).pte & 1, protected ? 0 : 1, "%s: the host has %sit mapped", name,
	       protected ? "not " : "");

	expect(op_int(OP_GUEST_STAGE2_PA, handle, GUEST_PHYS, 0), -EINVAL,
	       "%s: no place for it gives -EINVAL", name);
	expect(guest_pa(handle, GUEST_PHYS + PAGE), -EINVAL,
	       "%s: an IPA with nothing mapped gives -EINVAL", name);
	expect(guest_pa(handle, 0), -EINVAL, "%s: so does IPA 0", name);
	expect(guest_pa(handle, (1ULL << MIN_PA_BITS) - 1), -EINVAL, "%s: and a high one", name);
	expect(guest_pa(handle, 1ULL << PA_BITS), -ERANGE,
	       "%s: past the IPA range it gives -ERANGE", name);
	expect(guest_pa(handle, ~0ULL), -ERANGE, "%s: so does the last address", name);
	expect(guest_pa(~0ULL, GUEST_PHYS), -ENOENT, "%s: handle -1 gives -ENOENT", name);
	expect(guest_pa(1ULL << 15 | handle, GUEST_PHYS), -ENOENT,
	       "%s: so does one with a bit more", name);
	expect(nr_stored_in_error, 0, "%s: with an error nothing is stored", name);

	destroy_vm(&vm);
	expect(guest_pa(handle, GUEST_PHYS), -ENOENT, "%s: -ENOENT when it is gone", name);
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";

	open_probe();
	catch_signals();
	alloc_scratch();

	if (!strcmp(what, "blocks")) {
		check_blocks();
	} else if (!strcmp(what, "left")) {
		check_left(argv[2]);
	} else {
		open_traps();
		check_window();
		check_one_at_a_time();
		check_early();
		check_mmio();
		check_mmio_ranges();
		check_mmio_bad();
		check_mmio_limits();
		check_mmio_exhausted();
		check_donate_17();
		check_leaf_15();
		check_time();
		check_guest_pa(true);
		check_guest_pa(false);
		check_mod_prot_14();
	}

	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
