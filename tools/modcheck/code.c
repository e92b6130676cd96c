// SPDX-License-Identifier: GPL-2.0-only
/* Sections of code: their functions, and the blocks that are run from begin to end. */
#include <elf.h>
#include <stdlib.h>

#include "flow.h"

/* What a function that is not known may change: x0-x18 and the link register */
#define CALLER_SAVED	(0x7ffffu | 1u << 30)

void code_init(struct flow *flow, const struct module *m)
{
	flow->m = m;
	flow->functions = must_alloc(1, sizeof(*flow->functions));
}

void code_free(struct flow *flow)
{
	unsigned int i;

	for (i = 0; i < flow->nr_codes; i++) {
		free(flow->codes[i].is_code);
		free(flow->codes[i].blocks);
	}
	free(flow->codes);
	free(flow->functions);
	free(flow->blocks);
}

void code_add(struct flow *flow, const struct section *sec)
{
	struct code *code;
	size_t i, words = sec->size / INSN_SIZE;

	flow->codes = must_realloc(flow->codes, flow->nr_codes + 1, sizeof(*flow->codes));
	code = &flow->codes[flow->nr_codes++];
	code->sec = sec;
	code->is_code = find_code(&flow->m->elf, sec);
	code->blocks = must_alloc(words, sizeof(*code->blocks));
	for (i = 0; i < words; i++)
		code->blocks[i] = NO_BLOCK;
}

struct code *code_of(struct flow *flow, const struct section *sec)
{
	unsigned int i;

	for (i = 0; sec && i < flow->nr_codes; i++)
		if (flow->codes[i].sec == sec)
			return &flow->codes[i];

	return NULL;
}

/* Whether a whole instruction can be there, in code that is followed. */
bool is_insn(struct flow *flow, const struct section *sec, __u64 offset)
{
	return code_of(flow, sec) && offset % INSN_SIZE == 0 &&
	       offset < sec->size / INSN_SIZE * INSN_SIZE;
}

/* --- functions --- */

static int compare_functions(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	if (x->sec != y->sec)
		return x->sec > y->sec ? 1 : -1;
	return (x->start > y->start) - (x->start < y->start);
}

struct function *function_at(struct flow *flow, const struct section *sec, __u64 offset)
{
	struct function key = { .sec = sec, .start = offset };

	return bsearch(&key, flow->functions, flow->nr_functions, sizeof(key), compare_functions);
}

struct function *function_at_place(struct flow *flow, const struct place *place)
{
	if (!place->sec || place->offset < 0)
		return NULL;

	return function_at(flow, place->sec, place->offset);
}

/* The last one that begins there or before. */
struct function *function_around(struct flow *flow, const struct section *sec, __u64 offset)
{
	size_t low = 0, high = flow->nr_functions;
	struct function key = { .sec = sec, .start = offset };

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare_functions(&flow->functions[mid], &key) <= 0)
			low = mid + 1;
		else
			high = mid;
	}

	return low && flow->functions[low - 1].sec == sec ? &flow->functions[low - 1] : NULL;
}

static void add_function(struct flow *flow, const struct section *sec, __u64 offset)
{
	if (!is_insn(flow, sec, offset))
		return;
	/* Doubles are thrown out in the end */
	if (flow->nr_functions && !(flow->nr_functions & (flow->nr_functions - 1)))
		flow->functions = must_realloc(flow->functions, 2 * flow->nr_functions,
					       sizeof(*flow->functions));
	flow->functions[flow->nr_functions++] = (struct function) {
		.sec = sec, .start = offset, .result = VAL_UNKNOWN,
	};
}

/* Where a branch goes, by its relocation if it has one. */
struct place branch_target(const struct flow *flow, const struct section *sec, __u64 offset,
			   const struct insn *insn)
{
	const struct reloc *rel = reloc_at(sec, offset);

	if (rel && rel->type != R_AARCH64_NONE)
		return reloc_target(&flow->m->elf, rel);

	return (struct place) { sec, (__s64)(offset + (__u64)insn->imm) };
}

static bool is_call_reloc(const struct reloc *rel)
{
	return rel->type == R_AARCH64_CALL26 || rel->type == R_AARCH64_JUMP26 ||
	       rel->type == R_AARCH64_CONDBR19 || rel->type == R_AARCH64_TSTBR14;
}

/* Every function symbol, and what calls lead to. */
static void find_functions(struct flow *flow)
{
	unsigned int c;
	__u64 offset;
	__u32 word;
	size_t i, nr;

	for (i = 1; i < flow->m->elf.nr_symbols; i++) {
		const struct symbol *sym = &flow->m->elf.symbols[i];

		if (sym->type == STT_FUNC)
			add_function(flow, elf_section_at(&flow->m->elf, sym->shndx), sym->value);
	}
	for (c = 0; c < flow->nr_codes; c++) {
		const struct code *code = &flow->codes[c];

		add_function(flow, code->sec, 0);
		for (offset = 0; section_u32(code->sec, offset, &word); offset += INSN_SIZE) {
			struct insn insn = decode(word);

			if (code->is_code[offset / INSN_SIZE] && insn.op == INSN_BL) {
				struct place to = branch_target(flow, code->sec, offset, &insn);

				if (to.offset >= 0)
					add_function(flow, to.sec, to.offset);
			}
		}
	}

	qsort(flow->functions, flow->nr_functions, sizeof(*flow->functions), compare_functions);
	for (i = 0, nr = 0; i < flow->nr_functions; i++)
		if (!nr || compare_functions(&flow->functions[nr - 1], &flow->functions[i]))
			flow->functions[nr++] = flow->functions[i];
	flow->nr_functions = nr;
	for (i = 0; i < nr; i++) {
		struct function *f = &flow->functions[i];

		f->end = i + 1 < nr && f[1].sec == f->sec ? f[1].start : f->sec->size;
	}
}

/* --- who calls whom, and what that changes --- */

static __u32 written_by(const struct insn *insn)
{
	__u32 mask = insn->rd < 31 ? 1u << insn->rd : 0;

	if (insn->op == INSN_STR || insn->op == INSN_STR_REG || insn->op == INSN_STP)
		mask = 0;
	if ((insn->op == INSN_LDP || insn->op == INSN_ATOMIC) && insn->ra < 31)
		mask |= 1u << insn->ra;
	if (insn->op == INSN_COPY)
		mask |= (insn->rn < 31 ? 1u << insn->rn : 0) | (insn->rm < 31 ? 1u << insn->rm : 0);
	if (insn->index != INDEX_OFFSET && insn->rn < 31)
		mask |= 1u << insn->rn;

	return mask;
}

static __u32 written_at(struct flow *flow, const struct section *sec, __u64 offset, __u32 word)
{
	struct insn insn = decode(word);
	struct function *callee = NULL;
	struct place to;

	if (insn.op == INSN_BLR || insn.op == INSN_BR || insn.op == INSN_CALL_OUT)
		return CALLER_SAVED;
	if (insn.op != INSN_BL && insn.op != INSN_B && insn.op != INSN_B_COND)
		return written_by(&insn);

	to = branch_target(flow, sec, offset, &insn);
	if (insn.op == INSN_BL)
		callee = function_at_place(flow, &to);
	else if (to.sec && to.offset >= 0)
		callee = function_around(flow, to.sec, to.offset);
	if (!callee)
		return CALLER_SAVED;
	callee->called |= insn.op == INSN_BL || callee != function_around(flow, sec, offset);

	return callee->written | (insn.op == INSN_BL ? 1u << 30 : 0);
}

/* Returns whether that adds to what a function of @code may change. */
static bool add_written(struct flow *flow, const struct code *code)
{
	bool added = false;
	__u64 offset;
	__u32 word;

	for (offset = 0; section_u32(code->sec, offset, &word); offset += INSN_SIZE) {
		struct function *f = function_around(flow, code->sec, offset);
		__u32 written = f->written;

		if (!code->is_code[offset / INSN_SIZE])
			continue;
		f->written |= written_at(flow, code->sec, offset, word);
		added |= written != f->written;
	}

	return added;
}

/* Until nothing changes: a function changes what those change that it calls. */
static void find_written(struct flow *flow)
{
	bool added = true;
	unsigned int round, c;
	size_t i;

	for (round = 0; added && round < 32; round++) {
		added = false;
		for (c = 0; c < flow->nr_codes; c++)
			added |= add_written(flow, &flow->codes[c]);
	}
	/* The others are the caller's again when a function returns. */
	for (i = 0; i < flow->nr_functions; i++)
		flow->functions[i].written = added ? CALLER_SAVED :
					     flow->functions[i].written & CALLER_SAVED;
}

/* Whoever has its address may call it, with arguments that are not known. */
static void find_addresses(struct flow *flow)
{
	unsigned int s, c;
	size_t i;

	for (s = 1; s < flow->m->elf.nr_sections; s++) {
		const struct section *sec = &flow->m->elf.sections[s];

		if (!(sec->flags & SHF_ALLOC))
			continue;
		for (i = 0; i < sec->nr_relocs; i++) {
			struct place to = reloc_target(&flow->m->elf, &sec->relocs[i]);
			struct function *f = function_at_place(flow, &to);

			if (f && (!is_call_reloc(&sec->relocs[i]) || !code_of(flow, sec)))
				f->address_taken = true;
		}
	}
	for (c = 0; c < flow->nr_codes; c++) {
		const struct section *sec = flow->codes[c].sec;
		__u64 offset;
		__u32 word;

		for (offset = 0; section_u32(sec, offset, &word); offset += INSN_SIZE) {
			struct insn insn = decode(word);
			struct function *f = NULL;

			if (insn.op == INSN_ADR && !reloc_at(sec, offset))
				f = function_at(flow, sec, offset + (__u64)insn.imm);
			if (f)
				f->address_taken = true;
		}
	}
}

/* --- blocks --- */

static void begin_block(struct flow *flow, const struct section *sec, __u64 offset)
{
	/* A mark for now: they are numbered in order */
	if (is_insn(flow, sec, offset))
		code_of(flow, sec)->blocks[offset / INSN_SIZE] = 0;
}

static void begin_blocks_at(struct flow *flow, const struct section *sec, __u64 offset, __u32 word)
{
	struct insn insn = decode(word);
	struct place to;

	switch (insn.op) {
	case INSN_B:
	case INSN_B_COND:
		to = branch_target(flow, sec, offset, &insn);
		if (to.offset >= 0)
			begin_block(flow, to.sec, to.offset);
		if (insn.op == INSN_B_COND)
			break;
		fallthrough;
	case INSN_BR:
	case INSN_RET:
		/* Where it goes on only by a table of places */
		begin_block(flow, sec, offset + INSN_SIZE);
		break;
	default:
		break;
	}
}

/* Numbers to those that were marked. */
static void number_blocks(struct flow *flow, unsigned int c)
{
	struct code *code = &flow->codes[c];
	size_t i, words = code->sec->size / INSN_SIZE;

	for (i = 0; i < words; i++) {
		if (code->blocks[i] == NO_BLOCK)
			continue;
		if (!(flow->nr_blocks & (flow->nr_blocks - 1)))
			flow->blocks = must_realloc(flow->blocks, 2 * flow->nr_blocks + 1,
						    sizeof(*flow->blocks));
		flow->blocks[flow->nr_blocks] = (struct block) {
			.offset = i * INSN_SIZE, .code = c,
		};
		code->blocks[i] = flow->nr_blocks++;
	}
}

static void find_blocks(struct flow *flow)
{
	unsigned int c;
	__u64 offset;
	__u32 word;
	size_t i;

	for (i = 0; i < flow->nr_functions; i++)
		begin_block(flow, flow->functions[i].sec, flow->functions[i].start);
	for (c = 0; c < flow->nr_codes; c++) {
		const struct section *sec = flow->codes[c].sec;

		for (offset = 0; section_u32(sec, offset, &word); offset += INSN_SIZE)
			begin_blocks_at(flow, sec, offset, word);
	}
	for (c = 0; c < flow->nr_codes; c++)
		number_blocks(flow, c);
}

/* After the last code_add(). */
void code_ready(struct flow *flow)
{
	find_functions(flow);
	find_written(flow);
	find_addresses(flow);
	find_blocks(flow);
}
