/* SPDX-License-Identifier: MIT */
#include "sync/merge/merge.h"

#include <stdlib.h>

#include "mail/address.h"
#include "sync/merge/former.h"
#include "sync/merge/left_out.h"
#include "sync/merge/lost.h"
#include "sync/merge/names.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))
#define REPORT(merge, origin, ...) \
	mw_errors_add((merge)->records->reports, MW_WARNING, mw_origin_file((merge)->records, (origin)), (origin).line, 0, \
		      NULL, __VA_ARGS__)

/* A text that records of one source claim twice. */
struct conflict {
	struct mw_str text;
	struct mw_record strictest; /* senders= of all of them; its origin is the second's */
	const char *why;
	bool has_record;            /* a record of this name is blocked already */
};

struct merge {
	struct mw_records *records;
	struct mw_names names, addresses, logins; /* value: record + 1, or CONFLICT | its number + 1 */
	struct conflict *conflicts;
	size_t conflict_count, conflict_size;
	bool *gone;  /* [record] */
	bool failed;
};

#define CONFLICT 0x80000000u

bool mw_merge_is_strict(const struct mw_records *records, uint32_t owner)
{
	return records->lenient == NULL || !records->lenient[owner];
}

/* --- who has what */

/* `other` has the text already, of the same source. */
static void claim_twice(struct merge *merge, uint32_t *value, const struct mw_record *record,
			const struct mw_record *other, struct mw_str text, const char *what)
{
	struct mw_records *records = merge->records;
	struct conflict *conflict;

	if (merge->conflict_count == merge->conflict_size) {
		size_t size = 2 * merge->conflict_size + 64;
		struct conflict *larger = reallocarray(merge->conflicts, size, sizeof(*larger));

		merge->failed = merge->failed || larger == NULL;
		if (larger == NULL)
			return;
		merge->conflicts = larger;
		merge->conflict_size = size;
	}
	conflict = &merge->conflicts[merge->conflict_count++];
	*conflict = (struct conflict){ .text = text, .strictest = *other };
	mw_merge_senders_as_list(records->arena, other, &conflict->strictest.senders_list);
	if (other->principal.senders == MW_SENDERS_MEMBERS)
		conflict->strictest.principal.senders = MW_SENDERS_LIST;
	conflict->strictest.origin = record->origin;
	conflict->why = mw_arena_textf(records->arena, "%s \"%.*s\" belongs to %s %.*s already (%s:%u)", what, SHOW(text),
				       mw_record_kind(other), SHOW(other->principal.name), mw_origin_file(records, other->origin),
				       other->origin.line);
	REPORT(merge, record->origin, "%s", conflict->why);
	*value = CONFLICT | (uint32_t)merge->conflict_count;
}

static const struct mw_record *claimant(const struct merge *merge, uint32_t value)
{
	if ((value & CONFLICT) != 0)
		return &merge->conflicts[(value & ~CONFLICT) - 1].strictest;
	return &merge->records->items[value - 1];
}

/* False: an earlier source has the text, or anybody where the record is held, or the record of another name has it
   where errors are the sync's (then mw_expand() tells). */
static bool claim(struct merge *merge, struct mw_names *names, struct mw_record *record, struct mw_str text,
		  const char *what)
{
	bool added;
	uint32_t *value = mw_names_add(names, text, &added), own = (uint32_t)(record - merge->records->items) + 1;
	const struct mw_record *other;

	if (value == NULL) {
		merge->failed = true;
		return true;
	}
	if (added)
		*value = own;
	if (*value == own)
		return true;
	if (record->held)
		return false;
	other = claimant(merge, *value);
	if (other->owner != record->owner) {
		if (mw_merge_is_strict(merge->records, other->owner) && mw_merge_is_strict(merge->records, record->owner))
			return true;
		REPORT(merge, record->origin, "%s \"%.*s\" of %s %.*s is left out: %s %.*s has it (%s:%u)", what, SHOW(text),
		       mw_record_kind(record), SHOW(record->principal.name), mw_record_kind(other), SHOW(other->principal.name),
		       mw_origin_file(merge->records, other->origin), other->origin.line);
		return false;
	}
	if (mw_merge_is_strict(merge->records, record->owner))
		return true;
	if ((*value & CONFLICT) == 0)
		claim_twice(merge, value, record, other, text, what);
	if ((*value & CONFLICT) != 0)
		mw_merge_senders(merge->records->arena, &merge->conflicts[(*value & ~CONFLICT) - 1].strictest, record);
	return true;
}

static void claim_names(struct merge *merge, bool held)
{
	struct mw_records *records = merge->records;

	for (size_t i = 0; i < records->count && !merge->failed; i++) {
		struct mw_record *record = &records->items[i], *first;
		uint32_t *value;
		bool added;

		if (record->held != held)
			continue;
		value = mw_names_add(&merge->names, record->principal.name, &added);
		if (value == NULL) {
			merge->failed = true;
			return;
		}
		if (added) {
			*value = (uint32_t)i + 1;
			continue;
		}
		first = &records->items[*value - 1];
		if (mw_merge_is_strict(records, first->owner) && mw_merge_is_strict(records, record->owner))
			continue;
		merge->gone[i] = true;
		REPORT(merge, record->origin, "%s %.*s is left out: %s source has it (%s:%u)", mw_record_kind(record),
		       SHOW(record->principal.name), record->held ? "another" : "an earlier",
		       mw_origin_file(records, first->origin), first->origin.line);
	}
}

/* Leaves in the list what the record may claim. */
static void claim_list(struct merge *merge, struct mw_names *names, struct mw_record *record, struct mw_strs *list,
		       const char *what)
{
	struct mw_str *items = NULL;
	size_t count = 0;

	for (size_t i = 0; i < list->count && !merge->failed; i++) {
		bool good = claim(merge, names, record, list->items[i], what);

		if (!good && items == NULL) {
			items = MW_ARENA_ARRAY(merge->records->arena, struct mw_str, list->count);
			merge->failed = merge->failed || items == NULL;
			if (items != NULL)
				memcpy(items, list->items, i * sizeof(items[0]));
			count = i;
		} else if (good && items != NULL) {
			items[count++] = list->items[i];
		}
	}
	if (items != NULL)
		*list = (struct mw_strs){ items, count };
}

static void claim_addresses(struct merge *merge, bool held)
{
	struct mw_records *records = merge->records;

	for (size_t i = 0; i < records->count; i++) {
		struct mw_record *record = &records->items[i];

		if (record->held != held || merge->gone[i])
			continue;
		merge->gone[i] = !claim(merge, &merge->addresses, record, record->principal.name, "address");
		if (!merge->gone[i])
			claim_list(merge, &merge->addresses, record, &record->addresses, "address");
		if (!merge->gone[i])
			claim_list(merge, &merge->addresses, record, &record->receives, "address");
	}
}

struct mw_str mw_merge_whole_login(const struct mw_records *records, struct mw_str login)
{
	char completed[MW_LOGIN_MAX + 1];
	size_t len;

	if (!mw_login_complete(login, records->login_domain, completed, sizeof(completed), &len))
		return login;
	return mw_arena_copy(records->arena, (struct mw_str){ completed, len });
}

static void claim_logins(struct merge *merge, bool held)
{
	struct mw_records *records = merge->records;

	for (size_t i = 0; i < records->count && !merge->failed; i++) {
		struct mw_record *record = &records->items[i];
		struct mw_str *items;
		size_t count = 0;

		if (record->held != held || merge->gone[i] || record->principal.kind != MW_USER)
			continue;
		record->no_login = record->no_login ||
			!claim(merge, &merge->logins, record, record->principal.name, "login");
		items = MW_ARENA_ARRAY(records->arena, struct mw_str, record->logins.count + 1);
		if (items == NULL)
			return;
		for (size_t k = 0; k < record->logins.count; k++) {
			if (claim(merge, &merge->logins, record, mw_merge_whole_login(merge->records, record->logins.items[k]), "login"))
				items[count++] = record->logins.items[k];
		}
		record->logins = (struct mw_strs){ items, count };
	}
}

/* --- who is left out */

/* Whose name another source has as a name is the same one for members and senders; as an address it is another. */
static void settle_left_out(struct merge *merge)
{
	struct mw_records *records = merge->records;
	struct mw_left_out left_out = { 0 };
	struct mw_lost lost = { 0 };

	for (size_t i = 0; i < records->count; i++) {
		const struct mw_record *record = &records->items[i];
		bool another;

		if (!merge->gone[i] || record->held || mw_merge_is_strict(records, record->owner))
			continue;
		/* Who has the name first is left out too: nobody has it as a name. */
		another = merge->gone[*mw_names_find(&merge->names, record->principal.name) - 1];
		mw_left_out_add(&left_out, records, record, another);
		if (another)
			mw_lost_add(&lost, record, MW_STR_EMPTY);
	}
	mw_left_out_apply(&left_out, records);
	mw_lost_apply(&lost, records, 0, 0);
	mw_left_out_deinit(&left_out, &merge->failed);
	mw_lost_deinit(&lost);
}

/* --- what nobody has */

static bool is_conflict(const struct mw_names *names, struct mw_str text)
{
	const uint32_t *value = mw_names_find(names, text);

	return value != NULL && (*value & CONFLICT) != 0;
}

static void drop_conflicts(struct merge *merge, const struct mw_names *names, struct mw_strs *list, bool logins)
{
	struct mw_str *items = MW_ARENA_ARRAY(merge->records->arena, struct mw_str, list->count + 1);
	size_t count = 0;

	for (size_t i = 0; items != NULL && i < list->count; i++) {
		if (!is_conflict(names, logins ? mw_merge_whole_login(merge->records, list->items[i]) : list->items[i]))
			items[count++] = list->items[i];
	}
	*list = (struct mw_strs){ items, items == NULL ? 0 : count };
}

/* A record whose own name is claimed twice is blocked. */
static void block_record(struct merge *merge, struct mw_record *record, const struct mw_names *names)
{
	const uint32_t *value = mw_names_find(names, record->principal.name);
	struct conflict *conflict;

	if (value == NULL || (*value & CONFLICT) == 0)
		return;
	conflict = &merge->conflicts[(*value & ~CONFLICT) - 1];
	conflict->has_record = true;
	if (record->bad == NULL)
		record->bad = conflict->why;
	mw_merge_senders(merge->records->arena, record, &conflict->strictest);
}

/* An address that stands in both lists gives no right; the name stands in none. */
static void only_receives(struct merge *merge, struct mw_record *record)
{
	struct mw_str *items = MW_ARENA_ARRAY(merge->records->arena, struct mw_str, record->addresses.count + 1);
	size_t count = 0;

	for (size_t i = 0; items != NULL && i < record->addresses.count; i++) {
		if (!mw_merge_has(record->receives, record->addresses.items[i]))
			items[count++] = record->addresses.items[i];
	}
	record->addresses = (struct mw_strs){ items, count };
	items = MW_ARENA_ARRAY(merge->records->arena, struct mw_str, record->receives.count + 1);
	count = 0;
	for (size_t i = 0; items != NULL && i < record->receives.count; i++) {
		if (!mw_str_equal(record->receives.items[i], record->principal.name))
			items[count++] = record->receives.items[i];
	}
	record->receives = (struct mw_strs){ items, count };
}

static void release_conflicts(struct merge *merge, const struct mw_names *names, bool logins)
{
	struct mw_records *records = merge->records;

	for (size_t i = 0; i < records->count; i++) {
		struct mw_record *record = &records->items[i];

		if (merge->gone[i] || mw_merge_is_strict(records, record->owner))
			continue;
		if (!logins && record->receives.count > 0)
			only_receives(merge, record);
		if (merge->conflict_count == 0)
			continue;
		block_record(merge, record, names);
		drop_conflicts(merge, names, logins ? &record->logins : &record->addresses, logins);
		if (logins)
			continue;
		drop_conflicts(merge, names, &record->receives, false);
	}
}

/* The rest gets records of its own: an address that nobody logs in by, or a login that is no address of anybody. A
   login without a domain gets none: no address is its own, so that it is no unlisted user's either. */
static void add_blocked(struct merge *merge, size_t address_conflicts)
{
	struct mw_records *records = merge->records;

	for (size_t i = 0; i < merge->conflict_count; i++) {
		const struct conflict *conflict = &merge->conflicts[i];
		struct mw_record record = conflict->strictest;
		bool of_login = i >= address_conflicts;

		if (conflict->has_record || mw_str_find(conflict->text, '@') == conflict->text.len ||
		    (of_login && mw_names_find(&merge->addresses, conflict->text) != NULL))
			continue;
		record.principal.kind = MW_USER;
		record.principal.name = conflict->text;
		record.addresses = record.receives = record.logins = record.members = (struct mw_strs){ NULL, 0 };
		record.no_login = !of_login;
		record.bad = conflict->why;
		records->owner = record.owner;
		records->complete = record.complete;
		mw_records_add(records, &record);
		records->complete = false;
	}
}

/* --- names of nobody */

static bool is_somebody(const struct merge *merge, struct mw_str address)
{
	return mw_names_find(&merge->addresses, address) != NULL;
}

static void drop_unknown(struct merge *merge, const struct mw_record *record, struct mw_strs *list, const char *what)
{
	struct mw_str *items = NULL;
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		bool good = is_somebody(merge, list->items[i]);

		if (!good) {
			REPORT(merge, record->origin, "%s \"%.*s\" of %s %.*s is left out: no user or group is called so",
			       what, SHOW(list->items[i]), mw_record_kind(record), SHOW(record->principal.name));
			if (items == NULL) {
				items = MW_ARENA_ARRAY(merge->records->arena, struct mw_str, list->count);
				if (items == NULL)
					return;
				memcpy(items, list->items, i * sizeof(items[0]));
				count = i;
			}
		} else if (items != NULL) {
			items[count++] = list->items[i];
		}
	}
	if (items != NULL)
		*list = (struct mw_strs){ items, count };
}

static void drop_grants(struct merge *merge)
{
	struct mw_records *records = merge->records;
	size_t count = 0;

	for (size_t i = 0; i < records->grant_count; i++) {
		const struct mw_grant_record *grant = &records->grants[i];

		if (!is_somebody(merge, grant->trustee)) {
			REPORT(merge, grant->origin, "a grant to nobody: no user or group is called \"%.*s\"",
			       SHOW(grant->trustee));
			continue;
		}
		records->grants[count++] = *grant;
	}
	records->grant_count = count;
}

/* In texts too: who leaves another source must not stop the sync by a line that still names him. */
static void drop_names_of_nobody(struct merge *merge)
{
	struct mw_records *records = merge->records;

	for (size_t i = 0; i < records->count; i++) {
		struct mw_record *record = &records->items[i];

		drop_unknown(merge, record, &record->members, "member");
		drop_unknown(merge, record, &record->senders_list, "sender");
		drop_unknown(merge, record, &record->senders_denied, "denied sender");
	}
	drop_grants(merge);
}

bool mw_merge(struct mw_records *records)
{
	struct merge merge = { .records = records, .gone = calloc(records->count + 1, sizeof(bool)) };
	size_t of_addresses;

	merge.failed = merge.gone == NULL;
	if (!merge.failed) {
		claim_names(&merge, false);
		claim_names(&merge, true);
		claim_addresses(&merge, false);
		claim_addresses(&merge, true);
		if (!merge.failed)
			settle_left_out(&merge);
		mw_names_deinit(&merge.names, &merge.failed);
		release_conflicts(&merge, &merge.addresses, false);
		of_addresses = merge.conflict_count;
		claim_logins(&merge, false);
		claim_logins(&merge, true);
		release_conflicts(&merge, &merge.logins, true);
		merge.failed = merge.failed || !mw_formers_resolve(records, merge.gone, &merge.addresses);
		mw_records_drop(records, 0, merge.gone);
		add_blocked(&merge, of_addresses);
		drop_names_of_nobody(&merge);
	}
	mw_names_deinit(&merge.names, &merge.failed);
	mw_names_deinit(&merge.addresses, &merge.failed);
	mw_names_deinit(&merge.logins, &merge.failed);
	free(merge.conflicts);
	free(merge.gone);
	return !merge.failed && !records->failed;
}
