/* SPDX-License-Identifier: MIT */
#include "milters.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "judge.h"
#include "server/log.h"
#include "server/pool.h"

/* libmilter's own: a client may take long for its message, and Postfix says nothing meanwhile. */
#define IDLE_SECONDS 7210.0
/* Connections on which a packet was begun or a header is under way, each with some memory. */
#define KEPT_MOST 2048
#define ROOMS_IDLE 64
#define ROOM (MW_PACKET_HEAD + MW_PACKET_KEPT)
#define READ_AT_ONCE 65536
#define ANSWERS (MW_JUDGE_ANSWER_MAX + 16)

/* Where the begin of a packet waits for the rest, and what of an answer the peer did not take. */
struct room {
	struct room *next; /* while it is idle */
	uint32_t fill, pending, sent;
	char bytes[ROOM];
	char answer[ANSWERS];
};

struct connection {
	struct mw_pooled pooled; /* first: a pooled connection is its connection */
	struct mw_packet_reader reader;
	struct mw_session_of_milter session;
	struct room *room; /* NULL: nothing is begun, nothing is pending */
	bool kept;
};

struct mw_milters {
	struct mw_pool pool;
	struct mw_worlds *worlds;
	struct mw_handover *handover;
	struct room *rooms; /* idle ones */
	size_t idle_rooms, kept;
	bool finishing;
	char bytes[ROOM + READ_AT_ONCE];
};

static struct connection *of_pooled(struct mw_pooled *pooled)
{
	return (struct connection *)(void *)pooled;
}

static struct mw_milters *all_of(const struct connection *connection)
{
	return connection->pooled.pool->owner;
}

/* --- memory of a connection */

static struct room *take_room(struct mw_milters *all)
{
	struct room *room = all->rooms;

	if (room == NULL)
		return malloc(sizeof(*room));
	all->rooms = room->next;
	all->idle_rooms--;
	return room;
}

static void return_room(struct mw_milters *all, struct room *room)
{
	if (all->idle_rooms == ROOMS_IDLE) {
		free(room);
		return;
	}
	room->next = all->rooms;
	all->rooms = room;
	all->idle_rooms++;
}

static bool needs_memory(const struct connection *connection)
{
	const struct mw_message *message = connection->session.message;

	return connection->room != NULL || (message != NULL && (message->has_fields || message->facts.queue_id.len > 0));
}

/* Counts the connection among those that need memory beyond their place in the pool. False: there are too many. */
static bool keep(struct connection *connection)
{
	struct mw_milters *all = all_of(connection);
	struct mw_pool *pool = connection->pooled.pool;

	if (connection->kept)
		return true;
	if (all->kept == KEPT_MOST || !mw_guest_may_keep(pool->guests, connection->pooled.guest, KEPT_MOST))
		return false;
	mw_guest_keeps(pool->guests, connection->pooled.guest);
	all->kept++;
	return connection->kept = true;
}

static void leave(struct connection *connection)
{
	if (!connection->kept)
		return;
	mw_guest_returns(connection->pooled.pool->guests, connection->pooled.guest);
	all_of(connection)->kept--;
	connection->kept = false;
}

/* NULL: no memory, or too many have one. */
static struct room *room_of(struct connection *connection)
{
	if (connection->room != NULL)
		return connection->room;
	if (!keep(connection))
		return NULL;
	connection->room = take_room(all_of(connection));
	if (connection->room != NULL)
		connection->room->fill = connection->room->pending = connection->room->sent = 0;
	return connection->room;
}

static bool is_pending(const struct connection *connection)
{
	return connection->room != NULL && connection->room->pending > 0;
}

/* Between MAIL and DATA Postfix writes macros for each RCPT when its buffer of 4,096 octets is full, which may be
   within a packet, and then waits for its client. */
static bool may_wait(const struct connection *connection)
{
	const struct mw_session_of_milter *session = &connection->session;

	return session->state >= MW_SESSION_CONNECTED && (session->message == NULL || !session->message->has_fields);
}

/* The negotiation is done, and no packet is begun. */
static bool is_at_rest(const struct connection *connection)
{
	return connection->session.state != MW_SESSION_NEW && connection->room == NULL && connection->reader.skip == 0;
}

/* Gives back what is not needed any more, and sets the times. */
static void settle(struct connection *connection)
{
	struct mw_deadlines *deadlines = &connection->pooled.deadlines;
	struct room *room = connection->room;
	double now = mw_loop_now(connection->pooled.pool->loop);

	if (room != NULL && room->fill == 0 && room->pending == 0) {
		return_room(all_of(connection), room);
		connection->room = NULL;
	}
	if (!needs_memory(connection))
		leave(connection);
	deadlines->active = now;
	if (is_pending(connection) || may_wait(connection) || is_at_rest(connection))
		deadlines->begun = 0;
	else if (deadlines->begun <= 0)
		deadlines->begun = now;
	mw_watch_set(connection->pooled.pool->loop, &connection->pooled.watch, connection->pooled.watch.fd,
		     is_pending(connection) ? MW_WRITABLE : MW_READABLE);
}

/* --- answers */

/* Sends what the peer takes now: *sent_r octets. False: the connection was closed. */
static bool send_some(struct connection *connection, struct mw_str bytes, size_t *sent_r)
{
	ssize_t sent;

	do
		sent = send(connection->pooled.watch.fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	*sent_r = sent < 0 ? 0 : (size_t)sent;
	if (sent >= 0 || errno == EAGAIN || errno == EWOULDBLOCK)
		return true;
	mw_pool_close(&connection->pooled);
	return false;
}

/* Sends; what the peer does not take is pending. False: the connection was closed. */
static bool send_answer(struct connection *connection, struct mw_str answer)
{
	struct room *room;
	size_t sent;

	if (!send_some(connection, answer, &sent))
		return false;
	answer = mw_str_tail(answer, sent);
	if (mw_str_empty(answer))
		return true;
	room = room_of(connection);
	if (room == NULL) {
		mw_pool_refuse(&connection->pooled, "too many answers are not taken");
		return false;
	}
	memcpy(room->answer, answer.ptr, answer.len);
	room->pending = (uint32_t)answer.len;
	room->sent = 0;
	connection->pooled.deadlines.stalled = mw_loop_now(connection->pooled.pool->loop);
	return true;
}

/* Sends more of what is pending. False: the connection was closed. */
static bool send_more(struct connection *connection)
{
	struct room *room = connection->room;
	size_t sent;

	if (!send_some(connection, (struct mw_str){ room->answer + room->sent, room->pending - room->sent }, &sent))
		return false;
	if (sent == 0)
		return true;
	room->sent += (uint32_t)sent;
	connection->pooled.deadlines.stalled = mw_loop_now(connection->pooled.pool->loop);
	if (room->sent < room->pending)
		return true;
	room->pending = room->sent = 0;
	connection->pooled.deadlines.stalled = 0;
	return true;
}

/* --- packets */

/* False: the connection was closed. */
static bool take_packet(struct connection *connection, const struct mw_packet *packet)
{
	struct mw_milters *all = all_of(connection);
	char memory[ANSWERS];
	struct mw_buf out = MW_BUF_OVER(memory);
	const char *why;

	switch (mw_session_take(&connection->session, packet, &out, &why)) {
	case MW_SESSION_GOES_ON:
		if (!needs_memory(connection) || keep(connection))
			return true;
		mw_pool_refuse(&connection->pooled, "too many messages are under way");
		return false;
	case MW_SESSION_ENDS:
		mw_judge(all->worlds, all->handover, connection->session.message, mw_loop_now(all->pool.loop), &out);
		mw_session_forget(&connection->session);
		mw_log_flush();
		break;
	case MW_SESSION_ANSWERS:
		break;
	case MW_SESSION_QUITS:
		mw_pool_close(&connection->pooled);
		return false;
	case MW_SESSION_FAILS:
		mw_pool_refuse(&connection->pooled, why);
		return false;
	}
	if (!out.truncated)
		return send_answer(connection, mw_buf_str(&out));
	mw_pool_refuse(&connection->pooled, "an answer that is too long");
	return false;
}

/* Takes packets until one is not whole, or an answer is pending. Returns how many octets they had. SIZE_MAX: the
   connection was closed. */
static size_t take_packets(struct connection *connection, struct mw_str bytes)
{
	size_t before = bytes.len;

	while (!is_pending(connection)) {
		struct mw_packet packet;
		const char *why;
		size_t used;
		enum mw_packet_progress progress = mw_packet_read(&connection->reader, bytes, &packet, &used, &why);

		bytes = mw_str_tail(bytes, used);
		if (progress == MW_PACKET_PARTIAL)
			break;
		if (progress == MW_PACKET_BAD) {
			mw_pool_refuse(&connection->pooled, why);
			return SIZE_MAX;
		}
		/* The time is one packet's. */
		connection->pooled.deadlines.begun = 0;
		if (!take_packet(connection, &packet))
			return SIZE_MAX;
	}
	return before - bytes.len;
}

/* The bytes that are not taken yet wait for more. False: the connection was closed. */
static bool put_aside(struct connection *connection, struct mw_str rest)
{
	struct room *room;

	if (mw_str_empty(rest)) {
		if (connection->room != NULL)
			connection->room->fill = 0;
		return true;
	}
	room = room_of(connection);
	if (room == NULL) {
		mw_pool_refuse(&connection->pooled, "too many packets are begun and not finished");
		return false;
	}
	memmove(room->bytes, rest.ptr, rest.len);
	room->fill = (uint32_t)rest.len;
	return true;
}

enum turn { TURN_CLOSED, TURN_NOTHING, TURN_SOME };

/* Reads once. What comes behind an answer that the peer does not take is put aside as far as there is room. */
static enum turn receive(struct connection *connection)
{
	struct mw_milters *all = all_of(connection);
	size_t fill = connection->room != NULL ? connection->room->fill : 0, used;
	ssize_t got;
	struct mw_str bytes;

	if (fill > 0)
		memcpy(all->bytes, connection->room->bytes, fill);
	do
		got = recv(connection->pooled.watch.fd, all->bytes + fill, READ_AT_ONCE, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return TURN_NOTHING;
	if (got <= 0) {
		mw_pool_refuse(&connection->pooled, fill > 0 || connection->reader.skip > 0 ? "it ended within a packet" : NULL);
		return TURN_CLOSED;
	}
	bytes = (struct mw_str){ all->bytes, fill + (size_t)got };
	used = take_packets(connection, bytes);
	if (used == SIZE_MAX)
		return TURN_CLOSED;
	bytes = mw_str_tail(bytes, used);
	if (bytes.len >= ROOM) {
		mw_pool_refuse(&connection->pooled, "it goes on before it took its answer");
		return TURN_CLOSED;
	}
	if (!put_aside(connection, bytes))
		return TURN_CLOSED;
	settle(connection);
	return TURN_SOME;
}

/* What was put aside behind an answer that was pending. */
static enum turn go_on(struct connection *connection)
{
	struct room *room = connection->room;
	size_t used;

	if (!send_more(connection))
		return TURN_CLOSED;
	if (!is_pending(connection) && room->fill > 0) {
		used = take_packets(connection, (struct mw_str){ room->bytes, room->fill });
		if (used == SIZE_MAX)
			return TURN_CLOSED;
		(void)put_aside(connection, (struct mw_str){ room->bytes + used, room->fill - used });
	}
	settle(connection);
	return TURN_NOTHING;
}

static enum turn take(struct connection *connection)
{
	return is_pending(connection) ? go_on(connection) : receive(connection);
}

static bool take_pooled(struct mw_pooled *pooled)
{
	return take(of_pooled(pooled)) != TURN_CLOSED;
}

/* Whether Postfix waits for what comes of this: a header is under way, or an answer is. */
static bool is_under_way(const struct connection *connection)
{
	return needs_memory(connection) || connection->reader.skip > 0;
}

static void finish(struct mw_pooled *pooled)
{
	struct connection *connection = of_pooled(pooled);

	if (take(connection) != TURN_CLOSED && !is_under_way(connection))
		mw_pool_close(pooled);
}

static void on_ready(struct mw_watch *watch)
{
	struct connection *connection = (struct connection *)(void *)watch;

	if (take(connection) != TURN_CLOSED && all_of(connection)->finishing && !is_under_way(connection))
		mw_pool_close(&connection->pooled);
}

/* Within a message it is Postfix's to go on, and its client may take long for that. */
static bool is_idle(const struct mw_pooled *pooled, bool busy)
{
	const struct connection *connection = (const struct connection *)(const void *)pooled;

	return busy || !is_under_way(connection);
}

static void closed(struct mw_pooled *pooled)
{
	struct connection *connection = of_pooled(pooled);

	mw_session_forget(&connection->session);
	if (connection->room != NULL)
		return_room(all_of(connection), connection->room);
	connection->room = NULL;
	leave(connection);
}

static const struct mw_pool_kind milter_kind = {
	.size = sizeof(struct connection),
	.idle_seconds = IDLE_SECONDS,
	.speaks_at_once = true,
	.slow_words = "a packet was not whole after 10 seconds",
	.ready = on_ready,
	.take = take_pooled,
	.is_idle = is_idle,
	.closed = closed,
};

struct mw_milters *mw_milters_new(struct mw_loop *loop, struct mw_worlds *worlds, struct mw_handover *handover,
				  size_t most, mw_loop_function *on_close, void *context)
{
	struct mw_milters *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->worlds = worlds;
	all->handover = handover;
	if (mw_pool_init(&all->pool, &milter_kind, all, loop, most, on_close, context))
		return all;
	free(all);
	return NULL;
}

void mw_milters_free(struct mw_milters *all)
{
	if (all == NULL)
		return;
	mw_pool_deinit(&all->pool);
	for (struct room *room = all->rooms, *next; room != NULL; room = next) {
		next = room->next;
		free(room);
	}
	free(all);
}

size_t mw_milters_count(const struct mw_milters *all)
{
	return all != NULL ? all->pool.count : 0;
}

struct mw_acceptor mw_milters_acceptor(struct mw_milters *all)
{
	return mw_pool_acceptor(&all->pool);
}

void mw_milters_sweep(struct mw_milters *all)
{
	if (all != NULL)
		mw_pool_sweep(&all->pool);
}

void mw_milters_finish(struct mw_milters *all)
{
	if (all == NULL)
		return;
	all->finishing = true;
	mw_pool_for_each(&all->pool, finish);
}
