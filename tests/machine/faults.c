// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading that fails, in every place and with every byte of a module's EL2 part wrong.
 * All of it in one boot: modules are loaded before the host is deprivileged, by this
 * program in modprobe's place. Later, as the machine's program, it tells what came of
 * that. On the kernel's command line: FAULTS=N, every N-th corruption only; FAULTS=0,
 * nothing but a load that EL2 refuses to end.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include "lib.h"

#define MODULE		"/mod_00.ko"
#define FAILING		"/failing.ko"
#define RESULTS		"/results"
#define COMPLETE	"# that was all of it\n"
#define PROC		"/proc"
#define DEBUG		"/faults/debug"
#define FAULTS		DEBUG "/pkvm_faults/"
#define FAIL_NTH	PROC "/self/fail-nth"

/* Of the module's parameters: where all else went well, it fails, and goes. */
#define FAIL_LAST	"el1_ret=-5"

static unsigned char *image;		/* the module's file */
static size_t image_size;
static char module_name[] = "mod_00";

/* --- files --- */

/* The kernel logs what modprobe says: it may not come to the end of all this. */
__attribute__((format(printf, 1, 2)))
static void note(const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	printf("# %s\n", text);
	fprintf(stderr, "%s\n", text);
}

/* What is done, past the kernel's log: all of it takes long. */
static void so_far(const char *what, unsigned int n)
{
	static FILE *console;

	if (n % 256)
		return;
	if (!console)
		console = fopen("/dev/console", "we");
	if (!console)
		return;
	fprintf(console, "# so far: %s: %u\n", what, n);
	fflush(console);
}

static void fail_setup(const char *what)
{
	printf("not ok 0 %s: %m\n", what);
	note("%s: %m", what);
	note("that ends the test");
	klogctl(8, NULL, 7);
	exit(1);
}

static void read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, size - 1);

	close(fd);
	text[len > 0 ? len : 0] = '\0';
}

static void set_fault(const char *fault, unsigned int val)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), FAULTS "%s", fault);
	snprintf(text, sizeof(text), "%u", val);
	if (write_file(path, text))
		fail_setup(path);
}

static unsigned int get_fault(const char *fault)
{
	char path[64], text[16];

	snprintf(path, sizeof(path), FAULTS "%s", fault);
	read_file(path, text, sizeof(text));
	if (!text[0])
		fail_setup(path);

	return atoi(text);
}

static void read_image(void)
{
	struct stat st;
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st))
		fail_setup(MODULE);
	image_size = st.st_size;
	image = malloc(image_size);
	if (read(fd, image, image_size) != (ssize_t)image_size)
		fail_setup(MODULE);
	close(fd);
}

/* --- loading --- */

static int load(const void *file, const char *params)
{
	return syscall(SYS_init_module, file, image_size, params) ? -errno : 0;
}

/* "mod_00", or one from a number */
static void rename_module(unsigned int n)
{
	const size_t len = strlen(module_name);
	char next[sizeof(module_name)];
	void *at;

	snprintf(next, sizeof(next), n ? "m%05u" : "mod_%02u", n % 100000);
	while (strcmp(next, module_name) && (at = memmem(image, image_size, module_name, len)))
		memcpy(at, next, len);
	strcpy(module_name, next);
}

/* What EL2 has, as text: a line for each thing. */
struct account {
	char text[512];
	char *tables;			/* the last one */
};

static void take_account(struct account *account)
{
	read_file(FAULTS "account", account->text, sizeof(account->text));
	account->tables = strstr(account->text, "hyp-tables ");
	if (!account->tables)
		fail_setup(FAULTS "account");
}

static unsigned long long accounted(const struct account *account, const char *what)
{
	char *line = strstr(account->text, what);

	return line ? strtoull(line + strlen(what), NULL, 10) : 0;
}

/* On one line */
static void show_account(const char *when, const struct account *account)
{
	char text[sizeof(account->text)];

	strcpy(text, account->text);
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = c[1] ? ',' : '\0';
	note("%s: %s", when, text);
}

static struct account at_first;

/* The same as before, if nothing was lost. */
static bool nothing_lost(bool tables)
{
	struct account now;
	bool same;

	take_account(&now);
	same = !strncmp(now.text, at_first.text,
			tables ? sizeof(now.text) : (size_t)(now.tables - now.text));
	if (!same) {
		show_account("at first", &at_first);
		show_account("now", &now);
	}

	return same;
}

/* Counts what is wrong after a load that was to fail. */
static int check_undone(const char *what, unsigned int n, int ret)
{
	if (nothing_lost(false) && ret < 0)
		return 0;
	note("that was %s %u: load gave %d", what, n, ret);

	return 1;
}

/*
 * Loads, with more and more passing before the first thing fails, until nothing does.
 * One that can be done without is made good.
 */
static void check_failures(const char *what, void (*arm)(unsigned int n), bool (*reached)(void))
{
	unsigned int n, recovered = 0, wrong = 0;
	bool done = false;
	int ret;

	for (n = 1; !done && n < 10000; n++) {
		so_far(what, n);
		arm(n);
		ret = load(image, FAIL_LAST);
		done = !reached();
		arm(0);
		recovered += !done && ret == -EIO;
		wrong += check_undone(what, n, ret);
	}
	printf("# %s: %u places, %u of them made good\n", what, n - 2, recovered);
	claim(n > 10 && n < 10000, "%s: there are places where loading can fail", what);
	expect(wrong, 0, "%s: each is an error, and nothing is lost", what);
	load(image, FAIL_LAST);
	claim(nothing_lost(true), "%s: no page table is lost either", what);
}

/* --- what can fail at EL2 --- */

static void fail_once(unsigned int n)
{
	set_fault("times", 1);
	set_fault("nth", n);
}

static bool failed_once(void)
{
	return !get_fault("nth");
}

#define MANY	1000000

static void fail_on(unsigned int n)
{
	set_fault("times", MANY);
	set_fault("nth", n);
}

static bool failed_on(void)
{
	return get_fault("times") != MANY;
}

/* --- what can fail at EL1 --- */

static int fail_nth;

/* Each is of a module that was not there before. */
static void fail_allocation(unsigned int n)
{
	char text[16];

	rename_module(n);
	snprintf(text, sizeof(text), "%u", n);
	if (write(fail_nth, text, strlen(text)) < 0)
		fail_setup(FAIL_NTH);
}

static bool allocation_failed(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 0)
		fail_setup(FAIL_NTH);

	return !strcmp(text, "0\n");
}

static void check_allocations(void)
{
	char params[128];

	fail_nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (fail_nth < 0) {
		skipped("allocations", "the kernel has no CONFIG_FAULT_INJECTION: make faults");
		return;
	}

	snprintf(params, sizeof(params), "failslab=%#llx fail_page_alloc=%#llx",
		 symbol("failslab"), symbol("fail_page_alloc"));
	if (insmod(FAILING, params) != -ENODEV)
		fail_setup(FAILING);

	check_failures("allocations", fail_allocation, allocation_failed);
	close(fail_nth);
}

/* --- undoing that fails --- */

/*
 * It has no reason to. Where EL2 keeps what it should have let go of, nobody else may
 * get it: each page is still somebody's, and none is somebody's twice.
 */
static void check_undoing(void)
{
	struct account before, after;
	unsigned int n, wrong = 0;
	bool reached = true;

	for (n = 1; reached && n < 100; n++) {
		take_account(&before);
		set_fault("undo", n);
		if (load(image, FAIL_LAST) != -EIO)
			wrong++;
		reached = !get_fault("undo");
		set_fault("undo", 0);
		take_account(&after);
		if (accounted(&after, "locks ") || accounted(&after, "host-page-references ") ||
		    accounted(&after, "host-pages ") + accounted(&after, "hyp-pages ") !=
		    accounted(&before, "host-pages ") + accounted(&before, "hyp-pages ")) {
			note("undoing %u", n);
			show_account("before", &before);
			show_account("after", &after);
			wrong++;
		}
	}
	printf("# undoing: %u places\n", n - 2);
	claim(n > 4 && n < 100, "undoing: there are places where it could fail");
	expect(wrong, 0, "undoing: no page is lost or free");
}

/* --- a wrong byte --- */

#define NR_PATTERNS	4

static unsigned char pattern(unsigned char byte, int nr)
{
	switch (nr) {
	case 0:
		return byte ^ 0x01;
	case 1:
		return byte ^ 0x80;
	case 2:
		return byte ? 0 : 0x7f;
	default:
		return byte != 0xff ? 0xff : 0x55;
	}
}

static struct {
	unsigned int every, next;	/* of the corruptions, the ones to do */
	unsigned int done, kept_out, wrong, crashed;
} corrupt;

/* In a process of its own: the module loader may not outlive all that it is given. */
static int load_aside(const void *file)
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(-load(file, FAIL_LAST));
	waitpid(child, &status, 0);

	return WIFEXITED(status) ? -WEXITSTATUS(status) : 1;
}

/* Whether the kernel's own module loader would go astray, as it would for any module. */
typedef bool (*astray_t)(const void *was, const void *now);

static void check_corrupted(const void *item, size_t byte, const char *what, astray_t astray)
{
	size_t offset = item - (void *)image + byte;
	static unsigned char *file;
	int ret, nr;

	file = file ?: malloc(image_size);

	for (nr = 0; nr < NR_PATTERNS; nr++) {
		if (corrupt.next++ % corrupt.every)
			continue;
		memcpy(file, image, image_size);
		file[offset] = pattern(image[offset], nr);
		if (astray(item, file + (offset - byte))) {
			corrupt.kept_out++;
			continue;
		}

		ret = load_aside(file);
		so_far("corruptions", ++corrupt.done);
		if (ret > 0) {
			note("%s, byte %zu, at %#zx, as %#x: the loader crashed", what, byte,
			     offset, file[offset]);
			/* It has left its name taken. */
			rename_module(++corrupt.crashed);
		}
		corrupt.wrong += check_undone(what, offset, ret > 0 ? -EFAULT : ret);
	}
}

static void corrupt_item(const void *item, size_t size, const char *what, astray_t astray)
{
	for (size_t byte = 0; byte < size; byte++)
		check_corrupted(item, byte, what, astray);
}

static Elf64_Shdr *section_headers(void)
{
	return (Elf64_Shdr *)(image + ((Elf64_Ehdr *)image)->e_shoff);
}

static const char *section_name(const Elf64_Shdr *s)
{
	const Elf64_Shdr *names = section_headers() + ((Elf64_Ehdr *)image)->e_shstrndx;

	return (char *)image + names->sh_offset + s->sh_name;
}

static bool is_el2(const Elf64_Shdr *s)
{
	const char *name = section_name(s);

	return !strncmp(name, ".hyp.", 5) || !strncmp(name, ".rela.hyp.", 10);
}

/*
 * Which section relocations are for, and where they are, is not looked at; that the
 * section is as long as they need, neither; and one of no type is copied from beyond
 * the end of the file.
 */
static bool header_astray(const void *item, const void *changed)
{
	const Elf64_Shdr *was = item, *now = changed;

	if (was->sh_type == SHT_RELA)
		return now->sh_info != was->sh_info || now->sh_offset != was->sh_offset ||
		       now->sh_size > was->sh_size;

	return now->sh_size < was->sh_size ||
	       (was->sh_type == SHT_NOBITS && now->sh_type == SHT_NULL);
}

static const void *symbols;
static size_t nr_symbols;

static bool alternatives_use(const Elf64_Sym *sym)
{
	const Elf64_Shdr *s = section_headers();
	const Elf64_Shdr *end = s + ((Elf64_Ehdr *)image)->e_shnum;
	const Elf64_Rela *rela;
	size_t i;

	while (s < end && strcmp(section_name(s), ".rela.altinstructions"))
		s++;
	if (s == end)
		return false;

	rela = (void *)image + s->sh_offset;
	for (i = 0; i < s->sh_size / sizeof(*rela); i++) {
		if ((Elf64_Sym *)symbols + ELF64_R_SYM(rela[i].r_info) == sym)
			return true;
	}

	return false;
}

/* Alternatives are patched wherever they are said to be. */
static bool symbol_astray(const void *item, const void *changed)
{
	const Elf64_Sym *was = item, *now = changed;

	return alternatives_use(was) &&
	       (now->st_shndx != was->st_shndx ||
		now->st_value >= section_headers()[was->st_shndx].sh_size);
}

static void corrupt_symbols(const Elf64_Shdr *symtab)
{
	Elf64_Sym *sym = (void *)image + symtab->sh_offset;
	size_t i;

	symbols = sym;
	nr_symbols = symtab->sh_size / sizeof(*sym);
	for (i = 0; i < nr_symbols; i++) {
		if (sym[i].st_shndx < ((Elf64_Ehdr *)image)->e_shnum &&
		    is_el2(&section_headers()[sym[i].st_shndx]))
			corrupt_item(&sym[i], sizeof(*sym), "symbol", symbol_astray);
	}
}

static size_t target_size;

/* Written to is where a relocation says, and read what its symbol's number says. */
static bool relocation_astray(const void *was __attribute__((unused)), const void *changed)
{
	const Elf64_Rela *now = changed;

	return now->r_offset > target_size - sizeof(__u64) ||
	       ELF64_R_SYM(now->r_info) >= nr_symbols;
}

static void corrupt_relocations(const Elf64_Shdr *s)
{
	Elf64_Rela *rela = (void *)image + s->sh_offset;
	size_t i;

	target_size = section_headers()[s->sh_info].sh_size;
	for (i = 0; i < s->sh_size / sizeof(*rela); i++)
		corrupt_item(&rela[i], sizeof(*rela), "relocation", relocation_astray);
}

static void check_corruption(unsigned int every)
{
	Elf64_Shdr *s = section_headers();
	int i;

	corrupt.every = every;
	/* What is there then is the module's business. */
	set_fault("no_init", 1);
	for (i = 0; i < ((Elf64_Ehdr *)image)->e_shnum; i++) {
		if (s[i].sh_type == SHT_SYMTAB)
			corrupt_symbols(&s[i]);
	}
	for (i = 0; i < ((Elf64_Ehdr *)image)->e_shnum; i++) {
		if (!is_el2(&s[i]))
			continue;
		corrupt_item(&s[i], sizeof(*s), section_name(&s[i]), header_astray);
		if (s[i].sh_type == SHT_RELA)
			corrupt_relocations(&s[i]);
	}
	set_fault("no_init", 0);

	printf("# corruptions: %u, and %u kept out, of %u\n", corrupt.done, corrupt.kept_out,
	       corrupt.next);
	claim(corrupt.done > 100, "corruptions: there are some");
	expect(corrupt.crashed, 0, "corruptions: the kernel outlives each");
	expect(corrupt.wrong, 0, "corruptions: nothing is lost");
}

/* --- in modprobe's place, and later --- */

/* FAULTS= as it is on the kernel's command line */
static unsigned int wanted(const char *cmdline)
{
	char text[4096], *at;

	read_file(cmdline, text, sizeof(text));
	at = strstr(text, " FAULTS=");

	return at ? strtoul(at + strlen(" FAULTS="), NULL, 10) : 1;
}

static void check_all(unsigned int every)
{
	take_account(&at_first);
	show_account("at first", &at_first);

	check_failures("EL2", fail_once, failed_once);
	check_failures("EL2, and all after it", fail_on, failed_on);
	check_allocations();
	check_corruption(every);
	check_undoing();
}

static int be_modprobe(void)
{
	unsigned int every;

	mkdir("/faults", 0700);
	mkdir(DEBUG, 0700);
	if (!freopen(RESULTS, "w", stdout) || mount("none", PROC, "proc", 0, NULL) ||
	    mount("none", DEBUG, "debugfs", 0, NULL))
		fail_setup("mount");
	setlinebuf(stdout);
	/* What is refused here would fill the console. */
	klogctl(8, NULL, 1);
	read_image();

	every = wanted(PROC "/cmdline");
	if (every)
		check_all(every);
	expect(load(image, ""), 0, "a good module loads%s", every ? " after all that" : "");
	/* What comes next is the end of loading. */
	if (!every)
		fail_once(1);
	printf(COMPLETE);

	klogctl(8, NULL, 7);
	umount(DEBUG);
	umount(PROC);

	return 0;
}

/* The claims made then are made again, to be counted. */
static void show_results(void)
{
	FILE *file = fopen(RESULTS, "r");
	bool complete = false;
	char line[1024];

	while (file && fgets(line, sizeof(line), file)) {
		char *skip = strstr(line, " # SKIP ");
		int at = 0;

		complete |= !strcmp(line, COMPLETE);
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "ok %*d %n", &at) == 0 && at && skip) {
			*skip = '\0';
			skipped(line + at, skip + strlen(" # SKIP "));
		} else if (at || (sscanf(line, "not ok %*d %n", &at) == 0 && at)) {
			claim(line[0] == 'o', "%s", line + at);
		} else {
			puts(line);
		}
	}
	if (file)
		fclose(file);
	claim(complete, "all of it was tried");
}

static void check_kmemleak(void)
{
	char leaks[4096];

	if (access("/sys/kernel/debug/kmemleak", F_OK)) {
		skipped("kmemleak finds nothing", "the kernel has no kmemleak: make faults");
		return;
	}

	/* What is new is not looked at, and what is seen once is no leak yet. */
	sleep(6);
	write_file("/sys/kernel/debug/kmemleak", "scan");
	write_file("/sys/kernel/debug/kmemleak", "scan");
	read_file("/sys/kernel/debug/kmemleak", leaks, sizeof(leaks));
	for (char *c = leaks; *c; c++)
		if (*c == '\n')
			*c = '|';
	if (*leaks)
		printf("# %.900s\n", leaks);
	claim(!*leaks, "kmemleak finds nothing");
}

/* A page that is free and EL2's ends whoever gets it. */
static void use_memory(void)
{
	struct sysinfo info;
	size_t size;
	char *memory;

	sysinfo(&info);
	size = info.freeram / 8 * 7 & ~(PAGE - 1);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	claim(memory != MAP_FAILED && memory[size - 1] == 0, "the host can use all of its memory");
	munmap(memory, size);
}

int main(int argc, char *argv[])
{
	const char *denied;

	if (argc && strstr(argv[0], "modprobe"))
		return be_modprobe();

	print_header();
	denied = wanted("/proc/cmdline") ? "denied: mod_00: " : "denied: EL2 did not end loading";
	show_results();
	claim(!strcmp(first_line("/sys/kernel/pkvm/modules/mod_00/state"), "loaded"),
	      "the last module is loaded");
	expect(atoi(first_line("/sys/module/mod_00/parameters/count")), 2, "its EL2 part works");
	claim(!strncmp(first_line("/sys/kernel/pkvm/protected_vms"), denied, strlen(denied)),
	      "protected VMs are denied, and sysfs says why");
	claim(run_vm(true).error == -EPERM, "no protected VM can be started");
	expect(run_vm(false).step, VM_RAN, "a normal VM runs");
	use_memory();
	check_kmemleak();
	finished();
}
