/* SPDX-License-Identifier: MIT */
#include "policy/syntax.h"

#include <stdarg.h>
#include <stdio.h>

static void report(struct mw_reader *reader, enum mw_severity severity, struct mw_spot spot, const char *expected,
		   const char *format, va_list args)
{
	char text[512];

	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	mw_errors_add(reader->errors, severity, reader->file, spot.line, spot.column, expected, "%s", text);
}

void mw_reader_error(struct mw_reader *reader, struct mw_spot spot, const char *expected, const char *format, ...)
{
	va_list args;

	reader->error_count++;
	va_start(args, format);
	report(reader, MW_ERROR, spot, expected, format, args);
	va_end(args);
}

void mw_reader_warn(struct mw_reader *reader, struct mw_spot spot, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	report(reader, MW_WARNING, spot, NULL, format, args);
	va_end(args);
}

bool mw_reader_gave_up(const struct mw_reader *reader)
{
	return reader->error_count >= MW_POLICY_ERRORS_MAX || mw_arena_failed(reader->scratch) ||
	       mw_arena_failed(reader->arena);
}

void mw_quote(struct mw_str value, struct mw_buf *out)
{
	const size_t most = 80;

	mw_buf_add_char(out, '"');
	for (size_t i = 0; i < value.len && i < most; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (c < 0x20 || c >= 0x7f)
			mw_buf_printf(out, "\\x%02x", c);
		else
			mw_buf_add_char(out, (char)c);
	}
	mw_buf_add_text(out, value.len > most ? "...\"" : "\"");
}

void mw_lexer_init(struct mw_lexer *lexer, struct mw_reader *reader, struct mw_str text)
{
	*lexer = (struct mw_lexer){ .reader = reader, .text = text, .line = 1 };
	if (mw_str_starts_with(text, MW_STR("\xef\xbb\xbf")))
		lexer->at = lexer->line_start = 3;
}

static int look(const struct mw_lexer *lexer, size_t ahead)
{
	size_t at = lexer->at + ahead;

	return at < lexer->text.len ? (unsigned char)lexer->text.ptr[at] : -1;
}

static struct mw_spot here(const struct mw_lexer *lexer)
{
	return (struct mw_spot){ lexer->line, (unsigned)(lexer->at - lexer->line_start) + 1 };
}

static void step(struct mw_lexer *lexer)
{
	if (lexer->text.ptr[lexer->at++] == '\n') {
		lexer->line++;
		lexer->line_start = lexer->at;
	}
}

static void skip_line(struct mw_lexer *lexer)
{
	const char *rest = lexer->text.ptr + lexer->at;
	const char *end = memchr(rest, '\n', lexer->text.len - lexer->at);

	lexer->at = end == NULL ? lexer->text.len : (size_t)(end - lexer->text.ptr);
}

static void skip_comment(struct mw_lexer *lexer)
{
	struct mw_spot spot = here(lexer);

	lexer->at += 2;
	while (lexer->at < lexer->text.len) {
		if (look(lexer, 0) == '*' && look(lexer, 1) == '/') {
			lexer->at += 2;
			return;
		}
		step(lexer);
	}
	if (!lexer->quiet)
		mw_reader_error(lexer->reader, spot, "*/", "this comment is never closed");
}

static void skip_blanks(struct mw_lexer *lexer)
{
	int c;

	while ((c = look(lexer, 0)) != -1) {
		if (c == ' ' || c == '\t' || c == '\n' || c == '\0' || (c == '\r' && look(lexer, 1) == '\n'))
			step(lexer);
		else if (c == '#' || (c == '/' && look(lexer, 1) == '/'))
			skip_line(lexer);
		else if (c == '/' && look(lexer, 1) == '*')
			skip_comment(lexer);
		else
			break;
	}
}

static bool ends_word(int c)
{
	return c < 0x21 || c == 0x7f || strchr("={},\"'#();", c) != NULL;
}

static struct mw_token lex_word(struct mw_lexer *lexer, struct mw_spot spot)
{
	size_t start = lexer->at;

	while (!ends_word(look(lexer, 0)))
		lexer->at++;
	return (struct mw_token){ MW_TOKEN_WORD, { lexer->text.ptr + start, lexer->at - start }, spot };
}

/* The text between the quotes; `escapes` says whether a backslash stands in it. */
static struct mw_str unescape(struct mw_lexer *lexer, struct mw_str raw)
{
	char *text = mw_arena_alloc(lexer->reader->scratch, raw.len + 1);
	size_t len = 0;

	if (text == NULL)
		return MW_STR_EMPTY;
	for (size_t i = 0; i < raw.len; i++) {
		if (raw.ptr[i] == '\\' && i + 1 < raw.len)
			i++;
		text[len++] = raw.ptr[i];
	}
	return (struct mw_str){ text, len };
}

static void complain(struct mw_lexer *lexer, struct mw_spot spot, const char *expected, const char *text)
{
	if (!lexer->quiet)
		mw_reader_error(lexer->reader, spot, expected, "%s", text);
}

static struct mw_token lex_string(struct mw_lexer *lexer, struct mw_spot spot)
{
	const int quote = look(lexer, 0);
	struct mw_token token = { .kind = MW_TOKEN_STRING, .spot = spot };
	bool escapes = false, bad = false;
	size_t start = ++lexer->at;
	int c;

	while ((c = look(lexer, 0)) != quote && c != -1 && c != '\n') {
		if (c == '\\' && quote == '"') {
			int next = look(lexer, 1);

			if (next != '"' && next != '\\') {
				complain(lexer, here(lexer), "\\\" or \\\\", "unknown escape in a string");
			} else {
				escapes = true;
				lexer->at++;
			}
		} else if ((c < 0x20 && c != '\0' && !(c == '\r' && look(lexer, 1) == '\n')) || c == 0x7f) {
			if (!bad)
				complain(lexer, here(lexer), NULL, "control character in a string");
			bad = true;
		}
		lexer->at++;
	}
	token.text = (struct mw_str){ lexer->text.ptr + start, lexer->at - start };
	if (escapes)
		token.text = unescape(lexer, token.text);
	if (c == quote)
		lexer->at++;
	else
		complain(lexer, spot, quote == '"' ? "\" on the same line" : "' on the same line",
			 "this string is never closed");
	return token;
}

static bool at_long_quote(const struct mw_lexer *lexer)
{
	return look(lexer, 0) == '"' && look(lexer, 1) == '"' && look(lexer, 2) == '"';
}

/* Text of several lines, as it stands between """ and """. */
static struct mw_token lex_long_string(struct mw_lexer *lexer, struct mw_spot spot)
{
	struct mw_token token = { .kind = MW_TOKEN_STRING, .spot = spot };
	bool bad = false;
	size_t start = lexer->at += 3;
	int c;

	while ((c = look(lexer, 0)) != -1 && !at_long_quote(lexer)) {
		if (!bad && ((c < 0x20 && c != '\n' && c != '\t' && !(c == '\r' && look(lexer, 1) == '\n')) || c == 0x7f)) {
			complain(lexer, here(lexer), NULL, "control character in a string");
			bad = true;
		}
		step(lexer);
	}
	token.text = (struct mw_str){ lexer->text.ptr + start, lexer->at - start };
	if (c == -1)
		complain(lexer, spot, "\"\"\"", "this string is never closed");
	else
		lexer->at += 3;
	return token;
}

struct mw_token mw_lexer_next(struct mw_lexer *lexer)
{
	struct mw_token token = { .kind = MW_TOKEN_OTHER };
	int c;

	skip_blanks(lexer);
	token.spot = here(lexer);
	c = look(lexer, 0);
	if (c == -1 || mw_reader_gave_up(lexer->reader)) {
		token.kind = MW_TOKEN_END;
		return token;
	}
	if (at_long_quote(lexer))
		return lex_long_string(lexer, token.spot);
	if (c == '"' || c == '\'')
		return lex_string(lexer, token.spot);
	if (!ends_word(c))
		return lex_word(lexer, token.spot);
	token.text = (struct mw_str){ lexer->text.ptr + lexer->at, 1 };
	if (c == '=')
		token.kind = MW_TOKEN_EQUALS;
	else if (c == '{')
		token.kind = MW_TOKEN_OPEN;
	else if (c == '}')
		token.kind = MW_TOKEN_CLOSE;
	else if (c == ',')
		token.kind = MW_TOKEN_COMMA;
	lexer->at++;
	return token;
}
