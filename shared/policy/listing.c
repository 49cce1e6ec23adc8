/* SPDX-License-Identifier: MIT */
#include "policy/listing.h"

#include <ctype.h>

#include "policy/exchange.h"
#include "policy/setting.h"

#define CONTINUED 8 /* blanks before what Format-List goes on with: as wide as its shortest names, and the colon */

/* Lines that decide something else than what their names as settings say. */
static const struct {
	const char *name, *why;
} others[] = {
	{ "Identity", "the connector has its title" }, { "Comment", "a comment begins with #" },
	{ "Guid", "it names an object of Active Directory" }, { "Id", "it names an object of Active Directory" },
	{ "DistinguishedName", "it names an object of Active Directory" },
};

struct line {
	struct mw_str name, value; /* of the first line, trimmed */
	struct mw_spot spot;
};

/* As PowerShell on Windows ends it. */
static struct mw_str without_return(struct mw_str text)
{
	return mw_str_ends_with(text, MW_STR("\r")) ? mw_str_head(text, text.len - 1) : text;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool read_line(struct mw_str text, struct line *line_r)
{
	size_t from = 0, to, colon;

	while (from < text.len && is_blank(text.ptr[from]))
		from++;
	to = from;
	while (to < text.len && isalnum((unsigned char)text.ptr[to]))
		to++;
	colon = to;
	while (colon < text.len && is_blank(text.ptr[colon]))
		colon++;
	if (to == from || colon == to || colon == text.len || text.ptr[colon] != ':' ||
	    (colon + 1 < text.len && !isspace((unsigned char)text.ptr[colon + 1])))
		return false;
	line_r->name = (struct mw_str){ text.ptr + from, to - from };
	line_r->value = mw_str_trim(without_return(mw_str_tail(text, colon + 1)));
	line_r->spot.column = (unsigned)from + 1;
	return true;
}

static bool continues(struct mw_str text)
{
	size_t blanks = 0;

	while (blanks < text.len && is_blank(text.ptr[blanks]))
		blanks++;
	return blanks >= CONTINUED && !mw_str_empty(mw_str_trim(without_return(text))) && text.ptr[blanks] != '#';
}

/* RemoteIPRanges is remote_ip_ranges: a capital begins a word before a small letter, or behind one. */
static struct mw_str name_here(struct mw_reader *reader, struct mw_str name)
{
	char *memory = mw_arena_alloc(reader->scratch, 2 * name.len + 1);
	struct mw_buf out;

	if (memory == NULL)
		return name;
	out = mw_buf_over(memory, 2 * name.len + 1);
	for (size_t i = 0; i < name.len; i++) {
		bool small_next = i + 1 < name.len && islower((unsigned char)name.ptr[i + 1]);
		bool behind = i > 0 && !isupper((unsigned char)name.ptr[i - 1]);

		if (i > 0 && isupper((unsigned char)name.ptr[i]) && (small_next || behind))
			mw_buf_add_char(&out, '_');
		mw_buf_add_char(&out, (char)tolower((unsigned char)name.ptr[i]));
	}
	return mw_buf_str(&out);
}

/* --- what to write */

static void write_value(struct mw_str text, struct mw_buf *out)
{
	bool plain = !mw_str_empty(text);

	for (size_t i = 0; i < text.len; i++)
		plain &= isalnum((unsigned char)text.ptr[i]) || text.ptr[i] == '-';
	if (plain)
		mw_buf_add(out, text);
	else
		mw_quote(text, out);
}

static void write_list(struct mw_str text, struct mw_buf *out)
{
	const char *separator = " ";
	struct mw_str item;

	if (mw_str_starts_with(text, MW_STR("{")) && mw_str_ends_with(text, MW_STR("}")))
		text = mw_str_head(mw_str_tail(text, 1), text.len - 2);
	mw_buf_add_char(out, '{');
	while (mw_str_split(&text, ',', &item)) {
		item = mw_str_trim(item);
		if (mw_str_empty(item))
			continue;
		mw_buf_add_text(out, separator);
		write_value(item, out);
		separator = ", ";
	}
	mw_buf_add_text(out, " }");
}

static const char *why_not(struct mw_str name, struct mw_str here)
{
	const char *why = mw_exchange_parameter(here);

	for (size_t i = 0; why == NULL && i < sizeof(others) / sizeof(others[0]); i++) {
		if (mw_str_equal_nocase(name, mw_str(others[i].name)))
			why = others[i].why;
	}
	return why != NULL ? why : "it decides nothing here";
}

static void explain(struct mw_reader *reader, const struct line *line, struct mw_str value)
{
	struct mw_str here = name_here(reader, line->name);
	size_t index = mw_setting_find(MW_SECTION_CONNECTOR, here);
	char memory[4096];
	struct mw_buf out = MW_BUF_OVER(memory);

	if (mw_str_equal_nocase(line->name, MW_STR("Name")) && !mw_str_empty(value)) {
		mw_buf_add_text(&out, "connector ");
		mw_quote(value, &out);
		mw_buf_add_text(&out, " { ... } around its settings");
	} else if (index == mw_setting_count) {
		mw_buf_printf(&out, "no such line: %s", why_not(line->name, here));
	} else if (mw_str_empty(value) || mw_str_equal(value, MW_STR("{}"))) {
		mw_buf_add_text(&out, "no such line: it is empty");
	} else if (mw_str_ends_with(value, MW_STR("...}")) || mw_str_ends_with(value, MW_STR("..."))) {
		mw_buf_add_text(&out, "the whole list: PowerShell cut it; run $FormatEnumerationLimit = -1 there, and list "
				      "it again");
	} else {
		mw_buf_printf(&out, "%s = ", mw_settings[index].name);
		if (mw_setting_is_list(mw_settings[index].type))
			write_list(value, &out);
		else
			write_value(value, &out);
	}
	mw_reader_error(reader, line->spot, out.data, "%.*s is a line of Get-ReceiveConnector, not of this file",
			MW_STR_ARG(mw_str_head(line->name, 64)));
}

/* --- the text */

/* A value goes on in lines that are far to the right. */
static struct mw_str whole_value(struct mw_reader *reader, struct mw_str value, struct mw_str rest, size_t *lines_r,
				 size_t *len_r)
{
	struct mw_str left = rest, text;

	*lines_r = 0;
	*len_r = 0;
	while (!mw_str_empty(left) && mw_str_split(&left, '\n', &text) && continues(text)) {
		char *memory = mw_arena_alloc(reader->scratch, value.len + text.len + 2);
		struct mw_buf out;

		*len_r = rest.len - left.len;
		++*lines_r;
		if (memory == NULL)
			break;
		out = mw_buf_over(memory, value.len + text.len + 2);
		mw_buf_printf(&out, "%.*s %.*s", MW_STR_ARG(value), MW_STR_ARG(mw_str_trim(without_return(text))));
		value = mw_buf_str(&out);
	}
	return value;
}

static void blank(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text[i] = text[i] == '\n' ? '\n' : ' ';
}

/* Few files have such a line: they are looked through without memory. */
static bool has_listing(struct mw_str text)
{
	struct line line;
	struct mw_str one;

	while (mw_str_split(&text, '\n', &one)) {
		if (read_line(one, &line))
			return true;
	}
	return false;
}

struct mw_str mw_listing_explain(struct mw_reader *reader, struct mw_str text)
{
	char *copy = has_listing(text) ? mw_arena_alloc(reader->scratch, text.len + 1) : NULL;
	struct mw_str rest = text, one;
	unsigned number = 0;

	if (copy == NULL)
		return text;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	while (!mw_reader_gave_up(reader) && mw_str_split(&rest, '\n', &one)) {
		struct line line;
		size_t lines, len;

		number++;
		if (!read_line(one, &line))
			continue;
		line.spot.line = number;
		explain(reader, &line, whole_value(reader, line.value, rest, &lines, &len));
		blank(copy + (one.ptr - text.ptr), one.len);
		if (len > 0)
			blank(copy + (rest.ptr - text.ptr), len);
		number += (unsigned)lines;
		rest = mw_str_tail(rest, len);
	}
	return (struct mw_str){ copy, text.len };
}
