// SPDX-License-Identifier: GPL-2.0-only
/* Runs the list of cases on a machine: see cases.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "list.h"

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))

static const struct machine *machine;
static __u64 va, scratch;

/* --- operations --- */

static __u64 value(__u64 arg, const struct cases_page *page)
{
	switch (arg) {
	case A_PFN:
		return page->pfn;
	case A_PHYS:
		return page->phys;
	case A_PHYS_8:
		return page->phys + 8;
	case A_LINEAR:
		return page->linear;
	case A_LINEAR_8:
		return page->linear + 8;
	case A_LINEAR_END:
		return page->linear + CASES_PAGE;
	case A_VA:
		return va;
	case A_VA_8:
		return va + 8;
	case A_VA_2:
		return va + CASES_PAGE;
	case A_SCRATCH:
		return scratch;
	case A_SCRATCH_8:
		return scratch + 8;
	default:
		if (arg > A_PFN && arg < A_END)
			return machine->address(arg, 0, 0);
		return arg;
	}
}

static __s64 raw(enum probe_op member, __u64 a, __u64 b, __u64 c, __u64 d, __u64 e)
{
	return machine->op(member, (const __u64[5]) { a, b, c, d, e });
}

static int errno_of(enum probe_op member, __u64 a, __u64 b, __u64 c, __u64 d, __u64 e)
{
	return (int)raw(member, a, b, c, d, e);
}

/* struct pkvm_sglist_page: 40 bits of pfn, and an order */
static void put_list(__u64 pfn, __u64 order)
{
	machine->poke(scratch, (pfn & ((1ULL << 40) - 1)) | order << 40);
}

static int run_op(const struct op *op, const struct cases_page *page)
{
	__u64 args[5];
	__s64 ret;
	int i;

	for (i = 0; i < 5; i++)
		args[i] = value(op->args[i], page);
	if (op->member == OP_HOST_DONATE_SGLIST_HYP)
		put_list(page->pfn, args[2]);
	ret = machine->op(op->member, args);

	switch (op->result) {
	case R_WINDOW:
		if (ret)
			raw(op->member == OP_FIXMAP_MAP ? OP_FIXMAP_UNMAP : OP_FIXBLOCK_UNMAP,
			    0, 0, 0, 0, 0);
		return ret ? 0 : -1;
	case R_POINTER:
		return ret ? 0 : -1;
	case R_NONE:
		return 0;
	default:
		return ret;
	}
}

/* --- pages --- */

static bool is_memory(enum kind kind)
{
	return kind < MMIO;
}

/* From a page of the host to one of a kind. 0 or an errno. */
static int make(struct cases_page *page, enum kind kind)
{
	__u64 pfn = page->pfn, lin = page->linear;
	int ret = 0;

	switch (kind) {
	case DONATED:
	case DONATED_MAPPED:
		ret = errno_of(OP_HOST_DONATE_HYP, pfn, 1, false, 0, 0);
		break;
	case DONATED_RO:
	case DONATED_RX:
		ret = errno_of(OP_HOST_DONATE_HYP_PROT, pfn, 1, false,
			       kind == DONATED_RO ? CASES_R : CASES_RX, 0);
		break;
	case SHARED:
	case PINNED:
	case PINNED_TWICE:
		ret = errno_of(OP_HOST_SHARE_HYP, pfn, 0, 0, 0, 0);
		break;
	case TAKEN:
	case MAPPED:
		ret = errno_of(OP_MAP_MODULE_PAGES, pfn, va, 1, CASES_RW, false);
		break;
	case MAPPED_RX:
		ret = errno_of(OP_MAP_MODULE_PAGES, pfn, va, 1, CASES_RX, false);
		break;
	case PROT_RO:
	case PROT_RW:
	case PROT_NONE:
		ret = errno_of(OP_HOST_STAGE2_MOD_PROT, pfn,
			       kind == PROT_RO ? CASES_R : kind == PROT_RW ? CASES_RW : 0, 1,
			       false, 0);
		break;
	case MMIO_TAKEN:
		ret = errno_of(OP_HOST_DONATE_HYP, pfn, 1, true, 0, 0);
		break;
	default:
		break;
	}

	if (!ret && (kind == PINNED || kind == PINNED_TWICE))
		ret = errno_of(OP_PIN_SHARED_MEM, lin, lin + CASES_PAGE, 0, 0, 0);
	if (!ret && kind == PINNED_TWICE)
		ret = errno_of(OP_PIN_SHARED_MEM, lin, lin + CASES_PAGE, 0, 0, 0);
	if (!ret && kind == TAKEN)
		ret = errno_of(OP_UNMAP_MODULE_PAGES, pfn, va, 1, 0, 0);
	if (!ret && kind == DONATED_MAPPED)
		ret = errno_of(OP_MAP_MODULE_PAGES, pfn, va, 1, CASES_RW, true);
	page->kind = kind;

	return ret;
}

/* The way back. 0 or an errno: also says whether it was what it seemed to be. */
static int unmake(struct cases_page *page)
{
	__u64 pfn = page->pfn, lin = page->linear;
	enum kind kind = page->kind;
	int ret = 0;

	if (kind == PINNED || kind == PINNED_TWICE)
		raw(OP_UNPIN_SHARED_MEM, lin, lin + CASES_PAGE, 0, 0, 0);
	if (kind == PINNED_TWICE)
		raw(OP_UNPIN_SHARED_MEM, lin, lin + CASES_PAGE, 0, 0, 0);
	if (kind == MAPPED || kind == MAPPED_RX || kind == DONATED_MAPPED)
		ret = errno_of(OP_UNMAP_MODULE_PAGES, pfn, va, 1, 0, 0);

	switch (kind) {
	case SHARED:
	case PINNED:
	case PINNED_TWICE:
		return errno_of(OP_HOST_UNSHARE_HYP, pfn, 0, 0, 0, 0);
	case DONATED:
	case DONATED_RO:
	case DONATED_RX:
	case TAKEN:
	case MAPPED:
	case MAPPED_RX:
	case DONATED_MAPPED:
	case MMIO_TAKEN:
		return ret ?: errno_of(OP_HYP_DONATE_HOST, pfn, 1, 0, 0, 0);
	case PROT_RO:
	case PROT_RW:
	case PROT_NONE:
		return errno_of(OP_HOST_STAGE2_MOD_PROT, pfn, CASES_RWX, 1, false, 0);
	default:
		return ret;
	}
}

/* A new page of a kind. 0 or an errno. */
static int get_page(struct cases_page *page, enum kind kind)
{
	memset(page, 0, sizeof(*page));
	if (kind < GUEST) {
		machine->alloc(page);
	} else {
		page->pfn = kind == PAST_PA ? 1ULL << 36 : kind == LAST ? ~0ULL :
			    machine->foreign(kind == MMIO_TAKEN ? MMIO : kind);
		page->phys = page->pfn * CASES_PAGE;
	}
	page->linear = machine->linear(page->phys);

	return make(page, kind);
}

static struct view look(const struct cases_page *page)
{
	static char hosts[2][3];
	static int next;
	char *host = hosts[next++ % 2];
	struct view view = {
		.host = host,
		.linear = machine->el2_prot(page->linear),
		.mapped = machine->el2_prot(va),
	};

	strcpy(host, "--");
	if (is_memory(page->kind) && !machine->host_read(page)) {
		host[0] = 'r';
		if (!machine->host_write(page))
			host[1] = 'w';
	}

	return view;
}

static bool same_view(const struct view *a, const struct view *b)
{
	return !strcmp(a->host, b->host) && !strcmp(a->linear, b->linear) &&
	       !strcmp(a->mapped, b->mapped);
}

/* --- results --- */

static __attribute__((format(printf, 1, 2))) void say(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	machine->say(text);
}

static __attribute__((format(printf, 2, 3))) void result(bool ok, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	machine->result(ok, text);
}

static void say_view(const char *what, const struct view *view)
{
	say("%s: host %s, EL2 %s in the linear range, %s in module VA", what, view->host, view->linear,
	    view->mapped);
}

static const char *name_of(enum result how, int ret)
{
	static char buf[4][32];
	static int next;
	char *name = buf[next++ % 4];

	if (how == R_POINTER || how == R_WINDOW)
		return ret ? "NULL" : "an address";
	if (how == R_NONE)
		return "nothing";
	snprintf(name, sizeof(buf[0]), "%s%s", ret < 0 ? "-" : "",
		 ret < 0 ? strerrorname_np(-ret) ?: "?" : "0");

	return name;
}

static void setup(const struct machine *m)
{
	struct cases_page page;

	machine = m;
	m->alloc(&page);
	page.linear = m->linear(page.phys);
	if (errno_of(OP_HOST_DONATE_HYP, page.pfn, 1, false, 0, 0))
		say("no page for EL2 to put results in");
	scratch = page.linear;
	va = raw(OP_ALLOC_MODULE_VA, 4, 0, 0, 0, 0);
}

/*
 * Run an operation on a new page: it is to give @ret and to make a page of the kind
 * @then of it, and the way back from there is to work.
 */
static void run_case(const struct op *op, enum kind kind, int ret, enum kind then,
		     const char *more)
{
	struct cases_page page;
	struct view before, after, wanted;
	int made, got = 0, back = 0;
	bool ok;

	made = get_page(&page, kind);
	before = look(&page);
	if (!made) {
		got = run_op(op, &page);
		page.kind = then == SAME ? kind : then;
	}
	after = look(&page);
	wanted = page.kind < GUEST ? views[page.kind] : before;
	back = made ?: unmake(&page);

	ok = !made && got == ret && same_view(&after, &wanted) && !back;
	if (made)
		say("such a page can not be made: %s", name_of(R_ERRNO, made));
	else if (!ok)
		say("it gives %s, wanted %s; undoing it gives %s", name_of(op->result, got),
		    name_of(op->result, ret), name_of(R_ERRNO, back));
	if (!ok) {
		say_view("before", &before);
		say_view("after", &after);
		say_view("wanted", &wanted);
		/* What is mapped there now would be in the way of all that follows. */
		va = raw(OP_ALLOC_MODULE_VA, 4, 0, 0, 0, 0);
	}
	result(ok, "%s%s of %s gives %s%s%s", op->name, more, kind_names[kind],
	       name_of(op->result, ret), then == SAME ? "" : ": ",
	       then == SAME ? "" : kind_names[then]);
}

static const struct outcome *outcome_of(const struct page_cases *cases, enum kind kind)
{
	const struct outcome *found = &cases->outcomes[0], *o;

	for (o = found + 1; o < cases->outcomes + MAX_OUTCOMES && o->kind; o++) {
		if (o->kind == kind)
			found = o;
	}

	return found;
}

void run_page_cases(const struct machine *m)
{
	size_t i;

	setup(m);
	for (i = 0; i < ARRAY_LEN(page_cases); i++) {
		const struct page_cases *cases = &page_cases[i];

		for (enum kind kind = HOST; kind < NR_KINDS; kind++) {
			const struct outcome *o = outcome_of(cases, kind);

			if (o->ret != SKIP)
				run_case(&cases->op, kind, o->ret, o->then, "");
		}
	}
}

void run_range_cases(const struct machine *m)
{
	char more[128];
	size_t i, j;

	setup(m);
	for (i = 0; i < ARRAY_LEN(range_ops); i++) {
		for (j = 0; j < ARRAY_LEN(bad_ranges); j++) {
			struct op op = range_ops[i].op;

			op.args[range_ops[i].nr] = bad_ranges[j].nr;
			snprintf(more, sizeof(more), ", %s, the first one", bad_ranges[j].name);
			run_case(&op, range_ops[i].kind, -EINVAL, SAME, more);
		}
	}
}

void run_prot_cases(const struct machine *m)
{
	char more[64];
	size_t i, j;

	setup(m);
	for (i = 0; i < ARRAY_LEN(prot_ops); i++) {
		for (j = 0; j < ARRAY_LEN(bad_prots); j++) {
			struct op op = prot_ops[i].op;

			if (!(bad_prots[j].is_bad & prot_ops[i].is_bad))
				continue;
			op.args[prot_ops[i].prot] = bad_prots[j].prot;
			snprintf(more, sizeof(more), " with %s", bad_prots[j].name);
			run_case(&op, prot_ops[i].kind, -EINVAL, SAME, more);
		}
	}
}

static void run_handler(enum probe_op member, __u64 fn, int ret, const char *op, const char *what)
{
	int got = errno_of(member, fn, 0, 0, 0, 0);

	if (got != ret)
		say("it gives %s", name_of(R_ERRNO, got));
	result(got == ret, "%s of %s gives %s", op, what, name_of(R_ERRNO, ret));
}

/* Comes first: what needs a handler is refused before. */
void run_handler_cases(const struct machine *m)
{
	struct cases_page page;
	enum traps_kind kind;
	char what[32];
	size_t i;
	int nr;

	setup(m);
	run_case(&(struct op) { "host_stage2_mod_prot(r--) without a handler",
				OP_HOST_STAGE2_MOD_PROT, { A_PFN, CASES_R, 1, false } },
		 HOST, -ENOENT, SAME, "");

	get_page(&page, HOST);
	for (kind = 0; kind < TRAPS_NR_KINDS; kind++) {
		enum probe_op member = handler_kinds[kind].member;
		const char *name = handler_kinds[kind].name;

		for (i = 0; i < ARRAY_LEN(bad_handlers); i++)
			run_handler(member, value(bad_handlers[i].what, &page), bad_handlers[i].ret,
				    name, bad_handlers[i].name);
		for (nr = 0; nr < TRAPS_HANDLERS; nr++) {
			__u64 fn = m->address(A_HANDLER, kind, nr);

			snprintf(what, sizeof(what), "function %d", nr + 1);
			run_handler(member, fn, nr < TRAPS_HANDLERS - 1 ? 0 : -EBUSY, name, what);
			if (nr)
				continue;
			run_handler(member, fn, -EBUSY, name, "a function for the second time");
		}
	}
}

void run_other_cases(const struct machine *m)
{
	size_t i;

	setup(m);
	for (i = 0; i < ARRAY_LEN(other_steps); i++) {
		const struct step *step = &other_steps[i];
		struct cases_page page;
		int got;

		get_page(&page, HOST);
		got = run_op(&step->op, &page);
		if (got != step->ret)
			say("it gives %s", name_of(step->op.result, got));
		result(got == step->ret, "%s gives %s", step->op.name,
		       name_of(step->op.result, step->ret));
	}
}

#define MAX_ALLOCS	16

static void run_alloc(const struct heap_step *step, __u64 *addr)
{
	int error;
	unsigned int missing;

	*addr = raw(OP_HYP_ALLOC, step->size, 0, 0, 0, 0);
	error = errno_of(OP_HYP_ALLOC_ERRNO, 0, 0, 0, 0, 0);
	missing = raw(OP_HYP_ALLOC_MISSING_DONATIONS, 0, 0, 0, 0, 0) & 0xff;

	if (error != step->error || missing != step->missing || !*addr != !!step->error)
		say("address %#llx, %s, %u pages missing", *addr, name_of(R_ERRNO, error), missing);
	result(error == step->error && missing == step->missing && !*addr == !!step->error,
	       "hyp_alloc(%lu) gives %s, %u pages missing", step->size,
	       step->error ? name_of(R_ERRNO, step->error) : "an address", step->missing);
}

void run_heap_cases(const struct machine *m)
{
	__u64 allocs[MAX_ALLOCS] = {};
	unsigned int nr = 0;
	size_t i;

	setup(m);
	for (i = 0; i < ARRAY_LEN(heap_steps); i++) {
		const struct heap_step *step = &heap_steps[i];
		unsigned long got;
		__u64 addr;

		switch (step->what) {
		case TOPUP:
			result(!m->topup(step->size), "the heap is given %lu pages", step->size);
			break;
		case RECLAIM:
			got = m->reclaim(step->size);
			if (got != step->reclaimed)
				say("it gives %lu", got);
			result(got == step->reclaimed, "%lu of %lu pages come back",
			       step->reclaimed, step->size);
			break;
		case FREE:
			raw(OP_HYP_FREE, allocs[step->size], 0, 0, 0, 0);
			break;
		case ALLOC:
			run_alloc(step, &addr);
			if (addr)
				allocs[nr++ % MAX_ALLOCS] = addr;
			break;
		}
	}
}
