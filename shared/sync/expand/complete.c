/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "sync/expand/expand.h"

/* Domains as they come, with what came last at the end. */
struct domains {
	struct mw_str *items;
	size_t count, room;
	bool failed;
};

static void add(struct domains *domains, struct mw_str name)
{
	size_t at = mw_str_find_last(name, '@');
	struct mw_str domain = mw_str_tail(name, at + 1);

	/* A login may have none. Most records are of the domain of the one before. */
	if (at == name.len || (domains->count > 0 && mw_str_equal(domains->items[domains->count - 1], domain)))
		return;
	if (domains->count == domains->room) {
		size_t room = 2 * domains->room + 16;
		struct mw_str *larger = reallocarray(domains->items, room, sizeof(*larger));

		domains->failed = domains->failed || larger == NULL;
		if (larger == NULL)
			return;
		domains->items = larger;
		domains->room = room;
	}
	domains->items[domains->count++] = domain;
}

static void add_record(struct domains *domains, const struct mw_record *record)
{
	for (size_t i = 0; i < record->addresses.count; i++)
		add(domains, record->addresses.items[i]);
	for (size_t i = 0; i < record->receives.count; i++)
		add(domains, record->receives.items[i]);
	for (size_t i = 0; i < record->logins.count; i++)
		add(domains, record->logins.items[i]);
	add(domains, record->principal.name);
}

static int compare(const void *left, const void *right)
{
	return mw_content_compare_text(*(const struct mw_str *)left, *(const struct mw_str *)right);
}

bool mw_expand_complete_domains(struct mw_expansion *expansion)
{
	struct domains domains = { 0 };
	struct mw_str *items;
	size_t count = 0;

	for (size_t i = 0; i < expansion->records->count; i++)
		if (expansion->records->items[i].complete)
			add_record(&domains, &expansion->records->items[i]);
	if (domains.count > 0)
		qsort(domains.items, domains.count, sizeof(domains.items[0]), compare);
	for (size_t i = 0; i < domains.count; i++)
		if (count == 0 || !mw_str_equal(domains.items[count - 1], domains.items[i]))
			domains.items[count++] = domains.items[i];
	items = MW_ARENA_ARRAY(expansion->arena, struct mw_str, count + 1);
	if (items != NULL && count > 0)
		memcpy(items, domains.items, count * sizeof(items[0]));
	free(domains.items);
	expansion->content->complete_domains = (struct mw_strs){ items, count };
	return items != NULL && !domains.failed;
}
