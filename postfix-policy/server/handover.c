/* SPDX-License-Identifier: MIT */
#include "handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <xxhash.h>

#include "seed.h"

/* An entry stays until the milter takes it, which is a moment, or for good on a listener without a milter. */
#define BUCKETS 1024
#define WAYS 4

struct entry {
	double left; /* when; 0: there is none */
	struct mw_ip ip;
	uint16_t port;
	struct mw_handed_over what;
	char id[MW_HANDOVER_ID_MAX + 1];
	char login[MW_HANDOVER_LOGIN_MAX + 1];
};

struct mw_handover {
	uint64_t seed; /* of the hash: a peer that is not Postfix may name any queue id */
	struct entry buckets[BUCKETS][WAYS];
};

struct mw_handover *mw_handover_new(void)
{
	struct mw_handover *handover = calloc(1, sizeof(*handover));

	if (handover != NULL)
		handover->seed = mw_hash_seed();
	return handover;
}

void mw_handover_free(struct mw_handover *handover)
{
	free(handover);
}

static struct entry *bucket_of(struct mw_handover *handover, struct mw_str id)
{
	return handover->buckets[XXH3_64bits_withSeed(id.ptr, id.len, handover->seed) % BUCKETS];
}

static bool is_for(const struct entry *entry, struct mw_str id)
{
	return entry->left > 0 && mw_str_equal(mw_str(entry->id), id);
}

/* The place for the entry of this queue id: its own, or the oldest. */
static struct entry *place_for(struct mw_handover *handover, struct mw_str id)
{
	struct entry *bucket = bucket_of(handover, id), *place = &bucket[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (is_for(&bucket[i], id))
			return &bucket[i];
		if (bucket[i].left < place->left)
			place = &bucket[i];
	}
	return place;
}

/* Such a text stands for itself in an entry. */
static bool fits(struct mw_str text, size_t most)
{
	return text.len <= most && mw_str_find(text, '\0') == text.len;
}

void mw_handover_leave(struct mw_handover *handover, const struct mw_facts *facts, const struct mw_verdict *verdict,
		       double now)
{
	struct entry *entry;

	if (facts->stage != MW_STAGE_END_OF_MESSAGE || mw_str_empty(facts->queue_id) ||
	    !fits(facts->queue_id, MW_HANDOVER_ID_MAX))
		return;
	entry = place_for(handover, facts->queue_id);
	memset(entry, 0, sizeof(*entry));
	if (!fits(facts->login, MW_HANDOVER_LOGIN_MAX) ||
	    !fits(facts->tls.certificate_fingerprint, MW_HANDOVER_FINGERPRINT_MAX))
		return;
	entry->left = now;
	entry->ip = facts->endpoints.remote_ip;
	entry->port = facts->endpoints.remote_port;
	entry->what.stopped = mw_verdict_stops(verdict);
	entry->what.certificate_verified = facts->tls.certificate_verified;
	snprintf(entry->what.fingerprint, sizeof(entry->what.fingerprint), "%.*s",
		 MW_STR_ARG(facts->tls.certificate_fingerprint));
	snprintf(entry->id, sizeof(entry->id), "%.*s", MW_STR_ARG(facts->queue_id));
	snprintf(entry->login, sizeof(entry->login), "%.*s", MW_STR_ARG(facts->login));
}

enum mw_handover_result mw_handover_take(struct mw_handover *handover, const struct mw_facts *facts, double now,
					 struct mw_handed_over *entry_r)
{
	struct entry *entry = place_for(handover, facts->queue_id);
	double left = entry->left;

	if (!is_for(entry, facts->queue_id))
		return MW_HANDOVER_NONE;
	entry->left = 0;
	/* Queue ids come again: an entry of long ago, or of another connection, is another message's. */
	if (now - left >= MW_HANDOVER_SECONDS || !mw_ip_equal(&entry->ip, &facts->endpoints.remote_ip) ||
	    entry->port != facts->endpoints.remote_port)
		return MW_HANDOVER_NONE;
	if (!mw_str_equal(mw_str(entry->login), facts->login))
		return MW_HANDOVER_OTHER_LOGIN;
	*entry_r = entry->what;
	return MW_HANDOVER_TAKEN;
}
