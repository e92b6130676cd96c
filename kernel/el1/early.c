// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading the modules named in kvm-arm.protected_modules= before the host is
 * deprivileged, and closing loading afterwards.
 */

#define pr_fmt(fmt) "pkvm_module: " fmt

#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/kmod.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/shmem_fs.h>
#include <linux/umh.h>

#include <keys/system_keyring.h>

#include <asm/setup.h>
#include <asm/virt.h>

#include "internal.h"

static char modprobe[] __initdata = CONFIG_MODPROBE_PATH;

/* All the names, with a comma in front of each list. */
static char module_names[COMMAND_LINE_SIZE] __initdata;

/* The parameter may be given more than once: it adds up. */
static int __init parse_protected_modules(char *arg)
{
	if (arg) {
		strlcat(module_names, ",", sizeof(module_names));
		strlcat(module_names, arg, sizeof(module_names));
	}

	return 0;
}
early_param("kvm-arm.protected_modules", parse_protected_modules);

/* In the child that becomes modprobe: what it says goes to a file, not to nowhere. */
static int __init modprobe_init(struct subprocess_info *info, struct cred *new)
{
	struct file *output = info->data;
	int fd, ret;

	for (fd = 1; fd <= 2; fd++) {
		ret = replace_fd(fd, output, 0);
		if (ret < 0)
			return ret;
	}

	return 0;
}

/*
 * Copy the lines of @output to the log, except for the last one, which is what is
 * wrong if something is: it goes to @last.
 */
static void __init log_output(const char *name, struct file *output, char *last, size_t size)
{
	static char buf[SZ_2K] __initdata;
	char *line, *next = buf;
	ssize_t len;
	loff_t pos;

	/* If it is much, its end. */
	pos = max_t(loff_t, i_size_read(file_inode(output)) - (sizeof(buf) - 1), 0);
	len = kernel_read(output, buf, sizeof(buf) - 1, &pos);
	if (len <= 0)
		return;
	buf[len] = '\0';

	while ((line = strsep(&next, "\n"))) {
		line = strim(line);
		if (!*line)
			continue;
		if (*last)
			pr_info("%s: %s\n", name, last);
		strscpy(last, line, size);
	}
}

/* Returns what a wait status says, or a negative errno if it could not be run. */
static int __init run_modprobe(char *name, char *last, size_t size)
{
	char *argv[] = { modprobe, "--", name, NULL };
	char *envp[] = { "PATH=/sbin:/usr/sbin:/bin:/usr/bin", NULL };
	struct subprocess_info *info;
	struct file *output;
	int ret = -ENOMEM;

	output = shmem_kernel_file_setup("modprobe", 0, EMPTY_VMA_FLAGS);
	if (IS_ERR(output))
		return PTR_ERR(output);

	info = call_usermodehelper_setup(modprobe, argv, envp, GFP_KERNEL, modprobe_init, NULL,
					 output);
	if (info)
		ret = call_usermodehelper_exec(info, UMH_WAIT_PROC);

	log_output(name, output, last, size);
	fput(output);

	return ret;
}

static void __init load_module(char *name)
{
	char last[PKVM_MODULE_REASON_LEN] = "";
	int ret;

	ret = run_modprobe(name, last, sizeof(last));

	guard(mutex)(&pkvm_module_lock);

	if (ret < 0)
		pkvm_module_fail(name, "%s could not be run: error %d", modprobe, ret);
	else if (ret & 0x7f)
		pkvm_module_fail(name, "%s was killed by signal %d", modprobe, ret & 0x7f);
	else if (ret && last[0])
		pkvm_module_fail(name, "%s", last);
	else if (ret)
		pkvm_module_fail(name, "%s exited with %d", modprobe, ret >> 8);
	else if (!pkvm_module_is_loaded(name))
		pkvm_module_fail(name, "it has no EL2 part, or did not load it");

	/* Of a module that loaded, or that had said itself why not, all of it. */
	if (last[0] && !pkvm_module_is_because(name, last))
		pr_info("%s: %s\n", name, last);
}

static bool __init seen_before(char **names, int nr, const char *name)
{
	while (nr--) {
		if (!strcmp(names[nr], name))
			return true;
	}

	return false;
}

static void __init load_named_module(char *name)
{
	if (strlen(name) >= MODULE_NAME_LEN) {
		guard(mutex)(&pkvm_module_lock);
		name[MODULE_NAME_LEN - 1] = '\0';
		pkvm_module_fail(name, "name too long: module names have %zu characters at most",
				 (size_t)MODULE_NAME_LEN - 1);
		return;
	}

	pr_info("%s: loading\n", name);
	load_module(name);
}

static void __init load_named_modules(void)
{
	/* No more names than commas fit. */
	static char *names[COMMAND_LINE_SIZE / 2] __initdata;
	char *name, *next = module_names;
	int nr = 0;

	while ((name = strsep(&next, ","))) {
		name = strim(name);
		if (!*name)
			continue;

		/* As modprobe and the kernel do, take the two for one. */
		strreplace(name, '-', '_');
		if (seen_before(names, nr, name)) {
			pr_info("%s: named more than once in kvm-arm.protected_modules=\n", name);
			continue;
		}
		names[nr++] = name;
		load_named_module(name);
	}
}

/**
 * pkvm_load_early_modules() - load the modules that were named, then close loading
 *
 * Context: from finalize_pkvm(), with EL2 initialised on all CPUs and the host not
 *	    yet deprivileged.
 */
void __init pkvm_load_early_modules(void)
{
	char why[MODULE_NAME_LEN + PKVM_MODULE_REASON_LEN];

	if (module_names[0]) {
		wait_for_initramfs();
		/* For their signatures: what is compiled in, and what of it is revoked */
		load_system_certificate_list();
		load_revocation_certificate_list();
		load_named_modules();
	}

	pkvm_close_modules();

	scoped_guard(mutex, &pkvm_module_lock) {
		if (pkvm_module_why_closed(why, sizeof(why)))
			pr_err("no protected VM can be started: %s\n", why);
	}
}

/* Named modules without protected mode would be a silent hole in it. */
static int __init check_modules_wanted(void)
{
	if (module_names[0] && !pkvm_modules_closed())
		pr_err("kvm-arm.protected_modules= is ignored: %s\n",
		       !is_hyp_mode_available() ? "the kernel was not started at EL2" :
		       !is_protected_kvm_enabled() ? "kvm-arm.mode=protected is missing" :
		       "KVM failed to initialise");

	return 0;
}
late_initcall(check_modules_wanted);

/**
 * pkvm_modules_allow_protected_vm() - whether a protected VM may be created
 *
 * EL2 refuses on its own; this is for an early and clear answer.
 *
 * Context: process. May sleep.
 * Return: 0; -EPERM if a module failed to load.
 */
int pkvm_modules_allow_protected_vm(void)
{
	char why[MODULE_NAME_LEN + PKVM_MODULE_REASON_LEN];

	guard(mutex)(&pkvm_module_lock);
	if (!pkvm_module_why_closed(why, sizeof(why)))
		return 0;

	pr_err_ratelimited("protected VM refused: %s\n", why);

	return -EPERM;
}
