/* One thread's events: descriptors, time-outs, signals. Nothing else includes libev. */
#ifndef MW_POSTFIX_LOOP_H
#define MW_POSTFIX_LOOP_H

#include <stdbool.h>

struct mw_loop;

enum { MW_READABLE = 1, MW_WRITABLE = 2 };

/* Embedded in what it watches, so that watching allocates nothing. Zeroed memory is an idle watch. */
struct mw_watch {
	void *opaque[8];
	void (*ready)(struct mw_watch *watch);
	struct mw_loop *loop;
	int fd, events; /* events 0: not watched */
};

typedef void mw_loop_function(void *context);

/* Embedded in what waits, so that waiting allocates nothing. Zeroed memory is an idle timer. */
struct mw_timer {
	void *opaque[10];
	mw_loop_function *due;
	void *context;
	bool started;
};

/* NULL when memory or descriptors are out. */
struct mw_loop *mw_loop_new(void);
void mw_loop_free(struct mw_loop *loop);

/* Watches for these events from now on, and for no others; 0 stops. A watch must be stopped before its descriptor is
   closed or its memory goes. */
void mw_watch_set(struct mw_loop *loop, struct mw_watch *watch, int fd, int events);

/* `function` after `seconds` of a monotonic clock, and then (`again`) each so many, until it is stopped. What descriptors
   have is handled before it. Started anew where it was started. A timer must be stopped before its memory goes. */
void mw_timer_start(struct mw_loop *loop, struct mw_timer *timer, double seconds, bool again,
		    mw_loop_function *function, void *context);
void mw_timer_stop(struct mw_loop *loop, struct mw_timer *timer);

/* `function` when the signal came, outside the handler; at most four signals. */
bool mw_loop_on_signal(struct mw_loop *loop, int number, mw_loop_function *function, void *context);

/* `function` at the end of each turn. Only one can be set. */
void mw_loop_on_turn(struct mw_loop *loop, mw_loop_function *function, void *context);

/* mw_clock_seconds() when this turn of the loop began. */
double mw_loop_now(const struct mw_loop *loop);

void mw_loop_run(struct mw_loop *loop);
void mw_loop_end(struct mw_loop *loop);

#endif
