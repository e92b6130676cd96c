// SPDX-License-Identifier: GPL-2.0-only
/*
 * The picture. On the left RAM as squares, and who has how much of it; on the right
 * EL2's addresses from low to high. One owner has one colour on both sides.
 */
#include <stdlib.h>
#include <string.h>

#include "map.h"

#define WIDTH		1280
#define LEFT		40		/* where the columns begin, and how wide they are */
#define LEFT_WIDTH	530
#define RIGHT		620
#define RIGHT_WIDTH	620
#define TOP		150

#define SQUARES		512		/* of RAM */
#define SQUARES_A_ROW	32
#define SQUARE		14		/* with the gap to the next */
#define ADDRESS_WIDTH	(LEFT_WIDTH - SQUARES_A_ROW * SQUARE)

#define ROW		22

static FILE *svg;

static const char *color_of(int owner)
{
	static const char * const owners[] = {
		[OWNER_HOST]		= "#dfe3e8",
		[OWNER_LIMITED]		= "#c8b560",
		[OWNER_SHARED]		= "#6fbf8f",
		[OWNER_LENT]		= "#b5dcc0",
		[OWNER_TEXT]		= "#123a6b",
		[OWNER_DATA]		= "#2b67ac",
		[OWNER_POOL]		= "#5b96d0",
		[OWNER_CPU]		= "#94c1ec",
		[OWNER_VM]		= "#5a55a8",
		[OWNER_GUEST]		= "#b5307f",
		[OWNER_GUEST_SHARED]	= "#e39cc5",
		[OWNER_TAKEN]		= "#e8792b",
		[OWNER_HEAP]		= "#f4b06e",
	};
	static const char * const modules[] = {
		"#d43d3d", "#8a5a44", "#0f9b9b", "#9b59b6", "#7f8c1f", "#d6568f",
	};

	if (owner < OWNER_MODULE)
		return owners[owner];
	return modules[(owner - OWNER_MODULE) % ARRAY_SIZE(modules)];
}

static void escape(const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", svg);
		else if (*text == '<')
			fputs("&lt;", svg);
		else
			fputc(*text, svg);
	}
}

static void put_label(int x, int y, const char *class, const char *text)
{
	fprintf(svg, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
	escape(text);
	fputs("</text>", svg);
}

/* A text of a class that the style sheet knows; what comes last is as for printf(). */
#define label(x, y, class, ...)						\
do {									\
	char label_text[512];						\
									\
	snprintf(label_text, sizeof(label_text), __VA_ARGS__);		\
	put_label(x, y, class, label_text);				\
} while (0)

static void box(double x, double y, double width, double height, const char *fill)
{
	fprintf(svg, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"%s\"/>",
		x, y, width, height, fill);
}

static void rule(int x, int y, int width)
{
	fprintf(svg, "<path d=\"M%d %dh%d\" class=\"hr\"/>\n", x, y, width);
}

/* --- RAM --- */

/* Everybody who has some of these pages, but the host only if it has all of them. */
static int owners_of(const struct page *pages, size_t n, int owners[NR_OWNERS])
{
	bool has[NR_OWNERS] = { };
	int owner, nr = 0;
	size_t i;

	for (i = 0; i < n; i++)
		has[pages[i].owner] = true;
	for (owner = OWNER_HOST + 1; owner < NR_OWNERS; owner++)
		if (has[owner])
			owners[nr++] = owner;
	if (!nr)
		owners[nr++] = OWNER_HOST;

	return nr;
}

static void draw_square(const struct map *map, size_t first, size_t n, int x, int y)
{
	const double side = SQUARE - 2;
	int owners[NR_OWNERS], nr, i;
	char name[96];

	nr = owners_of(&map->pages[first], n, owners);
	fprintf(svg, "<g><title>0x%llx:", map->m.base + (first << PAGE_SHIFT));
	for (i = 0; i < nr; i++)
		fprintf(svg, "%s %s", i ? "," : "", owner_name(owners[i], name, sizeof(name)));
	fputs("</title>", svg);
	for (i = 0; i < nr; i++)
		box(x + i * side / nr, y, side / nr, side, color_of(owners[i]));
	fputs("</g>\n", svg);
}

static int draw_squares(const struct map *map, int y)
{
	size_t each = (map->nr_pages + SQUARES - 1) / SQUARES, first;
	char size[32];
	int i = 0;

	label(LEFT, y, "head", "Physical memory");
	label(LEFT, y + 20, "note",
	      "A square is %s, in the colours of everybody who has a page in it.",
	      size_name(each << PAGE_SHIFT, size, sizeof(size)));
	y += 36;

	for (first = 0; first < map->nr_pages; first += each, i++) {
		size_t n = map->nr_pages - first < each ? map->nr_pages - first : each;
		int row = y + i / SQUARES_A_ROW * SQUARE;

		if (i % (4 * SQUARES_A_ROW) == 0)
			label(LEFT, row + 11, "small mono", "%#llx",
			      map->m.base + (first << PAGE_SHIFT));
		draw_square(map, first, n, LEFT + ADDRESS_WIDTH + i % SQUARES_A_ROW * SQUARE, row);
	}

	return y + (i + SQUARES_A_ROW - 1) / SQUARES_A_ROW * SQUARE + 36;
}

static void draw_total(const struct total *total, int y)
{
	char name[96], size[32];

	box(LEFT, y - 11, 14, 14, color_of(total->owner));
	label(LEFT + 24, y, "text", "%s", owner_name(total->owner, name, sizeof(name)));
	label(LEFT + 350, y, "text end", "%s",
	      size_name(total->pages << PAGE_SHIFT, size, sizeof(size)));
	label(LEFT + 430, y, "text end", "%llu", total->pages);
	label(LEFT + 445, y, "mono", "%s", prot_name(total->host_prot));
	fputc('\n', svg);
}

static int draw_totals(const struct map *map, int y)
{
	struct total totals[MAX_TOTALS];
	size_t i, n = sum_up(map, totals);
	char size[32];

	label(LEFT, y, "small", "whose");
	label(LEFT + 350, y, "small end", "size");
	label(LEFT + 430, y, "small end", "pages");
	label(LEFT + 445, y, "small", "the host may");
	rule(LEFT, y + 8, LEFT_WIDTH);
	y += ROW + 4;

	for (i = 0; i < n; i++, y += ROW)
		draw_total(&totals[i], y);

	rule(LEFT, y - 14, LEFT_WIDTH);
	label(LEFT + 24, y + 4, "text", "all of RAM");
	label(LEFT + 350, y + 4, "text end", "%s", size_name(map->m.size, size, sizeof(size)));
	label(LEFT + 430, y + 4, "text end", "%zu", map->nr_pages);

	return y + 40;
}

static int draw_checks(const struct map *map, int y)
{
	struct check checks[NR_CHECKS];
	int i;

	check_all(map, checks);
	label(LEFT, y, "head", "Checked");
	y += ROW + 4;
	for (i = 0; i < NR_CHECKS; i++, y += ROW) {
		label(LEFT, y, checks[i].wrong ? "bad" : "good", checks[i].wrong ? "✗" : "✓");
		label(LEFT + 24, y, "text", "%s", checks[i].claim);
		if (checks[i].wrong)
			label(LEFT + LEFT_WIDTH, y, "bad end", "not so: %llu pages",
			      checks[i].wrong);
	}

	return y;
}

/* --- EL2's addresses --- */

static void draw_mapping(const struct mapping *mapping, int y)
{
	char size[32], pieces[32] = "";

	fprintf(svg, "<g><title>%s: 0x%llx, %llu bytes, %s</title>", mapping->name, mapping->va,
		mapping->size, prot_name(mapping->prot));
	box(RIGHT, y - 13, 10, 18, color_of(mapping->owner));
	if (mapping->empty)
		box(RIGHT + 1, y - 12, 8, 16, "#fff");
	label(RIGHT + 22, y, "mono", "0x%012llx", mapping->va);
	label(RIGHT + 235, y, "text end", "%s", size_name(mapping->size, size, sizeof(size)));
	if (!mapping->empty)
		label(RIGHT + 250, y, (mapping->prot & PROT_WX) == PROT_WX ? "mono bad" : "mono",
		      "%s", prot_name(mapping->prot));
	if (mapping->pieces > 1)
		snprintf(pieces, sizeof(pieces), ", in %u pieces", mapping->pieces);
	label(RIGHT + 310, y, mapping->empty ? "text faint" : "text", "%s%s%s", mapping->name,
	      pieces, mapping->empty ? ", closed" : "");
	fputs("</g>\n", svg);
}

static int draw_group(enum group group, int y)
{
	rule(RIGHT, y - 8, RIGHT_WIDTH);
	label(RIGHT, y + 14, "group", "%s", group_texts[group].title);
	label(RIGHT, y + 31, "note", "%s", group_texts[group].text);
	fputc('\n', svg);

	return y + 31 + ROW + 3;
}

static int draw_el2(const struct map *map, int y)
{
	enum group group = NR_GROUPS;
	size_t i;

	label(RIGHT, y, "head", "What EL2 maps");
	label(RIGHT, y + 20, "note",
	      "The addresses at which code of the hypervisor and of its modules reaches memory.");
	label(RIGHT + 22, y + 45, "small", "address");
	label(RIGHT + 235, y + 45, "small end", "size");
	label(RIGHT + 250, y + 45, "small", "EL2 may");
	label(RIGHT + 310, y + 45, "small", "what it is");
	y += 61;
	for (i = 0; i < map->nr_mappings; i++, y += ROW) {
		const struct mapping *mapping = &map->mappings[i];

		if (group_of(map, mapping->va) != group) {
			y += group == NR_GROUPS ? 0 : 10;
			group = group_of(map, mapping->va);
			y = draw_group(group, y);
		}
		draw_mapping(mapping, y);
	}

	return y;
}

/* --- around it --- */

static void draw_title(const struct map *map)
{
	const struct machine *m = &map->m;
	char size[32];

	label(LEFT, 52, "title", "Who owns which memory, and what EL2 maps");
	label(LEFT, 78, "text",
	      "pKVM in %s mode, %u CPU%s, %s of RAM, %d module%s with an EL2 part",
	      m->hvhe ? "hVHE" : "nVHE", m->cpus, m->cpus == 1 ? "" : "s",
	      size_name(m->size, size, sizeof(size)), names.nr_modules,
	      names.nr_modules == 1 ? "" : "s");
	label(LEFT, 102, "note", "%s %s",
	      "The host kernel runs at EL1. The hypervisor, and modules in it, run at EL2: for",
	      "each page of memory it decides whether the host may read, write or execute it.");
	fputc('\n', svg);
}

static void draw_source(const struct map *map, int y)
{
	rule(LEFT, y - 20, WIDTH - 2 * LEFT);
	label(LEFT, y, "note", "r read, w write, x execute. %s 0x%llx%s 0x%llx%s",
	      "Read from EL2's tables (TTBR0_EL2", map->m.ttbr,
	      ") and the host's stage 2 (VTTBR_EL2", map->m.vttbr,
	      "), as they were when the machine powered off.");
	fputc('\n', svg);
}

static const char * const style[] = {
	"text{font-family:sans-serif;font-size:13px;fill:#1f2933}",
	".title{font-size:24px;font-weight:bold}",
	".head{font-size:17px;font-weight:bold}",
	".group{font-weight:bold}",
	".note,.small{font-size:12px;fill:#616e7c}",
	".mono{font-family:monospace}",
	".small.mono{font-size:11px}",
	".faint{fill:#9aa5b1}",
	".end{text-anchor:end}",
	".good{fill:#1b7f3b;font-weight:bold}",
	".bad{fill:#c81e1e;font-weight:bold}",
	".hr{stroke:#cbd2d9;fill:none}",
};

void write_svg(const struct map *map, FILE *out)
{
	int y, left, right;
	size_t size, i;
	char *body;

	/* How high it is, is known in the end */
	svg = open_memstream(&body, &size);
	if (!svg)
		errx(1, "out of memory");
	draw_title(map);
	y = draw_squares(map, TOP);
	y = draw_totals(map, y);
	left = draw_checks(map, y);
	right = draw_el2(map, TOP);
	y = (left > right ? left : right) + 30;
	draw_source(map, y);
	fclose(svg);

	svg = out;
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", svg);
	fputs("<svg xmlns=\"http://www.w3.org/2000/svg\" ", svg);
	fprintf(svg, "viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n", WIDTH, y + 24,
		WIDTH, y + 24);
	fputs("<style>\n", svg);
	for (i = 0; i < ARRAY_SIZE(style); i++)
		fprintf(svg, "%s\n", style[i]);
	fputs("</style>\n", svg);
	fputs("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", svg);
	fwrite(body, size, 1, svg);
	fputs("</svg>\n", svg);
	free(body);
}
