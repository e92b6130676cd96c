// SPDX-License-Identifier: GPL-2.0-only
/* What the compiler makes calls of: of sizes it does not know, so that it has to. */

#include <linux/string.h>

#include "features.h"

#ifdef FEATURES_ONE_FILE
u8 features_one_file;
#endif

static u8 from[64], to[64];

bool features_memory(u64 size)
{
	__builtin_memset(from, 0x5a, size);
	from[1] = 1;
	__builtin_memcpy(to, from, size);
	if (to[0] != 0x5a || to[1] != 1 || to[size - 1] != 0x5a)
		return false;
	if (__builtin_memcmp(from, to, size))
		return false;

	/* Overlapping */
	__builtin_memmove(to + 1, to, size - 1);
	if (to[0] != 0x5a || to[1] != 0x5a || to[2] != 1)
		return false;

	return __builtin_memcmp(from, to, size) < 0;
}
