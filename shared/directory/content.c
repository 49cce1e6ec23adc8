/* SPDX-License-Identifier: MIT */
#include "directory/content.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum part {
	PART_SCALARS, PART_ADDRESS, PART_LOGIN, PART_GROUP, PART_SENDER, PART_SEND_AS, PART_ON_BEHALF, PART_RECEIVE,
	PART_DENIED, PART_BLOCKED, PART_SEND_AS_UNTIL, PART_ON_BEHALF_UNTIL,
	PART_NETWORKS /* and the numbers behind it, one a service */
};

int mw_content_compare_text(struct mw_str a, struct mw_str b)
{
	size_t both = a.len < b.len ? a.len : b.len;
	int order = both == 0 ? 0 : memcmp(a.ptr, b.ptr, both);

	if (order != 0)
		return order;
	return a.len < b.len ? -1 : a.len > b.len;
}

const void *mw_content_find(const void *entries, size_t count, size_t size, struct mw_str text)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const void *entry = (const char *)entries + middle * size;
		int order = mw_content_compare_text(text, *(const struct mw_str *)entry);

		if (order == 0)
			return entry;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

static uint64_t hash(const void *bytes, size_t size, enum part part)
{
	return XXH3_64bits_withSeed(bytes, size, (uint64_t)part);
}

static uint64_t hash_scalars(const struct mw_principal *p)
{
	uint64_t values[] = {
		p->kind, p->imap, p->pop3, p->sieve, p->smtp, p->relay,
		p->message_rate_limit, p->recipient_rate_limit, p->max_message_size, p->max_recipients, p->senders,
	};

	return hash(values, sizeof(values), PART_SCALARS);
}

/* A sum does not depend on the order, which would come from the ids. */
static uint64_t hash_ids(struct mw_ids ids, const uint64_t *names, enum part part)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < ids.count; i++)
		sum += hash(&names[ids.items[i] - 1], sizeof(names[0]), part);
	return sum;
}

/* A principal without networks has what it had before there were any. */
static uint64_t hash_networks(const struct mw_content *content, const struct mw_principal *p)
{
	uint64_t sum = 0;

	for (unsigned i = 0; p->networks != 0 && i < MW_SERVICE_COUNT; i++) {
		const struct mw_ranges *ranges = &content->networks[p->networks - 1].of[i];

		if (ranges->count > 0)
			sum += hash(ranges->items, ranges->count * sizeof(ranges->items[0]),
				    (enum part)(PART_NETWORKS + i));
	}
	return sum;
}

static uint64_t hash_endings(struct mw_endings endings, const uint64_t *names, enum part part)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < endings.count; i++) {
		const uint64_t ending[2] = { names[endings.items[i].id - 1], endings.items[i].until };

		sum += hash(ending, sizeof(ending), part);
	}
	return sum;
}

static uint64_t hash_grants(const struct mw_grants *grants, const uint64_t *names)
{
	return hash_ids(grants->send_as, names, PART_SEND_AS) + hash_ids(grants->send_on_behalf, names, PART_ON_BEHALF) +
	       hash_endings(grants->send_as_until, names, PART_SEND_AS_UNTIL) +
	       hash_endings(grants->send_on_behalf_until, names, PART_ON_BEHALF_UNTIL);
}

static void add_names(uint64_t *sums, const struct mw_name_entry *entries, size_t count, enum part part)
{
	size_t i;

	for (i = 0; i < count; i++) {
		sums[entries[i].id - 1] += hash(entries[i].text.ptr, entries[i].text.len,
						entries[i].held == MW_HELD_RECEIVE ? PART_RECEIVE : part);
	}
}

bool mw_content_fingerprints(struct mw_content *content, struct mw_arena *arena)
{
	size_t count = content->principal_count, i;
	uint64_t *names = MW_ARENA_ARRAY(arena, uint64_t, count + 1);
	uint64_t *sums = MW_ARENA_ARRAY(arena, uint64_t, count + 1);

	if (names == NULL || sums == NULL)
		return false;
	for (i = 0; i < count; i++) {
		const struct mw_str name = content->principals[i]->name;

		names[i] = hash(name.ptr, name.len, PART_ADDRESS);
	}
	for (i = 0; i < count; i++) {
		const struct mw_principal *p = content->principals[i];

		sums[i] = hash_scalars(p) + hash(p->blocked.ptr, p->blocked.len, PART_BLOCKED) +
			hash_ids(p->groups, names, PART_GROUP) +
			hash_ids(p->senders_list, names, PART_SENDER) +
			hash_ids(p->senders_denied, names, PART_DENIED) + hash_grants(&p->grants, names) +
			hash_networks(content, p);
	}
	add_names(sums, content->addresses, content->address_count, PART_ADDRESS);
	add_names(sums, content->logins, content->login_count, PART_LOGIN);
	content->fingerprints = sums;
	return true;
}
