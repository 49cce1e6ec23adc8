/* SPDX-License-Identifier: MIT */
#include "servers/setup/text.h"

struct editor {
	struct mw_settings settings;
	struct mw_arena *arena;
	struct mw_buf out;
};

static const struct mw_wiring_setting *find(const struct editor *editor, struct mw_str name)
{
	for (size_t i = 0; i < editor->settings.count; i++) {
		if (mw_str_equal(mw_str(editor->settings.items[i].name), name))
			return &editor->settings.items[i];
	}
	return NULL;
}

/* Comments among the lines of an entry whose value changes. */
static void keep_comments(struct editor *editor, struct mw_str entry)
{
	struct mw_str line;

	while (mw_postfix_line_next(&entry, &line)) {
		if (mw_postfix_line_is_comment(line)) {
			mw_buf_add(&editor->out, line);
			mw_buf_add_char(&editor->out, '\n');
		}
	}
}

/* "NAME =" and the blanks behind it as they stand there, with the new value. */
static void replace(struct editor *editor, const struct mw_wiring_setting *setting, struct mw_str entry)
{
	struct mw_str first = mw_str_head(entry, mw_str_find(entry, '\n'));
	size_t begin = mw_str_find(first, '=') + 1;

	keep_comments(editor, entry);
	while (begin < first.len && (first.ptr[begin] == ' ' || first.ptr[begin] == '\t'))
		begin++;
	mw_buf_add(&editor->out, mw_str_head(first, begin));
	if (begin == first.len && (begin == 0 || first.ptr[begin - 1] == '='))
		mw_buf_add_char(&editor->out, ' ');
	mw_buf_printf(&editor->out, "%.*s\n", MW_STR_ARG(setting->value.items[0]));
}

static void append_new(struct editor *editor, struct mw_str whole)
{
	bool any = false;

	for (size_t i = 0; i < editor->settings.count; i++) {
		const struct mw_wiring_setting *setting = &editor->settings.items[i];
		struct mw_str comment = mw_str(setting->comment != NULL ? setting->comment : ""), line;

		if (mw_postfix_main_line(whole, mw_str(setting->name)) > 0)
			continue;
		if (!any && whole.len > 0)
			mw_buf_add_text(&editor->out, whole.ptr[whole.len - 1] == '\n' ? "\n" : "\n\n");
		any = true;
		while (mw_str_split(&comment, '\n', &line))
			mw_buf_printf(&editor->out, "# %.*s\n", MW_STR_ARG(line));
		mw_wiring_setting_print(setting, &editor->out);
	}
}

struct mw_str mw_setup_main_cf(struct mw_arena *arena, struct mw_str text, struct mw_settings settings)
{
	struct mw_postfix_text pieces = mw_postfix_text_over(text);
	struct editor editor = { .settings = settings, .arena = arena };
	size_t size = text.len + 1024;
	struct mw_postfix_piece piece;
	char *memory;

	for (size_t i = 0; i < settings.count; i++)
		size += settings.items[i].value.items[0].len + 512;
	memory = mw_arena_alloc(arena, size);
	if (memory == NULL)
		return MW_STR_EMPTY;
	editor.out = mw_buf_over(memory, size);
	while (mw_postfix_text_next(&pieces, &piece)) {
		struct mw_str name = mw_postfix_entry_name(piece.text);
		const struct mw_wiring_setting *setting = piece.is_entry ? find(&editor, name) : NULL;

		if (setting != NULL && mw_postfix_main_line(text, name) == piece.line)
			replace(&editor, setting, piece.text);
		else
			mw_buf_add(&editor.out, piece.text);
	}
	append_new(&editor, text);
	return mw_buf_str(&editor.out);
}
