/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <stdlib.h>

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
	/* Not what PLAIN or a name looks like. */
	{ "PLAIN", "Ym9i\r\n", 0, 0, false, "" },
	{ "LOGIN", "AAEC\r\n", 0, 0, false, "" },
	{ "PLAIN", "AGJvYgBTZWNyZXRQdzE\r\n", 0, 0, false, "" },
	{ "PLAIN", "====\r\n", 0, 0, false, "" },
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

int main(void)
{
	Suite *suite = suite_create("credential");
	TCase *tcase = tcase_create("rest");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, as_many_lines_may_follow_as_the_mechanism_has, 0,
			    sizeof(awaited) / sizeof(awaited[0]));
	tcase_add_loop_test(tcase, the_rest_of_an_exchange_is_taken_and_nothing_else, 0,
			    sizeof(rests) / sizeof(rests[0]));
	tcase_add_test(tcase, the_name_is_kept_until_the_password_comes);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
