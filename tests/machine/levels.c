// SPDX-License-Identifier: GPL-2.0-only
/*
 * Modules of all releases in one kernel: each has the form that its release has of an
 * operation. Arguments:
 *
 *	levels SLOTS...		for each release, the members of the table that its names
 *				are to be: two words of hexadecimal, a bit for each
 *	levels panic		a trap that nobody takes
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/psci.h>

#include "caller.h"
#include "traps.h"

#define FIRST		14
#define LAST		17
#define for_each_release(r)	for (int r = FIRST; r <= LAST; r++)

#define MMIO_PFN	(0x0b000000 / PAGE)	/* nothing is there on QEMU's virt board */
#define BLOCK		(512 * PAGE)
#define SMC_ID(r)	(0xc2000000UL + (r))

/* --- calls of the modules --- */

static unsigned int call_id(int r, const char *name)
{
	char path[64], line[128], wanted[64], function[64];
	unsigned int id, found = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/kernel/pkvm/modules/api%d/calls", r);
	snprintf(wanted, sizeof(wanted), "__kvm_nvhe_api%d_hyp_%s", r, name);
	file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%u %63s", &id, function) == 2 && !strcmp(function, wanted))
			found = id;
	}
	if (file)
		fclose(file);
	if (!found) {
		claim(false, "%d: there is a call %s", r, name);
		finished();
	}

	return found;
}

struct result {
	int status;		/* x0 */
	__u64 x1, x2, x3;
};

/* call(RELEASE, NAME, ARGUMENTS...): at most four */
#define call(r, name, ...)						\
	do_call(r, name, (const __u64[4]) { __VA_ARGS__ })

static struct result do_call(int r, const char *name, const __u64 *a)
{
	__u64 first = probe(PROBE_FUNC, HVC_MAX).res[0] & ~0xffffULL;
	struct probe_request req = probe(PROBE_HVC, first + call_id(r, name),
					 a[0], a[1], a[2], a[3]);

	return (struct result){ req.res[0], req.res[1], req.res[2], req.res[3] };
}

/* --- what they note at EL2 --- */

struct seen {
	__u64 nr;
	__u64 what;
};

/* As in the modules */
struct state {
	__u64 slots[2];
	__u64 take;
	struct seen perm_fault, guest_smc, default_trap, illegal_abt, psci;
};

static __u64 get_at(int r, size_t offset)
{
	return probe(PROBE_PEEK, call(r, "state").x1 + offset).res[0];
}

static void set_at(int r, size_t offset, __u64 val)
{
	probe(PROBE_POKE, call(r, "state").x1 + offset, val);
}

#define get(r, member)		get_at(r, offsetof(struct state, member))
#define set(r, member, val)	set_at(r, offsetof(struct state, member), val)

/* --- the claims --- */

static void check_loaded(int r, const char *slots)
{
	struct result state = call(r, "state");
	char *high = "";
	__u64 low = strtoull(slots, &high, 16);

	expect(get(r, slots[0]), low, "%d: its names are the members that they should be", r);
	expect(get(r, slots[1]), *high ? strtoull(high + 1, NULL, 16) : 0,
	       "%d: ... in the second half, too", r);
	claim(state.x2, "%d: a variable is at an address of EL2", r);
	expect(state.x3, state.x2, "%d: ... pkvm_el2_mod_va() had given the same", r);
}

static int donate(int r, __u64 pfn, __u64 nr, bool accept_mmio)
{
	return call(r, "donate", pfn, nr, accept_mmio).x1;
}

static int give_back(__u64 pfn, __u64 nr)
{
	return op_int(OP_HYP_DONATE_HOST, pfn, nr);
}

static void check_donate(int r)
{
	struct pages p = alloc_pages(1);

	expect(call(r, "donate", p.pfn, 0).status, 0, "%d: a call of its own works", r);
	expect(donate(r, p.pfn, 0, false), -EINVAL, "%d: host_donate_hyp: no pages", r);
	expect(donate(r, p.pfn, 2, false), 0, "%d: host_donate_hyp: two pages", r);
	expect(host_read(p.va + PAGE, NULL), -EFAULT, "%d: ... the host has lost the second", r);
	expect(give_back(p.pfn, 2), 0, "%d: ... they go back", r);
	expect(donate(r, MMIO_PFN, 1, false), -EPERM, "%d: host_donate_hyp: MMIO", r);
	if (r == 17) {
		expect(donate(r, MMIO_PFN, 1, true), -EPERM,
		       "%d: host_donate_hyp: no third argument lets MMIO through", r);
		return;
	}
	expect(donate(r, MMIO_PFN, 1, true), 0, "%d: host_donate_hyp: MMIO, if accepted", r);
	expect(give_back(MMIO_PFN, 1), 0, "%d: ... it goes back", r);
}

static int level_of(struct result leaf)
{
	return (__s8)leaf.x3;
}

/* What is left of the ones around the level says how wide it is. */
static void check_get_leaf(int r)
{
	__u64 wide = r <= 15 ? 0xffffffff : 0xff;
	struct pages p = alloc_pages(0);
	struct result leaf, taken;

	host_write(p.va, 1);
	leaf = call(r, "get_leaf", p.pfn * PAGE);
	expect(leaf.x1, 0, "%d: host_stage2_get_leaf: done", r);
	claim(level_of(leaf) == 2 || level_of(leaf) == 3, "%d: ... memory is a block or a page", r);
	expect(leaf.x3, ~wide | level_of(leaf), "%d: ... the level has %d bits", r,
	       wide == 0xff ? 8 : 32);
	claim(leaf.x2 & 1, "%d: ... its entry is valid", r);

	expect(donate(r, p.pfn, 1, false), 0, "%d: a page is taken", r);
	taken = call(r, "get_leaf", p.pfn * PAGE);
	expect(level_of(taken), 3, "%d: host_stage2_get_leaf: it is a page now", r);
	claim(taken.x2 && !(taken.x2 & 1), "%d: ... its entry is not valid, and not empty", r);
	give_back(p.pfn, 1);
	expect((int)call(r, "get_leaf", 1ULL << 52).x1, -ERANGE,
	       "%d: host_stage2_get_leaf: past the PA range", r);
}

/* The form of 14 has no number of pages, and no IOMMU. */
static void check_mod_prot(int r)
{
	struct pages p = alloc_pages(1);
	int nr = r == 14 ? 1 : 2;

	host_write(p.va, 1);
	expect(call(r, "mod_prot", p.pfn, HYP_R, 2, false).x1, 0,
	       "%d: host_stage2_mod_prot: r--", r);
	for_each_release(other)
		set(other, perm_fault.nr, 0);
	expect(host_write(p.va + PAGE, 1), nr == 2 ? -EFAULT : 0,
	       "%d: ... it is for %d of two pages", r, nr);
	for_each_release(other) {
		expect(get(other, perm_fault.nr), nr == 2, "%d: ... the handler of %d is asked",
		       r, other);
		if (nr == 2)
			expect(get(other, perm_fault.what), (p.pfn + 1) * PAGE,
			       "%d: ... and told the address", r);
	}
	expect(host_write(p.va, 2), 0, "%d: ... its handler makes the first rwx again", r);
	expect(get(r, perm_fault.nr), nr, "%d: ... when it is asked", r);
	if (r != 14)
		expect((int)call(r, "mod_prot", p.pfn, HYP_R, 1, true).x1, -EOPNOTSUPP,
		       "%d: host_stage2_mod_prot: no IOMMU", r);
	op(OP_HOST_STAGE2_MOD_PROT, p.pfn, HYP_R | HYP_W | HYP_X, 2, false);
	expect(host_write(p.va, 3), 0, "%d: ... all is as before", r);
}

static void check_fixblock(int r)
{
	struct pages p = alloc_pages(0);
	__u64 phys = p.pfn * PAGE + 0x38;
	struct result res;

	host_write(p.va + 0x38, 0x5eed0 + r);
	res = call(r, "fixblock", phys);
	expect(res.x1, 0x5eed0 + r, "%d: fixblock_map: what the host has written there", r);
	expect(res.x2, r == 17 ? BLOCK - phys % BLOCK : 0, "%d: ... the size, if it has one", r);
	res = call(r, "fixblock", MMIO_PFN * PAGE);
	expect(res.x1, 0, "%d: fixblock_map: not for MMIO", r);
}

static void check_host_smc(int r)
{
	struct traps_request req = smc(SMC_ID(r));

	expect(req.res[0], r, "%d: its SMC handler answers in x0", r);
	expect(req.res[3], 0x66 + r, "%d: ... and in x3, with what was in x6", r);
}

static void check_guest_smc(int r, bool protected)
{
	const char *kind = protected ? "protected VM" : "normal VM";
	const __u64 *x;
	__u64 handle;
	struct vm vm;

	for (int other = 15; other <= LAST; other++)
		set(other, guest_smc.nr, 0);
	if (start_caller(&vm, protected).step != VM_RAN) {
		claim(false, "%d: a %s runs", r, kind);
		return;
	}
	x = guest_smc(&vm, SMC_ID(r), 0x1000);
	expect(x[0], r, "%d: its handler answers a %s in x0", r, kind);
	expect(x[1], 0x1000 + r, "%d: ... and in x1, with what was there", r);
	expect(x[4], CALLER_FILL(4), "%d: ... x4 is the guest's", r);
	destroy_vm(&vm);

	expect(get(r, guest_smc.nr), 1, "%d: ... it is asked once", r);
	handle = get(r, guest_smc.what);
	claim(handle >= 0x1000 && handle < 0x2000, "%d: ... with the handle, %#llx", r, handle);
	expect(get(15, guest_smc.what), handle, "%d: ... 15, which is before it, saw the same", r);
}

static void check_default_trap(int r)
{
	run_on(0);
	set(r, take, 1);
	set(r, default_trap.nr, 0);
	call_el2("__kvm_nvhe_traps_trap_aidr");
	expect(traps(TRAPS_READ_AIDR, 0).res[0], r, "%d: its trap handler answers", r);
	call_el2("__kvm_nvhe_traps_untrap_aidr");
	set(r, take, 0);
	expect(get(r, default_trap.nr), 1, "%d: ... it is asked once", r);
	expect(get(r, default_trap.what), get(FIRST, default_trap.what),
	       "%d: ... it sees the same registers as 14", r);
}

/* Notifiers: all are told the same. */
static void check_told(const char *event, size_t callback)
{
	__u64 nr = get_at(FIRST, callback);
	__u64 what = get_at(FIRST, callback + offsetof(struct seen, what));

	claim(nr, "%s: notifiers are told", event);
	for_each_release(r) {
		expect(get_at(r, callback), nr, "%s: that of %d as often", event, r);
		expect(get_at(r, callback + offsetof(struct seen, what)), what,
		       "%s: that of %d the same", event, r);
	}
}

static void check_notifiers(void)
{
	struct pages p = alloc_pages(0);

	for_each_release(r) {
		set(r, illegal_abt.nr, 0);
		set(r, psci.nr, 0);
	}
	donate(16, p.pfn, 1, false);
	host_read(p.va, NULL);
	give_back(p.pfn, 1);
	check_told("an illegal access", offsetof(struct state, illegal_abt));
	claim(get(FIRST, illegal_abt.what) >> 48 == 0xffff,
	      "an illegal access: x29 is a kernel stack");
	traps(TRAPS_SMC, PSCI_1_0_FN64_SYSTEM_SUSPEND, 0, 0);
	check_told("a suspend", offsetof(struct state, psci));
	expect(get(FIRST, psci.what), 1, "a suspend: it is that of the system");
}

int main(int argc, char *argv[])
{
	open_probe();
	open_traps();

	if (argc == 2 && !strcmp(argv[1], "panic")) {
		run_on(0);
		call_el2("__kvm_nvhe_traps_trap_aidr");
		traps(TRAPS_READ_AIDR, 0);
		claim(false, "the hypervisor panics");
		finished();
	}

	expect(argc - 1, LAST - FIRST + 1, "there is an argument for each release");
	for_each_release(r) {
		check_loaded(r, r - FIRST < argc - 1 ? argv[r - FIRST + 1] : "");
		check_donate(r);
		check_get_leaf(r);
		check_mod_prot(r);
		check_host_smc(r);
		check_default_trap(r);
		if (r >= 15) {
			check_guest_smc(r, false);
			check_guest_smc(r, true);
		}
		if (r >= 16)
			check_fixblock(r);
	}
	check_notifiers();

	expect(probe(PROBE_WHERE).res[0], 2, "EL2 lives after all that");
	finished();
}
