/* SPDX-License-Identifier: MIT */
#include "directory/groups.h"

#include <stdlib.h>

struct closing {
	const struct mw_directory_view *view;
	uint32_t *ids; /* found so far */
	size_t count;
};

static bool has(const struct closing *closing, uint32_t id)
{
	for (size_t i = 0; i < closing->count; i++)
		if (closing->ids[i] == id)
			return true;
	return false;
}

static uint32_t id_of(const struct closing *closing, struct mw_str name)
{
	struct mw_principal principal;

	return closing->view->by_address(closing->view->context, name, &principal, NULL) == MW_LOOKUP_FOUND ? principal.id : 0;
}

/* Whether one of a group's members is there already. */
static bool leads_on(const struct closing *closing, const struct mw_record *group, uint32_t self)
{
	/* A blocked group has none. */
	for (size_t i = 0; group->bad == NULL && i < group->members.count; i++) {
		uint32_t member = id_of(closing, group->members.items[i]);

		if (member != 0 && (member == self || has(closing, member)))
			return true;
	}
	return false;
}

static int compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

struct mw_ids mw_groups_of(const struct mw_directory_view *view, const struct mw_records *records,
			   struct mw_arena *arena, const struct mw_principal *member)
{
	struct closing closing = { .view = view };
	bool more = true;

	if (member->kind == MW_USER)
		return member->groups;
	closing.ids = MW_ARENA_ARRAY(arena, uint32_t, records->count + 1);
	while (more && closing.ids != NULL) {
		more = false;
		for (size_t i = 0; i < records->count; i++) {
			const struct mw_record *group = &records->items[i];
			uint32_t id = group->members.count > 0 ? id_of(&closing, group->principal.name) : 0;

			if (id == 0 || id == member->id || has(&closing, id) || !leads_on(&closing, group, member->id))
				continue;
			closing.ids[closing.count++] = id;
			more = true;
		}
	}
	qsort(closing.ids, closing.count, sizeof(*closing.ids), compare);
	return (struct mw_ids){ closing.ids, closing.count };
}
