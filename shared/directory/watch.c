/* SPDX-License-Identifier: MIT */
#include "directory/watch.h"

#include <stdio.h>
#include <time.h>

static void print_age(int64_t seconds, struct mw_buf *out)
{
	static const struct { int64_t seconds; const char *name; } units[] = {
		{ 86400, "day" }, { 3600, "hour" }, { 60, "minute" }, { 1, "second" },
	};
	size_t i = 0;

	/* Also when the clock was set back. */
	seconds = seconds < 0 ? 0 : seconds;
	while (i < sizeof(units) / sizeof(units[0]) - 1 && seconds < 2 * units[i].seconds)
		i++;
	seconds /= units[i].seconds;
	mw_buf_printf(out, "%lld %s%s old", (long long)seconds, units[i].name, seconds == 1 ? "" : "s");
}

static void print_serving(const struct mw_directory *directory, int64_t now, struct mw_buf *out)
{
	struct mw_directory_status status;
	char when[40] = "";
	struct tm parts;
	time_t written;

	mw_directory_status(directory, &status);
	if (!status.open) {
		mw_buf_add_text(out, "; no request can be answered");
		return;
	}
	written = (time_t)status.serving_since;
	if (written == 0 || gmtime_r(&written, &parts) == NULL) {
		mw_buf_add_text(out, "; still using the previous one");
		return;
	}
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &parts);
	mw_buf_printf(out, "; still using the previous one, written %s, ", when);
	print_age(now - status.serving_since, out);
}

static void print_read(const struct mw_directory *directory, struct mw_buf *out)
{
	struct mw_directory_status status;

	mw_directory_status(directory, &status);
	mw_buf_printf(out, "directory read: %llu users, %llu groups, %llu grants, digest %.16s; %llu suspended",
		      (unsigned long long)status.users, (unsigned long long)status.groups,
		      (unsigned long long)status.grants, status.digest, (unsigned long long)status.suspended);
}

void mw_directory_print_error(const struct mw_directory *directory, struct mw_buf *out)
{
	mw_buf_printf(out, "%s%s", mw_directory_error(directory),
		      mw_directory_is_missing(directory) ? " (run mailwicket sync)" : "");
}

static bool is_due(const struct mw_directory_watch *watch, const char *error, int64_t now)
{
	return strcmp(watch->error, error) != 0 || now < watch->said || now - watch->said >= MW_DIRECTORY_SAY_SECONDS;
}

enum mw_directory_word mw_directory_watch(struct mw_directory_watch *watch, const struct mw_directory *directory,
					  enum mw_directory_change change, int64_t now, struct mw_buf *line_r)
{
	const char *error = mw_directory_error(directory);
	bool troubled = watch->error[0] != '\0';

	if (change != MW_DIRECTORY_FAILED) {
		watch->error[0] = '\0';
		if (change == MW_DIRECTORY_SAME && !troubled)
			return MW_DIRECTORY_QUIET;
		print_read(directory, line_r);
		return troubled ? MW_DIRECTORY_HEALED : MW_DIRECTORY_READ;
	}
	if (!is_due(watch, error, now))
		return MW_DIRECTORY_QUIET;
	snprintf(watch->error, sizeof(watch->error), "%s", error);
	watch->said = now;
	mw_buf_add_text(line_r, "directory: ");
	mw_directory_print_error(directory, line_r);
	print_serving(directory, now, line_r);
	return MW_DIRECTORY_TROUBLE;
}
