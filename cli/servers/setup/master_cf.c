/* SPDX-License-Identifier: MIT */
#include "servers/setup/text.h"

#define GROWTH ((size_t)1024)
#define COLUMNS 8 /* with the command */
#define WORD_EDITS 64

/* A part of an entry, and what takes its place. */
struct edit {
	size_t from, to;
	const struct mw_wiring_setting *option;
	size_t letters;   /* of "-o" or "-vo" that it begins with; 0: it is a word of its own */
};

struct entry {
	struct mw_str text;  /* as it stands there */
	struct mw_str plain; /* of the same length, with blanks for its comments */
	struct mw_str rest;  /* of `plain` */
	struct edit edits[WORD_EDITS]; /* in the order of the text, once sorted */
	size_t edit_count;
};

static size_t length_of(struct mw_settings options)
{
	size_t length = 0;

	for (size_t i = 0; i < options.count; i++)
		length += strlen(options.items[i].name) + options.items[i].value.items[0].len + 64;
	return length;
}

static struct mw_str without_comments(struct mw_arena *arena, struct mw_str text)
{
	char *plain = mw_arena_alloc(arena, text.len + 1);
	struct mw_str rest = text, line;

	if (plain == NULL)
		return MW_STR_EMPTY;
	memcpy(plain, text.ptr, text.len);
	while (mw_postfix_line_next(&rest, &line)) {
		if (mw_postfix_line_is_comment(line))
			memset(plain + (line.ptr - text.ptr), ' ', line.len);
	}
	return (struct mw_str){ plain, text.len };
}

/* --- finding the options */

/* The name in "NAME=VALUE" or "{ NAME = VALUE }". */
static struct mw_str name_of(struct mw_str word)
{
	if (mw_str_starts_with(word, MW_STR("{")))
		word = mw_str_tail(word, 1);
	return mw_postfix_entry_name(word);
}

static void note(struct entry *entry, struct mw_str word, size_t letters, struct mw_settings options)
{
	struct mw_str named = mw_str_tail(word, letters);
	const struct mw_wiring_setting *option = NULL;
	size_t at = 0;

	for (size_t i = 0; i < options.count; i++) {
		if (mw_str_equal(name_of(named), mw_str(options.items[i].name)))
			option = &options.items[i];
	}
	if (option == NULL)
		return;
	/* The last one counts. */
	while (at < entry->edit_count && entry->edits[at].option != option)
		at++;
	if (at == WORD_EDITS)
		return;
	memmove(&entry->edits[at], &entry->edits[at + 1],
		(at < entry->edit_count ? entry->edit_count - at - 1 : 0) * sizeof(entry->edits[0]));
	entry->edit_count -= at < entry->edit_count;
	entry->edits[entry->edit_count++] = (struct edit){
		.from = (size_t)(word.ptr - entry->plain.ptr), .to = (size_t)(word.ptr - entry->plain.ptr) + word.len,
		.option = option, .letters = letters };
}

/* "-vo NAME=VALUE" is "-v" and an option; what another letter is followed by is no word of its own. */
static void look_at(struct entry *entry, struct mw_str word, struct mw_settings options)
{
	size_t at = mw_postfix_option_letter(word);
	bool alone = at + 1 == word.len;
	struct mw_str next = alone ? mw_postfix_word(&entry->rest) : MW_STR_EMPTY;

	if (at < word.len && word.ptr[at] == 'o')
		note(entry, alone ? next : word, alone ? 0 : at + 1, options);
}

static void find_options(struct entry *entry, struct mw_settings options)
{
	struct mw_str word;

	entry->rest = entry->plain;
	for (size_t i = 0; i < COLUMNS; i++)
		mw_postfix_word(&entry->rest);
	while (!mw_str_empty(word = mw_postfix_word(&entry->rest)))
		look_at(entry, word, options);
}

/* --- writing */

/* In the form that stands there, as far as the new value can be written so: braces are for a word of their own. */
static void print_edit(const struct entry *entry, const struct edit *edit, struct mw_buf *out)
{
	struct mw_str old = mw_str_tail(mw_str_head(entry->text, edit->to), edit->from);
	struct mw_str value = edit->option->value.items[0];

	if (edit->letters > 0 && mw_postfix_has_blank(value)) {
		if (edit->letters > 2)
			mw_buf_printf(out, "%.*s ", MW_STR_ARG(mw_str_head(old, edit->letters - 1)));
		mw_wiring_option_print(edit->option, out);
	} else if (mw_str_starts_with(old, MW_STR("{")) || mw_postfix_has_blank(value)) {
		mw_buf_printf(out, "{ %s = %.*s }", edit->option->name, MW_STR_ARG(value));
	} else {
		mw_buf_printf(out, "%.*s%s=%.*s", MW_STR_ARG(mw_str_head(old, edit->letters)), edit->option->name,
			      MW_STR_ARG(value));
	}
}

/* The blanks before the last line that goes on with the entry. */
static struct mw_str indentation(const struct entry *entry)
{
	struct mw_str rest = entry->plain, line, found = MW_STR("  ");
	bool first = true;

	while (mw_postfix_line_next(&rest, &line)) {
		size_t blanks = 0;

		while (blanks < line.len && (line.ptr[blanks] == ' ' || line.ptr[blanks] == '\t'))
			blanks++;
		if (!first && blanks < line.len && line.ptr[blanks] == '-')
			found = mw_str_head(line, blanks);
		first = false;
	}
	return found;
}

static bool is_edited(const struct entry *entry, const struct mw_wiring_setting *option)
{
	for (size_t i = 0; i < entry->edit_count; i++) {
		if (entry->edits[i].option == option)
			return true;
	}
	return false;
}

static void print_entry(const struct entry *entry, struct mw_settings options, struct mw_buf *out)
{
	struct mw_str indent = indentation(entry);
	size_t end = entry->plain.len, at = 0;

	while (end > 0 && strchr(" \t\r\n", entry->plain.ptr[end - 1]) != NULL)
		end--;
	for (size_t i = 0; i < entry->edit_count; i++) {
		mw_buf_add(out, mw_str_tail(mw_str_head(entry->text, entry->edits[i].from), at));
		print_edit(entry, &entry->edits[i], out);
		at = entry->edits[i].to;
	}
	mw_buf_add(out, mw_str_tail(mw_str_head(entry->text, end), at));
	for (size_t i = 0; i < options.count; i++) {
		if (is_edited(entry, &options.items[i]))
			continue;
		mw_buf_printf(out, "\n%.*s", MW_STR_ARG(indent));
		mw_wiring_option_print(&options.items[i], out);
	}
	mw_buf_add(out, mw_str_tail(entry->text, end));
}

static void rewrite(struct mw_arena *arena, struct mw_str text, struct mw_settings options, struct mw_buf *out)
{
	struct entry entry = { .text = text, .plain = without_comments(arena, text) };

	if (mw_str_empty(entry.plain))
		return;
	find_options(&entry, options);
	print_entry(&entry, options, out);
}

struct mw_str mw_setup_master_cf(struct mw_arena *arena, struct mw_str text, const struct mw_setup_entry *entries,
				 size_t entry_count, struct mw_str added)
{
	struct mw_postfix_text pieces = mw_postfix_text_over(text);
	size_t size = text.len + added.len + GROWTH;
	struct mw_postfix_piece piece;
	struct mw_buf out;
	char *memory;

	for (size_t i = 0; i < entry_count; i++)
		size += length_of(entries[i].options) + entries[i].options.count * text.len / 8;
	memory = mw_arena_alloc(arena, size);
	if (memory == NULL)
		return MW_STR_EMPTY;
	out = mw_buf_over(memory, size);
	while (mw_postfix_text_next(&pieces, &piece)) {
		size_t i = 0;

		while (i < entry_count && (!piece.is_entry || entries[i].line != piece.line || entries[i].options.count == 0))
			i++;
		if (i < entry_count)
			rewrite(arena, piece.text, entries[i].options, &out);
		else
			mw_buf_add(&out, piece.text);
	}
	if (!mw_str_empty(added) && text.len > 0 && text.ptr[text.len - 1] != '\n')
		mw_buf_add_char(&out, '\n');
	mw_buf_add(&out, added);
	return mw_buf_str(&out);
}
