/* SPDX-License-Identifier: MIT */
#include "logs/record.h"

#include <stdio.h>

#include "logs/source.h"
#include "logs/stamp.h"

#define CURSOR "__CURSOR=" /* the first field of a record */

/* Into `size` octets, cut where it is longer. */
static void keep(char *to, size_t size, struct mw_str text)
{
	snprintf(to, size, "%.*s", MW_STR_ARG(text));
}

/* "Sat 2025-11-29 05:00:00.000000 CET [s=...;i=...]": a time and a cursor, and nothing that a client wrote. */
static bool is_verbose(struct mw_str line)
{
	struct mw_str stamp = mw_str_head(line, mw_str_find_text(line, " [s=") + 1);
	struct mw_why_clock clock;
	int64_t time;

	if (!mw_str_ends_with(line, MW_STR("]")) || stamp.len == line.len || !mw_str_has(line, ";i="))
		return false;
	clock = mw_why_clock_at(0);
	return mw_why_stamp_read(&clock, stamp, &time) == stamp.len;
}

static void begin(struct mw_log_record *record, enum mw_log_record_form form)
{
	record->form = form;
	record->time[0] = record->host[0] = record->program[0] = record->process[0] = record->message[0] = '\0';
	record->octets.begun = record->spoilt = false;
}

/* "1764392400000001" gives "1764392400.000001". */
static void keep_time(struct mw_log_record *record, struct mw_str microseconds)
{
	size_t seconds = microseconds.len > 6 ? microseconds.len - 6 : 0;

	snprintf(record->time, sizeof(record->time), "%.*s.%.*s", MW_STR_ARG(mw_str_head(microseconds, seconds)),
		 MW_STR_ARG(mw_str_tail(microseconds, seconds)));
}

static void keep_field(struct mw_log_record *record, struct mw_str name, struct mw_str value)
{
	if (mw_str_equal(name, MW_STR("__REALTIME_TIMESTAMP")))
		keep_time(record, value);
	else if (mw_str_equal(name, MW_STR("SYSLOG_IDENTIFIER")))
		keep(record->program, sizeof(record->program), value);
	else if (mw_str_equal(name, MW_STR("MESSAGE")))
		keep(record->message, sizeof(record->message), value);
	else if (mw_str_equal(name, MW_STR("SYSLOG_PID")) ||
		 (mw_str_equal(name, MW_STR("_PID")) && record->process[0] == '\0'))
		keep(record->process, sizeof(record->process), value);
	else if (mw_str_equal(name, MW_STR("_HOSTNAME")) && mw_str_find(value, ' ') == value.len)
		keep(record->host, sizeof(record->host), value);
}

static void take_field(struct mw_log_record *record, struct mw_str field)
{
	size_t equals = mw_str_find(field, '=');

	keep_field(record, mw_str_head(field, equals), mw_str_tail(field, equals + 1));
}

/* "MESSAGE", and in the next lines eight octets, the length of the value (the lowest first), the value, which may have
   any octet in it, and a newline (systemd's "Journal Export Formats"). */
static void begin_octets(struct mw_log_record *record, struct mw_str name)
{
	record->octets.begun = true;
	record->octets.seen = record->octets.len = 0;
	record->octets.length = 0;
	keep(record->octets.name, sizeof(record->octets.name), name);
}

static void end_octets(struct mw_log_record *record, bool whole)
{
	struct mw_log_octets *octets = &record->octets;

	octets->begun = false;
	/* Where the field ends otherwise than its length says, nobody knows what the next lines are. */
	record->spoilt |= !whole;
	if (whole)
		keep_field(record, mw_str(octets->name),
			   mw_str_head((struct mw_str){ octets->value, sizeof(octets->value) }, octets->len));
}

static void take_octet(struct mw_log_octets *octets, char octet)
{
	if (octets->seen < 8)
		octets->length |= (uint64_t)(unsigned char)octet << 8 * octets->seen;
	else if (octets->len++ < sizeof(octets->value))
		octets->value[octets->len - 1] = octet;
	octets->seen++;
}

/* A line of it, with the newline that ended the line: one of the field's own octets, or its end. */
static void take_octets(struct mw_log_record *record, struct mw_str line)
{
	struct mw_log_octets *octets = &record->octets;

	for (size_t i = 0; i < line.len; i++)
		take_octet(octets, line.ptr[i]);
	if (octets->seen >= 8 && octets->len >= octets->length)
		end_octets(record, octets->len == octets->length && line.len < MW_LOG_LINE_MAX);
	else if (line.len >= MW_LOG_LINE_MAX)
		end_octets(record, false);
	else
		take_octet(octets, '\n');
}

/* The record as "TIME HOST PROGRAM[PROCESS]: MESSAGE". False: it lacks a part of it. */
static bool finish(struct mw_log_record *record, struct mw_str *line_r)
{
	bool process = record->process[0] != '\0';

	record->form = MW_LOG_RECORD_NONE;
	if (record->spoilt || record->octets.begun)
		return false;
	if (record->time[0] == '\0' || record->program[0] == '\0' || record->message[0] == '\0')
		return false;
	snprintf(record->line, sizeof(record->line), "%s %s %s%s%s%s: %s", record->time,
		 record->host[0] != '\0' ? record->host : "journal", record->program, process ? "[" : "",
		 record->process, process ? "]" : "", record->message);
	*line_r = mw_str(record->line);
	return true;
}

static bool take_first(struct mw_log_record *record, struct mw_str line)
{
	if (mw_str_starts_with(line, MW_STR(CURSOR))) {
		begin(record, MW_LOG_RECORD_EXPORT);
	} else if (is_verbose(line)) {
		begin(record, MW_LOG_RECORD_VERBOSE);
		keep(record->time, sizeof(record->time), mw_str_head(line, mw_str_find_text(line, " [s=")));
	}
	return record->form != MW_LOG_RECORD_NONE;
}

/* `line` is `whole` without the CR at its end. False: the record is over. */
static bool take_exported(struct mw_log_record *record, struct mw_str whole, struct mw_str line)
{
	if (record->octets.begun)
		take_octets(record, whole);
	else if (record->spoilt)
		return !mw_str_starts_with(line, MW_STR(CURSOR));
	else if (mw_str_empty(line))
		return false;
	else if (mw_str_find(line, '=') < line.len)
		take_field(record, line);
	else
		begin_octets(record, line);
	return true;
}

bool mw_log_record_take(struct mw_log_record *record, struct mw_str whole, struct mw_str *line_r)
{
	struct mw_str line = whole;
	bool finished = false;

	if (mw_str_ends_with(line, MW_STR("\r")))
		line.len--;
	if (record->form == MW_LOG_RECORD_EXPORT && take_exported(record, whole, line))
		return false;
	if (record->form == MW_LOG_RECORD_VERBOSE && mw_str_starts_with(line, MW_STR("    "))) {
		take_field(record, mw_str_tail(line, 4));
		return false;
	}
	if (record->form != MW_LOG_RECORD_NONE)
		finished = finish(record, line_r);
	if (take_first(record, line) || finished)
		return finished;
	*line_r = whole;
	return true;
}

bool mw_log_record_end(struct mw_log_record *record, struct mw_str *line_r)
{
	return record->form != MW_LOG_RECORD_NONE && finish(record, line_r);
}
