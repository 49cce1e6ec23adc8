/* SPDX-License-Identifier: MIT */
#include "pool.h"

#include <stdlib.h>
#include <unistd.h>

#define CHUNK 64

/* `items` are connections of the kind's size, one behind the other. */
struct chunk {
	struct chunk *next;
	_Alignas(max_align_t) char items[];
};

bool mw_pool_init(struct mw_pool *pool, const struct mw_pool_kind *kind, void *owner, struct mw_loop *loop, size_t most,
		  mw_loop_function *on_close, void *context)
{
	*pool = (struct mw_pool){ .loop = loop, .kind = kind, .owner = owner, .most = most, .on_close = on_close,
				  .context = context };
	pool->live.next = pool->live.previous = &pool->live;
	pool->guests = calloc(1, sizeof(*pool->guests));
	if (pool->guests == NULL)
		return false;
	mw_guests_init(pool->guests);
	return true;
}

void mw_pool_deinit(struct mw_pool *pool)
{
	pool->on_close = NULL;
	while (pool->live.next != &pool->live)
		mw_pool_close(pool->live.next);
	for (struct chunk *chunk = pool->chunks, *next; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	pool->chunks = NULL;
	free(pool->guests);
	pool->guests = NULL;
}

static bool is_full(const struct mw_pool *pool)
{
	return pool->count >= pool->most;
}

static void put_back(struct mw_pool *pool, struct mw_pooled *connection)
{
	connection->next = pool->idle;
	pool->idle = connection;
}

void mw_pool_close(struct mw_pooled *connection)
{
	struct mw_pool *pool = connection->pool;

	mw_watch_set(pool->loop, &connection->watch, connection->watch.fd, 0);
	close(connection->watch.fd);
	connection->watch.fd = -1;
	pool->kind->closed(connection);
	mw_guest_leave(pool->guests, connection->guest);
	connection->guest = NULL;
	connection->previous->next = connection->next;
	connection->next->previous = connection->previous;
	put_back(pool, connection);
	pool->count--;
	if (pool->on_close != NULL)
		pool->on_close(pool->context);
}

void mw_pool_refuse(struct mw_pooled *connection, const char *why)
{
	if (why != NULL)
		mw_peer_complain(connection->watch.fd, why);
	mw_pool_close(connection);
}

void mw_pool_for_each(struct mw_pool *pool, void (*function)(struct mw_pooled *connection))
{
	for (struct mw_pooled *connection = pool->live.next, *next; connection != &pool->live; connection = next) {
		next = connection->next;
		function(connection);
	}
}

/* Which of its times is over. */
static enum mw_due due_of(const struct mw_pooled *connection)
{
	return mw_deadline_due(&connection->deadlines, connection->pool->kind->idle_seconds,
			       mw_loop_now(connection->pool->loop));
}

/* For the log; NULL: it was idle, and nothing is said. */
static const char *words_of(const struct mw_pooled *connection, enum mw_due due)
{
	switch (due) {
	case MW_DUE_REQUEST:
		return connection->pool->kind->slow_words;
	case MW_DUE_READER:
		return "an answer was not taken";
	case MW_DUE_IDLE:
	case MW_DUE_NONE:
		break;
	}
	return NULL;
}

static void sweep_one(struct mw_pooled *connection)
{
	if (due_of(connection) == MW_DUE_NONE)
		return;
	/* When this process was stopped, the rest may have come meanwhile: it is read before the time is judged. */
	if (!connection->pool->kind->take(connection) || due_of(connection) == MW_DUE_NONE)
		return;
	mw_pool_refuse(connection, words_of(connection, due_of(connection)));
}

void mw_pool_sweep(struct mw_pool *pool)
{
	mw_pool_for_each(pool, sweep_one);
}

static struct mw_pooled *take(struct mw_pool *pool)
{
	size_t size = (pool->kind->size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
	struct mw_pooled *connection;

	if (pool->idle == NULL) {
		struct chunk *chunk = calloc(1, sizeof(*chunk) + CHUNK * size);

		if (chunk == NULL)
			return NULL;
		chunk->next = pool->chunks;
		pool->chunks = chunk;
		for (size_t i = 0; i < CHUNK; i++)
			put_back(pool, (struct mw_pooled *)(void *)(chunk->items + i * size));
	}
	connection = pool->idle;
	pool->idle = connection->next;
	memset(connection, 0, pool->kind->size);
	return connection;
}

/* False: there is no room for the new connection. */
static bool make_room(struct mw_pool *pool, int fd, const struct mw_peer *peer)
{
	bool share_taken = !peer->trusted && mw_guest_count(pool->guests, peer) >= (pool->most + 1) / 2;
	const char *why = share_taken ? "it has half of all connections: the longest idle goes first" :
					"all connections are taken: the longest idle goes first";
	struct mw_pooled *leaver;

	if (!share_taken && !is_full(pool))
		return true;
	/* A peer that is not trusted takes the place of idle connections only, unless they are its own. */
	leaver = mw_guest_first_to_go(pool, share_taken ? peer : NULL, share_taken || peer->trusted);
	if (leaver == NULL) {
		mw_peer_complain(fd, "all connections are taken, and none is idle");
		return false;
	}
	mw_pool_refuse(leaver, why);
	return true;
}

static bool open_one(void *context, int fd, const struct mw_peer *peer)
{
	struct mw_pool *pool = context;
	bool room = make_room(pool, fd, peer);
	struct mw_pooled *connection = room ? take(pool) : NULL;
	struct mw_guest *guest = connection != NULL ? mw_guest_enter(pool->guests, peer) : NULL;

	if (connection != NULL && guest == NULL)
		put_back(pool, connection);
	if (guest == NULL) {
		close(fd);
		return !room;
	}
	connection->guest = guest;
	connection->pool = pool;
	connection->watch.ready = pool->kind->ready;
	connection->deadlines.active = mw_loop_now(pool->loop);
	connection->deadlines.begun = pool->kind->speaks_at_once ? mw_loop_now(pool->loop) : 0;
	connection->next = pool->live.next;
	connection->previous = &pool->live;
	pool->live.next->previous = connection;
	pool->live.next = connection;
	pool->count++;
	mw_watch_set(pool->loop, &connection->watch, fd, MW_READABLE);
	return true;
}

static size_t count_open(void *context)
{
	return ((const struct mw_pool *)context)->count;
}

static bool has_no_room(void *context)
{
	return is_full(context);
}

static bool has_room(void *context)
{
	const struct mw_pool *pool = context;

	return !is_full(pool) || pool->guests->strangers > 0;
}

struct mw_acceptor mw_pool_acceptor(struct mw_pool *pool)
{
	return (struct mw_acceptor){
		.context = pool,
		.count = count_open,
		.is_full = has_no_room,
		.has_room = has_room,
		.open = open_one,
	};
}
