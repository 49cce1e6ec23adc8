/* SPDX-License-Identifier: MIT */
#include "mail/address.h"

#include <stdlib.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/uninitialized.h"
#include "mail/plain.h"

static bool is_ascii(struct mw_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	return true;
}

/* UTF-8 without control and format characters. */
static bool is_plain(struct mw_str text)
{
	while (text.len > 0) {
		ucs4_t character;
		int len = u8_mbtoucr(&character, (const uint8_t *)text.ptr, text.len);

		if (len <= 0 || character < ' ' || character == 0x7f ||
		    (character >= 0x80 &&
		     uc_is_general_category_withtable(character, UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z)))
			return false;
		text = mw_str_tail(text, (size_t)len);
	}
	return true;
}

/* Case folded, in NFC. */
static bool fold(struct mw_str text, struct mw_buf *out)
{
	uint8_t folded[4 * MW_ADDRESS_MAX + 4];
	size_t len = sizeof(folded);

	if (is_ascii(text)) {
		for (size_t i = 0; i < text.len; i++) {
			char c = text.ptr[i];

			mw_buf_add_char(out, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
		}
		return !out->truncated;
	}
	uint8_t *result = u8_casefold((const uint8_t *)text.ptr, text.len, NULL, UNINORM_NFC, folded, &len);

	if (result == NULL)
		return false;
	mw_buf_add(out, (struct mw_str){ (const char *)result, len });
	if (result != folded)
		free(result);
	return !out->truncated;
}

#define ROUTES 0x80 /* beside the octet: a source route may be written with it */

/* What an octet of an unquoted local part is, folded; 0: no such octet, or not ASCII. */
static const unsigned char atom_octets[256] = {
	['a'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	['A'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	['0'] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
	['!'] = '!' | ROUTES, ['#'] = '#', '$', '%' | ROUTES, '&', '\'', ['*'] = '*', '+', ['-'] = '-', '.', '/',
	['='] = '=', ['?'] = '?', ['^'] = '^', '_', '`', ['{'] = '{', '|', '}', '~',
};

static bool is_dot_atom(struct mw_str text)
{
	bool dot = true;

	for (size_t i = 0; i < text.len; i++) {
		unsigned char octet = (unsigned char)text.ptr[i];

		if (octet == '.' ? dot : octet < 0x80 && atom_octets[octet] == 0)
			return false;
		dot = octet == '.';
	}
	return !dot;
}

/* What stands in quotes, without its escapes. Returns the length with the quotes, 0: not well formed. */
static size_t unquote(struct mw_str text, struct mw_buf *out)
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

static void requote(struct mw_str text, struct mw_buf *out)
{
	mw_buf_add_char(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			mw_buf_add_char(out, '\\');
		mw_buf_add_char(out, text.ptr[i]);
	}
	mw_buf_add_char(out, '"');
}

static size_t read_local(struct mw_str text, struct mw_buf *local)
{
	size_t at = mw_str_find(text, '@');

	if (text.ptr[0] == '"')
		return unquote(text, local);
	mw_buf_add(local, mw_str_head(text, at));
	return is_dot_atom(mw_str_head(text, at)) ? at : 0;
}

static enum mw_address_kind finish(struct mw_address *address, struct mw_str local, struct mw_str domain)
{
	char folded_memory[4 * MW_ADDRESS_MAX + 4], domain_memory[MW_DOMAIN_MAX + 1];
	struct mw_buf folded = MW_BUF_OVER(folded_memory), out = MW_BUF_OVER(address->text);
	size_t domain_len, local_len;

	if (local.len == 0 || !fold(local, &folded) || !mw_domain_canonical(domain, domain_memory, &domain_len))
		return MW_ADDRESS_INVALID;
	if (is_dot_atom(mw_buf_str(&folded)))
		mw_buf_add(&out, mw_buf_str(&folded));
	else
		requote(mw_buf_str(&folded), &out);
	local_len = out.used;
	mw_buf_add_char(&out, '@');
	mw_buf_add(&out, (struct mw_str){ domain_memory, domain_len });
	if (out.truncated || out.used > MW_ADDRESS_MAX || local_len > MW_LOCAL_PART_MAX)
		return MW_ADDRESS_INVALID;
	address->whole = mw_buf_str(&out);
	address->local = mw_str_head(address->whole, local_len);
	address->domain = mw_str_tail(address->whole, local_len + 1);
	return memchr(local.ptr, '%', local.len) != NULL || memchr(local.ptr, '!', local.len) != NULL
		       ? MW_ADDRESS_ROUTED : MW_ADDRESS_MAILBOX;
}

/* Anything that may be an address. */
static enum mw_address_kind parse_any(struct mw_str text, struct mw_address *address)
{
	char local_memory[MW_ADDRESS_MAX + 1];
	struct mw_buf local = MW_BUF_OVER(local_memory);
	size_t at;

	if (text.len > MW_ADDRESS_MAX || !is_plain(text))
		return MW_ADDRESS_INVALID;
	at = read_local(text, &local);
	if (at == 0 || at > MW_LOCAL_PART_MAX || at >= text.len || text.ptr[at] != '@')
		return MW_ADDRESS_INVALID;
	return finish(address, mw_buf_str(&local), mw_str_tail(text, at + 1));
}

/* The short way: false where it is for parse_any() to say. */
static bool parse_plain(struct mw_str text, struct mw_address *address)
{
	unsigned char octet, marks = 0;
	bool dot = true;
	size_t at;

	if (text.len > MW_ADDRESS_MAX)
		return false;
	for (at = 0; at < text.len; at++) {
		octet = atom_octets[(unsigned char)text.ptr[at]];
		if (octet == 0)
			break;
		if (octet == '.' && dot)
			return false;
		dot = octet == '.';
		marks |= octet;
		address->text[at] = (char)(octet & ~ROUTES);
	}
	if (dot || at > MW_LOCAL_PART_MAX || at == text.len || text.ptr[at] != '@')
		return false;
	address->text[at] = '@';
	if (!mw_plain_domain(mw_str_tail(text, at + 1), address->text + at + 1))
		return false;
	address->kind = (marks & ROUTES) != 0 ? MW_ADDRESS_ROUTED : MW_ADDRESS_MAILBOX;
	address->whole = (struct mw_str){ address->text, text.len };
	address->local = mw_str_head(address->whole, at);
	address->domain = mw_str_tail(address->whole, at + 1);
	return true;
}

static enum mw_address_kind parse(struct mw_str text, struct mw_address *address)
{
	if (mw_str_empty(text) || mw_str_equal(text, MW_STR("<>")))
		return MW_ADDRESS_NULL;
	if (mw_str_equal_nocase(text, MW_STR("postmaster")))
		return MW_ADDRESS_POSTMASTER;
	return parse_any(text, address);
}

enum mw_address_kind mw_address_parse(struct mw_str text, struct mw_address *address_r)
{
	if (parse_plain(text, address_r))
		return address_r->kind;
	address_r->text[0] = '\0';
	address_r->whole = address_r->local = address_r->domain = MW_STR_EMPTY;
	address_r->kind = parse(text, address_r);
	if (address_r->kind != MW_ADDRESS_MAILBOX && address_r->kind != MW_ADDRESS_ROUTED)
		address_r->text[0] = '\0';
	return address_r->kind;
}

static struct mw_str moved(struct mw_str slice, const struct mw_address *from, const struct mw_address *to)
{
	return mw_str_empty(slice) ? slice : (struct mw_str){ to->text + (slice.ptr - from->text), slice.len };
}

void mw_address_copy(struct mw_address *to, const struct mw_address *from)
{
	memmove(to->text, from->text, sizeof(to->text));
	to->whole = moved(from->whole, from, to);
	to->local = moved(from->local, from, to);
	to->domain = moved(from->domain, from, to);
	to->kind = from->kind;
}

/* Not inlined: the compiler clears the memory, which an address that is complete should not pay for. */
__attribute__((noinline)) static enum mw_address_kind complete(struct mw_str text, struct mw_str default_domain,
							       struct mw_address *address_r)
{
	char memory[2 * MW_ADDRESS_MAX + 4];
	struct mw_buf whole = MW_BUF_OVER(memory);

	mw_buf_add(&whole, text);
	mw_buf_add_char(&whole, '@');
	mw_buf_add(&whole, default_domain);
	return mw_address_parse(mw_buf_str(&whole), address_r);
}

enum mw_address_kind mw_address_parse_completed(struct mw_str text, struct mw_str default_domain,
						struct mw_address *address_r)
{
	if (mw_str_empty(text) || mw_str_empty(default_domain) || mw_str_find(text, '@') < text.len ||
	    mw_str_equal(text, MW_STR("<>")))
		return mw_address_parse(text, address_r);
	return complete(text, default_domain, address_r);
}

bool mw_address_set_domain(struct mw_address *address, struct mw_str domain)
{
	size_t before = address->local.len + 1;

	if (before + domain.len > MW_ADDRESS_MAX)
		return false;
	memcpy(address->text + before, domain.ptr, domain.len);
	address->text[before + domain.len] = '\0';
	address->whole = (struct mw_str){ address->text, before + domain.len };
	address->domain = mw_str_tail(address->whole, before);
	return true;
}

struct mw_str mw_address_quoted(struct mw_str text, struct mw_buf *out)
{
	struct mw_str local = mw_str_head(text, mw_str_find(text, '@'));

	if (mw_str_empty(local) || local.len > MW_LOCAL_PART_MAX || text.len > MW_ADDRESS_MAX ||
	    mw_str_find_last(text, '@') != local.len || local.len == text.len || is_dot_atom(local) ||
	    (local.ptr[0] == '"' && local.ptr[local.len - 1] == '"'))
		return text;
	mw_buf_reset(out);
	requote(local, out);
	mw_buf_add(out, mw_str_tail(text, local.len));
	return mw_buf_str(out);
}

bool mw_address_path_domains(const struct mw_address *address, bool (*found)(struct mw_str domain, const void *context),
			     const void *context)
{
	struct mw_str rest = address->local;

	if (address->kind != MW_ADDRESS_ROUTED)
		return false;
	if (rest.ptr[0] == '"')
		rest = (struct mw_str){ rest.ptr + 1, rest.len - 2 };
	for (bool behind_percent = false; rest.len > 0;) {
		size_t bang = mw_str_find(rest, '!'), percent = mw_str_find(rest, '%');
		size_t end = bang < percent ? bang : percent;
		char domain[MW_DOMAIN_MAX + 1];
		size_t len;

		/* A domain stands before a "!" or behind a "%". */
		if ((behind_percent || (end == bang && end < rest.len)) &&
		    mw_domain_canonical(mw_str_head(rest, end), domain, &len) &&
		    found((struct mw_str){ domain, len }, context))
			return true;
		behind_percent = end == percent && end < rest.len;
		rest = mw_str_tail(rest, end + 1);
	}
	return false;
}

bool mw_address_without_extension(const struct mw_address *address, struct mw_str delimiters,
				  struct mw_address *base_r)
{
	struct mw_str local = address->local;
	size_t at = local.len;
	struct mw_buf out;

	if (mw_str_empty(local) || local.ptr[0] == '"')
		return false;
	for (size_t i = 0; i < delimiters.len; i++)
		at = mw_str_find(mw_str_head(local, at), delimiters.ptr[i]);
	if (at == 0 || at == local.len)
		return false;
	out = MW_BUF_OVER(base_r->text);
	mw_buf_add(&out, mw_str_head(local, at));
	mw_buf_add_char(&out, '@');
	mw_buf_add(&out, address->domain);
	base_r->kind = address->kind;
	base_r->whole = mw_buf_str(&out);
	base_r->local = mw_str_head(base_r->whole, at);
	base_r->domain = mw_str_tail(base_r->whole, at + 1);
	return true;
}

/* A login name that is no address. False: as parse_plain(). */
static bool plain_login(struct mw_str login, char *out, size_t size, size_t *len_r)
{
	if (login.len >= size || login.ptr[0] == ' ' || login.ptr[login.len - 1] == ' ')
		return false;
	for (size_t i = 0; i < login.len; i++) {
		char c = login.ptr[i];

		if (c < ' ' || c > '~')
			return false;
		out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	out[login.len] = '\0';
	*len_r = login.len;
	return true;
}

static bool login_address(struct mw_str login, struct mw_buf *text)
{
	MW_UNINITIALIZED struct mw_address address;
	enum mw_address_kind kind = mw_address_parse(login, &address);

	if (kind != MW_ADDRESS_MAILBOX && kind != MW_ADDRESS_ROUTED)
		return false;
	mw_buf_add(text, address.whole);
	return true;
}

bool mw_login_canonical(struct mw_str login, char *out, size_t size, size_t *len_r)
{
	bool address = mw_str_find(login, '@') < login.len;
	struct mw_buf text;

	if (mw_str_empty(login) || login.len > MW_LOGIN_MAX)
		return false;
	if (!address && plain_login(login, out, size, len_r))
		return true;
	text = mw_buf_over(out, size);
	if (address) {
		if (!login_address(login, &text))
			return false;
	} else if (!is_plain(login) || login.ptr[0] == ' ' || login.ptr[login.len - 1] == ' ' || !fold(login, &text)) {
		return false;
	}
	*len_r = text.used;
	return !text.truncated && text.used <= MW_LOGIN_MAX;
}
