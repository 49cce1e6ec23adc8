/* SPDX-License-Identifier: MIT */
#include "sync_support.h"

#include "sync/text/field.h"

static const struct { const char *line, *fields[4]; bool open; } lines[] = {
	{ "", { NULL }, false },
	{ " \t ", { NULL }, false },
	{ "# only", { NULL }, false },
	{ "a b\tc", { "a", "b", "c" }, false },
	{ "  a  # b", { "a" }, false },
	{ "a#b c", { "a#b", "c" }, false },
	{ "\"a b\"@x y", { "\"a b\"@x", "y" }, false },
	{ "\"a \\\" # b\"@x", { "\"a \\\" # b\"@x" }, false },
	{ "a \"b c", { "a" }, true },
};

START_TEST(a_line_is_cut_at_blanks_outside_quotes)
{
	struct mw_str rest = mw_str(lines[_i].line), field;
	size_t count = 0;
	enum mw_text_field got;

	while ((got = mw_text_next(&rest, &field)) == MW_TEXT_FIELD) {
		ck_assert_ptr_nonnull(lines[_i].fields[count]);
		ck_assert_slice(field, mw_str(lines[_i].fields[count++]));
	}
	ck_assert_ptr_null(lines[_i].fields[count]);
	ck_assert_int_eq(got == MW_TEXT_OPEN_QUOTE, lines[_i].open);
}
END_TEST

static const struct { const char *list, *items[4]; size_t count; } lists[] = {
	{ "a", { "a" }, 1 }, { "a,b", { "a", "b" }, 2 }, { "a,,b", { "a", "", "b" }, 3 }, { "a,", { "a", "" }, 2 },
	{ "\"a,b\"@x,c", { "\"a,b\"@x", "c" }, 2 },
};

START_TEST(a_list_is_cut_at_commas_outside_quotes)
{
	struct mw_str rest = mw_str(lists[_i].list);

	ck_assert_uint_eq(mw_text_list_count(rest), lists[_i].count);
	for (size_t i = 0; i < lists[_i].count; i++)
		ck_assert_slice(mw_text_list_next(&rest), mw_str(lists[_i].items[i]));
	ck_assert_uint_eq(rest.len, 0);
}
END_TEST

START_TEST(what_is_shown_ends_with_a_whole_character)
{
	char text[400];

	for (size_t shift = 0; shift < 3; shift++) {
		struct mw_str shown;

		memset(text, 'a', shift);
		for (size_t i = shift; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "\xe2\x82\xac", 3);
		shown = mw_text_shown((struct mw_str){ text, sizeof(text) });
		ck_assert(shown.len <= 200 && shown.len > 196 && (shown.len - shift) % 3 == 0);
	}
	ck_assert_slice(mw_text_shown(MW_STR("short")), MW_STR("short"));
}
END_TEST

MW_UNIT_TESTS("text fields")
{
	MW_LOOP(tcase, a_line_is_cut_at_blanks_outside_quotes, lines);
	MW_LOOP(tcase, a_list_is_cut_at_commas_outside_quotes, lists);
	tcase_add_test(tcase, what_is_shown_ends_with_a_whole_character);
}
