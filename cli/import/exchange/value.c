/* SPDX-License-Identifier: MIT */
#include "import/exchange/value.h"

#include "base/text.h"

/* PowerShell writes the first of them in every language; a spreadsheet that has saved the file, those of its own. */
static const struct {
	const char *on, *off;
} switches[] = {
	{ "True", "False" },	  { "WAHR", "FALSCH" },	     { "VRAI", "FAUX" },  { "VERDADERO", "FALSO" },
	{ "VERO", "FALSO" },	  { "VERDADEIRO", "FALSO" }, { "WAAR", "ONWAAR" }, { "PRAWDA", "FAŁSZ" },
	{ "PRAVDA", "NEPRAVDA" }, { "SANT", "FALSKT" },	     { "SAND", "FALSK" },  { "SANN", "USANN" },
	{ "TOSI", "EPÄTOSI" },	  { "IGAZ", "HAMIS" },	     { "DOĞRU", "YANLIŞ" }, { "ИСТИНА", "ЛОЖЬ" },
};

bool mw_exchange_switch(struct mw_str text, bool *on_r)
{
	*on_r = false;
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		*on_r = mw_str_equal_nocase(text, mw_str(switches[i].on));
		if (*on_r || mw_str_equal_nocase(text, mw_str(switches[i].off)))
			return true;
	}
	return false;
}

/* What stands between the digits of a number: "," "." "'", a blank, and those that are no ASCII (a no-break space, wide
   or narrow, a right quotation mark). */
static size_t group_mark(struct mw_str text)
{
	static const char *const marks[] = { ",", ".", "'", " ", "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x99" };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (mw_str_starts_with(text, mw_str(marks[i])))
			return strlen(marks[i]);
	}
	return 0;
}

/* Digits with a mark before the last three, and before each group of two or three of the others, as India writes them
   (3,67,00,160); the text behind them. */
static bool read_grouped(struct mw_str *text_io, uint64_t *number_r)
{
	char digits[32];
	size_t count = 0, in_group = 0, mark;
	struct mw_str text = *text_io;

	while (text.len > 0 && count < sizeof(digits)) {
		if (text.ptr[0] >= '0' && text.ptr[0] <= '9') {
			digits[count++] = text.ptr[0];
			in_group++;
			text = mw_str_tail(text, 1);
			continue;
		}
		mark = group_mark(text);
		if (mark == 0 || mark == text.len || text.ptr[mark] < '0' || text.ptr[mark] > '9')
			break;
		if (in_group == 0 || in_group > 3 || (count > in_group && in_group < 2))
			return false;
		in_group = 0;
		text = mw_str_tail(text, mark);
	}
	*text_io = text;
	return count > 0 && (count == in_group || in_group == 3) &&
	       mw_parse_number((struct mw_str){ digits, count }, number_r);
}

static bool is_unlimited(struct mw_str text)
{
	return mw_str_equal_nocase(text, MW_STR("Unlimited"));
}

/* "(10,485,760 bytes)": the word behind the number is of the server's language. */
static bool read_octets(struct mw_str text, uint64_t *octets_r)
{
	return mw_str_ends_with(text, MW_STR(")")) && read_grouped(&text, octets_r) && text.len > 2 &&
	       mw_str_find(text, '(') == text.len;
}

bool mw_exchange_size(struct mw_str text, uint64_t *octets_r)
{
	size_t open = mw_str_find(text, '(');
	char memory[64];
	struct mw_buf plain = MW_BUF_OVER(memory);

	if (is_unlimited(text)) {
		*octets_r = MW_UNLIMITED;
		return true;
	}
	if (open < text.len)
		return read_octets(mw_str_tail(text, open + 1), octets_r);
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != ' ')
			mw_buf_add_char(&plain, text.ptr[i]);
	}
	return !plain.truncated && mw_parse_size(mw_buf_str(&plain), octets_r);
}

bool mw_exchange_limit(struct mw_str text, uint64_t *limit_r)
{
	if (is_unlimited(text)) {
		*limit_r = MW_UNLIMITED;
		return true;
	}
	return read_grouped(&text, limit_r) && text.len == 0;
}

/* --- lists */

static struct mw_str trim(struct mw_str text)
{
	while (text.len > 0 && strchr(" \t\r", text.ptr[0]) != NULL)
		text = mw_str_tail(text, 1);
	while (text.len > 0 && strchr(" \t\r", text.ptr[text.len - 1]) != NULL)
		text.len--;
	return text;
}

bool mw_exchange_next_item(struct mw_str *rest_io, struct mw_str *item_r)
{
	while (mw_str_split(rest_io, '\n', item_r)) {
		*item_r = trim(*item_r);
		if (item_r->len > 0)
			return true;
	}
	return false;
}

/* The first part of a text without the characters `between`, trimmed; passes over empty ones. */
static bool next_part(struct mw_str *rest_io, const char *between, struct mw_str *part_r)
{
	while (rest_io->len > 0) {
		size_t end = 0;

		while (end < rest_io->len && strchr(between, rest_io->ptr[end]) == NULL)
			end++;
		*part_r = trim(mw_str_head(*rest_io, end));
		*rest_io = mw_str_tail(*rest_io, end + 1);
		if (part_r->len > 0)
			return true;
	}
	return false;
}

bool mw_exchange_next_word(struct mw_str *rest_io, struct mw_str *word_r)
{
	return next_part(rest_io, ",;|\n", word_r);
}

bool mw_exchange_next_right(struct mw_str *rest_io, struct mw_str *right_r)
{
	return next_part(rest_io, ",;|\n \t", right_r);
}

bool mw_exchange_has_word(struct mw_str list, const char *word)
{
	struct mw_str item, part;

	while (mw_exchange_next_word(&list, &item)) {
		if (mw_str_equal_nocase(item, mw_str(word)))
			return true;
		while (next_part(&item, " \t", &part)) {
			if (mw_str_equal_nocase(part, mw_str(word)))
				return true;
		}
	}
	return false;
}

bool mw_exchange_next_joined(struct mw_str *rest_io, struct mw_str *part_r)
{
	return next_part(rest_io, ";|", part_r);
}

bool mw_exchange_is_no_value(struct mw_str text)
{
	static const char *const types[] = { "System.", "Microsoft.Exchange.", "Deserialized.", "Microsoft.Office." };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (mw_str_starts_with(text, mw_str(types[i])) && mw_str_find(text, ' ') == text.len &&
		    mw_str_find(text, '@') == text.len)
			return true;
	}
	return text.len > 2 && text.ptr[0] == '{' && text.ptr[text.len - 1] == '}';
}

bool mw_exchange_says_nothing(struct mw_str text)
{
	bool on;

	return text.len == 0 || mw_str_equal(text, MW_STR("{}")) || (mw_exchange_switch(text, &on) && !on) ||
	       is_unlimited(text);
}
