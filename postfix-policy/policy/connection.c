/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guests.h"
#include "turn.h"

#define CHUNK 64
/* Turns that one connection gets in a row while the service ends; a peer that never stops asking must not hold it. */
#define FINISH_TURNS 64

struct mw_connection_chunk {
	struct mw_connection_chunk *next;
	struct mw_connection items[CHUNK];
};

struct mw_connections *mw_connections_new(struct mw_loop *loop, const struct mw_worlds *worlds, size_t most,
					  mw_loop_function *on_close, void *context)
{
	struct mw_connections *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->spare = mw_work_take(&all->works);
	all->guests = calloc(1, sizeof(*all->guests));
	if (all->spare == NULL || all->guests == NULL) {
		free(all->guests);
		free(all);
		return NULL;
	}
	all->loop = loop;
	mw_guests_init(all->guests);
	mw_loop_on_turn(loop, mw_turn_end, mw_turn_settle, all);
	all->worlds = worlds;
	all->most = most;
	all->on_close = on_close;
	all->context = context;
	all->live.next = all->live.previous = &all->live;
	return all;
}

size_t mw_connections_count(const struct mw_connections *all)
{
	return all->count;
}

static bool is_full(const struct mw_connections *all)
{
	return all->count >= all->most;
}

struct mw_work *mw_connection_new_work(struct mw_connection *connection)
{
	struct mw_connections *all = connection->all;
	struct mw_work *work = NULL;

	if (mw_guest_may_keep_work(all->guests, connection->guest))
		work = mw_work_take(&all->works);
	if (work != NULL)
		mw_guest_keeps_work(all->guests, connection->guest);
	return work;
}

void mw_connection_return_work(struct mw_connection *connection)
{
	if (connection->work == NULL)
		return;
	mw_work_return(&connection->all->works, connection->work);
	mw_guest_returns_work(connection->all->guests, connection->guest);
	connection->work = NULL;
}

void mw_connection_close(struct mw_connection *connection)
{
	struct mw_connections *all = connection->all;

	mw_watch_set(all->loop, &connection->watch, connection->watch.fd, 0);
	close(connection->watch.fd);
	connection->watch.fd = -1;
	if (connection->read)
		mw_inbox_forget(&all->inbox, connection);
	if (connection->queued)
		mw_outbox_forget(&all->outbox, connection);
	connection->read = connection->queued = false;
	mw_connection_return_work(connection);
	mw_guest_leave(all->guests, connection->guest);
	connection->guest = NULL;
	connection->previous->next = connection->next;
	connection->next->previous = connection->previous;
	connection->next = all->idle;
	all->idle = connection;
	all->count--;
	if (all->on_close != NULL)
		all->on_close(all->context);
}

void mw_connections_free(struct mw_connections *all)
{
	if (all == NULL)
		return;
	all->on_close = NULL;
	while (all->live.next != &all->live)
		mw_connection_close(all->live.next);
	while (all->chunks != NULL) {
		struct mw_connection_chunk *next = all->chunks->next;

		free(all->chunks);
		all->chunks = next;
	}
	free(all->guests);
	free(all);
}

static enum mw_turn take_turns(struct mw_connection *connection)
{
	enum mw_turn turn = MW_TURN_SOME;

	for (int i = 0; i < FINISH_TURNS && turn == MW_TURN_SOME; i++)
		turn = mw_turn_take_now(connection);
	return turn;
}

/* Answers all that came and closes, unless a request or an answer is half through. */
static void finish(struct mw_connection *connection)
{
	if (take_turns(connection) == MW_TURN_CLOSED || connection->work != NULL)
		return;
	/* What comes from now on is the sender's error at once, and not lost between our last look and the end. */
	(void)shutdown(connection->watch.fd, SHUT_RD);
	if (take_turns(connection) != MW_TURN_CLOSED && connection->work == NULL)
		mw_connection_close(connection);
}

static void on_ready(struct mw_watch *watch)
{
	struct mw_connection *connection = (struct mw_connection *)(void *)watch;

	if (mw_turn_take(connection) != MW_TURN_CLOSED && connection->all->finishing && connection->work == NULL)
		finish(connection);
}

static struct mw_connection *take_connection(struct mw_connections *all)
{
	struct mw_connection *connection;

	if (all->idle == NULL) {
		struct mw_connection_chunk *chunk = calloc(1, sizeof(*chunk));

		if (chunk == NULL)
			return NULL;
		chunk->next = all->chunks;
		all->chunks = chunk;
		for (size_t i = 0; i < CHUNK; i++) {
			chunk->items[i].next = all->idle;
			all->idle = &chunk->items[i];
		}
	}
	connection = all->idle;
	all->idle = connection->next;
	memset(connection, 0, sizeof(*connection));
	return connection;
}

/* False: this one has to go itself. */
static bool make_room(struct mw_connections *all, int fd, const struct mw_peer *peer)
{
	bool share_taken = !peer->trusted && mw_guest_count(all->guests, peer) >= (all->most + 1) / 2;
	const char *why = share_taken ? "it has half of all connections: the longest idle goes first" :
					"all connections are taken: the longest idle goes first";
	struct mw_connection *leaver;

	if (!share_taken && !is_full(all))
		return true;
	/* Of others, a stranger drives away idle ones only. */
	leaver = mw_guest_first_to_go(all, share_taken ? peer : NULL, share_taken || peer->trusted);
	if (leaver == NULL) {
		mw_peer_complain(fd, "all connections are taken, and none is idle");
		return false;
	}
	mw_peer_complain(leaver->watch.fd, why);
	mw_connection_close(leaver);
	return true;
}

static bool open_one(void *context, int fd, const struct mw_peer *peer)
{
	struct mw_connections *all = context;
	bool room = make_room(all, fd, peer);
	struct mw_connection *connection = room ? take_connection(all) : NULL;
	struct mw_guest *guest = connection != NULL ? mw_guest_enter(all->guests, peer) : NULL;

	if (connection != NULL && guest == NULL) {
		connection->next = all->idle;
		all->idle = connection;
	}
	if (guest == NULL) {
		close(fd);
		return !room;
	}
	connection->guest = guest;
	connection->all = all;
	connection->watch.ready = on_ready;
	connection->deadlines.active = mw_loop_now(all->loop);
	connection->next = all->live.next;
	connection->previous = &all->live;
	all->live.next->previous = connection;
	all->live.next = connection;
	all->count++;
	mw_watch_set(all->loop, &connection->watch, fd, MW_READABLE);
	return true;
}

static size_t count_open(void *context)
{
	return mw_connections_count(context);
}

static bool has_no_room(void *context)
{
	return is_full(context);
}

static bool has_room(void *context)
{
	const struct mw_connections *all = context;

	return !is_full(all) || all->guests->strangers > 0;
}

struct mw_acceptor mw_connections_acceptor(struct mw_connections *all)
{
	return (struct mw_acceptor){
		.context = all,
		.count = count_open,
		.is_full = has_no_room,
		.has_room = has_room,
		.open = open_one,
	};
}

static const char *due_words(enum mw_due due)
{
	switch (due) {
	case MW_DUE_REQUEST:
		return "a request was not whole after 10 seconds";
	case MW_DUE_READER:
		return "an answer was not taken";
	case MW_DUE_IDLE:
	case MW_DUE_NONE:
		break;
	}
	return NULL;
}

static void sweep_one(struct mw_connection *connection, double now)
{
	enum mw_due due = mw_deadline_due(&connection->deadlines, now);

	if (due == MW_DUE_NONE)
		return;
	/* After a stop of this process the rest may long be there. */
	if (mw_turn_take_now(connection) == MW_TURN_CLOSED)
		return;
	due = mw_deadline_due(&connection->deadlines, now);
	if (due == MW_DUE_NONE)
		return;
	if (due_words(due) != NULL)
		mw_peer_complain(connection->watch.fd, due_words(due));
	mw_connection_close(connection);
}

void mw_connections_sweep(struct mw_connections *all)
{
	double now = mw_loop_now(all->loop);

	/* What is sent may close a connection, which must not be the next one here. */
	mw_turn_settle(all);
	for (struct mw_connection *connection = all->live.next, *next; connection != &all->live; connection = next) {
		next = connection->next;
		sweep_one(connection, now);
	}
}

void mw_connections_finish(struct mw_connections *all)
{
	mw_turn_settle(all);
	all->finishing = true;
	for (struct mw_connection *connection = all->live.next, *next; connection != &all->live; connection = next) {
		next = connection->next;
		finish(connection);
	}
}
