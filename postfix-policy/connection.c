/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "deadline.h"
#include "inbox.h"
#include "judge.h"
#include "outbox.h"
#include "peer.h"
#include "work.h"

#define CHUNK 64
/* Turns that one connection gets in a row while the service ends; a peer that never stops asking must not hold it. */
#define FINISH_TURNS 64
/* How many turns of the loop an answer waits for others at the most. */
#define TURNS_MOST 16

struct connection {
	struct mw_watch watch; /* first: a watch is its connection */
	struct mw_connections *all;
	struct connection *next, *previous;
	struct mw_work *work; /* NULL: nothing begun, nothing pending */
	struct mw_deadlines deadlines;
	bool queued;          /* its answer is in the outbox */
	bool read;            /* what came is in the inbox */
};

struct chunk {
	struct chunk *next;
	struct connection items[CHUNK];
};

struct mw_connections {
	struct mw_loop *loop;
	const struct mw_state *state;
	struct mw_works works;
	struct mw_inbox inbox;
	struct mw_outbox outbox;
	unsigned turns;       /* since the outbox was empty */
	struct mw_work *spare; /* what the next connection reads into; never NULL */
	struct chunk *chunks;
	struct connection *idle;
	struct connection live; /* head of the ring */
	size_t count, most;
	bool finishing;
	mw_loop_function *on_close;
	void *context;
};

static void at_end_of_turn(void *context);
static void send_queued(void *context);

struct mw_connections *mw_connections_new(struct mw_loop *loop, const struct mw_state *state, size_t most,
					  mw_loop_function *on_close, void *context)
{
	struct mw_connections *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->spare = mw_work_take(&all->works);
	if (all->spare == NULL) {
		free(all);
		return NULL;
	}
	all->loop = loop;
	mw_loop_on_turn(loop, at_end_of_turn, send_queued, all);
	all->state = state;
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

bool mw_connections_full(const struct mw_connections *all)
{
	return all->count >= all->most;
}

static void close_connection(struct connection *connection)
{
	struct mw_connections *all = connection->all;

	mw_watch_set(all->loop, &connection->watch, connection->watch.fd, 0);
	close(connection->watch.fd);
	connection->watch.fd = -1;
	if (connection->queued)
		mw_outbox_forget(&all->outbox, connection);
	connection->queued = false;
	if (connection->work != NULL)
		mw_work_return(&all->works, connection->work);
	connection->work = NULL;
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
		close_connection(all->live.next);
	while (all->chunks != NULL) {
		struct chunk *next = all->chunks->next;

		free(all->chunks);
		all->chunks = next;
	}
	free(all);
}

static void complain(const struct connection *connection, const char *why)
{
	mw_peer_complain(connection->watch.fd, why);
}

/* False: the peer is gone. What it did not take stays in work. */
static bool flush(const struct connection *connection, struct mw_work *work)
{
	while (work->answer_sent < work->answer_len) {
		ssize_t sent = send(connection->watch.fd, work->answer + work->answer_sent,
				    work->answer_len - work->answer_sent, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK;
		work->answer_sent += (size_t)sent;
	}
	work->answer_len = work->answer_sent = 0;
	return true;
}

/* The answer to all that a peer asked goes out with those to others. False: it has to be sent now. */
static bool queue(struct connection *connection, struct mw_work *work)
{
	struct mw_connections *all = connection->all;

	if (all->finishing || !mw_outbox_add(&all->outbox, connection, (struct mw_str){ work->answer, work->answer_len }))
		return false;
	connection->queued = true;
	work->answer_len = 0;
	return true;
}

static bool judge(const struct connection *connection, struct mw_work *work, const char *bytes)
{
	struct mw_question question = { &work->request, bytes };
	struct mw_buf out = MW_BUF_OVER(work->answer);

	if (!mw_judge(connection->all->state, connection->watch.fd, &question, &out))
		return false;
	work->answer_len = out.used;
	return true;
}

/* Answers the whole requests in work as long as the peer takes the answers. False: close. *answered_r counts. */
static bool process(struct connection *connection, struct mw_work *work, unsigned *answered_r)
{
	size_t done = 0;
	bool fine = true;

	*answered_r = 0;
	while (fine && work->answer_len == 0 && done < work->fill) {
		struct mw_str bytes = { work->input + done, work->fill - done };
		const char *why;
		size_t used;

		switch (mw_request_read(&work->request, bytes, &used, &why)) {
		case MW_REQUEST_PARTIAL:
			goto out;
		case MW_REQUEST_BAD:
			complain(connection, why);
			return false;
		case MW_REQUEST_WHOLE:
			done += used;
			fine = judge(connection, work, bytes.ptr) &&
			       ((done == work->fill && queue(connection, work)) || flush(connection, work));
			mw_request_init(&work->request);
			++*answered_r;
		}
	}
out:
	work->fill -= done;
	if (done > 0 && work->fill > 0)
		memmove(work->input, work->input + done, work->fill);
	return fine;
}

/* Times of what is left in work, if anything. */
static void set_deadlines(struct connection *connection, const struct mw_work *work, bool answered)
{
	struct mw_deadlines *deadlines = &connection->deadlines;
	double now = mw_loop_now(connection->all->loop);

	deadlines->active = now;
	deadlines->stalled = work->answer_len > 0 ? now : 0;
	if (work->answer_len > 0 || work->fill == 0)
		deadlines->begun = 0;
	else if (answered || deadlines->begun <= 0)
		deadlines->begun = now;
}

/* Hands work to the connection that still needs it, or takes it back. False: no memory for another spare. */
static bool keep_work(struct connection *connection, struct mw_work *work)
{
	struct mw_connections *all = connection->all;
	bool needed = work->fill > 0 || work->answer_len > 0;

	if (needed && work == all->spare) {
		struct mw_work *spare = mw_work_take(&all->works);

		if (spare == NULL) {
			work->fill = work->answer_len = work->answer_sent = 0;
			mw_request_init(&work->request);
			complain(connection, "too many requests are begun and not finished");
			return false;
		}
		all->spare = spare;
		connection->work = work;
	} else if (!needed && connection->work != NULL) {
		mw_work_return(&all->works, work);
		connection->work = NULL;
	}
	return true;
}

/* After this much was read or written. False: the connection was closed. */
static bool go_on(struct connection *connection, struct mw_work *work)
{
	struct mw_connections *all = connection->all;
	unsigned answered;

	if (!process(connection, work, &answered)) {
		if (work == all->spare) {
			work->fill = work->answer_len = work->answer_sent = 0;
			mw_request_init(&work->request);
		}
		close_connection(connection);
		return false;
	}
	set_deadlines(connection, work, answered > 0);
	if (!keep_work(connection, work)) {
		close_connection(connection);
		return false;
	}
	mw_watch_set(all->loop, &connection->watch, connection->watch.fd,
		     connection->deadlines.stalled > 0 ? MW_WRITABLE : MW_READABLE);
	return true;
}

enum turn { TURN_CLOSED, TURN_NOTHING, TURN_SOME };

static void process_inbox(struct mw_connections *all);

static enum turn read_quickly(struct connection *connection)
{
	struct mw_connections *all = connection->all;
	struct mw_incoming *item;
	ssize_t got;

	if (all->inbox.count == MW_INBOX_MOST)
		process_inbox(all);
	if (connection->watch.fd < 0)
		return TURN_CLOSED;
	item = &all->inbox.items[all->inbox.count];
	do
		got = recv(connection->watch.fd, item->bytes, sizeof(item->bytes), 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return TURN_NOTHING;
	if (got <= 0) {
		close_connection(connection);
		return TURN_CLOSED;
	}
	item->owner = connection;
	item->len = (size_t)got;
	connection->read = true;
	all->inbox.count++;
	return TURN_SOME;
}

static enum turn read_some(struct connection *connection)
{
	struct mw_work *work = connection->work != NULL ? connection->work : connection->all->spare;
	ssize_t got;

	/* A full buffer cannot be: a request of that length was refused before. */
	do
		got = recv(connection->watch.fd, work->input + work->fill, sizeof(work->input) - work->fill, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return TURN_NOTHING;
	if (got <= 0) {
		if (connection->work != NULL)
			complain(connection, "it ended within a request");
		close_connection(connection);
		return TURN_CLOSED;
	}
	work->fill += (size_t)got;
	if (work->fill > work->high)
		work->high = work->fill;
	return go_on(connection, work) ? TURN_SOME : TURN_CLOSED;
}

static enum turn write_some(struct connection *connection)
{
	struct mw_work *work = connection->work;
	size_t before = work->answer_sent;

	if (!flush(connection, work)) {
		close_connection(connection);
		return TURN_CLOSED;
	}
	if (work->answer_len > 0 && work->answer_sent == before)
		return TURN_NOTHING;
	return go_on(connection, work) ? TURN_SOME : TURN_CLOSED;
}

/* An answer of which the peer took only a part: from now on it has room of its own. */
static void stall(struct connection *connection, struct mw_str rest)
{
	struct mw_connections *all = connection->all;
	struct mw_work *work = mw_work_take(&all->works);

	if (work == NULL) {
		complain(connection, "too many answers are not taken");
		close_connection(connection);
		return;
	}
	memcpy(work->answer, rest.ptr, rest.len);
	work->answer_len = rest.len;
	connection->work = work;
	set_deadlines(connection, work, true);
	mw_watch_set(all->loop, &connection->watch, connection->watch.fd, MW_WRITABLE);
}

static void send_queued_one(struct connection *connection, struct mw_str bytes)
{
	ssize_t sent;

	connection->queued = false;
	do
		sent = send(connection->watch.fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		close_connection(connection);
	else if (sent < (ssize_t)bytes.len)
		stall(connection, mw_str_tail(bytes, sent > 0 ? (size_t)sent : 0));
}

static void send_queued(void *context)
{
	struct mw_connections *all = context;

	for (size_t i = 0; i < all->outbox.count; i++) {
		const struct mw_outgoing *item = &all->outbox.items[i];

		if (item->owner != NULL)
			send_queued_one(item->owner, (struct mw_str){ item->bytes, item->len });
	}
	all->outbox.count = 0;
	all->turns = 0;
	mw_loop_want_rest(all->loop, false);
}

static void take_in(struct connection *connection, const struct mw_incoming *item)
{
	struct mw_connections *all = connection->all;
	struct mw_work *work = all->spare;

	memcpy(work->input, item->bytes, item->len);
	work->fill = item->len;
	if (work->fill > work->high)
		work->high = work->fill;
	go_on(connection, work);
}

static void answer_item(struct connection *connection, struct mw_incoming *item)
{
	struct mw_connections *all = connection->all;
	struct mw_question question = { &item->request, item->bytes };
	struct mw_outgoing *out;
	struct mw_buf answer;

	if (all->outbox.count == MW_OUTBOX_MOST)
		send_queued(all);
	out = &all->outbox.items[all->outbox.count];
	answer = MW_BUF_OVER(out->bytes);
	if (!mw_judge(all->state, connection->watch.fd, &question, &answer)) {
		close_connection(connection);
		return;
	}
	out->owner = connection;
	out->len = answer.used;
	all->outbox.count++;
	connection->queued = true;
	connection->deadlines.active = mw_loop_now(all->loop);
}

static void process_inbox(struct mw_connections *all)
{
	for (size_t i = 0; i < all->inbox.count; i++) {
		struct mw_incoming *item = &all->inbox.items[i];
		struct mw_str bytes = { item->bytes, item->len };
		const char *why;
		size_t used;

		mw_request_init(&item->request);
		item->whole = mw_request_read(&item->request, bytes, &used, &why) == MW_REQUEST_WHOLE && used == item->len;
		if (item->whole)
			mw_judge_soon(all->state, &(struct mw_question){ &item->request, item->bytes });
	}
	for (size_t i = 0; i < all->inbox.count; i++) {
		struct mw_incoming *item = &all->inbox.items[i];
		struct connection *connection = item->owner;

		if (connection == NULL || connection->watch.fd < 0)
			continue;
		connection->read = false;
		if (item->whole)
			answer_item(connection, item);
		else
			take_in(connection, item);
	}
	all->inbox.count = 0;
}

/* Answers wait for questions that are there already, but not for ever. */
static void at_end_of_turn(void *context)
{
	struct mw_connections *all = context;

	process_inbox(all);
	if (all->outbox.count == 0)
		return;
	if (all->outbox.count >= MW_OUTBOX_MOST / 2 || ++all->turns > TURNS_MOST)
		send_queued(all);
	else
		mw_loop_want_rest(all->loop, true);
}

static enum turn take_turn(struct connection *connection, bool quick)
{
	if (connection->queued)
		send_queued(connection->all);
	if (connection->watch.fd < 0)
		return TURN_CLOSED;
	if (quick && connection->work == NULL && !connection->all->finishing)
		return read_quickly(connection);
	return connection->deadlines.stalled > 0 ? write_some(connection) : read_some(connection);
}

static enum turn take_turns(struct connection *connection)
{
	enum turn turn = TURN_SOME;

	for (int i = 0; i < FINISH_TURNS && turn == TURN_SOME; i++)
		turn = take_turn(connection, false);
	return turn;
}

/* Answers all that came and closes, unless a request or an answer is half through. */
static void finish(struct connection *connection)
{
	if (take_turns(connection) == TURN_CLOSED || connection->work != NULL)
		return;
	/* What comes from now on is the sender's error at once, and not lost between our last look and the end. */
	(void)shutdown(connection->watch.fd, SHUT_RD);
	if (take_turns(connection) != TURN_CLOSED && connection->work == NULL)
		close_connection(connection);
}

static void on_ready(struct mw_watch *watch)
{
	struct connection *connection = (struct connection *)(void *)watch;

	if (connection->all->outbox.count == MW_OUTBOX_MOST)
		send_queued(connection->all);
	if (take_turn(connection, true) != TURN_CLOSED && connection->all->finishing && connection->work == NULL)
		finish(connection);
}

static struct connection *take_connection(struct mw_connections *all)
{
	struct connection *connection;

	if (all->idle == NULL) {
		struct chunk *chunk = calloc(1, sizeof(*chunk));

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

bool mw_connection_open(struct mw_connections *all, int fd)
{
	struct connection *connection = take_connection(all);

	if (connection == NULL) {
		close(fd);
		return false;
	}
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

static void sweep_one(struct connection *connection, double now)
{
	enum mw_due due = mw_deadline_due(&connection->deadlines, now);

	if (due == MW_DUE_NONE)
		return;
	/* After a stop of this process the rest may long be there. */
	if (take_turn(connection, false) == TURN_CLOSED)
		return;
	due = mw_deadline_due(&connection->deadlines, now);
	if (due == MW_DUE_NONE)
		return;
	if (due_words(due) != NULL)
		complain(connection, due_words(due));
	close_connection(connection);
}

void mw_connections_sweep(struct mw_connections *all)
{
	double now = mw_loop_now(all->loop);

	/* What is sent may close a connection, which must not be the next one here. */
	send_queued(all);
	for (struct connection *connection = all->live.next, *next; connection != &all->live; connection = next) {
		next = connection->next;
		sweep_one(connection, now);
	}
}

void mw_connections_finish(struct mw_connections *all)
{
	send_queued(all);
	all->finishing = true;
	for (struct connection *connection = all->live.next, *next; connection != &all->live; connection = next) {
		next = connection->next;
		finish(connection);
	}
}
