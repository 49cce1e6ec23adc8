/* SPDX-License-Identifier: MIT */
#include "decisions/audit/tally.h"

#include <stdlib.h>
#include <sys/random.h>

#include "report/prose.h"

#define TEXTS_MOST ((size_t)256 << 20)

/* A message that would be refused, in one or two rows. */
struct mw_audit_message {
	uint32_t rows[2]; /* or MW_AUDIT_NONE */
	bool fixed[2][MW_AUDIT_CANDIDATES];
	bool accepted;
};

bool mw_audit_tally_init(struct mw_audit_tally *tally)
{
	memset(tally, 0, sizeof(*tally));
	tally->texts = mw_arena_new(TEXTS_MOST);
	for (int i = 0; i < 2; i++)
		tally->messages[i] = calloc(MW_AUDIT_MESSAGES_MOST, sizeof(*tally->messages[i]));
	return tally->texts != NULL && tally->messages[0] != NULL && tally->messages[1] != NULL &&
	       getrandom(&tally->seed, sizeof(tally->seed), 0) == sizeof(tally->seed);
}

void mw_audit_tally_deinit(struct mw_audit_tally *tally)
{
	mw_arena_free(tally->texts);
	free(tally->rows);
	free(tally->entries);
	free(tally->persons);
	free(tally->sources);
	mw_keys_deinit(&tally->row_keys);
	mw_keys_deinit(&tally->entry_keys);
	mw_keys_deinit(&tally->person_keys);
	mw_keys_deinit(&tally->source_keys);
	mw_keys_deinit(&tally->proofs);
	for (int i = 0; i < 2; i++) {
		mw_keys_deinit(&tally->message_keys[i]);
		free(tally->messages[i]);
	}
}

/* Room for one more item. */
static bool grow(struct mw_audit_tally *tally, void **items, size_t count, size_t *size, size_t item)
{
	size_t more = *size == 0 ? 256 : *size * 2;
	void *larger;

	if (count < *size)
		return true;
	larger = reallocarray(*items, more, item);
	if (larger == NULL) {
		tally->failed = true;
		return false;
	}
	*items = larger;
	*size = more;
	return true;
}

/* The number of what has this key, which is made where there is room, as zeroes. */
static uint32_t number_of(struct mw_audit_tally *tally, struct mw_keys *keys, uint64_t key, void **items, size_t *count,
			  size_t *size, size_t item, size_t most)
{
	uint32_t *found = mw_keys_find(keys, key);

	if (found != NULL)
		return *found;
	if (*count == most || tally->failed || !grow(tally, items, *count, size, item))
		return MW_AUDIT_NONE;
	if (!mw_keys_add(keys, key, (uint32_t)*count)) {
		tally->failed = true;
		return MW_AUDIT_NONE;
	}
	memset((char *)*items + *count * item, 0, item);
	return (uint32_t)(*count)++;
}

#define NUMBER_OF(tally, name, key, most) \
	number_of((tally), &(tally)->name##_keys, (key), (void **)&(tally)->name##s, &(tally)->name##_count, \
		  &(tally)->name##_size, sizeof(*(tally)->name##s), (most))

uint32_t mw_audit_person(struct mw_audit_tally *tally, struct mw_str name, bool listed)
{
	uint32_t number = NUMBER_OF(tally, person, mw_hash_number(mw_hash_text(tally->seed, name), listed),
				    MW_AUDIT_PERSONS_MOST);

	if (number != MW_AUDIT_NONE)
		tally->persons[number].listed = listed;
	return number;
}

static uint64_t proof(const struct mw_audit_tally *tally, struct mw_str login, const struct mw_ip *client)
{
	return mw_hash_ip(mw_hash_text(tally->seed, login), client);
}

void mw_audit_prove(struct mw_audit_tally *tally, struct mw_str login, const struct mw_ip *client)
{
	uint64_t key = proof(tally, login, client);

	if (mw_keys_find(&tally->proofs, key) == NULL && tally->proofs.count < MW_AUDIT_PERSONS_MOST)
		tally->failed |= !mw_keys_add(&tally->proofs, key, 0);
}

bool mw_audit_is_proven(const struct mw_audit_tally *tally, struct mw_str login, const struct mw_ip *client)
{
	return mw_keys_find(&tally->proofs, proof(tally, login, client)) != NULL;
}

/* --- sources */

enum source_kind { SOURCE_LOGIN, SOURCE_CLIENT, SOURCE_CLIENT_OWNERS };

/* An IPv6 client may have any address of its /64. */
static struct mw_ip network_of(struct mw_ip ip)
{
	if (ip.family == MW_FAMILY_IPV6)
		memset(ip.bytes + 8, 0, 8);
	return ip;
}

static uint32_t source_of(struct mw_audit_tally *tally, enum source_kind kind, struct mw_str login, struct mw_ip client)
{
	uint64_t key = mw_hash_number(tally->seed, (uint64_t)kind);

	client = network_of(client);
	key = kind == SOURCE_LOGIN ? mw_hash_text(key, login) : mw_hash_ip(key, &client);
	return NUMBER_OF(tally, source, key, MW_AUDIT_SOURCES_MOST);
}

static void see_identity(struct mw_audit_tally *tally, uint32_t number, struct mw_str identity)
{
	struct mw_audit_source *source = &tally->sources[number];
	uint64_t key = mw_hash_text(tally->seed, identity);

	for (unsigned i = 0; i < source->count; i++)
		if (source->identities[i] == key)
			return;
	if (source->count < MW_AUDIT_MANY)
		source->identities[source->count++] = key;
}

static bool is_many(const struct mw_audit_tally *tally, uint32_t source)
{
	return source != MW_AUDIT_NONE && tally->sources[source].count == MW_AUDIT_MANY;
}

/* The senders of a login that would be refused are identities it claims, and all of a client without one. */
static bool is_identity(enum mw_reason reason, bool logged_in)
{
	return !logged_in || reason == MW_REASON_SEND_AS_DENIED || reason == MW_REASON_INVALID_SENDER ||
	       reason == MW_REASON_UNKNOWN_LOGIN;
}

/* What was said in place of the sender in any case; the addresses as they are where they are no addresses. */
static struct mw_str identity_of(const struct mw_audit_refusal *refusal, struct mw_address *memory)
{
	struct mw_str sender = refusal->logged->facts.sender;

	mw_address_parse(sender, memory);
	return mw_address_has_domain(memory) ? memory->whole : sender;
}

/* Where many identities come from one: by login, by client without one, and by client where they are other people's. */
static void see_sources(struct mw_audit_tally *tally, const struct mw_audit_refusal *refusal, struct mw_audit_row *row,
			struct mw_str identity)
{
	const struct mw_audit_proposal *proposal = refusal->proposal;
	bool logged_in = !mw_str_empty(refusal->login);

	row->source = row->client_source = MW_AUDIT_NONE;
	if (refusal->logged->decision != MW_DECISION_SUBMISSION || !is_identity(refusal->verdict->reason, logged_in))
		return;
	row->source = source_of(tally, logged_in ? SOURCE_LOGIN : SOURCE_CLIENT, refusal->login, row->client);
	if (row->source != MW_AUDIT_NONE)
		see_identity(tally, row->source, identity);
	if (!logged_in || mw_ip_is_loopback(&row->client) || proposal->count == 0 ||
	    !mw_audit_needs_grant(&proposal->candidates[proposal->count - 1].change))
		return;
	row->client_source = source_of(tally, SOURCE_CLIENT_OWNERS, MW_STR_EMPTY, row->client);
	if (row->client_source != MW_AUDIT_NONE)
		see_identity(tally, row->client_source, identity);
}

/* --- changes */

static uint64_t key_of_change(const struct mw_audit_tally *tally, const struct mw_audit_change *change)
{
	uint64_t key = mw_hash_text(mw_hash_number(tally->seed, (uint64_t)change->kind), change->user);

	if (change->kind != MW_AUDIT_CONNECTOR)
		return mw_hash_text(mw_hash_number(key, change->user.len), change->value);
	key = mw_hash_ip(mw_hash_number(key, change->binding.port), &change->client);
	return mw_hash_number(key, (uint64_t)(uintptr_t)change->connector);
}

static uint32_t entry_of(struct mw_audit_tally *tally, const struct mw_audit_change *change, uint32_t person)
{
	size_t before = tally->entry_count;
	uint32_t number = number_of(tally, &tally->entry_keys, key_of_change(tally, change), (void **)&tally->entries,
				    &tally->entry_count, &tally->entry_size, sizeof(*tally->entries), MW_AUDIT_CHANGES_MOST);
	struct mw_audit_entry *entry;

	if (number == MW_AUDIT_NONE)
		return number;
	entry = &tally->entries[number];
	if (tally->entry_count > before) {
		entry->change = *change;
		entry->change.user = mw_arena_copy(tally->texts, change->user);
		entry->change.value = mw_arena_copy(tally->texts, change->value);
		entry->change.owner = mw_arena_copy(tally->texts, change->owner);
		entry->change.alias = MW_STR_EMPTY;
		entry->person = person;
	}
	entry->change.anonymous |= change->anonymous;
	entry->change.permissions |= change->permissions;
	return number;
}

/* --- rows */

static uint64_t key_of_row(const struct mw_audit_tally *tally, const struct mw_audit_row *row)
{
	uint64_t key = mw_hash_text(tally->seed, row->login);

	key = mw_hash_ip(mw_hash_number(key, (uint64_t)row->protocol << 32 | (uint64_t)row->reason), &row->client);
	return mw_hash_text(key, row->sender);
}

static const char *fix_of(struct mw_audit_tally *tally, const struct mw_audit_refusal *refusal)
{
	char memory[2048];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_prose_fix(refusal->policy, &refusal->logged->facts, refusal->verdict, &text);
	return mw_arena_text(tally->texts, mw_buf_str(&text));
}

static void begin_row(struct mw_audit_tally *tally, const struct mw_audit_refusal *refusal,
		      const struct mw_audit_row *row, struct mw_audit_row *new)
{
	*new = *row;
	new->login = mw_arena_copy(tally->texts, row->login);
	new->sender = mw_arena_copy(tally->texts, row->sender);
	new->fix = row->stranger ? "" : fix_of(tally, refusal);
	new->proposal = MW_AUDIT_NONE;
	for (size_t i = 0; i < MW_AUDIT_CANDIDATES; i++) {
		const struct mw_audit_change *change = &refusal->proposal->candidates[i].change;

		new->candidates[i].change = MW_AUDIT_NONE;
		if (i >= refusal->proposal->count || row->many)
			continue;
		new->candidates[i].change = entry_of(tally, change, refusal->person);
		new->candidates[i].alias = mw_arena_copy(tally->texts, change->alias);
	}
}

/* NULL: there is no room. */
static struct mw_audit_row *find_row(struct mw_audit_tally *tally, const struct mw_audit_refusal *refusal,
				     const struct mw_audit_row *row)
{
	size_t before = tally->row_count;
	bool has_room = row->loose ? tally->loose_count < MW_AUDIT_LOOSE_MOST
				   : before - tally->loose_count < MW_AUDIT_ROWS_MOST;
	uint32_t number = NUMBER_OF(tally, row, key_of_row(tally, row), has_room ? SIZE_MAX : before);

	if (number == MW_AUDIT_NONE)
		return NULL;
	if (tally->row_count > before) {
		tally->loose_count += row->loose;
		begin_row(tally, refusal, row, &tally->rows[number]);
	} else if (row->device && refusal->proposal->count > 0 && !row->many) {
		entry_of(tally, &refusal->proposal->candidates[0].change, refusal->person);
	}
	return &tally->rows[number];
}

/* --- messages */

static uint64_t key_of_message(const struct mw_audit_tally *tally, const struct mw_facts *facts)
{
	struct mw_str name = mw_str_empty(facts->instance) ? facts->queue_id : facts->instance;

	return mw_str_empty(name) ? 0 : mw_hash_number(mw_hash_text(tally->seed, name), mw_str_empty(facts->instance));
}

static struct mw_audit_message *find_message(struct mw_audit_tally *tally, uint64_t key)
{
	for (unsigned i = 0; i < 2; i++) {
		uint32_t *found = mw_keys_find(&tally->message_keys[i], key);

		if (found != NULL)
			return &tally->messages[i][*found];
	}
	return NULL;
}

static struct mw_audit_message *new_message(struct mw_audit_tally *tally, uint64_t key)
{
	struct mw_audit_message *message;

	if (tally->message_count[tally->young] == MW_AUDIT_MESSAGES_MOST) {
		tally->young ^= 1;
		mw_keys_clear(&tally->message_keys[tally->young]);
		tally->message_count[tally->young] = 0;
	}
	if (!mw_keys_add(&tally->message_keys[tally->young], key, (uint32_t)tally->message_count[tally->young])) {
		tally->failed = true;
		return NULL;
	}
	message = &tally->messages[tally->young][tally->message_count[tally->young]++];
	*message = (struct mw_audit_message){ .rows = { MW_AUDIT_NONE, MW_AUDIT_NONE } };
	return message;
}

static void count_event(struct mw_audit_row *row, enum mw_decision decision, const struct mw_audit_proposal *proposal)
{
	row->counts[decision]++;
	for (size_t i = 0; i < proposal->count; i++)
		row->candidates[i].fixed[decision] += proposal->candidates[i].fixes;
}

/* A message is one event of a row, and a change fixes it where it permits all its questions. */
static void count_message(struct mw_audit_tally *tally, struct mw_audit_message *message, uint32_t number,
			  const struct mw_audit_proposal *proposal)
{
	struct mw_audit_row *row = &tally->rows[number];
	int at = message->rows[0] == number || message->rows[0] == MW_AUDIT_NONE ? 0 : 1;

	if (message->rows[at] == MW_AUDIT_NONE) {
		message->rows[at] = number;
		count_event(row, MW_DECISION_SUBMISSION, proposal);
		row->accepted += message->accepted;
		tally->doubles += at == 1 && !row->stranger;
		for (size_t i = 0; i < MW_AUDIT_CANDIDATES; i++)
			message->fixed[at][i] = i < proposal->count && proposal->candidates[i].fixes;
	}
	if (message->rows[at] != number) /* a third row: too many reasons to follow */
		return;
	for (size_t i = 0; i < MW_AUDIT_CANDIDATES; i++) {
		if (!message->fixed[at][i] || (i < proposal->count && proposal->candidates[i].fixes))
			continue;
		message->fixed[at][i] = false;
		row->candidates[i].fixed[MW_DECISION_SUBMISSION]--;
	}
}

static void accept_message(struct mw_audit_tally *tally, struct mw_audit_message *message)
{
	if (message->accepted)
		return;
	message->accepted = true;
	for (int i = 0; i < 2; i++)
		if (message->rows[i] != MW_AUDIT_NONE)
			tally->rows[message->rows[i]].accepted++;
}

void mw_audit_accepted(struct mw_audit_tally *tally, const struct mw_logged *logged)
{
	struct mw_audit_message *message = find_message(tally, key_of_message(tally, &logged->facts));

	if (message != NULL)
		accept_message(tally, message);
}

static void add_to_row(struct mw_audit_tally *tally, const struct mw_audit_refusal *refusal, struct mw_audit_row *row)
{
	static const struct mw_audit_proposal nothing = { .count = 0 };
	const struct mw_logged *logged = refusal->logged;
	const struct mw_audit_proposal *proposal = row->many ? &nothing : refusal->proposal;
	uint64_t key = key_of_message(tally, &logged->facts);
	struct mw_audit_message *message;

	if (logged->decision != MW_DECISION_SUBMISSION || key == 0) {
		count_event(row, logged->decision, proposal);
		row->accepted += refusal->whole;
		return;
	}
	message = find_message(tally, key);
	if (message == NULL)
		message = new_message(tally, key);
	if (message == NULL)
		return;
	count_message(tally, message, (uint32_t)(row - tally->rows), proposal);
	if (refusal->whole)
		accept_message(tally, message);
}

void mw_audit_add(struct mw_audit_tally *tally, const struct mw_audit_refusal *refusal)
{
	const struct mw_endpoints *endpoints = &refusal->logged->facts.endpoints;
	struct mw_audit_row row = {
		.protocol = endpoints->protocol,
		.reason = refusal->verdict->reason,
		.client = endpoints->remote_ip,
		.login = refusal->login,
		.sender = MW_STR_EMPTY,
		.person = refusal->person,
	}, *found;
	bool submission = refusal->logged->decision == MW_DECISION_SUBMISSION;
	struct mw_address memory;
	struct mw_str identity = submission ? identity_of(refusal, &memory) : MW_STR_EMPTY;

	row.device = mw_audit_is_device(refusal->logged);
	row.stranger = submission && mw_str_empty(refusal->login) && !row.device;
	see_sources(tally, refusal, &row, identity);
	row.loose = row.stranger || (!submission && row.reason == MW_REASON_UNKNOWN_LOGIN &&
				     !mw_audit_is_proven(tally, row.login, &row.client));
	row.many = is_many(tally, row.source) && !row.stranger;
	if (!row.stranger && submission && is_identity(row.reason, !mw_str_empty(row.login)) && !row.many)
		row.sender = identity;
	found = find_row(tally, refusal, &row);
	if (found == NULL) {
		tally->without_row++;
		return;
	}
	add_to_row(tally, refusal, found);
}
