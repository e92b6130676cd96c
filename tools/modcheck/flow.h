/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What registers and memory may hold, found by following the code without running it:
 * every path is taken, and a place that is written twice may hold either.
 *
 * A value is a few items, any of which it may be, and perhaps something unknown beside.
 * Values are kept once each and go by number, so that a register is a number, too.
 *
 * What is assumed: functions keep to the procedure call standard; nothing is written by
 * pointers that are not known. Where the pointer that is looked for gets out of sight,
 * lost() is called, and the result is no longer complete.
 */
#ifndef MODCHECK_FLOW_H
#define MODCHECK_FLOW_H

#include "insn.h"
#include "modcheck.h"

enum item_kind {
	ITEM_CONST,		/* lo */
	ITEM_ADDR,		/* in @region, from lo to hi */
	ITEM_POINTERS,		/* what an initialised pointer there points to */
	ITEM_OPS,		/* in struct pkvm_module_ops, from lo to hi */
	ITEM_OP,		/* a member of it, at lo */
};

struct item {
	enum item_kind kind;
	unsigned int region;	/* a section, or after those the frame of a function */
	__s64 lo, hi;
};

#define ANYWHERE_LO	(-(1LL << 40))
#define ANYWHERE_HI	(1LL << 40)
#define MAX_ITEMS	4

#ifndef fallthrough
#define fallthrough	__attribute__((fallthrough))
#endif

struct value {
	bool unknown;
	unsigned char nr;
	struct item items[MAX_ITEMS];
};

typedef __u32 val_t;

#define VAL_UNKNOWN	0

struct state {
	val_t regs[NR_REGS];
};

struct function {
	const struct section *sec;
	__u64 start, end;
	bool called;		/* directly */
	bool address_taken;
	__u32 written;		/* registers that it may change, with what it calls */
	val_t result;
};

struct block {
	__u64 offset;
	unsigned int code;
	bool reached, dirty;
	struct state entry;
};

/* A section of code. */
struct code {
	const struct section *sec;
	bool *is_code;		/* by word */
	__u32 *blocks;		/* by word: the block that begins there, or NO_BLOCK */
};

#define NO_BLOCK	(~0u)

struct cell {
	unsigned int region;
	__s64 offset;		/* ANYWHERE_LO: at any */
	val_t val;
};

struct flow {
	const struct module *m;

	struct code *codes;
	unsigned int nr_codes;
	struct function *functions;	/* by section and offset */
	size_t nr_functions;
	struct block *blocks;
	size_t nr_blocks;

	struct value *values;
	__u32 nr_values, *value_hash, value_hash_size;
	struct cell *cells;
	size_t nr_cells;
	bool memory_changed;

	/* Told of what is seen on the way; more than once */
	void *arg;
	void (*on_call)(struct flow *flow, const struct symbol *sym, const struct state *state);
	void (*on_op)(struct flow *flow, const struct section *sec, __u64 offset, __s64 member);
	void (*on_lost)(struct flow *flow, const struct section *sec, __u64 offset,
			const char *why);
};

/* --- value.c --- */

void values_init(struct flow *flow);
void values_free(struct flow *flow);
val_t value_number(struct flow *flow, const struct value *value);
val_t value_of(struct flow *flow, enum item_kind kind, unsigned int region, __s64 lo, __s64 hi);
val_t value_join(struct flow *flow, val_t a, val_t b);
val_t value_add(struct flow *flow, val_t val, __s64 n, bool is_64bit);
val_t value_spread(struct flow *flow, val_t val);
void value_add_item(struct flow *flow, struct value *value, const struct item *item);
bool value_has(const struct flow *flow, val_t val, enum item_kind kind);
bool value_const(const struct flow *flow, val_t val, __u64 *n);

static inline struct value value_get(const struct flow *flow, val_t val)
{
	return flow->values[val];
}

/* --- memory.c --- */

val_t memory_load(struct flow *flow, val_t address, unsigned int size);
bool memory_store(struct flow *flow, val_t address, val_t val, unsigned int size);
size_t pointers_in(const struct flow *flow, const struct item *item, struct place *places,
		   size_t max);

/* --- code.c --- */

void code_init(struct flow *flow, const struct module *m);
void code_free(struct flow *flow);
void code_add(struct flow *flow, const struct section *sec);
void code_ready(struct flow *flow);
bool is_insn(struct flow *flow, const struct section *sec, __u64 offset);
struct code *code_of(struct flow *flow, const struct section *sec);
struct function *function_at(struct flow *flow, const struct section *sec, __u64 offset);
struct function *function_at_place(struct flow *flow, const struct place *place);
struct function *function_around(struct flow *flow, const struct section *sec, __u64 offset);
struct place branch_target(const struct flow *flow, const struct section *sec, __u64 offset,
			   const struct insn *insn);

/* --- flow.c --- */

void flow_init(struct flow *flow, const struct module *m);
void flow_enter(struct flow *flow, struct function *function, val_t x0);
bool flow_run(struct flow *flow);
void flow_free(struct flow *flow);

#endif
