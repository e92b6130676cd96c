// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine as its RAM has it: where the kernel is, its symbols, and what EL2
 * writes into its registers on each CPU (struct kvm_nvhe_init_params, by the offsets
 * that the kernel's build makes for its assembly).
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "map.h"

/* QEMU's virt board has it there. */
#define RAM_BASE	0x40000000ULL

/* Documentation/arch/arm64/booting.rst */
#define IMAGE_ALIGN	0x200000ULL
#define IMAGE_MAGIC	0x644d5241U
#define IMAGE_MAGIC_AT	56

#define MAX_KNOWN	128

#define HCR_E2H		BIT(34)

/* What was looked up already: the files are long. */
static struct known {
	char name[64];
	__u64 value;
} known[MAX_KNOWN];
static int nr_known;

static bool look_up(const char *name, __u64 *value)
{
	int i;

	for (i = 0; i < nr_known; i++) {
		if (strcmp(known[i].name, name))
			continue;
		*value = known[i].value;
		return true;
	}

	return false;
}

static void remember(const char *name, __u64 value)
{
	if (nr_known == MAX_KNOWN)
		errx(1, "more than %d names", MAX_KNOWN);
	snprintf(known[nr_known].name, sizeof(known[0].name), "%s", name);
	known[nr_known++].value = value;
}

/*
 * The number that a file of the kernel's build has for @name. Of its words by three
 * in a line the first is the number and the third the name, or, of "#define NAME
 * NUMBER", the third and the second.
 */
static __u64 number_of(const struct machine *m, const char *file, const char *name, bool define)
{
	char path[4096], line[1024], word[3][512];
	bool found = false;
	__u64 value;
	FILE *f;

	if (look_up(name, &value))
		return value;

	snprintf(path, sizeof(path), "%s/%s", m->objtree, file);
	f = fopen(path, "r");
	if (!f)
		err(1, "%s", path);
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%511s %511s %511s", word[0], word[1], word[2]) == 3 &&
			!strcmp(word[define ? 1 : 2], name);
	fclose(f);
	if (!found)
		errx(1, "%s has no %s: is it a kernel with CONFIG_PKVM_MODULES?", path, name);

	value = strtoull(word[define ? 2 : 0], NULL, define ? 0 : 16);
	remember(name, value);

	return value;
}

static __u64 symbol(const struct machine *m, const char *name)
{
	return number_of(m, "System.map", name, false);
}

static __u64 constant(const struct machine *m, const char *file, const char *name)
{
	return number_of(m, file, name, true);
}

bool in_ram(const struct machine *m, __u64 phys)
{
	return phys >= m->base && phys - m->base < m->size;
}

__u64 read64(const struct machine *m, __u64 phys)
{
	__u64 value;

	if (!in_ram(m, phys) || !in_ram(m, phys + sizeof(value) - 1))
		errx(1, "0x%llx is not in RAM: the machine was not as it should be", phys);
	memcpy(&value, m->ram + (phys - m->base), sizeof(value));

	return value;
}

__u64 symbol_phys(const struct machine *m, const char *name)
{
	return symbol(m, name) - symbol(m, "_text") + m->image;
}

__u64 read_symbol(const struct machine *m, const char *name)
{
	return read64(m, symbol_phys(m, name));
}

/* The per-CPU data of EL2 has a kernel address, in the kernel's linear range. */
__u64 percpu_base(const struct machine *m, unsigned int cpu)
{
	__u64 va = read64(m, symbol_phys(m, "__kvm_nvhe_kvm_arm_hyp_percpu_base") + 8 * cpu);
	__u64 va_bits = constant(m, "include/generated/autoconf.h", "CONFIG_ARM64_VA_BITS");

	return (va & (BIT(va_bits) - 1)) + read_symbol(m, "memstart_addr");
}

__u64 percpu_phys(const struct machine *m, unsigned int cpu, const char *name)
{
	return percpu_base(m, cpu) + symbol(m, name) - symbol(m, "__kvm_nvhe___per_cpu_start");
}

__u64 percpu_size(const struct machine *m)
{
	return symbol(m, "__kvm_nvhe___per_cpu_end") - symbol(m, "__kvm_nvhe___per_cpu_start");
}

__u64 init_param(const struct machine *m, unsigned int cpu, const char *offset)
{
	return read64(m, percpu_phys(m, cpu, "__kvm_nvhe_kvm_init_params") +
			 constant(m, "include/generated/asm-offsets.h", offset));
}

static void map_ram(struct machine *m, const char *path)
{
	struct stat stat;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || fstat(fd, &stat))
		err(1, "%s", path);
	m->base = RAM_BASE;
	m->size = stat.st_size;
	m->ram = mmap(NULL, m->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (m->ram == MAP_FAILED)
		err(1, "%s", path);
}

/* There may be more than one that looks so: the kernel itself knows where it is. */
static bool is_image(struct machine *m, __u64 phys)
{
	__u32 magic;

	memcpy(&magic, m->ram + (phys - m->base) + IMAGE_MAGIC_AT, sizeof(magic));
	if (magic != IMAGE_MAGIC)
		return false;

	m->image = phys;
	return in_ram(m, symbol_phys(m, "kimage_voffset")) &&
	       symbol(m, "_text") - read_symbol(m, "kimage_voffset") == phys;
}

static void find_image(struct machine *m)
{
	__u64 phys;

	for (phys = m->base; in_ram(m, phys); phys += IMAGE_ALIGN)
		if (is_image(m, phys))
			return;
	errx(1, "no kernel of %s runs in the machine", m->objtree);
}

void open_machine(struct machine *m, const char *ram, const char *objtree)
{
	__u64 hcr;

	m->objtree = objtree;
	map_ram(m, ram);
	find_image(m);

	m->physvirt = read_symbol(m, "__kvm_nvhe_hyp_physvirt_offset");
	m->cpus = read_symbol(m, "__kvm_nvhe_hyp_nr_cpus");
	if (m->cpus > MAX_CPUS)
		errx(1, "more than %d CPUs", MAX_CPUS);
	m->vttbr = m->cpus ? init_param(m, 0, "NVHE_INIT_VTTBR") : 0;
	if (!m->vttbr)
		errx(1, "the machine has no pKVM to draw: boot it with kvm-arm.mode=protected");

	hcr = init_param(m, 0, "NVHE_INIT_HCR_EL2");
	m->hvhe = hcr & HCR_E2H;
	m->ttbr = init_param(m, 0, "NVHE_INIT_PGD_PA");
	m->tcr = init_param(m, 0, "NVHE_INIT_TCR_EL2");
	m->mair = init_param(m, 0, "NVHE_INIT_MAIR_EL2");
	m->vtcr = init_param(m, 0, "NVHE_INIT_VTCR");
}
