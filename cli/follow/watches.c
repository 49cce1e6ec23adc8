/* SPDX-License-Identifier: MIT */
#include "follow/watches.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/complain.h"
#include "base/notify.h"
#include "sync/source.h"

struct watched {
	const struct mw_source *source;
	const struct mw_source_driver *driver;
	void *watch;      /* NULL: there is none now */
	int64_t interval; /* this and the rest: milliseconds */
	int64_t due;      /* when it is asked, or read, without a word from the source */
	int64_t open_at;  /* when opening is tried again; 0: it is open, or cannot be */
	int64_t pause;    /* until then */
	bool complained;
};

struct mw_watches {
	size_t count;
	struct watched items[];
};

static bool can_watch(const struct watched *one)
{
	return one->driver != NULL && one->driver->watch_open != NULL;
}

/* It is said once until it is well again; the source is read each interval meanwhile. */
static void lose(struct watched *one, const char *why, int64_t now)
{
	if (!one->complained)
		mw_complain("source \"%.*s\" cannot be watched: %s; it is read every %lld s until it can",
			    MW_STR_ARG(one->source->name), why, (long long)one->interval / 1000);
	one->complained = true;
	one->open_at = now + one->pause;
	one->pause = one->pause * 2 < one->interval ? one->pause * 2 : one->interval;
}

static void open_watch(struct watched *one, int64_t now)
{
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);

	mw_notify_alive();
	one->watch = one->driver->watch_open(one->source, &why);
	if (one->watch == NULL) {
		lose(one, text, now);
		return;
	}
	if (one->complained)
		mw_complain("source \"%.*s\" is watched again", MW_STR_ARG(one->source->name));
	one->complained = false;
	one->open_at = 0;
	one->pause = MW_PLAN_FIRST_PAUSE;
}

struct mw_watches *mw_watches_new(const struct mw_policy *policy)
{
	size_t count = policy->directory.source_count;
	struct mw_watches *watches = calloc(1, sizeof(*watches) + count * sizeof(watches->items[0]));
	int64_t now = mw_clock_milliseconds();

	if (watches == NULL)
		return NULL;
	watches->count = count;
	for (size_t i = 0; i < count; i++) {
		struct watched *one = &watches->items[i];

		one->source = &policy->directory.sources[i];
		one->driver = mw_source_driver_find(one->source->driver);
		one->interval = mw_plan_interval(one->source);
		one->due = now + one->interval;
		one->pause = MW_PLAN_FIRST_PAUSE;
		if (can_watch(one))
			open_watch(one, now);
	}
	return watches;
}

static void close_watch(struct watched *one)
{
	if (one->watch != NULL)
		one->driver->watch_close(one->watch);
	one->watch = NULL;
}

void mw_watches_free(struct mw_watches *watches)
{
	if (watches == NULL)
		return;
	for (size_t i = 0; i < watches->count; i++)
		close_watch(&watches->items[i]);
	free(watches);
}

size_t mw_watches_count(const struct mw_watches *watches)
{
	return watches->count;
}

void mw_watches_poll(const struct mw_watches *watches, struct pollfd *rows_r)
{
	for (size_t i = 0; i < watches->count; i++) {
		const struct watched *one = &watches->items[i];

		rows_r[i] = (struct pollfd){
			.fd = one->watch == NULL ? MW_SOURCE_UNWATCHED : one->driver->watch_fd(one->watch),
			.events = POLLIN,
		};
	}
}

int64_t mw_watches_due(const struct mw_watches *watches)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < watches->count; i++) {
		const struct watched *one = &watches->items[i];

		if (one->due < due)
			due = one->due;
		if (one->open_at != 0 && one->open_at < due)
			due = one->open_at;
	}
	return due;
}

/* Whether the source may have changed. A watch is opened again once the source was read: to open it may take as long as
   the source does not answer, and meanwhile nobody hears of the others. */
static enum mw_source_change ask(struct watched *one, bool ready, bool is_failing, bool is_read, int64_t now)
{
	enum mw_source_change change;
	char text[512];
	struct mw_buf why = MW_BUF_OVER(text);
	bool is_due = now >= one->due;

	if (is_due)
		one->due = now + one->interval;
	if (one->open_at != 0 && now >= one->open_at) {
		one->open_at = now + MW_PLAN_FIRST_PAUSE;
		if (is_read)
			open_watch(one, now);
		if (one->watch != NULL)
			return MW_SOURCE_CHANGED;
	}
	if (one->watch == NULL)
		return is_due && !is_failing ? MW_SOURCE_CHANGED : MW_SOURCE_SAME;
	if (!ready && !is_due)
		return MW_SOURCE_SAME;
	mw_notify_alive();
	change = one->driver->watch_ask(one->watch, &why);
	if (change == MW_SOURCE_LOST) {
		close_watch(one);
		lose(one, text, now);
	}
	return change;
}

bool mw_watches_ask(struct mw_watches *watches, const struct pollfd *rows, struct mw_plan *plan, int64_t now)
{
	bool changed = false;

	for (size_t i = 0; i < watches->count; i++) {
		switch (ask(&watches->items[i], rows[i].revents != 0, mw_plan_is_failing(plan, i), mw_plan_is_read(plan, i),
			    now)) {
		case MW_SOURCE_SAME:
			break;
		case MW_SOURCE_CHANGED:
			mw_plan_changed(plan, i);
			changed = true;
			break;
		case MW_SOURCE_LOST:
			mw_plan_lost(plan, i, now);
			break;
		}
	}
	return changed;
}
