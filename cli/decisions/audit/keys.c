/* SPDX-License-Identifier: MIT */
#include "decisions/audit/keys.h"

#include <stdlib.h>
#include <xxhash.h>

#define FIRST_SIZE 1024

/* The place of a key, or the free one where it would be. 0 is no key. */
static size_t place_of(const struct mw_keys *keys, uint64_t key)
{
	size_t at = (size_t)key & (keys->size - 1);

	while (keys->keys[at] != 0 && keys->keys[at] != key)
		at = (at + 1) & (keys->size - 1);
	return at;
}

static uint64_t usable(uint64_t key)
{
	return key != 0 ? key : 1;
}

uint32_t *mw_keys_find(const struct mw_keys *keys, uint64_t key)
{
	size_t at;

	if (keys->size == 0)
		return NULL;
	at = place_of(keys, usable(key));
	return keys->keys[at] != 0 ? &keys->numbers[at] : NULL;
}

static bool grow(struct mw_keys *keys)
{
	struct mw_keys larger = { .size = keys->size == 0 ? FIRST_SIZE : keys->size * 2, .count = keys->count };

	larger.keys = calloc(larger.size, sizeof(*larger.keys));
	larger.numbers = calloc(larger.size, sizeof(*larger.numbers));
	if (larger.keys == NULL || larger.numbers == NULL) {
		mw_keys_deinit(&larger);
		return false;
	}
	for (size_t i = 0; i < keys->size; i++) {
		size_t at;

		if (keys->keys[i] == 0)
			continue;
		at = place_of(&larger, keys->keys[i]);
		larger.keys[at] = keys->keys[i];
		larger.numbers[at] = keys->numbers[i];
	}
	mw_keys_deinit(keys);
	*keys = larger;
	return true;
}

bool mw_keys_add(struct mw_keys *keys, uint64_t key, uint32_t number)
{
	size_t at;

	if (2 * keys->count >= keys->size && !grow(keys))
		return false;
	at = place_of(keys, usable(key));
	keys->keys[at] = usable(key);
	keys->numbers[at] = number;
	keys->count++;
	return true;
}

void mw_keys_clear(struct mw_keys *keys)
{
	if (keys->size > 0)
		memset(keys->keys, 0, keys->size * sizeof(*keys->keys));
	keys->count = 0;
}

void mw_keys_deinit(struct mw_keys *keys)
{
	free(keys->keys);
	free(keys->numbers);
	memset(keys, 0, sizeof(*keys));
}

uint64_t mw_hash_text(uint64_t before, struct mw_str text)
{
	return XXH3_64bits_withSeed(text.ptr, text.len, before);
}

uint64_t mw_hash_number(uint64_t before, uint64_t number)
{
	return XXH3_64bits_withSeed(&number, sizeof(number), before);
}

uint64_t mw_hash_ip(uint64_t before, const struct mw_ip *ip)
{
	return XXH3_64bits_withSeed(ip->bytes, sizeof(ip->bytes), mw_hash_number(before, (uint64_t)ip->family));
}
