/* SPDX-License-Identifier: MIT */
#include "guests.h"

#include <stdlib.h>
#include <xxhash.h>

#include "seed.h"

#define NONE_SECONDS 0.1
#define LEAVERS_MOST (sizeof(((struct mw_leavers *)0)->items) / sizeof(((struct mw_leavers *)0)->items[0]))

void mw_guests_init(struct mw_guests *guests)
{
	guests->seed = mw_hash_seed();
}

static size_t bucket_of(const struct mw_guests *guests, const struct mw_peer *peer)
{
	uint64_t hash = XXH3_64bits_withSeed(peer->ip.bytes, sizeof(peer->ip.bytes), guests->seed ^ peer->user);

	return (size_t)(hash % MW_GUEST_BUCKETS);
}

static bool is_same(const struct mw_peer *a, const struct mw_peer *b)
{
	return a->is_user == b->is_user && (a->is_user ? a->user == b->user : mw_ip_equal(&a->ip, &b->ip));
}

static struct mw_guest *find(const struct mw_guests *guests, const struct mw_peer *peer)
{
	struct mw_guest *guest = guests->buckets[bucket_of(guests, peer)];

	while (guest != NULL && !is_same(&guest->peer, peer))
		guest = guest->next;
	return guest;
}

struct mw_guest *mw_guest_enter(struct mw_guests *guests, const struct mw_peer *peer)
{
	struct mw_guest *guest = find(guests, peer), **bucket = &guests->buckets[bucket_of(guests, peer)];

	if (guest == NULL) {
		guest = calloc(1, sizeof(*guest));
		if (guest == NULL)
			return NULL;
		guest->peer = *peer;
		guest->next = *bucket;
		*bucket = guest;
	}
	guest->count++;
	guests->strangers += !guest->peer.trusted;
	return guest;
}

void mw_guest_leave(struct mw_guests *guests, struct mw_guest *guest)
{
	struct mw_guest **place = &guests->buckets[bucket_of(guests, &guest->peer)];

	guests->strangers -= !guest->peer.trusted;
	if (--guest->count > 0)
		return;
	while (*place != guest)
		place = &(*place)->next;
	*place = guest->next;
	free(guest->leavers);
	free(guest);
}

bool mw_guest_may_keep(const struct mw_guests *guests, const struct mw_guest *guest, size_t most)
{
	return guest->peer.trusted || (guest->kept < most / 2 && guests->kept < most / 4 * 3);
}

void mw_guest_keeps(struct mw_guests *guests, struct mw_guest *guest)
{
	guest->kept++;
	guests->kept += !guest->peer.trusted;
}

void mw_guest_returns(struct mw_guests *guests, struct mw_guest *guest)
{
	guest->kept--;
	guests->kept -= !guest->peer.trusted;
}

size_t mw_guest_count(const struct mw_guests *guests, const struct mw_peer *peer)
{
	const struct mw_guest *guest = find(guests, peer);

	return guest != NULL ? guest->count : 0;
}

/* When the last byte came or went. A connection that began a request and sends no more of it counts as idle too. */
static double since(const struct mw_pooled *connection)
{
	return connection->deadlines.active;
}

static bool may_go(const struct mw_pooled *connection, const struct mw_guest *guest, bool busy)
{
	return connection->pool->kind->is_idle(connection, busy) &&
	       (guest != NULL ? connection->guest == guest : !connection->guest->peer.trusted);
}

/* Whether `a` goes before `b`. */
static bool goes_first(const struct mw_pooled *a, const struct mw_pooled *b)
{
	if (a->guest->count != b->guest->count)
		return a->guest->count > b->guest->count;
	return since(a) < since(b);
}

static void insert(struct mw_leavers *leavers, size_t most, struct mw_pooled *connection)
{
	size_t at = leavers->count;

	while (at > 0 && goes_first(connection, leavers->items[at - 1].connection))
		at--;
	if (at == most)
		return;
	if (leavers->count < most)
		leavers->count++;
	memmove(&leavers->items[at + 1], &leavers->items[at], (leavers->count - at - 1) * sizeof(leavers->items[0]));
	leavers->items[at].connection = connection;
	leavers->items[at].since = since(connection);
}

/* One walk over all connections finds several to close, so that a peer that opens many connections costs little.
   The list stays in the right order: a connection that is used meanwhile moves behind all in the list. The oldest
   connections are last in the ring. */
static void collect(struct mw_pool *all, const struct mw_guest *guest, bool busy, struct mw_leavers *leavers)
{
	size_t among = guest != NULL ? guest->count : all->guests->strangers, most = among / 8;

	most = most < 1 ? 1 : most > LEAVERS_MOST ? LEAVERS_MOST : most;
	leavers->count = leavers->next = 0;
	for (struct mw_pooled *one = all->live.previous; one != &all->live; one = one->previous) {
		if (may_go(one, guest, busy))
			insert(leavers, most, one);
	}
}

static struct mw_pooled *next_leaver(struct mw_leavers *leavers, const struct mw_guest *guest, bool busy)
{
	while (leavers->next < leavers->count) {
		struct mw_pooled *one = leavers->items[leavers->next].connection;
		double before = leavers->items[leavers->next].since;

		leavers->next++;
		if (one->watch.fd >= 0 && one->guest != NULL && since(one) <= before && may_go(one, guest, busy))
			return one;
	}
	return NULL;
}

struct mw_pooled *mw_guest_first_to_go(struct mw_pool *all, const struct mw_peer *peer, bool busy)
{
	struct mw_guest *guest = peer != NULL ? find(all->guests, peer) : NULL;
	struct mw_leavers *leavers = &all->guests->leavers[busy];
	double now = mw_loop_now(all->loop);
	struct mw_pooled *found;

	if (peer != NULL && guest == NULL)
		return NULL;
	if (guest != NULL && guest->leavers == NULL)
		guest->leavers = calloc(1, sizeof(*guest->leavers));
	if (guest != NULL && guest->leavers != NULL)
		leavers = guest->leavers;
	else if (guest != NULL)
		leavers->count = 0; /* no memory: use the shared list this once */
	found = next_leaver(leavers, guest, busy);
	/* Looked again after NONE_SECONDS only: a walk that finds nothing is expensive. */
	if (found != NULL || now - leavers->none_at < NONE_SECONDS)
		return found;
	collect(all, guest, busy, leavers);
	found = next_leaver(leavers, guest, busy);
	if (found == NULL)
		leavers->none_at = now;
	return found;
}
