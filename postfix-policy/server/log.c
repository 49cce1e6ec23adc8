/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "system_log.h"

#define LINE_MAX_OCTETS 4000 /* below PIPE_BUF, so that a line is written whole or not at all */
#define FAULTS_A_SECOND 200

static struct {
	bool syslog;
	unsigned faults, faults_left_out;
	unsigned long lines_lost;
} state;

static const struct { const char *word; int facility; } facilities[] = {
	{ "mail", LOG_MAIL },     { "daemon", LOG_DAEMON }, { "auth", LOG_AUTH },     { "authpriv", LOG_AUTHPRIV },
	{ "user", LOG_USER },     { "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
	{ "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 }, { "local6", LOG_LOCAL6 },
	{ "local7", LOG_LOCAL7 },
};

void mw_log_to_syslog(struct mw_str facility)
{
	int number = LOG_MAIL;

	for (size_t i = 0; i < sizeof(facilities) / sizeof(facilities[0]); i++) {
		if (mw_str_equal_nocase(facility, mw_str(facilities[i].word)))
			number = facilities[i].facility;
	}
	mw_system_log_open(number);
	state.syslog = true;
}

/* A journal or a pipe whose reader hangs must not hang mail. */
static bool write_stderr(struct mw_str line)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0 &&
	       write(STDERR_FILENO, line.ptr, line.len) == (ssize_t)line.len;
}

/* `line` holds its prefix and has room for a newline. */
static void put(enum mw_log_level level, struct mw_buf *line, size_t prefix)
{
	static const int levels[] = { LOG_ERR, LOG_WARNING, LOG_INFO };
	bool taken;

	if (state.syslog) {
		taken = mw_system_log_write(levels[level], mw_str_tail(mw_buf_str(line), prefix));
	} else {
		line->data[line->used] = '\n';
		taken = write_stderr((struct mw_str){ line->data, line->used + 1 });
	}
	state.lines_lost += !taken;
}

/* What came from outside may be in a message: no control byte reaches the log. */
static void clean(struct mw_buf *line)
{
	for (size_t i = 0; i < line->used; i++) {
		if ((unsigned char)line->data[i] < ' ' || line->data[i] == 0x7f)
			line->data[i] = '?';
	}
}

__attribute__((format(printf, 2, 0)))
static void write_own(enum mw_log_level level, const char *format, va_list arguments)
{
	static const struct mw_str prefix = { "mailwicketd: ", sizeof("mailwicketd: ") - 1 };
	char memory[LINE_MAX_OCTETS], text[LINE_MAX_OCTETS - 64];
	/* The last byte is the newline's. */
	struct mw_buf line = mw_buf_over(memory, sizeof(memory) - 1);

	vsnprintf(text, sizeof(text), format, arguments);
	mw_buf_add(&line, prefix);
	mw_buf_add_text(&line, text);
	clean(&line);
	put(level, &line, prefix.len);
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

void mw_log_decision(enum mw_log_level level, struct mw_str text)
{
	char memory[LINE_MAX_OCTETS];
	struct mw_buf line = mw_buf_over(memory, sizeof(memory) - 1);

	mw_buf_add(&line, MW_STR("mailwicket: "));
	mw_buf_add(&line, text);
	put(level, &line, 0);
}

void mw_log_errors(struct mw_errors *errors)
{
	unsigned kept = mw_errors_kept(errors);
	unsigned all = mw_errors_count(errors, MW_ERROR) + mw_errors_count(errors, MW_WARNING);

	mw_errors_sort(errors);
	for (unsigned i = 0; i < kept; i++) {
		const struct mw_error *error = mw_errors_get(errors, i);
		char memory[LINE_MAX_OCTETS - 128];
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
	/* Not even that was read: it is said later. */
	if (state.lines_lost > 0)
		state.lines_lost = lost;
}

void mw_log_tick(void)
{
	unsigned faults = state.faults_left_out;

	tell_lost();
	state.faults = state.faults_left_out = 0;
	if (faults > 0)
		mw_log(MW_LOG_WARNING, "%u more faults of peers within a second", faults);
}
