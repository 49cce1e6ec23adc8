/* SPDX-License-Identifier: MIT */
#include "mail/mailbox_list.h"

#include "base/text.h"
#include "mail/address.h"
#include "mail/encoded_word.h"
#include "mail/local_part.h"

#define LINE_NEVER_BROKEN ((size_t)500) /* Postfix breaks lines of 998 octets, and others seldom shorter ones */

struct list {
	struct mw_str rest;
	struct mw_str domain; /* completes what has none */
	size_t count, ats; /* addresses, and those written with an at sign */
	enum mw_originator_fault fault; /* the first one */
	void (*found)(struct mw_str address, void *context);
	void *context;
};

static bool fail(struct list *list, enum mw_originator_fault fault)
{
	if (list->fault == MW_ORIGINATOR_OK)
		list->fault = fault;
	return false;
}

static char peek(const struct list *list)
{
	return list->rest.len > 0 ? list->rest.ptr[0] : '\0';
}

static void skip(struct list *list, size_t len)
{
	list->rest = mw_str_tail(list->rest, len);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool skip_blanks(struct list *list)
{
	size_t before = list->rest.len;

	while (list->rest.len > 0 && is_blank(list->rest.ptr[0]))
		skip(list, 1);
	return list->rest.len < before;
}

/* An octet of an atom with dots, of ASCII or of UTF-8 (RFC 6532 3.2). */
static bool is_atom_octet(char c)
{
	return (unsigned char)c >= 0x80 || mw_atom_octets[(unsigned char)c] != 0;
}

static struct mw_str atom_at(struct mw_str text)
{
	size_t len = 0;

	while (len < text.len && is_atom_octet(text.ptr[len]))
		len++;
	return mw_str_head(text, len);
}

/* --- the field's octets, before it is read */

/* A fold is LF before a blank, and something else than blanks is on the line (RFC 5322 3.2.2). */
static bool is_fold(struct mw_str text)
{
	size_t at = 1;

	if (text.len < 2 || (text.ptr[1] != ' ' && text.ptr[1] != '\t'))
		return false;
	while (at < text.len && (text.ptr[at] == ' ' || text.ptr[at] == '\t'))
		at++;
	return at < text.len && text.ptr[at] != '\n';
}

/* C1, and line and paragraph separators. */
static bool is_control(struct mw_str character)
{
	return (character.len == 2 && character.ptr[0] == '\xc2' && (unsigned char)character.ptr[1] < 0xa0) ||
	       mw_str_equal(character, MW_STR("\xe2\x80\xa8")) || mw_str_equal(character, MW_STR("\xe2\x80\xa9"));
}

/* The length of a character that may stand in a field, 0: none. */
static size_t character(struct mw_str text, enum mw_originator_fault *fault_r)
{
	size_t len;

	*fault_r = MW_ORIGINATOR_CONTROL;
	if (text.ptr[0] == '\n')
		return is_fold(text) ? 1 : 0;
	if (text.ptr[0] == '\t')
		return 1;
	if ((unsigned char)text.ptr[0] < 0x80)
		return mw_text_harmless(text);
	len = mw_text_character(text);
	if (len == 0)
		*fault_r = MW_ORIGINATOR_UTF8;
	else if (is_control(mw_str_head(text, len)))
		len = 0;
	return len;
}

static enum mw_originator_fault look_at_octets(struct mw_str value)
{
	enum mw_originator_fault fault;

	if (value.len >= MW_ORIGINATOR_MAX)
		return MW_ORIGINATOR_TOO_LONG;
	while (value.len > 0) {
		size_t len = character(value, &fault);

		if (len == 0)
			return fault;
		value = mw_str_tail(value, len);
	}
	return MW_ORIGINATOR_OK;
}

/* --- comments */

/* Readers that know no quoting or nesting end a comment earlier: then nothing in it may look like an address or the
   next one. Nothing that looks like an address in angle brackets may stand in any. */
static bool is_safe_comment(struct mw_str comment, bool tricky)
{
	for (size_t i = 0; i < comment.len; i++)
		if (strchr(tricky ? "<>@,;:\"" : "<>", comment.ptr[i]) != NULL)
			return false;
	return true;
}

static bool read_comment(struct list *list)
{
	struct mw_str comment = list->rest;
	size_t depth = 0, at = 0;
	bool tricky = false;

	do {
		char c = comment.ptr[at];

		if (c == '\\') {
			tricky = true;
			at++;
		} else if (c == '(') {
			tricky = tricky || depth > 0;
			depth++;
		} else if (c == ')') {
			depth--;
		}
		at++;
	} while (depth > 0 && at < comment.len);
	if (depth > 0 || at > comment.len)
		return fail(list, MW_ORIGINATOR_SYNTAX);
	comment = mw_str_head(comment, at);
	if (mw_str_has(comment, "=?"))
		return fail(list, MW_ORIGINATOR_ENCODED_WORD);
	if (!is_safe_comment(comment, tricky))
		return fail(list, MW_ORIGINATOR_COMMENT);
	skip(list, at);
	return true;
}

/* Behind an address blanks and comments may stand. */
static bool skip_comments(struct list *list)
{
	skip_blanks(list);
	while (peek(list) == '(') {
		if (!read_comment(list))
			return false;
		skip_blanks(list);
	}
	return true;
}

/* --- addresses */

/* The length of a quoted-string at the beginning of a text; 0: it does not end. */
static size_t quoted_length(struct mw_str text)
{
	for (size_t i = 1; i < text.len; i++) {
		if (text.ptr[i] == '"')
			return i + 1;
		if (text.ptr[i] == '\\')
			i++;
	}
	return 0;
}

/* In a quoted local part only what a reader that does not know quotes takes for one word, too. */
static bool is_safe_local(struct mw_str local)
{
	for (size_t i = 0; i < local.len; i++)
		if (strchr("<>()[]@,;:\\\n\t", local.ptr[i]) != NULL)
			return false;
	return true;
}

static size_t local_length(struct mw_str text)
{
	return text.len > 0 && text.ptr[0] == '"' ? quoted_length(text) : atom_at(text).len;
}

static size_t domain_length(struct mw_str text)
{
	size_t end;

	if (text.len == 0 || text.ptr[0] != '[')
		return atom_at(text).len;
	end = mw_str_find(text, ']');
	return end < text.len ? end + 1 : 0;
}

static bool check_address(struct list *list, struct mw_str whole, struct mw_str local)
{
	struct mw_address address;

	if (mw_str_has(whole, "=?"))
		return fail(list, MW_ORIGINATOR_ENCODED_WORD);
	if (mw_str_has(local, "%") || mw_str_has(local, "!"))
		return fail(list, MW_ORIGINATOR_PATH);
	if (!is_safe_local(local))
		return fail(list, mw_str_has(local, "@") ? MW_ORIGINATOR_PATH : MW_ORIGINATOR_SYNTAX);
	mw_address_parse(whole, &address);
	if (address.kind != MW_ADDRESS_MAILBOX && address.kind != MW_ADDRESS_FOREIGN)
		return fail(list, MW_ORIGINATOR_SYNTAX);
	return true;
}

static bool take_address(struct list *list, struct mw_str whole, struct mw_str local)
{
	if (!check_address(list, whole, local))
		return false;
	if (++list->count > MW_ORIGINATOR_ADDRESSES_MAX)
		return fail(list, MW_ORIGINATOR_TOO_MANY);
	list->found(whole, list->context);
	return true;
}

/* An address without a domain. */
static bool take_completed(struct list *list, struct mw_str local)
{
	char memory[MW_ADDRESS_MAX + 1];
	struct mw_buf whole = MW_BUF_OVER(memory);

	if (mw_str_empty(list->domain))
		return fail(list, MW_ORIGINATOR_NO_DOMAIN);
	mw_buf_add(&whole, local);
	mw_buf_add_char(&whole, '@');
	mw_buf_add(&whole, list->domain);
	return whole.truncated ? fail(list, MW_ORIGINATOR_SYNTAX) : take_address(list, mw_buf_str(&whole), local);
}

/* Reads local@domain, without blanks and comments in it. */
static bool read_address(struct list *list)
{
	size_t local = local_length(list->rest), domain;
	struct mw_str whole = list->rest, behind = mw_str_tail(list->rest, local + 1);

	if (local == 0)
		return fail(list, MW_ORIGINATOR_SYNTAX);
	skip(list, local);
	if (peek(list) == '(')
		return fail(list, MW_ORIGINATOR_COMMENT);
	if (peek(list) != '@')
		return take_completed(list, mw_str_head(whole, local));
	domain = domain_length(behind);
	if (domain == 0)
		return fail(list, mw_str_starts_with(behind, MW_STR("(")) ? MW_ORIGINATOR_COMMENT
									  : MW_ORIGINATOR_SYNTAX);
	skip(list, domain + 1);
	whole = mw_str_head(whole, local + 1 + domain);
	list->ats++;
	if (peek(list) == '@')
		return fail(list, MW_ORIGINATOR_PATH);
	return take_address(list, whole, mw_str_head(whole, local));
}

static bool read_angle(struct list *list)
{
	skip(list, 1);
	skip_blanks(list);
	if (peek(list) == '@')
		return fail(list, MW_ORIGINATOR_ROUTE);
	if (peek(list) == '(')
		return fail(list, MW_ORIGINATOR_COMMENT);
	if (!read_address(list))
		return false;
	skip_blanks(list);
	if (peek(list) == '(')
		return fail(list, MW_ORIGINATOR_COMMENT);
	if (peek(list) != '>')
		return fail(list, MW_ORIGINATOR_SYNTAX);
	skip(list, 1);
	return skip_comments(list);
}

/* --- phrases and groups */

/* The words before "<" or ":"; a dot may stand anywhere but first (RFC 5322 4.1). False: a word that does not end, or
   one with an encoded-word that is none, cannot be read or hides a control character. */
static bool skip_phrase(struct list *list)
{
	if (peek(list) == '.')
		return fail(list, MW_ORIGINATOR_SYNTAX);
	for (;;) {
		size_t len = local_length(list->rest);

		if (len == 0)
			return peek(list) != '"' || fail(list, MW_ORIGINATOR_SYNTAX);
		if (!mw_encoded_words_are_whole(mw_str_head(list->rest, len), peek(list) == '"') ||
		    !mw_encoded_words_are_readable(mw_str_head(list->rest, len)))
			return fail(list, MW_ORIGINATOR_ENCODED_WORD);
		if (mw_encoded_words_hide_control(mw_str_head(list->rest, len)))
			return fail(list, MW_ORIGINATOR_CONTROL);
		skip(list, len);
		skip_blanks(list);
	}
}

static bool read_list(struct list *list, bool in_group);

static bool read_group(struct list *list)
{
	skip(list, 1);
	skip_blanks(list);
	if (peek(list) == ';')
		return fail(list, MW_ORIGINATOR_EMPTY_GROUP);
	if (!read_list(list, true))
		return false;
	if (peek(list) != ';')
		return fail(list, MW_ORIGINATOR_SYNTAX);
	skip(list, 1);
	return skip_comments(list);
}

/* Whether there is nothing but blanks between a word and the rest. */
static bool is_one_word(struct mw_str text, size_t word, struct mw_str rest)
{
	for (size_t i = word; text.ptr + i < rest.ptr; i++)
		if (!is_blank(text.ptr[i]))
			return false;
	return true;
}

/* "bob@example.org <bob@example.org>": devices and scripts write an address as its own name, without quotes. Whichever
   of the two a reader takes, it is the same. */
static void skip_itself_in_brackets(struct list *list, struct mw_str address)
{
	struct mw_str rest = mw_str_tail(list->rest, 1);

	if (peek(list) != '<' || address.ptr[0] == '"' || rest.len <= address.len || rest.ptr[address.len] != '>' ||
	    !mw_str_equal_nocase(mw_str_head(rest, address.len), address))
		return;
	skip(list, address.len + 2);
	list->ats++;
}

static bool read_address_alone(struct list *list)
{
	struct mw_str address = list->rest;

	if (!read_address(list))
		return false;
	address = mw_str_head(address, address.len - list->rest.len);
	skip_blanks(list);
	skip_itself_in_brackets(list, address);
	return skip_comments(list);
}

/* An address by itself is one word with "@" behind it; all else begins with a phrase, which may be empty before "<". */
static bool read_one(struct list *list, bool in_group)
{
	size_t word = local_length(list->rest);
	struct mw_str start = list->rest;

	if (peek(list) == '(')
		return fail(list, MW_ORIGINATOR_COMMENT);
	if (word > 0 && word < list->rest.len && list->rest.ptr[word] == '@')
		return read_address_alone(list);
	if (!skip_phrase(list))
		return false;
	if (peek(list) == '<')
		return read_angle(list);
	if (peek(list) == ':' && !in_group && list->rest.len < start.len)
		return read_group(list);
	if (peek(list) == '(' && word > 0 && !mw_str_empty(list->domain) &&
	    is_one_word(start, word, list->rest))
		return take_completed(list, mw_str_head(start, word)) && skip_comments(list);
	if (peek(list) == '(')
		return fail(list, MW_ORIGINATOR_COMMENT);
	if (word == 0 || (list->rest.len > 0 && peek(list) != ',' && peek(list) != ';'))
		return fail(list, MW_ORIGINATOR_SYNTAX);
	return is_one_word(start, word, list->rest) ? take_completed(list, mw_str_head(start, word))
						    : fail(list, MW_ORIGINATOR_NO_DOMAIN);
}

static bool read_list(struct list *list, bool in_group)
{
	for (;;) {
		skip_blanks(list);
		if (!read_one(list, in_group))
			return false;
		if (peek(list) != ',')
			return true;
		skip(list, 1);
	}
}

/* --- what a line that is broken on its way makes of it */

/* Blanks before the colon count there, and no milter sees them, so that any place of the first line may be that one. */
static bool may_be_broken(struct mw_str line, bool is_first)
{
	return is_first || line.len >= LINE_NEVER_BROKEN;
}

/* Whether a backslash stands somewhere before the quote that it escapes, or seems to. */
static bool escapes_a_quote(struct mw_str line)
{
	for (size_t i = 1; i < line.len; i++)
		if (line.ptr[i] == '"' && line.ptr[i - 1] == '\\')
			return true;
	return false;
}

static bool quotes_may_end_elsewhere(struct mw_str value)
{
	for (bool is_first = true; value.len > 0; is_first = false) {
		struct mw_str line = mw_str_head(value, mw_str_find(value, '\n'));

		if (may_be_broken(line, is_first) && escapes_a_quote(line))
			return true;
		value = mw_str_tail(value, line.len + 1);
	}
	return false;
}

static bool has_more_than_addresses(struct mw_str value, size_t ats)
{
	char memory[MW_ORIGINATOR_MAX + 1];
	struct mw_buf decoded = MW_BUF_OVER(memory);
	struct mw_str shown;
	bool unread;

	mw_encoded_words_decode(value, &decoded, &unread);
	shown = mw_buf_str(&decoded);
	for (size_t i = 0; i < shown.len && !unread; i++)
		if (shown.ptr[i] == '@' && ats-- == 0)
			return true;
	return unread;
}

/* Postfix's smtp(8) and lmtp(8) write CR LF and a blank behind the 998th octet of a line (smtp_line_length_limit),
   behind a backslash too: the quote that it escaped then ends the string, and what was quoted may be read as an
   address. */
static bool is_unsafe_when_broken(const struct list *list, struct mw_str value)
{
	return quotes_may_end_elsewhere(value) && has_more_than_addresses(value, list->ats);
}

/* Characters that turn what follows them around (U+202D and U+202E), so that an address is shown as another one. Looked
   for in the whole field, as the octets of one may stand in two encoded-words. */
static bool turns_text_around(struct mw_str value)
{
	char memory[MW_ORIGINATOR_MAX + 1];
	struct mw_buf decoded = MW_BUF_OVER(memory);
	bool unread;

	mw_encoded_words_decode(value, &decoded, &unread);
	return mw_str_has(mw_buf_str(&decoded), "\xe2\x80\xad") || mw_str_has(mw_buf_str(&decoded), "\xe2\x80\xae");
}

enum mw_originator_fault mw_mailbox_list_read(struct mw_str value, struct mw_str domain,
					      void (*found)(struct mw_str address, void *context), void *context)
{
	struct list list = { .rest = value, .domain = domain, .found = found, .context = context };

	list.fault = look_at_octets(value);
	if (list.fault == MW_ORIGINATOR_OK && read_list(&list, false) && list.rest.len > 0)
		fail(&list, MW_ORIGINATOR_SYNTAX);
	if (list.fault == MW_ORIGINATOR_OK && turns_text_around(value))
		fail(&list, MW_ORIGINATOR_CONTROL);
	if (list.fault == MW_ORIGINATOR_OK && is_unsafe_when_broken(&list, value))
		fail(&list, MW_ORIGINATOR_SYNTAX);
	return list.fault;
}
