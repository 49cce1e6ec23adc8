/* SPDX-License-Identifier: MIT */
#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "bind.h"
#include "log.h"

#define ACCEPT_AT_ONCE 64
#define COMPLAIN_SECONDS 60.0

struct listener {
	struct mw_watch watch; /* first: a watch is its listener */
	struct mw_listeners *all;
	struct mw_bound bound;
};

struct mw_listeners {
	struct mw_loop *loop;
	const struct mw_worlds *worlds;
	struct mw_acceptor acceptor;
	const struct mw_listened *listened;
	bool started, paused, passed;
	double complained;
	size_t count;
	struct listener items[];
};

static void watch_all(struct mw_listeners *all, int events)
{
	for (size_t i = 0; i < all->count; i++) {
		if (all->items[i].bound.fd >= 0)
			mw_watch_set(all->loop, &all->items[i].watch, all->items[i].bound.fd, events);
	}
}

/* New connections then wait in the socket's queue, and wake the loop no more. */
static void pause_all(struct mw_listeners *all, const char *why)
{
	double now = mw_clock_seconds();

	all->paused = true;
	watch_all(all, 0);
	if (all->complained > 0 && now - all->complained < COMPLAIN_SECONDS)
		return;
	all->complained = now;
	mw_log(MW_LOG_WARNING, "%s with %zu connections: new ones wait", why, all->acceptor.count(all->acceptor.context));
}

void mw_listeners_resume(struct mw_listeners *all)
{
	if (!all->started || !all->paused || !all->acceptor.has_room(all->acceptor.context))
		return;
	all->paused = false;
	watch_all(all, MW_READABLE);
}

static void complain(const struct mw_peer *peer)
{
	char memory[64];
	struct mw_buf address = MW_BUF_OVER(memory);

	mw_ip_print(&peer->ip, &address);
	if (peer->is_user)
		mw_log_fault("connection of process %d refused: user %u is neither root, postfix nor in peers",
			     (int)peer->process, (unsigned)peer->user);
	else
		mw_log_fault("connection from %s refused: it is not in peers_networks", memory);
}

static void take_over(struct mw_listeners *all, int fd, const struct sockaddr_storage *from)
{
	struct mw_peer peer = mw_peer_of(fd, from);
	int on = 1;

	if (!mw_worlds_serve(all->worlds, &peer)) {
		complain(&peer);
		close(fd);
		return;
	}
	if (!peer.is_user)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (!all->acceptor.open(all->acceptor.context, fd, &peer))
		pause_all(all, "out of memory");
}

/* False: the queue is empty, or there is no room. */
static bool accept_one(struct mw_listeners *all, int listening)
{
	struct sockaddr_storage from = { .ss_family = AF_UNSPEC };
	socklen_t len = sizeof(from);
	int fd;

	if (!all->acceptor.has_room(all->acceptor.context)) {
		pause_all(all, "the limit of open files is reached");
		return false;
	}
	fd = accept4(listening, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		take_over(all, fd, &from);
		return !all->paused;
	}
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		pause_all(all, strerror(errno));
		return false;
	case EAGAIN:
		return false;
	default: /* the peer is gone already, or accept(2)'s pending network errors */
		return true;
	}
}

static void on_ready(struct mw_watch *watch)
{
	struct listener *listener = (struct listener *)(void *)watch;

	for (int i = 0; i < ACCEPT_AT_ONCE && accept_one(listener->all, listener->bound.fd); i++)
		;
}

static struct mw_listeners *make(struct mw_loop *loop, const struct mw_worlds *worlds,
				 const struct mw_acceptor *acceptor, size_t most)
{
	struct mw_listeners *all = calloc(1, sizeof(*all) + most * sizeof(all->items[0]));

	if (all == NULL)
		return NULL;
	all->loop = loop;
	all->worlds = worlds;
	all->acceptor = *acceptor;
	return all;
}

static void add(struct mw_listeners *all, const struct mw_bound *bound)
{
	struct listener *listener = &all->items[all->count++];

	listener->all = all;
	listener->bound = *bound;
	listener->watch.ready = on_ready;
}

static const struct mw_strs *names_of(const struct mw_listeners *all)
{
	return all->listened->names(all->worlds->current->policy);
}

static size_t count_passed(const struct mw_passed *passed, bool of_milter)
{
	size_t count = 0;

	for (size_t i = 0; i < passed->count; i++)
		count += passed->items[i].of_milter == of_milter;
	return count;
}

static bool fill(struct mw_listeners *all, const struct mw_passed *passed, int *status_r)
{
	const struct mw_policy *policy = all->worlds->current->policy;
	const struct mw_strs *names = names_of(all);
	struct mw_bound bound;

	for (size_t i = 0; i < passed->count; i++) {
		if (passed->items[i].of_milter != all->listened->is_milter)
			continue;
		if (!mw_bind_passed(policy, passed->items[i].fd, &bound, status_r))
			return false;
		all->passed = true;
		add(all, &bound);
	}
	for (size_t i = 0; !all->passed && i < names->count; i++) {
		if (!mw_bind(policy, names->items[i], &bound, status_r))
			return false;
		add(all, &bound);
	}
	return true;
}

struct mw_listeners *mw_listeners_new(struct mw_loop *loop, const struct mw_worlds *worlds,
				      const struct mw_acceptor *acceptor, const struct mw_listened *listened,
				      const struct mw_passed *passed, int *status_r)
{
	size_t named = listened->names(worlds->current->policy)->count, given = count_passed(passed, listened->is_milter);
	struct mw_listeners *all = make(loop, worlds, acceptor, given > 0 ? given : named);

	*status_r = EX_OSERR;
	if (all == NULL)
		return NULL;
	all->listened = listened;
	if (fill(all, passed, status_r))
		return all;
	mw_listeners_close(all);
	mw_listeners_free(all);
	return NULL;
}

void mw_listeners_start(struct mw_listeners *all)
{
	all->started = true;
	watch_all(all, MW_READABLE);
}

void mw_listeners_close(struct mw_listeners *all)
{
	for (size_t i = 0; all != NULL && i < all->count; i++) {
		struct listener *listener = &all->items[i];

		if (listener->bound.fd < 0)
			continue;
		/* Sockets that were passed stay with the service manager: the next process serves the connections
		   in their queues. */
		while (all->started && !all->passed && !all->acceptor.is_full(all->acceptor.context) &&
		       accept_one(all, listener->bound.fd))
			;
		mw_watch_set(all->loop, &listener->watch, listener->bound.fd, 0);
		mw_unbind(&listener->bound);
	}
	if (all != NULL)
		all->started = false;
}

void mw_listeners_free(struct mw_listeners *all)
{
	free(all);
}

bool mw_listeners_match(const struct mw_listeners *all, const struct mw_policy *policy)
{
	const struct mw_strs *names = all->listened->names(policy);

	if (all->passed)
		return true;
	if (all->count != names->count)
		return false;
	for (size_t i = 0; i < all->count; i++) {
		if (!mw_str_equal(mw_str(all->items[i].bound.name), names->items[i]))
			return false;
	}
	return true;
}

void mw_listeners_print(const struct mw_listeners *all, struct mw_buf *out)
{
	for (size_t i = 0; i < all->count; i++) {
		if (out->used > 0)
			mw_buf_add_char(out, ' ');
		mw_buf_add_text(out, all->items[i].bound.name);
	}
}
