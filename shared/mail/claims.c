/* SPDX-License-Identifier: MIT */
#include "mail/claims.h"

#include "mail/encoded_word.h"
#include "mail/originators.h"

struct reading {
	void (*found)(struct mw_str address, void *context);
	void *context;
};

/* An octet of what a reader would show as an address, unquoted; "," and ";" end it in every reading. */
static bool is_word_octet(char c)
{
	return (unsigned char)c >= 0x80 || (c > ' ' && c != 0x7f && strchr("<>()[]@,;:\\\"", c) == NULL);
}

/* The fullwidth and the small "@" look like one. */
static size_t at_sign(struct mw_str text)
{
	if (text.ptr[0] == '@')
		return 1;
	return mw_str_starts_with(text, MW_STR("\xef\xbc\xa0")) || mw_str_starts_with(text, MW_STR("\xef\xb9\xab")) ? 3 : 0;
}

static void report(const struct reading *reading, struct mw_str local, struct mw_str domain)
{
	char memory[MW_ORIGINATOR_MAX];
	struct mw_buf address = MW_BUF_OVER(memory);

	mw_buf_add(&address, local);
	mw_buf_add_char(&address, '@');
	mw_buf_add(&address, domain);
	if (!address.truncated)
		reading->found(mw_buf_str(&address), reading->context);
}

/* A dot or another mark at the end belongs to the sentence. */
static struct mw_str domain_at(struct mw_str text)
{
	size_t len = 0;

	while (len < text.len && is_word_octet(text.ptr[len]) && at_sign(mw_str_tail(text, len)) == 0)
		len++;
	while (len > 0 && strchr(".!?'`}*_|~", text.ptr[len - 1]) != NULL)
		len--;
	return mw_str_head(text, len);
}

static void read_text(const struct reading *reading, struct mw_str text)
{
	size_t start = 0;

	for (size_t i = 0; i < text.len;) {
		size_t at = at_sign(mw_str_tail(text, i));
		struct mw_str domain;

		if (at == 0) {
			if (!is_word_octet(text.ptr[i]))
				start = i + 1;
			i++;
			continue;
		}
		domain = domain_at(mw_str_tail(text, i + at));
		if (domain.len > 0 && i > start)
			report(reading, (struct mw_str){ text.ptr + start, i - start }, domain);
		i += at;
		start = i;
	}
}

static void without_quotes(struct mw_str text, struct mw_buf *out)
{
	mw_buf_reset(out);
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] != '"' && text.ptr[i] != '\\')
			mw_buf_add_char(out, text.ptr[i]);
}

/* A ")" too many is passed over. */
static void without_comments(struct mw_str text, struct mw_buf *out)
{
	size_t depth = 0;

	mw_buf_reset(out);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '(')
			depth++;
		else if (c == ')')
			depth -= depth > 0;
		else if (depth == 0 && (c == '\0' || strchr(" \t\n\r\"\\", c) == NULL))
			mw_buf_add_char(out, c);
	}
}

bool mw_claims_find(struct mw_str value, void (*found)(struct mw_str address, void *context), void *context)
{
	static const size_t most = MW_ORIGINATOR_MAX;
	const struct reading reading = { found, context };
	char decoded_memory[MW_ORIGINATOR_MAX + 1], other_memory[MW_ORIGINATOR_MAX + 1];
	struct mw_buf decoded = MW_BUF_OVER(decoded_memory), other = MW_BUF_OVER(other_memory);
	bool unread, whole = value.len < most;

	value = mw_str_head(value, most);
	mw_encoded_words_decode(value, &decoded, &unread);
	read_text(&reading, value);
	read_text(&reading, mw_buf_str(&decoded));
	without_quotes(mw_buf_str(&decoded), &other);
	read_text(&reading, mw_buf_str(&other));
	without_comments(mw_buf_str(&decoded), &other);
	read_text(&reading, mw_buf_str(&other));
	return whole && !unread;
}
