// SPDX-License-Identifier: GPL-2.0-only
/* Following the code: what each instruction does to what registers may hold. */
#include <elf.h>
#include <stdlib.h>

#include "flow.h"

/* How often all of it is followed before it counts as too much. */
#define MAX_ROUNDS	64

/* Functions that a pointer in memory may lead to. */
#define MAX_TARGETS	64

static void lost(struct flow *flow, const struct section *sec, __u64 offset, const char *why)
{
	if (flow->on_lost)
		flow->on_lost(flow, sec, offset, why);
}

/* --- where it goes on --- */

static void reach(struct flow *flow, const struct section *sec, __u64 offset,
		  const struct state *state)
{
	struct code *code = code_of(flow, sec);
	struct block *block;
	unsigned int i;
	__u32 nr;

	if (!is_insn(flow, sec, offset))
		return;
	nr = code->blocks[offset / INSN_SIZE];
	if (nr == NO_BLOCK)
		return;
	block = &flow->blocks[nr];
	if (!block->reached) {
		block->reached = true;
		block->dirty = true;
		block->entry = *state;
		return;
	}
	for (i = 0; i < NR_REGS; i++) {
		val_t joined = value_join(flow, block->entry.regs[i], state->regs[i]);

		if (joined == block->entry.regs[i])
			continue;
		block->entry.regs[i] = joined;
		block->dirty = true;
	}
}

static void frame_of(struct flow *flow, const struct function *f, struct state *state)
{
	unsigned int region = flow->m->elf.nr_sections + (f - flow->functions);

	state->regs[REG_SP] = value_of(flow, ITEM_ADDR, region, 0, 0);
	state->regs[REG_ZR] = value_of(flow, ITEM_CONST, 0, 0, 0);
}

void flow_enter(struct flow *flow, struct function *function, val_t x0)
{
	struct state state = { 0 };

	frame_of(flow, function, &state);
	state.regs[0] = x0;
	reach(flow, function->sec, function->start, &state);
}

/* Arguments and nothing else are handed on to a function that is called. */
static void call_function(struct flow *flow, struct function *f, const struct state *state)
{
	struct state entry = { 0 };
	unsigned int i;

	for (i = 0; i <= 8; i++)
		entry.regs[i] = state->regs[i];
	frame_of(flow, f, &entry);
	reach(flow, f->sec, f->start, &entry);
}

static void add_result(struct flow *flow, struct function *f, val_t val)
{
	val_t joined;

	if (!f)
		return;
	joined = f->result == VAL_UNKNOWN ? val : value_join(flow, f->result, val);
	if (joined == f->result)
		return;
	f->result = joined;
	flow->memory_changed = true;
}

/* --- calls --- */

static bool is_argument(struct flow *flow, const struct state *state)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		if (value_has(flow, state->regs[i], ITEM_OPS))
			return true;

	return false;
}

static void forget(struct state *state, __u32 written)
{
	unsigned int i;

	for (i = 0; i < 31; i++)
		if (written & 1u << i)
			state->regs[i] = VAL_UNKNOWN;
}

/*
 * Call, or jump to, what @target may be. Returns whether it could be told, with what
 * functions gave back in @result and what they may change in @written.
 */
static bool call_value(struct flow *flow, val_t target, const struct state *state, val_t *result,
		       __u32 *written)
{
	struct value value = value_get(flow, target);
	struct place places[MAX_TARGETS];
	bool known = false, first = true;
	size_t nr, i;
	unsigned int n;

	*result = VAL_UNKNOWN;
	*written = 0x7ffff | 1u << 30;
	for (n = 0; n < value.nr; n++) {
		const struct item *item = &value.items[n];

		nr = 0;
		if (item->kind == ITEM_OP)
			known = true;
		else if (item->kind == ITEM_POINTERS)
			nr = pointers_in(flow, item, places, MAX_TARGETS);
		else if (item->kind == ITEM_ADDR && item->lo == item->hi && item->lo >= 0)
			places[nr++] = (struct place) {
				elf_section_at(&flow->m->elf, item->region), item->lo,
			};
		for (i = 0; i < nr && i < MAX_TARGETS; i++) {
			struct function *f = function_at_place(flow, &places[i]);

			if (!f)
				continue;
			known = true;
			call_function(flow, f, state);
			*result = first ? f->result : value_join(flow, *result, f->result);
			first = false;
		}
	}

	return known;
}

static void do_call(struct flow *flow, const struct section *sec, __u64 offset,
		    const struct insn *insn, struct state *state)
{
	const struct reloc *rel = reloc_at(sec, offset);
	struct place to = branch_target(flow, sec, offset, insn);
	struct function *f = function_at_place(flow, &to);

	if (f) {
		call_function(flow, f, state);
		forget(state, f->written | 1u << 30);
		state->regs[0] = f->result;
		return;
	}
	if (rel && rel->sym && flow->on_call)
		flow->on_call(flow, rel->sym, state);
	if (is_argument(flow, state))
		lost(flow, sec, offset, "is given to a function elsewhere");
	forget(state, 0x7ffff | 1u << 30);
}

static void do_call_reg(struct flow *flow, const struct section *sec, __u64 offset,
			const struct insn *insn, struct state *state)
{
	val_t target = insn->rn == REG_ZR ? VAL_UNKNOWN : state->regs[insn->rn], result;
	__u32 written;

	if (!call_value(flow, target, state, &result, &written) && is_argument(flow, state))
		lost(flow, sec, offset, "is given to a function that is not known");
	forget(state, written);
	state->regs[0] = result;
}

/* A tail call, or a table of places in the same function: if it is not known, any of both. */
static void do_jump_reg(struct flow *flow, const struct section *sec, __u64 offset,
			const struct insn *insn, const struct state *state)
{
	val_t target = insn->rn == REG_ZR ? VAL_UNKNOWN : state->regs[insn->rn], result;
	struct function *f = function_around(flow, sec, offset);
	struct code *code = code_of(flow, sec);
	__u32 written;
	__u64 at;

	if (call_value(flow, target, state, &result, &written)) {
		add_result(flow, f, result);
		return;
	}
	if (is_argument(flow, state))
		lost(flow, sec, offset, "may be given to a function that is not known");
	for (at = f->start; at < f->end && at / INSN_SIZE < sec->size / INSN_SIZE; at += INSN_SIZE)
		if (code->blocks[at / INSN_SIZE] != NO_BLOCK)
			reach(flow, sec, at, state);
}

static void do_jump(struct flow *flow, const struct section *sec, __u64 offset,
		    const struct insn *insn, const struct state *state)
{
	struct place to = branch_target(flow, sec, offset, insn);
	struct function *from = function_around(flow, sec, offset), *f = NULL;

	if (to.sec && to.offset >= 0 && code_of(flow, to.sec)) {
		reach(flow, to.sec, to.offset, state);
		f = function_around(flow, to.sec, to.offset);
	} else {
		struct state copy = *state;

		do_call(flow, sec, offset, insn, &copy);
	}
	/* What that one gives back, this one does. */
	if (f && f != from && f->result != VAL_UNKNOWN)
		add_result(flow, from, f->result);
}

/* --- loads and stores --- */

/* The address by its relocation, or by the registers. */
static val_t address_of(struct flow *flow, const struct section *sec, __u64 offset,
			const struct insn *insn, const struct state *state)
{
	const struct reloc *rel = reloc_at(sec, offset);
	struct place to;
	__u64 n;

	if (rel && rel->type != R_AARCH64_NONE) {
		to = reloc_target(&flow->m->elf, rel);
		return to.sec ? value_of(flow, ITEM_ADDR, to.sec->index, to.offset, to.offset) :
				VAL_UNKNOWN;
	}
	if (insn->op == INSN_LDR_LIT)
		return value_of(flow, ITEM_ADDR, sec->index, (__s64)offset + insn->imm,
				(__s64)offset + insn->imm);
	if (insn->op == INSN_LDR_REG || insn->op == INSN_STR_REG) {
		if (value_const(flow, state->regs[insn->rm], &n))
			return value_add(flow, state->regs[insn->rn], n << insn->shift, true);
		return value_spread(flow, state->regs[insn->rn]);
	}
	if (insn->index == INDEX_POST)
		return state->regs[insn->rn];

	return value_add(flow, state->regs[insn->rn], insn->imm, true);
}

static void tell_of_ops(struct flow *flow, const struct section *sec, __u64 offset, val_t address,
			unsigned int size)
{
	struct value value = value_get(flow, address);
	unsigned int i;

	for (i = 0; i < value.nr; i++) {
		const struct item *item = &value.items[i];

		if (item->kind != ITEM_OPS)
			continue;
		if (item->lo != item->hi)
			lost(flow, sec, offset, "is used with an offset that is not constant");
		else if (size != 8)
			lost(flow, sec, offset, "is used for something that is not a member");
		else if (flow->on_op)
			flow->on_op(flow, sec, offset, item->lo);
	}
}

static val_t do_load(struct flow *flow, const struct section *sec, __u64 offset, val_t address,
		     unsigned int size)
{
	tell_of_ops(flow, sec, offset, address, size);

	return memory_load(flow, address, size);
}

static void do_store(struct flow *flow, const struct section *sec, __u64 offset, val_t address,
		     val_t val, unsigned int size)
{
	if (!memory_store(flow, address, val, size) && value_has(flow, val, ITEM_OPS))
		lost(flow, sec, offset, "is stored at an address that is not known");
}

static void do_memory(struct flow *flow, const struct section *sec, __u64 offset,
		      const struct insn *insn, struct state *state)
{
	val_t address = address_of(flow, sec, offset, insn, state);
	val_t second = value_add(flow, address, insn->size, true);
	val_t written_back = insn->rn == REG_ZR ? VAL_UNKNOWN :
			     value_add(flow, state->regs[insn->rn], insn->imm, true);

	switch (insn->op) {
	case INSN_STP:
		do_store(flow, sec, offset, second, state->regs[insn->ra], insn->size);
		fallthrough;
	case INSN_STR:
	case INSN_STR_REG:
		do_store(flow, sec, offset, address, state->regs[insn->rd], insn->size);
		break;
	case INSN_ATOMIC:
		do_store(flow, sec, offset, address, state->regs[insn->rm], insn->size);
		state->regs[insn->rd] = do_load(flow, sec, offset, address, insn->size);
		state->regs[insn->ra] = VAL_UNKNOWN;
		break;
	default:
		state->regs[insn->rd] = do_load(flow, sec, offset, address, insn->size);
		if (insn->op == INSN_LDP)
			state->regs[insn->ra] = do_load(flow, sec, offset, second, insn->size);
	}
	if (insn->index != INDEX_OFFSET)
		state->regs[insn->rn] = written_back;
}

/* --- arithmetic --- */

static val_t do_adr(struct flow *flow, const struct section *sec, __u64 offset,
		    const struct insn *insn)
{
	const struct reloc *rel = reloc_at(sec, offset);
	struct place to = { sec, (__s64)(offset + (__u64)insn->imm) };

	if (rel && rel->type != R_AARCH64_NONE)
		to = reloc_target(&flow->m->elf, rel);
	else if (insn->op == INSN_ADRP)
		return VAL_UNKNOWN;
	if (!to.sec)
		return VAL_UNKNOWN;
	if (insn->op == INSN_ADRP) {
		/* What is added to it has a relocation of its own, where pages are not whole. */
		if (!is_el2_section(flow->m, to.sec))
			return VAL_UNKNOWN;
		to.offset &= ~0xfffLL;
	}

	return value_of(flow, ITEM_ADDR, to.sec->index, to.offset, to.offset);
}

static val_t do_add_imm(struct flow *flow, const struct section *sec, __u64 offset,
			const struct insn *insn, const struct state *state)
{
	const struct reloc *rel = reloc_at(sec, offset);
	struct place to;

	if (rel && rel->type == R_AARCH64_ADD_ABS_LO12_NC) {
		to = reloc_target(&flow->m->elf, rel);
		return to.sec ? value_of(flow, ITEM_ADDR, to.sec->index, to.offset, to.offset) :
				VAL_UNKNOWN;
	}

	return value_add(flow, state->regs[insn->rn], insn->imm, insn->is_64bit);
}

static val_t do_add_reg(struct flow *flow, const struct insn *insn, const struct state *state)
{
	val_t n = state->regs[insn->rn], m = state->regs[insn->rm];
	__u64 number;

	if (!insn->is_64bit)
		return VAL_UNKNOWN;
	if (value_const(flow, m, &number))
		return value_add(flow, n, number << (insn->shift & 63), true);
	if (value_const(flow, n, &number) && !insn->shift)
		return value_add(flow, m, number, true);
	n = value_spread(flow, n);

	return insn->shift ? n : value_join(flow, n, value_spread(flow, m));
}

static val_t do_movk(struct flow *flow, const struct insn *insn, const struct state *state)
{
	__u64 n;

	if (!value_const(flow, state->regs[insn->rd], &n))
		return VAL_UNKNOWN;
	n = (n & ~(0xffffULL << insn->shift)) | (__u64)insn->imm << insn->shift;

	return value_of(flow, ITEM_CONST, 0, n, n);
}

static val_t do_other(struct flow *flow, const struct section *sec, __u64 offset,
		      const struct insn *insn, const struct state *state)
{
	if (value_has(flow, state->regs[insn->rn], ITEM_OPS) ||
	    value_has(flow, state->regs[insn->rm], ITEM_OPS) ||
	    value_has(flow, state->regs[insn->ra], ITEM_OPS))
		lost(flow, sec, offset, "is computed with");

	return VAL_UNKNOWN;
}

static void do_arithmetic(struct flow *flow, const struct section *sec, __u64 offset,
			  const struct insn *insn, struct state *state)
{
	val_t *rd = &state->regs[insn->rd];

	switch (insn->op) {
	case INSN_ADR:
	case INSN_ADRP:
		*rd = do_adr(flow, sec, offset, insn);
		break;
	case INSN_ADD_IMM:
		*rd = do_add_imm(flow, sec, offset, insn, state);
		break;
	case INSN_ADD_REG:
		*rd = do_add_reg(flow, insn, state);
		break;
	case INSN_MOV_IMM:
		*rd = value_of(flow, ITEM_CONST, 0, insn->imm, insn->imm);
		break;
	case INSN_MOVK:
		*rd = do_movk(flow, insn, state);
		break;
	case INSN_MOV_REG:
		*rd = value_add(flow, state->regs[insn->rm], 0, insn->is_64bit);
		break;
	case INSN_CSEL:
		*rd = value_join(flow, state->regs[insn->rn], state->regs[insn->rm]);
		break;
	case INSN_COPY:
		*rd = do_other(flow, sec, offset, insn, state);
		state->regs[insn->rn] = VAL_UNKNOWN;
		state->regs[insn->rm] = VAL_UNKNOWN;
		break;
	case INSN_OTHER:
		*rd = do_other(flow, sec, offset, insn, state);
		break;
	default:
		break;
	}
}

/* --- all of it --- */

/* Returns false where it does not go on after it. */
static bool do_insn(struct flow *flow, const struct section *sec, __u64 offset,
		    const struct insn *insn, struct state *state)
{
	switch (insn->op) {
	case INSN_UNDEFINED:
		return false;
	case INSN_RET:
		add_result(flow, function_around(flow, sec, offset), state->regs[0]);
		return false;
	case INSN_B:
		do_jump(flow, sec, offset, insn, state);
		return false;
	case INSN_B_COND:
		do_jump(flow, sec, offset, insn, state);
		break;
	case INSN_BR:
		do_jump_reg(flow, sec, offset, insn, state);
		return false;
	case INSN_BL:
		do_call(flow, sec, offset, insn, state);
		break;
	case INSN_BLR:
		do_call_reg(flow, sec, offset, insn, state);
		break;
	case INSN_CALL_OUT:
		forget(state, 0x3ffff);
		break;
	case INSN_LDR ... INSN_STP:
	case INSN_ATOMIC:
		do_memory(flow, sec, offset, insn, state);
		break;
	default:
		do_arithmetic(flow, sec, offset, insn, state);
	}
	/* Nothing changes it. */
	state->regs[REG_ZR] = value_of(flow, ITEM_CONST, 0, 0, 0);

	return true;
}

static void run_block(struct flow *flow, struct block *block)
{
	const struct code *code = &flow->codes[block->code];
	struct state state = block->entry;
	__u64 offset = block->offset;
	__u32 word;

	while (section_u32(code->sec, offset, &word) && code->is_code[offset / INSN_SIZE]) {
		struct insn insn = decode(word);

		if (!do_insn(flow, code->sec, offset, &insn, &state))
			return;
		offset += INSN_SIZE;
		if (offset / INSN_SIZE < code->sec->size / INSN_SIZE &&
		    code->blocks[offset / INSN_SIZE] != NO_BLOCK) {
			reach(flow, code->sec, offset, &state);
			return;
		}
	}
}

void flow_init(struct flow *flow, const struct module *m)
{
	code_init(flow, m);
	values_init(flow);
}

/* After flow_enter(). Returns false if it was too much to follow. */
bool flow_run(struct flow *flow)
{
	unsigned int round;
	bool again = true;
	size_t i;

	for (round = 0; again; round++) {
		if (round >= MAX_ROUNDS)
			return false;
		flow->memory_changed = false;
		again = false;
		for (i = 0; i < flow->nr_blocks; i++) {
			struct block *block = &flow->blocks[i];

			if (!block->dirty)
				continue;
			block->dirty = false;
			again = true;
			run_block(flow, block);
		}
		for (i = 0; flow->memory_changed && i < flow->nr_blocks; i++)
			flow->blocks[i].dirty = flow->blocks[i].reached;
		again |= flow->memory_changed;
	}

	return true;
}

void flow_free(struct flow *flow)
{
	code_free(flow);
	values_free(flow);
	free(flow->cells);
}
