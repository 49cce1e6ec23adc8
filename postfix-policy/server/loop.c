/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include <stddef.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "log.h"

/* ev.h's structs share their first members by a macro. libev's manual says to turn off strict aliasing warnings. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-aliasing"
#include <ev.h>
#pragma GCC diagnostic pop

#define SIGNALS 4

struct call {
	mw_loop_function *function;
	void *context;
};

struct mw_loop {
	struct ev_loop *ev;
	ev_signal signals[SIGNALS];
	struct call on_signal[SIGNALS];
	unsigned signal_count;
	double now;
	ev_check check;
	ev_prepare prepare;
	struct call on_turn;
};

_Static_assert(sizeof(ev_io) <= sizeof(((struct mw_watch *)0)->opaque), "an ev_io fits into a watch");
_Static_assert(sizeof(ev_timer) <= sizeof(((struct mw_timer *)0)->opaque), "an ev_timer fits into a timer");

double mw_loop_now(const struct mw_loop *loop)
{
	return loop->now;
}

/* ev_now() is the time of day: when an administrator sets the clock, no connection may be cut off. */
static void on_check(struct ev_loop *ev, ev_check *check, int revents)
{
	struct mw_loop *loop = check->data;

	(void)ev;
	(void)revents;
	loop->now = mw_clock_seconds();
}

static void on_prepare(struct ev_loop *ev, ev_prepare *prepare, int revents)
{
	const struct call *call = prepare->data;

	(void)ev;
	(void)revents;
	call->function(call->context);
}

static void on_io(struct ev_loop *ev, ev_io *io, int revents)
{
	struct mw_watch *watch = io->data;

	(void)ev;
	(void)revents;
	watch->ready(watch);
}

static void on_timer(struct ev_loop *ev, ev_timer *ev_timer, int revents)
{
	struct mw_timer *timer = ev_timer->data;

	(void)ev;
	(void)revents;
	timer->started = ev_is_active(ev_timer);
	timer->due(timer->context);
}

static void on_signal(struct ev_loop *ev, ev_signal *signal, int revents)
{
	const struct call *call = signal->data;

	(void)ev;
	(void)revents;
	call->function(call->context);
}

/* libev calls abort() when it gets no memory. We log and exit; the service manager starts a new process. */
static void *reallocate(void *old, long size)
{
	void *memory;

	if (size == 0) {
		free(old);
		return NULL;
	}
	memory = realloc(old, (size_t)size);
	if (memory == NULL) {
		mw_log(MW_LOG_ERROR, "out of memory: exiting");
		_exit(EX_OSERR);
	}
	return memory;
}

struct mw_loop *mw_loop_new(void)
{
	struct mw_loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return NULL;
	ev_set_allocator(reallocate);
	loop->ev = ev_default_loop(EVFLAG_AUTO | EVFLAG_NOENV);
	if (loop->ev == NULL) {
		free(loop);
		return NULL;
	}
	loop->now = mw_clock_seconds();
	ev_check_init(&loop->check, on_check);
	loop->check.data = loop;
	ev_set_priority(&loop->check, EV_MAXPRI);
	ev_check_start(loop->ev, &loop->check);
	return loop;
}

void mw_loop_free(struct mw_loop *loop)
{
	if (loop == NULL)
		return;
	ev_loop_destroy(loop->ev);
	free(loop);
}

void mw_watch_set(struct mw_loop *loop, struct mw_watch *watch, int fd, int events)
{
	ev_io *io = (ev_io *)(void *)watch->opaque;
	int wanted = ((events & MW_READABLE) != 0 ? EV_READ : 0) | ((events & MW_WRITABLE) != 0 ? EV_WRITE : 0);

	if (watch->events == events)
		return;
	if (watch->events != 0)
		ev_io_stop(loop->ev, io);
	watch->loop = loop;
	watch->fd = fd;
	watch->events = events;
	if (events == 0)
		return;
	ev_io_init(io, on_io, fd, wanted);
	io->data = watch;
	ev_io_start(loop->ev, io);
}

void mw_timer_start(struct mw_loop *loop, struct mw_timer *timer, double seconds, bool again,
		    mw_loop_function *function, void *context)
{
	ev_timer *own = (ev_timer *)(void *)timer->opaque;

	mw_timer_stop(loop, timer);
	timer->due = function;
	timer->context = context;
	timer->started = true;
	ev_timer_init(own, on_timer, seconds, again ? seconds : 0.);
	own->data = timer;
	ev_set_priority(own, EV_MINPRI);
	/* libev counts from the begin of this turn of the loop; we count from now. */
	ev_now_update(loop->ev);
	ev_timer_start(loop->ev, own);
}

void mw_timer_stop(struct mw_loop *loop, struct mw_timer *timer)
{
	if (timer->started)
		ev_timer_stop(loop->ev, (ev_timer *)(void *)timer->opaque);
	timer->started = false;
}

bool mw_loop_on_signal(struct mw_loop *loop, int number, mw_loop_function *function, void *context)
{
	unsigned i = loop->signal_count;

	if (i == SIGNALS)
		return false;
	loop->signal_count++;
	loop->on_signal[i] = (struct call){ function, context };
	ev_signal_init(&loop->signals[i], on_signal, number);
	loop->signals[i].data = &loop->on_signal[i];
	ev_signal_start(loop->ev, &loop->signals[i]);
	return true;
}

void mw_loop_on_turn(struct mw_loop *loop, mw_loop_function *function, void *context)
{
	loop->on_turn = (struct call){ function, context };
	ev_prepare_init(&loop->prepare, on_prepare);
	loop->prepare.data = &loop->on_turn;
	ev_prepare_start(loop->ev, &loop->prepare);
}

void mw_loop_run(struct mw_loop *loop)
{
	ev_run(loop->ev, 0);
}

void mw_loop_end(struct mw_loop *loop)
{
	ev_break(loop->ev, EVBREAK_ALL);
}
