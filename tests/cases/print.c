// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the list rather than to run it, for tools/ops.sh. A line for each case, with
 * tabs between: the member, what it is given, what it answers.
 */
#include "cases.c"

static void print(const struct op *op, const char *what, int ret)
{
	printf("%.*s\t%s%s%s\t%s\n", (int)strcspn(op->name, "("), op->name, strchr(op->name, '('),
	       *what ? " of " : "", what, name_of(op->result, ret));
}

static void print_kinds(void)
{
	for (size_t i = 0; i < ARRAY_LEN(page_cases); i++) {
		for (enum kind kind = HOST; kind < NR_KINDS; kind++) {
			const struct outcome *o = outcome_of(&page_cases[i], kind);

			if (o->ret != SKIP)
				print(&page_cases[i].op, kind_names[kind], o->ret);
		}
	}
}

static void print_handlers(void)
{
	for (size_t i = 0; i < ARRAY_LEN(handler_kinds); i++) {
		const struct op op = { handler_kinds[i].name, handler_kinds[i].member };

		for (size_t j = 0; j < ARRAY_LEN(bad_handlers); j++)
			print(&op, bad_handlers[j].name, bad_handlers[j].ret);
		print(&op, "a function for the second time", -EBUSY);
	}
}

int main(void)
{
	print_kinds();
	for (size_t i = 0; i < ARRAY_LEN(range_ops); i++) {
		for (size_t j = 0; j < ARRAY_LEN(bad_ranges); j++)
			print(&range_ops[i].op, bad_ranges[j].name, -EINVAL);
	}
	for (size_t i = 0; i < ARRAY_LEN(prot_ops); i++) {
		for (size_t j = 0; j < ARRAY_LEN(bad_prots); j++) {
			if (bad_prots[j].is_bad & prot_ops[i].is_bad)
				print(&prot_ops[i].op, bad_prots[j].name, -EINVAL);
		}
	}
	print_handlers();
	for (size_t i = 0; i < ARRAY_LEN(other_steps); i++)
		print(&other_steps[i].op, "", other_steps[i].ret);
	for (size_t i = 0; i < ARRAY_LEN(heap_steps); i++) {
		const struct heap_step *step = &heap_steps[i];

		if (step->what != ALLOC || !step->error)
			continue;
		printf("hyp_alloc\t() of %s\t%s\n", !step->size ? "nothing" :
		       step->error == -EINVAL ? "everything" : "what the heap lacks pages for",
		       name_of(R_ERRNO, step->error));
	}

	return 0;
}
