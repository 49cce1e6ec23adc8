/* SPDX-License-Identifier: MIT */
#include "credential_rest.h"

#include "mail/mechanism.h"

/* The commands of POP3, SMTP and ManageSieve, any of which may stand alone on its line. IMAP has none of one word. */
static const char *const commands[] = {
	"APOP", "ATRN", "AUTH", "AUTHENTICATE", "BDAT", "BURL", "CAPA", "CAPABILITY", "CHECKSCRIPT", "DATA", "DELE",
	"DELETESCRIPT", "EHLO", "ETRN", "EXPN", "GETSCRIPT", "HAVESPACE", "HELO", "HELP", "LANG", "LAST", "LHLO", "LIST",
	"LISTSCRIPTS", "LOGOUT", "MAIL", "NOOP", "PASS", "PUTSCRIPT", "QUIT", "RCPT", "RENAMESCRIPT", "RETR", "RSET",
	"SETACTIVE", "STARTTLS", "STAT", "STLS", "TOP", "TURN", "UIDL", "UNAUTHENTICATE", "USER", "UTF8", "VRFY", "XCLIENT",
	"XFORWARD", "XOIP",
};

static bool is_command(struct mw_str line)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (mw_str_equal_nocase(line, mw_str(commands[i])))
			return true;
	}
	return false;
}

static bool is_login(struct mw_str mechanism)
{
	return mw_str_equal_nocase(mechanism, MW_STR("LOGIN"));
}

unsigned mw_credential_rest_lines(struct mw_str mechanism, struct mw_str response)
{
	/* IMAP has no literal there, but a client may think so. */
	bool came = mw_credential_came(response);

	if (!mw_mechanism_shows_secret(mechanism))
		return 0;
	if (is_login(mechanism))
		return came ? 1 : 2;
	return came ? 0 : 1;
}

/* A word that is no command is the response, however malformed; "*" cancels, and two words are a command. */
static bool is_response(struct mw_str line)
{
	return !mw_str_empty(line) && mw_str_find(line, ' ') == line.len && !mw_str_equal(line, MW_STR("*")) &&
		!is_command(line);
}

/* What the response shows that comes with so many lines left. */
static void read_response(struct mw_str response, struct mw_str mechanism, unsigned lines,
			  struct mw_credential *credential)
{
	if (is_login(mechanism) && lines == 1)
		credential->shown = true;
	else
		mw_credential_read(mechanism, response, credential);
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

/* A line, or ManageSieve's string, which is no command whatever it says: quoted, or a literal with its octets on a line
   of their own. */
static bool next_response(struct mw_str *rest, struct mw_str *response_r, bool *string_r)
{
	*string_r = false;
	if (!next_line(rest, response_r))
		return false;
	*string_r = true;
	if (!mw_str_empty(*response_r) && !mw_credential_came(*response_r))
		return next_line(rest, response_r);
	if (response_r->len >= 2 && response_r->ptr[0] == '"' && mw_str_ends_with(*response_r, MW_STR("\"")))
		*response_r = (struct mw_str){ response_r->ptr + 1, response_r->len - 2 };
	else
		*string_r = false;
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
	bool string;

	while (*lines > 0 && next_response(&rest, &response, &string)) {
		if (string || is_response(response)) {
			read_response(response, mechanism, *lines, credential);
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
