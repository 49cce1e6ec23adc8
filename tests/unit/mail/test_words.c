/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "mail/mechanism.h"
#include "mail/protocol.h"

static const struct { const char *name; enum mw_mechanism_class class; } mechanisms[] = {
	{ "PLAIN", MW_MECHANISM_BASIC },	  { "plain", MW_MECHANISM_BASIC },
	{ "LOGIN", MW_MECHANISM_BASIC },	  { "USER", MW_MECHANISM_BASIC },
	{ "XCLIENT", MW_MECHANISM_BASIC },	  { "X-FOO", MW_MECHANISM_BASIC },
	{ "", MW_MECHANISM_BASIC },		  { "SCRAM", MW_MECHANISM_BASIC },
	{ "OAUTHBEARER", MW_MECHANISM_BEARER },	  { "xoauth2", MW_MECHANISM_BEARER },
	{ "NTLM", MW_MECHANISM_INTEGRATED },	  { "GSSAPI", MW_MECHANISM_INTEGRATED },
	{ "GSS-SPNEGO", MW_MECHANISM_INTEGRATED },{ "CRAM-MD5", MW_MECHANISM_CHALLENGE },
	{ "DIGEST-MD5", MW_MECHANISM_CHALLENGE }, { "APOP", MW_MECHANISM_CHALLENGE },
	{ "SCRAM-SHA-1", MW_MECHANISM_CHALLENGE },{ "Scram-Sha-256", MW_MECHANISM_CHALLENGE },
	{ "OTP", MW_MECHANISM_CHALLENGE },	  { "EXTERNAL", MW_MECHANISM_EXTERNAL },
	{ "PLAIN ", MW_MECHANISM_BASIC },	  { "CRAM-MD5X", MW_MECHANISM_BASIC },
};

START_TEST(a_mechanism_that_is_not_known_counts_as_basic)
{
	ck_assert_int_eq(mw_mechanism_class(mw_str(mechanisms[_i].name)), mechanisms[_i].class);
	ck_assert_uint_eq(mw_mechanism_classes.count, MW_MECHANISM_CLASS_COUNT);
	ck_assert_int_eq(mw_mechanism_shows_secret(mw_str(mechanisms[_i].name)),
			 mechanisms[_i].class == MW_MECHANISM_BASIC || mechanisms[_i].class == MW_MECHANISM_BEARER);
}
END_TEST

START_TEST(a_word_that_is_no_mechanism_is_not_known_for_one)
{
	static const char *const known[] = { "PLAIN", "login", "USER", "Scram-Sha-256", "XOAUTH2", "EXTERNAL" };
	static const char *const unknown[] = { "", "X-FOO", "SCRAM-", "AGJvYgBzZWNyZXQ", "PLAIN ", "secret" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		ck_assert_msg(mw_mechanism_known(mw_str(known[i])), "%s", known[i]);
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		ck_assert_msg(!mw_mechanism_known(mw_str(unknown[i])), "%s", unknown[i]);
}
END_TEST

START_TEST(every_protocol_and_stage_has_its_word)
{
	int value;

	for (int i = 0; i < MW_PROTOCOL_COUNT; i++) {
		const char *word = mw_table_word(mw_protocols, i);

		ck_assert_ptr_nonnull(word);
		ck_assert(mw_table_find(mw_protocols, mw_str(word), &value) && value == i);
	}
	for (int i = 0; i < MW_STAGE_UNKNOWN; i++) {
		const char *word = mw_table_word(mw_stages, i);

		ck_assert_ptr_nonnull(word);
		ck_assert(mw_table_find(mw_stages, mw_str(word), &value) && value == i);
	}
	ck_assert(!mw_table_find(mw_stages, MW_STR("UNKNOWN"), &value));
	ck_assert(!mw_table_find(mw_protocols, MW_STR("http"), &value));
}
END_TEST

MW_UNIT_TESTS("words")
{
	MW_LOOP(tcase, a_mechanism_that_is_not_known_counts_as_basic, mechanisms);
	tcase_add_test(tcase, a_word_that_is_no_mechanism_is_not_known_for_one);
	tcase_add_test(tcase, every_protocol_and_stage_has_its_word);
}
