/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "sync/expand/expand.h"
#include "sync/expand/pairs.h"

/* From a group down over all its members, those that have no right of it among them. */
struct walk {
	struct mw_expansion *expansion;
	uint32_t *mark, marking; /* [id] == marking: it was met */
	uint32_t *queue;
	size_t count;
	bool *denied;            /* [id]: it stands in a senders_denied= */
	struct mw_pairs groups;  /* user, group */
	struct mw_pairs users;   /* group, user */
};

static bool any_bound(const struct mw_expansion *expansion)
{
	for (size_t i = 0; i < expansion->count; i++) {
		const struct mw_record *record = expansion->by_id[i];

		if (record->bound.count > 0 || (record->bad != NULL && record->members.count > 0))
			return true;
	}
	return false;
}

static void find_denied(struct walk *walk)
{
	for (size_t i = 0; i < walk->expansion->count; i++) {
		struct mw_strs names = walk->expansion->by_id[i]->senders_denied;

		for (size_t k = 0; k < names.count; k++)
			walk->denied[mw_expand_find(walk->expansion, names.items[k], NULL)] = true;
	}
}

static void meet(struct walk *walk, struct mw_strs names)
{
	for (size_t i = 0; i < names.count; i++) {
		uint32_t id = mw_expand_find(walk->expansion, names.items[i], NULL);

		if (id == 0 || walk->mark[id] == walk->marking)
			continue;
		walk->mark[id] = walk->marking;
		walk->queue[walk->count++] = id;
	}
}

static bool is_member(const struct mw_record *user, uint32_t group)
{
	for (size_t i = 0; i < user->principal.groups.count; i++) {
		if (user->principal.groups.items[i] == group)
			return true;
	}
	return false;
}

static void walk_down(struct walk *walk, uint32_t group)
{
	walk->marking++;
	walk->mark[group] = walk->marking;
	walk->queue[0] = group;
	walk->count = 1;
	for (size_t i = 0; i < walk->count; i++) {
		const struct mw_record *record = walk->expansion->by_id[walk->queue[i] - 1];

		meet(walk, record->members);
		meet(walk, record->bound);
		if (record->principal.kind != MW_USER || is_member(record, group))
			continue;
		mw_pairs_add(&walk->groups, record->principal.id, group);
		mw_pairs_add(&walk->users, group, record->principal.id);
	}
}

static void give_out(struct walk *walk)
{
	struct mw_expansion *expansion = walk->expansion;

	mw_pairs_sort(&walk->groups);
	mw_pairs_sort(&walk->users);
	for (uint32_t id = 1; id <= expansion->count; id++) {
		struct mw_record *record = expansion->by_id[id - 1];
		struct mw_pairs *pairs = record->principal.kind == MW_USER ? &walk->groups : &walk->users;

		record->bound_ids = mw_pairs_take(pairs, id, expansion->arena);
	}
}

bool mw_expand_bound(struct mw_expansion *expansion)
{
	struct walk walk = { .expansion = expansion };
	bool done;

	if (!any_bound(expansion))
		return true;
	walk.mark = calloc(expansion->count + 1, sizeof(*walk.mark));
	walk.queue = calloc(expansion->count + 1, sizeof(*walk.queue));
	walk.denied = calloc(expansion->count + 1, sizeof(*walk.denied));
	done = walk.mark != NULL && walk.queue != NULL && walk.denied != NULL;
	if (done)
		find_denied(&walk);
	for (uint32_t id = 1; done && id <= expansion->count; id++) {
		const struct mw_record *record = expansion->by_id[id - 1];

		if (record->principal.kind == MW_GROUP && (record->networks != NULL || walk.denied[id]))
			walk_down(&walk, id);
	}
	if (done)
		give_out(&walk);
	done = done && !walk.groups.failed && !walk.users.failed;
	mw_pairs_deinit(&walk.groups);
	mw_pairs_deinit(&walk.users);
	free(walk.mark);
	free(walk.queue);
	free(walk.denied);
	return done;
}
