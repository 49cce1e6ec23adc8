/* SPDX-License-Identifier: MIT */
#include "policy/listing.h"

struct parser {
	struct mw_lexer lexer;
	struct mw_token token; /* the next one, not yet taken */
	unsigned depth;
	bool stopped;
};

static struct mw_token take(struct parser *parser)
{
	struct mw_token token = parser->token;

	parser->token = mw_lexer_next(&parser->lexer);
	if (parser->stopped)
		parser->token.kind = MW_TOKEN_END;
	return token;
}

static enum mw_token_kind kind_after_next(const struct parser *parser)
{
	struct mw_lexer ahead = parser->lexer;

	ahead.quiet = true;
	return mw_lexer_next(&ahead).kind;
}

static bool is_value(const struct mw_token *token)
{
	return token->kind == MW_TOKEN_WORD || token->kind == MW_TOKEN_STRING;
}

static void unexpected(struct parser *parser, const char *expected, const char *where)
{
	char memory[400];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (parser->token.kind == MW_TOKEN_END)
		mw_buf_add_text(&text, "end of file");
	else
		mw_quote(parser->token.text, &text);
	mw_reader_error(parser->lexer.reader, parser->token.spot, expected, "unexpected %s %s", text.data, where);
}

/* Goes on with the next statement: at the first word of a later line, or at the end of the section. */
static void recover(struct parser *parser)
{
	const unsigned line = parser->token.spot.line;
	unsigned depth = 0;

	while (parser->token.kind != MW_TOKEN_END) {
		if (parser->token.kind == MW_TOKEN_OPEN)
			depth++;
		else if (parser->token.kind == MW_TOKEN_CLOSE && depth-- == 0)
			return;
		else if (parser->token.kind == MW_TOKEN_WORD && depth == 0 && parser->token.spot.line > line)
			return;
		take(parser);
	}
}

static void add_value(struct parser *parser, struct mw_statement *statement, struct mw_value ***tail_io)
{
	struct mw_token token = take(parser);
	struct mw_value *value = MW_ARENA_NEW(parser->lexer.reader->scratch, struct mw_value);

	if (value == NULL)
		return;
	value->text = token.text;
	value->spot = token.spot;
	**tail_io = value;
	*tail_io = &value->next;
	statement->value_count++;
}

/* After "{". A list that was not closed ends before what looks like the next setting. */
static void parse_list(struct parser *parser, struct mw_statement *statement, struct mw_spot open)
{
	struct mw_value **tail = &statement->values;
	struct mw_reader *reader = parser->lexer.reader;

	statement->is_list = true;
	for (;;) {
		if (parser->token.kind == MW_TOKEN_CLOSE) {
			take(parser);
			return;
		}
		if (!is_value(&parser->token))
			break;
		if (parser->token.kind == MW_TOKEN_WORD && parser->token.spot.line > open.line &&
		    kind_after_next(parser) == MW_TOKEN_EQUALS) {
			mw_reader_error(reader, open, "}", "the list of %.*s is never closed",
					MW_STR_ARG(mw_str_head(statement->name, 64)));
			return;
		}
		add_value(parser, statement, &tail);
		if (parser->token.kind == MW_TOKEN_COMMA)
			take(parser);
		else if (is_value(&parser->token) && kind_after_next(parser) != MW_TOKEN_EQUALS)
			unexpected(parser, ", or }", "in a list");
	}
	unexpected(parser, "a value or }", "in a list");
	recover(parser);
	/* The brace that ended the broken list, if it did. */
	if (parser->token.kind == MW_TOKEN_CLOSE)
		take(parser);
}

static void parse_setting_value(struct parser *parser, struct mw_statement *statement)
{
	struct mw_value **tail = &statement->values;
	struct mw_spot spot = parser->token.spot;

	if (parser->token.kind == MW_TOKEN_OPEN) {
		take(parser);
		parse_list(parser, statement, spot);
	} else if (parser->token.kind == MW_TOKEN_WORD && spot.line > statement->spot.line &&
		   kind_after_next(parser) == MW_TOKEN_EQUALS) {
		mw_reader_error(parser->lexer.reader, statement->spot, NULL, "%.*s has no value",
				MW_STR_ARG(mw_str_head(statement->name, 64)));
	} else if (is_value(&parser->token)) {
		add_value(parser, statement, &tail);
	} else {
		unexpected(parser, "a value or a list in { }", "after =");
		recover(parser);
	}
}

static struct mw_statement *parse_block(struct parser *parser, const struct mw_statement *section);

static void parse_section(struct parser *parser, struct mw_statement *statement)
{
	statement->is_section = true;
	if (parser->token.kind != MW_TOKEN_OPEN) {
		struct mw_token title = take(parser);

		statement->has_title = true;
		statement->title = title.text;
		statement->title_spot = title.spot;
	}
	if (++parser->depth > MW_POLICY_DEPTH_MAX) {
		mw_reader_error(parser->lexer.reader, statement->spot, NULL, "sections are nested too deep");
		parser->stopped = true;
	}
	take(parser);
	statement->children = parse_block(parser, statement);
	parser->depth--;
}

/* False: nothing that can be used. */
static bool parse_statement(struct parser *parser, struct mw_statement *statement)
{
	struct mw_token name = take(parser);

	statement->name = name.text;
	statement->spot = name.spot;
	if (parser->token.kind == MW_TOKEN_EQUALS) {
		take(parser);
		parse_setting_value(parser, statement);
		return true;
	}
	if (parser->token.kind == MW_TOKEN_OPEN ||
	    (is_value(&parser->token) && kind_after_next(parser) == MW_TOKEN_OPEN)) {
		parse_section(parser, statement);
		return true;
	}
	if (mw_str_equal(parser->token.text, MW_STR("+")) && kind_after_next(parser) == MW_TOKEN_EQUALS)
		unexpected(parser, "= and the whole list", "before =");
	else
		mw_reader_error(parser->lexer.reader, name.spot, "NAME = VALUE or NAME \"TITLE\" { ... }",
				"neither = nor { after \"%.*s\"", MW_STR_ARG(mw_str_head(name.text, 64)));
	/* What stands on the next line is the next statement. */
	if (parser->token.kind != MW_TOKEN_WORD || parser->token.spot.line == name.spot.line)
		recover(parser);
	return false;
}

static bool at_end_of_block(struct parser *parser, const struct mw_statement *section)
{
	if (parser->token.kind == MW_TOKEN_END) {
		if (section != NULL && !parser->stopped)
			mw_reader_error(parser->lexer.reader, section->spot, "}", "section %.*s is never closed",
					MW_STR_ARG(mw_str_head(section->name, 64)));
		return true;
	}
	if (parser->token.kind == MW_TOKEN_CLOSE && section != NULL) {
		take(parser);
		return true;
	}
	return false;
}

static struct mw_statement *parse_block(struct parser *parser, const struct mw_statement *section)
{
	struct mw_statement *first = NULL, **tail = &first;

	while (!at_end_of_block(parser, section)) {
		struct mw_statement *statement;

		if (parser->token.kind != MW_TOKEN_WORD) {
			unexpected(parser, "the name of a setting or section", "");
			if (parser->token.kind == MW_TOKEN_CLOSE)
				take(parser);
			else
				recover(parser);
			continue;
		}
		statement = MW_ARENA_NEW(parser->lexer.reader->scratch, struct mw_statement);
		if (statement == NULL)
			break;
		if (parse_statement(parser, statement)) {
			*tail = statement;
			tail = &statement->next;
		}
	}
	return first;
}

/* The length in octets of the UTF-8 character at the start of `text`; 0: there is none. */
static size_t utf8_len(struct mw_str text)
{
	unsigned char c = (unsigned char)text.ptr[0];
	size_t len = 0;

	if (c < 0x80)
		return 1;
	if (c >= 0xc2 && c <= 0xdf)
		len = 2;
	else if (c >= 0xe0 && c <= 0xef)
		len = 3;
	else if (c >= 0xf0 && c <= 0xf4)
		len = 4;
	if (len > text.len)
		return 0;
	for (size_t i = 1; i < len; i++)
		if (((unsigned char)text.ptr[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

/* One message each for the first NUL and the first byte that is no UTF-8. */
static void check_bytes(struct mw_reader *reader, struct mw_str text)
{
	struct mw_spot spot = { 1, 1 };
	bool nul = false, bad = false;

	while (!mw_str_empty(text) && !(nul && bad)) {
		unsigned char c = (unsigned char)text.ptr[0];
		size_t len = utf8_len(text);

		if (len == 0 && !bad)
			mw_reader_error(reader, spot, "UTF-8", "byte 0x%02x is not UTF-8", c);
		bad |= len == 0;
		if (c == '\0' && !nul)
			mw_reader_error(reader, spot, "text", "NUL byte");
		nul |= c == '\0';
		len += len == 0;
		spot.column += (unsigned)len;
		if (c == '\n')
			spot = (struct mw_spot){ spot.line + 1, 1 };
		text = mw_str_tail(text, len);
	}
}

struct mw_statement *mw_parse_text(struct mw_reader *reader, struct mw_str text)
{
	struct parser parser = { .depth = 0 };

	check_bytes(reader, text);
	mw_lexer_init(&parser.lexer, reader, mw_listing_explain(reader, text));
	take(&parser);
	return parse_block(&parser, NULL);
}

void mw_parse_value(struct mw_reader *reader, struct mw_str text, struct mw_statement *statement)
{
	struct parser parser = { .depth = 0 };

	mw_lexer_init(&parser.lexer, reader, text);
	take(&parser);
	parse_setting_value(&parser, statement);
}
