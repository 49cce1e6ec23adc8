/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "base/text.h"

static const struct { const char *text; char stop, other; size_t head; } heads[] = {
	{ "", '\0', '\0', 0 },
	{ "two words ~", '\0', '\0', 11 },
	{ "two words", ' ', '\0', 3 },
	{ "a\"b\\c", '"', '\\', 1 },
	{ "a\\b\"c", '"', '\\', 1 },
	{ "b\xc3\xbc" "cher\"", '"', '\0', 7 },
	{ "\xc3\xbc", '\xc3', '\0', 0 },
	{ "a\nb", '\0', '\0', 1 },
	{ "a\x7f", '\0', '\0', 1 },
	{ "a\xc2\x85", '\0', '\0', 1 },
	{ "a\xe2\x80\xae", '\0', '\0', 1 },
	{ "a\xc3", '\0', '\0', 1 },
};

START_TEST(a_harmless_head_ends_at_a_stop_and_at_what_misleads)
{
	ck_assert_uint_eq(mw_text_harmless_head(mw_str(heads[_i].text), heads[_i].stop, heads[_i].other), heads[_i].head);
}
END_TEST

START_TEST(a_nul_is_not_harmless)
{
	ck_assert_uint_eq(mw_text_harmless_head(MW_STR("a\0b"), '\0', '\0'), 1);
}
END_TEST

START_TEST(what_is_shown_has_each_octet_that_misleads_escaped)
{
	char memory[80];
	struct mw_buf out = MW_BUF_OVER(memory);

	mw_text_show(&out, MW_STR("\n" "b\xc3\xbc" "cher\xc3\x1b\xe2\x80\xae"));
	ck_assert_str_eq(memory, "\\x0ab\xc3\xbc" "cher\\xc3\\x1b\\xe2\\x80\\xae");
}
END_TEST

MW_UNIT_TESTS("text")
{
	MW_LOOP(tcase, a_harmless_head_ends_at_a_stop_and_at_what_misleads, heads);
	tcase_add_test(tcase, a_nul_is_not_harmless);
	tcase_add_test(tcase, what_is_shown_has_each_octet_that_misleads_escaped);
}
