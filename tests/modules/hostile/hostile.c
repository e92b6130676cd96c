// SPDX-License-Identifier: GPL-2.0-only
/*
 * A host that was compromised after boot: it makes a function of the kernel return
 * 0 at once. The functions it needs are not exported, but /proc/kallsyms has them.
 */

#define pr_fmt(fmt) "hostile: " fmt

#include <linux/module.h>

#include <asm/insn.h>

static unsigned long target;
module_param(target, ulong, 0);
MODULE_PARM_DESC(target, "Address of the function");

static unsigned long patch_text;
module_param(patch_text, ulong, 0);
MODULE_PARM_DESC(patch_text, "Address of aarch64_insn_patch_text_nosync()");

static int __init hostile_init(void)
{
	int (*patch)(void *addr, u32 insn) = (void *)patch_text;
	const u32 insns[] = {
		0x52800000,	/* mov	w0, #0 */
		0xd65f03c0,	/* ret */
	};
	int i, ret = -EINVAL;

	for (i = 0; target && patch && i < ARRAY_SIZE(insns); i++) {
		ret = patch((u32 *)target + i, insns[i]);
		if (ret)
			break;
	}

	if (!ret)
		pr_info("%ps returns 0 from now on\n", (void *)target);

	return ret;
}
module_init(hostile_init);

MODULE_DESCRIPTION("Test module: talks the kernel out of a check");
MODULE_LICENSE("GPL");
