/* SPDX-License-Identifier: MIT */
#include "ui/markup.h"

#include "base/text.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

struct mw_markup mw_markup_over(struct mw_buf *out)
{
	return (struct mw_markup){ .out = out };
}

static struct mw_markup_level *level(struct mw_markup *markup)
{
	return &markup->levels[markup->depth];
}

static void add_escaped(struct mw_buf *out, struct mw_str text)
{
	static const char *const entities[128] = {
		['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
	};

	while (text.len > 0) {
		size_t harmless = mw_text_harmless(text), whole = mw_text_character(text);
		unsigned char first = (unsigned char)text.ptr[0];

		if (harmless == 0)
			mw_buf_add_text(out, REPLACEMENT);
		else if (first < 128 && entities[first] != NULL)
			mw_buf_add_text(out, entities[first]);
		else
			mw_buf_add(out, mw_str_head(text, harmless));
		text = mw_str_tail(text, whole > 0 ? whole : 1);
	}
}

static void close_tag(struct mw_markup *markup)
{
	if (markup->tag_open)
		mw_buf_add_char(markup->out, '>');
	markup->tag_open = false;
}

static void new_line(struct mw_markup *markup, unsigned depth)
{
	mw_buf_add_char(markup->out, '\n');
	for (unsigned i = 0; i < depth; i++)
		mw_buf_add_char(markup->out, '\t');
}

void mw_markup_begin(struct mw_markup *markup, const char *element)
{
	struct mw_markup_level *parent = level(markup);

	close_tag(markup);
	if (!parent->has_text && markup->depth > 0)
		new_line(markup, markup->depth);
	parent->has_elements = true;
	markup->depth++;
	*level(markup) = (struct mw_markup_level){ .element = element };
	mw_buf_printf(markup->out, "<%s", element);
	markup->tag_open = true;
}

void mw_markup_attribute(struct mw_markup *markup, const char *name, struct mw_str value)
{
	mw_buf_printf(markup->out, " %s=\"", name);
	add_escaped(markup->out, value);
	mw_buf_add_char(markup->out, '"');
}

void mw_markup_text(struct mw_markup *markup, struct mw_str text)
{
	close_tag(markup);
	level(markup)->has_text = true;
	add_escaped(markup->out, text);
}

void mw_markup_raw(struct mw_markup *markup, const char *text)
{
	close_tag(markup);
	level(markup)->has_text = true;
	mw_buf_add_text(markup->out, text);
}

static void leave(struct mw_markup *markup)
{
	markup->depth--;
	if (markup->depth == 0)
		mw_buf_add_char(markup->out, '\n');
}

void mw_markup_end(struct mw_markup *markup)
{
	const struct mw_markup_level *ended = level(markup);

	close_tag(markup);
	if (ended->has_elements && !ended->has_text)
		new_line(markup, markup->depth - 1);
	mw_buf_printf(markup->out, "</%s>", ended->element);
	leave(markup);
}

void mw_markup_end_void(struct mw_markup *markup)
{
	mw_buf_add_text(markup->out, "/>");
	markup->tag_open = false;
	leave(markup);
}

void mw_markup_element(struct mw_markup *markup, const char *element, struct mw_str text)
{
	mw_markup_begin(markup, element);
	mw_markup_text(markup, text);
	mw_markup_end(markup);
}
