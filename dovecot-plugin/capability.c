/* SPDX-License-Identifier: MIT */
#include "capability.h"

/* The list's words, without what stands before and behind it; empty where this is no list of capabilities. */
static struct mw_str list_of(struct mw_str sent)
{
	const struct mw_str untagged = MW_STR("* CAPABILITY "), greeting = MW_STR("* OK [CAPABILITY ");

	if (mw_str_starts_with(sent, untagged)) {
		sent = mw_str_tail(sent, untagged.len);
		return mw_str_head(sent, mw_str_find(sent, '\r'));
	}
	if (!mw_str_starts_with(sent, greeting))
		return MW_STR_EMPTY;
	sent = mw_str_tail(sent, greeting.len);
	return mw_str_head(sent, mw_str_find(sent, ']'));
}

bool mw_capability_surplus(struct mw_str sent, size_t *at_r, size_t *len_r)
{
	struct mw_str rest = list_of(sent), word;
	bool found = false;

	while (mw_str_split(&rest, ' ', &word)) {
		if (mw_str_equal_nocase(mw_str_head(word, 5), MW_STR("AUTH=")))
			return false;
		if (!mw_str_equal_nocase(word, MW_STR("SASL-IR")))
			continue;
		/* The blank before it goes with it. */
		*at_r = (size_t)(word.ptr - sent.ptr) - 1;
		*len_r = word.len + 1;
		found = true;
	}
	return found;
}
