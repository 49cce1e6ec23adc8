/* SPDX-License-Identifier: MIT */
#include "mail/local_part.h"

#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "mail/address.h"

const unsigned char mw_atom_octets[256] = {
	['a'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	['A'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	['0'] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
	['!'] = '!' | MW_ROUTES, ['#'] = '#', '$', '%' | MW_ROUTES, '&', '\'', ['*'] = '*', '+', ['-'] = '-', '.', '/',
	['='] = '=', ['?'] = '?', ['^'] = '^', '_', '`', ['{'] = '{', '|', '}', '~',
};

bool mw_text_is_ascii(struct mw_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

static bool is_plain(ucs4_t character)
{
	if (character < 0x80)
		return character >= ' ' && character != 0x7f;
	return !uc_is_general_category_withtable(character, UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z);
}

/* Persian and Indic words and joined emoji have joiners; what is no character yet is one to a sender with a newer
   Unicode. */
static bool is_mail(ucs4_t character)
{
	const ucs4_t zero_width_non_joiner = 0x200c, zero_width_joiner = 0x200d;

	if (is_plain(character) || character == zero_width_non_joiner || character == zero_width_joiner)
		return true;
	return uc_is_general_category_withtable(character, UC_CATEGORY_MASK_Cn) &&
	       !uc_is_property_not_a_character(character);
}

static bool holds_only(struct mw_str text, bool (*admitted)(ucs4_t))
{
	while (text.len > 0) {
		ucs4_t character;
		int len = u8_mbtoucr(&character, (const uint8_t *)text.ptr, text.len);

		if (len <= 0 || !admitted(character))
			return false;
		text = mw_str_tail(text, (size_t)len);
	}
	return true;
}

bool mw_text_is_plain(struct mw_str text)
{
	return holds_only(text, is_plain);
}

bool mw_text_is_mail(struct mw_str text)
{
	return holds_only(text, is_mail);
}

bool mw_local_is_dot_atom(struct mw_str text)
{
	bool dot = true;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char octet = (unsigned char)text.ptr[i];

		if (octet == '.' ? dot : octet < 0x80 && mw_atom_octets[octet] == 0)
			return false;
		dot = octet == '.';
	}
	return !dot;
}

size_t mw_local_unquote(struct mw_str text, struct mw_buf *out)
{
	for (size_t i = 1; i < text.len; i++) {
		if (text.ptr[i] == '"')
			return i + 1;
		if (text.ptr[i] == '\\' && ++i == text.len)
			return 0;
		mw_buf_add_char(out, text.ptr[i]);
	}
	return 0;
}

void mw_local_requote(struct mw_str text, struct mw_buf *out)
{
	mw_buf_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			mw_buf_add_char(out, '\\');
		mw_buf_add_char(out, text.ptr[i]);
	}
	mw_buf_add_char(out, '"');
}

struct mw_str mw_local_octets(struct mw_str local, struct mw_buf *memory)
{
	if (mw_str_empty(local) || local.ptr[0] != '"')
		return local;
	mw_local_unquote(local, memory);
	return mw_buf_str(memory);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_mark(char c)
{
	return (unsigned char)c < 0x80 && !(lower(c) >= 'a' && lower(c) <= 'z') && !(c >= '0' && c <= '9');
}

/* Letters and digits, not all of them ASCII. */
static bool fold_word(struct mw_str word, struct mw_buf *out)
{
	uint8_t folded[4 * MW_ADDRESS_MAX + 4];
	size_t len = sizeof(folded);
	uint8_t *result = u8_casefold((const uint8_t *)word.ptr, word.len, NULL, UNINORM_NFC, folded, &len);

	if (result == NULL)
		return false;
	mw_buf_add(out, (struct mw_str){ (const char *)result, len });
	if (result != folded)
		free(result);
	return true;
}

bool mw_local_fold(struct mw_str text, struct mw_buf *out)
{
	while (text.len > 0) {
		size_t len = 0;
		bool ascii = true;

		for (; len < text.len && !is_mark(text.ptr[len]); len++)
			ascii = ascii && (unsigned char)text.ptr[len] < 0x80;
		if (!ascii && !fold_word(mw_str_head(text, len), out))
			return false;
		for (size_t i = 0; ascii && i < len; i++)
			mw_buf_add_char(out, lower(text.ptr[i]));
		if (len < text.len)
			mw_buf_add_char(out, text.ptr[len]);
		text = mw_str_tail(text, len + 1);
	}
	return !out->truncated;
}

bool mw_local_is_reserved(struct mw_str local, struct mw_str delimiters)
{
	static const char *const names[] = { "postmaster", "mailer-daemon", "double-bounce" };
	const struct mw_str owner = MW_STR("owner-"), request = MW_STR("-request");

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (mw_str_equal_nocase(local, mw_str(names[i])))
			return true;
	if (mw_str_find(delimiters, '-') == delimiters.len)
		return false;
	return mw_str_equal_nocase(mw_str_head(local, owner.len), owner) ||
	       (local.len > request.len &&
		mw_str_equal_nocase(mw_str_tail(local, local.len - request.len), request));
}
