/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __FEATURES_H__
#define __FEATURES_H__

#include <linux/types.h>

u64 features_add(u64 a, u64 b);
bool features_memory(u64 size);
bool features_shift(u64 top, int one);
bool features_list(void);

#endif /* __FEATURES_H__ */
