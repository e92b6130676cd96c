// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a module uses of the interface: first at EL1, where it loads its EL2 part and
 * registers calls; then at EL2, from the init function, which is given the table.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "flow.h"

/* More EL1 code than this is not followed: a driver may be large. */
#define MAX_EL1_TEXT	(512u << 10)
#define MAX_EL2_TEXT	(4096u << 10)

/* --- EL1 --- */

static bool is_el2_text(const struct module *m, const struct symbol *sym)
{
	return m->el2[EL2_TEXT] && sym->shndx == m->el2[EL2_TEXT]->index &&
	       sym->value < m->el2[EL2_TEXT]->size;
}

/* What begins just there, or NULL. */
static const struct symbol *symbol_of(const struct place *place)
{
	const struct symbol *sym = NULL;

	if (place->sec && place->offset >= 0)
		sym = symbol_at(place->sec, place->offset);

	return sym && sym->value == (__u64)place->offset ? sym : NULL;
}

static void add_call(struct uses *uses, const struct symbol *sym)
{
	size_t i;

	for (i = 0; i < uses->nr_calls; i++)
		if (uses->calls[i] == sym)
			return;
	if (uses->nr_calls < MAX_CALLS)
		uses->calls[uses->nr_calls++] = sym;
}

/* The symbols whose addresses a value may be. Returns false if it may be others, too. */
static bool symbols_of(const struct flow *flow, val_t val, const struct symbol **syms, size_t max,
		       size_t *nr)
{
	struct value value = value_get(flow, val);
	bool all = !value.unknown && value.nr;
	struct place places[64];
	unsigned int i;
	size_t j, n;

	*nr = 0;
	for (i = 0; i < value.nr; i++) {
		const struct item *item = &value.items[i];

		n = 0;
		if (item->kind == ITEM_POINTERS)
			n = pointers_in(flow, item, places, ARRAY_SIZE(places));
		else if (item->kind == ITEM_ADDR && item->lo == item->hi && item->lo >= 0)
			places[n++] = (struct place) {
				elf_section_at(&flow->m->elf, item->region), item->lo,
			};
		if (!n || n == ARRAY_SIZE(places))
			all = false;
		for (j = 0; j < n; j++) {
			const struct symbol *sym = symbol_of(&places[j]);

			if (sym && *nr < max)
				syms[(*nr)++] = sym;
			else
				all = false;
		}
	}

	return all;
}

/* __pkvm_load_el2_module(mod, ops_version, ops_size, init_fn, token) */
static void on_load(struct flow *flow, struct uses *uses, const struct state *state)
{
	const struct symbol *syms[64];
	size_t i, nr;
	bool all;

	uses->nr_loads++;
	uses->version_known = value_const(flow, state->regs[1], &uses->version) &&
			      value_const(flow, state->regs[2], &uses->size);
	uses->version &= 0xffffffff;

	all = symbols_of(flow, state->regs[3], syms, ARRAY_SIZE(syms), &nr);
	for (i = 0; i < nr; i++) {
		if (!is_el2_text(flow->m, syms[i])) {
			uses->bad_init = uses->bad_init ?: syms[i];
			continue;
		}
		uses->init = syms[i];
		all = false;
	}
	/* One that it may be, or may not, is the module's own affair. */
	if (!all)
		uses->bad_init = NULL;
}

/* __pkvm_register_el2_mod_call(hfn) */
static void on_register(struct flow *flow, struct uses *uses, const struct state *state)
{
	const struct symbol *syms[64];
	size_t i, nr;

	if (!symbols_of(flow, state->regs[0], syms, ARRAY_SIZE(syms), &nr))
		uses->calls_estimated = true;
	for (i = 0; i < nr; i++) {
		if (is_el2_text(flow->m, syms[i]))
			add_call(uses, syms[i]);
		else
			uses->bad_call = syms[i];
	}
}

static void on_el1_call(struct flow *flow, const struct symbol *sym, const struct state *state)
{
	if (sym->shndx != SHN_UNDEF)
		return;
	if (!strcmp(sym->name, "__pkvm_load_el2_module"))
		on_load(flow, flow->arg, state);
	else if (!strcmp(sym->name, "__pkvm_register_el2_mod_call"))
		on_register(flow, flow->arg, state);
}

static void enter_all(struct flow *flow, bool only_from_outside)
{
	size_t i;

	for (i = 0; i < flow->nr_functions; i++) {
		struct function *f = &flow->functions[i];

		if (!only_from_outside || f->address_taken || !f->called)
			flow_enter(flow, f, VAL_UNKNOWN);
	}
}

/* Returns false if it was too much to follow. */
static bool follow_el1(struct module *m, struct uses *uses)
{
	struct flow flow = { .arg = uses, .on_call = on_el1_call };
	__u64 size = 0;
	unsigned int i;
	bool done;

	flow_init(&flow, m);
	for (i = 1; i < m->elf.nr_sections; i++) {
		const struct section *sec = &m->elf.sections[i];

		if (sec == m->el2[EL2_TEXT] || !sec->data || sec->size < INSN_SIZE ||
		    !(sec->flags & SHF_EXECINSTR) || !(sec->flags & SHF_ALLOC))
			continue;
		size += sec->size;
		if (size <= MAX_EL1_TEXT)
			code_add(&flow, sec);
	}
	code_ready(&flow);
	enter_all(&flow, true);
	done = flow_run(&flow) && size <= MAX_EL1_TEXT;
	flow_free(&flow);

	return done;
}

/* Without more to go by: the functions of the EL2 part that EL1 has the addresses of. */
static void estimate_calls(struct module *m, struct uses *uses)
{
	unsigned int i;
	size_t r;

	uses->calls_estimated = true;
	for (i = 1; i < m->elf.nr_sections; i++) {
		const struct section *sec = &m->elf.sections[i];

		if (!(sec->flags & SHF_ALLOC) || is_el2_section(m, sec) ||
		    sec == m->el2[EL2_RELOC] || !strcmp(sec->name, "__bug_table") ||
		    !strcmp(sec->name, ".altinstructions"))
			continue;
		for (r = 0; r < sec->nr_relocs; r++) {
			struct place to = reloc_target(&m->elf, &sec->relocs[r]);
			const struct symbol *sym = symbol_of(&to);

			if (sym && is_el2_text(m, sym) && sym->type == STT_FUNC &&
			    sym != uses->init)
				add_call(uses, sym);
		}
	}
}

/* --- EL2 --- */

static void on_op(struct flow *flow, const struct section *sec, __u64 offset, __s64 member)
{
	struct uses *uses = flow->arg;
	__u64 slot = member / 8;

	if (member >= 0 && member % 8 == 0 && slot < ops_slots && slot < MAX_OPS) {
		uses->ops[slot] = true;
		return;
	}
	if (!uses->outside) {
		uses->outside = must_printf("%s", where(sec, offset));
		uses->outside_at = member;
	}
}

static void on_lost(struct flow *flow, const struct section *sec, __u64 offset, const char *why)
{
	struct uses *uses = flow->arg;

	if (!uses->lost)
		uses->lost = must_printf("at %s the table %s", where(sec, offset), why);
}

static void enter_init(struct module *m, struct flow *flow, struct uses *uses)
{
	val_t table = value_of(flow, ITEM_OPS, 0, 0, 0);
	struct function *f;
	size_t i;

	f = uses->init ? function_at(flow, m->el2[EL2_TEXT], uses->init->value) : NULL;
	if (f) {
		flow_enter(flow, f, table);
		return;
	}
	/* It is one of them. */
	uses->lost = must_printf("which function is the EL2 init function is not known");
	for (i = 0; i < uses->nr_calls; i++) {
		f = function_at(flow, m->el2[EL2_TEXT], uses->calls[i]->value);
		if (f)
			flow_enter(flow, f, table);
	}
}

static void follow_el2(struct module *m, struct uses *uses)
{
	struct flow flow = { .arg = uses, .on_op = on_op, .on_lost = on_lost };
	const struct section *text = m->el2[EL2_TEXT];

	if (!text || !text->data || text->size < INSN_SIZE)
		return;
	if (text->size > MAX_EL2_TEXT) {
		uses->lost = must_printf("the EL2 text is too large to be followed");
		return;
	}
	flow_init(&flow, m);
	code_add(&flow, text);
	code_ready(&flow);
	enter_init(m, &flow, uses);
	enter_all(&flow, true);
	if (!flow_run(&flow) && !uses->lost)
		uses->lost = must_printf("the EL2 text is too tangled to be followed");
	flow_free(&flow);
}

/* --- findings --- */

static void check_table(struct module *m, struct uses *uses)
{
	__u64 version = ops_version, slots = ops_slots;

	if (!uses->version_known)
		return;
	if (m->kernel && m->kernel->ops_slots) {
		version = m->kernel->ops_version;
		slots = m->kernel->ops_slots;
	}
	if (uses->version != version || uses->size != slots * 8)
		found(m->findings, m->kernel ? OPS_TABLE : OPS_TABLE_HERE, NULL,
		      "for pkvm_module_ops %llu (%llu bytes), not %llu (%llu)",
		      (unsigned long long)uses->version, (unsigned long long)uses->size,
		      (unsigned long long)version, (unsigned long long)slots * 8);
}

static void check_ops(struct module *m, struct uses *uses)
{
	__u64 members = nr_ops;
	unsigned int slot;

	if (m->kernel && m->kernel->ops_slots)
		members = m->kernel->ops_slots - m->kernel->ops_reserved;
	for (slot = members; slot < ops_slots && slot < MAX_OPS; slot++)
		if (uses->ops[slot])
			found(m->findings, OP_RESERVED, NULL,
			      "uses member %u of struct pkvm_module_ops, %s", slot,
			      slot < nr_ops ? ops[slot].name : "which is reserved");
	if (uses->outside)
		found(m->findings, OP_OUTSIDE, uses->outside,
		      "uses struct pkvm_module_ops at byte %lld, where it has no member",
		      (long long)uses->outside_at);
}

static void find_releases(struct uses *uses)
{
	unsigned int slot;

	uses->releases = ALL_RELEASES;
	for (slot = 0; slot < nr_ops; slot++)
		if (uses->ops[slot])
			uses->releases &= ops[slot].releases;
}

static bool uses_op(const struct uses *uses, const char *name)
{
	unsigned int slot;

	for (slot = 0; slot < nr_ops; slot++)
		if (uses->ops[slot] && !strcmp(ops[slot].name, name))
			return true;

	return false;
}

static void check_trace_init(struct module *m, struct uses *uses)
{
	const struct section *events = elf_section(&m->elf, ".pkvm_events");

	if (events && events->size && !uses->lost && !uses_op(uses, "register_hyp_event_ids"))
		found(m->findings, EVENTS_UNUSED, events->name, "no pkvm_trace_init() for them");
}

void find_uses(struct module *m)
{
	struct uses *uses = m->uses;
	bool followed = follow_el1(m, uses);

	if (!followed || uses->calls_estimated || !uses->init)
		estimate_calls(m, uses);
	follow_el2(m, uses);
	find_releases(uses);

	if (!elf_symbol(&m->elf, "__pkvm_load_el2_module"))
		found(m->findings, NOT_LOADED, NULL, "nothing in it loads its EL2 part");
	if (uses->bad_init)
		found(m->findings, INIT_NOT_TEXT, NULL,
		      "its EL2 init function '%s' is not in .hyp.text",
		      plain_name(uses->bad_init->name));
	if (uses->bad_call)
		found(m->findings, CALL_NOT_TEXT, NULL, "registers '%s', which is not in .hyp.text",
		      plain_name(uses->bad_call->name));
	check_table(m, uses);
	check_ops(m, uses);
	check_trace_init(m, uses);
}

void uses_free(struct uses *uses)
{
	free(uses->lost);
	free(uses->outside);
	memset(uses, 0, sizeof(*uses));
}
