/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>

#include "base/clock.h"
#include "log_lines.h"
#include "standard_error.h"
#include "system_log.h"

#define FAULTS_A_SECOND 200
#define END_SECONDS 0.5 /* how long the end of the program waits for a slow reader */

static struct {
	bool syslog;
	unsigned faults, faults_left_out;
	struct mw_log_lines lines;
	unsigned long lines_lost;
	double writes, counted; /* those that mw_log_flush_paced() may do at once, and when they were counted */
} state;

static const struct { const char *word; int facility; } facilities[] = {
	{ "mail", LOG_MAIL },     { "daemon", LOG_DAEMON }, { "auth", LOG_AUTH },     { "authpriv", LOG_AUTHPRIV },
	{ "user", LOG_USER },     { "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
};

/* Writes the waiting lines; what the reader does not take stays. True: nothing is left. */
static bool write_waiting(void)
{
	struct mw_str waiting = mw_log_lines_waiting(&state.lines);

	if (!mw_str_empty(waiting))
		mw_log_lines_taken(&state.lines, state.syslog ? mw_system_log_write(waiting) : mw_standard_error_write(waiting));
	return mw_str_empty(mw_log_lines_waiting(&state.lines));
}

void mw_log_flush(void)
{
	(void)write_waiting();
}

bool mw_log_flush_paced(double now)
{
	if (mw_str_empty(mw_log_lines_waiting(&state.lines)))
		return true;
	state.writes += (now - state.counted) * MW_LOG_WRITES;
	if (state.writes > MW_LOG_WRITES)
		state.writes = MW_LOG_WRITES;
	state.counted = now;
	if (state.writes < 1)
		return false;
	state.writes--;
	mw_log_flush();
	return true;
}

/* Lines that standard error did not take lack the head that the system's log needs: they are lost. */
static void leave_standard_error(void)
{
	struct mw_str waiting;

	mw_log_flush();
	waiting = mw_log_lines_waiting(&state.lines);
	for (size_t i = 0; i < waiting.len; i++)
		state.lines_lost += waiting.ptr[i] == '\n';
	mw_log_lines_taken(&state.lines, waiting.len);
}

void mw_log_to_syslog(struct mw_str facility)
{
	int number = LOG_MAIL;

	for (size_t i = 0; i < sizeof(facilities) / sizeof(facilities[0]); i++) {
		if (mw_str_equal_nocase(facility, mw_str(facilities[i].word)))
			number = facilities[i].facility;
	}
	if (!state.syslog)
		leave_standard_error();
	state.syslog = true;
	mw_system_log_open(number);
}

/* Begins a line with its head and `prefix`, and gives the room behind them. False: no room, the line is lost. */
static bool begin(enum mw_log_level level, const char *prefix, struct mw_buf *text_r)
{
	static const int levels[] = { LOG_ERR, LOG_WARNING, LOG_INFO };
	struct mw_buf line;

	if (!mw_log_lines_begin(&state.lines, &line)) {
		mw_log_flush();
		if (!mw_log_lines_begin(&state.lines, &line)) {
			state.lines_lost++;
			return false;
		}
	}
	if (state.syslog)
		mw_system_log_head(levels[level], &line);
	mw_buf_add_text(&line, prefix);
	*text_r = mw_buf_over(line.data + line.used, line.size - line.used);
	return true;
}

/* What came from outside may be in a message: no control byte reaches the log. */
static void clean(struct mw_buf *text)
{
	for (size_t i = 0; i < text->used; i++) {
		if ((unsigned char)text->data[i] < ' ' || text->data[i] == 0x7f)
			text->data[i] = '?';
	}
}

__attribute__((format(printf, 2, 0)))
static void write_own(enum mw_log_level level, const char *format, va_list arguments)
{
	struct mw_buf text;
	int len;

	/* In the system's log the head has the program's name. */
	if (!begin(level, state.syslog ? "" : "mailwicketd: ", &text))
		return;
	len = vsnprintf(text.data, text.size, format, arguments);
	text.used = len < 0 ? 0 : (size_t)len < text.size ? (size_t)len : text.size - 1;
	clean(&text);
	mw_log_lines_end(&state.lines, &text);
	mw_log_flush();
}

void mw_log(enum mw_log_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	write_own(level, format, arguments);
	va_end(arguments);
}

void mw_log_fault(const char *format, ...)
{
	va_list arguments;

	if (++state.faults > FAULTS_A_SECOND) {
		state.faults_left_out++;
		return;
	}
	va_start(arguments, format);
	write_own(MW_LOG_WARNING, format, arguments);
	va_end(arguments);
}

bool mw_log_decision_begin(enum mw_log_level level, struct mw_buf *text_r)
{
	return begin(level, "mailwicket: ", text_r);
}

void mw_log_decision_end(const struct mw_buf *text)
{
	mw_log_lines_end(&state.lines, text);
}

void mw_log_errors(struct mw_errors *errors)
{
	unsigned kept = mw_errors_kept(errors);
	unsigned all = mw_errors_count(errors, MW_ERROR) + mw_errors_count(errors, MW_WARNING);

	mw_errors_sort(errors);
	for (unsigned i = 0; i < kept; i++) {
		const struct mw_error *error = mw_errors_get(errors, i);
		char memory[MW_LOG_LINE_MAX - 128];
		struct mw_buf line = MW_BUF_OVER(memory);

		mw_error_print(error, &line);
		mw_log(error->severity == MW_ERROR ? MW_LOG_ERROR : MW_LOG_WARNING, "%s", line.data);
	}
	if (all > kept)
		mw_log(MW_LOG_ERROR, "and %u more", all - kept);
}

static void tell_lost(void)
{
	unsigned long lost = state.lines_lost;

	if (lost == 0)
		return;
	state.lines_lost = 0;
	mw_log(MW_LOG_WARNING, "%lu log lines were dropped: nothing reads the log", lost);
	/* No room for that line either: it is tried again later. */
	if (state.lines_lost > 0)
		state.lines_lost = lost;
}

void mw_log_tick(void)
{
	unsigned faults = state.faults_left_out;

	mw_log_flush();
	tell_lost();
	state.faults = state.faults_left_out = 0;
	if (faults > 0)
		mw_log(MW_LOG_WARNING, "%u more faults of peers within a second", faults);
}

static bool wait_for_reader(int milliseconds)
{
	return state.syslog ? mw_system_log_wait(milliseconds) : mw_standard_error_wait(milliseconds);
}

void mw_log_end(void)
{
	double until = mw_clock_seconds() + END_SECONDS, left = END_SECONDS;
	size_t before = 0;

	/* A full disk takes nothing, and yet poll(2) says that it would. */
	while (!write_waiting() && state.lines.used != before && left > 0) {
		before = state.lines.used;
		if (!wait_for_reader((int)(left * 1000)))
			return;
		left = until - mw_clock_seconds();
	}
	tell_lost();
}
