/* SPDX-License-Identifier: MIT */
#include "turn.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/uninitialized.h"
#include "judge.h"
#include "server/peer.h"

/* How many turns of the loop an answer waits for others at the most. */
#define TURNS_MOST 1

static void complain(const struct mw_connection *connection, const char *why)
{
	mw_peer_complain(connection->watch.fd, why);
}

/* False: the peer is gone. What it did not take stays in work. */
static bool flush(const struct mw_connection *connection, struct mw_work *work)
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
static bool queue(struct mw_connection *connection, struct mw_work *work)
{
	struct mw_connections *all = connection->all;

	if (all->finishing || !mw_outbox_add(&all->outbox, connection, (struct mw_str){ work->answer, work->answer_len }))
		return false;
	connection->queued = true;
	work->answer_len = 0;
	return true;
}

static bool judge(const struct mw_connection *connection, struct mw_work *work, const char *bytes)
{
	struct mw_question question = { &work->request, bytes };
	struct mw_buf out = MW_BUF_OVER(work->answer);

	if (!mw_judge(connection->all->worlds, connection->watch.fd, &question, &out))
		return false;
	work->answer_len = out.used;
	return true;
}

/* Answers the whole requests in work as long as the peer takes the answers. False: close. *answered_r counts. */
static bool process(struct mw_connection *connection, struct mw_work *work, unsigned *answered_r)
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
static void set_deadlines(struct mw_connection *connection, const struct mw_work *work, bool answered)
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
static bool keep_work(struct mw_connection *connection, struct mw_work *work)
{
	struct mw_connections *all = connection->all;
	bool needed = work->fill > 0 || work->answer_len > 0;

	if (needed && work == all->spare) {
		struct mw_work *spare = mw_connection_new_work(connection);

		if (spare == NULL) {
			work->fill = work->answer_len = work->answer_sent = 0;
			mw_request_init(&work->request);
			complain(connection, "too many requests are begun and not finished");
			return false;
		}
		all->spare = spare;
		connection->work = work;
	} else if (!needed) {
		mw_connection_return_work(connection);
	}
	return true;
}

/* After this much was read or written. False: the connection was closed. */
static bool go_on(struct mw_connection *connection, struct mw_work *work)
{
	struct mw_connections *all = connection->all;
	unsigned answered;

	if (!process(connection, work, &answered)) {
		if (work == all->spare) {
			work->fill = work->answer_len = work->answer_sent = 0;
			mw_request_init(&work->request);
		}
		mw_connection_close(connection);
		return false;
	}
	set_deadlines(connection, work, answered > 0);
	if (!keep_work(connection, work)) {
		mw_connection_close(connection);
		return false;
	}
	mw_watch_set(all->loop, &connection->watch, connection->watch.fd,
		     connection->deadlines.stalled > 0 ? MW_WRITABLE : MW_READABLE);
	return true;
}

static enum mw_turn read_some(struct mw_connection *connection)
{
	struct mw_work *work = connection->work != NULL ? connection->work : connection->all->spare;
	ssize_t got;

	/* A full buffer cannot be: a request of that length was refused before. */
	do
		got = recv(connection->watch.fd, work->input + work->fill, sizeof(work->input) - work->fill, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return MW_TURN_NOTHING;
	if (got <= 0) {
		if (connection->work != NULL)
			complain(connection, "it ended within a request");
		mw_connection_close(connection);
		return MW_TURN_CLOSED;
	}
	work->fill += (size_t)got;
	if (work->fill > work->high)
		work->high = work->fill;
	return go_on(connection, work) ? MW_TURN_SOME : MW_TURN_CLOSED;
}

static enum mw_turn write_some(struct mw_connection *connection)
{
	struct mw_work *work = connection->work;
	size_t before = work->answer_sent;

	if (!flush(connection, work)) {
		mw_connection_close(connection);
		return MW_TURN_CLOSED;
	}
	if (work->answer_len > 0 && work->answer_sent == before)
		return MW_TURN_NOTHING;
	return go_on(connection, work) ? MW_TURN_SOME : MW_TURN_CLOSED;
}

/* An answer of which the peer took only a part: from now on it has room of its own. */
static void stall(struct mw_connection *connection, struct mw_str rest)
{
	struct mw_connections *all = connection->all;
	struct mw_work *work = mw_connection_new_work(connection);

	if (work == NULL) {
		complain(connection, "too many answers are not taken");
		mw_connection_close(connection);
		return;
	}
	memcpy(work->answer, rest.ptr, rest.len);
	work->answer_len = rest.len;
	connection->work = work;
	set_deadlines(connection, work, true);
	mw_watch_set(all->loop, &connection->watch, connection->watch.fd, MW_WRITABLE);
}

static void send_queued_one(struct mw_connection *connection, struct mw_str bytes)
{
	ssize_t sent;

	connection->queued = false;
	do
		sent = send(connection->watch.fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		mw_connection_close(connection);
	else if (sent < (ssize_t)bytes.len)
		stall(connection, mw_str_tail(bytes, sent > 0 ? (size_t)sent : 0));
}

static void send_queued(struct mw_connections *all)
{
	for (size_t i = 0; i < all->outbox.count; i++) {
		const struct mw_outgoing *item = &all->outbox.items[i];

		if (item->owner != NULL)
			send_queued_one(item->owner, (struct mw_str){ item->bytes, item->len });
	}
	all->outbox.count = 0;
	all->turns = 0;
	mw_loop_want_rest(all->loop, false);
}

/* What is no request of its own goes the long way. */
static void take_in(struct mw_connection *connection, const struct mw_incoming *item)
{
	struct mw_connections *all = connection->all;
	struct mw_work *work = all->spare;

	memcpy(work->input, item->bytes, item->len);
	work->fill = item->len;
	if (work->fill > work->high)
		work->high = work->fill;
	go_on(connection, work);
}

static void answer_item(struct mw_connection *connection, const struct mw_incoming *item)
{
	struct mw_connections *all = connection->all;
	struct mw_question question = { &item->request, item->bytes };
	MW_UNINITIALIZED char memory[sizeof(all->outbox.items[0].bytes)];
	struct mw_buf answer = MW_BUF_OVER(memory);

	if (all->outbox.count == MW_OUTBOX_MOST)
		send_queued(all);
	if (!mw_judge(all->worlds, connection->watch.fd, &question, &answer) ||
	    !mw_outbox_add(&all->outbox, connection, mw_buf_str(&answer))) {
		mw_connection_close(connection);
		return;
	}
	connection->queued = true;
	connection->deadlines.active = mw_loop_now(all->loop);
}

/* All are read before the first is judged: inbox.h says why. */
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
			mw_judge_soon(all->worlds, &(struct mw_question){ &item->request, item->bytes });
	}
	for (size_t i = 0; i < all->inbox.count; i++) {
		const struct mw_incoming *item = &all->inbox.items[i];

		if (item->whole)
			mw_judge_sooner(all->worlds, &(struct mw_question){ &item->request, item->bytes });
	}
	for (size_t i = 0; i < all->inbox.count; i++) {
		struct mw_incoming *item = &all->inbox.items[i];
		struct mw_connection *connection = item->owner;

		if (connection == NULL)
			continue;
		connection->read = false;
		if (item->whole)
			answer_item(connection, item);
		else
			take_in(connection, item);
	}
	all->inbox.count = 0;
}

void mw_turn_settle(void *connections)
{
	struct mw_connections *all = connections;

	process_inbox(all);
	send_queued(all);
}

/* Whether there are answers to half of the peers, or many: then none waits for more. */
static bool are_enough(const struct mw_connections *all)
{
	return all->outbox.count >= MW_OUTBOX_MOST / 2 || all->outbox.count * 2 >= all->count;
}

void mw_turn_end(void *connections)
{
	struct mw_connections *all = connections;

	process_inbox(all);
	if (all->outbox.count == 0)
		return;
	if (are_enough(all) || ++all->turns > TURNS_MOST)
		send_queued(all);
	else
		mw_loop_want_rest(all->loop, true);
}

static enum mw_turn read_quickly(struct mw_connection *connection)
{
	struct mw_connections *all = connection->all;
	struct mw_incoming *item = &all->inbox.items[all->inbox.count];
	ssize_t got;

	do
		got = recv(connection->watch.fd, item->bytes, sizeof(item->bytes), 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return MW_TURN_NOTHING;
	if (got <= 0) {
		mw_connection_close(connection);
		return MW_TURN_CLOSED;
	}
	item->owner = connection;
	item->len = (size_t)got;
	connection->read = true;
	all->inbox.count++;
	return MW_TURN_SOME;
}

/* False: it was closed meanwhile. */
static bool prepare(struct mw_connection *connection)
{
	struct mw_connections *all = connection->all;

	if (connection->read || all->inbox.count == MW_INBOX_MOST)
		process_inbox(all);
	if (connection->queued)
		send_queued(all);
	return connection->watch.fd >= 0;
}

enum mw_turn mw_turn_take_now(struct mw_connection *connection)
{
	if (!prepare(connection))
		return MW_TURN_CLOSED;
	return connection->deadlines.stalled > 0 ? write_some(connection) : read_some(connection);
}

enum mw_turn mw_turn_take(struct mw_connection *connection)
{
	if (connection->work != NULL || connection->all->finishing)
		return mw_turn_take_now(connection);
	if (!prepare(connection))
		return MW_TURN_CLOSED;
	/* A part of an answer that was just sent may have been left. */
	return connection->work != NULL ? MW_TURN_NOTHING : read_quickly(connection);
}
