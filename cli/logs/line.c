/* SPDX-License-Identifier: MIT */
#include "logs/line.h"

#include "base/units.h"
#include "logs/line_json.h"

/* The next word and the blank behind it. */
static struct mw_str take_word(struct mw_str *rest_io)
{
	size_t len = mw_str_find(*rest_io, ' ');
	struct mw_str word = mw_str_head(*rest_io, len);

	*rest_io = mw_str_tail(*rest_io, len + 1);
	return word;
}

/* "postfix/smtpd[123]:" as program and process. */
static bool read_program(struct mw_str word, struct mw_why_line *line)
{
	size_t bracket;
	uint64_t process;

	if (word.len < 2 || word.ptr[word.len - 1] != ':')
		return false;
	word.len--;
	bracket = mw_str_find(word, '[');
	line->process = 0;
	if (bracket < word.len && word.ptr[word.len - 1] == ']' &&
	    mw_parse_number((struct mw_str){ word.ptr + bracket + 1, word.len - bracket - 2 }, &process)) {
		line->process = process;
		word.len = bracket;
	}
	line->program = word;
	return word.len > 0;
}

static void skip_level(struct mw_str *message, bool *error_r)
{
	static const char *const levels[] = { "Info: ", "Warning: ", "Error: ", "Fatal: ", "Panic: ", "Debug: " };

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (mw_str_starts_with(*message, mw_str(levels[i]))) {
			*message = mw_str_tail(*message, strlen(levels[i]));
			*error_r = levels[i][0] == 'E' || levels[i][0] == 'F' || levels[i][0] == 'P';
			return;
		}
}

/* "mail.info", "mail:info", "[info]", "<err>" and the like, which some daemons write before the program. */
static bool is_level(struct mw_str word)
{
	static const char *const levels[] = { "emerg", "alert", "crit", "err", "error", "warning", "warn", "notice", "info",
					      "debug" };
	size_t dot;

	if (word.len > 2 && ((word.ptr[0] == '[' && word.ptr[word.len - 1] == ']') ||
			     (word.ptr[0] == '<' && word.ptr[word.len - 1] == '>')))
		word = (struct mw_str){ word.ptr + 1, word.len - 2 };
	if (mw_str_ends_with(word, MW_STR(":")))
		word.len--;
	dot = mw_str_find(word, '.');
	if (dot == word.len)
		dot = mw_str_find(word, ':');
	if (dot < word.len)
		word = mw_str_tail(word, dot + 1);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (mw_str_equal_nocase(word, mw_str(levels[i])))
			return true;
	return false;
}

/* "[1:mail1:postfix/smtpd]", as NethServer writes it: a node, a module, a program. */
static bool read_module(struct mw_str word, struct mw_why_line *line)
{
	struct mw_str inner = mw_str_head(mw_str_tail(word, 1), word.len > 2 ? word.len - 2 : 0), node, module;
	uint64_t number;

	if (!mw_str_starts_with(word, MW_STR("[")) || !mw_str_ends_with(word, MW_STR("]")) ||
	    !mw_str_split(&inner, ':', &node) || !mw_str_split(&inner, ':', &module) || !mw_parse_number(node, &number) ||
	    mw_str_empty(inner))
		return false;
	line->process = 0;
	line->host = module;
	line->program = inner;
	return true;
}

/* "host program[123]: ", "program: ", with a level word anywhere before the program. */
static bool read_head(struct mw_str *rest, struct mw_why_line *line)
{
	for (int words = 0; words < 4; words++) {
		struct mw_str word;

		while (mw_str_starts_with(*rest, MW_STR(" ")))
			*rest = mw_str_tail(*rest, 1);
		word = take_word(rest);

		if (is_level(word))
			continue;
		if (read_program(word, line) || read_module(word, line))
			return true;
		if (!mw_str_empty(line->host) || mw_str_empty(word))
			return false;
		line->host = word;
	}
	return false;
}

/* "-" or "[id name=\"value\"][...]", of RFC 5424. False: it is neither. */
static bool skip_structured(struct mw_str *rest)
{
	if (mw_str_starts_with(*rest, MW_STR("-"))) {
		*rest = mw_str_tail(*rest, 1);
	} else if (!mw_str_starts_with(*rest, MW_STR("["))) {
		return false;
	}
	while (mw_str_starts_with(*rest, MW_STR("["))) {
		bool quoted = false;
		size_t at = 1;

		for (; at < rest->len && (quoted || rest->ptr[at] != ']'); at++) {
			if (rest->ptr[at] == '"')
				quoted = !quoted;
			else if (rest->ptr[at] == '\\' && quoted)
				at++;
		}
		*rest = mw_str_tail(*rest, at + 1);
	}
	if (!mw_str_empty(*rest) && rest->ptr[0] != ' ')
		return false;
	*rest = mw_str_tail(*rest, 1);
	if (mw_str_starts_with(*rest, MW_STR("\xef\xbb\xbf")))
		*rest = mw_str_tail(*rest, 3);
	return true;
}

/* "host program 123 msgid - " behind the stamp of RFC 5424: no word of them ends with a colon. */
static bool read_5424(struct mw_str *rest_io, struct mw_why_line *line)
{
	struct mw_str rest = *rest_io, host = take_word(&rest), program = take_word(&rest), process = take_word(&rest);
	struct mw_str id = take_word(&rest);
	bool no_process = mw_str_equal(process, MW_STR("-"));

	line->process = 0;
	if (mw_str_empty(host) || mw_str_empty(program) || mw_str_empty(id) || mw_str_ends_with(host, MW_STR(":")) ||
	    mw_str_ends_with(program, MW_STR(":")) || (!no_process && !mw_parse_number(process, &line->process)) ||
	    !skip_structured(&rest))
		return false;
	line->host = host;
	line->program = program;
	*rest_io = rest;
	return true;
}

/* "<22>", with RFC 5424's version "1 " behind it or alone. */
static void skip_priority(struct mw_str *line)
{
	size_t end = mw_str_find(*line, '>');
	uint64_t priority;

	if (mw_str_starts_with(*line, MW_STR("<")) && end < 5 && end < line->len &&
	    mw_parse_number((struct mw_str){ line->ptr + 1, end - 1 }, &priority))
		*line = mw_str_tail(*line, end + 1);
	if (mw_str_starts_with(*line, MW_STR("1 ")))
		*line = mw_str_tail(*line, 2);
}

/* "mailserver-1  | " of docker compose; a name has no blank. */
static void skip_container(struct mw_str *line)
{
	struct mw_str rest = *line, name = take_word(&rest);

	rest = mw_str_trim(rest);
	if (mw_str_empty(name) || !mw_str_starts_with(rest, MW_STR("|")))
		return;
	rest = mw_str_tail(rest, 1);
	*line = mw_str_tail(rest, mw_str_starts_with(rest, MW_STR(" ")) ? 1 : 0);
}

/* "stdout F ", as Kubernetes' container runtimes write it behind their stamp: the stream, and whether the line is
   whole. */
static void skip_stream(struct mw_str *rest_io)
{
	struct mw_str rest = *rest_io, stream = take_word(&rest), whole = take_word(&rest);

	if (stream.len == 6 && mw_str_starts_with(stream, MW_STR("std")) &&
	    (mw_str_equal(whole, MW_STR("F")) || mw_str_equal(whole, MW_STR("P"))))
		*rest_io = rest;
}

/* "{filename="/var/log/mail.log", job="mail"} ", Loki's labels, as logcli writes them behind its stamp. An object of
   JSON is none. */
static void skip_labels(struct mw_str *rest)
{
	size_t end = mw_str_find_text(*rest, "} ");

	if (mw_str_starts_with(*rest, MW_STR("{")) && !mw_str_starts_with(*rest, MW_STR("{\"")) &&
	    end < rest->len)
		*rest = mw_str_tail(*rest, end + 2);
}

static void skip_blanks(struct mw_str *rest)
{
	while (mw_str_starts_with(*rest, MW_STR(" ")))
		*rest = mw_str_tail(*rest, 1);
}

/* Every stamp that stands there: what a container writes has one of its own behind docker's, which knows year and
   zone. */
static bool read_stamps(struct mw_why_clock *clock, struct mw_str *rest, int64_t *time_r)
{
	size_t len;
	int64_t inner;

	skip_priority(rest);
	len = mw_why_stamp_read(clock, *rest, time_r);
	if (len == 0)
		return false;
	*rest = mw_str_tail(*rest, len);
	skip_blanks(rest);
	skip_stream(rest);
	skip_labels(rest);
	skip_priority(rest);
	len = mw_why_stamp_read(clock, *rest, &inner);
	*rest = mw_str_tail(*rest, len);
	return true;
}

/* "mail.log:", "mail.log:1200:", "1200-": what grep puts before a line, which has no blank. Only where a stamp stands
   behind it. */
static void skip_file_name(struct mw_why_clock *clock, struct mw_str *line)
{
	size_t end = mw_str_find(mw_str_head(*line, 256), ' ');
	int64_t time;

	for (size_t at = 0; at < end && at + 1 < line->len; at++)
		if ((line->ptr[at] == ':' || line->ptr[at] == '-') &&
		    mw_why_stamp_read(clock, mw_str_tail(*line, at + 1), &time) > 0) {
			*line = mw_str_tail(*line, at + 1);
			return;
		}
}

/* "[pod/mail-0/postfix] " of kubectl logs --prefix. */
static void skip_pod(struct mw_str *line)
{
	size_t end = mw_str_find_text(*line, "] ");

	if (mw_str_starts_with(*line, MW_STR("[pod/")) && end < line->len)
		*line = mw_str_tail(*line, end + 2);
}

/* Of a message of several lines journalctl indents those behind the first as far as its own words before it reach (a
   time, a program and what stands between): they are the program's, and may be anybody's text. */
#define MARGIN_MAX 16

/* "12 ", "12. ", "12) ": the number of a line. Only where a stamp stands behind it. */
static void skip_number(struct mw_why_clock *clock, struct mw_str *line)
{
	struct mw_str rest = *line;
	int64_t time;

	while (!mw_str_empty(rest) && rest.ptr[0] >= '0' && rest.ptr[0] <= '9')
		rest = mw_str_tail(rest, 1);
	if (mw_str_starts_with(rest, MW_STR(".")) || mw_str_starts_with(rest, MW_STR(")")))
		rest = mw_str_tail(rest, 1);
	if (rest.len == line->len || !mw_str_starts_with(rest, MW_STR(" ")))
		return;
	skip_blanks(&rest);
	if (mw_why_stamp_read(clock, rest, &time) > 0)
		*line = rest;
}

/* What was put before a line on its way: blanks, the marks of a quotation, a list or a piece of code, the number of a
   line, the name of a container or a file. */
static void skip_front(struct mw_why_clock *clock, struct mw_str *line)
{
	int64_t time;
	size_t margin = 0;

	while (margin < line->len && line->ptr[margin] != '\0' && strchr(" >*-`", line->ptr[margin]) != NULL)
		margin++;
	if (margin > MARGIN_MAX)
		return;
	if (margin > 0 && line->ptr[margin - 1] == '`' && mw_str_ends_with(*line, MW_STR("`")))
		line->len--;
	*line = mw_str_tail(*line, margin);
	if (mw_str_starts_with(*line, MW_STR("\xef\xbb\xbf")))
		*line = mw_str_tail(*line, 3);
	skip_container(line);
	skip_pod(line);
	skip_number(clock, line);
	if (!mw_str_starts_with(*line, MW_STR("<")) && mw_why_stamp_read(clock, *line, &time) == 0)
		skip_file_name(clock, line);
}

static bool read_text(struct mw_why_clock *clock, struct mw_str text, struct mw_why_line *line, struct mw_str *rest_r)
{
	*rest_r = text;
	if (!read_stamps(clock, rest_r, &line->time)) {
		*rest_r = text;
		skip_front(clock, rest_r);
		if (!read_stamps(clock, rest_r, &line->time))
			return false;
	}
	return read_5424(rest_r, line) || read_head(rest_r, line);
}

/* An object of a collector of logs tells the program beside the message. */
static bool read_object(struct mw_why_clock *clock, struct mw_str text, struct mw_why_line *line, struct mw_str *rest_r)
{
	struct mw_str written, program;

	text = mw_why_json_inner(text);
	if (mw_why_json_read(text, line, rest_r))
		return true;
	if (mw_why_json_container(text, line, &written))
		return read_text(clock, written, line, rest_r);
	if (!mw_why_json_collected(clock, text, line, rest_r))
		return false;
	program = line->program;
	if (mw_str_find(program, '[') < program.len || mw_str_ends_with(program, MW_STR(":")))
		return read_program(program, line);
	return true;
}

/* "[ID 197553 mail.info] ", which Solaris writes before each message. */
static void skip_id(struct mw_str *message)
{
	size_t end = mw_str_find_text(*message, "] ");

	if (mw_str_starts_with(*message, MW_STR("[ID ")) && end < message->len)
		*message = mw_str_tail(*message, end + 2);
}

/* "message repeated 3 times: [ MESSAGE]", as rsyslog sums up lines that are the same. */
static void skip_repeated(struct mw_str *message)
{
	struct mw_str rest = mw_str_tail(*message, mw_str_find_text(*message, " times: ["));

	if (!mw_str_starts_with(*message, MW_STR("message repeated ")) || !mw_str_ends_with(rest, MW_STR("]")))
		return;
	rest = mw_str_tail(rest, strlen(" times: ["));
	rest.len--;
	*message = mw_str_tail(rest, mw_str_starts_with(rest, MW_STR(" ")) ? 1 : 0);
}

bool mw_why_line_read(struct mw_why_clock *clock, struct mw_str line, struct mw_why_line *line_r)
{
	struct mw_str rest;

	line_r->host = MW_STR_EMPTY;
	while (mw_str_ends_with(line, MW_STR("\r")))
		line.len--;
	if (mw_str_starts_with(line, MW_STR("\x1e"))) /* before each object of "journalctl -o json-seq" */
		line = mw_str_tail(line, 1);
	if (mw_str_starts_with(line, MW_STR("data: {"))) /* of "-o json-sse" */
		line = mw_str_tail(line, strlen("data: "));
	if (!(mw_str_starts_with(line, MW_STR("{")) ? read_object : read_text)(clock, line, line_r, &rest))
		return false;
	skip_blanks(&rest);
	skip_id(&rest);
	skip_repeated(&rest);
	if (mw_str_starts_with(line_r->program, MW_STR("dovecot"))) {
		struct mw_str inner = rest;

		if (read_program(take_word(&inner), line_r))
			rest = inner;
	}
	line_r->error = false;
	skip_level(&rest, &line_r->error);
	line_r->message = rest;
	return true;
}
