/* SPDX-License-Identifier: MIT */
#include "sync/expand.h"

#include <stddef.h>
#include <stdlib.h>

#include "sync/pairs.h"
#include "sync/text_field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

/* A grant on an address without a principal or of receive=, or on a domain. */
struct loose_grant { struct mw_str text; bool domain, on_behalf; uint32_t trustee; };

struct grants {
	struct mw_pairs send_as, on_behalf; /* identity, trustee */
	struct loose_grant *loose;
	size_t loose_count;
};

static void report_unknown(struct mw_expansion *expansion, struct mw_origin origin, const char *what,
			   struct mw_str name)
{
	mw_errors_add(expansion->errors, MW_ERROR, mw_origin_file(expansion->records, origin), origin.line, 0, NULL,
		      "%s: no user or group is called \"%.*s\"", what, SHOW(name));
}

/* What a record writes as names, and its principal has as ids. */
struct id_list { const char *word; size_t names, ids; };
static const struct id_list id_lists[] = {
	{ "senders", offsetof(struct mw_record, senders_list), offsetof(struct mw_principal, senders_list) },
	{ "senders_denied", offsetof(struct mw_record, senders_denied), offsetof(struct mw_principal, senders_denied) },
};

static void resolve_names(struct mw_expansion *expansion, const struct mw_record *record, const struct id_list *list,
			  struct mw_pairs *pairs)
{
	const struct mw_strs *names = (const void *)((const char *)record + list->names);

	for (size_t i = 0; i < names->count; i++) {
		uint32_t id = mw_expand_find(expansion, names->items[i], NULL);

		if (id != 0)
			mw_pairs_add(pairs, record->principal.id, id);
		else
			report_unknown(expansion, record->origin, list->word, names->items[i]);
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

static void resolve_grant(struct mw_expansion *expansion, struct grants *grants, const struct mw_grant_record *grant)
{
	enum mw_held held = MW_HELD_ALIAS;
	uint32_t trustee = mw_expand_find(expansion, grant->trustee, NULL);
	uint32_t identity = grant->domain ? 0 : mw_expand_find(expansion, grant->identity, &held);

	if (trustee == 0) {
		report_unknown(expansion, grant->origin, "a grant to nobody", grant->trustee);
		return;
	}
	if (identity != 0 && held != MW_HELD_RECEIVE) {
		mw_pairs_add(grant->on_behalf ? &grants->on_behalf : &grants->send_as, identity, trustee);
		return;
	}
	grants->loose[grants->loose_count++] = (struct loose_grant){
		.text = grant->identity,
		.domain = grant->domain,
		.on_behalf = grant->on_behalf,
		.trustee = trustee,
	};
}

static int compare_loose(const void *left, const void *right)
{
	const struct loose_grant *a = left, *b = right;
	int order = a->domain - b->domain;

	if (order == 0)
		order = mw_content_compare_text(a->text, b->text);
	if (order == 0)
		order = a->on_behalf - b->on_behalf;
	if (order == 0)
		order = a->trustee < b->trustee ? -1 : a->trustee > b->trustee;
	return order;
}

/* The grants [from, to) are on one text. */
static struct mw_grants_entry make_entry(struct mw_expansion *expansion, const struct loose_grant *from,
					 const struct loose_grant *to)
{
	struct mw_pairs pairs = { 0 };
	struct mw_grants_entry entry = { .text = from->text };
	const struct loose_grant *grant;

	for (grant = from; grant < to; grant++)
		mw_pairs_add(&pairs, grant->on_behalf ? 2 : 1, grant->trustee);
	mw_pairs_sort(&pairs);
	entry.grants.send_as = mw_pairs_take(&pairs, 1, expansion->arena);
	entry.grants.send_on_behalf = mw_pairs_take(&pairs, 2, expansion->arena);
	mw_pairs_deinit(&pairs);
	return entry;
}

static void fill_loose(struct mw_expansion *expansion, struct grants *grants, struct mw_grants_entry *entries)
{
	struct mw_content *content = expansion->content;
	size_t from, to, count = 0;

	if (grants->loose_count > 0)
		qsort(grants->loose, grants->loose_count, sizeof(grants->loose[0]), compare_loose);
	for (from = 0; from < grants->loose_count; from = to) {
		const struct loose_grant *first = &grants->loose[from];

		for (to = from + 1; to < grants->loose_count && grants->loose[to].domain == first->domain; to++) {
			if (!mw_str_equal(grants->loose[to].text, first->text))
				break;
		}
		entries[count] = make_entry(expansion, first, &grants->loose[to]);
		content->grants += entries[count].grants.send_as.count + entries[count].grants.send_on_behalf.count;
		count++;
		if (first->domain)
			content->domain_grant_count++;
		else
			content->address_grant_count++;
	}
	content->address_grants = entries;
	content->domain_grants = entries + content->address_grant_count;
}

static bool expand_grants(struct mw_expansion *expansion)
{
	struct mw_records *records = expansion->records;
	struct grants grants = { .loose = calloc(records->grant_count + 1, sizeof(struct loose_grant)) };
	struct mw_grants_entry *entries =
		MW_ARENA_ARRAY(expansion->arena, struct mw_grants_entry, records->grant_count + 1);
	bool done = grants.loose != NULL && entries != NULL;
	size_t i;

	for (i = 0; i < records->grant_count && done; i++)
		resolve_grant(expansion, &grants, &records->grants[i]);
	mw_pairs_sort(&grants.send_as);
	mw_pairs_sort(&grants.on_behalf);
	for (i = 0; i < expansion->count && done; i++) {
		struct mw_principal *principal = &expansion->by_id[i]->principal;

		principal->send_as = mw_pairs_take(&grants.send_as, principal->id, expansion->arena);
		principal->send_on_behalf = mw_pairs_take(&grants.on_behalf, principal->id, expansion->arena);
	}
	expansion->content->grants += grants.send_as.count + grants.on_behalf.count;
	if (done)
		fill_loose(expansion, &grants, entries);
	done = done && !grants.send_as.failed && !grants.on_behalf.failed;
	mw_pairs_deinit(&grants.send_as);
	mw_pairs_deinit(&grants.on_behalf);
	free(grants.loose);
	return done;
}

/* A blocked name has no rights. */
static void block(struct mw_expansion *expansion, const struct mw_record *record, struct mw_principal *principal)
{
	const char *file = mw_origin_file(expansion->records, record->origin);

	principal->blocked = mw_str(mw_arena_textf(expansion->arena, "%s:%u: %s", file, record->origin.line, record->bad));
	principal->imap = principal->pop3 = principal->sieve = principal->smtp = principal->relay = false;
	principal->send_as = principal->send_on_behalf = (struct mw_ids){ NULL, 0 };
	principal->groups = (struct mw_ids){ NULL, 0 };
}

static bool fill_principals(struct mw_expansion *expansion)
{
	struct mw_content *content = expansion->content;
	struct mw_principal *principals =
		MW_ARENA_ARRAY(expansion->arena, struct mw_principal, expansion->count + 1);
	size_t i;

	if (principals == NULL)
		return false;
	for (i = 0; i < expansion->count; i++) {
		principals[i] = expansion->by_id[i]->principal;
		if (expansion->by_id[i]->bad != NULL)
			block(expansion, expansion->by_id[i], &principals[i]);
		if (principals[i].kind == MW_USER)
			content->users++;
		else
			content->groups++;
	}
	content->principals = principals;
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

	done = done && mw_expand_index(&expansion) && mw_expand_groups(&expansion) && mw_expand_networks(&expansion) &&
		expand_senders(&expansion) && expand_grants(&expansion) && mw_expand_complete_domains(&expansion) &&
		fill_principals(&expansion);
	free(expansion.by_id);
	if (!done || mw_arena_failed(records->arena)) {
		mw_errors_add(records->errors, MW_ERROR, "", 0, 0, NULL, "directory: out of memory");
		return NULL;
	}
	return mw_errors_count(records->errors, MW_ERROR) > records->errors_before ? NULL : expansion.content;
}
