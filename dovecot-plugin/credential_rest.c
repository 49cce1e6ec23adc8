/* SPDX-License-Identifier: MIT */
#include "credential_rest.h"

#include "mail/mechanism.h"

/* Commands of one word that could as well be base64. */
static const char *const commands[] = {
	"APOP", "AUTH", "BDAT", "CAPA", "DATA", "DELE", "EHLO", "ETRN", "EXPN", "HELO", "HELP", "LAST", "LHLO", "LIST",
	"MAIL", "NOOP", "PASS", "QUIT", "RCPT", "RETR", "RSET", "STARTTLS", "STAT", "STLS", "TURN", "UIDL", "USER", "VRFY",
	"XOIP",
};

static bool is_command(struct mw_str line)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (mw_str_equal_nocase(line, mw_str(commands[i])))
			return true;
	}
	return false;
}

static bool is_base64(struct mw_str text)
{
	size_t len = text.len;

	if (len == 0 || len % 4 != 0)
		return false;
	while (text.len - len < 2 && text.ptr[len - 1] == '=')
		len--;
	for (size_t i = 0; i < len; i++) {
		char c = text.ptr[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/'))
			return false;
	}
	return true;
}

static bool is_name(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	}
	return text[0] != '\0';
}

static bool is_login(struct mw_str mechanism)
{
	return mw_str_equal_nocase(mechanism, MW_STR("LOGIN"));
}

unsigned mw_credential_rest_lines(struct mw_str mechanism, struct mw_str response)
{
	enum mw_mechanism_class class = mw_mechanism_class(mechanism);
	/* IMAP has no literal there, but a client may think so: its octets are the next line. */
	bool came = !mw_str_empty(response) && response.ptr[0] != '{';

	if (class != MW_MECHANISM_BASIC && class != MW_MECHANISM_BEARER)
		return 0;
	if (is_login(mechanism))
		return came ? 1 : 2;
	return came ? 0 : 1;
}

/* Whether it is the line that comes with so many left, and what it shows. */
static bool read_line(struct mw_str line, struct mw_str mechanism, unsigned lines, struct mw_credential *credential)
{
	struct mw_credential found;

	if (is_command(line) || !is_base64(line))
		return false;
	if (is_login(mechanism) && lines == 1) {
		credential->shown = true;
		return true;
	}
	mw_credential_read(mechanism, line, &found);
	if (is_login(mechanism) ? !is_name(found.login) : !found.shown)
		return false;
	*credential = found;
	return true;
}

/* Cuts a line off, with its end; false where that has not come yet. */
static bool next_line(struct mw_str *rest, struct mw_str *line_r)
{
	size_t end = mw_str_find(*rest, '\n');

	if (end >= rest->len)
		return false;
	*line_r = mw_str_head(*rest, end);
	if (mw_str_ends_with(*line_r, MW_STR("\r")))
		line_r->len--;
	*rest = mw_str_tail(*rest, end + 1);
	return true;
}

/* A line, in ManageSieve a string: quoted, or a literal with its octets on a line of their own. */
static bool next_response(struct mw_str *rest, struct mw_str *response_r)
{
	if (!next_line(rest, response_r))
		return false;
	if (mw_str_starts_with(*response_r, MW_STR("{")) && mw_str_ends_with(*response_r, MW_STR("}")))
		return next_line(rest, response_r);
	if (response_r->len >= 2 && response_r->ptr[0] == '"' && mw_str_ends_with(*response_r, MW_STR("\"")))
		*response_r = (struct mw_str){ response_r->ptr + 1, response_r->len - 2 };
	return true;
}

static size_t line_end_len(struct mw_str text)
{
	if (mw_str_starts_with(text, MW_STR("\r\n")))
		return 2;
	return mw_str_starts_with(text, MW_STR("\n")) ? 1 : 0;
}

size_t mw_credential_rest_take(struct mw_str input, struct mw_str mechanism, unsigned *lines,
			       struct mw_credential *credential)
{
	size_t begin = line_end_len(input), taken = begin;
	struct mw_str rest = mw_str_tail(input, begin), response;

	while (*lines > 0 && next_response(&rest, &response)) {
		if (read_line(response, mechanism, *lines, credential)) {
			--*lines;
			taken = input.len - rest.len;
		} else {
			*lines = 0;
		}
	}
	rest = mw_str_tail(input, taken);
	/* A command has begun. */
	if (mw_str_find(rest, ' ') < rest.len)
		*lines = 0;
	/* What is dropped is dropped from the head: the last line's end stays in the place of the command's. */
	if (begin > 0)
		taken -= taken >= 2 && input.ptr[taken - 2] == '\r' ? 2 : 1;
	return taken;
}
