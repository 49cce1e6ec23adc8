/* SPDX-License-Identifier: MIT */
#include "decisions/audit/day.h"

#include <stdlib.h>

#define TEXT_MOST 16384

struct settling {
	struct mw_audit_day *day;
	struct mw_audit_tally *tally;
	struct mw_keys claims; /* an address, and the person it would be given to; MW_AUDIT_NONE: several */
	struct mw_keys chosen; /* a login that is unknown, and the entry that fixes most of its events */
};

const char *mw_audit_apart(const struct mw_audit_day *day, const struct mw_audit_row *row)
{
	const struct mw_audit_tally *tally = &day->tally;
	const uint32_t sources[] = { row->source, row->client_source };

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (sources[i] != MW_AUDIT_NONE && tally->sources[sources[i]].count == MW_AUDIT_MANY)
			return i > 0 ? "many identities of others from one client"
				     : mw_str_empty(row->login) ? "many identities from one client"
								: "many identities from one login";
	if (!mw_str_empty(row->login) && !row->proven)
		return "nobody is seen to log in by this name from there";
	return NULL;
}

/* Without a word of Dovecot's about any login, a user that the directory has is taken at its word. */
static bool is_proven(const struct mw_audit_day *day, const struct mw_audit_row *row)
{
	if (mw_str_empty(row->login) || mw_audit_is_proven(&day->tally, row->login, &row->client))
		return true;
	return !day->login_lines && row->counts[MW_DECISION_SUBMISSION] == 0 && row->person != MW_AUDIT_NONE &&
	       day->tally.persons[row->person].listed;
}

/* --- the same told twice */

static uint64_t key_of(const struct mw_audit_tally *tally, const struct mw_audit_row *row, struct mw_str login)
{
	uint64_t key = mw_hash_number(mw_hash_text(tally->seed, login), (uint64_t)row->protocol << 32 | (uint64_t)row->reason);

	return mw_hash_ip(key, &row->client);
}

/* Dovecot's auth process asks about Postfix's logins, and its login process about those that the auth process judges
   too: messages go before logins, and a login that is named before one that is not. */
static bool hide_repeated(struct settling *settling)
{
	struct mw_audit_tally *tally = settling->tally;
	struct mw_keys messages = { .size = 0 }, named = { .size = 0 };
	bool whole = true;

	for (size_t i = 0; i < tally->row_count && whole; i++) {
		const struct mw_audit_row *row = &tally->rows[i];
		struct mw_keys *keys = row->counts[MW_DECISION_SUBMISSION] > 0 ? &messages : &named;
		struct mw_str login = keys == &messages ? row->login : MW_STR_EMPTY;

		if (!mw_str_empty(row->login) && mw_keys_find(keys, key_of(tally, row, login)) == NULL)
			whole = mw_keys_add(keys, key_of(tally, row, login), 0);
	}
	for (size_t i = 0; i < tally->row_count; i++) {
		struct mw_audit_row *row = &tally->rows[i];

		if (row->counts[MW_DECISION_SUBMISSION] == 0)
			row->hidden = mw_keys_find(mw_str_empty(row->login) ? &named : &messages,
						   key_of(tally, row, row->login)) != NULL;
	}
	mw_keys_deinit(&messages);
	mw_keys_deinit(&named);
	return whole;
}

/* Of which decisions the events of a row are. */
static enum mw_decision told_by(const struct mw_audit_row *row)
{
	if (row->counts[MW_DECISION_SUBMISSION] > 0)
		return MW_DECISION_SUBMISSION;
	return row->counts[MW_DECISION_ACCOUNT] >= row->counts[MW_DECISION_LOGIN] ? MW_DECISION_ACCOUNT : MW_DECISION_LOGIN;
}

/* --- what is proposed */

bool mw_audit_not_taken(const struct mw_audit_day *day, const struct mw_audit_row *row)
{
	return day->whole_lines && row->accepted == 0 && row->counts[MW_DECISION_SUBMISSION] > 0;
}

static bool may_be_proposed(const struct mw_audit_day *day, const struct mw_audit_row *row)
{
	return !row->hidden && !row->apart && !row->stranger && !mw_audit_not_taken(day, row);
}

static uint64_t fixed_by(const struct mw_audit_row *row, size_t candidate)
{
	return row->candidates[candidate].change != MW_AUDIT_NONE ? row->candidates[candidate].fixed[told_by(row)] : 0;
}

static bool claim(struct settling *settling, struct mw_str address, uint32_t person)
{
	uint64_t key = mw_hash_text(settling->tally->seed, address);
	uint32_t *found = mw_keys_find(&settling->claims, key);

	if (found == NULL)
		return mw_keys_add(&settling->claims, key, person);
	if (*found != person)
		*found = MW_AUDIT_NONE;
	return true;
}

static bool is_shared(const struct settling *settling, struct mw_str address)
{
	const uint32_t *found = mw_keys_find(&settling->claims, mw_hash_text(settling->tally->seed, address));

	return found != NULL && *found == MW_AUDIT_NONE;
}

/* Every address that a row would have given to somebody: an address belongs to one user. */
static bool claim_all(struct settling *settling)
{
	struct mw_audit_tally *tally = settling->tally;
	bool whole = true;

	for (size_t i = 0; i < tally->row_count && whole; i++) {
		const struct mw_audit_row *row = &tally->rows[i];

		for (size_t k = 0; k < MW_AUDIT_CANDIDATES && may_be_proposed(settling->day, row) && whole; k++) {
			const struct mw_audit_change *change;

			if (fixed_by(row, k) == 0)
				continue;
			change = &tally->entries[row->candidates[k].change].change;
			if (change->kind == MW_AUDIT_ADDRESS)
				whole = claim(settling, change->value, row->person);
			else if (change->kind == MW_AUDIT_USER)
				whole = claim(settling, change->user, row->person) &&
					(mw_str_empty(row->candidates[k].alias) ||
					 claim(settling, row->candidates[k].alias, row->person));
		}
	}
	return whole;
}

static bool is_usable(const struct settling *settling, const struct mw_audit_row *row, size_t candidate)
{
	const struct mw_audit_change *change = &settling->tally->entries[row->candidates[candidate].change].change;
	const struct mw_str *alias = &row->candidates[candidate].alias;
	struct mw_strs aliases = { alias, mw_str_empty(*alias) ? 0 : 1 };
	char memory[TEXT_MOST];
	struct mw_buf text = MW_BUF_OVER(memory);

	if ((change->kind == MW_AUDIT_ADDRESS && is_shared(settling, change->value)) ||
	    (change->kind == MW_AUDIT_USER && (is_shared(settling, change->user) ||
					       (aliases.count > 0 && is_shared(settling, *alias)))))
		return false;
	return mw_audit_text(settling->day->policy, change, aliases, &text);
}

/* The candidate that fixes most of the row's events; the first of two that do alike. */
static void choose(const struct settling *settling, struct mw_audit_row *row)
{
	uint64_t most = 0;

	for (size_t i = 0; i < MW_AUDIT_CANDIDATES; i++) {
		if (fixed_by(row, i) <= most || !is_usable(settling, row, i))
			continue;
		most = fixed_by(row, i);
		row->proposal = row->candidates[i].change;
		row->fixed = most;
	}
}

/* A login name that is unknown can become one user's. */
static bool choose_for_login(struct settling *settling, const struct mw_audit_row *row)
{
	struct mw_audit_tally *tally = settling->tally;
	uint64_t key = mw_hash_text(tally->seed, row->login);
	uint32_t *found = mw_keys_find(&settling->chosen, key);
	const struct mw_audit_entry *entry = &tally->entries[row->proposal];

	if (found == NULL)
		return mw_keys_add(&settling->chosen, key, row->proposal);
	if (tally->entries[*found].fixed < entry->fixed)
		*found = row->proposal;
	return true;
}

static void drop(struct settling *settling, struct mw_audit_row *row)
{
	struct mw_audit_entry *entry = &settling->tally->entries[row->proposal];

	entry->fixed -= row->fixed;
	row->proposal = MW_AUDIT_NONE;
	row->fixed = 0;
}

static bool choose_all(struct settling *settling)
{
	struct mw_audit_tally *tally = settling->tally;
	bool whole = claim_all(settling);

	for (size_t i = 0; i < tally->row_count; i++) {
		struct mw_audit_row *row = &tally->rows[i];

		if (may_be_proposed(settling->day, row))
			choose(settling, row);
		if (row->proposal != MW_AUDIT_NONE)
			tally->entries[row->proposal].fixed += row->fixed;
	}
	for (size_t i = 0; i < tally->row_count && whole; i++)
		if (tally->rows[i].proposal != MW_AUDIT_NONE && tally->rows[i].reason == MW_REASON_UNKNOWN_LOGIN)
			whole = choose_for_login(settling, &tally->rows[i]);
	for (size_t i = 0; i < tally->row_count && whole; i++) {
		struct mw_audit_row *row = &tally->rows[i];

		if (row->proposal != MW_AUDIT_NONE && row->reason == MW_REASON_UNKNOWN_LOGIN &&
		    *mw_keys_find(&settling->chosen, mw_hash_text(tally->seed, row->login)) != row->proposal)
			drop(settling, row);
	}
	return whole;
}

/* --- entries */

static void add_alias(struct mw_audit_tally *tally, struct mw_audit_entry *entry, struct mw_str alias)
{
	struct mw_str *items;

	for (size_t i = 0; i < entry->aliases.count; i++)
		if (mw_str_equal(entry->aliases.items[i], alias))
			return;
	items = MW_ARENA_ARRAY(tally->texts, struct mw_str, entry->aliases.count + 1);
	if (items == NULL)
		return;
	for (size_t i = 0; i < entry->aliases.count; i++)
		items[i] = entry->aliases.items[i];
	items[entry->aliases.count] = alias;
	entry->aliases = (struct mw_strs){ items, entry->aliases.count + 1 };
}

static void gather(struct settling *settling)
{
	struct mw_audit_tally *tally = settling->tally;

	for (size_t i = 0; i < tally->row_count; i++) {
		const struct mw_audit_row *row = &tally->rows[i];
		struct mw_audit_entry *entry;

		if (row->proposal == MW_AUDIT_NONE)
			continue;
		entry = &tally->entries[row->proposal];
		if (entry->events == 0 || tally->rows[entry->example].events < row->events)
			entry->example = (uint32_t)i;
		entry->events += row->events;
		for (size_t k = 0; k < MW_AUDIT_CANDIDATES; k++)
			if (row->candidates[k].change == row->proposal && !mw_str_empty(row->candidates[k].alias))
				add_alias(tally, entry, row->candidates[k].alias);
	}
}

static const struct mw_audit_entry *compared; /* qsort(3) has no context */

static int compare_entries(const void *left, const void *right)
{
	const struct mw_audit_entry *a = &compared[*(const uint32_t *)left], *b = &compared[*(const uint32_t *)right];
	int order = (a->fixed < b->fixed) - (a->fixed > b->fixed);

	return order != 0 ? order : strcmp(a->text, b->text);
}

static bool number_proposals(struct settling *settling)
{
	struct mw_audit_day *day = settling->day;
	struct mw_audit_tally *tally = settling->tally;

	day->proposals = calloc(tally->entry_count + 1, sizeof(*day->proposals));
	if (day->proposals == NULL)
		return false;
	for (size_t i = 0; i < tally->entry_count; i++) {
		struct mw_audit_entry *entry = &tally->entries[i];
		char memory[TEXT_MOST];
		struct mw_buf text = MW_BUF_OVER(memory);

		if (entry->fixed == 0 || !mw_audit_text(day->policy, &entry->change, entry->aliases, &text) ||
		    (entry->change.kind == MW_AUDIT_CONNECTOR && !mw_audit_policy_takes(day->policy, mw_buf_str(&text))))
			continue;
		entry->text = mw_arena_text(tally->texts, mw_buf_str(&text));
		day->proposals[day->proposal_count++] = (uint32_t)i;
	}
	compared = tally->entries;
	qsort(day->proposals, day->proposal_count, sizeof(*day->proposals), compare_entries);
	for (size_t i = 0; i < day->proposal_count; i++)
		tally->entries[day->proposals[i]].number = (unsigned)i + 1;
	return true;
}

/* --- sums */

/* Refused before it is about any message. */
static bool locks_out(enum mw_reason reason)
{
	switch (reason) {
	case MW_REASON_UNKNOWN_LOGIN:
	case MW_REASON_SMTP_DISABLED:
	case MW_REASON_SERVICE_DISABLED:
	case MW_REASON_NETWORK_REFUSED:
	case MW_REASON_LOGIN_WITHOUT_TLS:
	case MW_REASON_TLS_REQUIRED:
	case MW_REASON_MECHANISM_REFUSED:
	case MW_REASON_BASIC_WITHOUT_TLS:
	case MW_REASON_MASTER_REFUSED:
	case MW_REASON_NOT_AUTHENTICATED:
	case MW_REASON_NO_SUBMIT:
	case MW_REASON_NO_CONNECTOR:
		return true;
	default:
		return false;
	}
}

static void see_person(struct mw_audit_tally *tally, const struct mw_audit_row *row)
{
	struct mw_audit_person *person;

	if (row->person == MW_AUDIT_NONE)
		return;
	person = &tally->persons[row->person];
	person->proven |= row->proven;
	if (locks_out(row->reason))
		person->locked_out = true;
	else
		person->loses = true;
}

/* A client that relays is a printer, whatever else it does; what was refused by Postfix too is lost by nobody. */
static bool count_devices(struct mw_audit_day *day)
{
	struct mw_keys clients = { .size = 0 };
	bool whole = true;

	for (int relays = 1; relays >= 0; relays--) {
		for (size_t i = 0; i < day->tally.row_count && whole; i++) {
			const struct mw_audit_row *row = &day->tally.rows[i];
			uint64_t key = mw_hash_ip(day->tally.seed, &row->client);

			if (!row->device || !may_be_proposed(day, row) || mw_keys_find(&clients, key) != NULL ||
			    (relays == 1 && row->reason != MW_REASON_RELAY_DENIED))
				continue;
			whole = mw_keys_add(&clients, key, 0);
			if (relays == 1)
				day->printers++;
			else
				day->devices++;
		}
	}
	mw_keys_deinit(&clients);
	return whole;
}

static bool sum(struct mw_audit_day *day)
{
	struct mw_audit_tally *tally = &day->tally;

	for (size_t i = 0; i < tally->row_count; i++) {
		const struct mw_audit_row *row = &tally->rows[i];

		if (row->hidden)
			continue;
		if (row->apart) {
			day->apart += row->events;
		} else if (row->stranger) {
			day->strangers += row->events;
			day->strangers_accepted += row->accepted;
		} else if (mw_audit_not_taken(day, row)) {
			day->not_taken += row->events;
		} else {
			see_person(tally, row);
			day->events += row->events;
			if (row->proposal != MW_AUDIT_NONE && tally->entries[row->proposal].number > 0)
				day->fixed += row->fixed;
		}
	}
	day->events -= tally->doubles < day->events ? tally->doubles : 0;
	for (size_t i = 0; i < tally->person_count; i++) {
		const struct mw_audit_person *person = &tally->persons[i];
		bool seen = person->proven || (person->listed && !day->login_lines);

		day->users_seen += seen;
		day->locked_out += seen && person->locked_out;
		day->losing += seen && person->loses && !person->locked_out;
	}
	return count_devices(day);
}

static const struct mw_audit_row *ordered;

static int compare_rows(const void *left, const void *right)
{
	const struct mw_audit_row *a = &ordered[*(const uint32_t *)left], *b = &ordered[*(const uint32_t *)right];
	int order = (a->events < b->events) - (a->events > b->events);

	if (order == 0)
		order = mw_str_compare(a->login, b->login);
	if (order == 0)
		order = memcmp(a->client.bytes, b->client.bytes, sizeof(a->client.bytes));
	if (order == 0)
		order = (int)a->protocol - (int)b->protocol;
	if (order == 0)
		order = (int)a->reason - (int)b->reason;
	return order != 0 ? order : mw_str_compare(a->sender, b->sender);
}

static bool order_rows(struct mw_audit_day *day)
{
	day->order = calloc(day->tally.row_count + 1, sizeof(*day->order));
	if (day->order == NULL)
		return false;
	for (size_t i = 0; i < day->tally.row_count; i++)
		if (!day->tally.rows[i].hidden && day->tally.rows[i].events > 0)
			day->order[day->order_count++] = (uint32_t)i;
	ordered = day->tally.rows;
	qsort(day->order, day->order_count, sizeof(*day->order), compare_rows);
	return true;
}

bool mw_audit_settle(struct mw_audit_day *day)
{
	struct settling settling = { .day = day, .tally = &day->tally };
	bool whole = hide_repeated(&settling);

	for (size_t i = 0; i < day->tally.row_count; i++) {
		struct mw_audit_row *row = &day->tally.rows[i];

		row->proven = is_proven(day, row);
		row->apart = mw_audit_apart(day, row) != NULL;
		row->events = row->counts[told_by(row)];
	}
	whole = whole && choose_all(&settling);
	if (whole)
		gather(&settling);
	whole = whole && number_proposals(&settling) && sum(day) && order_rows(day);
	mw_keys_deinit(&settling.claims);
	mw_keys_deinit(&settling.chosen);
	return whole && !day->tally.failed && !mw_arena_failed(day->tally.texts);
}
