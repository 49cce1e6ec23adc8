/* SPDX-License-Identifier: MIT */
#include "server/loop.h"

#include <unistd.h>

#include "base/clock.h"

#include "unit.h"

#define MANY 100

static struct mw_loop *loop;
static unsigned due[MANY + 1], due_count, rounds;
static double before[MANY], after[MANY]; /* the earliest and the latest moment at which a time-out may be due */
static struct mw_timer timers[MANY], again;
static struct mw_watch watch;

static void make(void)
{
	loop = mw_loop_new();
	ck_assert_ptr_nonnull(loop);
	due_count = rounds = 0;
}

static void end(void)
{
	mw_loop_free(loop);
}

static void note(void *context)
{
	due[due_count++] = (unsigned)((struct mw_timer *)context - timers);
	if (due_count == MANY / 2)
		mw_loop_end(loop);
}

START_TEST(any_number_of_time_outs_and_those_that_are_stopped)
{
	/* The last comes first; every second one is stopped. */
	for (unsigned i = 0; i < MANY; i++) {
		double seconds = 0.002 * (MANY - i);

		before[i] = mw_clock_seconds() + seconds;
		mw_timer_start(loop, &timers[i], seconds, false, note, &timers[i]);
		after[i] = mw_clock_seconds() + seconds;
	}
	for (unsigned i = 0; i < MANY; i += 2)
		mw_timer_stop(loop, &timers[i]);
	mw_loop_run(loop);
	ck_assert_uint_eq(due_count, MANY / 2);
	for (unsigned i = 0; i < due_count; i++) {
		ck_assert_uint_eq(due[i] % 2, 1);
		ck_assert(!timers[due[i]].started);
		for (unsigned earlier = 0; earlier < i; earlier++)
			ck_assert_uint_ne(due[earlier], due[i]);
		/* Where the machine paused between two starts, the second may be due after the first. */
		ck_assert(i == 0 || before[due[i - 1]] <= after[due[i]]);
	}
}
END_TEST

static void count(void *context)
{
	(void)context;
	if (++rounds == 3) {
		mw_timer_stop(loop, &again);
		mw_loop_end(loop);
	}
}

START_TEST(a_time_out_that_comes_again_until_it_is_stopped)
{
	mw_timer_start(loop, &again, 0.001, true, count, NULL);
	mw_loop_run(loop);
	ck_assert_uint_eq(rounds, 3);
	ck_assert(!again.started);
}
END_TEST

static void on_ready(struct mw_watch *ready)
{
	due[due_count++] = MANY;
	mw_watch_set(loop, ready, ready->fd, 0);
}

static void on_late(void *context)
{
	(void)context;
	mw_loop_end(loop);
}

/* After a stop of this process both are there at once: what came in time is not too late. */
START_TEST(a_descriptor_goes_before_a_time_out)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	watch = (struct mw_watch){ .ready = on_ready };
	mw_watch_set(loop, &watch, ends[0], MW_READABLE);
	mw_timer_start(loop, &again, 0.001, false, on_late, NULL);
	ck_assert_int_eq(write(ends[1], "x", 1), 1);
	usleep(20000);
	mw_loop_run(loop);
	ck_assert_uint_eq(due_count, 1);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

MW_UNIT_TESTS("loop")
{
	tcase_add_checked_fixture(tcase, make, end);
	tcase_add_test(tcase, any_number_of_time_outs_and_those_that_are_stopped);
	tcase_add_test(tcase, a_time_out_that_comes_again_until_it_is_stopped);
	tcase_add_test(tcase, a_descriptor_goes_before_a_time_out);
}
