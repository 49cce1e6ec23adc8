/* SPDX-License-Identifier: MIT */
#include "follow/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/complain.h"
#include "base/notify.h"
#include "directory/follower.h"
#include "directory/snapshot.h"
#include "directory/writer.h"
#include "follow/plan.h"
#include "follow/reading.h"
#include "follow/say.h"
#include "follow/watches.h"
#include "setting.h"

/* All times are milliseconds. After a change more may follow: it is read once nothing changed for so long, or the first
   change is so old. */
#define QUIET 50
#define QUIET_AT_MOST 250
#define ALIVE_EVERY 1000
#define SIGN_EVERY 10000 /* in a file, for `status` */
/* After SIGTERM, whatever a source's library waits for; then, once it waits for none, until all has ended. */
#define END_AT_LATEST 700
#define ALL_ENDED_AT_LATEST 4500
/* A reading of what failed before is ended so often in a row for one of what changed, and then not. */
#define GIVES_WAY_AT_MOST 3
#define NEVER MW_PLAN_NEVER
#define MESSAGES_AT_MOST 100

struct follow {
	const struct mw_cli *cli;
	struct mw_policy *policy;
	struct mw_watches *watches;
	struct mw_plan *plan;
	struct mw_follower *follower;
	struct mw_follower_state state;
	struct mw_sync_process reading;
	struct mw_say say;
	int64_t changed; /* when the first change was told that is not read yet; 0: none was */
	int64_t due;     /* when what changed is read, or what is wrong in a text is tried again */
	int64_t pause;   /* until then */
	unsigned gave_way; /* readings in a row */
	int64_t alive, sign; /* when the next word to the service manager is due, and the next sign in the file */
	bool ready, ending;
	bool lost; /* the right to follow: something took the place of what it held */
	struct pollfd *rows; /* of the signals, of the reading, and of the watches */
};

#define ROWS_OF_OURS 2

/* --- signals: a byte each in a pipe, so that the loop wakes up */

static int signals[2] = { -1, -1 };

static void end_at_latest(int milliseconds)
{
	const struct itimerval latest = {
		.it_value = { .tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000 },
	};

	setitimer(ITIMER_REAL, &latest, NULL);
}

static void on_signal(int number)
{
	int error = errno;
	char byte = (char)number;

	if (number == SIGALRM)
		_exit(EX_OK);
	if (number != SIGHUP)
		end_at_latest(END_AT_LATEST);
	if (write(signals[1], &byte, 1) < 0)
		error = errno == EAGAIN ? error : errno;
	errno = error;
}

static bool hear_signals(void)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGALRM };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	if (pipe2(signals, O_CLOEXEC | O_NONBLOCK) != 0)
		return false;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (sigaction(numbers[i], &action, NULL) != 0)
			return false;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	/* A file at the size limit is treated as a full disk. */
	(void)signal(SIGXFSZ, SIG_IGN);
	return true;
}

/* --- the policy */

static const char *folder_of(const struct mw_policy *policy)
{
	return mw_str_empty(policy->directory.path) ? "" : policy->directory.path.ptr;
}

static void complain_all(struct mw_errors *errors, const char *prefix)
{
	mw_errors_sort(errors);
	for (unsigned i = 0; i < mw_errors_kept(errors); i++) {
		char line[4096];
		struct mw_buf out = MW_BUF_OVER(line);

		if (mw_errors_get(errors, i)->severity != MW_ERROR)
			continue;
		mw_error_print(mw_errors_get(errors, i), &out);
		mw_complain("%s%s", prefix, line);
	}
}

/* Takes over what was read, and watches its sources. False: out of memory, or another process follows; nothing
   changed. */
static bool use(struct follow *follow, struct mw_policy *policy, struct mw_errors *errors)
{
	bool same_folder = follow->follower != NULL && strcmp(folder_of(policy), folder_of(follow->policy)) == 0;
	struct mw_follower *follower = same_folder ? follow->follower : mw_follower_open(folder_of(policy), errors);
	struct mw_watches *watches = follower == NULL ? NULL : mw_watches_new(policy);
	struct mw_plan *plan = watches == NULL ? NULL : mw_plan_new(policy, mw_clock_milliseconds());
	struct pollfd *rows = plan == NULL ? NULL :
		calloc(mw_watches_count(watches) + ROWS_OF_OURS, sizeof(rows[0]));

	if (rows == NULL) {
		mw_plan_free(plan);
		mw_watches_free(watches);
		if (!same_folder)
			mw_follower_close(follower);
		return false;
	}
	if (!same_folder)
		mw_follower_close(follow->follower);
	mw_plan_free(follow->plan);
	mw_watches_free(follow->watches);
	mw_policy_free(follow->policy);
	free(follow->rows);
	follow->plan = plan;
	follow->policy = policy;
	snprintf(follow->state.policy, sizeof(follow->state.policy), "%s", policy->digest);
	follow->follower = follower;
	follow->watches = watches;
	follow->rows = rows;
	follow->due = mw_clock_milliseconds();
	follow->pause = MW_PLAN_FIRST_PAUSE;
	return true;
}

static void reload(struct follow *follow)
{
	struct mw_errors *errors = mw_errors_new(MESSAGES_AT_MOST);
	struct mw_policy *policy = NULL;

	mw_notify_reloading();
	if (errors != NULL && mw_setting_read(follow->cli, errors, &policy) && use(follow, policy, errors)) {
		mw_complain("policy read: %s", follow->cli->policy_path);
		mw_follower_tell(follow->follower, &follow->state);
	} else {
		if (errors != NULL)
			complain_all(errors, "reload failed: ");
		mw_complain("reload failed: %s; still using the previous policy", follow->cli->policy_path);
		mw_policy_free(policy);
	}
	mw_errors_free(errors);
	mw_notify_ready();
}

static void take_signals(struct follow *follow)
{
	char bytes[64];
	ssize_t got = read(signals[0], bytes, sizeof(bytes));
	bool reloads = false;

	for (ssize_t i = 0; i < got; i++) {
		if (bytes[i] == SIGHUP)
			reloads = true;
		else
			follow->ending = true;
	}
	if (reloads && !follow->ending)
		reload(follow);
}

/* --- reading */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void start_reading(struct follow *follow, int64_t now)
{
	const struct mw_source_turn *turns = mw_plan_begin(follow->plan, now);

	follow->changed = 0;
	follow->due = NEVER;
	if (mw_sync_process_start(&follow->reading, follow->policy, turns))
		return;
	mw_complain("cannot start a process to read the sources: %s", strerror(errno));
	mw_plan_end(follow->plan, NULL, now);
	follow->due = now + MW_PLAN_FIRST_PAUSE;
}

/* A source that does not answer keeps its reading as long as its time-outs say. Once that is known, what changed
   elsewhere does not wait for it. */
static bool may_give_way(const struct follow *follow)
{
	return follow->changed != 0 && mw_plan_only_retries(follow->plan) && follow->gave_way < GIVES_WAY_AT_MOST;
}

static void give_way(struct follow *follow, int64_t now)
{
	mw_sync_process_stop(&follow->reading);
	mw_plan_gave_way(follow->plan, now);
	follow->gave_way++;
}

/* `mailwicket sync` runs beside this process: what it read may be older than the change that is due. */
static bool was_busy(const struct mw_sync_process_result *result)
{
	return !result->done && result->errors == 1 && strstr(result->lines[0], MW_PUBLISHER_BUSY) != NULL;
}

/* The first source that its last good copy stands in for. */
static void tell_of_old(struct follow *follow, const struct mw_source_turn *turns)
{
	const struct mw_source *sources = follow->policy->directory.sources;
	struct mw_source_state state = { .read_at = 0 };
	size_t i = 0, count = follow->policy->directory.source_count;

	while (i < count && !turns[i].failed)
		i++;
	if (i == count)
		return;
	mw_source_state_read(folder_of(follow->policy), sources[i].name, &state);
	snprintf(follow->state.error, sizeof(follow->state.error), "source \"%.*s\": %s", MW_STR_ARG(sources[i].name),
		 state.why);
}

/* `why`: NULL where it is known. */
static void tell_failing(struct follow *follow, const char *why)
{
	follow->state.tried = mw_clock_date();
	if (follow->state.failing == 0)
		follow->state.failing = follow->state.tried;
	if (why != NULL)
		snprintf(follow->state.error, sizeof(follow->state.error), "%s", why);
	mw_follower_tell(follow->follower, &follow->state);
}

static void tell_state(struct follow *follow, const struct mw_sync_process_result *result)
{
	if (result->errors > 0 || result->report.old_sources > 0) {
		if (result->errors == 0)
			tell_of_old(follow, result->turns);
		tell_failing(follow, result->errors > 0 ? result->lines[0] : NULL);
		return;
	}
	follow->state.good = follow->state.tried = mw_clock_date();
	follow->state.failing = 0;
	follow->state.error[0] = '\0';
	mw_follower_tell(follow->follower, &follow->state);
}

static void plan(struct follow *follow, const struct mw_sync_process_result *result, int64_t now)
{
	follow->gave_way = 0;
	mw_plan_end(follow->plan, result->errors == 0 ? result->turns : NULL, now);
	if (result->errors == 0) {
		follow->pause = MW_PLAN_FIRST_PAUSE;
		return;
	}
	follow->due = earlier(follow->due, now + follow->pause);
	follow->pause = earlier(2 * follow->pause, mw_plan_interval_least(follow->plan));
}

static void finish_reading(struct follow *follow, struct mw_sync_process_result *result)
{
	int64_t now = mw_clock_milliseconds();

	if (was_busy(result)) {
		mw_plan_end(follow->plan, NULL, now);
		follow->due = earlier(follow->due, now + MW_PLAN_FIRST_PAUSE);
		if (mw_say_busy(&follow->say, result->lines[0], now))
			tell_failing(follow, result->lines[0]);
		mw_sync_process_result_free(result);
	} else {
		plan(follow, result, now);
		tell_state(follow, result);
		mw_say_result(&follow->say, result, folder_of(follow->policy), now);
	}
	if (!follow->ready)
		mw_notify_ready();
	follow->ready = true;
}

/* --- the loop */

static void wait_for_something(struct follow *follow)
{
	int64_t now = mw_clock_milliseconds(), until = earlier(follow->alive, mw_watches_due(follow->watches));
	size_t count = mw_watches_count(follow->watches) + ROWS_OF_OURS;

	if (follow->reading.process == 0)
		until = earlier(until, mw_plan_due(follow->plan));
	if (follow->reading.process == 0 || may_give_way(follow))
		until = earlier(until, follow->due);
	follow->rows[0] = (struct pollfd){ .fd = signals[0], .events = POLLIN };
	follow->rows[1] = (struct pollfd){ .fd = follow->reading.fd, .events = POLLIN };
	mw_watches_poll(follow->watches, follow->rows + ROWS_OF_OURS);
	if (poll(follow->rows, count, until <= now ? 0 : (int)(until - now)) >= 0)
		return;
	for (size_t i = 0; i < count; i++)
		follow->rows[i].revents = 0;
}

static void ask_watches(struct follow *follow)
{
	int64_t now = mw_clock_milliseconds();

	if (!mw_watches_ask(follow->watches, follow->rows + ROWS_OF_OURS, follow->plan, now))
		return;
	if (follow->changed == 0)
		follow->changed = now;
	follow->due = earlier(now + QUIET, follow->changed + QUIET_AT_MOST);
}

/* The folder may have been replaced, or emptied: what was there is published again. */
static bool is_published(const struct follow *follow)
{
	char path[4096];

	return (size_t)snprintf(path, sizeof(path), "%s/" MW_SNAPSHOT_NAME, folder_of(follow->policy)) >= sizeof(path) ||
	       access(path, F_OK) == 0;
}

static void give_sign(struct follow *follow, int64_t now)
{
	struct mw_errors *errors = mw_errors_new(1);
	bool good = errors != NULL && mw_follower_alive(follow->follower, &follow->state, errors);

	if (errors != NULL && !good && !follow->lost)
		complain_all(errors, "");
	if (errors != NULL)
		follow->lost = !good;
	if (follow->reading.process == 0 && follow->state.good != 0 && !is_published(follow))
		follow->due = earlier(follow->due, now);
	mw_errors_free(errors);
}

static void step(struct follow *follow)
{
	struct mw_sync_process_result result;
	int64_t now;

	wait_for_something(follow);
	ask_watches(follow);
	if (follow->rows[1].revents != 0 && mw_sync_process_take(&follow->reading, &result))
		finish_reading(follow, &result);
	now = mw_clock_milliseconds();
	if (follow->reading.process != 0 && may_give_way(follow) && now >= follow->due)
		give_way(follow, now);
	if (follow->reading.process == 0 && now >= earlier(follow->due, mw_plan_due(follow->plan)))
		start_reading(follow, now);
	if (now >= follow->alive) {
		mw_notify_alive();
		mw_say_tick(&follow->say, now);
		follow->alive = now + ALIVE_EVERY;
	}
	if (now >= follow->sign) {
		give_sign(follow, now);
		follow->sign = now + SIGN_EVERY;
	}
	/* Last: a reload exchanges the rows. */
	if (follow->rows[0].revents != 0)
		take_signals(follow);
}

/* What a reading that was ended has left is removed, unless another sync is there, which does it too. */
static void clean_up(const struct follow *follow)
{
	struct mw_errors *errors = mw_errors_new(1);

	if (errors != NULL)
		mw_publisher_close(mw_publisher_open(folder_of(follow->policy), errors));
	mw_errors_free(errors);
}

static void end(struct follow *follow)
{
	bool was_reading = follow->reading.process != 0;

	mw_notify_stopping();
	end_at_latest(ALL_ENDED_AT_LATEST);
	mw_sync_process_stop(&follow->reading);
	if (was_reading)
		clean_up(follow);
	mw_follower_close(follow->follower);
	mw_plan_free(follow->plan);
	mw_watches_free(follow->watches);
	mw_policy_free(follow->policy);
	mw_say_free(&follow->say);
	free(follow->rows);
}

static int run(struct follow *follow)
{
	struct mw_errors *errors = mw_errors_new(MESSAGES_AT_MOST);
	struct mw_policy *policy = mw_setting_policy(follow->cli);
	int status = policy == NULL ? EX_CONFIG : EX_TEMPFAIL;

	if (policy != NULL && errors != NULL && hear_signals() && use(follow, policy, errors)) {
		follow->state.process = getpid();
		follow->state.since = mw_clock_date();
		mw_follower_tell(follow->follower, &follow->state);
		mw_complain("following %zu source%s: pid=%d policy=%s", mw_watches_count(follow->watches),
			    mw_watches_count(follow->watches) == 1 ? "" : "s", (int)getpid(), follow->cli->policy_path);
		while (!follow->ending)
			step(follow);
		mw_complain("exiting");
		status = EX_OK;
	} else if (policy != NULL) {
		if (errors != NULL)
			complain_all(errors, "");
		mw_policy_free(policy);
	}
	mw_errors_free(errors);
	return status;
}

int mw_follow(const struct mw_cli *cli)
{
	struct follow follow = { .cli = cli, .reading = { .fd = -1 } };
	int status = run(&follow);

	if (status == EX_OK)
		end(&follow);
	return status;
}
