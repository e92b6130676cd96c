/* SPDX-License-Identifier: GPL-2.0-only */

#include <linux/linkage.h>

SYM_FUNC_START(features_add)
	add	x0, x0, x1
	ret
SYM_FUNC_END(features_add)
