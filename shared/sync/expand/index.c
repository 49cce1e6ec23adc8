/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "mail/address.h"
#include "sync/expand/expand.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

static int compare_records(const void *left, const void *right)
{
	const struct mw_record *a = *(struct mw_record *const *)left, *b = *(struct mw_record *const *)right;
	int order = mw_content_compare_text(a->principal.name, b->principal.name);

	return order != 0 ? order : mw_origin_compare(a->origin, b->origin);
}

static int compare_entries(const void *left, const void *right)
{
	const struct mw_name_entry *a = left, *b = right;
	int order = mw_content_compare_text(a->text, b->text);

	if (order != 0)
		return order;
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	return (a->held != MW_HELD_PRIMARY) - (b->held != MW_HELD_PRIMARY);
}

static void report_twice(struct mw_expansion *expansion, const char *what, struct mw_str text,
			 const struct mw_record *a, const struct mw_record *b)
{
	const struct mw_record *first = mw_origin_compare(a->origin, b->origin) <= 0 ? a : b;
	const struct mw_record *second = first == a ? b : a;

	mw_errors_add(expansion->errors, MW_ERROR, mw_origin_file(expansion->records, second->origin),
		      second->origin.line, 0, NULL, "%s \"%.*s\" belongs to %s %.*s already (%s:%u)", what, SHOW(text),
		      mw_record_kind(first), SHOW(first->principal.name),
		      mw_origin_file(expansion->records, first->origin), first->origin.line);
}

/* An address to send as and to receive only. */
static void report_both(struct mw_expansion *expansion, const struct mw_name_entry *entry,
			const struct mw_record *record)
{
	bool named = entry->held == MW_HELD_PRIMARY;

	mw_errors_add(expansion->errors, MW_ERROR, mw_origin_file(expansion->records, record->origin),
		      record->origin.line, 0, named ? "only other addresses in receive=" : "it in one of the two",
		      "address \"%.*s\" is %s, and in receive= of %.*s", SHOW(entry->text),
		      named ? "the name" : "in address=", SHOW(record->principal.name));
}

/* Gives ids in the order of the names. Of two principals with one name the first one counts, so that later errors
   do not hide the cause. */
static bool number_records(struct mw_expansion *expansion)
{
	struct mw_records *records = expansion->records;
	size_t i;

	expansion->by_id = calloc(records->count + 1, sizeof(struct mw_record *));
	if (expansion->by_id == NULL)
		return false;
	for (i = 0; i < records->count; i++)
		expansion->by_id[i] = &records->items[i];
	qsort(expansion->by_id, records->count, sizeof(struct mw_record *), compare_records);
	for (i = 0; i < records->count; i++) {
		struct mw_record *record = expansion->by_id[i];
		struct mw_record *last = expansion->count > 0 ? expansion->by_id[expansion->count - 1] : NULL;

		if (last != NULL && mw_str_equal(last->principal.name, record->principal.name)) {
			report_twice(expansion, "name", record->principal.name, last, record);
			continue;
		}
		expansion->by_id[expansion->count++] = record;
		record->principal.id = (uint32_t)expansion->count;
	}
	return true;
}

/* Sorts, drops what stands there twice for one owner, reports two owners. Returns how many are left. */
static size_t settle(struct mw_expansion *expansion, const char *what, struct mw_name_entry *entries, size_t count)
{
	size_t kept = 0, i;

	if (count > 0)
		qsort(entries, count, sizeof(entries[0]), compare_entries);
	for (i = 0; i < count; i++) {
		const struct mw_name_entry *last = kept > 0 ? &entries[kept - 1] : NULL;

		if (last == NULL || !mw_str_equal(last->text, entries[i].text))
			entries[kept++] = entries[i];
		else if (last->id != entries[i].id)
			report_twice(expansion, what, entries[i].text, expansion->by_id[last->id - 1],
				     expansion->by_id[entries[i].id - 1]);
		else if ((last->held == MW_HELD_RECEIVE) != (entries[i].held == MW_HELD_RECEIVE))
			report_both(expansion, last, expansion->by_id[last->id - 1]);
	}
	return kept;
}

/* The error is at the later line, and names the other. */
static void report_ambiguous(struct mw_expansion *expansion, const struct mw_name_entry *bare,
			     const struct mw_name_entry *whole)
{
	const struct mw_record *a = expansion->by_id[bare->id - 1], *b = expansion->by_id[whole->id - 1];
	bool bare_first = mw_origin_compare(a->origin, b->origin) <= 0;
	const struct mw_record *first = bare_first ? a : b, *second = bare_first ? b : a;
	struct mw_str of_first = bare_first ? bare->text : whole->text;
	struct mw_str of_second = bare_first ? whole->text : bare->text;

	mw_errors_add(expansion->errors, MW_ERROR, mw_origin_file(expansion->records, second->origin),
		      second->origin.line, 0, "a login name that can be no other user's",
		      "login \"%.*s\" is, %s default_domain, \"%.*s\", which user %.*s logs in with already (%s:%u)",
		      SHOW(of_second), bare_first ? "without" : "with", SHOW(of_first), SHOW(first->principal.name),
		      mw_origin_file(expansion->records, first->origin), first->origin.line);
}

/* Every pair of names that mw_identity_login() could take for one another: what was typed, and that with the domain. */
static void refuse_ambiguous(struct mw_expansion *expansion, const struct mw_name_entry *logins, size_t count)
{
	struct mw_str domain = expansion->records->login_domain;
	char completed[MW_LOGIN_MAX + 1];
	size_t i, len;

	for (i = 0; i < count; i++) {
		const struct mw_name_entry *whole = NULL;

		if (mw_login_complete(logins[i].text, domain, completed, sizeof(completed), &len))
			whole = mw_content_find(logins, count, sizeof(*logins), (struct mw_str){ completed, len });
		if (whole != NULL && whole->id != logins[i].id)
			report_ambiguous(expansion, &logins[i], whole);
	}
}

static void add_entries(struct mw_name_entry *entries, size_t *count, struct mw_strs names, uint32_t id,
			enum mw_held held)
{
	size_t i;

	for (i = 0; i < names.count; i++)
		entries[(*count)++] = (struct mw_name_entry){ .text = names.items[i], .id = id, .held = held };
}

bool mw_expand_index(struct mw_expansion *expansion)
{
	struct mw_content *content = expansion->content;
	struct mw_name_entry *addresses, *logins;
	size_t address_count = 0, login_count = 0, i;

	if (!number_records(expansion))
		return false;
	for (i = 0; i < expansion->count; i++) {
		address_count += 1 + expansion->by_id[i]->addresses.count + expansion->by_id[i]->receives.count;
		login_count += 1 + expansion->by_id[i]->logins.count;
	}
	addresses = MW_ARENA_ARRAY(expansion->arena, struct mw_name_entry, address_count + 1);
	logins = MW_ARENA_ARRAY(expansion->arena, struct mw_name_entry, login_count + 1);
	if (addresses == NULL || logins == NULL)
		return false;
	address_count = login_count = 0;
	for (i = 0; i < expansion->count; i++) {
		const struct mw_record *record = expansion->by_id[i];
		struct mw_name_entry name = { record->principal.name, record->principal.id, MW_HELD_PRIMARY };

		addresses[address_count++] = name;
		add_entries(addresses, &address_count, record->addresses, name.id, MW_HELD_ALIAS);
		add_entries(addresses, &address_count, record->receives, name.id, MW_HELD_RECEIVE);
		if (record->principal.kind != MW_USER)
			continue;
		if (!record->no_login)
			logins[login_count++] = name;
		add_entries(logins, &login_count, record->logins, name.id, MW_HELD_ALIAS);
	}
	content->address_count = settle(expansion, "address", addresses, address_count);
	content->login_count = settle(expansion, "login", logins, login_count);
	refuse_ambiguous(expansion, logins, content->login_count);
	content->addresses = addresses;
	content->logins = logins;
	return true;
}

uint32_t mw_expand_find(const struct mw_expansion *expansion, struct mw_str address, enum mw_held *held_r)
{
	const struct mw_content *content = expansion->content;
	const struct mw_name_entry *found =
		mw_content_find(content->addresses, content->address_count, sizeof(*found), address);

	if (found != NULL && held_r != NULL)
		*held_r = found->held;
	return found != NULL ? found->id : 0;
}
