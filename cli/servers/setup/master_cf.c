/* SPDX-License-Identifier: MIT */
#include "servers/setup/text.h"

#include "base/units.h"

#define GROWTH ((size_t)32 * 1024)
#define OLD_OPTIONS 64
#define COLUMNS 7 /* before the command */

struct option {
	struct mw_str word, name, value; /* word: as it stands there */
};

struct entry {
	struct mw_str head; /* up to the command, as it stands there; empty: it is on several lines */
	struct mw_str columns[COLUMNS], command;
	struct option options[OLD_OPTIONS];
	size_t option_count;
	struct mw_str others[OLD_OPTIONS]; /* "-v" */
	size_t other_count;
};

struct editor {
	const struct mw_wiring *wiring;
	struct mw_arena *arena;
	struct mw_buf out;
	struct mw_str chroot; /* that of the first smtpd, for new entries */
	bool done[64];        /* by listener */
	const char *why;
};

static struct option option_of(struct mw_str word)
{
	struct option option = { .word = word };
	size_t equals;

	if (word.len > 2 && word.ptr[0] == '{')
		word = mw_str_trim(mw_str_head(mw_str_tail(word, 1), word.len - 2));
	equals = mw_str_find(word, '=');
	option.name = mw_str_trim(mw_str_head(word, equals));
	option.value = mw_str_trim(mw_str_tail(word, equals + 1));
	return option;
}

/* "-vo NAME=VALUE" is "-v" and an option; what another letter is followed by is no word of its own. */
static void take(struct entry *entry, struct mw_str word, struct mw_str *rest_io)
{
	size_t at = mw_postfix_option_letter(word);
	bool alone = at + 1 == word.len;

	if (at < word.len && word.ptr[at] == 'o') {
		if (at > 1)
			entry->others[entry->other_count++] = mw_str_head(word, at);
		entry->options[entry->option_count++] =
			option_of(alone ? mw_postfix_word(rest_io) : mw_str_tail(word, at + 1));
		return;
	}
	entry->others[entry->other_count++] = word;
	if (alone)
		entry->others[entry->other_count++] = mw_postfix_word(rest_io);
}

static bool parse(struct mw_arena *arena, struct mw_str text, struct entry *entry)
{
	struct mw_str whole = mw_postfix_entry_joined(arena, text), rest = whole, word;

	*entry = (struct entry){ .head = MW_STR_EMPTY };
	for (size_t i = 0; i < COLUMNS; i++)
		entry->columns[i] = mw_postfix_word(&rest);
	entry->command = mw_postfix_word(&rest);
	if (whole.len - rest.len <= mw_str_find(text, '\n'))
		entry->head = mw_str_head(text, whole.len - rest.len);
	while (!mw_str_empty(word = mw_postfix_word(&rest))) {
		if (entry->option_count == OLD_OPTIONS || entry->other_count + 2 > OLD_OPTIONS)
			return false;
		take(entry, word, &rest);
	}
	return true;
}

static bool runs(const struct entry *entry, const char *program)
{
	return mw_str_equal(entry->command, mw_str(program)) ||
	       mw_str_ends_with(entry->command, mw_str(strcmp(program, "smtpd") == 0 ? "/smtpd" : "/postscreen"));
}

static bool is_inet(const struct entry *entry)
{
	return mw_str_equal(entry->columns[1], MW_STR("inet"));
}

static const struct option *find_option(const struct entry *entry, const char *name)
{
	for (size_t i = entry->option_count; i > 0; i--) {
		if (mw_str_equal(entry->options[i - 1].name, mw_str(name)))
			return &entry->options[i - 1];
	}
	return NULL;
}

static bool has_option(const struct entry *entry, const char *name, const char *value)
{
	const struct option *option = find_option(entry, name);

	return option != NULL && mw_str_equal_nocase(option->value, mw_str(value));
}

/* A listener's own level of the log, which is not lower than the one in main.cf, or known to postconf alone. */
static bool logs_more(const struct editor *editor, const struct option *option)
{
	const struct mw_wiring_setting *level = mw_wiring_setting(editor->wiring, MW_WIRING_TLS_LOG);

	return mw_str_equal(option->name, MW_STR(MW_WIRING_TLS_LOG)) &&
	       (mw_wiring_does(level, option->value) || mw_str_find(option->value, '$') < option->value.len);
}

/* What the policy has to say about: in main.cf for all listeners, or here. */
static bool is_decided(const struct editor *editor, const struct option *option)
{
	static const char *const here[] = { "smtpd_tls_security_level", "smtpd_sasl_auth_enable", "smtpd_tls_auth_only",
					    "smtpd_sasl_service", "smtpd_tls_ask_ccert", "smtpd_tls_fingerprint_digest",
					    "smtpd_policy_service_policy_context",
					    "smtpd_recipient_limit" };

	/* A listener's own lists of TLS versions may be stricter. */
	if (mw_wiring_is_protocols(option->name) || logs_more(editor, option))
		return false;
	for (size_t i = 0; i < sizeof(here) / sizeof(here[0]); i++) {
		if (mw_str_equal(option->name, mw_str(here[i])))
			return true;
	}
	return mw_wiring_setting(editor->wiring, mw_arena_text(editor->arena, option->name)) != NULL;
}

static void keep_protocols(const struct editor *editor, const struct option *old, struct mw_wiring_setting *setting)
{
	struct mw_str *item = MW_ARENA_NEW(editor->arena, struct mw_str);
	char text[256];
	struct mw_buf out = MW_BUF_OVER(text);

	/* What $name stands for there, `check` looks at. */
	if (item == NULL || (!mw_wiring_does(setting, old->value) && mw_str_find(old->value, '$') == old->value.len))
		return;
	mw_wiring_protocols_compact(old->value, &out);
	*item = mw_arena_copy(editor->arena, mw_buf_str(&out));
	if (!out.truncated)
		setting->value = (struct mw_strs){ item, 1 };
}

/* A name that the listener has already stays. */
static void keep_syslog_name(const struct editor *editor, const struct option *old, struct mw_wiring_setting *setting)
{
	struct mw_str all = mw_str_empty(editor->wiring->syslog_name) ? MW_STR("postfix") : editor->wiring->syslog_name;

	if (strcmp(setting->name, "syslog_name") == 0 && mw_wiring_names_listener(old->value, all))
		setting->value = (struct mw_strs){ &old->value, 1 };
}

/* A larger number that stands there does as well, and so does a list of newer TLS versions. */
static void keep_larger(const struct editor *editor, const struct entry *entry, struct mw_wiring_setting *options,
			size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct option *old = find_option(entry, options[i].name);
		uint64_t have, needed;

		if (options[i].version != MW_TLS_NONE && old != NULL)
			keep_protocols(editor, old, &options[i]);
		if (old != NULL)
			keep_syslog_name(editor, old, &options[i]);
		if (options[i].at_least && old != NULL && mw_parse_number(old->value, &have) &&
		    mw_parse_number(options[i].value.items[0], &needed) && have > needed)
			options[i].value = (struct mw_strs){ &old->value, 1 };
	}
}

/* Keywords of EHLO that are taken away here stay away, with main.cf's; returns how many options there are then. */
static size_t keep_keywords(const struct editor *editor, const struct entry *entry, struct mw_wiring_setting *options,
			    size_t count)
{
	const struct option *old = find_option(entry, MW_WIRING_EHLO);
	struct mw_str *item;

	if (old == NULL || mw_wiring_setting(editor->wiring, MW_WIRING_EHLO) == NULL)
		return count;
	item = MW_ARENA_NEW(editor->arena, struct mw_str);
	if (item == NULL)
		return count;
	*item = mw_wiring_keywords(editor->arena, old->value);
	options[count] = (struct mw_wiring_setting){ .name = MW_WIRING_EHLO, .value = { item, 1 } };
	return count + 1;
}

/* The options for an entry that is there: TLS from the start stays, and so does TLS that is required, where no
   connector permits a login without. */
static size_t options_for(const struct editor *editor, const struct mw_wiring_listener *listener,
			  const struct entry *entry, struct mw_wiring_setting options_r[MW_WIRING_OPTIONS])
{
	struct mw_wiring_listener wanted = *listener;
	size_t count;

	wanted.wrapper |= has_option(entry, "smtpd_tls_wrappermode", "yes") && wanted.binding.port != 25 &&
			  wanted.binding.port != 587;
	wanted.tls_required |= has_option(entry, "smtpd_tls_security_level", "encrypt") && wanted.tls &&
			       !wanted.auth_without_tls && wanted.binding.port != 25;
	count = mw_wiring_options(editor->wiring, &wanted, options_r);
	keep_larger(editor, entry, options_r, count);
	return keep_keywords(editor, entry, options_r, count);
}

static bool will_do(const struct editor *editor, const struct entry *entry, const struct mw_wiring_setting *options,
		    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct option *option = find_option(entry, options[i].name);

		if (option == NULL || !mw_str_equal(option->value, options[i].value.items[0]))
			return false;
	}
	for (size_t i = 0; i < entry->option_count; i++) {
		bool wanted = !is_decided(editor, &entry->options[i]);

		for (size_t k = 0; k < count; k++)
			wanted |= mw_str_equal(entry->options[i].name, mw_str(options[k].name));
		if (!wanted)
			return false;
	}
	return true;
}

static void print_entry(struct editor *editor, const struct entry *entry, struct mw_str text,
			const struct mw_wiring_setting *options, size_t count)
{
	struct mw_str line;

	mw_buf_add(&editor->out, entry->head);
	for (size_t i = 0; i < COLUMNS && mw_str_empty(entry->head); i++)
		mw_buf_printf(&editor->out, "%.*s ", MW_STR_ARG(entry->columns[i]));
	if (mw_str_empty(entry->head))
		mw_buf_add(&editor->out, entry->command);
	for (size_t i = 0; i < entry->other_count; i++)
		mw_buf_printf(&editor->out, " %.*s", MW_STR_ARG(entry->others[i]));
	mw_buf_add_char(&editor->out, '\n');
	for (size_t i = 0; i < entry->option_count; i++) {
		bool again = is_decided(editor, &entry->options[i]);

		for (size_t k = 0; k < count; k++)
			again |= mw_str_equal(entry->options[i].name, mw_str(options[k].name));
		if (!again)
			mw_buf_printf(&editor->out, "  -o %.*s\n", MW_STR_ARG(entry->options[i].word));
	}
	for (size_t i = 0; i < count; i++)
		mw_wiring_option_print(&options[i], &editor->out);
	while (mw_postfix_line_next(&text, &line)) {
		if (mw_postfix_line_is_comment(line))
			mw_buf_printf(&editor->out, "%.*s\n", MW_STR_ARG(line));
	}
}

static void rewrite(struct editor *editor, const struct mw_wiring_listener *listener, const struct entry *entry,
		    struct mw_str text)
{
	struct mw_wiring_setting options[MW_WIRING_OPTIONS];
	size_t count = options_for(editor, listener, entry, options);

	if (will_do(editor, entry, options, count))
		mw_buf_add(&editor->out, text);
	else
		print_entry(editor, entry, text, options, count);
}

/* The listener that an entry of type inet serves; NULL: none of the policy's. */
static const struct mw_wiring_listener *listener_of(struct editor *editor, const struct entry *entry)
{
	struct mw_binding binding;

	if (!is_inet(entry) || (!runs(entry, "smtpd") && !runs(entry, "postscreen")) ||
	    !mw_postfix_binding(entry->columns[0], &binding))
		return NULL;
	for (size_t i = 0; i < editor->wiring->listener_count; i++) {
		const struct mw_wiring_listener *listener = &editor->wiring->listeners[i];

		if (mw_wiring_same_binding(&listener->binding, &binding)) {
			editor->done[i] = true;
			return listener;
		}
		if (mw_binding_overlaps(&listener->binding, &binding)) {
			char name[128];
			struct mw_buf out = MW_BUF_OVER(name);

			mw_binding_print(&listener->binding, &out);
			editor->why = mw_arena_textf(editor->arena,
				"the entry %.*s and the binding %s of connector \"%.*s\" are one port under two names: "
				"write them alike", MW_STR_ARG(entry->columns[0]), name, MW_STR_ARG(listener->connector));
		}
	}
	return NULL;
}

/* The listener of the policy behind postscreen, whose smtpd is "smtpd pass". */
static const struct mw_wiring_listener *screened(struct editor *editor, struct mw_str text)
{
	struct mw_postfix_text pieces = mw_postfix_text_over(text);
	struct mw_postfix_piece piece;
	struct entry entry;

	while (mw_postfix_text_next(&pieces, &piece)) {
		if (piece.is_entry && parse(editor->arena, piece.text, &entry) && runs(&entry, "postscreen"))
			return listener_of(editor, &entry);
	}
	return NULL;
}

static void edit(struct editor *editor, const struct mw_postfix_piece *piece, struct mw_str whole)
{
	const struct mw_wiring_listener *listener = NULL;
	struct entry entry;

	if (piece->is_entry && !parse(editor->arena, piece->text, &entry)) {
		editor->why = "an entry has more than 64 options";
	} else if (piece->is_entry) {
		listener = listener_of(editor, &entry);
		if (runs(&entry, "smtpd") && mw_str_equal(entry.columns[1], MW_STR("pass")))
			listener = screened(editor, whole);
		else if (runs(&entry, "postscreen"))
			listener = NULL;
		if (listener != NULL && mw_str_empty(editor->chroot))
			editor->chroot = entry.columns[4];
	}
	if (listener != NULL)
		rewrite(editor, listener, &entry, piece->text);
	else
		mw_buf_add(&editor->out, piece->text);
}

static void append_new(struct editor *editor, struct mw_str whole)
{
	if (whole.len > 0 && whole.ptr[whole.len - 1] != '\n')
		mw_buf_add_char(&editor->out, '\n');
	for (size_t i = 0; i < editor->wiring->listener_count; i++) {
		const struct mw_wiring_listener *listener = &editor->wiring->listeners[i];
		struct mw_wiring_setting options[MW_WIRING_OPTIONS];
		size_t count = mw_wiring_options(editor->wiring, listener, options);

		if (editor->done[i])
			continue;
		mw_wiring_endpoint(&listener->binding, &editor->out);
		mw_buf_printf(&editor->out, " inet n - %.*s - - smtpd\n", MW_STR_ARG(editor->chroot));
		for (size_t k = 0; k < count; k++)
			mw_wiring_option_print(&options[k], &editor->out);
	}
}

struct mw_str mw_setup_master_cf(const struct mw_wiring *wiring, struct mw_arena *arena, struct mw_str text,
				 const char **why_r)
{
	struct mw_postfix_text pieces = mw_postfix_text_over(text);
	size_t size = text.len * 2 + GROWTH;
	char *memory = mw_arena_alloc(arena, size);
	struct editor editor = { .wiring = wiring, .arena = arena, .chroot = MW_STR_EMPTY };
	struct mw_postfix_piece piece;

	*why_r = NULL;
	if (memory == NULL || wiring->listener_count > sizeof(editor.done) / sizeof(editor.done[0])) {
		*why_r = "the policy has more than 64 listeners";
		return MW_STR_EMPTY;
	}
	editor.out = mw_buf_over(memory, size);
	while (mw_postfix_text_next(&pieces, &piece))
		edit(&editor, &piece, text);
	if (mw_str_empty(editor.chroot))
		editor.chroot = MW_STR("y");
	append_new(&editor, text);
	*why_r = editor.why;
	return editor.why == NULL ? mw_buf_str(&editor.out) : MW_STR_EMPTY;
}
