// SPDX-License-Identifier: GPL-2.0-only
/* A module without an EL2 part. */

#include <linux/init.h>
#include <linux/module.h>

static int __init plain_init(void)
{
	return 0;
}
module_init(plain_init);

MODULE_DESCRIPTION("Test module: not a vendor module at all");
MODULE_LICENSE("GPL");
