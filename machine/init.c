// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the machine: mounts what a program expects, does what the first
 * argument says, tells run.sh the exit status on the console's last line, and
 * powers off. The kernel passes the words after "--" on its command line as
 * arguments:
 *
 *	run		show the EL2 modules, a protected VM and a normal one (default)
 *	shell		a shell on the console
 *	map		nothing, with a protected VM and a normal one there
 *	/path [ARG]...	this program
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#define MODULES	"/sys/kernel/pkvm/modules/"
#define GATE	"/sys/kernel/pkvm/protected_vms"
/* Of kernels that count: a file for each module. */
#define COUNTERS "/sys/kernel/debug/pkvm/modules/"

/* What vmm returns when protected VMs may not start. */
#define VMM_DENIED	2

#define MAX_NAMED	256

static bool interactive;	/* there is a person at the console */

static void report_sections(void);

static noreturn void power_off(int status)
{
	if (getenv("MAP"))
		report_sections();

	/* For run.sh: a person need not see it, and any line before it may be unfinished. */
	printf("\rmachine: exit %d%s", status, interactive ? "\r\033[K" : "\n");
	fflush(stdout);
	tcdrain(STDOUT_FILENO);

	sync();
	reboot(RB_POWER_OFF);
	printf("machine: cannot power off: %m\n");
	for (;;)
		pause();
}

static noreturn void fail(const char *what)
{
	printf("machine: %s: %m\n", what);
	power_off(1);
}

/* --- the system around a program --- */

static void mount_filesystems(void)
{
	static const struct {
		const char *type, *dir;
		bool optional;	/* a kernel may be built without it */
	} mounts[] = {
		{ "devtmpfs",	"/dev",			false },
		{ "proc",	"/proc",		false },
		{ "sysfs",	"/sys",			false },
		{ "tmpfs",	"/tmp",			false },
		{ "debugfs",	"/sys/kernel/debug",	true },
		{ "tracefs",	"/sys/kernel/tracing",	true },
		{ }
	};

	for (size_t i = 0; mounts[i].type; i++) {
		if (!mount("none", mounts[i].dir, mounts[i].type, 0, NULL))
			continue;
		if (mounts[i].optional && (errno == ENODEV || errno == ENOENT))
			continue;
		printf("machine: cannot mount %s on %s: %m\n", mounts[i].type, mounts[i].dir);
		power_off(1);
	}
}

static void set_environment(void)
{
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/", 1);
}

/* Waits for @child, and reaps everybody's orphans on the way. */
static int wait_for(pid_t child)
{
	int status;
	pid_t pid;

	do {
		pid = waitpid(-1, &status, 0);
		if (pid < 0)
			fail("waitpid");
	} while (pid != child);

	return status;
}

/* Runs a program to its end. Returns its exit status, as a shell would have it. */
static int run_program(char *const argv[])
{
	pid_t child = fork();
	int status;

	if (child < 0)
		fail("fork");
	if (!child) {
		dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
		execv(argv[0], argv);
		printf("machine: cannot run %s: %m\n", argv[0]);
		_exit(127);
	}

	status = wait_for(child);
	if (!WIFSIGNALED(status))
		return WEXITSTATUS(status);
	printf("machine: %s: killed by SIG%s\n", argv[0], sigabbrev_np(WTERMSIG(status)));
	return 128 + WTERMSIG(status);
}

static void install_applets(void)
{
	run_program((char *[]){ "/bin/busybox", "--install", "-s", NULL });
}

/* --- what sysfs tells about EL2 modules --- */

/* Opens an attribute of a module. */
static FILE *open_attribute(const char *module, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), MODULES "%s/%s", module, name);
	return fopen(path, "r");
}

/* Reads the first line of @file, which may be NULL, and closes it. */
static bool read_line(FILE *file, char *line, int size)
{
	bool ok = file && fgets(line, size, file);

	if (ok)
		line[strcspn(line, "\n")] = '\0';
	if (file)
		fclose(file);
	return ok;
}

static bool is_loaded(const char *module)
{
	char state[512];

	return read_line(open_attribute(module, "state"), state, sizeof(state)) &&
	       !strcmp(state, "loaded");
}

static void show_sections(const char *module)
{
	FILE *file = open_attribute(module, "sections");
	char name[64], address[32], permissions[8];
	unsigned long size;

	if (!file)
		return;
	while (fscanf(file, "%63s %31s %lu %7s", name, address, &size, permissions) == 4)
		printf("    %-12s %s  %s  %6lu bytes\n", name, address, permissions, size);
	fclose(file);
}

static FILE *open_counters(const char *module)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), COUNTERS "%s", module);
	return fopen(path, "r");
}

/* How often a call was made, as ", 3 times"; "" where that is not counted. */
static const char *call_count(const char *module, const char *call)
{
	FILE *file = open_counters(module);
	static char text[48];
	char line[256], id[32];
	unsigned long long n;

	text[0] = '\0';
	while (file && !text[0] && fgets(line, sizeof(line), file))
		if (sscanf(line, "call %31s %*s %llu", id, &n) == 2 && !strcmp(id, call))
			snprintf(text, sizeof(text), n == 1 ? ", once" : ", %llu times", n);
	if (file)
		fclose(file);
	return text;
}

static void show_calls(const char *module)
{
	FILE *file = open_attribute(module, "calls");
	char id[32], function[128];

	if (!file)
		return;
	while (fscanf(file, "%31s %127s", id, function) == 2)
		printf("    HVC %-8s %s%s\n", id, function, call_count(module, id));
	fclose(file);
}

/* What else a kernel that counts knows of a module. */
static void show_handlers(const char *module)
{
	FILE *file = open_counters(module);
	char line[256], kind[32], function[128];
	unsigned long long n, passed;

	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "handler %31s %127s %llu %llu", kind, function, &n, &passed) == 4)
			printf("    %-12s %s, took %llu, passed %llu on\n", kind, function, n,
			       passed);
		else if (sscanf(line, "notifier %31s %127s %llu", kind, function, &n) == 3)
			printf("    %-12s %s, told %llu times\n", kind, function, n);
		else if (sscanf(line, "heap %llu", &n) == 1 && n)
			printf("    heap         %llu bytes\n", n);
	}
	fclose(file);
}

static void show_module(const char *module)
{
	char line[512];

	if (!read_line(open_attribute(module, "state"), line, sizeof(line))) {
		printf("  %s: not loaded\n", module);
		return;
	}
	if (strcmp(line, "loaded")) {
		printf("  %s: %s\n", module, line);
		return;
	}
	if (!read_line(open_attribute(module, "el2_address"), line, sizeof(line)))
		snprintf(line, sizeof(line), "?");
	printf("  %s: loaded, at EL2 address %s\n", module, line);
	show_sections(module);
	show_calls(module);
	show_handlers(module);
}

static bool is_among(const char *name, char *const names[], int n)
{
	while (n--)
		if (!strcmp(name, names[n]))
			return true;
	return false;
}

/*
 * The modules named on the kernel command line, each once, in order. Returns how
 * many. As for the kernel itself, "-" and "_" are the same in names.
 */
static int named_modules(char *names[MAX_NAMED])
{
	static const char parameter[] = "kvm_arm.protected_modules=";
	static char line[4096];
	char *word, *name, *words, *list;
	int n = 0;

	if (!read_line(fopen("/proc/cmdline", "r"), line, sizeof(line)))
		fail("/proc/cmdline");
	for (char *c = line; (c = strchr(c, '-')); )
		*c = '_';

	for (word = strtok_r(line, " ", &words); word; word = strtok_r(NULL, " ", &words)) {
		if (strncmp(word, parameter, strlen(parameter)))
			continue;
		word += strlen(parameter);
		for (name = strtok_r(word, ",", &list); name; name = strtok_r(NULL, ",", &list))
			if (n < MAX_NAMED && !is_among(name, names, n))
				names[n++] = name;
	}
	return n;
}

/* The modules that nobody named, but that sysfs has: refused after boot, say. */
static void show_others(char *const named[], int n)
{
	struct dirent *entry;
	DIR *dir = opendir(MODULES);

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && !is_among(entry->d_name, named, n))
			show_module(entry->d_name);
	if (dir)
		closedir(dir);
}

/* Returns the first named module that is not loaded, or NULL. */
static const char *show_modules(void)
{
	char *named[MAX_NAMED], gate[512];
	const char *missing = NULL;
	int n = named_modules(named);

	if (access(MODULES, F_OK))
		printf("This kernel has no support for EL2 modules (CONFIG_PKVM_MODULES).\n");
	else if (!n)
		printf("EL2 modules: none named\n");
	else
		printf("EL2 modules:\n");

	for (int i = 0; i < n; i++) {
		show_module(named[i]);
		if (!missing && !is_loaded(named[i]))
			missing = named[i];
	}
	show_others(named, n);

	if (read_line(fopen(GATE, "r"), gate, sizeof(gate)))
		printf("Protected VMs: %s\n", gate);
	return missing;
}

/* For those who draw a map of the memory that is left: what sysfs says of sections. */
static void report_sections(void)
{
	char line[256];
	struct dirent *entry;
	DIR *dir = opendir(MODULES);
	FILE *file;

	while (dir && (entry = readdir(dir))) {
		file = entry->d_name[0] != '.' ? open_attribute(entry->d_name, "sections") : NULL;
		while (file && fgets(line, sizeof(line), file))
			printf("\rmachine: section %s %s", entry->d_name, line);
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
}

/* --- what the machine does --- */

static void show_system(void)
{
	struct timespec up;
	struct utsname uts;

	uname(&uts);
	clock_gettime(CLOCK_BOOTTIME, &up);
	printf("Linux %s, %ld CPUs, up in %.1f s\n", uts.release,
	       sysconf(_SC_NPROCESSORS_ONLN), up.tv_sec + up.tv_nsec / 1e9);
}

/* Says in one line whether all is well, and returns the machine's status. */
static int verdict(const char *missing, int protected, int normal)
{
	char gate[512];
	bool denied = read_line(fopen(GATE, "r"), gate, sizeof(gate)) &&
		      !strncmp(gate, "denied", strlen("denied"));

	if (normal)
		printf("FAILED: the normal VM did not do what it should\n");
	else if (denied && !protected)
		printf("FAILED: protected VMs are denied, but one could run\n");
	else if (denied)
		printf("NOT SECURE, so no protected VM may start:%s\n", gate + strcspn(gate, " "));
	else if (missing)
		printf("FAILED: %s is not loaded\n", missing);
	else if (protected)
		printf("FAILED: the protected VM did not do what it should\n");
	else
		printf("All as it should be.\n");

	if (!normal && denied && protected == VMM_DENIED)
		return VMM_DENIED;
	return normal || denied || missing || protected;
}

static int show(void)
{
	const char *missing;
	int protected, normal;

	show_system();
	missing = show_modules();
	protected = run_program((char *[]){ "/bin/vmm", "--protected", NULL });
	normal = run_program((char *[]){ "/bin/vmm", NULL });
	return verdict(missing, protected, normal);
}

/* A VM that has run, until the machine is powered off. */
static int start_vm(char *kind)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		fail("fork");
	if (!child) {
		execl("/bin/vmm", "vmm", "--stay", kind, NULL);
		_exit(127);
	}
	if (waitpid(child, &status, WUNTRACED) < 0)
		fail("waitpid");

	return WIFSTOPPED(status) ? 0 : WEXITSTATUS(status);
}

/* That protected VMs are denied is something that a map can show, too. */
static int start_vms(void)
{
	int protected = start_vm("--protected"), normal = start_vm(NULL);

	return normal || (protected && protected != VMM_DENIED);
}

/* A shell wants job control, so a controlling terminal: what /dev/console stands for. */
static void open_terminal(void)
{
	char path[64] = "/dev/", *name = path + strlen(path);
	int tty;

	if (!read_line(fopen("/sys/class/tty/console/active", "r"), name, 32))
		fail("no console");
	setsid();
	tty = open(path, O_RDWR);
	if (tty < 0)
		fail(path);
	dup2(tty, STDIN_FILENO);
	dup2(tty, STDOUT_FILENO);
	dup2(tty, STDERR_FILENO);
	close(tty);
}

static int run_shell(void)
{
	pid_t child;
	int status;

	interactive = true;
	install_applets();
	show_system();
	show_modules();
	printf("The machine powers off when you exit.\n");

	child = fork();
	if (child < 0)
		fail("fork");
	if (!child) {
		open_terminal();
		execl("/bin/sh", "-sh", NULL);
		printf("machine: cannot run /bin/sh: %m\n");
		_exit(127);
	}

	status = wait_for(child);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char *argv[])
{
	char *mode = argc > 1 ? argv[1] : "run";
	int status = 1;

	mount_filesystems();
	set_environment();

	if (!strcmp(mode, "run")) {
		status = show();
	} else if (!strcmp(mode, "shell")) {
		status = run_shell();
	} else if (!strcmp(mode, "map")) {
		status = start_vms();
	} else if (mode[0] == '/') {
		install_applets();
		status = run_program(argv + 1);
	} else {
		printf("machine: %s: neither \"run\", \"shell\", \"map\" nor a path\n", mode);
	}

	power_off(status);
}
