/* SPDX-License-Identifier: MIT */
#include "logs/record.h"

#include <stdio.h>

/* Into `size` octets, cut where it is longer. */
static void keep(char *to, size_t size, struct mw_str text)
{
	snprintf(to, size, "%.*s", MW_STR_ARG(text));
}

/* "Sat 2025-11-29 05:00:00.000000 CET [s=...;i=...]". */
static bool is_verbose(struct mw_str line)
{
	return mw_str_ends_with(line, MW_STR("]")) && mw_str_has(line, " [s=") && mw_str_has(line, ";i=") &&
	       !mw_str_starts_with(line, MW_STR(" "));
}

static void begin(struct mw_log_record *record, enum mw_log_record_form form)
{
	record->form = form;
	record->time[0] = record->program[0] = record->process[0] = record->message[0] = '\0';
	record->object_len = 0;
}

/* "1764392400000001" gives "1764392400.000001". */
static void keep_time(struct mw_log_record *record, struct mw_str microseconds)
{
	size_t seconds = microseconds.len > 6 ? microseconds.len - 6 : 0;

	snprintf(record->time, sizeof(record->time), "%.*s.%.*s", MW_STR_ARG(mw_str_head(microseconds, seconds)),
		 MW_STR_ARG(mw_str_tail(microseconds, seconds)));
}

static void take_field(struct mw_log_record *record, struct mw_str field)
{
	size_t equals = mw_str_find(field, '=');
	struct mw_str name = mw_str_head(field, equals), value = mw_str_tail(field, equals + 1);

	if (mw_str_equal(name, MW_STR("__REALTIME_TIMESTAMP")))
		keep_time(record, value);
	else if (mw_str_equal(name, MW_STR("SYSLOG_IDENTIFIER")))
		keep(record->program, sizeof(record->program), value);
	else if (mw_str_equal(name, MW_STR("MESSAGE")))
		keep(record->message, sizeof(record->message), value);
	else if (mw_str_equal(name, MW_STR("SYSLOG_PID")) ||
		 (mw_str_equal(name, MW_STR("_PID")) && record->process[0] == '\0'))
		keep(record->process, sizeof(record->process), value);
}

/* The record as "TIME journal PROGRAM[PROCESS]: MESSAGE". False: it lacks a part of it. */
static bool finish(struct mw_log_record *record, struct mw_str *line_r)
{
	bool process = record->process[0] != '\0';

	record->form = MW_LOG_RECORD_NONE;
	if (record->time[0] == '\0' || record->program[0] == '\0' || record->message[0] == '\0')
		return false;
	snprintf(record->line, sizeof(record->line), "%s journal %s%s%s%s: %s", record->time, record->program,
		 process ? "[" : "", record->process, process ? "]" : "", record->message);
	*line_r = mw_str(record->line);
	return true;
}

/* Of an object whose "{" and "}" stand in lines of their own: what else begins at the margin is none. */
static bool is_part(struct mw_str line)
{
	return mw_str_equal(line, MW_STR("}")) || mw_str_starts_with(line, MW_STR("\t")) ||
	       mw_str_starts_with(line, MW_STR(" "));
}

static bool take_part(struct mw_log_record *record, struct mw_str line, struct mw_str *line_r)
{
	struct mw_str part = mw_str_head(line, sizeof(record->object) - record->object_len);

	if (!mw_str_empty(part))
		memcpy(record->object + record->object_len, part.ptr, part.len);
	record->object_len += part.len;
	*line_r = (struct mw_str){ record->object, record->object_len };
	if (mw_str_equal(line, MW_STR("}")))
		record->form = MW_LOG_RECORD_NONE;
	return record->form == MW_LOG_RECORD_NONE;
}

static bool take_first(struct mw_log_record *record, struct mw_str line)
{
	if (mw_str_starts_with(line, MW_STR("__CURSOR="))) {
		begin(record, MW_LOG_RECORD_EXPORT);
	} else if (mw_str_equal(line, MW_STR("{"))) {
		begin(record, MW_LOG_RECORD_PRETTY);
		record->object[record->object_len++] = '{';
	} else if (is_verbose(line)) {
		begin(record, MW_LOG_RECORD_VERBOSE);
		keep(record->time, sizeof(record->time), mw_str_head(line, mw_str_find_text(line, " [s=")));
	}
	return record->form != MW_LOG_RECORD_NONE;
}

bool mw_log_record_take(struct mw_log_record *record, struct mw_str whole, struct mw_str *line_r)
{
	struct mw_str line = whole;
	bool finished = false;

	if (mw_str_ends_with(line, MW_STR("\r")))
		line.len--;
	if (record->form == MW_LOG_RECORD_PRETTY) {
		if (is_part(line))
			return take_part(record, line, line_r);
		record->form = MW_LOG_RECORD_NONE;
	}
	if (record->form == MW_LOG_RECORD_EXPORT && !mw_str_empty(line)) {
		take_field(record, line);
		return false;
	}
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
	if (record->form == MW_LOG_RECORD_PRETTY)
		record->form = MW_LOG_RECORD_NONE;
	return record->form != MW_LOG_RECORD_NONE && finish(record, line_r);
}
