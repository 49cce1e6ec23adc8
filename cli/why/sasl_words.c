/* SPDX-License-Identifier: MIT */
#include "why/sasl_words.h"

#include "why/part.h"

/* What sasl_errstring(3) of Cyrus SASL says, whole. */
static const struct { const char *words; enum mw_why_kind kind; } cyrus[] = {
	{ "user not found", MW_WHY_USER_UNKNOWN },
	{ "bad protocol / cancel", MW_WHY_LOGIN_CANCELED },
	{ "no mechanism available", MW_WHY_MECHANISM },
	{ "mechanism doesn't support requested feature", MW_WHY_MECHANISM },
	{ "mechanism too weak for this user", MW_WHY_MECHANISM },
	{ "user exists, but no verifier for user", MW_WHY_MECHANISM },
	{ "One time use of a plaintext password will enable requested mechanism for user", MW_WHY_MECHANISM },
	{ "encryption needed to use mechanism", MW_WHY_LOGIN_NEEDS_TLS },
	{ "no memory available", MW_WHY_FAULT },
	{ "overflowed buffer", MW_WHY_FAULT },
	{ "SASL library is not initialized", MW_WHY_FAULT },
	{ "version mismatch with plug-in", MW_WHY_FAULT },
	{ "error when parsing configuration file", MW_WHY_FAULT },
	{ "remote authentication server unavailable", MW_WHY_FAULT },
	{ "account disabled", MW_WHY_ENDED },
	{ "passphrase locked", MW_WHY_ENDED },
	{ "passphrase expired, has to be reset", MW_WHY_ENDED },
	{ "passphrase expired, must be reset", MW_WHY_ENDED },
	{ "passphrase is too weak for security policy", MW_WHY_ENDED },
	{ "user supplied passwords are not permitted", MW_WHY_ENDED },
	{ "authorization failure", MW_WHY_ENDED },
};

/* Of Postfix's own, and of Dovecot's auth that does not answer. */
static const char *const faults[] = { "Temporary authentication failure", "onnection lost to authentication server",
				      "authentication server", "Authentication service", "Authentication backend error",
				      "temporary failure", NULL };

/* Words that say no more than that it failed, or that the password is wrong. */
static const char *const plain[] = { "uthentication fail", "uthentication unsuccessful", "assword", "redential",
				     "nvalid user", "generic failure", "(reason unavailable)",
				     "invalid parameter supplied", NULL };

static bool is_word(struct mw_str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!((word.ptr[i] | 0x20) >= 'a' && (word.ptr[i] | 0x20) <= 'z'))
			return i >= 2 && i + 1 == word.len;
	return word.len >= 2;
}

/* What an administrator wrote into Dovecot's reason= has words; a challenge, which Postfix before 3.8 shows in its
   place, is one in base64. */
static bool is_sentence(struct mw_str why)
{
	struct mw_str rest = why, word;
	int words = 0;

	while (mw_str_split(&rest, ' ', &word))
		words += is_word(word) ? 1 : 0;
	return words > 1 && !mw_part_has_one(why, plain);
}

enum mw_why_kind mw_why_sasl_kind(struct mw_str why)
{
	for (size_t i = 0; i < sizeof(cyrus) / sizeof(cyrus[0]); i++)
		if (mw_str_equal(mw_str_trim(why), mw_str(cyrus[i].words)))
			return cyrus[i].kind;
	if (mw_str_has(why, "Invalid authentication mechanism"))
		return MW_WHY_MECHANISM;
	if (mw_str_starts_with(why, MW_STR("Invalid base64")))
		return MW_WHY_ENDED;
	if (mw_part_has_one(why, faults))
		return MW_WHY_FAULT;
	return is_sentence(why) ? MW_WHY_ENDED : MW_WHY_LOGIN_FAILED;
}

bool mw_why_sasl_account_closed(struct mw_str why)
{
	static const char *const words[] = { "user disabled", "password expired", "user_disabled", "password_expired",
					     "account disabled", "passphrase ", NULL };

	return mw_part_has_one(why, words);
}

bool mw_why_sasl_is_token(struct mw_str mechanism)
{
	return mw_str_equal_nocase(mechanism, MW_STR("XOAUTH2")) || mw_str_equal_nocase(mechanism, MW_STR("OAUTHBEARER"));
}
