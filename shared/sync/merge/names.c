/* SPDX-License-Identifier: MIT */
#include "sync/merge/names.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static uint32_t *slot_of(const struct mw_names *names, struct mw_str text)
{
	size_t i = XXH3_64bits(text.ptr, text.len) & (names->slot_count - 1);

	while (names->slots[i] != 0 && !mw_str_equal(names->items[names->slots[i] - 1].text, text))
		i = (i + 1) & (names->slot_count - 1);
	return &names->slots[i];
}

static bool grow_slots(struct mw_names *names)
{
	size_t count = names->slot_count == 0 ? 1024 : names->slot_count * 2;
	uint32_t *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return false;
	free(names->slots);
	names->slots = slots;
	names->slot_count = count;
	for (size_t i = 0; i < names->count; i++)
		*slot_of(names, names->items[i].text) = (uint32_t)i + 1;
	return true;
}

static bool grow_items(struct mw_names *names)
{
	size_t size = names->size + names->size / 2 + 512;
	struct mw_name *larger = reallocarray(names->items, size, sizeof(*larger));

	if (larger == NULL)
		return false;
	names->items = larger;
	names->size = size;
	return true;
}

uint32_t *mw_names_add(struct mw_names *names, struct mw_str text, bool *added_r)
{
	uint32_t *slot;

	*added_r = false;
	if (names->count * 3 >= names->slot_count * 2 && !grow_slots(names))
		names->failed = true;
	if (names->count == names->size && !grow_items(names))
		names->failed = true;
	if (names->failed)
		return NULL;
	slot = slot_of(names, text);
	*added_r = *slot == 0;
	if (*added_r) {
		names->items[names->count++] = (struct mw_name){ text, 0 };
		*slot = (uint32_t)names->count;
	}
	return &names->items[*slot - 1].value;
}

uint32_t *mw_names_find(const struct mw_names *names, struct mw_str text)
{
	uint32_t *slot = names->slot_count == 0 ? NULL : slot_of(names, text);

	return slot == NULL || *slot == 0 ? NULL : &names->items[*slot - 1].value;
}

void mw_names_deinit(struct mw_names *names, bool *failed_io)
{
	*failed_io = *failed_io || names->failed;
	free(names->items);
	free(names->slots);
	*names = (struct mw_names){ 0 };
}
