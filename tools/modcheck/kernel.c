// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a module is for a kernel, by what that one's build left for building modules:
 * .config, Module.symvers, utsrelease.h and the public header.
 */
#include <elf.h>
#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "modcheck.h"

/* --- the kernel's files: not readable means the end of the program --- */

static FILE *try_open(const struct kernel *kernel, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", kernel->path, name);

	return fopen(path, "r");
}

static FILE *must_open(const struct kernel *kernel, const char *name)
{
	FILE *f = try_open(kernel, name);

	if (!f)
		errx(2, "--kernel %s: no %s in it: %s; give the directory a kernel was built in",
		     kernel->path, name, strerror(errno));

	return f;
}

static void read_config(struct kernel *kernel, char *flags, size_t size)
{
	FILE *f = must_open(kernel, ".config");
	bool smp = false, preempt = false, rt = false, unload = false;
	char line[4096];

	kernel->page_size = 4096;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		smp |= !strcmp(line, "CONFIG_SMP=y");
		preempt |= !strcmp(line, "CONFIG_PREEMPT_BUILD=y");
		rt |= !strcmp(line, "CONFIG_PREEMPT_RT=y");
		unload |= !strcmp(line, "CONFIG_MODULE_UNLOAD=y");
		kernel->modversions |= !strcmp(line, "CONFIG_MODVERSIONS=y");
		kernel->pkvm_modules |= !strcmp(line, "CONFIG_PKVM_MODULES=y");
		kernel->tracing |= !strcmp(line, "CONFIG_NVHE_EL2_TRACING=y");
		kernel->random_structs |= !strcmp(line, "CONFIG_RANDSTRUCT=y");
		if (!strcmp(line, "CONFIG_ARM64_16K_PAGES=y"))
			kernel->page_size = 16384;
		if (!strcmp(line, "CONFIG_ARM64_64K_PAGES=y"))
			kernel->page_size = 65536;
	}
	fclose(f);
	/* As linux/vermagic.h has it */
	snprintf(flags, size, "%s%s%s%saarch64", smp ? "SMP " : "",
		 rt ? "preempt_rt " : preempt ? "preempt " : "", unload ? "mod_unload " : "",
		 kernel->modversions ? "modversions " : "");
}

static void read_release(struct kernel *kernel)
{
	FILE *f = must_open(kernel, "include/generated/utsrelease.h");
	char line[4096];

	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "#define UTS_RELEASE \"%127[^\"]\"", kernel->release) == 1)
			break;
	fclose(f);
}

/* From the source of the kernel, or, where it was built in its source, right there. */
static void read_table(struct kernel *kernel)
{
	static const char header[] = "arch/arm64/include/asm/kvm_pkvm_module.h";
	char line[4096], path[128];
	unsigned long long n;
	FILE *f;

	snprintf(path, sizeof(path), "source/%s", header);
	f = try_open(kernel, path);
	if (!f)
		f = try_open(kernel, header);
	if (!f)
		return;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "#define PKVM_MODULE_OPS_VERSION %llu", &n) == 1)
			kernel->ops_version = n;
		else if (sscanf(line, "#define PKVM_MODULE_OPS_SLOTS %llu", &n) == 1)
			kernel->ops_slots = n;
		else if (sscanf(line, "#define PKVM_MODULE_OPS_RESERVED %llu", &n) == 1)
			kernel->ops_reserved = n;
	}
	fclose(f);
}

static int compare_exports(const void *a, const void *b)
{
	const struct export *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void read_exports(struct kernel *kernel)
{
	FILE *f = must_open(kernel, "Module.symvers");
	char line[4096], name[512], type[64];
	struct export *export;
	unsigned int crc;

	kernel->exports = must_alloc(1, sizeof(*kernel->exports));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "0x%x %511s %*s %63s", &crc, name, type) != 3)
			continue;
		if (kernel->nr_exports && !(kernel->nr_exports & (kernel->nr_exports - 1)))
			kernel->exports = must_realloc(kernel->exports, 2 * kernel->nr_exports,
						       sizeof(*kernel->exports));
		export = &kernel->exports[kernel->nr_exports++];
		export->name = must_printf("%s", name);
		export->crc = crc;
		export->gpl = !strcmp(type, "EXPORT_SYMBOL_GPL");
	}
	fclose(f);
	qsort(kernel->exports, kernel->nr_exports, sizeof(*kernel->exports), compare_exports);
}

void kernel_open(struct kernel *kernel, const char *path)
{
	char flags[64];

	kernel->path = path;
	read_config(kernel, flags, sizeof(flags));
	read_release(kernel);
	snprintf(kernel->vermagic, sizeof(kernel->vermagic), "%s %s", kernel->release, flags);
	read_table(kernel);
	read_exports(kernel);
}

void kernel_close(struct kernel *kernel)
{
	size_t i;

	for (i = 0; i < kernel->nr_exports; i++)
		free(kernel->exports[i].name);
	free(kernel->exports);
}

/* --- licence: what loads an EL2 part is exported to GPL modules, in every kernel --- */

void check_license(struct module *m)
{
	static const char * const compatible[] = {
		"GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL",
		"Dual MPL/GPL",
	};
	const char *license = modinfo(&m->elf, "license");
	size_t i;

	for (i = 0; license && i < ARRAY_SIZE(compatible); i++)
		if (!strcmp(license, compatible[i]))
			return;
	if (license)
		found(m->findings, LICENSE, ".modinfo",
		      "the license '%.60s' is not compatible with the GPL", license);
	else
		found(m->findings, LICENSE, ".modinfo", "no license");
}

/* --- version magic and CRCs --- */

static void check_vermagic(struct module *m)
{
	const char *magic = modinfo(&m->elf, "vermagic"), *wanted = m->kernel->vermagic;
	size_t same;

	if (!magic) {
		found(m->findings, VERMAGIC, ".modinfo", "no version magic");
		return;
	}
	/* As same_magic(): the release counts where there are no CRCs only */
	if (elf_section(&m->elf, "__versions")) {
		magic += strcspn(magic, " ");
		wanted += strcspn(wanted, " ");
	}
	same = strlen(wanted);
	if (strncmp(magic, wanted, same) || (magic[same] && !m->kernel->random_structs))
		found(m->findings, VERMAGIC, ".modinfo", "version magic '%.120s', not '%.120s'",
		      modinfo(&m->elf, "vermagic"), m->kernel->vermagic);
}

static const struct export *find_export(const struct kernel *kernel, const char *name)
{
	struct export key = { .name = (char *)name };

	return bsearch(&key, kernel->exports, kernel->nr_exports, sizeof(key), compare_exports);
}

/* struct modversion_info: a long, and a name of what is left of 64 bytes */
#define VERSION_SIZE	64

/* The CRC that the module has for @name, in either form of the table. */
static bool find_crc(const struct module *m, const char *name, __u32 *crc)
{
	const struct section *sec = elf_section(&m->elf, "__version_ext_crcs");
	__u64 offset = 0, n;

	if (sec) {
		const struct section *names = elf_section(&m->elf, "__version_ext_names");
		const char *string;

		for (n = 0; names && (string = section_string(names, offset)); n++) {
			if (!strcmp(string, name))
				return section_u32(sec, n * sizeof(__u32), crc);
			offset += strlen(string) + 1;
		}
		return false;
	}

	sec = elf_section(&m->elf, "__versions");
	for (; sec && section_u32(sec, offset, crc); offset += VERSION_SIZE) {
		const char *string = section_string(sec, offset + 8);

		if (string && !strcmp(string, name))
			return true;
	}

	return false;
}

static void check_crc(struct module *m, const char *name)
{
	const struct export *export = find_export(m->kernel, name);
	__u32 crc;

	if (!export || !export->crc)
		return;
	if (!find_crc(m, name, &crc))
		found(m->findings, CRC, "__versions", "no version of symbol '%s'", name);
	else if (crc != export->crc)
		found(m->findings, CRC, "__versions",
		      "another version of symbol '%s': 0x%08x, not 0x%08x", name, crc, export->crc);
}

static void check_imports(struct module *m)
{
	size_t i;

	if (m->kernel->modversions)
		check_crc(m, "module_layout");
	for (i = 1; i < m->elf.nr_symbols; i++) {
		const struct symbol *sym = &m->elf.symbols[i];

		if (sym->shndx != SHN_UNDEF || !*sym->name)
			continue;
		if (find_export(m->kernel, sym->name)) {
			if (m->kernel->modversions)
				check_crc(m, sym->name);
		} else if (sym->bind != STB_WEAK) {
			found(m->findings, UNKNOWN_SYMBOL, NULL,
			      "symbol '%s' is not exported by it", sym->name);
		}
	}
}

void check_kernel(struct module *m)
{
	const struct section *formats = elf_section(&m->elf, ".pkvm_printk.fmts");
	const struct section *events = elf_section(&m->elf, ".pkvm_events");

	if (!m->kernel->pkvm_modules)
		found(m->findings, NO_MODULES, NULL, "the kernel takes no EL2 modules");
	if (!m->kernel->tracing && ((formats && formats->size) || (events && events->size)))
		found(m->findings, NO_TRACING, NULL, "the kernel has no EL2 tracing");
	check_vermagic(m);
	check_imports(m);
}
