/* SPDX-License-Identifier: MIT */
#include "servers/setup/text.h"

#include "servers/restriction.h"

#define GROWTH ((size_t)16 * 1024) /* more than all settings together */

struct editor {
	const struct mw_wiring *wiring;
	struct mw_arena *arena;
	struct mw_buf out;
};

/* The value of an entry on one line, without its comments. */
static struct mw_str value_of(struct mw_arena *arena, struct mw_str entry)
{
	char *memory = mw_arena_alloc(arena, entry.len + 1);
	struct mw_str line;
	struct mw_buf out;

	if (memory == NULL)
		return MW_STR_EMPTY;
	out = mw_buf_over(memory, entry.len + 1);
	entry = mw_str_tail(entry, mw_str_find(entry, '=') + 1);
	while (mw_postfix_line_next(&entry, &line)) {
		line = mw_str_trim(line);
		if (mw_postfix_line_is_comment(line))
			continue;
		if (out.used > 0)
			mw_buf_add_char(&out, ' ');
		mw_buf_add(&out, line);
	}
	return mw_buf_str(&out);
}

static bool is_list(const struct mw_wiring_setting *setting)
{
	return mw_str_ends_with(mw_str(setting->name), MW_STR("_restrictions"));
}

static bool is_ours(const struct mw_wiring *wiring, const struct mw_restriction *item)
{
	struct mw_str server = mw_policy_call_parse(item->argument).server, path = mw_str(wiring->hook);
	const struct mw_strs *listen = &wiring->policy->policy_service.listen;
	bool ours = mw_str_equal(server, path);

	for (size_t i = 0; i < listen->count; i++)
		ours |= mw_str_equal(server, listen->items[i]);
	return ours && mw_str_equal_nocase(item->name, MW_STR("check_policy_service"));
}

/* What relaying was decided by until now: the list of the policy has its own. */
static bool is_replaced(const struct mw_restriction *item)
{
	static const char *const words[] = { "permit_mynetworks", "permit_sasl_authenticated", "permit_tls_clientcerts",
					     "permit_auth_destination", "permit_mx_backup", "permit", "check_relay_domains",
					     "reject_unauth_destination", "defer_unauth_destination", "reject", "defer" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (mw_str_equal_nocase(item->name, mw_str(words[i])))
			return true;
	}
	return false;
}

/* The policy's list with the other restrictions of the old one behind the question. */
static struct mw_strs merge(const struct editor *editor, const struct mw_wiring_setting *setting, struct mw_str old)
{
	struct mw_str *items = MW_ARENA_ARRAY(editor->arena, struct mw_str, setting->value.count + old.len);
	struct mw_strs merged = { items, 0 };
	struct mw_restriction item;

	if (items == NULL)
		return setting->value;
	items[merged.count++] = setting->value.items[0];
	while (mw_restriction_next(&old, &item)) {
		if (!is_ours(editor->wiring, &item) && !is_replaced(&item))
			items[merged.count++] = item.text;
	}
	for (size_t i = 1; i < setting->value.count; i++)
		items[merged.count++] = setting->value.items[i];
	return merged;
}

static bool is_same_list(struct mw_str old, struct mw_strs wanted)
{
	struct mw_restriction item;
	size_t i = 0;

	for (; mw_restriction_next(&old, &item); i++) {
		if (i >= wanted.count || !mw_str_equal(item.text, wanted.items[i]))
			return false;
	}
	return i == wanted.count;
}

static bool will_do(const struct mw_wiring_setting *setting, struct mw_str old)
{
	if (is_list(setting))
		return is_same_list(old, setting->value);
	if (strcmp(setting->name, "smtpd_forbid_bare_newline") == 0)
		return mw_wiring_does(setting, old) || mw_str_equal_nocase(old, MW_STR("normalize")) ||
		       mw_str_equal_nocase(old, MW_STR("reject"));
	return mw_wiring_does(setting, old);
}

/* Comments among the lines of an entry that goes. */
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

static struct mw_strs one(struct editor *editor, struct mw_str text)
{
	struct mw_str *item = MW_ARENA_NEW(editor->arena, struct mw_str);

	if (item == NULL)
		return (struct mw_strs){ 0 };
	*item = text;
	return (struct mw_strs){ item, 1 };
}

static void replace(struct editor *editor, const struct mw_wiring_setting *setting,
		    const struct mw_postfix_piece *piece)
{
	struct mw_str old = value_of(editor->arena, piece->text);
	struct mw_wiring_setting wanted = *setting;

	if (is_list(setting))
		wanted.value = merge(editor, setting, old);
	/* Never without a delimiter that is there: mail to addresses with it would bounce. */
	else if (strcmp(setting->name, "recipient_delimiter") == 0)
		wanted.value = one(editor, mw_postfix_delimiters(editor->arena, old, setting->value.items[0]));
	else if (strcmp(setting->name, MW_WIRING_EHLO) == 0)
		wanted.value = one(editor, mw_wiring_keywords(editor->arena, old));
	/* What $name stands for there, postconf knows. */
	if (wanted.version != MW_TLS_NONE && mw_str_find(old, '$') < old.len)
		old = editor->wiring->mandatory_protocols;
	if (wanted.is_level && mw_str_find(old, '$') < old.len)
		old = editor->wiring->tls_log;
	if (will_do(&wanted, old)) {
		mw_buf_add(&editor->out, piece->text);
		return;
	}
	keep_comments(editor, piece->text);
	mw_wiring_setting_print(&wanted, &editor->out);
}

static void edit(struct editor *editor, const struct mw_postfix_piece *piece, struct mw_str whole)
{
	const char *name = mw_arena_text(editor->arena, mw_postfix_entry_name(piece->text));
	const struct mw_wiring_setting *setting = piece->is_entry ? mw_wiring_setting(editor->wiring, name) : NULL;

	if (setting == NULL)
		mw_buf_add(&editor->out, piece->text);
	else if (mw_postfix_main_line(whole, mw_str(name)) == piece->line)
		replace(editor, setting, piece);
	else
		keep_comments(editor, piece->text);
}

static void append_new(struct editor *editor, struct mw_str whole)
{
	bool any = false;

	for (size_t i = 0; i < editor->wiring->setting_count; i++) {
		const struct mw_wiring_setting *setting = &editor->wiring->settings[i];
		struct mw_str comment = mw_str(setting->comment), line;

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

struct mw_str mw_setup_main_cf(const struct mw_wiring *wiring, struct mw_arena *arena, struct mw_str text)
{
	struct mw_postfix_text pieces = mw_postfix_text_over(text);
	size_t size = text.len * 2 + GROWTH;
	char *memory = mw_arena_alloc(arena, size);
	struct editor editor = { .wiring = wiring, .arena = arena };
	struct mw_postfix_piece piece;

	if (memory == NULL)
		return MW_STR_EMPTY;
	editor.out = mw_buf_over(memory, size);
	while (mw_postfix_text_next(&pieces, &piece))
		edit(&editor, &piece, text);
	append_new(&editor, text);
	return mw_buf_str(&editor.out);
}
