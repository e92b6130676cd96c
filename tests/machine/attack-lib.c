// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "attack.h"

#include "kselftest.h"

#define MODULES		"/sys/kernel/pkvm/modules"
#define SECRET		0x5ec2e7005ec2e700ULL
#define DONATED		8
#define HEAP		8

const char * const class_names[NR_PAGE_CLASSES] = {
	[POOL_PAGE] = "a page of its own",
	[HYP_PAGE] = "a page of the hypervisor",
	[HYP_TEXT_PAGE] = "a page of the hypervisor's text",
	[IMAGE_PAGE] = "a page of a module's EL2 part",
	[DONATED_PAGE] = "a page donated for a module",
	[HEAP_PAGE] = "a page of the heap of modules",
	[PINNED_PAGE] = "a page that a module has pinned",
	[MODPROT_PAGE] = "a page that a module made read-only",
	[GUEST_PAGE] = "a page of a protected guest",
	[NP_GUEST_PAGE] = "a page of a normal guest",
	[NO_PAGE] = "what is no memory",
};

struct victim victims[MAX_VICTIMS];
int nr_victims;

static struct vm vms[2];
static __u64 sum_before;
static int attacker_fd = -1;
static struct attack_info info;

void open_attacker(void)
{
	int ret = insmod("/attacker.ko", "");

	if (ret)
		ksft_exit_fail_msg("insmod /attacker.ko: %s\n", strerror(-ret));
	attacker_fd = open("/dev/attacker", O_RDWR | O_CLOEXEC);
	if (attacker_fd < 0)
		ksft_exit_fail_perror("/dev/attacker");
	attacker(ATTACK_INFO, &info);
}

int attacker(unsigned long cmd, void *arg)
{
	return ioctl(attacker_fd, cmd, arg) ? -errno : 0;
}

void *map_attacker(__u64 pfn)
{
	void *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, attacker_fd, pfn * PAGE);

	return page == MAP_FAILED ? NULL : page;
}

__s64 hypercall_args(const char *name, const __u64 *args)
{
	struct attack_hvc hvc = { };

	snprintf(hvc.name, sizeof(hvc.name), "%s", name);
	memcpy(hvc.x + 1, args, 7 * sizeof(*args));
	if (attacker(ATTACK_HVC, &hvc))
		ksft_exit_fail_msg("no hypercall %s\n", name);

	return hvc.x[0] ? -EOPNOTSUPP : (__s64)hvc.x[1];
}

__s64 init_attack_vm(struct attack_vm *vm)
{
	vm->handle = hypercall("__pkvm_reserve_vm");
	attacker(ATTACK_VM, vm);

	return hypercall("__pkvm_init_vm", vm->kvm_va, vm->vm_mem, vm->pgd_mem);
}

static void add(enum page_class class, __u64 pfn, __u64 hyp_va, const char *name)
{
	struct attack_page page = { .class = class, .pfn = pfn, .hyp_va = hyp_va };

	if (nr_victims == MAX_VICTIMS || attacker(ATTACK_ADD_PAGE, &page))
		ksft_exit_fail_msg("too many pages to attack\n");
	victims[nr_victims++] = (struct victim) {
		.class = class, .pfn = pfn, .hyp_va = hyp_va, .name = name,
		.va = info.pool_va + (pfn - info.pool_pfn) * PAGE,
	};
}

static __u64 el2_pfn(__u64 va)
{
	return (el2_pte(va) & 0xfffffffff000) / PAGE;
}

static void add_sections(const char *module)
{
	char path[256], name[32], prot[8];
	unsigned long long va, size;
	FILE *file;

	snprintf(path, sizeof(path), MODULES "/%s/sections", module);
	file = fopen(path, "r");
	while (file && fscanf(file, "%31s %llx %llu %7s", name, &va, &size, prot) == 4) {
		char *what;

		if (asprintf(&what, "%s of %s", name, module) < 0)
			ksft_exit_fail_perror("asprintf");
		for (unsigned long long end = va + size; va < end; va += PAGE)
			add(IMAGE_PAGE, el2_pfn(va), va, what);
	}
	if (file)
		fclose(file);
}

static void add_images(void)
{
	DIR *dir = opendir(MODULES);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			add_sections(entry->d_name);
	}
	if (dir)
		closedir(dir);
}

/* Its tables, its text, and what it was given at boot. */
static void add_hypervisor(void)
{
	const char *reserved = log_find("Reserved ");
	unsigned long long size, phys;

	add(HYP_PAGE, probe(PROBE_TABLE).res[0] / PAGE, hyp_va(probe(PROBE_TABLE).res[0] / PAGE),
	    "EL2's page tables");
	add(HYP_TEXT_PAGE, el2_pfn(probe(PROBE_SLOT, OP_HYP_PA).res[0]),
	    probe(PROBE_SLOT, OP_HYP_PA).res[0] & ~(PAGE - 1), "EL2's text");
	reserved = strstr(reserved, "Reserved ");
	if (reserved && sscanf(reserved, "Reserved %llu MiB at %llx", &size, &phys) == 2) {
		for (unsigned long long i = 0; i < 16; i++)
			add(HYP_PAGE, (phys + i * (size << 20) / 16) / PAGE,
			    hyp_va((phys + i * (size << 20) / 16) / PAGE), "EL2's memory");
	}
}

static void add_donated(void)
{
	struct pages p = alloc_pages(3);

	if (op_int(OP_HOST_DONATE_HYP, p.pfn, DONATED, 0))
		ksft_exit_fail_msg("no page can be donated\n");
	for (int i = 0; i < DONATED; i++) {
		probe(PROBE_POKE, p.hyp_va + i * PAGE, SECRET + i);
		add(DONATED_PAGE, p.pfn + i, p.hyp_va + i * PAGE, "a donation");
	}
}

/* What is in use of it: the rest the host may have back. */
static void add_heap(void)
{
	__u64 va;

	probe(PROBE_TOPUP, HEAP + 1);
	va = op(OP_HYP_ALLOC, HEAP * PAGE);
	if (!va)
		ksft_exit_fail_msg("no memory for the heap of modules\n");
	for (int i = 1; i < HEAP; i++) {
		__u64 page = (va + i * PAGE) & ~(PAGE - 1);

		probe(PROBE_POKE, page, SECRET);
		add(HEAP_PAGE, el2_pfn(page), page, "the heap");
	}
	while (probe(PROBE_RECLAIM, 1).res[0])
		;
}

static void add_pinned(void)
{
	struct pages p = alloc_pages(0);

	if (op_int(OP_HOST_SHARE_HYP, p.pfn) ||
	    op_int(OP_PIN_SHARED_MEM, p.hyp_va, p.hyp_va + PAGE))
		ksft_exit_fail_msg("no page can be shared and pinned\n");
	add(PINNED_PAGE, p.pfn, p.hyp_va, "a pinned page");
}

static void add_modprot(void)
{
	struct pages p = alloc_pages(0);

	if (op_int(OP_HOST_STAGE2_MOD_PROT, p.pfn, HYP_R, 1, 0))
		ksft_exit_fail_msg("no page can be made read-only\n");
	add(MODPROT_PAGE, p.pfn, 0, "a read-only page");
}

/* Powers off, each time that it is resumed. */
static const __u32 guest[] = {
	0x52800100,		/* 1: mov	w0, #0x8 */
	0x72b08000,		/* movk	w0, #0x8400, lsl #16 */
	0xd4000002,		/* hvc	#0 */
	0x17fffffd,		/* b	1b */
};

static __u64 vm_pfns[2];

static void start_victim_vm(bool protected)
{
	void *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	struct vm *vm = &vms[protected];
	struct vm_result result;

	mlock(memory, PAGE);
	vm_pfns[protected] = user_pfn(memory);
	result = create_vm(vm, protected, guest, sizeof(guest), memory, PAGE);
	if (result.step == VM_RUN)
		result = resume_vm(vm);
	if (result.step != VM_RAN || result.error)
		ksft_exit_fail_msg("no %s VM runs: %s\n", protected ? "protected" : "normal",
				   strerror(-result.error));
}

static void add_no_ram(void)
{
	static const __u64 phys[] = { 0x8000000, 0x9000000, 0xa000000, 0x4000000000 };

	for (size_t i = 0; i < ARRAY_SIZE(phys); i++)
		add(NO_PAGE, phys[i] / PAGE, 0, "a device");
	add(NO_PAGE, last_ram_pfn() + 1, 0, "past memory");
}

/* What is not to change: text, rodata, and what is kept in donated pages. */
static __u64 sum_of_secrets(void)
{
	__u64 sum = 0;

	for_each_victim(v) {
		size_t end = PAGE;

		if (v->class == DONATED_PAGE || v->class == HEAP_PAGE)
			end = 8;
		else if (v->class != IMAGE_PAGE && v->class != HYP_TEXT_PAGE)
			continue;
		else if (strchr(el2_prot(v->hyp_va), 'w'))
			continue;
		for (size_t offset = 0; offset < end; offset += 8)
			sum = sum * 31 + probe(PROBE_PEEK, v->hyp_va + offset).res[0];
	}

	return sum;
}

void make_victims(void)
{
	/* The handles that come after theirs are the attacker's. */
	start_victim_vm(false);
	start_victim_vm(true);
	open_attacker();
	add(NP_GUEST_PAGE, vm_pfns[false], 0, "a guest's memory");
	add(GUEST_PAGE, vm_pfns[true], 0, "a protected guest's memory");

	add_images();
	add_hypervisor();
	add_donated();
	add_heap();
	add_pinned();
	add_modprot();
	add_no_ram();
	sum_before = sum_of_secrets();
}

bool is_secret(const struct victim *v)
{
	return v->class == HYP_PAGE || (v->class >= IMAGE_PAGE && v->class <= HEAP_PAGE);
}

struct victim *next_secret(struct victim *v)
{
	for (v = v ? v + 1 : victims; v < victims + nr_victims; v++) {
		if (is_secret(v))
			return v;
	}

	return NULL;
}

struct vm *victim_vm(bool protected)
{
	return &vms[protected];
}

static bool host_gets_at(struct victim *v)
{
	switch (v->class) {
	case HYP_PAGE:
	case IMAGE_PAGE:
	case DONATED_PAGE:
	case HEAP_PAGE:
	case GUEST_PAGE:
		return host_read(v->va, NULL) != -EFAULT || host_write(v->va, 0) != -EFAULT;
	case HYP_TEXT_PAGE:
	case MODPROT_PAGE:
		return host_write(v->va, 0) != -EFAULT;
	default:
		return false;
	}
}

static bool vm_runs(struct vm *vm)
{
	struct vm_result result = resume_vm(vm);

	return result.step == VM_RAN && !result.error;
}

void check_victims(const char *when)
{
	int had = 0, aliases = 0;
	__u64 wx = 0;

	for_each_victim(v) {
		if (host_gets_at(v)) {
			ksft_print_msg("the host gets at %s, pfn %#llx\n", v->name, v->pfn);
			had++;
		}
		if (v->class == IMAGE_PAGE) {
			struct probe_request found = probe(PROBE_FIND, v->pfn * PAGE);

			aliases += found.res[0] != 1 || found.res[1] != v->hyp_va;
			wx = found.res[2];
		}
	}
	expect(had, 0, "%s: the host gets at no page that is not its own", when);
	expect(aliases, 0, "%s: EL2 has each page of a module in its place, and nowhere else",
	       when);
	expect(wx, 0, "%s: nothing at EL2 is writable and executable", when);
	expect(sum_of_secrets(), sum_before, "%s: what modules have is as it was", when);
	claim(vm_runs(&vms[true]), "%s: the protected VM goes on", when);
	claim(vm_runs(&vms[false]), "%s: the normal VM goes on", when);
	claim(probe(PROBE_WHERE).res[0] == 2, "%s: modules work", when);
}
