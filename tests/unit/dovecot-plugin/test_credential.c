/* SPDX-License-Identifier: MIT */
#include "unit.h"
#include "dovecot-plugin/capability.h"
#include "dovecot-plugin/credential_rest.h"

#define PLAIN "AGJvYgBTZWNyZXRQdzE="       /* \0bob\0SecretPw1 */
#define NAME "Ym9i"                        /* bob */
#define PASSWORD "U2VjcmV0UHcx"            /* SecretPw1 */
#define BEARER "dXNlcj1ib2IBYXV0aD1CZWFyZXIgeAEB" /* user=bob\1auth=Bearer x\1\1 */

static const struct {
	const char *mechanism, *response;
	unsigned lines;
} awaited[] = {
	{ "PLAIN", "", 1 }, { "plain", PLAIN, 0 }, { "PLAIN", "=", 0 }, { "PLAIN", "{20+}", 1 },
	{ "LOGIN", "", 2 }, { "login", NAME, 1 }, { "XOAUTH2", "", 1 }, { "X-FOO", "", 1 }, { "X-FOO", "eA==", 0 },
	{ "CRAM-MD5", "", 0 }, { "SCRAM-SHA-256", "", 0 }, { "GSSAPI", "", 0 }, { "EXTERNAL", "", 0 },
};

START_TEST(as_many_lines_may_follow_as_the_mechanism_has)
{
	ck_assert_uint_eq(mw_credential_rest_lines(mw_str(awaited[_i].mechanism), mw_str(awaited[_i].response)),
			  awaited[_i].lines);
}
END_TEST

static const struct {
	const char *mechanism, *input;
	size_t taken;
	unsigned left;
	bool shown;
	const char *login;
} rests[] = {
	{ "PLAIN", PLAIN "\r\n", 22, 0, true, "bob" },
	{ "PLAIN", PLAIN "\nb NOOP\r\n", 21, 0, true, "bob" },
	{ "LOGIN", NAME "\r\n" PASSWORD "\r\nSTLS\r\n", 20, 0, true, "bob" },
	{ "LOGIN", NAME "\r\n", 6, 1, false, "bob" },
	{ "XOAUTH2", BEARER "\r\n", 34, 0, true, "bob" },
	{ "X-FOO", "c2VjcmV0\r\n", 10, 0, true, "" },
	/* ManageSieve: the command's line end may still be there, and one stays for it. */
	{ "PLAIN", "\r\n\"" PLAIN "\"\r\n", 24, 0, true, "bob" },
	{ "PLAIN", "\r\n{20+}\r\n" PLAIN "\r\nNOOP\r\n", 29, 0, true, "bob" },
	{ "LOGIN", "\r\n\"" NAME "\"\r\n\"" PASSWORD "\"\r\n", 24, 0, true, "bob" },
	/* Not there yet. */
	{ "PLAIN", "", 0, 1, false, "" },
	{ "PLAIN", "\r\n", 0, 1, false, "" },
	{ "PLAIN", PLAIN, 0, 1, false, "" },
	{ "PLAIN", "{20+}\r\n" PLAIN, 0, 1, false, "" },
	/* Commands. */
	{ "PLAIN", "b STARTTLS\r\n", 0, 0, false, "" },
	{ "PLAIN", "STARTTLS\r\n", 0, 0, false, "" },
	{ "LOGIN", "STLS\r\n", 0, 0, false, "" },
	{ "LOGIN", "quit\r\n", 0, 0, false, "" },
	{ "X-FOO", "CAPA\r\n", 0, 0, false, "" },
	{ "LOGIN", NAME "\r\nQUIT\r\n", 6, 0, false, "bob" },
	{ "LOGIN", "USER ", 0, 0, false, "" },
	{ "LOGIN", NAME "\r\nUSER b", 6, 0, false, "bob" },
	{ "PLAIN", "*\r\n", 0, 0, false, "" },
	{ "PLAIN", "\r\n\r\n", 0, 0, false, "" },
	{ "PLAIN", "LOGOUT\r\n", 0, 0, false, "" },
	{ "PLAIN", "XFORWARD\r\n", 0, 0, false, "" },
	{ "PLAIN", "bob secret\r\n", 0, 0, false, "" },
	/* Not what PLAIN or a name looks like: no commands either. */
	{ "PLAIN", "Ym9i\r\n", 6, 0, true, "" },
	{ "LOGIN", "AAEC\r\n", 6, 1, true, "" },
	{ "PLAIN", "AGJvYgBTZWNyZXRQdzE\r\n", 21, 0, true, "" },
	{ "PLAIN", "====\r\n", 6, 0, true, "" },
	{ "PLAIN", "\r\n\"bob secret\"\r\n", 14, 0, true, "" },
	{ "PLAIN", "\r\n\"QUIT\"\r\n", 8, 0, true, "" },
};

START_TEST(the_rest_of_an_exchange_is_taken_and_nothing_else)
{
	struct mw_str mechanism = mw_str(rests[_i].mechanism);
	struct mw_credential credential = { .shown = false };
	unsigned lines = mw_credential_rest_lines(mechanism, MW_STR_EMPTY);
	size_t len = strlen(rests[_i].input);
	char *input = malloc(len + 1);

	/* Without the NUL behind it, so that reading too far is seen. */
	memcpy(input, rests[_i].input, len);
	ck_assert_uint_eq(mw_credential_rest_take((struct mw_str){ input, len }, mechanism, &lines, &credential),
			  rests[_i].taken);
	ck_assert_uint_eq(lines, rests[_i].left);
	ck_assert_int_eq(credential.shown, rests[_i].shown);
	ck_assert_str_eq(credential.login, rests[_i].login);
	free(input);
}
END_TEST

static const struct {
	const char *mechanism, *response;
	bool shown;
	const char *login;
} responses[] = {
	{ "PLAIN", PLAIN, true, "bob" },
	{ "plain", "Ym9iAGJvYgB4", true, "bob" },           /* bob\0bob\0x */
	{ "PLAIN", "", false, "" },
	{ "PLAIN", "=", false, "" },
	{ "PLAIN", "{20+}", false, "" },
	{ "PLAIN", "{20}", false, "" },
	{ "PLAIN", "{20", true, "" },
	{ "PLAIN", "{}", true, "" },
	{ "PLAIN", "Ym9iAFNlY3JldFB3MQ==", true, "" },      /* bob\0SecretPw1 */
	{ "PLAIN", "Ym9iAFNlY3JldFB3MQA=", true, "" },      /* bob\0SecretPw1\0 */
	{ "PLAIN", "AFNlY3JldFB3MQ==", true, "" },          /* \0SecretPw1 */
	{ "PLAIN", "AABTZWNyZXRQdzE=", true, "" },          /* \0\0SecretPw1 */
	{ "PLAIN", "AGJvYgBTZWNyZXRQdzEA", true, "" },      /* \0bob\0SecretPw1\0 */
	{ "PLAIN", "AGJvCmIAeA==", true, "" },              /* \0bo\nb\0x */
	{ "PLAIN", "AP8AeHh4", true, "\xff" },                  /* \0\xff\0xxx */
	{ "PLAIN", "AGJvYgBTZWNyZXRQdzE", true, "" },
	{ "PLAIN", PLAIN " x", true, "" },
	{ "LOGIN", NAME, false, "bob" },
	{ "LOGIN", "Ym9iIFNlY3JldFB3MQ==", true, "" },      /* bob SecretPw1 */
	{ "LOGIN", "Ym9iAFNlY3JldFB3MQ==", true, "" },      /* bob\0SecretPw1 */
	{ "LOGIN", "Ym9", true, "" },
	{ "XOAUTH2", BEARER, true, "bob" },
	{ "XOAUTH2", "dXNlcj1ib2IBYXV0aD0BAQ==", true, "" },             /* user=bob\1auth=\1\1 */
	{ "XOAUTH2", "dXNlcj1ib2IgYXV0aD1CZWFyZXIgeAEB", true, "" },     /* user=bob auth=Bearer x\1\1 */
	{ "XOAUTH2", "dXNlcj1ib2I=", true, "" },                         /* user=bob */
	{ "OAUTHBEARER", "bixhPWJvYiwBYXV0aD1CZWFyZXIgeAEB", true, "bob" }, /* n,a=bob,\1auth=Bearer x\1\1 */
	{ "OAUTHBEARER", "bixhPWI9MkNvPTNEYiwBYXV0aD14AQE=", true, "b,o=b" }, /* n,a=b=2Co=3Db,\1auth=x\1\1 */
	{ "OAUTHBEARER", "bixhPWI9b2IsAWF1dGg9eAEB", true, "" },         /* n,a=b=ob,\1auth=x\1\1 */
	{ "OAUTHBEARER", "biwsAWF1dGg9eAEB", true, "" },                 /* n,,\1auth=x\1\1 */
	{ "OAUTHBEARER", "bixhPWJvYgFhdXRoPXgBAQ==", true, "" },         /* n,a=bob\1auth=x\1\1 */
	{ "OAUTHBEARER", "bixhPWJvYixhdXRoPXg=", true, "" },             /* n,a=bob,auth=x */
	{ "X-FOO", "eA==", true, "" },
	{ "CRAM-MD5", NAME, false, "" },
	{ "GSSAPI", PLAIN, false, "" },
};

START_TEST(a_response_has_a_name_only_in_its_own_form)
{
	struct mw_credential credential = { .login = "earlier" };

	mw_credential_read(mw_str(responses[_i].mechanism), mw_str(responses[_i].response), &credential);
	ck_assert_int_eq(credential.shown, responses[_i].shown);
	ck_assert_str_eq(credential.login, responses[_i].login);
}
END_TEST

/* Neither beyond what a login process reads, nor beyond what a name may have. */
START_TEST(long_responses_are_shown_and_nameless)
{
	static char response[16384];
	struct mw_credential credential;

	for (size_t len = 4; len < sizeof(response); len += 4) {
		memset(response, 'Y', len);
		mw_credential_read(MW_STR("LOGIN"), (struct mw_str){ response, len }, &credential);
		ck_assert_int_eq(credential.shown, credential.login[0] == '\0');
		ck_assert_uint_lt(strlen(credential.login), sizeof(credential.login));
		mw_credential_read(MW_STR("PLAIN"), (struct mw_str){ response, len }, &credential);
		ck_assert(credential.shown && credential.login[0] == '\0');
	}
}
END_TEST

static const struct {
	const char *sent, *left;
} capabilities[] = {
	{ "* OK [CAPABILITY IMAP4rev1 SASL-IR LOGIN-REFERRALS LOGINDISABLED] ready.\r\n",
	  "* OK [CAPABILITY IMAP4rev1 LOGIN-REFERRALS LOGINDISABLED] ready.\r\n" },
	{ "* CAPABILITY IMAP4rev1 STARTTLS SASL-IR\r\n", "* CAPABILITY IMAP4rev1 STARTTLS\r\n" },
	{ "* OK [CAPABILITY IMAP4rev1 sasl-ir] AUTH=PLAIN is off\r\n",
	  "* OK [CAPABILITY IMAP4rev1] AUTH=PLAIN is off\r\n" },
	{ "* CAPABILITY IMAP4rev1 SASL-IR AUTH=CRAM-MD5\r\n", NULL },
	{ "* CAPABILITY IMAP4rev1 auth=plain SASL-IR\r\n", NULL },
	{ "* CAPABILITY IMAP4rev1 SASL-IRX\r\n", NULL },
	{ "* CAPABILITY SASL-IR", "* CAPABILITY" },
	{ "* CAPABILITY ", NULL },
	{ "* OK SASL-IR\r\n", NULL },
	{ "a OK SASL-IR done.\r\n", NULL },
	{ "", NULL },
};

START_TEST(sasl_ir_goes_with_the_last_mechanism)
{
	struct mw_str sent = mw_str(capabilities[_i].sent);
	char left[256] = "";
	size_t at, len;
	bool surplus = mw_capability_surplus(sent, &at, &len);

	ck_assert_int_eq(surplus, capabilities[_i].left != NULL);
	if (!surplus)
		return;
	memcpy(left, sent.ptr, at);
	memcpy(left + at, sent.ptr + at + len, sent.len - len - at);
	ck_assert_str_eq(left, capabilities[_i].left);
}
END_TEST

START_TEST(the_last_auth_command_is_found)
{
	struct mw_str mechanism, response;

	ck_assert(mw_credential_find(MW_STR("AUTH LOGIN\r\nEHLO x\r\nauth plain " PLAIN "\r\n"), &mechanism, &response));
	ck_assert(mw_str_equal(mechanism, MW_STR("plain")) && mw_str_equal(response, MW_STR(PLAIN)));
	ck_assert(!mw_credential_find(MW_STR("NOOP\r\nAUTHX PLAIN\r\n"), &mechanism, &response));
	ck_assert(!mw_credential_find(MW_STR("AUTH\r\n"), &mechanism, &response));
}
END_TEST

START_TEST(the_name_is_kept_until_the_password_comes)
{
	struct mw_credential credential = { .shown = false };
	unsigned lines = 2;

	ck_assert_uint_eq(mw_credential_rest_take(MW_STR(NAME "\r\n"), MW_STR("LOGIN"), &lines, &credential), 6);
	ck_assert_uint_eq(mw_credential_rest_take(MW_STR(PASSWORD "\r\n"), MW_STR("LOGIN"), &lines, &credential), 14);
	ck_assert(credential.shown);
	ck_assert_str_eq(credential.login, "bob");
}
END_TEST

MW_UNIT_TESTS("rest")
{
	MW_LOOP(tcase, as_many_lines_may_follow_as_the_mechanism_has, awaited);
	MW_LOOP(tcase, the_rest_of_an_exchange_is_taken_and_nothing_else, rests);
	MW_LOOP(tcase, a_response_has_a_name_only_in_its_own_form, responses);
	MW_LOOP(tcase, sasl_ir_goes_with_the_last_mechanism, capabilities);
	tcase_add_test(tcase, long_responses_are_shown_and_nameless);
	tcase_add_test(tcase, the_last_auth_command_is_found);
	tcase_add_test(tcase, the_name_is_kept_until_the_password_comes);
}
