// SPDX-License-Identifier: GPL-2.0-only
/* Programs as text, and back. */
#include <ctype.h>
#include <string.h>

#include "program.h"

static const struct {
	const char *name;
	unsigned int nr_args;
} kinds[NR_KINDS] = {
	[STEP_SETUP] = { "setup", FUZZ_MAX_ARGS },
	[STEP_CPU] = { "cpu", 1 },
	[STEP_REPEAT] = { "repeat", 1 },
	[STEP_HVC] = { "hvc", 6 },
	[STEP_SMC] = { "smc", FUZZ_MAX_ARGS },
	[STEP_GUEST_SMC] = { "guest-smc", FUZZ_MAX_ARGS },
	[STEP_FAULT] = { "fault", 2 },
	[STEP_TRAP] = { "trap", FUZZ_MAX_ARGS },
	[STEP_PSCI] = { "psci", 1 },
	[STEP_TRNG] = { "trng", 2 },
	[STEP_READ] = { "read", 1 },
	[STEP_WRITE] = { "write", 2 },
	[STEP_EXEC] = { "exec", 1 },
	[STEP_TOPUP] = { "topup", 1 },
};

static const char * const bases[NR_BASES] = {
	[BASE_PFN] = "pfn",
	[BASE_PHYS] = "phys",
	[BASE_HYP] = "hyp",
	[BASE_KERN] = "kern",
	[BASE_RESULT] = "x",
};

static const char * const pages[NR_PAGES] = {
	[PAGE_EL2] = "el2",
	[PAGE_IMAGE] = "image",
	[PAGE_GUEST] = "guest",
	[PAGE_GUEST_SHARED] = "guest-shared",
};

unsigned int nr_args(enum kind kind)
{
	return kinds[kind].nr_args;
}

/* --- to text --- */

struct text {
	char *buf;
	size_t size, len;
};

static __printf(2, 3) void add(struct text *text, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text->buf + text->len, text->size - text->len, format, args);
	va_end(args);
	text->len = min(text->len + len, text->size - 1);
}

static void add_value(struct text *text, const struct value *value)
{
	if (value->base == BASE_NUMBER) {
		add(text, " %#llx", value->offset);
		return;
	}
	if (value->base == BASE_RESULT || !pages[value->index])
		add(text, " %s(%u)", bases[value->base], value->index);
	else
		add(text, " %s(%s)", bases[value->base], pages[value->index]);
	if (value->offset)
		add(text, "+%#llx", value->offset);
}

static bool is_zero(const struct value *value)
{
	return value->base == BASE_NUMBER && !value->offset;
}

/* Arguments that are 0 need not be said at the end. */
size_t print_step(const struct step *step, char *buf, size_t size)
{
	struct text text = { buf, size };
	unsigned int i, nr = nr_args(step->kind);

	while (nr > 1 && is_zero(&step->args[nr - 1]))
		nr--;
	add(&text, "%s", kinds[step->kind].name);
	if (step->kind == STEP_HVC)
		add(&text, " %s", sim_calls[step->call].name);
	for (i = 0; i < nr; i++)
		add_value(&text, &step->args[i]);

	return text.len;
}

size_t print_program(const struct program *program, char *buf, size_t size)
{
	char line[512];
	size_t len = 0, add;
	unsigned int i;

	for (i = 0; i < program->nr; i++) {
		add = print_step(&program->steps[i], line, sizeof(line) - 1);
		line[add++] = '\n';
		if (add > size - len)
			break;
		memcpy(buf + len, line, add);
		len += add;
	}

	return len;
}

/* --- from text --- */

static bool parse_index(const char **at, enum base base, unsigned int *index)
{
	char *end;
	unsigned int i;

	if (isdigit(**at)) {
		*index = strtoul(*at, &end, 10);
		*at = end;
		return *index < (base == BASE_RESULT ? 4 : FUZZ_NR_PAGES);
	}
	/* guest is the beginning of guest-shared */
	for (i = NR_PAGES - 1; base != BASE_RESULT && i >= FUZZ_NR_PAGES; i--) {
		if (!strncmp(*at, pages[i], strlen(pages[i]))) {
			*at += strlen(pages[i]);
			*index = i;
			return true;
		}
	}

	return false;
}

static bool parse_number(const char *word, u64 *number)
{
	char *end;

	if (!isdigit(*word))
		return false;
	errno = 0;
	*number = strtoull(word, &end, 0);

	return !*end && !errno;
}

static bool parse_value(const char *word, struct value *value)
{
	enum base base;
	size_t len;

	*value = (struct value) { };
	if (parse_number(word, &value->offset))
		return true;

	for (base = BASE_PFN; base < NR_BASES; base++) {
		len = strlen(bases[base]);
		if (!strncmp(word, bases[base], len) && word[len] == '(')
			break;
	}
	if (base == NR_BASES)
		return false;

	value->base = base;
	word += len + 1;
	if (!parse_index(&word, base, &value->index) || *word++ != ')')
		return false;

	return !*word || (*word == '+' && parse_number(word + 1, &value->offset));
}

static bool parse_call(const char *word, unsigned int *call)
{
	for (*call = 0; *call < sim_nr_calls; ++*call) {
		if (word && !strcmp(word, sim_calls[*call].name))
			return true;
	}

	return false;
}

static bool parse_step(char *line, struct step *step)
{
	char *save, *word = strtok_r(line, " \t", &save);
	unsigned int i;

	*step = (struct step) { };
	while (step->kind < NR_KINDS && strcmp(word, kinds[step->kind].name))
		step->kind++;
	if (step->kind == NR_KINDS)
		return false;
	if (step->kind == STEP_HVC && !parse_call(strtok_r(NULL, " \t", &save), &step->call))
		return false;

	for (i = 0; (word = strtok_r(NULL, " \t", &save)); i++) {
		if (i == nr_args(step->kind) || !parse_value(word, &step->args[i]))
			return false;
	}

	return true;
}

unsigned int parse_program(struct program *program, const char *text, size_t size)
{
	const char *end = text + size, *next;
	unsigned int nr = 0, wrong = 0;
	char line[512];
	size_t len;

	program->nr = 0;
	for (; text < end; text = next) {
		next = memchr(text, '\n', end - text) ?: end;
		len = min((size_t)(next - text), sizeof(line) - 1);
		memcpy(line, text, len);
		line[len] = '\0';
		next++;
		nr++;
		if (!line[strspn(line, " \t")] || line[0] == '#')
			continue;
		if (program->nr < MAX_STEPS && parse_step(line, &program->steps[program->nr]))
			program->nr++;
		else
			wrong = wrong ?: nr;
	}

	return wrong;
}
