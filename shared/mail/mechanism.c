/* SPDX-License-Identifier: MIT */
#include "mail/mechanism.h"

static const struct mw_word classes[] = {
	{ "basic", MW_MECHANISM_BASIC },
	{ "bearer", MW_MECHANISM_BEARER },
	{ "integrated", MW_MECHANISM_INTEGRATED },
	{ "challenge", MW_MECHANISM_CHALLENGE },
	{ "external", MW_MECHANISM_EXTERNAL },
};
const struct mw_table mw_mechanism_classes = MW_TABLE(classes);

/* A mechanism that is not in the table counts as one that shows the password. */
static const struct mw_word mechanisms[] = {
	{ "PLAIN", MW_MECHANISM_BASIC },
	{ "LOGIN", MW_MECHANISM_BASIC },
	{ "USER", MW_MECHANISM_BASIC },
	{ "OAUTHBEARER", MW_MECHANISM_BEARER },
	{ "XOAUTH2", MW_MECHANISM_BEARER },
	{ "NTLM", MW_MECHANISM_INTEGRATED },
	{ "GSSAPI", MW_MECHANISM_INTEGRATED },
	{ "GSS-SPNEGO", MW_MECHANISM_INTEGRATED },
	{ "CRAM-MD5", MW_MECHANISM_CHALLENGE },
	{ "DIGEST-MD5", MW_MECHANISM_CHALLENGE },
	{ "APOP", MW_MECHANISM_CHALLENGE },
	{ "OTP", MW_MECHANISM_CHALLENGE },
	{ "EXTERNAL", MW_MECHANISM_EXTERNAL },
};

static bool is_scram(struct mw_str name)
{
	const struct mw_str scram = MW_STR("SCRAM-");

	return name.len > scram.len && mw_str_equal_nocase(mw_str_head(name, scram.len), scram);
}

enum mw_mechanism_class mw_mechanism_class(struct mw_str name)
{
	int value;

	if (mw_table_find(MW_TABLE(mechanisms), name, &value))
		return (enum mw_mechanism_class)value;
	return is_scram(name) ? MW_MECHANISM_CHALLENGE : MW_MECHANISM_BASIC;
}

bool mw_mechanism_known(struct mw_str name)
{
	int value;

	return mw_table_find(MW_TABLE(mechanisms), name, &value) || is_scram(name);
}

bool mw_mechanism_is_anonymous(struct mw_str name)
{
	return mw_str_equal_nocase(name, MW_STR("ANONYMOUS"));
}
