/* SPDX-License-Identifier: MIT */
#include "servers/check/userdb_fields.h"

#define PREFIX MW_STR("userdb_")

/* The field, and what stands for that part of the name: a letter of 2.3, and what follows "user" within %{...}. */
static const struct {
	const char *field;
	char letter;
	const char *filter;
} fields[] = {
	{ "user", 'u', "" },
	{ "username", 'n', "|username" },
	{ "domain", 'd', "|domain" },
};

#define COUNT (sizeof(fields) / sizeof(fields[0]))

static size_t row_of(struct mw_str field)
{
	size_t i = 0;

	while (i < COUNT && !mw_str_equal(field, mw_str(fields[i].field)))
		i++;
	return i;
}

bool mw_userdb_names_user(struct mw_str field)
{
	return row_of(field) < COUNT;
}

static bool takes(struct mw_str *text_io, struct mw_str what)
{
	if (!mw_str_starts_with(*text_io, what))
		return false;
	*text_io = mw_str_tail(*text_io, what.len);
	return true;
}

/* Without blanks: "%{user|username|lower}" in 2.4, "%{Lusername}", "%Ln" in 2.3. */
bool mw_userdb_keeps_user(struct mw_str field, struct mw_str value)
{
	char memory[64];
	struct mw_str text = { memory, 0 };
	size_t row = row_of(field);

	for (size_t i = 0; i < value.len; i++) {
		if (text.len == sizeof(memory))
			return false;
		if (value.ptr[i] != ' ')
			memory[text.len++] = value.ptr[i];
	}
	if (row == COUNT || !takes(&text, MW_STR("%")))
		return false;
	if (takes(&text, MW_STR("{user"))) {
		if (!takes(&text, mw_str(fields[row].filter)))
			return false;
		(void)takes(&text, MW_STR("|lower"));
		return mw_str_equal(text, MW_STR("}"));
	}
	if (takes(&text, MW_STR("{")))
		return (takes(&text, MW_STR("L")), takes(&text, field)) && mw_str_equal(text, MW_STR("}"));
	(void)takes(&text, MW_STR("L"));
	return text.len == 1 && text.ptr[0] == fields[row].letter;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_quote(char c)
{
	return c == '\'' || c == '"' || c == '`';
}

/* What an item of a SELECT is called in the answer: its last word, without quotes and a table's name. */
static struct mw_str column_of(struct mw_str item)
{
	size_t start;

	item = mw_str_trim(item);
	while (item.len > 0 && is_quote(item.ptr[item.len - 1]))
		item.len--;
	for (start = item.len; start > 0; start--) {
		char c = item.ptr[start - 1];

		if (is_blank(c) || is_quote(c) || c == '.' || c == ')')
			break;
	}
	return mw_str_tail(item, start);
}

/* Compared without case, as databases do. */
static struct mw_str field_named(struct mw_str column)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (mw_str_equal_nocase(column, mw_str(fields[i].field)))
			return mw_str(fields[i].field);
	}
	return MW_STR_EMPTY;
}

static bool is_word(struct mw_str text, size_t at, const char *word)
{
	struct mw_str rest = mw_str_tail(text, at), wanted = mw_str(word);

	return (at == 0 || is_blank(text.ptr[at - 1])) && rest.len >= wanted.len &&
	       mw_str_equal_nocase(mw_str_head(rest, wanted.len), wanted) &&
	       (rest.len == wanted.len || is_blank(rest.ptr[wanted.len]));
}

struct mw_str mw_userdb_query_sets(struct mw_str query)
{
	size_t start = 0, depth = 0;
	char quote = '\0';

	query = mw_str_trim(query);
	for (size_t i = 0; i <= query.len; i++) {
		bool ends = i == query.len || (quote == '\0' && depth == 0 && (query.ptr[i] == ',' || is_word(query, i, "from")));
		struct mw_str found;

		if (ends) {
			found = field_named(column_of(mw_str_head(mw_str_tail(query, start), i - start)));
			if (!mw_str_empty(found) || i == query.len || query.ptr[i] != ',')
				return found;
			start = i + 1;
		} else if (quote != '\0') {
			quote = query.ptr[i] == quote ? '\0' : quote;
		} else if (is_quote(query.ptr[i])) {
			quote = query.ptr[i];
		} else if (query.ptr[i] == '(') {
			depth++;
		} else if (query.ptr[i] == ')' && depth > 0) {
			depth--;
		}
	}
	return MW_STR_EMPTY;
}

struct mw_str mw_userdb_attributes_set(struct mw_str attributes)
{
	struct mw_str item, part;

	while (mw_str_split(&attributes, ',', &item)) {
		item = mw_str_trim(item);
		if (!mw_str_split(&item, '=', &part) || !mw_str_split(&item, '=', &part))
			continue;
		part = mw_str_trim(part);
		if (mw_userdb_names_user(part))
			return part;
	}
	return MW_STR_EMPTY;
}

bool mw_userdb_entry_sets(struct mw_str line, struct mw_str *user_r, struct mw_str *field_r, struct mw_str *value_r)
{
	struct mw_str part, rest = line;

	if (!mw_str_split(&rest, ':', user_r))
		return false;
	/* password, uid, gid, gecos, home, shell; then fields to the end of the line, which may have colons */
	for (int i = 0; i < 6; i++) {
		if (!mw_str_split(&rest, ':', &part))
			return false;
	}
	while (mw_str_split(&rest, ' ', &part)) {
		if (!takes(&part, PREFIX))
			continue;
		*field_r = mw_str_head(part, mw_str_find(part, '='));
		*value_r = mw_str_tail(part, field_r->len < part.len ? field_r->len + 1 : part.len);
		if (mw_userdb_names_user(*field_r) && !mw_userdb_keeps_user(*field_r, *value_r) &&
		    !mw_str_equal(*value_r, *user_r))
			return true;
	}
	return false;
}
