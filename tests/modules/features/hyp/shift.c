// SPDX-License-Identifier: GPL-2.0-only
/* Shifts, which the compiler makes calls of where it is to save room. */

#include "features.h"

/* @top is the top bit, @one is 1. */
bool features_shift(u64 top, int one)
{
	unsigned __int128 left = (unsigned __int128)top << one;
	unsigned __int128 right = ((unsigned __int128)top << 64) >> one;
	__int128 right_signed = ((__int128)top << 64) >> one;

	return (u64)(left >> 64) == 1 &&
	       (u64)(right >> 64) == top >> 1 &&
	       (u64)(right_signed >> 64) == (top | top >> 1);
}
