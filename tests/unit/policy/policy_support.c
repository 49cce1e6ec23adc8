/* SPDX-License-Identifier: MIT */
#include "policy_support.h"

struct mw_errors *mw_test_errors;

struct mw_policy *mw_test_read_on(const char *text, int64_t today)
{
	mw_test_end();
	mw_test_errors = mw_errors_new(200);
	return mw_policy_read_text("test.conf", mw_str(text), "mail.example.org", today, mw_test_errors);
}

struct mw_policy *mw_test_read(const char *text)
{
	return mw_test_read_on(text, 0);
}

struct mw_policy *mw_test_good(const char *text)
{
	struct mw_policy *policy = mw_test_read(text);

	ck_assert_msg(policy != NULL, "%s\n%s", text, mw_test_messages());
	return policy;
}

const char *mw_test_messages(void)
{
	static char memory[100000];
	struct mw_buf out = MW_BUF_OVER(memory);

	for (unsigned i = 0; i < mw_errors_kept(mw_test_errors); i++) {
		mw_error_print(mw_errors_get(mw_test_errors, i), &out);
		mw_buf_add_char(&out, '\n');
	}
	return memory;
}

struct mw_ip mw_test_ip(const char *text)
{
	struct mw_ip ip = { .family = MW_FAMILY_UNKNOWN };

	if (text[0] != '\0')
		ck_assert_msg(mw_ip_parse(mw_str(text), &ip), "%s", text);
	return ip;
}

void mw_test_end(void)
{
	mw_errors_free(mw_test_errors);
	mw_test_errors = NULL;
}
