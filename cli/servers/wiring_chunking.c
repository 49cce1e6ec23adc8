/* SPDX-License-Identifier: MIT */
/* CHUNKING, where smtpd does not outlive what a client can make of it. Postfix forgets the sender of a BDAT that it
   refuses, keeps the recipients, and dies of the next DATA (HISTORY, 20260724); fixed in the versions below. */
#include "servers/wiring.h"

#include "base/arena.h"
#include "base/units.h"

static bool next_word(struct mw_str *list, struct mw_str *word_r)
{
	static const char blanks[] = ", \t\r\n";
	size_t start = 0, end;

	while (start < list->len && strchr(blanks, list->ptr[start]) != NULL)
		start++;
	for (end = start; end < list->len && strchr(blanks, list->ptr[end]) == NULL;)
		end++;
	*word_r = mw_str_head(mw_str_tail(*list, start), end - start);
	*list = mw_str_tail(*list, end);
	return !mw_str_empty(*word_r);
}

/* "13" of "13-RC1". */
static uint64_t leading_number(struct mw_str text)
{
	uint64_t number = 0;
	size_t digits = 0;

	while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
		digits++;
	return mw_parse_number(mw_str_head(text, digits), &number) ? number : 0;
}

bool mw_wiring_chunking_kills(struct mw_str version)
{
	static const struct {
		uint64_t minor, fixed;
	} fixes[] = { { 7, 22 }, { 8, 20 }, { 9, 14 }, { 10, 13 }, { 11, 6 } };
	struct mw_str major, minor, patch;

	if (!mw_str_split(&version, '.', &major))
		return true;
	if (leading_number(major) != 3)
		return false;
	if (!mw_str_split(&version, '.', &minor))
		return true;
	for (size_t i = 0; i < sizeof(fixes) / sizeof(fixes[0]); i++) {
		if (leading_number(minor) == fixes[i].minor)
			return !mw_str_split(&version, '.', &patch) || leading_number(patch) < fixes[i].fixed;
	}
	return leading_number(minor) < fixes[0].minor;
}

void mw_wiring_for_version(struct mw_wiring *wiring, struct mw_str version)
{
	struct mw_wiring_setting *last = &wiring->settings[wiring->setting_count - 1];

	if (strcmp(last->name, MW_WIRING_EHLO) == 0 && !mw_wiring_chunking_kills(version))
		wiring->setting_count--;
}

bool mw_wiring_discards_chunking(struct mw_str keywords)
{
	struct mw_str word;

	while (next_word(&keywords, &word)) {
		if (mw_str_equal_nocase(word, MW_STR("chunking")))
			return true;
	}
	return false;
}

struct mw_str mw_wiring_keywords(struct mw_arena *arena, struct mw_str old)
{
	size_t size = old.len + sizeof(MW_WIRING_EHLO_VALUE) + 1;
	char *memory = mw_arena_alloc(arena, size);
	bool discarded = mw_wiring_discards_chunking(old);
	struct mw_str word;
	struct mw_buf out;

	if (memory == NULL)
		return MW_STR_EMPTY;
	out = mw_buf_over(memory, size);
	while (next_word(&old, &word))
		mw_buf_printf(&out, "%s%.*s", out.used > 0 ? "," : "", MW_STR_ARG(word));
	if (out.used == 0)
		return MW_STR(MW_WIRING_EHLO_VALUE);
	if (!discarded)
		mw_buf_add_text(&out, ",chunking");
	return mw_buf_str(&out);
}
