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

/* What is not here shows the password, as far as we know. */
static const struct mw_word mechanisms[] = {
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

enum mw_mechanism_class mw_mechanism_class(struct mw_str name)
{
	const struct mw_str scram = MW_STR("SCRAM-");
	int value;

	if (mw_table_find(MW_TABLE(mechanisms), name, &value))
		return (enum mw_mechanism_class)value;
	if (name.len > scram.len && mw_str_equal_nocase(mw_str_head(name, scram.len), scram))
		return MW_MECHANISM_CHALLENGE;
	return MW_MECHANISM_BASIC;
}
