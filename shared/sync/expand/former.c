/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "sync/expand/expand.h"

/* One name that one principal had. */
struct had { struct mw_str name; struct mw_former_holder holder; };

static bool is_had(const struct mw_former *former)
{
	return former->state != MW_FORMER_CLAIMING;
}

static int compare(const void *left, const void *right)
{
	const struct had *a = left, *b = right;
	int order = mw_content_compare_text(a->name, b->name);

	return order != 0 ? order : (a->holder.id > b->holder.id) - (a->holder.id < b->holder.id);
}

static size_t count_all(const struct mw_expansion *expansion)
{
	size_t count = 0;

	for (size_t i = 0; i < expansion->count; i++) {
		const struct mw_formers *formers = expansion->by_id[i]->formers;

		for (size_t k = 0; formers != NULL && k < formers->count; k++)
			count += is_had(&formers->items[k]);
	}
	return count;
}

static void list_all(const struct mw_expansion *expansion, struct had *had)
{
	for (size_t i = 0; i < expansion->count; i++) {
		const struct mw_record *record = expansion->by_id[i];

		for (size_t k = 0; record->formers != NULL && k < record->formers->count; k++) {
			const struct mw_former *former = &record->formers->items[k];

			if (is_had(former))
				*had++ = (struct had){ former->name, { record->principal.id, former->until } };
		}
	}
}

bool mw_expand_formers(struct mw_expansion *expansion)
{
	size_t count = count_all(expansion), entry_count = 0;
	struct had *had = count == 0 ? NULL : calloc(count, sizeof(*had));
	struct mw_former_holder *holders = MW_ARENA_ARRAY(expansion->arena, struct mw_former_holder, count + 1);
	struct mw_former_entry *entries = MW_ARENA_ARRAY(expansion->arena, struct mw_former_entry, count + 1);

	if (count == 0)
		return true;
	if (had == NULL || holders == NULL || entries == NULL) {
		free(had);
		return false;
	}
	list_all(expansion, had);
	qsort(had, count, sizeof(*had), compare);
	for (size_t i = 0; i < count; i++) {
		holders[i] = had[i].holder;
		if (i == 0 || !mw_str_equal(had[i - 1].name, had[i].name))
			entries[entry_count++] = (struct mw_former_entry){ had[i].name, &holders[i], 0 };
		entries[entry_count - 1].count++;
	}
	free(had);
	expansion->content->formers = entries;
	expansion->content->former_count = entry_count;
	return true;
}
