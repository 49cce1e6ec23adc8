/* SPDX-License-Identifier: MIT */
#include "report_support.h"

#include <unistr.h>

#include "report/json.h"

static char memory[65536];

/* A strict reader of RFC 8259: each function takes one construct off *at and is NULL-safe by the text's end. */
static bool skip_value(const char **at);

static bool skip_string(const char **at)
{
	if (*(*at)++ != '"')
		return false;
	while (**at != '"') {
		if ((unsigned char)**at < ' ')
			return false;
		if (*(*at)++ != '\\')
			continue;
		if (**at == 'u' && strspn(*at + 1, "0123456789abcdefABCDEF") >= 4)
			*at += 4;
		else if (**at == '\0' || strchr("\"\\/bfnrt", **at) == NULL)
			return false;
		(*at)++;
	}
	(*at)++;
	return true;
}

static bool skip_members(const char **at, char end, bool keys)
{
	(*at)++;
	if (**at == end) {
		(*at)++;
		return true;
	}
	for (;;) {
		if (keys && (!skip_string(at) || *(*at)++ != ':'))
			return false;
		if (!skip_value(at))
			return false;
		if (**at == end) {
			(*at)++;
			return true;
		}
		if (*(*at)++ != ',')
			return false;
	}
}

static bool skip_value(const char **at)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t digits = strspn(*at, "0123456789");

	if (**at == '{')
		return skip_members(at, '}', true);
	if (**at == '[')
		return skip_members(at, ']', false);
	if (**at == '"')
		return skip_string(at);
	for (size_t i = 0; i < 3; i++) {
		if (strncmp(*at, words[i], strlen(words[i])) == 0) {
			*at += strlen(words[i]);
			return true;
		}
	}
	*at += digits;
	return digits > 0 && (digits == 1 || (*at)[-(ptrdiff_t)digits] != '0');
}

static bool is_json(const struct mw_buf *out)
{
	const char *at = out->data;

	return !out->truncated && strlen(out->data) == out->used &&
	       u8_check((const uint8_t *)out->data, out->used) == NULL && skip_value(&at) && *at == '\0';
}

START_TEST(every_kind_of_value_is_written)
{
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_json json = mw_json_over(&out);

	mw_json_object(&json, NULL);
	mw_json_string(&json, "s", MW_STR("a\"b\\c\nd\x01\xc3\xa9\xff"));
	mw_json_number(&json, "n", UINT64_MAX);
	mw_json_bool(&json, "t", true);
	mw_json_bool(&json, "f", false);
	mw_json_null(&json, "z");
	mw_json_array(&json, "a");
	mw_json_object(&json, NULL);
	mw_json_end_object(&json);
	mw_json_array(&json, NULL);
	mw_json_end_array(&json);
	mw_json_number(&json, NULL, 0);
	mw_json_end_array(&json);
	mw_json_string(&json, "e", MW_STR_EMPTY);
	/* What a terminal would obey: C1's CSI, and what turns the direction of writing. */
	mw_json_string(&json, "c", MW_STR("\xc2\x9b" "2J\xe2\x80\xae\x7f"));
	mw_json_end_object(&json);
	ck_assert_str_eq(out.data,
			 "{\"s\":\"a\\\"b\\\\c\\u000ad\\u0001\xc3\xa9\xef\xbf\xbd\",\"n\":18446744073709551615,\"t\":true,"
			 "\"f\":false,\"z\":null,\"a\":[{},[],0],\"e\":\"\",\"c\":\"\\u009b2J\\u202e\\u007f\"}");
	ck_assert(is_json(&out));
}
END_TEST

START_TEST(hostile_bytes_stay_inside_their_string)
{
	uint64_t seed = 8259;

	for (int round = 0; round < 5000; round++) {
		char bytes[300];
		struct mw_buf out = MW_BUF_OVER(memory);
		struct mw_json json = mw_json_over(&out);
		struct mw_verdict verdict;

		mw_test_verdict(&mw_test_connector, &verdict);
		verdict.trace.steps[1].value = (struct mw_str){ bytes, mw_test_hostile(&seed, bytes, sizeof(bytes)) };
		mw_json_object(&json, NULL);
		mw_json_verdict(&json, &verdict);
		mw_json_string(&json, "bytes", verdict.trace.steps[1].value);
		mw_json_end_object(&json);
		ck_assert_msg(is_json(&out), "round %d: %s", round, out.data);
	}
}
END_TEST

START_TEST(a_verdict_has_its_members)
{
	static const char *const members[] = {
		"{\"verdict\":\"refuse\"", "\"mode\":\"enforce\"", "\"reason\":\"send-as-denied\"", "\"reply\":\"550 5.7.1 ",
		"\"rule\":{\"kind\":\"connector\",\"name\":\"Client\",\"file\":\"/etc/mailwicket/mailwicket.conf\",\"line\":31}",
		"\"permissions\":[\"Submit\",\"Accept-Any-Recipient\"]", "\"trace\":[{\"check\":\"rule\",\"outcome\":\"passed\"",
		"\"hint\":\"no send-as grant on bob@example.org for alice@example.org\"",
	};
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_json json = mw_json_over(&out);
	struct mw_verdict verdict;

	mw_test_verdict(&mw_test_connector, &verdict);
	mw_json_object(&json, NULL);
	mw_json_verdict(&json, &verdict);
	mw_json_end_object(&json);
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		ck_assert_msg(strstr(out.data, members[i]) != NULL, "%s\n%s", members[i], out.data);
}
END_TEST

START_TEST(a_verdict_without_a_rule_has_null)
{
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_json json = mw_json_over(&out);
	struct mw_verdict verdict;

	mw_test_verdict(NULL, &verdict);
	mw_json_object(&json, NULL);
	mw_json_verdict(&json, &verdict);
	mw_json_end_object(&json);
	ck_assert_ptr_nonnull(strstr(out.data, "\"rule\":null,"));
	ck_assert(is_json(&out));
}
END_TEST

MW_UNIT_TESTS("JSON")
{
	tcase_add_test(tcase, every_kind_of_value_is_written);
	tcase_add_test(tcase, hostile_bytes_stay_inside_their_string);
	tcase_add_test(tcase, a_verdict_has_its_members);
	tcase_add_test(tcase, a_verdict_without_a_rule_has_null);
}
