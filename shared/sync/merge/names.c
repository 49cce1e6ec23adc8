/* SPDX-License-Identifier: MIT */
#include "sync/merge/names.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* Most of what a look-up meets is told by the hash, so that texts all over the memory are not read for it. */
struct mw_name_slot {
	uint32_t number; /* of the item, from 1 on; 0: none */
	uint32_t hash;
};

static struct mw_name_slot *slot_of(const struct mw_names *names, struct mw_str text, uint32_t hash)
{
	size_t i = hash & (names->slot_count - 1);

	while (names->slots[i].number != 0 &&
	       (names->slots[i].hash != hash || !mw_str_equal(names->items[names->slots[i].number - 1].text, text)))
		i = (i + 1) & (names->slot_count - 1);
	return &names->slots[i];
}

static void move_slot(struct mw_name_slot *slots, size_t count, struct mw_name_slot slot)
{
	size_t i = slot.hash & (count - 1);

	while (slots[i].number != 0)
		i = (i + 1) & (count - 1);
	slots[i] = slot;
}

static bool grow_slots(struct mw_names *names)
{
	size_t count = names->slot_count == 0 ? 1024 : names->slot_count * 2;
	struct mw_name_slot *slots = calloc(count, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < names->slot_count; i++)
		if (names->slots[i].number != 0)
			move_slot(slots, count, names->slots[i]);
	free(names->slots);
	names->slots = slots;
	names->slot_count = count;
	return true;
}

static uint32_t hash_of(struct mw_str text)
{
	return (uint32_t)XXH3_64bits(text.ptr, text.len);
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
	uint32_t hash = hash_of(text);
	struct mw_name_slot *slot;

	*added_r = false;
	if (names->count * 3 >= names->slot_count * 2 && !grow_slots(names))
		names->failed = true;
	if (names->count == names->size && !grow_items(names))
		names->failed = true;
	if (names->failed)
		return NULL;
	slot = slot_of(names, text, hash);
	*added_r = slot->number == 0;
	if (*added_r) {
		names->items[names->count++] = (struct mw_name){ text, 0 };
		*slot = (struct mw_name_slot){ (uint32_t)names->count, hash };
	}
	return &names->items[slot->number - 1].value;
}

uint32_t *mw_names_find(const struct mw_names *names, struct mw_str text)
{
	const struct mw_name_slot *slot = names->slot_count == 0 ? NULL : slot_of(names, text, hash_of(text));

	return slot == NULL || slot->number == 0 ? NULL : &names->items[slot->number - 1].value;
}

void mw_names_deinit(struct mw_names *names, bool *failed_io)
{
	*failed_io = *failed_io || names->failed;
	free(names->items);
	free(names->slots);
	*names = (struct mw_names){ 0 };
}
