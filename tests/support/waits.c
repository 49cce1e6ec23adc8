/* SPDX-License-Identifier: MIT */
/* What questions wait for in mailwicketd_waiting, the test build of mailwicketd. A question whose helo_name is
     wait.NAME    waits until a datagram NAME (or "*", for all) comes to the unix socket that MAILWICKET_WAITS names
     later.MS     waits so many milliseconds
   is logged as "waits: NAME"; any other waits for nothing. One may wait MAILWICKET_WAITS_MOST seconds: a busy machine
   needs more than the one second of the program, where it is not that second which is tested. */
#include "policy/waits.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "policy/batch.h"
#include "server/log.h"

#define WAIT MW_STR("wait.")
#define LATER MW_STR("later.")

struct waiting {
	struct waiting *next, **before;
	struct mw_batch *batch;
	struct mw_question *question;
	struct mw_timer timer;
};

static struct waiting *all;
static struct mw_loop *loop;

static void drop(struct waiting *one)
{
	mw_timer_stop(loop, &one->timer);
	*one->before = one->next;
	if (one->next != NULL)
		one->next->before = one->before;
	one->question->waits_for = NULL;
	free(one);
}

static void let_go(void *context)
{
	struct waiting *one = context;
	struct mw_batch *batch = one->batch;
	struct mw_question *question = one->question;

	drop(one);
	mw_batch_go_on(batch, question);
}

static struct mw_str name_of(const struct mw_question *question)
{
	return mw_request_value(&question->request, question->bytes, MW_ATTRIBUTE_HELO_NAME);
}

static bool begin(struct mw_batch *batch, struct mw_question *question)
{
	struct mw_str name = name_of(question);
	struct waiting *one;
	uint64_t milliseconds = 0;

	if (!mw_str_starts_with(name, WAIT) &&
	    !(mw_str_starts_with(name, LATER) && mw_parse_number(mw_str_tail(name, LATER.len), &milliseconds)))
		return false;
	one = calloc(1, sizeof(*one));
	if (one == NULL)
		abort();
	one->batch = batch;
	one->question = question;
	one->next = all;
	one->before = &all;
	if (all != NULL)
		all->before = &one->next;
	all = one;
	question->waits_for = one;
	if (mw_str_starts_with(name, LATER))
		mw_timer_start(loop, &one->timer, (double)milliseconds / 1000, false, let_go, one);
	else
		mw_log(MW_LOG_INFO, "waits: %.*s", MW_STR_ARG(mw_str_tail(name, WAIT.len)));
	return true;
}

static void forget(struct mw_question *question)
{
	drop(question->waits_for);
}

static void on_datagram(struct mw_watch *watch)
{
	char memory[256];
	ssize_t got = recv(watch->fd, memory, sizeof(memory), MSG_DONTWAIT);
	struct mw_str name = { memory, got > 0 ? (size_t)got : 0 };

	for (struct waiting *one = all, *next; got > 0 && one != NULL; one = next) {
		struct mw_str own = name_of(one->question);

		next = one->next;
		if (mw_str_equal(name, MW_STR("*")) || mw_str_equal(mw_str_tail(own, WAIT.len), name))
			let_go(one);
	}
}

static void watch_socket(const char *path)
{
	static struct mw_watch watch;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	(void)unlink(path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
		mw_log(MW_LOG_ERROR, "%s: %s", path, strerror(errno));
		exit(EX_OSERR);
	}
	watch.ready = on_datagram;
	mw_watch_set(loop, &watch, fd, MW_READABLE);
}

const struct mw_waits *mw_waits_of_program(struct mw_loop *of)
{
	static struct mw_waits waits = { begin, forget, 0 };
	const char *most = getenv("MAILWICKET_WAITS_MOST");

	loop = of;
	waits.most = most != NULL ? atof(most) : 0;
	if (getenv("MAILWICKET_WAITS") != NULL)
		watch_socket(getenv("MAILWICKET_WAITS"));
	return &waits;
}
