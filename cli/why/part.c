/* SPDX-License-Identifier: MIT */
#include "why/part.h"

struct mw_str mw_part_before(struct mw_str text, const char *what)
{
	return mw_str_head(text, mw_str_find_text(text, what));
}

struct mw_str mw_part_after(struct mw_str text, const char *what)
{
	return mw_str_tail(text, mw_str_find_text(text, what) + strlen(what));
}

struct mw_str mw_part_address(struct mw_str text)
{
	struct mw_str inner = mw_part_after(text, "[");
	size_t end = mw_str_find(inner, ']');

	return end < inner.len ? mw_str_head(inner, end) : MW_STR_EMPTY;
}

bool mw_part_has_one(struct mw_str text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (mw_str_has(text, *words))
			return true;
	return false;
}

bool mw_part_begins_with_one(struct mw_str text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (mw_str_starts_with(text, mw_str(*words)))
			return true;
	return false;
}

bool mw_part_ends_with_one(struct mw_str text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (mw_str_ends_with(text, mw_str(*words)))
			return true;
	return false;
}

void mw_part_copy(char *to, size_t size, struct mw_str text)
{
	text = mw_str_head(text, size - 1);
	if (text.len > 0)
		memcpy(to, text.ptr, text.len);
	to[text.len] = '\0';
}

uint32_t mw_part_hash(struct mw_str text)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * 16777619U;
	return hash;
}
