/* SPDX-License-Identifier: MIT */
#include "seed.h"

#include <sys/random.h>

uint64_t mw_hash_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
		seed = (uint64_t)(uintptr_t)&seed;
	return seed;
}
