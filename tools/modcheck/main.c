// SPDX-License-Identifier: GPL-2.0-only
/* usage: pkvm-modcheck [--kernel OBJTREE] [--json | --quiet] FILE.ko... */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "help.h"
#include "modcheck.h"

enum { SANE, FINDINGS, UNREADABLE };
enum form { FORM_TEXT, FORM_QUIET, FORM_JSON };

#define MAX_FILE	(1u << 30)

/* Returns NULL, or why it can not be read. */
static const char *read_file(const char *path, void **image, size_t *size)
{
	FILE *f = fopen(path, "r");
	struct stat st;

	if (!f)
		return strerror(errno);
	if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode) || st.st_size > MAX_FILE) {
		fclose(f);
		return "it is not a regular file, or larger than 1 GiB";
	}
	*image = must_alloc(1, st.st_size);
	*size = fread(*image, 1, st.st_size, f);
	fclose(f);

	return NULL;
}

static void report(const struct module *m, enum form form)
{
	switch (form) {
	case FORM_TEXT:
		report_text(m, stdout);
		break;
	case FORM_QUIET:
		report_findings(m, stdout);
		break;
	case FORM_JSON:
		report_json(m, stdout);
		break;
	}
}

static int check_file(const char *path, struct kernel *kernel, enum form form)
{
	struct findings findings = { 0 };
	struct uses uses = { 0 };
	struct module m = { .path = path, .kernel = kernel, .findings = &findings, .uses = &uses };
	void *image = NULL;
	size_t size = 0;
	const char *error;
	int status = SANE;

	error = read_file(path, &image, &size);
	if (!error)
		error = module_check(&m, image, size);
	if (error) {
		fflush(stdout);
		warnx("%s: %s; give a kernel module for arm64, FILE.ko", path, error);
		status = UNREADABLE;
	} else {
		report(&m, form);
		if (findings.nr_errors)
			status = FINDINGS;
	}
	module_close(&m);
	free(image);

	return status;
}

static void list_findings(void)
{
	unsigned int id;

	for (id = 0; id < NR_FINDING_IDS; id++) {
		const struct finding_kind *kind = &finding_kinds[id];

		printf("%-22s %-8s %-7s %s\n", kind->name, level_names[kind->level],
		       refuser_names[kind->by], kind->todo);
	}
}

static void usage(const char *what)
{
	fprintf(stderr, "error: %s; see pkvm-modcheck --help\n", what);
	exit(UNREADABLE);
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "kernel", required_argument, NULL, 'k' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct kernel kernel = { 0 };
	const char *objtree = NULL;
	enum form form = FORM_TEXT;
	int option, status = SANE, worst = SANE;

	/* What errx() begins with, as in the shell's scripts */
	program_invocation_short_name = "error";
	opterr = 0;
	while ((option = getopt_long(argc, argv, "k:jqlh", options, NULL)) != -1) {
		switch (option) {
		case 'k':
			objtree = optarg;
			break;
		case 'j':
			form = FORM_JSON;
			break;
		case 'q':
			form = FORM_QUIET;
			break;
		case 'l':
			list_findings();
			return SANE;
		case 'h':
			fputs(help, stdout);
			return SANE;
		default:
			usage("an option that there is not, or one without its argument");
		}
	}
	if (optind == argc)
		usage("no FILE.ko");
	if (objtree)
		kernel_open(&kernel, objtree);
	for (; optind < argc; optind++) {
		status = check_file(argv[optind], objtree ? &kernel : NULL, form);
		if (status > worst)
			worst = status;
	}
	kernel_close(&kernel);
	if (fflush(stdout))
		err(UNREADABLE, "standard output");

	return worst;
}
