/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "decide/identity.h"
#include "sync/expand/expand.h"
#include "sync/expand/pairs.h"
#include "sync/text/field.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

/* Grants that have ended are named up to here, and then counted. */
#define ENDED_MOST 20

/* A grant that ends, or one on an address without a principal or of receive=, or on a domain. */
struct loose_grant {
	uint32_t owner; /* the principal that it is on; 0: it is on `record`'s identity */
	uint32_t trustee;
	const struct mw_grant_record *record;
};

/* All grants, resolved. Those without an end on a principal are nearly all of them in a large directory. */
struct grants {
	struct mw_pairs send_as, on_behalf; /* identity, trustee */
	struct loose_grant *loose;
	size_t loose_count;
	size_t ended;
};

#define WARN(expansion, grant, expected, ...) \
	mw_errors_add((expansion)->errors, MW_WARNING, mw_origin_file((expansion)->records, (grant)->origin), \
		      (grant)->origin.line, 0, (expected), __VA_ARGS__)

static void look_at_end(struct mw_expansion *expansion, struct grants *grants, const struct mw_grant_record *grant)
{
	char memory[32];
	struct mw_buf until = MW_BUF_OVER(memory);

	if (grant->until == 0 || mw_grant_holds(grant->until, expansion->records->today) || grants->ended++ >= ENDED_MOST)
		return;
	mw_print_date(grant->until, &until);
	WARN(expansion, grant, "no such line, or a later until=", "the grant ended on %s: %.*s has no right by it",
	     memory, SHOW(grant->trustee));
}

static void tell_of_ended(struct mw_expansion *expansion, const struct grants *grants)
{
	if (grants->ended > ENDED_MOST)
		mw_errors_add(expansion->errors, MW_WARNING, "", 0, 0, NULL, "%zu more grants have ended",
			      grants->ended - ENDED_MOST);
}

static void resolve_grant(struct mw_expansion *expansion, struct grants *grants, const struct mw_grant_record *grant)
{
	enum mw_held held = MW_HELD_ALIAS;
	uint32_t trustee = mw_expand_find(expansion, grant->trustee, NULL);
	uint32_t identity = grant->domain ? 0 : mw_expand_find(expansion, grant->identity, &held);

	if (trustee == 0) {
		mw_expand_unknown(expansion, grant->origin, "a grant to nobody", grant->trustee);
		return;
	}
	if (held == MW_HELD_RECEIVE)
		identity = 0;
	look_at_end(expansion, grants, grant);
	if (identity != 0 && grant->until == 0)
		mw_pairs_add(grant->on_behalf ? &grants->on_behalf : &grants->send_as, identity, trustee);
	else
		grants->loose[grants->loose_count++] = (struct loose_grant){ identity, trustee, grant };
}

/* What it is on: a principal, then an address, then a domain. */
static int compare_identity(const struct loose_grant *a, const struct loose_grant *b)
{
	int order = (a->owner == 0) - (b->owner == 0);

	if (order != 0)
		return order;
	if (a->owner != 0)
		return a->owner < b->owner ? -1 : a->owner > b->owner;
	order = a->record->domain - b->record->domain;
	return order != 0 ? order : mw_content_compare_text(a->record->identity, b->record->identity);
}

/* Of several for one trustee the one without an end is first, then the one that ends last. */
static int compare_loose(const void *left, const void *right)
{
	const struct loose_grant *a = left, *b = right;
	int order = compare_identity(a, b);

	if (order == 0)
		order = a->record->on_behalf - b->record->on_behalf;
	if (order == 0)
		order = a->trustee < b->trustee ? -1 : a->trustee > b->trustee;
	if (order == 0)
		order = (a->record->until != 0) - (b->record->until != 0);
	if (order == 0)
		order = (a->record->until < b->record->until) - (a->record->until > b->record->until);
	return order != 0 ? order : mw_origin_compare(a->record->origin, b->record->origin);
}

static bool has_id(struct mw_ids ids, uint32_t id)
{
	return mw_identity_in(&(struct mw_principal){ .id = id }, ids);
}

static void tell_of_endless(struct mw_expansion *expansion, const struct mw_grant_record *grant)
{
	char memory[32];
	struct mw_buf until = MW_BUF_OVER(memory);

	mw_print_date(grant->until, &until);
	WARN(expansion, grant, "one of the two lines", "until=%s has no effect: %.*s has the same grant without an end",
	     memory, SHOW(grant->trustee));
}

/* The grants [from, to) are on one thing, and of one kind. `ids` has those without an end on a principal; the others
   without an end are put there. */
static bool take_kind(struct mw_expansion *expansion, const struct loose_grant *from, const struct loose_grant *to,
		      struct mw_ids *ids, struct mw_endings *endings)
{
	size_t most = (size_t)(to - from), endless_count = 0, count = 0;
	struct mw_ending *items = MW_ARENA_ARRAY(expansion->arena, struct mw_ending, most + 1);
	uint32_t *endless = MW_ARENA_ARRAY(expansion->arena, uint32_t, most + 1);
	const struct loose_grant *last = NULL;

	if (items == NULL || endless == NULL)
		return false;
	for (; from < to; last = from++) {
		bool again = last != NULL && last->trustee == from->trustee;

		if (from->record->until == 0 && !again)
			endless[endless_count++] = from->trustee;
		if (from->record->until == 0)
			continue;
		if (has_id(*ids, from->trustee) || has_id((struct mw_ids){ endless, endless_count }, from->trustee))
			tell_of_endless(expansion, from->record);
		else if (!again)
			items[count++] = (struct mw_ending){ from->trustee, (uint32_t)from->record->until };
	}
	if (endless_count > 0)
		*ids = (struct mw_ids){ endless, endless_count };
	*endings = (struct mw_endings){ items, count };
	return true;
}

/* The grants [from, to) are on one thing, beside those without an end that are in `grants` already. */
static bool take_grants(struct mw_expansion *expansion, const struct loose_grant *from, const struct loose_grant *to,
			struct mw_grants *grants)
{
	const struct loose_grant *middle = from;

	while (middle < to && !middle->record->on_behalf)
		middle++;
	return take_kind(expansion, from, middle, &grants->send_as, &grants->send_as_until) &&
	       take_kind(expansion, middle, to, &grants->send_on_behalf, &grants->send_on_behalf_until);
}

static uint64_t count_loose(const struct mw_grants *grants, bool endless)
{
	return grants->send_as_until.count + grants->send_on_behalf_until.count +
	       (endless ? grants->send_as.count + grants->send_on_behalf.count : 0);
}

static bool fill_loose(struct mw_expansion *expansion, struct grants *grants, struct mw_grants_entry *entries)
{
	struct mw_content *content = expansion->content;
	size_t from, to, count = 0;
	bool done = true;

	if (grants->loose_count > 0)
		qsort(grants->loose, grants->loose_count, sizeof(grants->loose[0]), compare_loose);
	for (from = 0; from < grants->loose_count && done; from = to) {
		const struct loose_grant *first = &grants->loose[from];
		bool owned = first->owner != 0;
		struct mw_grants *target = owned ? &expansion->by_id[first->owner - 1]->principal.grants
						 : &entries[count].grants;

		for (to = from + 1; to < grants->loose_count && compare_identity(first, &grants->loose[to]) == 0; to++)
			;
		done = take_grants(expansion, first, &grants->loose[to], target);
		content->grants += count_loose(target, !owned);
		if (owned)
			continue;
		entries[count++].text = first->record->identity;
		if (first->record->domain)
			content->domain_grant_count++;
		else
			content->address_grant_count++;
	}
	content->address_grants = entries;
	content->domain_grants = entries + content->address_grant_count;
	return done;
}

bool mw_expand_grants(struct mw_expansion *expansion)
{
	struct mw_records *records = expansion->records;
	struct grants grants = { .loose = calloc(records->grant_count + 1, sizeof(struct loose_grant)) };
	struct mw_grants_entry *entries =
		MW_ARENA_ARRAY(expansion->arena, struct mw_grants_entry, records->grant_count + 1);
	bool done = grants.loose != NULL && entries != NULL;
	size_t i;

	for (i = 0; i < records->grant_count && done; i++)
		resolve_grant(expansion, &grants, &records->grants[i]);
	tell_of_ended(expansion, &grants);
	mw_pairs_sort(&grants.send_as);
	mw_pairs_sort(&grants.on_behalf);
	for (i = 0; i < expansion->count && done; i++) {
		struct mw_principal *principal = &expansion->by_id[i]->principal;

		principal->grants.send_as = mw_pairs_take(&grants.send_as, principal->id, expansion->arena);
		principal->grants.send_on_behalf = mw_pairs_take(&grants.on_behalf, principal->id, expansion->arena);
	}
	expansion->content->grants += grants.send_as.count + grants.on_behalf.count;
	done = done && fill_loose(expansion, &grants, entries) && !grants.send_as.failed && !grants.on_behalf.failed;
	mw_pairs_deinit(&grants.send_as);
	mw_pairs_deinit(&grants.on_behalf);
	free(grants.loose);
	return done;
}
