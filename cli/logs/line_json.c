/* SPDX-License-Identifier: MIT */
#include "logs/line_json.h"

#include "base/buf.h"
#include "base/units.h"

static void skip_blanks(struct mw_str *text)
{
	while (!mw_str_empty(*text) && strchr(" \t", text->ptr[0]) != NULL)
		*text = mw_str_tail(*text, 1);
}

static bool take_char(struct mw_str *text, char c)
{
	skip_blanks(text);
	if (mw_str_empty(*text) || text->ptr[0] != c)
		return false;
	*text = mw_str_tail(*text, 1);
	return true;
}

/* What stands between the quotes, as it is encoded. */
static bool take_string(struct mw_str *text, struct mw_str *inner_r)
{
	size_t at = 0;

	if (!take_char(text, '"'))
		return false;
	while (at < text->len && text->ptr[at] != '"')
		at += text->ptr[at] == '\\' ? 2 : 1;
	if (at >= text->len)
		return false;
	*inner_r = mw_str_head(*text, at);
	*text = mw_str_tail(*text, at + 1);
	return true;
}

/* An array or object with all that is in it. */
static bool take_nested(struct mw_str *text)
{
	struct mw_str inner;
	size_t depth = 0;

	do {
		char c = mw_str_empty(*text) ? '\0' : text->ptr[0];

		if (c == '"') {
			if (!take_string(text, &inner))
				return false;
			continue;
		}
		depth += c == '[' || c == '{' ? 1 : 0;
		depth -= c == ']' || c == '}' ? 1 : 0;
		*text = mw_str_tail(*text, 1);
	} while (depth > 0 && !mw_str_empty(*text));
	return depth == 0;
}

/* A string, a number, a word, an array or an object. *value_r: as it stands, a string without its quotes. */
static bool take_value(struct mw_str *text, struct mw_str *value_r, bool *array_r)
{
	struct mw_str begin;
	bool nested;

	skip_blanks(text);
	begin = *text;
	*array_r = mw_str_starts_with(*text, MW_STR("["));
	nested = *array_r || mw_str_starts_with(*text, MW_STR("{"));
	if (!nested && mw_str_starts_with(*text, MW_STR("\"")))
		return take_string(text, value_r);
	if (nested && !take_nested(text))
		return false;
	while (!nested && !mw_str_empty(*text) && text->ptr[0] != ',' && text->ptr[0] != '}')
		*text = mw_str_tail(*text, 1);
	*value_r = mw_str_head(begin, begin.len - text->len);
	return true;
}

/* The four digits of \u; a half of a pair is written as '?'. */
static void add_unicode(struct mw_buf *out, struct mw_str digits)
{
	unsigned code = 0;

	for (size_t i = 0; i < 4; i++) {
		int digit = i < digits.len ? mw_hex_digit(digits.ptr[i]) : 0;

		code = code * 16 + (unsigned)(digit >= 0 ? digit : 0);
	}
	if (code >= 0xd800 && code < 0xe000)
		code = '?';
	if (code < 0x80) {
		mw_buf_add_char(out, (char)code);
	} else if (code < 0x800) {
		mw_buf_add_char(out, (char)(0xc0 | code >> 6));
		mw_buf_add_char(out, (char)(0x80 | (code & 0x3f)));
	} else {
		mw_buf_add_char(out, (char)(0xe0 | code >> 12));
		mw_buf_add_char(out, (char)(0x80 | (code >> 6 & 0x3f)));
		mw_buf_add_char(out, (char)(0x80 | (code & 0x3f)));
	}
}

static void decode_string(struct mw_str text, struct mw_buf *out)
{
	static const char letters[] = "bfnrt", octets[] = "\b\f\n\r\t";

	for (size_t i = 0; i < text.len; i++) {
		const char *letter;

		if (text.ptr[i] != '\\' || i + 1 == text.len) {
			mw_buf_add_char(out, text.ptr[i]);
			continue;
		}
		i++;
		letter = strchr(letters, text.ptr[i]);
		if (text.ptr[i] == 'u') {
			add_unicode(out, mw_str_tail(text, i + 1));
			i += 4;
		} else {
			mw_buf_add_char(out, letter != NULL && *letter != '\0' ? octets[letter - letters] : text.ptr[i]);
		}
	}
}

/* "[73, 77]": a message that is no UTF-8 is written as its octets. */
static void decode_octets(struct mw_str text, struct mw_buf *out)
{
	struct mw_str inner = mw_str_tail(text, 1), field;
	uint64_t octet;

	inner.len -= mw_str_ends_with(inner, MW_STR("]")) ? 1 : 0;
	while (mw_str_split(&inner, ',', &field))
		if (mw_parse_number(mw_str_trim(field), &octet) && octet < 256)
			mw_buf_add_char(out, (char)octet);
}

bool mw_why_json_read(struct mw_str text, struct mw_why_line *line_r, struct mw_str *message_r)
{
	struct mw_buf out = mw_buf_over(line_r->decoded, sizeof(line_r->decoded));
	struct mw_str key, value;
	uint64_t number;
	bool array, message = false, stamped = false;

	line_r->program = MW_STR_EMPTY;
	line_r->process = 0;
	for (bool more = take_char(&text, '{'); more; more = take_char(&text, ',')) {
		if (!take_string(&text, &key) || !take_char(&text, ':') || !take_value(&text, &value, &array))
			return false;
		if (mw_str_equal(key, MW_STR("MESSAGE")) && !message) {
			(array ? decode_octets : decode_string)(value, &out);
			message = true;
		} else if (mw_str_equal(key, MW_STR("__REALTIME_TIMESTAMP")) && mw_parse_number(value, &number)) {
			line_r->time = (int64_t)(number / 1000000);
			stamped = true;
		} else if (mw_str_equal(key, MW_STR("SYSLOG_IDENTIFIER"))) {
			line_r->program = value;
		} else if (mw_str_equal(key, MW_STR("_HOSTNAME"))) {
			line_r->host = value;
		} else if ((mw_str_equal(key, MW_STR("_PID")) || mw_str_equal(key, MW_STR("SYSLOG_PID"))) &&
			   mw_parse_number(value, &number)) {
			line_r->process = number;
		}
	}
	*message_r = mw_str(line_r->decoded);
	return take_char(&text, '}') && message && stamped && !mw_str_empty(line_r->program);
}

/* Seconds, or thousandths, millionths or billionths of one, since the epoch, as a stamp of them; else as it stands. */
static void add_time(struct mw_str time, struct mw_buf *out)
{
	uint64_t number;

	if (time.len >= 10 && mw_parse_number(mw_str_head(time, mw_str_find(time, '.')), &number)) {
		struct mw_str digits = mw_str_head(time, mw_str_find(time, '.'));

		mw_buf_add(out, mw_str_head(digits, 10));
		mw_buf_add_char(out, '.');
		mw_buf_add(out, mw_str_tail(digits, 10));
		mw_buf_add_text(out, "000");
	} else {
		decode_string(time, out);
	}
	mw_buf_add_char(out, ' ');
}

/* The parts of a line as collectors of logs call them (syslog-ng, rsyslog, Vector, Fluentd, Elastic's Beats, Graylog),
   and what shows that an object is a line of a log as a whole. No "tag": it is what Fluentd sends a line by, not its
   program. */
enum part { TIME, HOST, PROGRAM, PROCESS, MESSAGE, DOCKER_TIME, DOCKER, LOKI, LABELS, GOOGLE, CLOUDWATCH, FILE_PATH,
	    SOURCE, INDEX, PARTS };

static const struct { const char *name; enum part part; } names[] = {
	{ "time", TIME }, { "timestamp", TIME }, { "@timestamp", TIME }, { "timereported", TIME }, { "ISODATE", TIME },
	{ "DATE", TIME }, { "host", HOST }, { "HOST", HOST }, { "hostname", HOST }, { "host.name", HOST },
	{ "host.hostname", HOST }, { "source", HOST }, { "PROGRAM", PROGRAM },
	{ "program", PROGRAM }, { "appname", PROGRAM }, { "ident", PROGRAM }, { "syslogtag", PROGRAM },
	{ "process.name", PROGRAM }, { "log.syslog.appname", PROGRAM }, { "syslog.identifier", PROGRAM },
	{ "application_name", PROGRAM }, { "_application_name", PROGRAM }, { "PID", PROCESS },
	{ "pid", PROCESS }, { "procid", PROCESS }, { "process.pid", PROCESS }, { "log.syslog.procid", PROCESS },
	{ "syslog.pid", PROCESS }, { "process_id", PROCESS }, { "_process_id", PROCESS },
	{ "message", MESSAGE }, { "MESSAGE", MESSAGE }, { "msg", MESSAGE }, { "short_message", MESSAGE },
	{ "time", DOCKER_TIME }, { "log", DOCKER }, { "line", LOKI }, { "labels", LABELS }, { "fields", LABELS },
	{ "textPayload", GOOGLE }, { "ingestionTime", CLOUDWATCH }, { "log.file.path", FILE_PATH }, { "_source", SOURCE },
	{ "message", SOURCE }, { "_index", INDEX }, { "index", INDEX },
};

/* Of an object only what holds one may be an object. */
static void take_part(struct mw_str key, struct mw_str value, struct mw_str *parts)
{
	bool nested = mw_str_starts_with(value, MW_STR("{")) || mw_str_starts_with(value, MW_STR("["));

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		bool holds = names[i].part == LABELS || names[i].part == SOURCE;

		if (mw_str_equal(key, mw_str(names[i].name)) && mw_str_empty(parts[names[i].part]) && nested == holds)
			parts[names[i].part] = value;
	}
}

/* "process": {"name": "postfix/smtpd"} is process.name. */
static bool take_parts(struct mw_str text, const char *before, int depth, struct mw_str *parts)
{
	static const char *const nested[] = { "process", "host", "log", "log.syslog", "log.file", "syslog" };
	struct mw_str key, value;
	char memory[64];
	bool array;

	for (bool more = take_char(&text, '{'); more; more = take_char(&text, ',')) {
		struct mw_buf path = MW_BUF_OVER(memory);

		if (!take_string(&text, &key) || !take_char(&text, ':') || !take_value(&text, &value, &array))
			return false;
		mw_buf_add_text(&path, before);
		mw_buf_add(&path, key);
		take_part(mw_str(memory), value, parts);
		for (size_t i = 0; depth < 2 && i < sizeof(nested) / sizeof(nested[0]); i++)
			if (mw_str_starts_with(value, MW_STR("{")) && strcmp(memory, nested[i]) == 0) {
				mw_buf_add_char(&path, '.');
				take_parts(value, memory, depth + 1, parts);
			}
	}
	return take_char(&text, '}');
}

struct mw_str mw_why_json_inner(struct mw_str text)
{
	struct mw_str parts[PARTS] = { MW_STR_EMPTY };

	return mw_str_starts_with(text, MW_STR("{")) && take_parts(text, "", 0, parts) && !mw_str_empty(parts[INDEX]) &&
			       !mw_str_empty(parts[SOURCE]) && mw_str_empty(parts[PROGRAM])
		       ? parts[SOURCE] : text;
}

/* A log of mail, as it may be called anywhere. */
static bool is_mail_log(struct mw_str path)
{
	return mw_str_has(path, "mail") || mw_str_has(path, "dovecot") || mw_str_has(path, "postfix");
}

/* The line that an object holds as a whole; empty: none, or what may be anybody's text. */
static struct mw_str whole_line(const struct mw_str *parts, struct mw_str *time_r)
{
	*time_r = parts[DOCKER_TIME];
	if (!mw_str_empty(parts[DOCKER]))
		return parts[DOCKER];
	*time_r = parts[TIME];
	if (!mw_str_empty(parts[PROGRAM]))
		return MW_STR_EMPTY;
	if (!mw_str_empty(parts[LOKI]) && !mw_str_empty(parts[LABELS]))
		return parts[LOKI];
	if (!mw_str_empty(parts[GOOGLE]))
		return parts[GOOGLE];
	return !mw_str_empty(parts[CLOUDWATCH]) || is_mail_log(parts[FILE_PATH]) ? parts[MESSAGE] : MW_STR_EMPTY;
}

bool mw_why_json_container(struct mw_str text, struct mw_why_line *line_r, struct mw_str *text_r)
{
	struct mw_buf out = mw_buf_over(line_r->decoded, sizeof(line_r->decoded));
	struct mw_str parts[PARTS] = { MW_STR_EMPTY }, line, time;

	if (!take_parts(text, "", 0, parts))
		return false;
	line = whole_line(parts, &time);
	add_time(time, &out);
	decode_string(line, &out);
	*text_r = mw_str(line_r->decoded);
	*text_r = mw_str_head(*text_r, mw_str_find(*text_r, '\n'));
	while (mw_str_ends_with(*text_r, MW_STR("\r")))
		text_r->len--;
	return !mw_str_empty(line) && !mw_str_empty(time);
}

bool mw_why_json_collected(struct mw_why_clock *clock, struct mw_str text, struct mw_why_line *line_r,
			   struct mw_str *message_r)
{
	struct mw_buf out = mw_buf_over(line_r->decoded, sizeof(line_r->decoded));
	struct mw_str parts[PARTS] = { MW_STR_EMPTY }, whole;
	size_t program, message;

	if (!take_parts(text, "", 0, parts) || mw_str_empty(parts[MESSAGE]) || mw_str_empty(parts[PROGRAM]))
		return false;
	add_time(parts[TIME], &out);
	program = out.used;
	decode_string(parts[PROGRAM], &out);
	message = out.used;
	decode_string(parts[MESSAGE], &out);
	whole = mw_str(line_r->decoded);
	if (mw_why_stamp_read(clock, whole, &line_r->time) != program)
		return false;
	line_r->host = parts[HOST];
	line_r->program = mw_str_head(mw_str_tail(whole, program), message - program);
	if (!mw_parse_number(parts[PROCESS], &line_r->process))
		line_r->process = 0;
	*message_r = mw_str_tail(whole, message);
	while (mw_str_ends_with(*message_r, MW_STR("\n")) || mw_str_ends_with(*message_r, MW_STR("\r")))
		message_r->len--;
	return true;
}
