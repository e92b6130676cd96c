// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is what: physical ranges by the hypervisor's own variables, ranges of EL2's
 * addresses by what is behind them, and modules by what sysfs said of their sections.
 */
#include <stdlib.h>
#include <string.h>

#include "map.h"

struct names names;

/* A range of RAM that the hypervisor has had from the start. */
static struct area {
	__u64 start, end;
	const char *name;
	int owner;
} areas[MAX_AREAS];
static size_t nr_areas;

const struct group_text group_texts[NR_GROUPS] = {
	[GROUP_IDENTITY] = {
		"One page at its physical address",
		"code that switches translation on, off or to other tables",
	},
	[GROUP_PRIVATE] = {
		"Private range",
		"what needs an address of its own: stacks, windows, modules",
	},
	[GROUP_VMEMMAP] = {
		"Page states",
		"8 bytes for each page of RAM: who may use it, and how often it is used",
	},
	[GROUP_LINEAR] = {
		"Linear range",
		"memory of the hypervisor's at its physical address, moved by a constant",
	},
};

/* --- words --- */

const char *prot_name(unsigned int prot)
{
	static const char * const prots[] = {
		"---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx",
	};

	return prots[prot & 7];
}

const char *size_name(__u64 size, char *buf, size_t len)
{
	static const char * const units[] = { "KiB", "MiB", "GiB" };
	unsigned int unit = 0;
	double n = size / 1024.0;

	while (n >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
		n /= 1024;
		unit++;
	}
	n = (long)(10 * n + 0.5) / 10.0;
	snprintf(buf, len, n == (long)n ? "%.0f %s" : "%.1f %s", n, units[unit]);

	return buf;
}

const char *owner_name(int owner, char *buf, size_t size)
{
	static const char * const owners[] = {
		[OWNER_HOST]	= "the host's",
		[OWNER_LIMITED]	= "the host's, limited by a module",
		[OWNER_SHARED]	= "the host's, shared with EL2",
		[OWNER_TEXT]	= "hypervisor: text",
		[OWNER_DATA]	= "hypervisor: data",
		[OWNER_POOL]	= "hypervisor: tables and page states",
		[OWNER_CPU]	= "hypervisor: per-CPU data, stacks",
		[OWNER_LENT]	= "the host's, in normal VMs as well",
		[OWNER_VM]	= "hypervisor: state and tables of VMs",
		[OWNER_GUEST]	= "protected VMs'",
		[OWNER_GUEST_SHARED] = "protected VMs', shared with the host",
		[OWNER_TAKEN]	= "taken by modules",
		[OWNER_HEAP]	= "heap of the modules",
	};

	if (owner < OWNER_MODULE)
		snprintf(buf, size, "%s", owners[owner]);
	else if (owner - OWNER_MODULE < names.nr_modules)
		snprintf(buf, size, "module %s", names.modules[owner - OWNER_MODULE]);
	else
		snprintf(buf, size, "a module without a name");

	return buf;
}

/* --- modules --- */

static int module_number(const char *name)
{
	int i;

	for (i = 0; i < names.nr_modules; i++)
		if (!strcmp(names.modules[i], name))
			return i;
	if (i == MAX_MODULES)
		errx(1, "more than %d modules", MAX_MODULES);
	snprintf(names.modules[names.nr_modules++], sizeof(names.modules[0]), "%.63s", name);

	return i;
}

static unsigned int parse_prot(const char *prot)
{
	return (prot[0] == 'r' ? PROT_R : 0) | (prot[1] == 'w' ? PROT_W : 0) |
	       (prot[2] == 'x' ? PROT_X : 0);
}

/* What init has written before it powered the machine off. */
void read_sections(const char *log)
{
	char line[1024], module[64], name[32], prot[8];
	unsigned long long va, size;
	FILE *f = fopen(log, "r");
	char *start;

	if (!f)
		err(1, "%s", log);
	while (fgets(line, sizeof(line), f)) {
		struct section *section = &names.sections[names.nr_sections];

		start = strstr(line, "machine: section ");
		if (!start || sscanf(start, "machine: section %63s %31s %llx %llu %7s",
				     module, name, &va, &size, prot) != 5)
			continue;
		if (names.nr_sections++ == MAX_SECTIONS)
			errx(1, "%s: more than %d sections", log, MAX_SECTIONS);
		section->module = module_number(module);
		snprintf(section->name, sizeof(section->name), "%s", name);
		section->va = va;
		section->size = size;
		section->prot = parse_prot(prot);
	}
	fclose(f);
}

static struct section *find_section(__u64 va)
{
	int i;

	for (i = 0; i < names.nr_sections; i++)
		if (va - names.sections[i].va < names.sections[i].size)
			return &names.sections[i];
	return NULL;
}

/* --- what the hypervisor has had from the start --- */

static void add_area(__u64 start, __u64 end, const char *name, int owner)
{
	if (nr_areas == MAX_AREAS)
		errx(1, "more than %d areas", MAX_AREAS);
	areas[nr_areas++] = (struct area) {
		.start = start & ~(PAGE_SIZE - 1),
		.end = (end + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1),
		.name = name,
		.owner = owner,
	};
}

static void add_image(const struct machine *m)
{
	static const struct {
		const char *symbol, *name;
		int owner;
	} parts[] = {
		{ "idmap_text", "hypervisor text that switches tables", OWNER_TEXT },
		{ "text", "hypervisor text", OWNER_TEXT },
		{ "rodata", "hypervisor read-only data", OWNER_DATA },
		{ "data", "hypervisor data", OWNER_DATA },
		{ "bss", "hypervisor bss", OWNER_DATA },
	};
	char start[64], end[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(start, sizeof(start), "__hyp_%s_start", parts[i].symbol);
		snprintf(end, sizeof(end), "__hyp_%s_end", parts[i].symbol);
		add_area(symbol_phys(m, start), symbol_phys(m, end), parts[i].name,
			 parts[i].owner);
	}
}

/* divide_memory_pool() deals it out in this order; what has no pages is not there. */
static void add_pool(const struct machine *m)
{
	static const struct {
		const char *symbol, *name;
	} parts[] = {
		{ "__kvm_nvhe_vmemmap_base", "page states" },
		{ "__kvm_nvhe_vm_table_base", "list of VMs" },
		{ "__kvm_nvhe_hyp_pgt_base", "tables of EL2" },
		{ "__kvm_nvhe_host_s2_pgt_base", "tables of the host (stage 2)" },
		{ "__kvm_nvhe_ffa_proxy_pages", "buffers for FF-A, and spare pages" },
	};
	__u64 start, end = read_symbol(m, "hyp_mem_base") + read_symbol(m, "hyp_mem_size");
	size_t i = ARRAY_SIZE(parts);

	while (i--) {
		start = read_symbol(m, parts[i].symbol);
		if (!start)
			continue;
		start += m->physvirt;
		if (start < end)
			add_area(start, end, parts[i].name, OWNER_POOL);
		end = start;
	}
}

static void add_percpu(const struct machine *m)
{
	unsigned int cpu;

	for (cpu = 0; cpu < m->cpus; cpu++)
		add_area(percpu_base(m, cpu), percpu_base(m, cpu) + percpu_size(m),
			 "per-CPU data", OWNER_CPU);
}

static const struct area *find_area(__u64 phys)
{
	size_t i;

	for (i = 0; i < nr_areas; i++)
		if (phys >= areas[i].start && phys < areas[i].end)
			return &areas[i];
	return NULL;
}

static struct page *page_at(const struct map *map, __u64 phys)
{
	return in_ram(&map->m, phys) ? &map->pages[(phys - map->m.base) >> PAGE_SHIFT] : NULL;
}

static void name_areas(struct map *map)
{
	size_t i;
	__u64 phys;

	add_image(&map->m);
	add_pool(&map->m);
	add_percpu(&map->m);

	for (i = 0; i < nr_areas; i++)
		for (phys = areas[i].start; phys < areas[i].end; phys += PAGE_SIZE)
			page_at(map, phys)->owner = areas[i].owner;
}

/* --- EL2's addresses --- */

enum group group_of(const struct map *map, __u64 va)
{
	__u64 linear = map->m.base - map->m.physvirt;
	__u64 vmemmap = read_symbol(&map->m, "__kvm_nvhe___hyp_vmemmap");

	/* The halves and quarters that hyp_create_idmap() makes of the address space */
	if (va >> 47 == linear >> 47)
		return GROUP_LINEAR;
	if (va >> 45 == vmemmap >> 45)
		return GROUP_VMEMMAP;
	if (va >> 45 == (vmemmap ^ BIT(45)) >> 45)
		return GROUP_PRIVATE;
	return GROUP_IDENTITY;
}

static void set_name(struct mapping *mapping, const char *name, int owner)
{
	snprintf(mapping->name, sizeof(mapping->name), "%s", name);
	mapping->owner = owner;
}

static void name_by_page(const struct map *map, struct mapping *mapping)
{
	static const char * const by_owner[] = {
		[OWNER_HOST]	= "memory of the host's, mapped by a module",
		[OWNER_LIMITED]	= "memory of the host's, mapped by a module",
		[OWNER_SHARED]	= "shared with the host",
		[OWNER_LENT]	= "memory of the host's, mapped by a module",
		[OWNER_VM]	= "state and tables of VMs",
		[OWNER_GUEST]	= "memory of a protected VM",
		[OWNER_TAKEN]	= "pages that modules took",
		[OWNER_HEAP]	= "heap of the modules",
	};
	const struct area *area = find_area(mapping->phys);
	const struct page *page = page_at(map, mapping->phys);

	if (area)
		set_name(mapping, area->name, area->owner);
	else if (page && page->owner < ARRAY_SIZE(by_owner) && by_owner[page->owner])
		set_name(mapping, by_owner[page->owner], page->owner);
	else if (page && page->owner >= OWNER_MODULE)
		set_name(mapping, "text or data of a module", page->owner);
	else
		set_name(mapping, "not known", OWNER_VM);
}

static bool name_stack(const struct map *map, struct mapping *mapping)
{
	unsigned int cpu;

	for (cpu = 0; cpu < map->m.cpus; cpu++) {
		__u64 top = init_param(&map->m, cpu, "NVHE_INIT_STACK_HYP_VA");

		if (top - 1 - mapping->va < mapping->size) {
			set_name(mapping, "stacks, one for each CPU", OWNER_CPU);
			return true;
		}
	}

	return false;
}

/* struct hyp_fixmap_slot begins with its address */
static bool name_window(const struct map *map, struct mapping *mapping)
{
	unsigned int cpu;

	for (cpu = 0; cpu < map->m.cpus; cpu++) {
		__u64 slot = percpu_phys(&map->m, cpu, "__kvm_nvhe_fixmap_slots");

		if (read64(&map->m, slot) == mapping->va) {
			set_name(mapping, "windows to a page, one for each CPU", OWNER_CPU);
			return true;
		}
	}
	if (read_symbol(&map->m, "__kvm_nvhe_hyp_fixblock_slot") != mapping->va)
		return false;
	set_name(mapping, "window to a block, for all CPUs", OWNER_CPU);

	return true;
}

static bool name_section(struct mapping *mapping)
{
	struct section *section = find_section(mapping->va);

	if (!section)
		return false;
	snprintf(mapping->name, sizeof(mapping->name), "%s %s", names.modules[section->module],
		 section->name);
	mapping->owner = OWNER_MODULE + section->module;
	if (section->prot == mapping->prot)
		section->mapped += mapping->size;

	return true;
}

static void name_device(struct mapping *mapping)
{
	snprintf(mapping->name, sizeof(mapping->name), "device registers at 0x%llx",
		 mapping->phys);
	mapping->owner = OWNER_TAKEN;
}

static void name_private(const struct map *map, struct mapping *mapping)
{
	if (name_section(mapping) || name_stack(map, mapping) || name_window(map, mapping))
		return;
	if (mapping->empty)
		set_name(mapping, "kept free", OWNER_VM);
	else if (mapping->device)
		name_device(mapping);
	else
		name_by_page(map, mapping);
}

static void name_mapping(const struct map *map, struct mapping *mapping)
{
	switch (group_of(map, mapping->va)) {
	case GROUP_PRIVATE:
		name_private(map, mapping);
		break;
	case GROUP_VMEMMAP:
		set_name(mapping, "page states", OWNER_POOL);
		break;
	default:
		name_by_page(map, mapping);
	}
}

/* Pages are what their mappings say, where nothing else has. */
static void name_pages(struct map *map, const struct mapping *mapping)
{
	__u64 phys;

	for (phys = mapping->phys; phys < mapping->phys + mapping->size; phys += PAGE_SIZE) {
		struct page *page = page_at(map, phys);

		if (!page || mapping->empty)
			return;
		if (page->owner == OWNER_UNKNOWN && mapping->owner >= OWNER_MODULE)
			page->owner = mapping->owner;
		if (page->owner == OWNER_VM && mapping->owner == OWNER_CPU)
			page->owner = OWNER_CPU;
	}
}

/* One line for what goes on, or comes again after a gap. */
static bool merge(struct mapping *last, const struct mapping *next)
{
	if (strcmp(last->name, next->name) || last->prot != next->prot ||
	    last->empty != next->empty)
		return false;
	if (last->phys + last->size != next->phys)
		last->scattered = true;
	if (last->end != next->va)
		last->pieces++;
	last->end = next->end;
	last->size += next->size;

	return true;
}

static bool merge_into_group(struct map *map, size_t n, const struct mapping *next)
{
	while (n-- && group_of(map, map->mappings[n].va) == group_of(map, next->va))
		if (merge(&map->mappings[n], next))
			return true;
	return false;
}

void name_all(struct map *map)
{
	size_t i, n = 0;

	name_areas(map);
	for (i = 0; i < map->nr_mappings; i++) {
		name_mapping(map, &map->mappings[i]);
		name_pages(map, &map->mappings[i]);
	}

	for (i = 0; i < map->nr_mappings; i++)
		if (!merge_into_group(map, n, &map->mappings[i]))
			map->mappings[n++] = map->mappings[i];
	map->nr_mappings = n;
}

/* Every page of RAM is in one of them. */
size_t sum_up(const struct map *map, struct total totals[MAX_TOTALS])
{
	static __u64 pages[NR_OWNERS][8];
	unsigned int prot;
	size_t i, n = 0;
	int owner;

	memset(pages, 0, sizeof(pages));
	for (i = 0; i < map->nr_pages; i++)
		pages[map->pages[i].owner][map->pages[i].host_prot]++;

	for (owner = 0; owner < NR_OWNERS; owner++)
		for (prot = 8; prot--; )
			if (pages[owner][prot])
				totals[n++] = (struct total) { owner, prot, pages[owner][prot] };

	return n;
}

/* --- what should hold --- */

static __u64 writable_and_executable(const struct map *map)
{
	__u64 pages = 0;
	size_t i;

	for (i = 0; i < map->nr_mappings; i++)
		if ((map->mappings[i].prot & PROT_WX) == PROT_WX)
			pages += map->mappings[i].size >> PAGE_SHIFT;

	return pages;
}

static __u64 writable_by_host(const struct map *map)
{
	__u64 pages = 0;
	size_t i;

	for (i = 0; i < map->nr_pages; i++) {
		int owner = map->pages[i].owner;

		if (owner > OWNER_LENT && owner != OWNER_GUEST_SHARED &&
		    map->pages[i].host_prot & PROT_W)
			pages++;
	}

	return pages;
}

static __u64 not_as_sysfs_says(void)
{
	__u64 pages = 0;
	int i;

	for (i = 0; i < names.nr_sections; i++)
		pages += (names.sections[i].size - names.sections[i].mapped) >> PAGE_SHIFT;

	return pages;
}

/* Returns how many do not hold. */
unsigned int check_all(const struct map *map, struct check checks[NR_CHECKS])
{
	checks[0] = (struct check) { "nothing at EL2 is both writable and executable",
				     writable_and_executable(map) };
	checks[1] = (struct check) { "the host can write nothing that is not its own or shared",
				     writable_by_host(map) };
	checks[2] = (struct check) { "sections of modules are mapped as sysfs says",
				     not_as_sysfs_says() };

	return !!checks[0].wrong + !!checks[1].wrong + !!checks[2].wrong;
}
