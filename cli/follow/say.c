/* SPDX-License-Identifier: MIT */
#include "follow/say.h"

#include <stdlib.h>

#include "base/complain.h"

/* A source that fails in ever other words is told no more often than this. */
#define PAUSE 10000
#define LINES_KEPT 1000
/* So many lines are logged in so many milliseconds, and the rest as a number. */
#define LINES_MOST 100
#define WINDOW 10000
#define BUSY_MOST 60000

void mw_say_tick(struct mw_say *say, int64_t now)
{
	if (now - say->window < WINDOW)
		return;
	if (say->left_out > 0)
		mw_complain("%zu lines of the last %d s were left out", say->left_out, (int)((now - say->window) / 1000));
	say->window = now;
	say->told = say->left_out = 0;
}

static void tell(struct mw_say *say, int64_t now, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void tell(struct mw_say *say, int64_t now, const char *format, ...)
{
	va_list args;

	mw_say_tick(say, now);
	if (say->told == LINES_MOST) {
		say->left_out++;
		return;
	}
	say->told++;
	va_start(args, format);
	mw_complainv(format, args);
	va_end(args);
}

bool mw_say_busy(struct mw_say *say, const char *line, int64_t now)
{
	if (say->busy_since == 0)
		say->busy_since = now;
	if (now - say->busy_since < BUSY_MOST)
		return false;
	if (!say->busy_told)
		tell(say, now, "%s, for more than a minute: the sources are not read until it ends", line);
	say->busy_told = true;
	return true;
}

void mw_say_counts(const struct mw_sync_report *report, struct mw_buf *out)
{
	mw_buf_printf(out, "%llu users, %llu groups, %llu addresses, %llu logins, %llu grants (%llu added, %llu changed, "
		      "%llu removed)", (unsigned long long)report->users, (unsigned long long)report->groups,
		      (unsigned long long)report->addresses, (unsigned long long)report->logins,
		      (unsigned long long)report->grants, (unsigned long long)report->added,
		      (unsigned long long)report->changed, (unsigned long long)report->removed);
}

static bool was_told(const struct mw_say *say, const char *line)
{
	for (size_t i = 0; i < say->count; i++) {
		if (strcmp(say->lines[i], line) == 0)
			return true;
	}
	return false;
}

void mw_say_free(struct mw_say *say)
{
	for (size_t i = 0; i < say->count; i++)
		free(say->lines[i]);
	free(say->lines);
	say->lines = NULL;
	say->count = 0;
}

/* What was told of sources that rested in this reading still holds. */
static void keep_lines(struct mw_say *say, struct mw_sync_process_result *result)
{
	char **more = say->count + result->count > LINES_KEPT ? NULL :
		reallocarray(result->lines, say->count + result->count + 1, sizeof(result->lines[0]));

	if (more == NULL)
		return;
	result->lines = more;
	for (size_t i = 0; i < say->count; i++) {
		bool again = false;

		for (size_t k = 0; k < result->count && !again; k++)
			again = strcmp(result->lines[k], say->lines[i]) == 0;
		if (again)
			continue;
		result->lines[result->count++] = say->lines[i];
		say->lines[i] = NULL;
	}
}

static void say_lines(struct mw_say *say, struct mw_sync_process_result *result, int64_t now)
{
	bool new = false;

	for (size_t i = 0; i < result->count; i++) {
		if (was_told(say, result->lines[i]))
			continue;
		tell(say, now, "%s", result->lines[i]);
		new = true;
	}
	if (new) {
		say->at = now;
		if (result->more > 0)
			tell(say, now, "and %zu more", result->more);
	}
	if (result->rested)
		keep_lines(say, result);
	mw_say_free(say);
	say->lines = result->lines;
	say->count = result->count;
	result->lines = NULL;
	result->count = 0;
}

void mw_say_result(struct mw_say *say, struct mw_sync_process_result *result, const char *folder, int64_t now)
{
	char text[256];
	struct mw_buf counts = MW_BUF_OVER(text);
	bool wrong = result->errors > 0, failing = wrong || result->report.old_sources > 0;

	if (say->busy_told)
		tell(say, now, "the other sync has ended");
	say->busy_since = 0;
	say->busy_told = false;
	if (!wrong || !say->wrong || now - say->at >= PAUSE)
		say_lines(say, result, now);
	if (wrong && !say->wrong && !result->done)
		tell(say, now,
		     "the directory in %s is unchanged; the sources are read again when one changes, and with growing pauses",
		     folder);
	if (!failing && say->failing)
		tell(say, now, "all sources are read again");
	say->failing = failing;
	say->wrong = wrong;
	mw_say_counts(&result->report, &counts);
	if (result->report.published)
		tell(say, now, "published: %s", text);
	mw_sync_process_result_free(result);
}
