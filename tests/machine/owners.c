// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has memory of each kind made, and says where it is, for a test to look for in the
 * map of the machine that is left:
 *
 *	owners: WHAT ADDRESS SIZE PERMISSIONS PHYSICAL
 *
 * with what EL2's own walk of its tables says of ADDRESS. With "wx" as an argument,
 * one page is made writable and executable, which no operation does.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib.h"

#define MODULES		"/sys/kernel/pkvm/modules"
#define UART		0x9000000ULL
#define ORDER		2

static void tell(const char *what, __u64 va, __u64 size, __u64 phys)
{
	printf("owners: %s 0x%llx %llu %s 0x%llx\n", what, va, size, el2_prot(va), phys);
}

/* As sysfs has them, but for the permissions. */
static void tell_sections(const char *module)
{
	char path[PATH_MAX], name[64], what[256];
	unsigned long long va, size;
	FILE *file;

	snprintf(path, sizeof(path), MODULES "/%s/sections", module);
	file = fopen(path, "r");
	while (file && fscanf(file, "%63s %llx %llu %*s", name, &va, &size) == 3) {
		snprintf(what, sizeof(what), "%s%s", module, name);
		tell(what, va, size, el2_pte(va) & 0xfffffffff000);
	}
	if (file)
		fclose(file);
}

static void tell_modules(void)
{
	struct dirent *entry;
	DIR *dir = opendir(MODULES);

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			tell_sections(entry->d_name);
	if (dir)
		closedir(dir);
}

static struct pages take(void)
{
	struct pages p = alloc_pages(ORDER);

	expect(op_int(OP_HOST_DONATE_HYP, p.pfn, 1 << ORDER, false), 0, "pages are donated");
	tell("taken", p.hyp_va, PAGE << ORDER, p.pfn * PAGE);

	return p;
}

static void map_at_module_va(void)
{
	struct pages p = alloc_pages(1);
	__u64 va = op(OP_ALLOC_MODULE_VA, 2);

	expect(op_int(OP_MAP_MODULE_PAGES, p.pfn, va, 2, HYP_R, false), 0,
	       "pages are mapped at module VA");
	tell("mapped", va, 2 * PAGE, p.pfn * PAGE);
}

static void share(void)
{
	struct pages p = alloc_pages(0);

	expect(op_int(OP_HOST_SHARE_HYP, p.pfn), 0, "a page is shared");
	tell("shared", p.hyp_va, PAGE, p.pfn * PAGE);
}

/* Where EL2 puts the address is a page that it has. */
static void map_device(struct pages p)
{
	__u64 va;

	expect(op_int(OP_CREATE_PRIVATE_MAPPING, UART, PAGE, HYP_RW | HYP_DEVICE, p.hyp_va), 0,
	       "device registers are mapped");
	va = probe(PROBE_PEEK, p.hyp_va).res[0];
	tell("device", va, PAGE, UART);
}

/* EL2's address of its stage-1 entry for a page of @va. */
static __u64 pte_address(__u64 va)
{
	__u64 table = probe(PROBE_TABLE).res[0], at = 0;
	int shift;

	for (shift = 39; shift >= 12; shift -= 9) {
		at = hyp_va(table / PAGE) + (va >> shift & 0x1ff) * sizeof(__u64);
		table = probe(PROBE_PEEK, at).res[0] & 0xfffffffff000;
	}

	return at;
}

static void make_executable(struct pages p)
{
	__u64 at = pte_address(p.hyp_va);
	__u64 pte = probe(PROBE_PEEK, at).res[0];

	/* In hVHE at EL2 alone, not at EL0, which there is none of */
	probe(PROBE_POKE, at, pte & ~(is_hvhe() ? EL2_PTE_PXN : EL2_PTE_XN));
	expect(!strcmp(el2_prot(p.hyp_va), "rwx"), true, "a page is writable and executable");
}

int main(int argc, char *argv[])
{
	struct pages p;

	open_probe();
	p = take();
	map_at_module_va();
	share();
	map_device(p);
	expect(probe(PROBE_TOPUP, 3).res[0], 0, "the heap has pages");
	tell_modules();
	if (argc > 1 && !strcmp(argv[1], "wx"))
		make_executable(p);
	finished();
}
