/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_STRING_H
#define SIM_LINUX_STRING_H

#include <string.h>

#include <linux/types.h>

static inline void memzero_explicit(void *at, size_t size)
{
	memset(at, 0, size);
	barrier();
}

#endif
