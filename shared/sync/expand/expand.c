/* SPDX-License-Identifier: MIT */
#include "sync/expand/expand.h"

#include <stddef.h>
#include <stdlib.h>

#include "sync/expand/pairs.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

void mw_expand_unknown(struct mw_expansion *expansion, struct mw_origin origin, const char *what, struct mw_str name)
{
	mw_errors_add(expansion->errors, MW_ERROR, mw_origin_file(expansion->records, origin), origin.line, 0, NULL,
		      "%s: no user or group is called \"%.*s\"", what, SHOW(name));
}

/* What a record writes as names, and its principal has as ids. */
struct id_list { const char *word; size_t names, ids; };
static const char denied_word[] = "senders_denied";
static const struct id_list id_lists[] = {
	{ "senders", offsetof(struct mw_record, senders_list), offsetof(struct mw_principal, senders_list) },
	{ denied_word, offsetof(struct mw_record, senders_denied), offsetof(struct mw_principal, senders_denied) },
};

/* Who is bound by a group is no member of it when it is asked who may write. */
static void add_bound(struct mw_pairs *pairs, uint32_t owner, struct mw_ids users)
{
	for (size_t i = 0; i < users.count; i++)
		mw_pairs_add(pairs, owner, users.items[i]);
}

static void resolve_names(struct mw_expansion *expansion, const struct mw_record *record, const struct id_list *list,
			  struct mw_pairs *pairs)
{
	const struct mw_strs *names = (const void *)((const char *)record + list->names);

	for (size_t i = 0; i < names->count; i++) {
		uint32_t id = mw_expand_find(expansion, names->items[i], NULL);

		if (id == 0) {
			mw_expand_unknown(expansion, record->origin, list->word, names->items[i]);
			continue;
		}
		mw_pairs_add(pairs, record->principal.id, id);
		if (list->word == denied_word && expansion->by_id[id - 1]->principal.kind == MW_GROUP)
			add_bound(pairs, record->principal.id, expansion->by_id[id - 1]->bound_ids);
	}
}

static bool expand_list(struct mw_expansion *expansion, const struct id_list *list)
{
	struct mw_pairs pairs = { 0 };
	bool failed;

	for (size_t i = 0; i < expansion->count; i++)
		resolve_names(expansion, expansion->by_id[i], list, &pairs);
	mw_pairs_sort(&pairs);
	for (size_t i = 0; i < expansion->count; i++) {
		struct mw_principal *principal = &expansion->by_id[i]->principal;
		struct mw_ids *ids = (void *)((char *)principal + list->ids);

		*ids = mw_pairs_take(&pairs, principal->id, expansion->arena);
	}
	failed = pairs.failed;
	mw_pairs_deinit(&pairs);
	return !failed;
}

static bool expand_senders(struct mw_expansion *expansion)
{
	for (size_t i = 0; i < sizeof(id_lists) / sizeof(id_lists[0]); i++)
		if (!expand_list(expansion, &id_lists[i]))
			return false;
	return true;
}

/* A blocked name has no rights. */
static void block(struct mw_expansion *expansion, const struct mw_record *record, struct mw_principal *principal)
{
	const char *file = mw_origin_file(expansion->records, record->origin);

	principal->blocked = mw_str(mw_arena_textf(expansion->arena, "%s:%u: %s", file, record->origin.line, record->bad));
	principal->imap = principal->pop3 = principal->sieve = principal->smtp = principal->relay = false;
	memset(&principal->grants, 0, sizeof(principal->grants));
	principal->groups = (struct mw_ids){ NULL, 0 };
}

/* The principals of the records, in the place of these, which are no more: they need half the room, and both together
   would be the most that a sync ever has. NULL when memory is out. */
static struct mw_principal *take_principals(struct mw_records *records, struct mw_arena *arena)
{
	struct mw_principal *principals = (void *)records->items, *smaller;
	size_t count = records->count;

	for (size_t i = 0; i < count; i++)
		memmove(&principals[i], &records->items[i].principal, sizeof(principals[i]));
	records->items = NULL;
	records->count = records->size = 0;
	smaller = reallocarray(principals, count + 1, sizeof(*principals));
	principals = smaller != NULL ? smaller : principals;
	if (mw_arena_keep(arena, principals))
		return principals;
	free(principals);
	return NULL;
}

static bool fill_principals(struct mw_expansion *expansion)
{
	struct mw_content *content = expansion->content;
	const struct mw_principal **by_id =
		MW_ARENA_ARRAY(expansion->arena, const struct mw_principal *, expansion->count + 1);
	ptrdiff_t *places = MW_ARENA_ARRAY(expansion->arena, ptrdiff_t, expansion->count + 1);
	const struct mw_principal *principals;
	size_t i;

	if (by_id == NULL || places == NULL)
		return false;
	for (i = 0; i < expansion->count; i++) {
		struct mw_record *record = expansion->by_id[i];

		if (record->bad != NULL)
			block(expansion, record, &record->principal);
		if (record->principal.kind == MW_USER)
			content->users++;
		else
			content->groups++;
		places[i] = record - expansion->records->items;
	}
	principals = take_principals(expansion->records, expansion->arena);
	if (principals == NULL)
		return false;
	for (i = 0; i < expansion->count; i++)
		by_id[i] = &principals[places[i]];
	content->principals = by_id;
	content->principal_count = expansion->count;
	return mw_content_fingerprints(content, expansion->arena);
}

struct mw_content *mw_expand(struct mw_records *records)
{
	struct mw_expansion expansion = {
		.records = records,
		.errors = records->errors,
		.arena = records->arena,
		.content = MW_ARENA_NEW(records->arena, struct mw_content),
	};
	bool done = expansion.content != NULL && !records->failed && !mw_arena_failed(records->arena);

	done = done && mw_expand_index(&expansion) && mw_expand_groups(&expansion) && mw_expand_bound(&expansion) &&
		mw_expand_networks(&expansion) &&
		expand_senders(&expansion) && mw_expand_grants(&expansion) && mw_expand_complete_domains(&expansion) &&
		mw_expand_formers(&expansion) &&
		fill_principals(&expansion);
	free(expansion.by_id);
	if (!done || mw_arena_failed(records->arena)) {
		mw_errors_add(records->errors, MW_ERROR, "", 0, 0, NULL, "directory: out of memory");
		return NULL;
	}
	return mw_errors_count(records->errors, MW_ERROR) > records->errors_before ? NULL : expansion.content;
}
