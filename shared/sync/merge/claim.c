/* SPDX-License-Identifier: MIT */
#include "sync/merge/claim.h"

#include <stdlib.h>

#include "sync/merge/contest.h"
#include "sync/merge/lost.h"
#include "sync/merge/merge.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))
#define REPORT(records, origin, ...) \
	mw_errors_add((records)->reports, MW_WARNING, mw_origin_file((records), (origin)), (origin).line, 0, NULL, __VA_ARGS__)

/* One look at the copy. */
struct look {
	struct mw_claims *claims;
	const struct mw_claims_index *index;
	struct mw_names owners;   /* contested names of records: number of who has it in the copy + 1, or MW_CONTEST_OPEN */
	struct mw_names sharing;  /* the same: how many records are called so */
	struct mw_str *versions;  /* [number in the slice]: its name in the copy; empty: it is not there */
	struct mw_lost lost;
	bool *gone, *settled;     /* [number in the slice]; settled: it lost its name in this look */
};

static struct mw_record *items(const struct mw_claims *claims)
{
	return claims->slice->records->items + claims->slice->first_item;
}

static size_t count_of(const struct mw_claims *claims)
{
	return claims->slice->records->count - claims->slice->first_item;
}

static bool is_candidate(const struct mw_record *record, const struct mw_names *contested)
{
	return mw_str_empty(record->principal.name) || mw_names_find(contested, record->principal.name) != NULL;
}

static void add_name(struct mw_names *names, struct mw_str text)
{
	bool added;

	mw_names_add(names, text, &added);
}

void mw_claims_begin(struct mw_claims *claims)
{
	for (size_t i = 0; i < claims->slice->disputed.count; i++)
		add_name(&claims->disputed, claims->slice->disputed.items[i]);
}

bool mw_claims_any(const struct mw_claims *claims, const struct mw_names *contested)
{
	if (contested->count == 0 && claims->slice->records->unnamed_keyed == 0)
		return false;
	for (size_t i = 0; i < count_of(claims); i++) {
		if (is_candidate(&items(claims)[i], contested))
			return true;
	}
	return false;
}

/* --- the copy */

static uint32_t value_of(const struct mw_names *names, struct mw_str text)
{
	const uint32_t *value = mw_names_find(names, text);

	return value == NULL ? 0 : *value;
}

/* Who it is now; NULL: nobody can tell, or nobody. */
static const struct mw_record *person_of(const struct look *look, const struct mw_record *old)
{
	const struct mw_record *record = mw_renames_holder(look->index->renames, old);
	const uint32_t *number = mw_names_find(look->index->names, old->principal.name);

	if (record != NULL || number == NULL || value_of(&look->sharing, old->principal.name) > 1)
		return record;
	record = &items(look->claims)[*number];
	return mw_renames_is_same(look->index->renames, old, record) ? record : NULL;
}

static void note_owner(struct look *look, const struct mw_record *now, struct mw_str address)
{
	uint32_t *value = mw_names_find(&look->owners, address), owner = MW_CONTEST_OPEN;

	if (value == NULL)
		return;
	if (now != NULL && mw_record_has_address(now, address))
		owner = (uint32_t)(now - items(look->claims)) + 1;
	*value = *value == 0 || *value == owner ? owner : MW_CONTEST_OPEN;
}

static void look_at(void *context, const struct mw_records *line, struct mw_str text)
{
	struct look *look = context;
	const struct mw_record *old = line->items, *now;

	(void)text;
	if (line->count == 0)
		return;
	now = person_of(look, old);
	if (now != NULL && (is_candidate(now, look->index->contested) ||
			    !mw_str_equal(now->principal.name, old->principal.name)))
		look->versions[now - items(look->claims)] =
			mw_arena_copy(look->claims->slice->records->arena, old->principal.name);
	if (look->owners.count == 0 || old->held)
		return;
	if (old->bad != NULL)
		now = NULL;
	note_owner(look, now, old->principal.name);
	for (size_t i = 0; i < old->addresses.count; i++)
		note_owner(look, now, old->addresses.items[i]);
	for (size_t i = 0; i < old->receives.count; i++)
		note_owner(look, now, old->receives.items[i]);
}

/* --- who has which name */

/* It is who it was, or left out. */
static void lose(struct look *look, size_t number, const char *why)
{
	struct mw_records *records = look->claims->slice->records;
	struct mw_record *record = &items(look->claims)[number];
	const struct mw_str before = record->principal.name, version = look->versions[number];
	bool stays = !mw_str_empty(version) && !mw_str_equal(version, before);

	look->settled[number] = true;
	mw_lost_add(&look->lost, record, stays ? version : MW_STR_EMPTY);
	if (stays)
		REPORT(records, record->origin, "%s; this %s stays %.*s", why, mw_record_kind(record), SHOW(version));
	else
		REPORT(records, record->origin, "%s; this %s is left out", why, mw_record_kind(record));
	look->gone[number] = !stays;
	if (!mw_str_empty(before))
		add_name(&look->claims->disputed, before);
	if (!stays)
		return;
	records->unnamed_keyed -= mw_str_empty(before);
	record->principal.name = version;
	if (record->bad == NULL)
		record->bad = why;
	add_name(&look->claims->restored, version);
}

/* Whoever has the old name of who loses one loses it in turn, and so on: names may have slipped by one place. */
static void lose_in_turn(struct look *look, size_t number, const char *why)
{
	const struct mw_records *records = look->claims->slice->records;

	for (;;) {
		struct mw_record *record = &items(look->claims)[number];
		const uint32_t *next;

		lose(look, number, why);
		next = look->gone[number] ? NULL : mw_names_find(look->index->names, record->principal.name);
		if (next == NULL || look->settled[*next] || is_candidate(&items(look->claims)[*next], look->index->contested))
			return;
		why = mw_arena_textf(records->arena, "name \"%.*s\" is not its own: %s stays so (%s:%u)",
				     SHOW(record->principal.name), mw_record_kind(record), mw_origin_file(records, record->origin),
				     record->origin.line);
		number = *next;
	}
}

static void decide(struct look *look, size_t number)
{
	struct mw_records *records = look->claims->slice->records;
	const struct mw_record *record = &items(look->claims)[number], *other;
	struct mw_str name = record->principal.name, version = look->versions[number];
	uint32_t owner = value_of(&look->owners, name);
	const char *why;

	if (mw_str_empty(name)) {
		if (!mw_str_empty(version))
			lose_in_turn(look, number, "its name cannot be read");
		return;
	}
	if (owner == number + 1)
		return;
	if (owner != 0 && owner != MW_CONTEST_OPEN) {
		other = &items(look->claims)[owner - 1];
		why = mw_arena_textf(records->arena, "name \"%.*s\" is not its own: %s %.*s had it before (%s:%u)", SHOW(name),
				     mw_record_kind(other), SHOW(other->principal.name), mw_origin_file(records, other->origin),
				     other->origin.line);
		if (look->index->renames->counts)
			lose_in_turn(look, number, why);
	} else if (value_of(&look->sharing, name) > 1 && !mw_str_empty(version) && !mw_str_equal(version, name)) {
		why = mw_arena_textf(records->arena, "several users or groups claim the name \"%.*s\"", SHOW(name));
		lose_in_turn(look, number, why);
	}
}

static void find_claimed(struct look *look)
{
	for (size_t i = 0; i < count_of(look->claims); i++) {
		struct mw_str name = items(look->claims)[i].principal.name;
		uint32_t *value;
		bool added;

		if (mw_str_empty(name) || mw_names_find(look->index->contested, name) == NULL)
			continue;
		add_name(&look->owners, name);
		value = mw_names_add(&look->sharing, name, &added);
		if (value != NULL)
			++*value;
	}
}

static bool run(struct look *look, const struct mw_copy *copy, struct mw_str default_domain, bool *changed_r,
		struct mw_buf *unread)
{
	struct mw_claims *claims = look->claims;

	find_claimed(look);
	if (!mw_copy_each(copy->text, copy->path, default_domain, look_at, look, unread))
		return false;
	for (size_t i = 0; i < count_of(claims); i++) {
		if (!look->settled[i] && is_candidate(&items(claims)[i], look->index->contested))
			decide(look, i);
	}
	*changed_r = look->lost.count > 0;
	mw_lost_apply(&look->lost, claims->slice->records, claims->slice->first_item, claims->slice->first_grant);
	mw_records_drop(claims->slice->records, claims->slice->first_item, look->gone);
	return true;
}

bool mw_claims_settle(struct mw_claims *claims, const struct mw_copy *copy, struct mw_str default_domain,
		      const struct mw_claims_index *index, bool *changed_r, struct mw_buf *unread)
{
	struct look look = {
		.claims = claims,
		.index = index,
		.versions = calloc(count_of(claims) + 1, sizeof(struct mw_str)),
		.gone = calloc(count_of(claims) + 1, sizeof(bool)),
		.settled = calloc(count_of(claims) + 1, sizeof(bool)),
	};
	bool done = true;

	*changed_r = false;
	claims->failed = claims->failed || look.versions == NULL || look.gone == NULL || look.settled == NULL;
	if (!claims->failed)
		done = run(&look, copy, default_domain, changed_r, unread);
	mw_names_deinit(&look.owners, &claims->failed);
	mw_names_deinit(&look.sharing, &claims->failed);
	mw_lost_deinit(&look.lost);
	free(look.versions);
	free(look.gone);
	free(look.settled);
	return done;
}

/* --- the end */

static void drop_unnamed(struct mw_claims *claims)
{
	struct mw_lost lost = { 0 };
	bool *gone = calloc(count_of(claims) + 1, sizeof(*gone));

	for (size_t i = 0; gone != NULL && i < count_of(claims); i++) {
		struct mw_record *record = &items(claims)[i];
		bool made = mw_str_empty(record->principal.name) && !mw_str_empty(record->made_name);

		gone[i] = mw_str_empty(record->principal.name) && !made;
		if (gone[i] || made)
			mw_lost_add(&lost, record, record->made_name);
		if (made)
			record->principal.name = record->made_name;
		claims->made += made;
	}
	claims->slice->records->unnamed_keyed -= claims->made;
	claims->failed = claims->failed || gone == NULL;
	if (gone != NULL) {
		mw_lost_apply(&lost, claims->slice->records, claims->slice->first_item, claims->slice->first_grant);
		mw_records_drop(claims->slice->records, claims->slice->first_item, gone);
	}
	mw_lost_deinit(&lost);
	free(gone);
}

bool mw_claims_end(struct mw_claims *claims)
{
	struct mw_records *records = claims->slice->records;
	bool changed = records->unnamed_keyed + records->twins + claims->restored.count > 0;

	if (records->unnamed_keyed > 0)
		drop_unnamed(claims);
	if (records->twins + claims->restored.count > 0)
		mw_records_join(records, claims->slice->first_item, MW_JOIN_ALL);
	records->twins = 0;
	for (size_t i = 0; i < count_of(claims); i++) {
		if (items(claims)[i].disputed)
			add_name(&claims->disputed, items(claims)[i].principal.name);
	}
	return changed;
}

/* --- lists */

/* It is no row's: the driver wrote whom it means. */
static bool is_memory_of(const struct mw_claims *claims, const struct mw_names *names, struct mw_str text)
{
	const uint32_t *number = mw_names_find(names, text);

	return number != NULL && items(claims)[*number].principal.name.ptr == text.ptr;
}

static void drop_disputed(const struct mw_claims *claims, const struct mw_names *names, struct mw_strs *list,
			  struct mw_strs before)
{
	struct mw_str *chosen = NULL;
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		struct mw_str text = list->items[i];
		bool stays = mw_names_find(&claims->disputed, text) == NULL || is_memory_of(claims, names, text) ||
			mw_merge_has(before, text);

		if (!stays && chosen == NULL) {
			chosen = MW_ARENA_ARRAY(claims->slice->records->arena, struct mw_str, list->count);
			if (chosen == NULL)
				return;
			memcpy(chosen, list->items, i * sizeof(chosen[0]));
			count = i;
		} else if (stays && chosen != NULL) {
			chosen[count++] = text;
		}
	}
	if (chosen != NULL)
		*list = (struct mw_strs){ chosen, count };
}

static void add_lost(const struct mw_claims *claims, const struct mw_names *taken, struct mw_strs *list,
		     struct mw_strs before)
{
	struct mw_arena *arena = claims->slice->records->arena;
	struct mw_str *lost = NULL;
	size_t count = 0;

	for (size_t i = 0; i < before.count; i++) {
		struct mw_str text = before.items[i];

		if (mw_names_find(&claims->restored, text) == NULL && (taken == NULL || mw_names_find(taken, text) != NULL))
			continue;
		if (lost == NULL)
			lost = MW_ARENA_ARRAY(arena, struct mw_str, before.count);
		if (lost == NULL) {
			claims->slice->records->failed = true;
			return;
		}
		lost[count++] = text;
	}
	mw_merge_union(arena, list, (struct mw_strs){ lost, count });
}

void mw_claims_settle_lists(const struct mw_claims *claims, const struct mw_names *names, const struct mw_names *taken,
			    struct mw_record *record, const struct mw_record *old)
{
	add_lost(claims, taken, &record->senders_denied, old->senders_denied);
	if (claims->disputed.count + claims->restored.count == 0)
		return;
	drop_disputed(claims, names, &record->members, old->members);
	drop_disputed(claims, names, &record->senders_list, old->senders_list);
	/* Of who is held hold() does. */
	if (record->principal.kind == MW_GROUP && old->principal.kind == MW_GROUP) {
		struct mw_strs lost = { NULL, 0 };

		add_lost(claims, NULL, &lost, old->members);
		add_lost(claims, NULL, &lost, old->bound);
		mw_merge_union(claims->slice->records->arena, &record->bound,
			       mw_merge_without(claims->slice->records->arena, lost, record->members));
	}
}

/* --- grants */

static struct mw_str grant_text(struct mw_arena *arena, const struct mw_grant_record *grant)
{
	const char *text = mw_arena_textf(arena, "%d %lld %.*s %.*s", grant->on_behalf, (long long)grant->until,
					  MW_STR_ARG(grant->identity), MW_STR_ARG(grant->trustee));

	return text == NULL ? MW_STR_EMPTY : mw_str(text);
}

static bool is_about(const struct mw_names *names, const struct mw_grant_record *grant)
{
	return mw_names_find(names, grant->trustee) != NULL ||
	       (!grant->domain && mw_names_find(names, grant->identity) != NULL);
}

void mw_claims_note_grant(struct mw_claims *claims, const struct mw_names *contested,
			  const struct mw_grant_record *grant)
{
	if (is_about(contested, grant) || is_about(&claims->disputed, grant))
		add_name(&claims->granted, grant_text(claims->slice->records->arena, grant));
}

/* The text is the name of a record, and what the grant says of it is said of that record, not of its name. */
static bool is_known(const struct mw_claims *claims, const struct mw_names *names, const struct mw_grant_record *grant,
		     struct mw_str text)
{
	const uint32_t *number = mw_names_find(names, text);
	const struct mw_record *record = number == NULL ? NULL : &items(claims)[*number];

	if (mw_names_find(&claims->disputed, text) == NULL)
		return true;
	return record != NULL && !record->disputed &&
		(record->principal.name.ptr == text.ptr || mw_origin_compare(record->origin, grant->origin) == 0);
}

void mw_claims_settle_grants(struct mw_claims *claims, const struct mw_names *names)
{
	struct mw_records *records = claims->slice->records;
	size_t count = claims->slice->first_grant;

	if (claims->disputed.count == 0)
		return;
	for (size_t i = claims->slice->first_grant; i < records->grant_count; i++) {
		const struct mw_grant_record *grant = &records->grants[i];

		if (!is_about(&claims->disputed, grant) ||
		    (is_known(claims, names, grant, grant->trustee) &&
		     (grant->domain || is_known(claims, names, grant, grant->identity))) ||
		    mw_names_find(&claims->granted, grant_text(records->arena, grant)) != NULL)
			records->grants[count++] = *grant;
		else
			REPORT(records, grant->origin,
			       "a grant on \"%.*s\" to \"%.*s\" is left out: it was not there before, and several users or "
			       "groups claim one of these names", SHOW(grant->identity), SHOW(grant->trustee));
	}
	records->grant_count = count;
}

void mw_claims_deinit(struct mw_claims *claims, bool *failed_io)
{
	*failed_io = *failed_io || claims->failed;
	mw_names_deinit(&claims->restored, failed_io);
	mw_names_deinit(&claims->disputed, failed_io);
	mw_names_deinit(&claims->granted, failed_io);
}
