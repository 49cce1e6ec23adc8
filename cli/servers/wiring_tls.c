/* SPDX-License-Identifier: MIT */
#include "servers/wiring_tls.h"

#include <stdlib.h>

bool mw_wiring_admits_strangers(const struct mw_connector *connector)
{
	return (mw_permissions_at(connector, MW_ANONYMOUS_USERS) & MW_SUBMIT) != 0;
}

enum mw_tls_version mw_wiring_version_of(const struct mw_connector *connector)
{
	return connector->enforcement.mode == MW_MODE_AUDIT ? MW_TLS_NONE : connector->tls.version;
}

/* Whether the rules before the last, which is built in, leave it nobody. */
static bool replaces_builtin(const struct mw_policy *policy)
{
	bool left[MW_PROTOCOL_COUNT], any = false;

	for (int k = 0; k < MW_PROTOCOL_COUNT; k++)
		left[k] = k != MW_PROTOCOL_SMTP;
	for (size_t i = 0; i + 1 < policy->login_rule_count; i++) {
		const struct mw_login_rule *rule = &policy->login_rules[i];

		for (int k = 0; k < MW_PROTOCOL_COUNT && rule->local.count == 0 && rule->remote.count == 0; k++)
			left[k] = left[k] && !rule->protocols[k];
	}
	for (int k = 0; k < MW_PROTOCOL_COUNT; k++)
		any |= left[k];
	return !any;
}

enum mw_tls_version mw_wiring_login_version(const struct mw_policy *policy)
{
	size_t count = policy->login_rule_count - (replaces_builtin(policy) ? 1 : 0);
	enum mw_tls_version lowest = MW_TLS_1_3;

	for (size_t i = 0; i < count; i++) {
		const struct mw_login_rule *rule = &policy->login_rules[i];
		enum mw_tls_version version = rule->enforcement.mode == MW_MODE_AUDIT ? MW_TLS_NONE : rule->tls.version;

		if (version < lowest)
			lowest = version;
	}
	return lowest;
}

/* --- Postfix: smtpd.c's choice, and tls_proto_mask_lims() of tls_misc.c */

const char *mw_wiring_protocols_name(bool required)
{
	return required ? "smtpd_tls_mandatory_protocols" : "smtpd_tls_protocols";
}

bool mw_wiring_is_protocols(struct mw_str setting)
{
	return mw_str_equal(setting, mw_str(mw_wiring_protocols_name(true))) ||
	       mw_str_equal(setting, mw_str(mw_wiring_protocols_name(false)));
}

#define VERSIONS (MW_TLS_1_3 + 1)
#define HEX_OF_SSL_3_0 0x300UL /* and one more for each version after it */

struct protocols {
	unsigned long floor, ceiling; /* as on the wire; 0: none */
	bool included[VERSIONS], excluded[VERSIONS], any_included;
};

static unsigned long on_wire(int version)
{
	return HEX_OF_SSL_3_0 + (unsigned long)(version - MW_SSL_3_0);
}

static bool read_limit(struct mw_str word, unsigned long *limit_r)
{
	char text[16], *end;
	int version;

	if (mw_table_find(mw_tls_versions, word, &version)) {
		*limit_r = version == MW_TLS_NONE ? 0 : on_wire(version);
		return true;
	}
	if (mw_str_empty(word) || word.len >= sizeof(text))
		return false;
	memcpy(text, word.ptr, word.len);
	text[word.len] = '\0';
	*limit_r = strtoul(text, &end, 16);
	return *end == '\0';
}

static bool read_name(struct mw_str word, bool versions[VERSIONS])
{
	int version;

	/* Postfix knows the word, OpenSSL has none of it any more. */
	if (mw_str_equal_nocase(word, MW_STR("SSLv2")))
		return true;
	if (!mw_table_find(mw_tls_versions, word, &version) || version == MW_TLS_NONE)
		return false;
	versions[version] = true;
	return true;
}

static bool read_word(struct mw_str word, struct protocols *protocols)
{
	if (mw_str_starts_with(word, MW_STR(">=")))
		return read_limit(mw_str_tail(word, 2), &protocols->floor);
	if (mw_str_starts_with(word, MW_STR("<=")))
		return read_limit(mw_str_tail(word, 2), &protocols->ceiling);
	if (mw_str_starts_with(word, MW_STR("!")))
		return read_name(mw_str_tail(word, 1), protocols->excluded);
	protocols->any_included = true;
	return read_name(word, protocols->included);
}

static bool parts(char c)
{
	return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':';
}

static bool next_word(struct mw_str *rest_io, struct mw_str *word_r)
{
	size_t len = 0;

	while (!mw_str_empty(*rest_io) && parts(rest_io->ptr[0]))
		*rest_io = mw_str_tail(*rest_io, 1);
	while (len < rest_io->len && !parts(rest_io->ptr[len]))
		len++;
	*word_r = mw_str_head(*rest_io, len);
	*rest_io = mw_str_tail(*rest_io, len);
	return len > 0;
}

static bool read_protocols(struct mw_str list, struct protocols *protocols_r)
{
	struct mw_str word;

	*protocols_r = (struct protocols){ .floor = 0 };
	while (next_word(&list, &word)) {
		if (!read_word(word, protocols_r))
			return false;
	}
	return true;
}

void mw_wiring_protocols_compact(struct mw_str list, struct mw_buf *out)
{
	struct mw_str word;

	for (bool first = true; next_word(&list, &word); first = false)
		mw_buf_printf(out, "%s%.*s", first ? "" : ",", MW_STR_ARG(word));
}

bool mw_wiring_protocols_reach(struct mw_str list, enum mw_tls_version minimum)
{
	struct protocols protocols;

	if (!read_protocols(list, &protocols))
		return false;
	for (int version = MW_SSL_3_0; version < (int)minimum; version++) {
		unsigned long wire = on_wire(version);

		if (wire >= protocols.floor && (protocols.ceiling == 0 || wire <= protocols.ceiling) &&
		    !protocols.excluded[version] && (!protocols.any_included || protocols.included[version]))
			return false;
	}
	return true;
}

const char *mw_wiring_protocols_value(enum mw_tls_version minimum)
{
	static const char *const values[VERSIONS] = { ">=SSLv3", ">=SSLv3", ">=TLSv1", ">=TLSv1.1", ">=TLSv1.2", ">=TLSv1.3" };

	return values[minimum];
}

/* --- Dovecot */

enum mw_tls_version mw_wiring_dovecot_version(struct mw_str value)
{
	int version;

	if (mw_str_equal_nocase(value, MW_STR("LATEST")))
		return MW_TLS_1_3;
	return mw_table_find(mw_tls_versions, value, &version) ? (enum mw_tls_version)version : MW_TLS_NONE;
}
