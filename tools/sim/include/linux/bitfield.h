/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_LINUX_BITFIELD_H
#define SIM_LINUX_BITFIELD_H

#include <linux/bits.h>

#define __sim_shift(mask)	__builtin_ctzll(mask)
#define FIELD_GET(mask, reg)	((typeof(mask))(((reg) & (mask)) >> __sim_shift(mask)))
#define FIELD_PREP(mask, val)	(((typeof(mask))(val) << __sim_shift(mask)) & (mask))
#define FIELD_FIT(mask, val)	(!((((typeof(mask))(val)) << __sim_shift(mask)) & ~(mask)))

#endif
