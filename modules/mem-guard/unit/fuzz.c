// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whatever the host does: what is guarded stays so, and nothing else is. Pages 0 to 3
 * are windows, the next four are constants of the kernel, and four more its code.
 * make fuzz M=modules/mem-guard
 */

#include <string.h>

#include <sim-fuzz.h>

#include "mem-guard.h"

extern struct mem_guard_range mem_guard_ranges[MEM_GUARD_MAX_RANGES];
extern unsigned int mem_guard_nr_ranges;
extern u64 mem_guard_skip_pages[MEM_GUARD_SKIP_PAGES];
extern u64 mem_guard_nr_protected;

#define NR_EACH		4

static unsigned int skipped[MEM_GUARD_SKIP_PAGES];
static u64 last_protected;

static void guard(enum mem_guard_stage stage, enum kvm_pgtable_prot prot)
{
	mem_guard_ranges[mem_guard_nr_ranges++] = (struct mem_guard_range) {
		.start = fuzz_page(stage * NR_EACH) << PAGE_SHIFT,
		.size = NR_EACH * PAGE_SIZE, .prot = prot, .stage = stage,
	};
}

void fuzz_setup(const u64 values[FUZZ_MAX_ARGS])
{
	unsigned int i;

	guard(MEM_GUARD_LOADED, values[0] & 1 ? KVM_PGTABLE_PROT_R : 0);
	guard(MEM_GUARD_BOOTED, KVM_PGTABLE_PROT_R);
	guard(MEM_GUARD_LOCKED, KVM_PGTABLE_PROT_R | KVM_PGTABLE_PROT_X);
	for (i = 0; i < MEM_GUARD_SKIP_PAGES; i++) {
		skipped[i] = NR_EACH + values[1 + i] % NR_EACH;
		mem_guard_skip_pages[i] = fuzz_page(skipped[i]) << PAGE_SHIFT;
	}
	last_protected = 0;
}

static bool is_writable(unsigned int page)
{
	return strchr(sim_host_prot(fuzz_page(page)), 'w');
}

void fuzz_check(void)
{
	unsigned int page, nr = 0;

	for (page = 0; page < FUZZ_NR_PAGES; page++)
		nr += !is_writable(page);

	fuzz_expect(nr == mem_guard_nr_protected);
	fuzz_expect(nr >= last_protected);
	for (page = 0; page < NR_EACH; page++)
		fuzz_expect(!is_writable(page));
	for (page = 3 * NR_EACH; page < FUZZ_NR_PAGES; page++)
		fuzz_expect(is_writable(page));
	for (page = 0; page < MEM_GUARD_SKIP_PAGES; page++)
		fuzz_expect(is_writable(skipped[page]));
	last_protected = nr;
}
