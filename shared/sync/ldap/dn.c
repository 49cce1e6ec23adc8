/* SPDX-License-Identifier: MIT */
#include "sync/ldap/dn.h"

#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/units.h"

#define PARTS_MAX 16 /* of one RDN */

/* Names of one attribute, the first is the one that stands for all (RFC 4519). */
static const char *const names[][3] = {
	{ "cn", "commonname", "2.5.4.3" },
	{ "sn", "surname", "2.5.4.4" },
	{ "c", "countryname", "2.5.4.6" },
	{ "l", "localityname", "2.5.4.7" },
	{ "st", "stateorprovincename", "2.5.4.8" },
	{ "street", "streetaddress", "2.5.4.9" },
	{ "o", "organizationname", "2.5.4.10" },
	{ "ou", "organizationalunitname", "2.5.4.11" },
	{ "title", NULL, "2.5.4.12" },
	{ "uid", "userid", "0.9.2342.19200300.100.1.1" },
	{ "mail", "rfc822mailbox", "0.9.2342.19200300.100.1.3" },
	{ "dc", "domaincomponent", "0.9.2342.19200300.100.1.25" },
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static void add_type(struct mw_buf *out, struct mw_str type)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t k = 0; k < 3; k++) {
			if (names[i][k] != NULL && mw_str_equal_nocase(type, mw_str(names[i][k]))) {
				mw_buf_add_text(out, names[i][0]);
				return;
			}
		}
	}
	for (size_t i = 0; i < type.len; i++)
		mw_buf_add_char(out, lower(type.ptr[i]));
}

/* Without blanks at both ends, and with one where several are. What separates parts of a DN is escaped, so that no
   two DNs become the same text. */
static void add_squeezed(struct mw_buf *out, const char *text, size_t len)
{
	bool blank = false, any = false;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == ' ') {
			blank = any;
			continue;
		}
		if (blank)
			mw_buf_add_char(out, ' ');
		blank = false;
		any = true;
		if (c < ' ' || c == 0x7f || strchr(",+=\\#\"<>;", c) != NULL)
			mw_buf_printf(out, "\\%02x", c);
		else
			mw_buf_add_char(out, (char)c);
	}
}

static bool is_ascii(struct mw_str value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.ptr[i] >= 0x80)
			return false;
	return true;
}

static void add_ascii(struct mw_buf *out, struct mw_str value)
{
	char memory[MW_LDAP_DN_MAX];

	for (size_t i = 0; i < value.len; i++)
		memory[i] = lower(value.ptr[i]);
	add_squeezed(out, memory, value.len);
}

/* Letters of all scripts without case, composed and compatible ones as one. */
static bool add_folded(struct mw_buf *out, struct mw_str value)
{
	size_t len = 0;
	uint8_t *folded = u8_check((const uint8_t *)value.ptr, value.len) != NULL
				  ? NULL
				  : u8_casefold((const uint8_t *)value.ptr, value.len, NULL, UNINORM_NFKC, NULL, &len);

	if (folded == NULL)
		return false;
	add_squeezed(out, (const char *)folded, len);
	free(folded);
	return true;
}

/* --- reading (RFC 4514, 3), from the beginning of `rest` */

/* Two digits. */
static bool read_hex(struct mw_str *rest, char *octet_r)
{
	int high = rest->len >= 2 ? mw_hex_digit(rest->ptr[0]) : -1;
	int low = high >= 0 ? mw_hex_digit(rest->ptr[1]) : -1;

	if (low < 0)
		return false;
	*octet_r = (char)(high * 16 + low);
	*rest = mw_str_tail(*rest, 2);
	return true;
}

static bool read_octet(struct mw_str *rest, char *octet_r)
{
	*octet_r = rest->ptr[0];
	*rest = mw_str_tail(*rest, 1);
	if (*octet_r != '\\')
		return *octet_r != '\0' && strchr("\";<>", *octet_r) == NULL;
	if (read_hex(rest, octet_r))
		return true;
	*octet_r = rest->len > 0 ? rest->ptr[0] : '\0';
	*rest = mw_str_tail(*rest, 1);
	return *octet_r != '\0' && strchr(" \"#+,;<=>\\", *octet_r) != NULL;
}

static bool ends_value(char c)
{
	return c == ',' || c == '+';
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_blanks(struct mw_str *rest)
{
	while (rest->len > 0 && is_blank(rest->ptr[0]))
		*rest = mw_str_tail(*rest, 1);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

/* A name or a number, and the sign behind it. */
static bool read_type(struct mw_str *rest, struct mw_str *type_r)
{
	size_t len = 0;
	bool number;

	skip_blanks(rest);
	number = rest->len > 0 && is_digit(rest->ptr[0]);
	while (len < rest->len &&
	       (is_digit(rest->ptr[len]) ||
		(number ? rest->ptr[len] == '.' : is_letter(rest->ptr[len]) || (len > 0 && rest->ptr[len] == '-'))))
		len++;
	*type_r = mw_str_head(*rest, len);
	*rest = mw_str_tail(*rest, len);
	skip_blanks(rest);
	if (len == 0 || rest->len == 0 || rest->ptr[0] != '=')
		return false;
	*rest = mw_str_tail(*rest, 1);
	skip_blanks(rest);
	return true;
}

/* "#" and octets in hex. */
static bool add_binary(struct mw_buf *out, struct mw_str *rest)
{
	char octet;

	mw_buf_add_char(out, '#');
	*rest = mw_str_tail(*rest, 1);
	do {
		if (!read_hex(rest, &octet))
			return false;
		mw_buf_printf(out, "%02x", (unsigned char)octet);
	} while (rest->len > 0 && !ends_value(rest->ptr[0]) && !is_blank(rest->ptr[0]));
	skip_blanks(rest);
	return rest->len == 0 || ends_value(rest->ptr[0]);
}

/* TYPE=VALUE */
static bool add_part(struct mw_buf *out, struct mw_str *rest)
{
	char memory[MW_LDAP_DN_MAX];
	struct mw_str type, value = { memory, 0 };

	if (!read_type(rest, &type))
		return false;
	add_type(out, type);
	mw_buf_add_char(out, '=');
	if (rest->len > 0 && rest->ptr[0] == '#')
		return add_binary(out, rest);
	while (rest->len > 0 && !ends_value(rest->ptr[0]))
		if (!read_octet(rest, &memory[value.len++]))
			return false;
	if (!is_ascii(value))
		return add_folded(out, value);
	add_ascii(out, value);
	return true;
}

static int compare_parts(const void *left, const void *right)
{
	return mw_str_compare(*(const struct mw_str *)left, *(const struct mw_str *)right);
}

/* The order of its parts says nothing. *more_r: another one follows. */
static bool add_rdn(struct mw_buf *out, struct mw_str *rest, bool *more_r)
{
	char memory[MW_LDAP_DN_MAX], separator;
	struct mw_buf text = MW_BUF_OVER(memory);
	struct mw_str parts[PARTS_MAX];
	size_t count = 0, from = 0;

	do {
		if (count == PARTS_MAX || !add_part(&text, rest) || text.truncated)
			return false;
		parts[count++] = (struct mw_str){ memory + from, text.used - from };
		from = text.used;
		*more_r = rest->len > 0;
		separator = *more_r ? rest->ptr[0] : ',';
		*rest = mw_str_tail(*rest, 1);
	} while (separator == '+');
	qsort(parts, count, sizeof(parts[0]), compare_parts);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			mw_buf_add_char(out, '+');
		mw_buf_add(out, parts[i]);
	}
	return true;
}

bool mw_ldap_dn_canonical(struct mw_str text, struct mw_buf *canonical)
{
	struct mw_str rest = text;
	bool more;

	mw_buf_reset(canonical);
	if (text.len > MW_LDAP_DN_MAX)
		return false;
	do {
		if (canonical->used > 0)
			mw_buf_add_char(canonical, ',');
		if (!add_rdn(canonical, &rest, &more))
			return false;
	} while (more);
	return !canonical->truncated;
}

bool mw_ldap_is_dn(struct mw_str value)
{
	char memory[2 * MW_LDAP_DN_MAX];
	struct mw_buf dn = MW_BUF_OVER(memory);

	if (mw_str_find(value, '=') == value.len || !mw_ldap_dn_canonical(value, &dn))
		return false;
	/* A comma in a value is an escape there. */
	return mw_str_find(value, '@') == value.len || mw_str_find(mw_buf_str(&dn), ',') < dn.used;
}

bool mw_ldap_dn_is_below(struct mw_str canonical, struct mw_str base)
{
	if (mw_str_empty(base) || mw_str_equal(canonical, base))
		return true;
	return canonical.len > base.len && mw_str_ends_with(canonical, base) &&
	       canonical.ptr[canonical.len - base.len - 1] == ',';
}
