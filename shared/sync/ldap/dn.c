/* SPDX-License-Identifier: MIT */
#include "sync/ldap/dn.h"

#include <ldap.h>
#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>

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
		mw_buf_add_char(out,
				type.ptr[i] >= 'A' && type.ptr[i] <= 'Z' ? (char)(type.ptr[i] | 0x20) : type.ptr[i]);
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

static bool is_ascii(const struct berval *value)
{
	for (ber_len_t i = 0; i < value->bv_len; i++)
		if ((unsigned char)value->bv_val[i] >= 0x80)
			return false;
	return true;
}

static bool add_ascii(struct mw_buf *out, const struct berval *value)
{
	char memory[MW_LDAP_DN_MAX];

	if (value->bv_len > sizeof(memory))
		return false;
	for (ber_len_t i = 0; i < value->bv_len; i++) {
		char c = value->bv_val[i];

		memory[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	add_squeezed(out, memory, value->bv_len);
	return true;
}

/* Letters of all scripts without case, composed and compatible ones as one. */
static bool add_folded(struct mw_buf *out, const struct berval *value)
{
	size_t len = 0;
	uint8_t *folded = value->bv_len > MW_LDAP_DN_MAX ? NULL
							 : u8_casefold((const uint8_t *)value->bv_val, value->bv_len,
								       NULL, UNINORM_NFKC, NULL, &len);

	if (folded == NULL)
		return false;
	add_squeezed(out, (const char *)folded, len);
	free(folded);
	return true;
}

static bool add_part(struct mw_buf *out, const LDAPAVA *part)
{
	const struct berval *value = &part->la_value;

	add_type(out, (struct mw_str){ part->la_attr.bv_val, part->la_attr.bv_len });
	mw_buf_add_char(out, '=');
	/* "#" and octets in hex. libldap reads "#" without any, whatever stands behind it, as an empty value. */
	if ((part->la_flags & LDAP_AVA_BINARY) != 0) {
		if (value->bv_len == 0)
			return false;
		mw_buf_add_char(out, '#');
		for (ber_len_t i = 0; i < value->bv_len; i++)
			mw_buf_printf(out, "%02x", (unsigned char)value->bv_val[i]);
		return true;
	}
	return is_ascii(value) ? add_ascii(out, value) : add_folded(out, value);
}

static int compare_parts(const void *left, const void *right)
{
	return mw_str_compare(*(const struct mw_str *)left, *(const struct mw_str *)right);
}

/* An RDN of several parts: their order says nothing. */
static bool add_sorted(struct mw_buf *out, LDAPRDN rdn)
{
	char memory[MW_LDAP_DN_MAX];
	struct mw_buf text = MW_BUF_OVER(memory);
	struct mw_str parts[PARTS_MAX];
	size_t count = 0, from = 0;

	for (; rdn[count] != NULL; count++) {
		if (count == PARTS_MAX || !add_part(&text, rdn[count]) || text.truncated)
			return false;
		parts[count] = (struct mw_str){ memory + from, text.used - from };
		from = text.used;
	}
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
	char memory[MW_LDAP_DN_MAX + 1];
	struct mw_buf copy = MW_BUF_OVER(memory);
	struct berval value = { text.len, memory };
	LDAPDN dn = NULL;
	bool good;

	mw_buf_reset(canonical);
	mw_buf_add(&copy, text);
	/* libldap reads up to a NUL, whatever length it is told. */
	if (text.len > MW_LDAP_DN_MAX || memchr(text.ptr, '\0', text.len) != NULL ||
	    ldap_bv2dn(&value, &dn, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS)
		return false;
	good = dn != NULL;
	for (size_t i = 0; good && dn[i] != NULL; i++) {
		if (i > 0)
			mw_buf_add_char(canonical, ',');
		good = dn[i][0] != NULL && dn[i][1] == NULL ? add_part(canonical, dn[i][0])
							    : add_sorted(canonical, dn[i]);
	}
	ldap_dnfree(dn);
	return good && !canonical->truncated;
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
