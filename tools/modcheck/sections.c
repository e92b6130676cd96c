// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections: what kernel/el1/loader.c asks of those of the EL2 part, and the module
 * loader of all.
 */
#include <elf.h>
#include <string.h>

#include "modcheck.h"

/* The page tables that modules can have together: MAX_TABLES of kernel/el2/module.c */
#define MAX_TABLES	448

const char * const el2_section_names[NR_EL2_SECTIONS] = {
	[EL2_TEXT]	= ".hyp.text",
	[EL2_RODATA]	= ".hyp.rodata",
	[EL2_DATA]	= ".hyp.data",
	[EL2_BSS]	= ".hyp.bss",
	[EL2_RELOC]	= ".hyp.reloc",
};

const char * const el2_section_prots[NR_EL2_MAPPED] = {
	[EL2_TEXT]	= "r-x",
	[EL2_RODATA]	= "r--",
	[EL2_DATA]	= "rw-",
	[EL2_BSS]	= "rw-",
};

/* Which of its allocations the module loader puts a section in: __layout_sections() */
enum mem_type { MEM_NONE, MEM_TEXT, MEM_RODATA, MEM_RO_AFTER_INIT, MEM_DATA };

static const enum mem_type wanted_mem[NR_EL2_SECTIONS] = {
	[EL2_TEXT]	= MEM_TEXT,
	[EL2_RODATA]	= MEM_RODATA,
	[EL2_DATA]	= MEM_DATA,
	[EL2_BSS]	= MEM_DATA,
	[EL2_RELOC]	= MEM_RODATA,
};

static const char * const wanted_flags[NR_EL2_SECTIONS] = {
	[EL2_TEXT]	= "AX",
	[EL2_RODATA]	= "A",
	[EL2_DATA]	= "WA",
	[EL2_BSS]	= "WA",
	[EL2_RELOC]	= "A",
};

static enum mem_type mem_type(__u64 flags)
{
	const __u64 ro_after_init = 0x00200000;		/* of the kernel's own use */

	if (!(flags & SHF_ALLOC))
		return MEM_NONE;
	if (flags & SHF_EXECINSTR)
		return MEM_TEXT;
	if (!(flags & SHF_WRITE))
		return MEM_RODATA;

	return flags & ro_after_init ? MEM_RO_AFTER_INIT : MEM_DATA;
}

/* As readelf has them */
static const char *flag_letters(__u64 flags)
{
	static char buf[4];

	snprintf(buf, sizeof(buf), "%s%s%s", flags & SHF_WRITE ? "W" : "",
		 flags & SHF_ALLOC ? "A" : "", flags & SHF_EXECINSTR ? "X" : "");

	return buf;
}

/* Note the EL2 sections as the kernel would. Returns whether there is an EL2 part. */
bool find_el2_part(struct module *m)
{
	unsigned int id;

	for (id = 0; id < NR_EL2_SECTIONS; id++) {
		struct section *sec = elf_section(&m->elf, el2_section_names[id]);

		m->has_el2_part |= !!sec;
		if (sec && sec->flags & SHF_ALLOC)
			m->el2[id] = sec;
	}
	/* Without any: what wants to load one has forgotten to link it in. */
	m->has_el2_part |= !!elf_symbol(&m->elf, "__pkvm_load_el2_module");

	return m->has_el2_part;
}

/* One that is mapped at EL2. */
bool is_el2_section(const struct module *m, const struct section *sec)
{
	unsigned int id;

	for (id = 0; id < NR_EL2_MAPPED; id++)
		if (sec && m->el2[id] == sec)
			return true;

	return false;
}

static void check_section(struct module *m, unsigned int id)
{
	const struct section *sec = m->el2[id];
	const char *name = el2_section_names[id];

	if (!sec) {
		found(m->findings, SECTION_MISSING, name, "no such section%s",
		      elf_section(&m->elf, name) ? " that takes memory" : "");
		return;
	}
	if (!sec->size)
		return;
	if (mem_type(sec->flags) != wanted_mem[id]) {
		found(m->findings, SECTION_FLAGS, name, "wrong flags: \"%s\", not \"%s\"",
		      flag_letters(sec->flags), wanted_flags[id]);
		return;
	}
	if (id >= NR_EL2_MAPPED) {
		if (sec->size % sizeof(__u32))
			found(m->findings, ENTRY_DAMAGED, name, "%llu bytes are no whole entries",
			      (unsigned long long)sec->size);
		return;
	}
	if (sec->size % m->page_size)
		found(m->findings, SECTION_PAGES, name, "%llu bytes are not whole pages of %llu",
		      (unsigned long long)sec->size, (unsigned long long)m->page_size);
	if (!sec->align || sec->align % m->page_size || sec->align & (sec->align - 1))
		found(m->findings, SECTION_PAGES, name,
		      "an alignment of %llu is not one of pages of %llu",
		      (unsigned long long)sec->align, (unsigned long long)m->page_size);
}

static void check_text_section(struct module *m)
{
	const struct section *text = m->el2[EL2_TEXT];

	if (text && !text->size)
		found(m->findings, TEXT_EMPTY, text->name, "it is empty");
	else if (text && text->type == SHT_NOBITS)
		found(m->findings, TEXT_NO_CODE, text->name, "it is zeros only");
}

static void check_size(struct module *m)
{
	__u64 pages = 0, max = MAX_TABLES * (m->page_size / sizeof(__u64));
	unsigned int id;

	for (id = 0; id < NR_EL2_MAPPED; id++) {
		__u64 size = m->el2[id] ? m->el2[id]->size / m->page_size : 0;

		if (size > max - pages) {
			found(m->findings, VA_SPACE, m->el2[id]->name,
			      "with it the EL2 part has more than %llu pages",
			      (unsigned long long)max);
			return;
		}
		pages += size;
	}
}

static void check_names(struct module *m)
{
	unsigned int i, id;

	for (i = 1; i < m->elf.nr_sections; i++) {
		const struct section *sec = &m->elf.sections[i];

		if (strncmp(sec->name, ".hyp.", 5) || !(sec->flags & SHF_ALLOC))
			continue;
		for (id = 0; id < NR_EL2_SECTIONS; id++)
			if (!strcmp(sec->name, el2_section_names[id]))
				break;
		if (id == NR_EL2_SECTIONS)
			found(m->findings, SECTION_UNKNOWN, sec->name, "no section that EL2 has");
		else if (m->el2[id] && m->el2[id] != sec)
			found(m->findings, SECTION_TWICE, sec->name,
			      "sections %u and %u have this name", m->el2[id]->index, i);
	}
}

/* What the module loader asks of any module. */
static void check_module(struct module *m)
{
	const struct section *this = elf_section(&m->elf, ".gnu.linkonce.this_module");
	size_t i;

	if (!this || !(this->flags & SHF_ALLOC) || this->type == SHT_NOBITS)
		found(m->findings, NOT_A_MODULE, NULL, "no struct module in it");
	else if (!elf_section(&m->elf, ".plt") || !elf_section(&m->elf, ".init.plt"))
		found(m->findings, NOT_A_MODULE, NULL, "no .plt and .init.plt sections in it");
	if (m->elf.nr_symtabs != 1)
		found(m->findings, STRIPPED, NULL, "%s symbol table",
		      m->elf.nr_symtabs ? "more than one" : "no");

	for (i = 1; i < m->elf.nr_symbols; i++) {
		const struct symbol *sym = &m->elf.symbols[i];

		if (sym->shndx == SHN_COMMON && strncmp(sym->name, "__gnu_lto", 9))
			found(m->findings, SYMBOL_BAD, NULL, "'%s' is a common symbol",
			      plain_name(sym->name));
		else if (sym->shndx >= m->elf.nr_sections && sym->shndx < SHN_LORESERVE)
			found(m->findings, SYMBOL_BAD, NULL, "'%s' is in section %u of %u",
			      plain_name(sym->name), sym->shndx, m->elf.nr_sections);
	}
}

void check_sections(struct module *m)
{
	unsigned int id;

	check_module(m);
	for (id = 0; id < NR_EL2_SECTIONS; id++)
		check_section(m, id);
	check_text_section(m);
	check_size(m);
	check_names(m);
}
