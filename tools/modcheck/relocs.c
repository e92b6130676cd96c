// SPDX-License-Identifier: GPL-2.0-only
/*
 * What refers to what. The pages of an EL2 part keep their distances at EL2, so that
 * everything relative is right there as it is. An address in data is not: it has an
 * entry in .hyp.reloc, by which the loader converts it.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "modcheck.h"

/* --- kinds of relocations --- */

enum kind { KIND_NONE, KIND_UNKNOWN, KIND_ABS64, KIND_ABS, KIND_REL, KIND_LO12 };

/* As the module loader knows them. @size: of what is written. */
static enum kind reloc_kind(__u32 type, unsigned int *size)
{
	*size = 4;
	switch (type) {
	case R_AARCH64_NONE:
	case 256:		/* withdrawn, as R_ARM_NONE is known */
		*size = 0;
		return KIND_NONE;
	case R_AARCH64_ABS64:
		*size = 8;
		return KIND_ABS64;
	case R_AARCH64_ABS16:
		*size = 2;
		return KIND_ABS;
	case R_AARCH64_ABS32:
	case R_AARCH64_MOVW_UABS_G0 ... R_AARCH64_MOVW_SABS_G2:
		return KIND_ABS;
	case R_AARCH64_PREL64:
		*size = 8;
		return KIND_REL;
	case R_AARCH64_PREL16:
		*size = 2;
		return KIND_REL;
	case R_AARCH64_PREL32:
	case R_AARCH64_LD_PREL_LO19 ... R_AARCH64_ADR_PREL_PG_HI21_NC:
	case R_AARCH64_TSTBR14:
	case R_AARCH64_CONDBR19:
	case R_AARCH64_JUMP26:
	case R_AARCH64_CALL26:
	case R_AARCH64_MOVW_PREL_G0 ... R_AARCH64_MOVW_PREL_G3:
		return KIND_REL;
	case R_AARCH64_ADD_ABS_LO12_NC:
	case R_AARCH64_LDST8_ABS_LO12_NC:
	case R_AARCH64_LDST16_ABS_LO12_NC:
	case R_AARCH64_LDST32_ABS_LO12_NC:
	case R_AARCH64_LDST64_ABS_LO12_NC:
	case R_AARCH64_LDST128_ABS_LO12_NC:
		return KIND_LO12;
	default:
		return KIND_UNKNOWN;
	}
}

/* --- what EL2 refers to --- */

static const char * const instrumentation[] = {
	"__stack_chk_", "__asan_", "__hwasan_", "__kasan_", "kasan_", "__ubsan_",
	"__sanitizer_cov_", "__tsan_", "__kcsan_", "__msan_", "kmsan_", "_mcount",
	"__fentry__", "ftrace_", "__cyg_profile_", "llvm_gcda_", "llvm_gcov_", "__gcov_",
	"__llvm_profile_", "__cfi_slowpath",
};

static bool is_instrumentation(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(instrumentation); i++)
		if (!strncmp(plain_name(name), instrumentation[i], strlen(instrumentation[i])))
			return true;

	return false;
}

static void check_target(struct module *m, const struct reloc *rel, const char *at)
{
	const struct section *target = elf_section_at(&m->elf, rel->sym->shndx);
	const char *name = target_name(&m->elf, rel);

	if (rel->sym->shndx == SHN_ABS || is_el2_section(m, target))
		return;
	if (is_instrumentation(name))
		found(m->findings, INSTRUMENTED, at, "calls or uses '%s'", name);
	else if (rel->sym->shndx == SHN_UNDEF)
		found(m->findings, UNDEFINED, at, "undefined symbol '%s'", *name ? name : "0");
	else if (target)
		found(m->findings, TO_EL1, at, "refers to '%s' in section '%s', which is not EL2's",
		      name, target->name);
}

static void check_reloc(struct module *m, const struct section *sec, const struct reloc *rel)
{
	const char *at = where(sec, rel->offset);
	unsigned int size;
	enum kind kind = reloc_kind(rel->type, &size);

	if (size > sec->size || rel->offset > sec->size - size) {
		found(m->findings, RELOC_DAMAGED, at,
		      "relocation outside of its section, %llu bytes",
		      (unsigned long long)sec->size);
		return;
	}
	if (!rel->sym) {
		found(m->findings, RELOC_DAMAGED, at,
		      "relocation against a symbol that is not there");
		return;
	}
	if (kind == KIND_UNKNOWN) {
		found(m->findings, RELOC_KIND, at, "%s: the module loader does not know it",
		      reloc_name(&m->elf, rel));
		return;
	}
	if (kind == KIND_NONE || !is_el2_section(m, sec))
		return;
	if (kind == KIND_ABS && rel->sym->shndx != SHN_ABS)
		found(m->findings, RELOC_ABSOLUTE, at, "%s: EL2 text and data can not have it",
		      reloc_name(&m->elf, rel));
	check_target(m, rel, at);
}

/* --- .hyp.reloc --- */

/* In a section that EL2 maps. An end (@size 0) counts as in it. */
static bool in_el2_part(const struct module *m, const struct place *place, __u64 size)
{
	return is_el2_section(m, place->sec) && place->offset >= 0 && size <= place->sec->size &&
	       (__u64)place->offset <= place->sec->size - size;
}

static const char *place_name(const struct place *place)
{
	static char buf[256];

	if (!place->sec)
		return "no section";
	snprintf(buf, sizeof(buf), "%.100s%+lld", place->sec->name, (long long)place->offset);

	return buf;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->sec != y->sec)
		return x->sec > y->sec ? 1 : -1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Returns false if the loader would refuse it. */
static bool check_entry(struct module *m, __u64 n, struct place *pos)
{
	const struct section *sec = m->el2[EL2_RELOC];
	const struct reloc *rel = reloc_at(sec, n * sizeof(__u32));
	struct place pointed = { NULL, 0 };
	const struct reloc *value;
	const char *at = where(sec, n * sizeof(__u32));

	if (!rel || !rel->sym || rel->type != R_AARCH64_PREL32) {
		found(m->findings, ENTRY_DAMAGED, at,
		      "entry %llu is not the distance to a position", (unsigned long long)n);
		return false;
	}
	*pos = reloc_target(&m->elf, rel);
	if (!in_el2_part(m, pos, sizeof(__u64)) || pos->sec == m->el2[EL2_BSS] ||
	    pos->offset % m->page_size > m->page_size - sizeof(__u64)) {
		found(m->findings, ENTRY_IS_OUTSIDE, at,
		      "entry %llu is outside of the EL2 sections: %s", (unsigned long long)n,
		      place_name(pos));
		return false;
	}

	value = reloc_at(pos->sec, pos->offset);
	if (value && value->type == R_AARCH64_ABS64)
		pointed = reloc_target(&m->elf, value);
	if (!in_el2_part(m, &pointed, 0)) {
		found(m->findings, ENTRY_POINTS_OUTSIDE, where(pos->sec, pos->offset),
		      "entry %llu points outside of the EL2 sections: %s", (unsigned long long)n,
		      place_name(&pointed));
		return false;
	}

	return true;
}

/* Converted twice, an address is out of range the second time. */
static void check_twice(struct module *m, struct place *places, size_t nr)
{
	size_t i;

	qsort(places, nr, sizeof(*places), compare_places);
	for (i = 1; i < nr; i++)
		if (!compare_places(&places[i - 1], &places[i]))
			found(m->findings, ENTRY_TWICE, where(places[i].sec, places[i].offset),
			      "has two entries in .hyp.reloc");
}

/* Addresses that nobody converts, of those that are. */
static void check_converted(struct module *m, const struct section *sec,
			    const struct place *places, size_t nr)
{
	size_t i;

	for (i = 0; i < sec->nr_relocs; i++) {
		const struct reloc *rel = &sec->relocs[i];
		struct place place = { sec, rel->offset };

		if (rel->type != R_AARCH64_ABS64 || !rel->sym ||
		    !is_el2_section(m, elf_section_at(&m->elf, rel->sym->shndx)))
			continue;
		if (!bsearch(&place, places, nr, sizeof(*places), compare_places))
			found(m->findings, NOT_CONVERTED, where(sec, rel->offset),
			      "address of '%s' without an entry in .hyp.reloc",
			      target_name(&m->elf, rel));
	}
}

static void check_entries(struct module *m)
{
	const struct section *sec = m->el2[EL2_RELOC];
	__u64 n, nr = sec ? sec->size / sizeof(__u32) : 0;
	struct place *places;
	unsigned int id;
	size_t good = 0;

	/* Each has a relocation of its own, whatever the section's header says. */
	if (sec && nr > sec->nr_relocs) {
		found(m->findings, ENTRY_DAMAGED, sec->name,
		      "%llu entries, and %zu relocations for them", (unsigned long long)nr,
		      sec->nr_relocs);
		nr = 0;
	}
	places = must_alloc(nr, sizeof(*places));
	for (n = 0; n < nr; n++)
		good += check_entry(m, n, &places[good]);
	check_twice(m, places, good);
	for (id = 0; id < NR_EL2_MAPPED; id++)
		if (m->el2[id])
			check_converted(m, m->el2[id], places, good);
	free(places);
}

/* --- tables by which the kernel would patch EL2 text --- */

static void check_table(struct module *m, const char *prefix, enum finding_id id, const char *what)
{
	unsigned int i;
	size_t r;

	for (i = 1; i < m->elf.nr_sections; i++) {
		const struct section *sec = &m->elf.sections[i];

		if (strncmp(sec->name, prefix, strlen(prefix)))
			continue;
		for (r = 0; r < sec->nr_relocs; r++) {
			struct place target = reloc_target(&m->elf, &sec->relocs[r]);

			if (target.sec && target.sec == m->el2[EL2_TEXT])
				found(m->findings, id, where(target.sec, target.offset), "%s in %s",
				      what, sec->name);
		}
	}
}

static void check_rel_sections(struct module *m)
{
	unsigned int i;

	for (i = 1; i < m->elf.nr_sections; i++) {
		const struct section *sec = &m->elf.sections[i];
		const struct section *target = elf_section_at(&m->elf, sec->info);

		if (sec->type == SHT_REL && target && target->flags & SHF_ALLOC)
			found(m->findings, RELOC_KIND, sec->name,
			      "relocations without addends: the module loader does not know them");
	}
}

void check_relocs(struct module *m)
{
	unsigned int s;
	size_t i;

	for (s = 1; s < m->elf.nr_sections; s++) {
		const struct section *sec = &m->elf.sections[s];

		for (i = 0; sec->flags & SHF_ALLOC && i < sec->nr_relocs; i++)
			check_reloc(m, sec, &sec->relocs[i]);
	}
	check_entries(m);
	check_rel_sections(m);
	check_table(m, "__jump_table", STATIC_KEY, "a static key's branch");
	check_table(m, "__patchable_function_entries", FTRACE, "a place for ftrace");
	check_table(m, "__mcount_loc", FTRACE, "a place for ftrace");
	check_table(m, "__ex_table", EXCEPTION_TABLE, "an entry");
}
