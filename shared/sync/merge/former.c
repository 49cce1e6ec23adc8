/* SPDX-License-Identifier: MIT */
#include "sync/merge/former.h"

#include <stdlib.h>

#include "base/clock.h"
#include "sync/merge/claiming.h"
#include "sync/merge/merge.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))
#define NONE UINT32_MAX

/* One former name of one record. */
struct entry {
	struct mw_former *former;
	uint32_t record, next; /* next: of the same name; NONE */
	bool own;              /* the record calls itself so still, or again */
	uint32_t taken_by;     /* the first source in which somebody else has it; NONE */
	bool named, named_by_own_source;
	enum mw_former_state next_state;
};

struct formers {
	struct mw_records *records;
	struct mw_names names; /* number of its first entry */
	struct entry *entries;
	size_t count;
	bool unread;                      /* while they are settled */
	const bool *gone;                 /* while they are resolved */
	const struct mw_names *addresses;
	bool failed;
};

static struct mw_record *record_of(const struct formers *formers, const struct entry *entry)
{
	return &formers->records->items[entry->record];
}

static void collect_record(struct formers *formers, uint32_t number)
{
	struct mw_record *record = &formers->records->items[number];

	for (size_t i = 0; record->formers != NULL && i < record->formers->count && !formers->failed; i++) {
		struct mw_former *former = &record->formers->items[i];
		bool added;
		uint32_t *first = mw_names_add(&formers->names, former->name, &added);

		if (first == NULL) {
			formers->failed = true;
			return;
		}
		formers->entries[formers->count] =
			(struct entry){ .former = former, .record = number, .next = added ? NONE : *first, .taken_by = NONE };
		*first = (uint32_t)formers->count++;
	}
}

/* False: there is none, or memory is out (failed). */
static bool collect(struct formers *formers, struct mw_records *records)
{
	size_t most = 0;

	*formers = (struct formers){ .records = records };
	for (size_t i = 0; i < records->count; i++)
		most += records->items[i].formers == NULL ? 0 : records->items[i].formers->count;
	if (most == 0)
		return false;
	formers->entries = calloc(most, sizeof(*formers->entries));
	formers->failed = formers->entries == NULL;
	for (size_t i = 0; i < records->count && !formers->failed; i++)
		collect_record(formers, (uint32_t)i);
	return !formers->failed;
}

static bool release(struct formers *formers)
{
	mw_names_deinit(&formers->names, &formers->failed);
	free(formers->entries);
	return !formers->failed;
}

static uint32_t first_of(const struct formers *formers, struct mw_str name)
{
	const uint32_t *first = mw_names_find(&formers->names, name);

	return first == NULL ? NONE : *first;
}

#define EACH_ENTRY(formers, name, number) \
	for (uint32_t number = first_of((formers), (name)); number != NONE; number = (formers)->entries[number].next)

/* --- who has them, and who names them */

static void note_address(struct formers *formers, uint32_t record, struct mw_str address)
{
	uint32_t owner = formers->records->items[record].owner;

	EACH_ENTRY(formers, address, i) {
		struct entry *entry = &formers->entries[i];

		if (entry->record == record)
			entry->own = true;
		else if (owner < entry->taken_by)
			entry->taken_by = owner;
	}
}

static void note_addresses(struct formers *formers, uint32_t record, struct mw_strs list)
{
	for (size_t i = 0; i < list.count; i++)
		note_address(formers, record, list.items[i]);
}

static void note_name(struct formers *formers, uint32_t owner, struct mw_str name)
{
	EACH_ENTRY(formers, name, i) {
		if (record_of(formers, &formers->entries[i])->owner == owner)
			formers->entries[i].named_by_own_source = true;
		else
			formers->entries[i].named = true;
	}
}

static void note_names(struct formers *formers, uint32_t owner, struct mw_strs list)
{
	for (size_t i = 0; i < list.count; i++)
		note_name(formers, owner, list.items[i]);
}

static void note_all(struct formers *formers)
{
	struct mw_records *records = formers->records;

	for (size_t i = 0; i < records->count; i++) {
		const struct mw_record *record = &records->items[i];

		note_address(formers, (uint32_t)i, record->principal.name);
		note_addresses(formers, (uint32_t)i, record->addresses);
		note_addresses(formers, (uint32_t)i, record->receives);
		note_names(formers, record->owner, record->members);
		note_names(formers, record->owner, record->senders_list);
		note_names(formers, record->owner, record->senders_denied);
		note_names(formers, NONE, record->bound);
	}
	for (size_t i = 0; i < records->grant_count; i++) {
		const struct mw_grant_record *grant = &records->grants[i];

		note_name(formers, grant->owner, grant->trustee);
		if (!grant->domain)
			note_name(formers, grant->owner, grant->identity);
	}
}

/* Whether somebody else's is in this state. */
static bool is_with_another(const struct formers *formers, const struct entry *entry, enum mw_former_state state)
{
	EACH_ENTRY(formers, entry->former->name, i) {
		if (&formers->entries[i] != entry && formers->entries[i].former->state == state)
			return true;
	}
	return false;
}

static enum mw_former_state next_state(const struct formers *formers, const struct entry *entry)
{
	enum mw_former_state state = entry->former->state;
	bool taken = entry->taken_by != NONE;
	/* Of two sources the first has it. */
	bool first = !taken || entry->taken_by > record_of(formers, entry)->owner;

	if (entry->own && first)
		return formers->unread ? state : MW_FORMER_CARRIED; /* what is not read may have it first */
	if (state == MW_FORMER_SPENT || !(entry->named || formers->unread || (entry->named_by_own_source && !taken)))
		return MW_FORMER_SPENT;
	if (state == MW_FORMER_CLAIMING || state == MW_FORMER_CLAIMED)
		return entry->own ? MW_FORMER_CLAIMING : MW_FORMER_CLAIMED;
	if (state == MW_FORMER_PASSED)
		return state;
	/* Nobody meant it by this name before, either. */
	if (is_with_another(formers, entry, MW_FORMER_PASSED))
		return MW_FORMER_SPENT;
	/* Nobody can tell which of the two is meant. */
	return taken || is_with_another(formers, entry, MW_FORMER_CARRIED) ? MW_FORMER_PASSED : state;
}

/* --- the states */

/* The name that the record has now is no former one, but where an earlier source has it. A claim to what nobody names
   tells nothing. */
static bool is_needed(const struct entry *entry, const struct mw_record *record)
{
	enum mw_former_state state = entry->next_state;

	if (entry->own && state == MW_FORMER_SPENT && entry->former->state == MW_FORMER_CLAIMING)
		return false;
	return state == MW_FORMER_CLAIMING || state == MW_FORMER_PASSED ||
	       !mw_str_equal(entry->former->name, record->principal.name);
}

/* True: the record's copy is another one now. */
static bool set_state(struct entry *entry, struct mw_record *record)
{
	struct mw_former *former = entry->former;
	bool is_new = former->until == MW_CLAIMING_NEW, changed = is_new || entry->next_state != former->state;

	if (!is_needed(entry, record)) {
		former->name = MW_STR_EMPTY;
		return !is_new;
	}
	former->state = entry->next_state;
	if (is_new)
		former->until = mw_clock_date();
	return changed;
}

static void drop_nameless(struct mw_record *record)
{
	size_t count = 0;

	for (size_t i = 0; i < record->formers->count; i++) {
		if (!mw_str_empty(record->formers->items[i].name))
			record->formers->items[count++] = record->formers->items[i];
	}
	record->formers->count = count;
	if (count == 0)
		record->formers = NULL;
}

bool mw_formers_settle(struct mw_records *records, bool unread, bool *changed)
{
	struct formers formers;

	if (!mw_claiming_note(records))
		return false;
	if (collect(&formers, records)) {
		formers.unread = unread;
		note_all(&formers);
		for (size_t i = 0; i < formers.count; i++)
			formers.entries[i].next_state = next_state(&formers, &formers.entries[i]);
		for (size_t i = 0; i < formers.count; i++) {
			struct mw_record *record = record_of(&formers, &formers.entries[i]);

			changed[record->owner] |= set_state(&formers.entries[i], record);
		}
		for (size_t i = 0; i < records->count; i++) {
			if (records->items[i].formers != NULL)
				drop_nameless(&records->items[i]);
		}
	}
	return release(&formers);
}

/* --- what they mean */

enum meaning { AS_WRITTEN, CARRIED, NOBODY };

/* What a name of this source means; *entry_r, NULL before: who had it, where that is not as it is written. */
static enum meaning meaning_of(const struct formers *formers, uint32_t owner, struct mw_str name,
			       const struct entry **entry_r)
{
	bool somebody = mw_names_find(formers->addresses, name) != NULL, own_source = false, passed = false;
	size_t carried = 0;

	EACH_ENTRY(formers, name, i) {
		const struct entry *entry = &formers->entries[i];

		if (entry->former->state == MW_FORMER_CLAIMING)
			continue;
		own_source |= record_of(formers, entry)->owner == owner;
		passed |= entry->former->state == MW_FORMER_PASSED;
		if (entry->former->state == MW_FORMER_CARRIED && !formers->gone[entry->record]) {
			carried++;
			*entry_r = entry;
		} else if (entry->former->state != MW_FORMER_SPENT && entry->former->state != MW_FORMER_CLAIMED &&
			   *entry_r == NULL) {
			*entry_r = entry;
		}
	}
	if (somebody && (own_source || !passed))
		return AS_WRITTEN;
	if (passed || carried > 1)
		return NOBODY;
	return carried == 1 ? CARRIED : AS_WRITTEN;
}

static void tell(const struct formers *formers, struct mw_origin origin, const char *what, struct mw_str name,
		 enum meaning meaning, const struct entry *entry)
{
	const struct mw_record *record = record_of(formers, entry);

	mw_errors_add(formers->records->reports, MW_WARNING, mw_origin_file(formers->records, origin), origin.line, 0, NULL,
		      meaning == CARRIED ? "%s \"%.*s\" means %s %.*s, who was called so formerly: write the new name"
					 : "%s \"%.*s\" is left out: %s %.*s was called so formerly, and somebody else since; write "
					   "another name of who is meant, or take it out, sync, and write it again",
		      what, SHOW(name), mw_record_kind(record), SHOW(record->principal.name));
}

/* Makes the list one of our own before it is changed. */
static struct mw_str *own_list(struct formers *formers, struct mw_strs *list, size_t more)
{
	struct mw_str *items = MW_ARENA_ARRAY(formers->records->arena, struct mw_str, list->count + more + 1);

	if (items == NULL)
		formers->failed = true;
	else if (list->count > 0)
		memcpy(items, list->items, list->count * sizeof(items[0]));
	return items;
}

static bool names_any(const struct formers *formers, struct mw_strs list)
{
	for (size_t i = 0; i < list.count; i++) {
		if (first_of(formers, list.items[i]) != NONE)
			return true;
	}
	return false;
}

/* Room for who is bound besides a list. */
static struct mw_str *new_bound(struct formers *formers, struct mw_strs list)
{
	size_t most = list.count;
	struct mw_str *items;

	for (size_t i = 0; i < list.count; i++) {
		EACH_ENTRY(formers, list.items[i], k)
			most++;
	}
	items = MW_ARENA_ARRAY(formers->records->arena, struct mw_str, most + 1);
	formers->failed = formers->failed || items == NULL;
	return items;
}

/* All who had the name: a restriction holds for each. */
static void bind_all(const struct formers *formers, struct mw_str *items, size_t *count, struct mw_str name)
{
	EACH_ENTRY(formers, name, i) {
		enum mw_former_state state = formers->entries[i].former->state;

		if (state != MW_FORMER_SPENT && state != MW_FORMER_CLAIMING &&
		    !formers->gone[formers->entries[i].record])
			items[(*count)++] = record_of(formers, &formers->entries[i])->principal.name;
	}
}

static void add_bound(struct formers *formers, struct mw_strs *list, struct mw_str *items, size_t count)
{
	mw_merge_union(formers->records->arena, list, (struct mw_strs){ items, count });
}

static bool is_claimed(const struct formers *formers, struct mw_str name)
{
	EACH_ENTRY(formers, name, i) {
		if (formers->entries[i].former->state == MW_FORMER_CLAIMED)
			return true;
	}
	return false;
}

/* A list that gives a right. `bound`: of a group, who is left out stays bound, and who had a claimed name. */
static void resolve_list(struct formers *formers, const struct mw_record *record, struct mw_strs *list,
			 const char *what, struct mw_strs *bound)
{
	struct mw_str *items, *more = NULL;
	size_t count = 0, more_count = 0;

	if (!names_any(formers, *list))
		return;
	items = own_list(formers, list, 0);
	if (bound != NULL)
		more = new_bound(formers, *list);
	for (size_t i = 0; items != NULL && !formers->failed && i < list->count; i++) {
		struct mw_str name = list->items[i];
		const struct entry *entry = NULL;
		enum meaning meaning = meaning_of(formers, record->owner, name, &entry);

		if (meaning != AS_WRITTEN)
			tell(formers, record->origin, what, name, meaning, entry);
		if (bound != NULL && meaning == NOBODY)
			more[more_count++] = name;
		if (bound != NULL && (meaning == NOBODY || is_claimed(formers, name)))
			bind_all(formers, more, &more_count, name);
		if (meaning == CARRIED)
			name = record_of(formers, entry)->principal.name;
		if (meaning != NOBODY)
			items[count++] = name;
	}
	if (items != NULL)
		*list = (struct mw_strs){ items, count };
	if (bound != NULL && more != NULL)
		add_bound(formers, bound, more, more_count);
}

/* A list that only takes away. */
static void resolve_restriction(struct formers *formers, uint32_t owner, struct mw_strs *list)
{
	const struct mw_strs before = *list;
	struct mw_str *items, *more;
	size_t count = 0, more_count = 0;

	if (!names_any(formers, before))
		return;
	items = own_list(formers, list, 0);
	more = new_bound(formers, before);
	for (size_t i = 0; !formers->failed && i < before.count; i++) {
		const struct entry *entry = NULL;
		size_t had = more_count;

		if (meaning_of(formers, owner, before.items[i], &entry) != AS_WRITTEN ||
		    is_claimed(formers, before.items[i]))
			bind_all(formers, more, &more_count, before.items[i]);
		if (more_count == had || mw_names_find(formers->addresses, before.items[i]) != NULL)
			items[count++] = before.items[i];
	}
	if (formers->failed)
		return;
	*list = (struct mw_strs){ items, count };
	add_bound(formers, list, more, more_count);
}

static bool resolve_name(struct formers *formers, const struct mw_grant_record *grant, const char *what,
			 struct mw_str *name)
{
	const struct entry *entry = NULL;
	enum meaning meaning = meaning_of(formers, grant->owner, *name, &entry);

	if (meaning != AS_WRITTEN)
		tell(formers, grant->origin, what, *name, meaning, entry);
	if (meaning == CARRIED)
		*name = record_of(formers, entry)->principal.name;
	return meaning != NOBODY;
}

static void resolve_grants(struct formers *formers)
{
	struct mw_records *records = formers->records;
	size_t count = 0;

	for (size_t i = 0; i < records->grant_count; i++) {
		struct mw_grant_record grant = records->grants[i];

		if (resolve_name(formers, &grant, "the grant's trustee", &grant.trustee) &&
		    (grant.domain || resolve_name(formers, &grant, "the grant's identity", &grant.identity)))
			records->grants[count++] = grant;
	}
	records->grant_count = count;
}

bool mw_formers_resolve(struct mw_records *records, const bool *gone, const struct mw_names *addresses)
{
	struct formers formers;

	if (collect(&formers, records)) {
		formers.gone = gone;
		formers.addresses = addresses;
		for (size_t i = 0; i < records->count; i++) {
			struct mw_record *record = &records->items[i];

			if (gone[i])
				continue;
			resolve_list(&formers, record, &record->members, "member", &record->bound);
			resolve_list(&formers, record, &record->senders_list, "sender", NULL);
			resolve_restriction(&formers, record->owner, &record->senders_denied);
			resolve_restriction(&formers, NONE, &record->bound);
		}
		resolve_grants(&formers);
	}
	return release(&formers);
}
