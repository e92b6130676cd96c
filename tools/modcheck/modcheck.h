/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pkvm-modcheck: will the EL2 part of a module be accepted, and is it sane? Its parts:
 *
 *	elf.c		the file: sections, symbols, relocations
 *	sections.c	what the loader asks of sections
 *	relocs.c	what refers to what
 *	text.c		instructions that EL2 text can not have
 *	insn.c		A64 instructions, as far as the others have to know them
 *	value.c, memory.c, flow.c	what registers and memory may hold
 *	uses.c		by that: the operations, the calls, the init function
 *	trace.c		formats and trace events
 *	kernel.c	whether it is for a given kernel
 *	finding.c, report.c, json.c	what is said of it
 *
 * Nothing here trusts the file: offsets, indices and sizes in it are compared before
 * they are used.
 */
#ifndef MODCHECK_H
#define MODCHECK_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BIT(n)		(1ULL << (n))
#define PREFIX		"__kvm_nvhe_"

/* --- elf.c --- */

struct symbol {
	const char *name;
	__u64 value, size;
	unsigned int shndx;
	unsigned char type, bind;
};

struct reloc {
	__u64 offset;			/* in the section that it is for */
	__s64 addend;
	__u32 type;
	const struct symbol *sym;	/* NULL for an index that is none */
};

struct section {
	const char *name;
	unsigned int index, type, info;
	__u64 flags, size, align;
	const unsigned char *data;	/* NULL where the file has nothing of it */
	/* Those that are for this section, by offset */
	struct reloc *relocs;
	size_t nr_relocs;
	/* Functions and objects in it, by value */
	const struct symbol **symbols;
	size_t nr_symbols;
};

struct elf {
	struct section *sections;
	unsigned int nr_sections;
	struct symbol *symbols;
	size_t nr_symbols;
	unsigned int nr_symtabs;
	void *handle;			/* libelf's */
};

/* Where something is: @sec is NULL for what is in no section. */
struct place {
	const struct section *sec;
	__s64 offset;
};

enum el2_section {
	EL2_TEXT,
	EL2_RODATA,
	EL2_DATA,
	EL2_BSS,
	NR_EL2_MAPPED,
	EL2_RELOC = NR_EL2_MAPPED,
	NR_EL2_SECTIONS,
};

struct module {
	const char *path;
	struct elf elf;
	struct section *el2[NR_EL2_SECTIONS];
	bool has_el2_part;
	__u64 page_size;
	struct findings *findings;
	struct uses *uses;
	struct kernel *kernel;		/* NULL without --kernel */
};

const char *elf_open(struct elf *elf, const void *image, size_t size, struct findings *findings);
void elf_close(struct elf *elf);
struct section *elf_section(const struct elf *elf, const char *name);
struct section *elf_section_at(const struct elf *elf, unsigned int index);
const struct symbol *elf_symbol(const struct elf *elf, const char *name);
const struct symbol *symbol_at(const struct section *sec, __u64 offset);
const struct reloc *reloc_at(const struct section *sec, __u64 offset);
const struct reloc *relocs_from(const struct section *sec, __u64 offset, size_t *nr);
struct place reloc_target(const struct elf *elf, const struct reloc *rel);
const char *target_name(const struct elf *elf, const struct reloc *rel);
const char *reloc_name(const struct elf *elf, const struct reloc *rel);
bool section_bytes(const struct section *sec, __u64 offset, void *to, size_t size);
bool section_u32(const struct section *sec, __u64 offset, __u32 *value);
const char *section_string(const struct section *sec, __u64 offset);
const char *modinfo(const struct elf *elf, const char *key);
const char *plain_name(const char *symbol);
/* "SECTION+0x10 (function+0x4)", in one of a few buffers that are used again */
const char *where(const struct section *sec, __u64 offset);

bool *find_code(const struct elf *elf, const struct section *sec);

/* --- finding.c --- */

enum level {
	LEVEL_ERROR,
	LEVEL_WARNING,
};

/* Who refuses the module, or stumbles over it. */
enum refuser {
	BY_KERNEL,	/* the kernel's module loader */
	BY_LOADER,	/* the loader of EL2 parts */
	BY_EL2,		/* nobody: it goes wrong at EL2 */
};

enum finding_id {
#define FINDING(id, name, level, by, todo)	id,
#include "findings.h"
#undef FINDING
	NR_FINDING_IDS,
};

struct finding_kind {
	const char *name;
	enum level level;
	enum refuser by;
	const char *todo;
};

extern const struct finding_kind finding_kinds[NR_FINDING_IDS];
extern const char * const level_names[];
extern const char * const refuser_names[];

/* More of one kind are counted, and not shown. */
#define MAX_SHOWN	16

struct finding {
	enum finding_id id;
	char *where, *what;
};

struct findings {
	struct finding *list;
	size_t nr;
	unsigned int count[NR_FINDING_IDS];
	unsigned int nr_errors, nr_warnings;
};

__attribute__((format(printf, 4, 5)))
void found(struct findings *findings, enum finding_id id, const char *where, const char *what, ...);
void findings_free(struct findings *findings);

/* --- sections.c, relocs.c, text.c, trace.c --- */

extern const char * const el2_section_names[NR_EL2_SECTIONS];
extern const char * const el2_section_prots[NR_EL2_MAPPED];

bool find_el2_part(struct module *m);
bool is_el2_section(const struct module *m, const struct section *sec);
void check_sections(struct module *m);
void check_relocs(struct module *m);
void check_text(struct module *m);
void check_formats(struct module *m);
void check_events(struct module *m);

/* --- uses.c --- */

#define MIN_RELEASE	14
#define MAX_RELEASE	17
#define ALL_RELEASES	((1u << (MAX_RELEASE - MIN_RELEASE + 1)) - 1)

struct op {
	const char *name;
	unsigned int releases;		/* bit 0 is MIN_RELEASE */
};

/* Made from the public header and tools/ops.releases. */
extern const struct op ops[];
extern const unsigned int nr_ops, ops_version, ops_slots;

#define MAX_OPS		512
#define MAX_CALLS	1024

struct uses {
	bool ops[MAX_OPS];
	unsigned int releases;		/* those that have all ops that are used */
	/* Where it lost sight of the table, if it did */
	char *lost;
	/* What pkvm_load_el2_module() is given */
	unsigned int nr_loads;
	bool version_known;
	__u64 version, size;
	const struct symbol *init;
	const struct symbol *bad_init;	/* what is no EL2 function */
	/* What pkvm_register_el2_mod_call() is given */
	const struct symbol *calls[MAX_CALLS];
	size_t nr_calls;
	bool calls_estimated;
	const struct symbol *bad_call;
	/* The first use of the table where it has no member */
	char *outside;
	__s64 outside_at;
};

void find_uses(struct module *m);
void uses_free(struct uses *uses);

/* --- kernel.c --- */

struct kernel {
	const char *path;
	char release[128];
	bool modversions, tracing, pkvm_modules;
	bool random_structs;
	char vermagic[256];
	__u64 page_size;
	__u64 ops_version, ops_slots, ops_reserved;
	struct export {
		char *name;
		__u32 crc;
		bool gpl;
	} *exports;
	size_t nr_exports;
};

void kernel_open(struct kernel *kernel, const char *path);
void kernel_close(struct kernel *kernel);
void check_license(struct module *m);
void check_kernel(struct module *m);

/* --- check.c --- */

/*
 * Look at a module of @size bytes at @image. Returns NULL, or why it can not be
 * read as one. Findings and uses are filled in, and to be freed by module_close().
 */
const char *module_check(struct module *m, const void *image, size_t size);
void module_close(struct module *m);

/* --- report.c, json.c --- */

void report_findings(const struct module *m, FILE *out);
void report_text(const struct module *m, FILE *out);
void report_json(const struct module *m, FILE *out);

/* Memory, or the end of the program. */
void *must_alloc(size_t nr, size_t size);
void *must_realloc(void *old, size_t nr, size_t size);
__attribute__((format(printf, 1, 2)))
char *must_printf(const char *format, ...);

#endif
