// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file, by libelf: it is read once into tables, in which every name is a string,
 * every section's contents lie in the file, and every relocation is in order.
 */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "modcheck.h"

/* How many entries there can be; more than a module ever has. */
#define MAX_ENTRIES	(1u << 24)

/* --- reading --- */

/* What the kernel's loader asks of the header. libelf would take a few things more. */
static const char *check_header(const void *image, size_t size)
{
	const Elf64_Ehdr *hdr = image;
	Elf64_Ehdr copy;

	if (!size)
		return "it is empty";
	if (size < sizeof(*hdr) || memcmp(image, ELFMAG, SELFMAG))
		return "it is not an ELF file";
	memcpy(&copy, image, sizeof(copy));
	if (copy.e_ident[EI_CLASS] != ELFCLASS64 || copy.e_ident[EI_DATA] != ELFDATA2LSB)
		return "it is not a little-endian 64-bit ELF file";
	if (le16toh(copy.e_machine) != EM_AARCH64)
		return "it is not for arm64";
	if (le16toh(copy.e_type) != ET_REL)
		return "it is an ELF file, but not a relocatable one, as modules are";
	if (le16toh(copy.e_shentsize) != sizeof(Elf64_Shdr) || !copy.e_shnum ||
	    le64toh(copy.e_shoff) >= size ||
	    le16toh(copy.e_shnum) * sizeof(Elf64_Shdr) > size - le64toh(copy.e_shoff))
		return "its section headers are not in the file: it is cut short or damaged";

	return NULL;
}

static void read_section(struct elf *elf, struct section *sec, Elf_Scn *scn, size_t file_size,
			 size_t names, struct findings *findings)
{
	GElf_Shdr shdr;
	Elf_Data *data;
	const char *name;

	sec->name = "";
	if (!gelf_getshdr(scn, &shdr))
		return;
	sec->type = shdr.sh_type;
	sec->info = shdr.sh_info;
	sec->flags = shdr.sh_flags;
	sec->size = shdr.sh_size;
	sec->align = shdr.sh_addralign;
	if (sec->type == SHT_NULL)
		return;

	name = elf_strptr(elf->handle, names, shdr.sh_name);
	if (name)
		sec->name = name;
	else
		found(findings, FILE_DAMAGED, NULL, "section %u has no name", sec->index);

	if (sec->type == SHT_NOBITS)
		return;
	if (shdr.sh_offset > file_size || shdr.sh_size > file_size - shdr.sh_offset) {
		found(findings, FILE_DAMAGED, sec->name, "its contents end after the file");
		return;
	}
	data = elf_rawdata(scn, NULL);
	if (data && data->d_buf && data->d_size == shdr.sh_size)
		sec->data = data->d_buf;
}

static const char *read_sections(struct elf *elf, size_t file_size, struct findings *findings)
{
	size_t i, nr, names;

	if (elf_getshdrnum(elf->handle, &nr) || elf_getshdrstrndx(elf->handle, &names))
		return elf_errmsg(-1);

	elf->sections = must_alloc(nr, sizeof(*elf->sections));
	elf->nr_sections = nr;
	for (i = 0; i < nr; i++) {
		Elf_Scn *scn = elf_getscn(elf->handle, i);

		elf->sections[i].index = i;
		elf->sections[i].name = "";
		if (scn)
			read_section(elf, &elf->sections[i], scn, file_size, names, findings);
	}

	return NULL;
}

/* Typed contents: libelf has seen that it is whole entries, and converts them. */
static Elf_Data *entries(struct elf *elf, struct section *sec, size_t size, size_t *nr,
			 struct findings *findings)
{
	Elf_Data *data = sec->data ? elf_getdata(elf_getscn(elf->handle, sec->index), NULL) : NULL;

	*nr = data && data->d_buf ? data->d_size / size : 0;
	if (sec->size && (!*nr || sec->size % size || *nr > MAX_ENTRIES)) {
		found(findings, FILE_DAMAGED, sec->name, "it is not made of whole entries");
		*nr = 0;
	}

	return data;
}

static void read_symbols(struct elf *elf, struct findings *findings)
{
	struct section *sec = NULL;
	Elf_Data *data;
	GElf_Shdr shdr;
	unsigned int i;
	size_t s;

	for (i = 0; i < elf->nr_sections; i++) {
		if (elf->sections[i].type != SHT_SYMTAB)
			continue;
		sec = &elf->sections[i];
		elf->nr_symtabs++;
	}
	if (elf->nr_symtabs != 1 || !gelf_getshdr(elf_getscn(elf->handle, sec->index), &shdr))
		return;

	data = entries(elf, sec, sizeof(Elf64_Sym), &elf->nr_symbols, findings);
	elf->symbols = must_alloc(elf->nr_symbols, sizeof(*elf->symbols));
	for (s = 0; s < elf->nr_symbols; s++) {
		struct symbol *sym = &elf->symbols[s];
		GElf_Sym entry;

		sym->name = "";
		if (!gelf_getsym(data, s, &entry))
			continue;
		sym->value = entry.st_value;
		sym->size = entry.st_size;
		sym->shndx = entry.st_shndx;
		sym->type = GELF_ST_TYPE(entry.st_info);
		sym->bind = GELF_ST_BIND(entry.st_info);
		sym->name = elf_strptr(elf->handle, shdr.sh_link, entry.st_name);
		if (!sym->name) {
			found(findings, FILE_DAMAGED, sec->name, "symbol %zu has no name", s);
			sym->name = "";
		}
		if (sym->type == STT_SECTION && !*sym->name && elf_section_at(elf, sym->shndx))
			sym->name = elf_section_at(elf, sym->shndx)->name;
	}
}

static void add_relocs(struct elf *elf, struct section *sec, struct findings *findings)
{
	struct section *target = sec->info ? elf_section_at(elf, sec->info) : NULL;
	Elf_Data *data;
	size_t i, nr;

	/* The kernel applies them to that one, without a look at what is there */
	if (!target || strncmp(sec->name, ".rela", 5) || strcmp(sec->name + 5, target->name))
		found(findings, RELOC_DAMAGED, sec->name, "its relocations are for section %u, '%s'",
		      sec->info, target ? target->name : "");
	if (!target)
		return;
	data = entries(elf, sec, sizeof(Elf64_Rela), &nr, findings);
	if (!nr)
		return;
	target->relocs = must_realloc(target->relocs, target->nr_relocs + nr,
				      sizeof(*target->relocs));
	for (i = 0; i < nr; i++) {
		struct reloc *rel = &target->relocs[target->nr_relocs++];
		GElf_Rela entry = { 0 };

		gelf_getrela(data, i, &entry);
		rel->offset = entry.r_offset;
		rel->addend = entry.r_addend;
		rel->type = GELF_R_TYPE(entry.r_info);
		rel->sym = GELF_R_SYM(entry.r_info) < elf->nr_symbols ?
			   &elf->symbols[GELF_R_SYM(entry.r_info)] : NULL;
	}
}

static int compare_relocs(const void *a, const void *b)
{
	const struct reloc *x = a, *y = b;

	return (x->offset > y->offset) - (x->offset < y->offset);
}

static void read_relocs(struct elf *elf, struct findings *findings)
{
	unsigned int i;

	for (i = 0; i < elf->nr_sections; i++)
		if (elf->sections[i].type == SHT_RELA)
			add_relocs(elf, &elf->sections[i], findings);
	for (i = 0; i < elf->nr_sections; i++)
		if (elf->sections[i].nr_relocs)
			qsort(elf->sections[i].relocs, elf->sections[i].nr_relocs,
			      sizeof(struct reloc), compare_relocs);
}

static int compare_symbols(const void *a, const void *b)
{
	const struct symbol *x = *(const struct symbol **)a, *y = *(const struct symbol **)b;

	if (x->value != y->value)
		return x->value > y->value ? 1 : -1;
	/* A larger one before what is in it, or goes by another name */
	return (x->size < y->size) - (x->size > y->size);
}

static bool has_extent(const struct symbol *sym)
{
	return sym->type == STT_FUNC || sym->type == STT_OBJECT ||
	       (sym->type == STT_NOTYPE && *sym->name && *sym->name != '$' &&
		sym->bind != STB_LOCAL);
}

static void sort_symbols(struct elf *elf)
{
	struct section *sec;
	unsigned int i;
	size_t s;

	for (s = 0; s < elf->nr_symbols; s++) {
		sec = elf_section_at(elf, elf->symbols[s].shndx);
		if (sec && has_extent(&elf->symbols[s]))
			sec->nr_symbols++;
	}
	for (i = 0; i < elf->nr_sections; i++) {
		sec = &elf->sections[i];
		sec->symbols = must_alloc(sec->nr_symbols, sizeof(*sec->symbols));
		sec->nr_symbols = 0;
	}
	for (s = 0; s < elf->nr_symbols; s++) {
		sec = elf_section_at(elf, elf->symbols[s].shndx);
		if (sec && has_extent(&elf->symbols[s]))
			sec->symbols[sec->nr_symbols++] = &elf->symbols[s];
	}
	for (i = 0; i < elf->nr_sections; i++)
		if (elf->sections[i].nr_symbols)
			qsort(elf->sections[i].symbols, elf->sections[i].nr_symbols,
			      sizeof(*elf->sections[i].symbols), compare_symbols);
}

/* Returns NULL, or why it can not be read. */
const char *elf_open(struct elf *elf, const void *image, size_t size, struct findings *findings)
{
	const char *error = check_header(image, size);

	if (error)
		return error;
	elf_version(EV_CURRENT);
	/* It is not written to. */
	elf->handle = elf_memory((char *)image, size);
	if (!elf->handle)
		return elf_errmsg(-1);

	error = read_sections(elf, size, findings);
	if (error)
		return error;
	read_symbols(elf, findings);
	read_relocs(elf, findings);
	sort_symbols(elf);

	return NULL;
}

void elf_close(struct elf *elf)
{
	unsigned int i;

	for (i = 0; i < elf->nr_sections; i++) {
		free(elf->sections[i].relocs);
		free(elf->sections[i].symbols);
	}
	free(elf->sections);
	free(elf->symbols);
	if (elf->handle)
		elf_end(elf->handle);
}

/* --- finding --- */

/* The first of that name, as the kernel finds it. */
struct section *elf_section(const struct elf *elf, const char *name)
{
	unsigned int i;

	for (i = 1; i < elf->nr_sections; i++)
		if (!strcmp(elf->sections[i].name, name))
			return &elf->sections[i];

	return NULL;
}

/* NULL for SHN_UNDEF and the other indices that stand for no section. */
struct section *elf_section_at(const struct elf *elf, unsigned int index)
{
	return index && index < elf->nr_sections ? &elf->sections[index] : NULL;
}

const struct symbol *elf_symbol(const struct elf *elf, const char *name)
{
	size_t i;

	for (i = 1; i < elf->nr_symbols; i++)
		if (!strcmp(elf->symbols[i].name, name))
			return &elf->symbols[i];

	return NULL;
}

/* How many of the symbols of @sec begin before @offset. */
static size_t symbols_before(const struct section *sec, __u64 offset)
{
	size_t low = 0, high = sec->nr_symbols;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sec->symbols[mid]->value < offset)
			low = mid + 1;
		else
			high = mid;
	}

	return low;
}

/* The last function or object that begins at @offset or before, or NULL. */
const struct symbol *symbol_at(const struct section *sec, __u64 offset)
{
	size_t nr = symbols_before(sec, offset);

	/* Of those that begin at one place, the first is the largest */
	if (nr < sec->nr_symbols && sec->symbols[nr]->value == offset)
		return sec->symbols[nr];

	return nr ? sec->symbols[symbols_before(sec, sec->symbols[nr - 1]->value)] : NULL;
}

/* The relocations of @sec from @offset on, by offset. */
const struct reloc *relocs_from(const struct section *sec, __u64 offset, size_t *nr)
{
	size_t low = 0, high = sec->nr_relocs;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (sec->relocs[mid].offset < offset)
			low = mid + 1;
		else
			high = mid;
	}
	*nr = sec->nr_relocs - low;

	return *nr ? &sec->relocs[low] : NULL;
}

const struct reloc *reloc_at(const struct section *sec, __u64 offset)
{
	size_t nr;
	const struct reloc *rel = relocs_from(sec, offset, &nr);

	return rel && rel->offset == offset ? rel : NULL;
}

/* What S + A of it is. Nowhere for what is undefined, absolute or wrong. */
struct place reloc_target(const struct elf *elf, const struct reloc *rel)
{
	struct place place = { NULL, 0 };

	if (rel->sym) {
		place.sec = elf_section_at(elf, rel->sym->shndx);
		place.offset = (__s64)(rel->sym->value + (__u64)rel->addend);
	}

	return place;
}

/*
 * What a relocation is against, in a buffer that the next one uses again: with the symbol
 * of a section, what begins in that one where it points to.
 */
const char *target_name(const struct elf *elf, const struct reloc *rel)
{
	struct place to = reloc_target(elf, rel);
	const struct symbol *sym = rel->sym;
	static char buf[256];

	if (!sym)
		return "nothing";
	if (sym->type == STT_SECTION && to.sec && to.offset >= 0) {
		sym = symbol_at(to.sec, to.offset);
		if (!sym || sym->value != (__u64)to.offset) {
			snprintf(buf, sizeof(buf), "%.100s+0x%llx", to.sec->name,
				 (unsigned long long)to.offset);
			return buf;
		}
	}

	return plain_name(sym->name);
}

static const struct {
	__u32 type;
	const char *name;
} reloc_names[] = {
#define NAME(type) { R_AARCH64_##type, "R_AARCH64_" #type }
	NAME(NONE), NAME(ABS64), NAME(ABS32), NAME(ABS16), NAME(PREL64), NAME(PREL32),
	NAME(PREL16), NAME(MOVW_UABS_G0), NAME(MOVW_UABS_G0_NC), NAME(MOVW_UABS_G1),
	NAME(MOVW_UABS_G1_NC), NAME(MOVW_UABS_G2), NAME(MOVW_UABS_G2_NC), NAME(MOVW_UABS_G3),
	NAME(MOVW_SABS_G0), NAME(MOVW_SABS_G1), NAME(MOVW_SABS_G2), NAME(LD_PREL_LO19),
	NAME(ADR_PREL_LO21), NAME(ADR_PREL_PG_HI21), NAME(ADR_PREL_PG_HI21_NC),
	NAME(ADD_ABS_LO12_NC), NAME(LDST8_ABS_LO12_NC), NAME(LDST16_ABS_LO12_NC),
	NAME(LDST32_ABS_LO12_NC), NAME(LDST64_ABS_LO12_NC), NAME(LDST128_ABS_LO12_NC),
	NAME(TSTBR14), NAME(CONDBR19), NAME(JUMP26), NAME(CALL26), NAME(MOVW_PREL_G0),
	NAME(MOVW_PREL_G0_NC), NAME(MOVW_PREL_G1), NAME(MOVW_PREL_G1_NC), NAME(MOVW_PREL_G2),
	NAME(MOVW_PREL_G2_NC), NAME(MOVW_PREL_G3), NAME(ADR_GOT_PAGE), NAME(LD64_GOT_LO12_NC),
	NAME(TLSLE_ADD_TPREL_HI12), NAME(TLSLE_ADD_TPREL_LO12), NAME(TLSLE_ADD_TPREL_LO12_NC),
	NAME(TLSIE_ADR_GOTTPREL_PAGE21), NAME(TLSIE_LD64_GOTTPREL_LO12_NC),
	NAME(TLSDESC_ADR_PAGE21), NAME(TLSDESC_LD64_LO12), NAME(TLSDESC_ADD_LO12),
	NAME(TLSDESC_CALL),
#undef NAME
	{ 314, "R_AARCH64_PLT32" },	/* newer than some elf.h */
};

/* "R_AARCH64_CALL26 against foo", in a buffer that the next one uses again. */
const char *reloc_name(const struct elf *elf, const struct reloc *rel)
{
	static char buf[256];
	const char *name = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(reloc_names); i++)
		if (reloc_names[i].type == rel->type)
			name = reloc_names[i].name;
	if (name)
		snprintf(buf, sizeof(buf), "%s", name);
	else
		snprintf(buf, sizeof(buf), "relocation type %u", rel->type);
	snprintf(buf + strlen(buf), sizeof(buf) - strlen(buf), " against %.180s",
		 target_name(elf, rel));

	return buf;
}

/* --- contents --- */

bool section_bytes(const struct section *sec, __u64 offset, void *to, size_t size)
{
	if (!sec || !sec->data || size > sec->size || offset > sec->size - size)
		return false;
	memcpy(to, sec->data + offset, size);

	return true;
}

bool section_u32(const struct section *sec, __u64 offset, __u32 *value)
{
	if (!section_bytes(sec, offset, value, sizeof(*value)))
		return false;
	*value = le32toh(*value);

	return true;
}

/* A string that ends in the section, or NULL. */
const char *section_string(const struct section *sec, __u64 offset)
{
	if (!sec || !sec->data || offset >= sec->size ||
	    !memchr(sec->data + offset, 0, sec->size - offset))
		return NULL;

	return (const char *)sec->data + offset;
}

/* The value of the first KEY=VALUE in .modinfo, or NULL. */
const char *modinfo(const struct elf *elf, const char *key)
{
	const struct section *sec = elf_section(elf, ".modinfo");
	size_t len = strlen(key);
	const char *string;
	__u64 offset = 0;

	while ((string = section_string(sec, offset))) {
		if (!strncmp(string, key, len) && string[len] == '=')
			return string + len + 1;
		offset += strlen(string) + 1;
	}

	return NULL;
}

/* As the author wrote it. */
const char *plain_name(const char *symbol)
{
	size_t len = strlen(PREFIX);

	return !strncmp(symbol, PREFIX, len) && symbol[len] ? symbol + len : symbol;
}

const char *where(const struct section *sec, __u64 offset)
{
	static char bufs[4][512];
	static unsigned int next;
	const struct symbol *sym = symbol_at(sec, offset);
	char *buf = bufs[next++ % ARRAY_SIZE(bufs)];

	if (sym && (!sym->size || offset - sym->value < sym->size))
		snprintf(buf, sizeof(bufs[0]), "%.100s+0x%llx (%.300s+0x%llx)", sec->name,
			 (unsigned long long)offset, plain_name(sym->name),
			 (unsigned long long)(offset - sym->value));
	else
		snprintf(buf, sizeof(bufs[0]), "%.100s+0x%llx", sec->name,
			 (unsigned long long)offset);

	return buf;
}
