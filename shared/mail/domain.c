/* SPDX-License-Identifier: MIT */
#include "mail/domain.h"

#include <idn2.h>
#include <stdlib.h>

#include "mail/local_part.h"
#include "mail/network.h"
#include "mail/plain.h"

#define LABEL_MAX 63

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

static bool is_label(struct mw_str label)
{
	if (label.len == 0 || label.len > LABEL_MAX || label.ptr[0] == '-' || label.ptr[label.len - 1] == '-')
		return false;
	for (size_t i = 0; i < label.len; i++)
		if (!is_host_byte(label.ptr[i]))
			return false;
	return true;
}

/* Whether it is labels of lower-case ASCII with single dots between them. *coded_r: one of them is an A-label. */
static bool is_host_name(struct mw_str name, bool *coded_r)
{
	*coded_r = false;
	if (name.len == 0 || name.ptr[name.len - 1] == '.')
		return false;
	while (name.len > 0) {
		size_t end = mw_str_find(name, '.');
		struct mw_str label = mw_str_head(name, end);

		if (!is_label(label))
			return false;
		*coded_r = *coded_r || mw_str_starts_with(label, MW_STR("xn--"));
		name = mw_str_tail(name, end + 1);
	}
	return true;
}

/* An A-label must be the one that its own U-label gives. */
static bool is_round_trip(const char *name)
{
	char *unicode = NULL, *ascii = NULL;
	bool same = idn2_to_unicode_8z8z(name, &unicode, 0) == IDN2_OK &&
		    idn2_to_ascii_8z(unicode, &ascii, IDN2_NONTRANSITIONAL) == IDN2_OK && strcmp(ascii, name) == 0;

	idn2_free(unicode);
	idn2_free(ascii);
	return same;
}

/* Digits and dots only: no host name (RFC 1123 2.1). With resolve_numeric_domain Postfix treats such an address as
   the literal, and the C library reads 127.0.0.01 as another number. So only a plain IPv4 address is accepted. */
static bool is_numeric(struct mw_str domain)
{
	for (size_t i = 0; i < domain.len; i++)
		if (domain.ptr[i] != '.' && (domain.ptr[i] < '0' || domain.ptr[i] > '9'))
			return false;
	return domain.len > 0;
}

static bool to_ascii(struct mw_str domain, char out[MW_DOMAIN_MAX + 1], size_t *len_r)
{
	char text[4 * MW_DOMAIN_MAX + 1], *ascii = NULL;
	bool coded, good;

	if (domain.len >= sizeof(text) || memchr(domain.ptr, '\0', domain.len) != NULL)
		return false;
	memcpy(text, domain.ptr, domain.len);
	text[domain.len] = '\0';
	good = idn2_to_ascii_8z(text, &ascii, IDN2_NONTRANSITIONAL) == IDN2_OK && strlen(ascii) <= MW_DOMAIN_MAX &&
	       is_host_name(mw_str(ascii), &coded) && !is_numeric(mw_str(ascii)) && is_round_trip(ascii);
	if (good) {
		*len_r = strlen(ascii);
		memcpy(out, ascii, *len_r + 1);
	}
	idn2_free(ascii);
	return good;
}

static bool literal(struct mw_str domain, char out[MW_DOMAIN_MAX + 1], size_t *len_r)
{
	struct mw_str inside = { domain.ptr + 1, domain.len - 2 };
	struct mw_buf text = mw_buf_over(out, MW_DOMAIN_MAX + 1);
	bool v6 = inside.len > 5 && mw_str_equal_nocase(mw_str_head(inside, 5), MW_STR("IPv6:"));
	struct mw_ip ip;

	if (!mw_ip_parse(v6 ? mw_str_tail(inside, 5) : inside, &ip) || (ip.family == MW_FAMILY_IPV6 && !v6))
		return false;
	mw_buf_add_text(&text, ip.family == MW_FAMILY_IPV6 ? "[IPv6:" : "[");
	mw_ip_print(&ip, &text);
	mw_buf_add_char(&text, ']');
	*len_r = text.used;
	return true;
}

static bool is_plain_label(const char *label, size_t len)
{
	return len > 0 && len <= LABEL_MAX && label[0] != '-' && label[len - 1] != '-' &&
	       (len < 4 || memcmp(label, "xn--", 4) != 0);
}

/* The byte of a host name in lower case; 0: not allowed in one. */
static const char host_bytes[256] = {
	['a'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	['A'] = 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
	'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
	['0'] = '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
	['-'] = '-', ['_'] = '_',
};

bool mw_plain_domain(struct mw_str text, char *out)
{
	size_t label = 0; /* where it begins */
	unsigned char seen = 0;

	for (size_t i = 0; i < text.len; i++) {
		out[i] = host_bytes[(unsigned char)text.ptr[i]];
		seen |= (unsigned char)out[i];
		if (out[i] != '\0')
			continue;
		out[i] = '.';
		if (text.ptr[i] != '.' || !is_plain_label(out + label, i - label))
			return false;
		label = i + 1;
	}
	out[text.len] = '\0';
	/* Letters have this bit, digits do not: a domain of digits only is for coded() to judge. */
	return (seen & 0x40) != 0 && is_plain_label(out + label, text.len - label);
}

static bool numeric(struct mw_str domain, char out[MW_DOMAIN_MAX + 1], size_t *len_r)
{
	char text[MW_DOMAIN_MAX + 1];
	struct mw_buf bracketed = MW_BUF_OVER(text);

	mw_buf_printf(&bracketed, "[%.*s]", MW_STR_ARG(domain));
	return !bracketed.truncated && literal(mw_buf_str(&bracketed), out, len_r);
}

/* The slow path: not ASCII, an A-label, digits only, or no domain. */
static bool coded(struct mw_str domain, char out[MW_DOMAIN_MAX + 1], size_t *len_r)
{
	bool has_a_label;

	if (is_numeric(domain))
		return numeric(domain, out, len_r);
	if (!mw_text_is_ascii(domain))
		return to_ascii(domain, out, len_r);
	if (domain.len > MW_DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < domain.len; i++)
		out[i] = lower(domain.ptr[i]);
	out[domain.len] = '\0';
	*len_r = domain.len;
	return is_host_name((struct mw_str){ out, domain.len }, &has_a_label) && (!has_a_label || is_round_trip(out));
}

bool mw_domain_canonical(struct mw_str domain, char out[MW_DOMAIN_MAX + 1], size_t *len_r)
{
	if (domain.len > 2 && domain.ptr[0] == '[' && domain.ptr[domain.len - 1] == ']')
		return literal(domain, out, len_r);
	*len_r = domain.len;
	if (domain.len <= MW_DOMAIN_MAX && mw_plain_domain(domain, out))
		return true;
	return coded(domain, out, len_r);
}

/* IDNA's label separators (RFC 3490 3.1): the octets of one at the beginning of the text, 0: there is none. */
static size_t separator(struct mw_str text)
{
	if (mw_str_starts_with(text, MW_STR(".")))
		return 1;
	return mw_str_starts_with(text, MW_STR("\xe3\x80\x82")) || mw_str_starts_with(text, MW_STR("\xef\xbc\x8e")) ||
	       mw_str_starts_with(text, MW_STR("\xef\xbd\xa1")) ? 3 : 0;
}

static bool add_label(struct mw_str label, struct mw_buf *out)
{
	char canonical[MW_DOMAIN_MAX + 1];
	struct mw_buf folded = MW_BUF_OVER(canonical);
	size_t len;

	if (label.len == 0)
		return false;
	if (coded(label, canonical, &len)) {
		mw_buf_add(out, (struct mw_str){ canonical, len });
		return true;
	}
	mw_buf_reset(&folded);
	if (!mw_local_fold(label, &folded))
		return false;
	for (size_t i = 0; i < folded.used; i++)
		if ((unsigned char)canonical[i] < 0x80 && !is_host_byte(canonical[i]))
			return false;
	mw_buf_add(out, mw_buf_str(&folded));
	return !mw_text_is_ascii(mw_buf_str(&folded)) || is_label(mw_buf_str(&folded));
}

bool mw_domain_as_octets(struct mw_str domain, char out[MW_DOMAIN_MAX + 1], size_t *len_r)
{
	struct mw_buf text = mw_buf_over(out, MW_DOMAIN_MAX + 1);
	size_t len, dot;

	if (domain.len > MW_DOMAIN_MAX)
		return false;
	do {
		for (len = 0; len < domain.len && separator(mw_str_tail(domain, len)) == 0;)
			len++;
		if (!add_label(mw_str_head(domain, len), &text))
			return false;
		domain = mw_str_tail(domain, len);
		dot = separator(domain);
		if (dot > 0)
			mw_buf_add_char(&text, '.');
		domain = mw_str_tail(domain, dot);
	} while (dot > 0);
	*len_r = text.used;
	return !text.truncated && !is_numeric(mw_buf_str(&text));
}

bool mw_domain_case_folded(struct mw_str domain, char out[MW_DOMAIN_MAX + 1], size_t *len_r)
{
	char memory[4 * MW_DOMAIN_MAX + 1];
	struct mw_buf folded = MW_BUF_OVER(memory);

	return domain.len <= MW_DOMAIN_MAX && !mw_text_is_ascii(domain) && mw_local_fold(domain, &folded) &&
	       mw_domain_canonical(mw_buf_str(&folded), out, len_r);
}

bool mw_domain_unicode_case_folded(struct mw_str canonical, char out[MW_DOMAIN_MAX + 1], size_t *len_r)
{
	char name[MW_DOMAIN_MAX + 1], *unicode = NULL;
	bool found;

	if (canonical.len > MW_DOMAIN_MAX)
		return false;
	memcpy(name, canonical.ptr, canonical.len);
	name[canonical.len] = '\0';
	found = strstr(name, "xn--") != NULL && idn2_to_unicode_8z8z(name, &unicode, 0) == IDN2_OK &&
		mw_domain_case_folded(mw_str(unicode), out, len_r);
	idn2_free(unicode);
	return found;
}

bool mw_domain_is_below(struct mw_str domain, struct mw_str parent)
{
	return domain.len > parent.len + 1 && mw_str_ends_with(domain, parent) &&
	       domain.ptr[domain.len - parent.len - 1] == '.';
}
