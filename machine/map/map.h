/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A picture of the machine's memory, out of its page tables: the parts of the
 * program that draws it.
 *
 *	machine.c	the machine's memory, symbols and registers
 *	walk.c		its tables: what EL2 maps, and what the host is left
 *	names.c		what is what
 *	text.c, svg.c	both as a picture
 */
#ifndef MAP_H
#define MAP_H

#include <err.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define PAGE_SHIFT	12
#define BIT(n)		(1ULL << (n))
#define PAGE_SIZE	BIT(PAGE_SHIFT)
#define FIELD(x, hi, lo) (((x) >> (lo)) & (BIT((hi) - (lo) + 1) - 1))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define MAX_CPUS	64
#define MAX_MODULES	256
#define MAX_SECTIONS	(4 * MAX_MODULES)
#define MAX_AREAS	128

/* --- machine.c --- */

struct machine {
	const char *objtree;		/* of the kernel */
	const unsigned char *ram;
	__u64 base, size;		/* of RAM, physical */
	__u64 image;			/* where the kernel's image is */
	__u64 physvirt;			/* EL2's linear range: physical - EL2 address */
	unsigned int cpus;
	bool hvhe;
	/* Registers of EL2, as it sets them on each CPU */
	__u64 ttbr, tcr, mair, vttbr, vtcr;
};

void open_machine(struct machine *m, const char *ram, const char *objtree);
bool in_ram(const struct machine *m, __u64 phys);
__u64 read64(const struct machine *m, __u64 phys);
__u64 symbol_phys(const struct machine *m, const char *name);
__u64 read_symbol(const struct machine *m, const char *name);
__u64 percpu_base(const struct machine *m, unsigned int cpu);
__u64 percpu_phys(const struct machine *m, unsigned int cpu, const char *name);
__u64 percpu_size(const struct machine *m);
__u64 init_param(const struct machine *m, unsigned int cpu, const char *offset);

/* --- walk.c --- */

enum {
	PROT_R = 4,
	PROT_W = 2,
	PROT_X = 1,
	PROT_WX = PROT_W | PROT_X,
};

/* An entry that maps something, or a range of them that go on in the same way. */
struct mapping {
	__u64 va, end;
	__u64 size;		/* of what is between, without gaps */
	__u64 phys;		/* of the first page */
	bool scattered;		/* the others do not follow it */
	unsigned int prot;
	bool device;		/* maps device registers */
	bool empty;		/* kept for a mapping that is not there now */
	unsigned int pieces;	/* how many ranges of VA it stands for, with gaps between */
	char name[96];
	int owner;
};

enum owner {
	OWNER_HOST,
	OWNER_LIMITED,		/* the host's, with permissions that a module has reduced */
	OWNER_SHARED,		/* the host's, and within EL2's reach */
	OWNER_LENT,		/* the host's, and within the reach of normal VMs */
	OWNER_TEXT,		/* code of the hypervisor, which the host may read */
	OWNER_DATA,		/* its data, as of the kernel's image */
	OWNER_POOL,		/* what it keeps its tables in, reserved at boot */
	OWNER_CPU,		/* its per-CPU data and stacks */
	OWNER_VM,		/* what it took later for itself: what it knows of VMs */
	OWNER_GUEST,		/* memory of protected VMs */
	OWNER_GUEST_SHARED,	/* that they let the host use */
	OWNER_TAKEN,		/* pages that modules took */
	OWNER_HEAP,		/* the heap that modules share */
	OWNER_MODULE,		/* + n: text and data of module n */
	OWNER_UNKNOWN = OWNER_MODULE + MAX_MODULES,
	NR_OWNERS,
};

/* What is known of a page of RAM. */
struct page {
	__u16 owner;
	__u8 host_prot;		/* what stage 2 lets the host do */
};

enum tables { TABLES_EL2, TABLES_HOST, NR_TABLES };

struct map {
	struct machine m;
	unsigned int tables[NR_TABLES];	/* pages that translation tables take */
	struct mapping *mappings;
	size_t nr_mappings;
	struct page *pages;
	size_t nr_pages;
	/* Device registers that the host has lost */
	__u64 taken_mmio;
};

void walk_el2(struct map *map);
void walk_host(struct map *map);

/* --- names.c --- */

struct section {
	int module;
	char name[32];
	__u64 va, size;
	unsigned int prot;	/* as sysfs has it */
	__u64 mapped;		/* as it says */
};

struct names {
	char modules[MAX_MODULES][64];
	int nr_modules;
	struct section sections[MAX_SECTIONS];
	int nr_sections;
};

extern struct names names;

#define MAX_TOTALS	(8 * NR_OWNERS)

/* The pages that one has, and that the host may use in one way. */
struct total {
	int owner;
	unsigned int host_prot;
	__u64 pages;
};

void read_sections(const char *log);
void name_all(struct map *map);
size_t sum_up(const struct map *map, struct total totals[MAX_TOTALS]);

/* What should hold, and how many pages it does not hold for. */
struct check {
	const char *claim;
	__u64 wrong;
};

#define NR_CHECKS	3

unsigned int check_all(const struct map *map, struct check checks[NR_CHECKS]);
const char *owner_name(int owner, char *buf, size_t size);
const char *prot_name(unsigned int prot);
const char *size_name(__u64 size, char *buf, size_t len);

/* --- text.c, svg.c --- */

enum group {
	GROUP_IDENTITY,
	GROUP_PRIVATE,
	GROUP_VMEMMAP,
	GROUP_LINEAR,
	NR_GROUPS,
};

extern const struct group_text {
	const char *title, *text;
} group_texts[NR_GROUPS];

enum group group_of(const struct map *map, __u64 va);

void write_text(const struct map *map, FILE *out);
void write_svg(const struct map *map, FILE *out);

#endif
