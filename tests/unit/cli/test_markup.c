/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "ui/markup.h"

static char memory[1024];

static struct mw_str one_element(struct mw_str text, struct mw_buf *out)
{
	struct mw_markup markup;

	*out = MW_BUF_OVER(memory);
	markup = mw_markup_over(out);
	mw_markup_element(&markup, "a", text);
	return mw_buf_str(out);
}

static const struct {
	struct mw_str text;
	const char *written;
} texts[] = {
	{ MW_STR("plain"), "<a>plain</a>\n" },
	{ MW_STR(""), "<a></a>\n" },
	{ MW_STR("</a><script>&\"'"), "<a>&lt;/a&gt;&lt;script&gt;&amp;&quot;&#39;</a>\n" },
	{ MW_STR("&amp;"), "<a>&amp;amp;</a>\n" },
	{ MW_STR("]]>"), "<a>]]&gt;</a>\n" },
	{ MW_STR("b\xc3\xbc" "cher"), "<a>b\xc3\xbc" "cher</a>\n" },
	{ MW_STR("nul\0, escape\033, newline\n"), "<a>nul\xef\xbf\xbd, escape\xef\xbf\xbd, newline\xef\xbf\xbd</a>\n" },
	{ MW_STR("\xff\xc3"), "<a>\xef\xbf\xbd\xef\xbf\xbd</a>\n" },
	{ MW_STR("right to left \xe2\x80\xae!"), "<a>right to left \xef\xbf\xbd!</a>\n" },
};

START_TEST(text_stays_text)
{
	struct mw_buf out;

	ck_assert_slice(one_element(texts[_i].text, &out), mw_str(texts[_i].written));
}
END_TEST

START_TEST(elements_are_indented_and_mixed_text_is_left_as_it_is)
{
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_markup markup = mw_markup_over(&out);

	mw_markup_begin(&markup, "top");
	mw_markup_attribute(&markup, "name", MW_STR("\"<x>\""));
	mw_markup_attribute(&markup, "n", MW_STR("1"));
	mw_markup_begin(&markup, "void");
	mw_markup_end_void(&markup);
	mw_markup_begin(&markup, "mixed");
	mw_markup_text(&markup, MW_STR("see "));
	mw_markup_element(&markup, "b", MW_STR("this"));
	mw_markup_raw(&markup, "&nbsp;");
	mw_markup_end(&markup);
	mw_markup_begin(&markup, "nothing");
	mw_markup_end(&markup);
	mw_markup_end(&markup);
	ck_assert_slice(mw_buf_str(&out), MW_STR("<top name=\"&quot;&lt;x&gt;&quot;\" n=\"1\">\n"
						 "\t<void/>\n"
						 "\t<mixed>see <b>this</b>&nbsp;</mixed>\n"
						 "\t<nothing></nothing>\n"
						 "</top>\n"));
}
END_TEST

MW_UNIT_TESTS("markup")
{
	MW_LOOP(tcase, text_stays_text, texts);
	tcase_add_test(tcase, elements_are_indented_and_mixed_text_is_left_as_it_is);
}
