/* SPDX-License-Identifier: MIT */
#include "mail/encoded_word.h"

#include "base/units.h"

struct encoded_word {
	struct mw_str charset, octets;
	bool base64;
	size_t len; /* of all of it */
};

/* Lenient, as readers are: the text of the word may have any octet but "?=". */
static bool encoded_word_at(struct mw_str text, struct encoded_word *word_r)
{
	struct mw_str rest = mw_str_tail(text, 2);
	size_t charset = mw_str_find(rest, '?'), end;

	if (!mw_str_starts_with(text, MW_STR("=?")) || charset + 3 > rest.len || rest.ptr[charset + 2] != '?')
		return false;
	word_r->charset = mw_str_head(rest, mw_str_find(mw_str_head(rest, charset), '*'));
	word_r->base64 = strchr("bB", rest.ptr[charset + 1]) != NULL;
	if (strchr("bBqQ", rest.ptr[charset + 1]) == NULL || rest.ptr[charset + 1] == '\0')
		return false;
	rest = mw_str_tail(rest, charset + 3);
	end = mw_str_find_text(rest, "?=");
	if (end >= rest.len)
		return false;
	word_r->octets = mw_str_head(rest, end);
	word_r->len = (size_t)(rest.ptr - text.ptr) + end + 2;
	return true;
}

static void decode_quoted(struct mw_str octets, struct mw_buf *out)
{
	for (size_t i = 0; i < octets.len; i++) {
		char c = octets.ptr[i];

		int high = i + 2 < octets.len ? mw_hex_digit(octets.ptr[i + 1]) : -1;
		int low = high >= 0 ? mw_hex_digit(octets.ptr[i + 2]) : -1;

		if (c == '=' && low >= 0) {
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '_') {
			c = ' ';
		}
		mw_buf_add_char(out, c);
	}
}

static int base64_digit(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *found = c == '\0' ? NULL : strchr(digits, c);

	return found == NULL ? -1 : (int)(found - digits);
}

/* What is no digit is passed over. */
static void decode_base64(struct mw_str octets, struct mw_buf *out)
{
	unsigned bits = 0, count = 0;

	for (size_t i = 0; i < octets.len; i++) {
		int digit = base64_digit(octets.ptr[i]);

		/* The end of one text; some readers go on behind it. */
		if (octets.ptr[i] == '=')
			bits = count = 0;
		if (digit < 0)
			continue;
		bits = (bits << 6 | (unsigned)digit) & 0xffffff;
		count += 6;
		if (count < 8)
			continue;
		count -= 8;
		mw_buf_add_char(out, (char)(bits >> count & 0xff));
	}
}

static void decode(const struct encoded_word *word, struct mw_buf *out)
{
	if (word->base64)
		decode_base64(word->octets, out);
	else
		decode_quoted(word->octets, out);
}

/* Whether an octet of ASCII is that character in it, so that an address or a control character can be seen without
   converting. A name that is not known here may be anything to some reader: UTF-7, EBCDIC, a codec of Python's. */
static bool holds_ascii(struct mw_str charset)
{
	static const char *const known[] = {
		"utf-8", "utf8", "us-ascii", "ascii", "ansi_x3.4", "iso646-us", "iso-646-us", "unknown-8bit", "x-unknown",
		"iso-8859-", "iso8859-", "iso_8859-", "latin", "windows-125", "windows-874", "windows-31j", "windows-9",
		"cp125", "cp437", "cp85", "cp86", "cp874", "cp932", "cp936", "cp949", "cp950", "ibm437", "ibm85", "ibm86",
		"koi8-", "gb2312", "gbk", "gb18030", "big5", "shift_jis", "shift-jis", "sjis", "x-sjis", "euc-", "x-euc-",
		"iso-2022-", "ks_c_5601", "ksc5601", "macintosh", "x-mac-", "tis-620", "viscii",
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (mw_str_starts_with_nocase(charset, mw_str(known[i])))
			return true;
	return false;
}

static size_t blanks(struct mw_str text)
{
	size_t len = 0;

	while (len < text.len && strchr(" \t\n", text.ptr[len]) != NULL && text.ptr[len] != '\0')
		len++;
	return len;
}

void mw_encoded_words_decode(struct mw_str text, struct mw_buf *out, bool *unread_r)
{
	struct encoded_word word;
	bool behind = false;

	*unread_r = false;
	while (text.len > 0) {
		size_t gap = behind ? blanks(text) : 0;

		if (encoded_word_at(mw_str_tail(text, gap), &word)) {
			decode(&word, out);
			*unread_r = *unread_r || !holds_ascii(word.charset);
			text = mw_str_tail(text, gap + word.len);
			behind = true;
			continue;
		}
		mw_buf_add_char(out, text.ptr[0]);
		text = mw_str_tail(text, 1);
		behind = false;
	}
}

static bool has_blank(struct mw_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (strchr(" \t\n\"\\", text.ptr[i]) != NULL)
			return true;
	return false;
}

bool mw_encoded_words_are_whole(struct mw_str word, bool is_quoted)
{
	bool has_other = false, has_encoded = false;

	while (word.len > 0) {
		struct encoded_word encoded;

		if (encoded_word_at(word, &encoded) && !has_blank(mw_str_head(word, encoded.len))) {
			has_encoded = true;
			word = mw_str_tail(word, encoded.len);
			continue;
		}
		if (mw_str_starts_with(word, MW_STR("=?")) || mw_str_starts_with(word, MW_STR("?=")))
			return false;
		has_other = true;
		word = mw_str_tail(word, 1);
	}
	return is_quoted || !has_encoded || !has_other;
}

/* ESC, SO and SI change the alphabet in ISO-2022. */
static bool is_control(char c)
{
	return ((unsigned char)c < ' ' && c != '\t' && c != 0x1b && c != 0x0e && c != 0x0f) || c == 0x7f;
}

static bool hides_control(const struct encoded_word *word)
{
	char memory[4096];
	struct mw_buf decoded = MW_BUF_OVER(memory);

	decode(word, &decoded);
	for (size_t i = 0; i < decoded.used; i++)
		if (is_control(memory[i]))
			return true;
	return decoded.truncated;
}

/* The first encoded-word at or behind *at_io, which is set behind its "=?". False: there is none. */
static bool next_encoded_word(struct mw_str text, size_t *at_io, struct encoded_word *word_r)
{
	while (*at_io < text.len) {
		struct mw_str rest = mw_str_tail(text, *at_io);
		size_t begin = mw_str_find_text(rest, "=?");

		if (begin == rest.len)
			return false;
		*at_io += begin + 2;
		if (encoded_word_at(mw_str_tail(rest, begin), word_r))
			return true;
	}
	return false;
}

bool mw_encoded_words_are_readable(struct mw_str text)
{
	struct encoded_word word;

	for (size_t at = 0; next_encoded_word(text, &at, &word);)
		if (!holds_ascii(word.charset))
			return false;
	return true;
}

bool mw_encoded_words_hide_control(struct mw_str text)
{
	struct encoded_word word;

	for (size_t at = 0; next_encoded_word(text, &at, &word);)
		if (hides_control(&word))
			return true;
	return false;
}
