/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guests.h"
#include "server/peer.h"

#define CHUNK 64
/* The most reads in a row for one connection while the service ends: a peer that never stops asking must not delay
   the end. */
#define FINISH_TURNS 64

struct mw_connection_chunk {
	struct mw_connection_chunk *next;
	struct mw_connection items[CHUNK];
};

enum turn { TURN_CLOSED, TURN_NOTHING, TURN_SOME };

static mw_question_step_function on_step;
static mw_loop_function on_turn;

struct mw_connections *mw_connections_new(struct mw_loop *loop, struct mw_worlds *worlds, const struct mw_waits *waits,
					  size_t most, mw_loop_function *on_close, void *context)
{
	struct mw_connections *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->guests = calloc(1, sizeof(*all->guests));
	if (all->guests == NULL) {
		free(all);
		return NULL;
	}
	all->loop = loop;
	mw_guests_init(all->guests);
	mw_batch_init(&all->batch, loop, worlds, &all->questions, waits, on_step);
	mw_loop_on_turn(loop, on_turn, all);
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

size_t mw_connections_waiting(const struct mw_connections *all)
{
	return all->batch.waiting;
}

static bool is_full(const struct mw_connections *all)
{
	return all->count >= all->most;
}

/* Takes the question away from the connection. */
static void leave_question(struct mw_connection *connection)
{
	if (connection->question->kept)
		mw_guest_returns_question(connection->all->guests, connection->guest);
	connection->question = NULL;
}

static void close_one(struct mw_connection *connection)
{
	struct mw_connections *all = connection->all;

	mw_watch_set(all->loop, &connection->watch, connection->watch.fd, 0);
	close(connection->watch.fd);
	connection->watch.fd = -1;
	if (connection->question != NULL) {
		struct mw_question *question = connection->question;

		leave_question(connection);
		mw_batch_forget(&all->batch, question);
	}
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
		close_one(all->live.next);
	while (all->chunks != NULL) {
		struct mw_connection_chunk *next = all->chunks->next;

		free(all->chunks);
		all->chunks = next;
	}
	mw_batch_settle(&all->batch);
	mw_batch_deinit(&all->batch);
	mw_questions_free(&all->questions);
	free(all->guests);
	free(all);
}

static void complain(const struct mw_connection *connection, const char *why)
{
	mw_peer_complain(connection->watch.fd, why);
}

static void refuse(struct mw_connection *connection, const char *why)
{
	if (why != NULL)
		complain(connection, why);
	close_one(connection);
}

/* The question outlives this turn of the loop: it gets its own times, and the connection is watched for what it
   needs next. */
static void keep(struct mw_connection *connection, int events, const char *too_many)
{
	struct mw_connections *all = connection->all;
	struct mw_question *question = connection->question;

	if (!question->kept) {
		if (!mw_guest_may_keep_question(all->guests, connection->guest) ||
		    !mw_question_keep(&all->questions, question)) {
			refuse(connection, too_many);
			return;
		}
		mw_guest_keeps_question(all->guests, connection->guest);
	}
	mw_watch_set(all->loop, &connection->watch, connection->watch.fd, events);
}

static void on_step(struct mw_question *question, enum mw_question_step step, const char *why)
{
	struct mw_connection *connection = question->owner;
	struct mw_connections *all = connection->all;
	struct mw_deadlines *deadlines = &connection->deadlines;
	double now = mw_loop_now(all->loop);

	deadlines->active = now;
	switch (step) {
	case MW_STEP_PARTIAL:
		deadlines->begun = deadlines->begun > 0 ? deadlines->begun : now;
		keep(connection, MW_READABLE, "too many requests are begun and not finished");
		return;
	case MW_STEP_WAITS:
		deadlines->begun = 0;
		keep(connection, 0, "too many questions wait");
		return;
	case MW_STEP_STALLED:
		deadlines->begun = 0;
		deadlines->stalled = now;
		keep(connection, MW_WRITABLE, "too many answers are not taken");
		return;
	case MW_STEP_SENT:
		deadlines->begun = deadlines->stalled = 0;
		if (!question->listed) {
			leave_question(connection);
			mw_question_return(&all->questions, question);
		}
		mw_watch_set(all->loop, &connection->watch, connection->watch.fd, MW_READABLE);
		return;
	case MW_STEP_NONE:
		refuse(connection, why);
		return;
	}
}

static enum turn receive(struct mw_connection *connection)
{
	struct mw_connections *all = connection->all;
	struct mw_question *question = connection->question;
	enum mw_received received;

	if (question == NULL)
		question = mw_question_take(&all->questions, connection, connection->watch.fd);
	if (question == NULL) {
		refuse(connection, "out of memory");
		return TURN_CLOSED;
	}
	received = mw_question_receive(&all->questions, question);
	if (received == MW_RECEIVED_SOME) {
		connection->question = question;
		mw_batch_add(&all->batch, question);
		return connection->watch.fd < 0 ? TURN_CLOSED : TURN_SOME;
	}
	if (connection->question == NULL)
		mw_question_return(&all->questions, question);
	if (received == MW_RECEIVED_NOTHING)
		return TURN_NOTHING;
	refuse(connection, received == MW_RECEIVED_NO_ROOM ? "out of memory" :
			   connection->question != NULL ? "it ended within a request" : NULL);
	return TURN_CLOSED;
}

/* Receives what came, or sends what is left of an answer. */
static enum turn take(struct mw_connection *connection)
{
	struct mw_batch *batch = &connection->all->batch;

	if (connection->question != NULL && connection->question->listed)
		mw_batch_settle(batch);
	if (connection->watch.fd < 0)
		return TURN_CLOSED;
	if (connection->question == NULL || connection->question->state == MW_QUESTION_READING)
		return receive(connection);
	if (connection->question->state == MW_QUESTION_ANSWERED)
		mw_batch_resend(batch, connection->question);
	return connection->watch.fd < 0 ? TURN_CLOSED : TURN_NOTHING;
}

/* The same, and judges and answers at once. */
static enum turn take_now(struct mw_connection *connection)
{
	enum turn turn = take(connection);

	if (turn != TURN_CLOSED)
		mw_batch_settle(&connection->all->batch);
	return connection->watch.fd < 0 ? TURN_CLOSED : turn;
}

static enum turn take_turns(struct mw_connection *connection)
{
	enum turn turn = TURN_SOME;

	for (int i = 0; i < FINISH_TURNS && turn == TURN_SOME; i++)
		turn = take_now(connection);
	return turn;
}

/* Answers all that came and closes, unless a question is half read or an answer half sent. */
static void finish(struct mw_connection *connection)
{
	if (take_turns(connection) == TURN_CLOSED || connection->question != NULL)
		return;
	/* After this the peer gets an error when it sends; its bytes cannot be lost between our last read and the
	   close. */
	(void)shutdown(connection->watch.fd, SHUT_RD);
	if (take_turns(connection) != TURN_CLOSED && connection->question == NULL)
		close_one(connection);
}

/* Sending may close a connection, and that must not be the `next` of this loop: so the batch is empty before it
   starts. */
static void for_each(struct mw_connections *all, void (*function)(struct mw_connection *connection))
{
	mw_batch_settle(&all->batch);
	for (struct mw_connection *connection = all->live.next, *next; connection != &all->live; connection = next) {
		next = connection->next;
		function(connection);
	}
}

static void on_turn(void *context)
{
	struct mw_connections *all = context;

	if (all->finishing)
		for_each(all, finish);
	else
		mw_batch_settle(&all->batch);
}

static void on_ready(struct mw_watch *watch)
{
	(void)take((struct mw_connection *)(void *)watch);
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

/* False: there is no room for the new connection. */
static bool make_room(struct mw_connections *all, int fd, const struct mw_peer *peer)
{
	bool share_taken = !peer->trusted && mw_guest_count(all->guests, peer) >= (all->most + 1) / 2;
	const char *why = share_taken ? "it has half of all connections: the longest idle goes first" :
					"all connections are taken: the longest idle goes first";
	struct mw_connection *leaver;

	if (!share_taken && !is_full(all))
		return true;
	/* A peer that is not trusted takes the place of idle connections only, unless they are its own. */
	leaver = mw_guest_first_to_go(all, share_taken ? peer : NULL, share_taken || peer->trusted);
	if (leaver == NULL) {
		mw_peer_complain(fd, "all connections are taken, and none is idle");
		return false;
	}
	mw_peer_complain(leaver->watch.fd, why);
	close_one(leaver);
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

static void sweep_one(struct mw_connection *connection)
{
	const struct mw_deadlines *deadlines = &connection->deadlines;
	double now = mw_loop_now(connection->all->loop);

	if (mw_deadline_due(deadlines, now) == MW_DUE_NONE)
		return;
	/* When this process was stopped, the rest of the request may have come meanwhile: read it before judging
	   the time. */
	if (take_now(connection) == TURN_CLOSED || mw_deadline_due(deadlines, now) == MW_DUE_NONE)
		return;
	refuse(connection, due_words(mw_deadline_due(deadlines, now)));
}

void mw_connections_sweep(struct mw_connections *all)
{
	for_each(all, sweep_one);
}

void mw_connections_finish(struct mw_connections *all)
{
	all->finishing = true;
	for_each(all, finish);
}
