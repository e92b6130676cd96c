/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __SMC_GUARD_H__
#define __SMC_GUARD_H__

/* How many function ids can be allowed by themselves. */
#define SMC_GUARD_MAX_IDS	64U

#endif /* __SMC_GUARD_H__ */
