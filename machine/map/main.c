// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: map RAM OBJTREE LOG OUT
 *
 * Draws OUT.txt and OUT.svg of a machine that was powered off: its RAM is in the
 * file RAM, its kernel was built in OBJTREE, and LOG is its console.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "map.h"

static void write_file(const struct map *map, const char *out, const char *suffix,
		       void (*write)(const struct map *map, FILE *out))
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", out, suffix);
	f = fopen(path, "w");
	if (!f)
		err(1, "%s", path);
	write(map, f);
	if (fclose(f))
		err(1, "%s", path);
}

int main(int argc, char *argv[])
{
	struct check checks[NR_CHECKS];
	static struct map map;

	/* What errx() begins with, as in the shell's scripts */
	program_invocation_short_name = "error";
	if (argc != 5)
		errx(1, "usage: map RAM OBJTREE LOG OUT");
	open_machine(&map.m, argv[1], argv[2]);
	read_sections(argv[3]);
	walk_el2(&map);
	walk_host(&map);
	name_all(&map);
	write_file(&map, argv[4], ".txt", write_text);
	write_file(&map, argv[4], ".svg", write_svg);

	if (check_all(&map, checks))
		errx(1, "what should hold does not: see the end of %s.txt", argv[4]);
	return 0;
}
