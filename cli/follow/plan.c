/* SPDX-License-Identifier: MIT */
#include "follow/plan.h"

#include <stdlib.h>

#include "sync/source.h"

struct planned {
	int64_t interval, full_every;
	bool whole;      /* it has no copy that could stand in: it is read each time */
	bool changed;    /* it is to be read by the next reading */
	bool reading;    /* the one that runs reads it */
	bool was_changed; /* when that began */
	bool failing;
	int64_t full_at; /* when it is read in full, whatever its watch says */
	int64_t retry_at;
	int64_t pause;   /* until then, after the next failure */
};

struct mw_plan {
	size_t count;
	struct mw_source_turn *turns;
	struct planned items[];
};

int64_t mw_plan_interval(const struct mw_source *source)
{
	const struct mw_source_driver *driver = mw_source_driver_find(source->driver);
	int64_t interval = (int64_t)source->interval * 1000;

	if (interval == 0 && driver != NULL)
		interval = (int64_t)driver->interval * 1000;
	return interval > MW_PLAN_FIRST_PAUSE ? interval : MW_PLAN_FIRST_PAUSE;
}

struct mw_plan *mw_plan_new(const struct mw_policy *policy, int64_t now)
{
	size_t count = policy->directory.source_count;
	struct mw_plan *plan = calloc(1, sizeof(*plan) + count * sizeof(plan->items[0]));

	if (plan == NULL)
		return NULL;
	plan->count = count;
	plan->turns = calloc(count + 1, sizeof(plan->turns[0]));
	if (plan->turns == NULL) {
		free(plan);
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const struct mw_source *source = &policy->directory.sources[i];
		const struct mw_source_driver *driver = mw_source_driver_find(source->driver);

		plan->items[i] = (struct planned){
			.interval = mw_plan_interval(source),
			.full_every = (int64_t)source->full_every * 1000,
			.whole = driver == NULL || driver->whole,
			.changed = true,
			.full_at = now,
			.retry_at = MW_PLAN_NEVER,
			.pause = MW_PLAN_FIRST_PAUSE,
		};
	}
	return plan;
}

void mw_plan_free(struct mw_plan *plan)
{
	if (plan == NULL)
		return;
	free(plan->turns);
	free(plan);
}

void mw_plan_changed(struct mw_plan *plan, size_t source)
{
	plan->items[source].changed = true;
}

void mw_plan_lost(struct mw_plan *plan, size_t source, int64_t now)
{
	plan->items[source].failing = true;
	plan->items[source].retry_at = now;
}

bool mw_plan_is_failing(const struct mw_plan *plan, size_t source)
{
	return plan->items[source].failing;
}

bool mw_plan_is_read(const struct mw_plan *plan, size_t source)
{
	const struct planned *one = &plan->items[source];

	return !one->failing && !one->changed && !one->reading;
}

static int64_t due_of(const struct planned *one)
{
	return one->retry_at < one->full_at ? one->retry_at : one->full_at;
}

int64_t mw_plan_due(const struct mw_plan *plan)
{
	int64_t due = MW_PLAN_NEVER;

	for (size_t i = 0; i < plan->count; i++) {
		if (due_of(&plan->items[i]) < due)
			due = due_of(&plan->items[i]);
	}
	return due;
}

int64_t mw_plan_interval_least(const struct mw_plan *plan)
{
	int64_t interval = MW_PLAN_NEVER;

	for (size_t i = 0; i < plan->count; i++) {
		if (plan->items[i].interval < interval)
			interval = plan->items[i].interval;
	}
	return interval;
}

const struct mw_source_turn *mw_plan_begin(struct mw_plan *plan, int64_t now)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct planned *one = &plan->items[i];

		one->reading = one->whole || one->changed || now >= due_of(one);
		plan->turns[i] = (struct mw_source_turn){ .rest = !one->reading };
		if (!one->reading)
			continue;
		one->was_changed = one->changed;
		one->changed = false;
		one->full_at = one->retry_at = MW_PLAN_NEVER;
	}
	return plan->turns;
}

bool mw_plan_only_retries(const struct mw_plan *plan)
{
	bool retries = false;

	for (size_t i = 0; i < plan->count; i++) {
		const struct planned *one = &plan->items[i];

		if (one->reading && !one->failing && (!one->whole || one->was_changed))
			return false;
		retries = retries || (one->reading && one->failing);
	}
	return retries;
}

/* True: the reading that is over read it. */
static bool was_read(struct planned *one, int64_t now)
{
	if (!one->reading)
		return false;
	one->reading = false;
	one->full_at = now + one->full_every;
	return true;
}

void mw_plan_end(struct mw_plan *plan, const struct mw_source_turn *turns, int64_t now)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct planned *one = &plan->items[i];

		if (!was_read(one, now))
			continue;
		if (turns == NULL) {
			one->changed = true;
			continue;
		}
		one->failing = turns[i].failed;
		if (!one->failing) {
			one->pause = MW_PLAN_FIRST_PAUSE;
			continue;
		}
		one->retry_at = now + one->pause;
		one->pause = 2 * one->pause < one->interval ? 2 * one->pause : one->interval;
	}
}

void mw_plan_gave_way(struct mw_plan *plan, int64_t now)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct planned *one = &plan->items[i];

		if (!was_read(one, now))
			continue;
		if (one->failing)
			one->retry_at = now + one->pause;
		else
			one->changed = true;
	}
}
