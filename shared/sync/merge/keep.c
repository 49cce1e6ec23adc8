/* SPDX-License-Identifier: MIT */
#include "sync/merge/keep.h"

#include <stdlib.h>

#include "sync/merge/claim.h"
#include "sync/merge/contest.h"
#include "sync/merge/keep_version.h"
#include "sync/merge/merge.h"
#include "sync/merge/names.h"
#include "sync/merge/rename.h"
#include "sync/text/field.h"
#include "sync/text/text.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

#define ROUNDS 10 /* of names that go back to who had them: each may take that of another */

struct keep {
	const struct mw_slice *slice;
	const struct mw_copy *copy;
	struct mw_str default_domain;
	struct mw_names names;     /* of the new records: number in the slice */
	struct mw_names addresses; /* names and all addresses of the new records */
	struct mw_names logins;
	struct mw_contest contest;
	struct mw_claims claims;
	struct mw_renames renames;
	struct mw_share users, groups, addresses_share;
	uint64_t addresses_lost;   /* of users and groups that are still there */
	uint64_t unkeyed_gone;     /* users and groups that are gone, and of whom no key tells who they were */
	uint64_t still_held;       /* records of the copy that are held, and would vanish if they were not */
	bool any_former;           /* somebody has a former name */
	bool *known;               /* [number in the slice]: it was there before the source was held */
	bool guarded;              /* what is gone is held until somebody lets it go */
	char digest[MW_TEXT_DIGEST_SIZE]; /* of what the source says; "": not known yet */
	struct mw_str *wanted;     /* lines of the copy that have something that is gone, or a bad record's version */
	size_t wanted_count, wanted_size;
	uint32_t origin;           /* the copy, among records->sources, once something is held of it; else UINT32_MAX */
	struct mw_str uncounted;   /* of the copy's text: from the line that was counted last on */
	uint32_t line;             /* its number */
	bool failed, unread;
};

static struct mw_record *new_record(const struct keep *keep, struct mw_str name)
{
	const uint32_t *number = mw_names_find(&keep->names, name);

	return number == NULL ? NULL : &keep->slice->records->items[keep->slice->first_item + *number];
}

/* --- the new content */

/* The digest of what the source says: to be asked for before anything of that changes. Empty: memory is out. */
static const char *said(struct keep *keep)
{
	if (keep->digest[0] == '\0' && !mw_keep_digest(keep->slice, keep->digest)) {
		keep->digest[0] = '\0';
		keep->failed = true;
	}
	return keep->digest;
}

static bool is_accepted(struct keep *keep, const char *accept)
{
	return accept != NULL && accept[0] != '\0' && strcmp(accept, said(keep)) == 0;
}

static void add(struct keep *keep, struct mw_names *names, struct mw_str text, uint32_t number)
{
	bool added;
	uint32_t *value = mw_names_add(names, text, &added);

	if (value == NULL)
		keep->failed = true;
	else if (added)
		*value = number;
	else if (*value != number)
		mw_contest_add(&keep->contest, text);
}

static void add_list(struct keep *keep, struct mw_names *names, struct mw_strs list, uint32_t number)
{
	for (size_t i = 0; i < list.count; i++)
		add(keep, names, list.items[i], number);
}

static void index_new(struct keep *keep)
{
	const struct mw_records *records = keep->slice->records;

	for (size_t i = keep->slice->first_item; i < records->count && !keep->failed; i++) {
		const struct mw_record *record = &records->items[i];
		uint32_t number = (uint32_t)(i - keep->slice->first_item);

		add(keep, &keep->names, record->principal.name, number);
		add(keep, &keep->addresses, record->principal.name, number);
		add_list(keep, &keep->addresses, record->addresses, number);
		add_list(keep, &keep->addresses, record->receives, number);
	}
	keep->failed = keep->failed || !mw_contest_find_logins(&keep->contest, keep->slice);
}

/* Where records went since. */
static void look_at_names(struct keep *keep)
{
	const struct mw_records *records = keep->slice->records;

	mw_names_deinit(&keep->names, &keep->failed);
	for (size_t i = keep->slice->first_item; i < records->count; i++) {
		bool added;
		uint32_t *value = mw_names_add(&keep->names, records->items[i].principal.name, &added);

		if (value != NULL && added)
			*value = (uint32_t)(i - keep->slice->first_item);
	}
}

/* Only what comes back needs it. */
static void index_logins(struct keep *keep)
{
	const struct mw_records *records = keep->slice->records;

	for (size_t i = keep->slice->first_item; i < records->count && !keep->failed; i++)
		add_list(keep, &keep->logins, records->items[i].logins, 0);
}

/* --- the copy, line by line */

static void want(struct keep *keep, struct mw_str line)
{
	if (keep->wanted_count == keep->wanted_size) {
		size_t size = 2 * keep->wanted_size + 64;
		struct mw_str *larger = reallocarray(keep->wanted, size, sizeof(*larger));

		keep->failed = keep->failed || larger == NULL;
		if (larger == NULL)
			return;
		keep->wanted = larger;
		keep->wanted_size = size;
	}
	keep->wanted[keep->wanted_count++] = line;
}

static size_t count_gone(const struct keep *keep, struct mw_strs list)
{
	size_t gone = 0;

	for (size_t i = 0; i < list.count; i++)
		gone += mw_names_find(&keep->addresses, list.items[i]) == NULL;
	return gone;
}

static bool is_renamed(const struct keep *keep, const struct mw_record *old)
{
	return mw_renames_find(&keep->renames, old) != NULL;
}

/* Who it is now; NULL: nobody, or somebody else has its name. */
static struct mw_record *same_person(const struct keep *keep, const struct mw_record *old)
{
	struct mw_record *record = mw_renames_find(&keep->renames, old);

	if (record != NULL)
		return record;
	record = new_record(keep, old->principal.name);
	return record == NULL || !mw_renames_is_same(&keep->renames, old, record) ? NULL : record;
}

static size_t addresses_gone(const struct keep *keep, const struct mw_record *old)
{
	bool name = mw_names_find(&keep->addresses, old->principal.name) == NULL && !is_renamed(keep, old);

	return name + count_gone(keep, old->addresses) + count_gone(keep, old->receives);
}

/* The name of another kind is another one. */
static bool is_gone(const struct keep *keep, const struct mw_record *old)
{
	const struct mw_record *record = new_record(keep, old->principal.name);

	return !is_renamed(keep, old) && (record == NULL || 1u << record->principal.kind != mw_kind_before(old));
}

static void look_at_key(void *context, const struct mw_records *line, struct mw_str text)
{
	struct keep *keep = context;

	(void)text;
	if (line->count > 0)
		mw_renames_look(&keep->renames, &line->items[0], new_record(keep, line->items[0].principal.name));
}

static void compare(struct keep *keep, const struct mw_record *old, struct mw_str line)
{
	struct mw_share *share = mw_kind_before(old) == 1u << MW_USER ? &keep->users : &keep->groups;
	const struct mw_record *record = same_person(keep, old);
	size_t gone = addresses_gone(keep, old) + mw_contest_compare(&keep->contest, keep->slice, old, record);
	bool name_gone = is_gone(keep, old);

	/* What came while the source was held goes again by itself. */
	if (old->unconfirmed && name_gone)
		return;
	keep->addresses_share.all += 1 + old->addresses.count + old->receives.count;
	keep->addresses_share.gone += gone;
	keep->addresses_lost += record != NULL ? gone : 0;
	if (record != NULL && !old->unconfirmed && keep->known != NULL)
		keep->known[record - &keep->slice->records->items[keep->slice->first_item]] = true;
	share->all++;
	share->gone += name_gone;
	keep->unkeyed_gone += name_gone && (old->source_key == NULL || !keep->renames.counts);
	keep->still_held += old->held_kind != 0 && (name_gone || gone > 0);
	if (record != NULL && (old->formers != NULL || is_renamed(keep, old)))
		keep->any_former = true;
	if (gone > 0 || name_gone || is_renamed(keep, old) || old->formers != NULL ||
	    (record != NULL && record->bad != NULL) || old->principal.kind == MW_GROUP || old->senders_denied.count > 0 ||
	    (old->senders_list.count > 0 && keep->contest.addresses.count + keep->claims.disputed.count > 0))
		want(keep, line);
}

static void compare_line(void *context, const struct mw_records *line, struct mw_str text)
{
	struct keep *keep = context;

	if (line->count > 0)
		compare(keep, &line->items[0], text);
	else if (line->grant_count > 0)
		mw_claims_note_grant(&keep->claims, &keep->contest.addresses, &line->grants[0]);
}

/* Whether there was a row of this kind that did not say of which user or group it is. */
static bool has_unnamed(const struct keep *keep, enum mw_row kind)
{
	return (keep->slice->records->unnamed_rows & 1u << kind) != 0;
}

/* --- what is held back */

/* The number of a wanted line in the copy; they come in their order. */
static uint32_t line_of(struct keep *keep, struct mw_str line)
{
	struct mw_str *rest = &keep->uncounted;

	if (keep->line == 0) {
		*rest = keep->copy->text;
		keep->line = 1;
	}
	while (rest->ptr < line.ptr) {
		size_t len = mw_str_find(*rest, '\n');

		if (len >= (size_t)(line.ptr - rest->ptr))
			break;
		*rest = (struct mw_str){ rest->ptr + len + 1, rest->len - len - 1 };
		keep->line++;
	}
	return keep->line;
}

/* A group's restrictions hold for those who were its members: of a group that is still there, for those who come
   back. Its addresses and logins that somebody of the new content has are that one's. */
static void hold(struct keep *keep, const struct mw_record *old, struct mw_str line)
{
	struct mw_records *records = keep->slice->records;
	struct mw_record *record = mw_renames_find(&keep->renames, old), held = *old;
	bool taken;

	if (record == NULL)
		record = new_record(keep, old->principal.name);
	mw_keep_drop_taken(records->arena, &held.addresses, &keep->addresses);
	mw_keep_drop_taken(records->arena, &held.receives, &keep->addresses);
	mw_merge_union(records->arena, &held.bound, held.members);
	held.members = (struct mw_strs){ NULL, 0 };
	held.held_kind = keep->guarded && (is_gone(keep, old) || addresses_gone(keep, old) > 0) ? mw_kind_before(old) : 0;
	if (record != NULL) {
		record->held_kind = held.held_kind;
		mw_keep_drop_taken(records->arena, &held.bound, &keep->addresses);
		if (held.principal.kind == MW_GROUP && record->principal.kind == MW_GROUP)
			mw_merge_union(records->arena, &record->bound, held.bound);
		mw_merge_append(records->arena, &record->receives, held.addresses);
		mw_merge_append(records->arena, &record->receives, held.receives);
		return;
	}
	if (keep->origin == UINT32_MAX)
		keep->origin = mw_records_add_source(records, keep->copy->path);
	held.origin = (struct mw_origin){ keep->origin, line_of(keep, line) };
	mw_keep_drop_taken(records->arena, &held.logins, &keep->logins);
	/* That stays in the copy alone, so that it is known to be gone until somebody decides. */
	taken = mw_names_find(&keep->addresses, old->principal.name) != NULL;
	mw_errors_add(records->reports, MW_WARNING, mw_origin_file(records, held.origin), 0, 0, NULL,
		      "%s %.*s %s", mw_record_kind(&held), SHOW(held.principal.name),
		      taken ? "is gone: its name is an address of another user or group now" : "would vanish");
	records->owner = keep->slice->owner;
	held.held = true;
	mw_records_add(records, &held);
}

/* A row of a member whose group could not be read may be of any group: who is no member now, and was, stays bound. */
static void bind_members(struct keep *keep, struct mw_record *record, const struct mw_record *old)
{
	struct mw_arena *arena = keep->slice->records->arena;

	if (record->principal.kind != MW_GROUP || old->principal.kind != MW_GROUP)
		return;
	mw_merge_union(arena, &record->bound, mw_merge_without(arena, old->members, record->members));
	mw_merge_union(arena, &record->bound, mw_merge_without(arena, old->bound, record->members));
}

/* Whoever came while the source is held may be of another database in its place. */
static void mark_unconfirmed(struct keep *keep, size_t count)
{
	struct mw_record *items = &keep->slice->records->items[keep->slice->first_item];

	for (size_t i = 0; i < count; i++)
		items[i].unconfirmed = !keep->known[i];
}

/* Reads the lines that are wanted for good, and takes what is needed of each. */
static void take(struct keep *keep, bool held)
{
	struct mw_records *records = keep->slice->records, old;
	struct mw_errors *errors = mw_errors_new(1);

	if (errors == NULL) {
		keep->failed = true;
		return;
	}
	mw_records_init(&old, records->arena, errors);
	old.copy = true;
	for (size_t i = 0; i < keep->wanted_count && !keep->failed; i++) {
		struct mw_record *record;

		old.count = 0;
		mw_text_read(&old, keep->copy->path, keep->wanted[i], keep->default_domain);
		record = old.count == 0 ? NULL : same_person(keep, &old.items[0]);
		if (record != NULL && record->bad != NULL)
			mw_keep_version(keep->slice, &keep->addresses, record, &old.items[0]);
		else if (record != NULL && has_unnamed(keep, MW_ROW_MEMBER))
			bind_members(keep, record, &old.items[0]);
		if (record != NULL)
			mw_claims_settle_lists(&keep->claims, &keep->names, held ? &keep->addresses : NULL, record, &old.items[0]);
		if (record != NULL && keep->any_former &&
		    !mw_renames_give_formers(&keep->renames, &old.items[0], record, &keep->addresses))
			keep->failed = true;
		if (held && old.count > 0)
			hold(keep, &old.items[0], keep->wanted[i]);
	}
	keep->failed = keep->failed || old.failed;
	mw_records_deinit(&old);
	mw_errors_free(errors);
}

static uint64_t count_bad(const struct mw_slice *slice)
{
	uint64_t bad = 0;

	for (size_t i = slice->first_item; i < slice->records->count; i++)
		bad += slice->records->items[i].bad != NULL;
	return bad;
}

/* Whether keys tell who has another name now. False: the copy cannot be read. */
static bool look_at_keys(struct keep *keep, uint64_t max_shrink, const char *accept, struct mw_buf *unread)
{
	struct mw_renames *renames = &keep->renames;
	const struct mw_copy *copy = keep->copy;

	mw_renames_begin(renames, keep->slice);
	if (renames->keys.count == 0 || copy->of_another || renames->failed)
		return true;
	if (!mw_copy_each(copy->text, copy->path, keep->default_domain, look_at_key, keep, unread))
		return false;
	mw_renames_judge(renames, max_shrink, is_accepted(keep, accept));
	return true;
}

/* Of the new records as they are now. */
static void forget_index(struct keep *keep)
{
	mw_renames_end(&keep->renames, &keep->failed);
	mw_names_deinit(&keep->names, &keep->failed);
	mw_names_deinit(&keep->addresses, &keep->failed);
	mw_contest_deinit(&keep->contest, &keep->failed);
}

static bool look_again(struct keep *keep, uint64_t max_shrink, const char *accept, struct mw_buf *unread)
{
	forget_index(keep);
	index_new(keep);
	return look_at_keys(keep, max_shrink, accept, unread);
}

/* Who is who among the new records, and that each has a name of its own. False: the copy cannot be read. */
static bool settle_names(struct keep *keep, uint64_t max_shrink, const char *accept, struct mw_buf *unread)
{
	const struct mw_claims_index index = { &keep->names, &keep->contest.addresses, &keep->renames };
	bool good = look_again(keep, max_shrink, accept, unread), changed = good;

	for (int i = 0; i < ROUNDS && changed && !keep->failed; i++) {
		changed = mw_claims_any(&keep->claims, index.contested);
		if (changed)
			said(keep);
		good = !changed || mw_claims_settle(&keep->claims, keep->copy, keep->default_domain, &index, &changed, unread);
		if (good && changed)
			good = look_again(keep, max_shrink, accept, unread);
		changed = changed && good;
		keep->failed = keep->failed || keep->claims.failed;
	}
	if (mw_claims_end(&keep->claims))
		good = good && look_again(keep, max_shrink, accept, unread);
	if (good)
		mw_renames_tell(&keep->renames, keep->copy->path);
	return good;
}

/* Before anything of the copy is in the records. */
static bool is_held(struct keep *keep, uint64_t max_shrink, const char *accept, struct mw_source_state *state)
{
	/* A record without a name may be any that is gone. */
	bool unnamed = (keep->slice->records->unnamed > 0 && keep->users.gone + keep->groups.gone > 0) ||
		(keep->slice->records->unnamed_keyed + keep->claims.made > 0 && keep->unkeyed_gone > 0) ||
		(has_unnamed(keep, MW_ROW_ADDRESS) && keep->addresses_lost > 0);
	char before[MW_TEXT_DIGEST_SIZE];

	memcpy(before, state->digest, sizeof(before));
	state->digest[0] = '\0';
	keep->guarded = keep->renames.many || (keep->still_held > 0 && max_shrink <= 100) ||
		mw_share_shrinks(&keep->users, max_shrink) || mw_share_shrinks(&keep->groups, max_shrink) ||
		mw_share_shrinks(&keep->addresses_share, max_shrink);
	if (!keep->guarded && !unnamed)
		return false;
	if (said(keep)[0] == '\0' || is_accepted(keep, accept))
		return false;
	memcpy(state->digest, keep->digest, sizeof(state->digest));
	state->several = state->several || (before[0] != '\0' && strcmp(before, state->digest) != 0);
	state->held_users = keep->users.gone;
	state->held_groups = keep->groups.gone;
	state->held_addresses = keep->addresses_share.gone;
	return true;
}

bool mw_keep(const struct mw_slice *slice, const struct mw_copy *copy, uint64_t max_shrink, const char *accept,
	     struct mw_str default_domain, struct mw_source_state *state, struct mw_buf *unread)
{
	struct keep keep = { .slice = slice, .copy = copy, .default_domain = default_domain, .claims.slice = slice,
			     .origin = UINT32_MAX };
	size_t count;
	bool held = false;

	mw_claims_begin(&keep.claims);
	if (copy == NULL)
		mw_claims_end(&keep.claims);
	else
		keep.unread = !settle_names(&keep, max_shrink, accept, unread);
	count = slice->records->count - slice->first_item;
	state->bad = count_bad(slice);
	state->held_users = state->held_groups = state->held_addresses = 0;
	if (copy != NULL) {
		keep.known = calloc(count + 1, sizeof(*keep.known));
		keep.failed = keep.failed || keep.known == NULL;
		if (!keep.unread &&
		    !mw_copy_each(copy->text, copy->path, default_domain, compare_line, &keep, unread))
			keep.unread = true;
		mw_contest_note(&keep.contest, slice, &keep.claims.disputed);
		held = !keep.failed && !keep.unread && is_held(&keep, max_shrink, accept, state);
		if (held) {
			index_logins(&keep);
			mark_unconfirmed(&keep, count);
		}
		if (held || (!keep.unread && (state->bad > 0 || has_unnamed(&keep, MW_ROW_MEMBER) || keep.any_former ||
					      keep.claims.disputed.count > 0)))
			take(&keep, held);
	}
	if (copy != NULL && !keep.failed && !keep.unread && !mw_contest_settle(&keep.contest, slice))
		keep.failed = true;
	if (!keep.failed && !keep.unread && keep.claims.disputed.count > 0 && copy != NULL) {
		look_at_names(&keep);
		mw_claims_settle_grants(&keep.claims, &keep.names);
	}
	if (!held) {
		state->digest[0] = '\0';
		state->several = false;
	}
	state->blocked = count_bad(slice);
	/* Those whose name cannot be read are no records. */
	state->bad += slice->records->unnamed + slice->records->unnamed_keyed;
	forget_index(&keep);
	mw_names_deinit(&keep.logins, &keep.failed);
	mw_claims_deinit(&keep.claims, &keep.failed);
	free(keep.wanted);
	free(keep.known);
	return !keep.failed && !slice->records->failed;
}
