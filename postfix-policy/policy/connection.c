/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "batch.h"
#include "server/pool.h"

/* Well above Postfix's smtpd_policy_service_max_ttl, 1,000 s. */
#define IDLE_SECONDS 3600.0
/* The most reads in a row for one connection while the service ends: a peer that never stops asking must not delay
   the end. */
#define FINISH_TURNS 64

struct connection {
	struct mw_pooled pooled; /* first: a pooled connection is its connection */
	struct mw_question *question; /* NULL: nothing begun, nothing pending */
};

struct mw_connections {
	struct mw_pool pool;
	struct mw_questions questions;
	struct mw_batch batch;
	bool finishing;
};

enum turn { TURN_CLOSED, TURN_NOTHING, TURN_SOME };

static mw_question_step_function on_step;
static mw_loop_function on_turn;

static struct connection *of_pooled(struct mw_pooled *pooled)
{
	return (struct connection *)(void *)pooled;
}

static struct mw_connections *all_of(const struct connection *connection)
{
	return connection->pooled.pool->owner;
}

static bool is_closed(const struct connection *connection)
{
	return connection->pooled.watch.fd < 0;
}

static enum turn take(struct connection *connection);
static bool take_pooled(struct mw_pooled *pooled);

static void on_ready(struct mw_watch *watch)
{
	(void)take((struct connection *)(void *)watch);
}

/* A question that is in the batch or waits is never idle. */
static bool is_idle(const struct mw_pooled *pooled, bool busy)
{
	const struct mw_question *question = ((const struct connection *)(const void *)pooled)->question;

	return question == NULL || (busy && !question->listed && question->state != MW_QUESTION_WAITING);
}

/* Takes the question away from the connection. */
static void leave_question(struct connection *connection)
{
	if (connection->question->kept)
		mw_guest_returns(connection->pooled.pool->guests, connection->pooled.guest);
	connection->question = NULL;
}

static void closed(struct mw_pooled *pooled)
{
	struct connection *connection = of_pooled(pooled);
	struct mw_question *question = connection->question;

	if (question == NULL)
		return;
	leave_question(connection);
	mw_batch_forget(&all_of(connection)->batch, question);
}

static const struct mw_pool_kind policy_kind = {
	.size = sizeof(struct connection),
	.idle_seconds = IDLE_SECONDS,
	.slow_words = "a request was not whole after 10 seconds",
	.ready = on_ready,
	.take = take_pooled,
	.is_idle = is_idle,
	.closed = closed,
};

struct mw_connections *mw_connections_new(struct mw_loop *loop, struct mw_worlds *worlds, const struct mw_waits *waits,
					  struct mw_handover *handover, size_t most, mw_loop_function *on_close, void *context)
{
	struct mw_connections *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	if (!mw_pool_init(&all->pool, &policy_kind, all, loop, most, on_close, context)) {
		free(all);
		return NULL;
	}
	mw_batch_init(&all->batch, loop, worlds, &all->questions, waits, handover, on_step);
	mw_loop_on_turn(loop, on_turn, all);
	return all;
}

size_t mw_connections_count(const struct mw_connections *all)
{
	return all->pool.count;
}

size_t mw_connections_waiting(const struct mw_connections *all)
{
	return all->batch.waiting;
}

void mw_connections_free(struct mw_connections *all)
{
	if (all == NULL)
		return;
	mw_pool_deinit(&all->pool);
	mw_batch_settle(&all->batch);
	mw_batch_deinit(&all->batch);
	mw_questions_free(&all->questions);
	free(all);
}

static void refuse(struct connection *connection, const char *why)
{
	mw_pool_refuse(&connection->pooled, why);
}

/* The question outlives this turn of the loop: it gets its own times, and the connection is watched for what it
   needs next. */
static void keep(struct connection *connection, int events, const char *too_many)
{
	struct mw_connections *all = all_of(connection);
	struct mw_question *question = connection->question;

	if (!question->kept) {
		if (!mw_guest_may_keep(all->pool.guests, connection->pooled.guest, MW_QUESTIONS_KEPT) ||
		    !mw_question_keep(&all->questions, question)) {
			refuse(connection, too_many);
			return;
		}
		mw_guest_keeps(all->pool.guests, connection->pooled.guest);
	}
	mw_watch_set(all->pool.loop, &connection->pooled.watch, connection->pooled.watch.fd, events);
}

static void on_step(struct mw_question *question, enum mw_question_step step, const char *why)
{
	struct connection *connection = question->owner;
	struct mw_connections *all = all_of(connection);
	struct mw_deadlines *deadlines = &connection->pooled.deadlines;
	double now = mw_loop_now(all->pool.loop);

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
		mw_watch_set(all->pool.loop, &connection->pooled.watch, connection->pooled.watch.fd, MW_READABLE);
		return;
	case MW_STEP_NONE:
		refuse(connection, why);
		return;
	}
}

static enum turn receive(struct connection *connection)
{
	struct mw_connections *all = all_of(connection);
	struct mw_question *question = connection->question;
	enum mw_received received;

	if (question == NULL)
		question = mw_question_take(&all->questions, connection, connection->pooled.watch.fd);
	if (question == NULL) {
		refuse(connection, "out of memory");
		return TURN_CLOSED;
	}
	received = mw_question_receive(&all->questions, question);
	if (received == MW_RECEIVED_SOME) {
		connection->question = question;
		mw_batch_add(&all->batch, question);
		return is_closed(connection) ? TURN_CLOSED : TURN_SOME;
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
static enum turn take(struct connection *connection)
{
	struct mw_batch *batch = &all_of(connection)->batch;

	if (connection->question != NULL && connection->question->listed)
		mw_batch_settle(batch);
	if (is_closed(connection))
		return TURN_CLOSED;
	if (connection->question == NULL || connection->question->state == MW_QUESTION_READING)
		return receive(connection);
	if (connection->question->state == MW_QUESTION_ANSWERED)
		mw_batch_resend(batch, connection->question);
	return is_closed(connection) ? TURN_CLOSED : TURN_NOTHING;
}

/* The same, and judges and answers at once. */
static enum turn take_now(struct connection *connection)
{
	enum turn turn = take(connection);

	if (turn != TURN_CLOSED)
		mw_batch_settle(&all_of(connection)->batch);
	return is_closed(connection) ? TURN_CLOSED : turn;
}

static bool take_pooled(struct mw_pooled *pooled)
{
	return take_now(of_pooled(pooled)) != TURN_CLOSED;
}

static enum turn take_turns(struct connection *connection)
{
	enum turn turn = TURN_SOME;

	for (int i = 0; i < FINISH_TURNS && turn == TURN_SOME; i++)
		turn = take_now(connection);
	return turn;
}

/* Answers all that came and closes, unless a question is half read or an answer half sent. */
static void finish(struct mw_pooled *pooled)
{
	struct connection *connection = of_pooled(pooled);

	if (take_turns(connection) == TURN_CLOSED || connection->question != NULL)
		return;
	/* After this the peer gets an error when it sends; its bytes cannot be lost between our last read and the
	   close. */
	(void)shutdown(connection->pooled.watch.fd, SHUT_RD);
	if (take_turns(connection) != TURN_CLOSED && connection->question == NULL)
		mw_pool_close(pooled);
}

/* Sending may close a connection, and while the pool is walked through that must not be another than the one that the
   walk is at: so the batch is empty before. */
static void finish_all(struct mw_connections *all)
{
	mw_batch_settle(&all->batch);
	mw_pool_for_each(&all->pool, finish);
}

static void on_turn(void *context)
{
	struct mw_connections *all = context;

	if (all->finishing)
		finish_all(all);
	else
		mw_batch_settle(&all->batch);
}

struct mw_acceptor mw_connections_acceptor(struct mw_connections *all)
{
	return mw_pool_acceptor(&all->pool);
}

void mw_connections_sweep(struct mw_connections *all)
{
	/* As in finish_all(). */
	mw_batch_settle(&all->batch);
	mw_pool_sweep(&all->pool);
}

void mw_connections_finish(struct mw_connections *all)
{
	all->finishing = true;
	finish_all(all);
}
