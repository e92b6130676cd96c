// SPDX-License-Identifier: GPL-2.0-only
/* Instructions that EL2 text can not have. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "insn.h"
#include "modcheck.h"

/* --- code and data: the ABI's mapping symbols --- */

static int compare_marks(const void *a, const void *b)
{
	const struct symbol *x = *(const struct symbol **)a, *y = *(const struct symbol **)b;

	return (x->value > y->value) - (x->value < y->value);
}

static bool is_mark(const struct symbol *sym, const struct section *sec)
{
	const char *name = plain_name(sym->name);

	return sym->shndx == sec->index && name[0] == '$' && (name[1] == 'x' || name[1] == 'd') &&
	       (!name[2] || name[2] == '.');
}

/* For each word of @sec whether it is an instruction; to be freed. */
bool *find_code(const struct elf *elf, const struct section *sec)
{
	size_t i, nr = 0, words = sec->data ? sec->size / INSN_SIZE : 0, word = 0;
	bool *code = must_alloc(words, sizeof(*code)), is_code = true;
	const struct symbol **marks;

	marks = must_alloc(elf->nr_symbols, sizeof(*marks));
	for (i = 0; i < elf->nr_symbols; i++)
		if (is_mark(&elf->symbols[i], sec))
			marks[nr++] = &elf->symbols[i];
	qsort(marks, nr, sizeof(*marks), compare_marks);

	for (i = 0; i <= nr; i++) {
		size_t end = i < nr && marks[i]->value / INSN_SIZE < words ?
			     marks[i]->value / INSN_SIZE : words;

		while (word < end)
			code[word++] = is_code;
		if (i < nr)
			is_code = plain_name(marks[i]->name)[1] == 'x';
	}
	free(marks);

	return code;
}

/* --- checks --- */

/* "str x30, [x18], #8": the hypervisor keeps no shadow call stack for modules. */
#define SCS_PUSH	0xf800865e

static bool is_branch(const struct insn *insn)
{
	return insn->op == INSN_B || insn->op == INSN_BL || insn->op == INSN_B_COND;
}

static void check_branch(struct module *m, const struct section *sec, __u64 offset,
			 const struct insn *insn)
{
	__u64 target = offset + (__u64)insn->imm;

	if (target < sec->size || reloc_at(sec, offset))
		return;
	found(m->findings, BRANCH_OUTSIDE, where(sec, offset),
	      "branch by %+lld bytes leaves .hyp.text", (long long)insn->imm);
}

/*
 * Erratum 843419: an ADRP at the end of a page is made an ADR by the module loader on
 * CPUs that have it, or, if the target is more than 1 MiB away, a branch to a veneer,
 * which is in EL1 text. Where sections go to is not known before they are loaded.
 */
static void check_erratum(struct module *m, const struct section *sec, __u64 offset)
{
	const struct reloc *rel = reloc_at(sec, offset);
	struct place target;

	if (offset % 4096 < 0xff8 || !rel)
		return;
	target = reloc_target(&m->elf, rel);
	if (target.sec == sec && (__u64)target.offset < sec->size && sec->size < 1 << 20)
		return;
	found(m->findings, ERRATUM_843419, where(sec, offset),
	      "ADRP in the last 8 bytes of a page, to '%s'", target_name(&m->elf, rel));
}

static void check_insn(struct module *m, const struct section *sec, __u64 offset, __u32 word)
{
	struct insn insn = decode(word);
	const char *fp = fp_class(&insn, word);

	if (fp)
		found(m->findings, FP_SIMD, where(sec, offset), "%s 0x%08x", fp, word);
	else if (word == SCS_PUSH)
		found(m->findings, SCS, where(sec, offset), "pushes to a shadow call stack");
	else if (is_branch(&insn))
		check_branch(m, sec, offset, &insn);
	else if (insn.op == INSN_ADRP)
		check_erratum(m, sec, offset);
}

void check_text(struct module *m)
{
	const struct section *sec = m->el2[EL2_TEXT];
	__u64 offset;
	__u32 word;
	bool *code;

	if (!sec || !sec->data)
		return;
	code = find_code(&m->elf, sec);
	for (offset = 0; section_u32(sec, offset, &word); offset += INSN_SIZE)
		if (code[offset / INSN_SIZE])
			check_insn(m, sec, offset, word);
	free(code);
}
