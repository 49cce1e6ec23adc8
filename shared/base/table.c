/* SPDX-License-Identifier: MIT */
#include "base/table.h"

#define LONGEST_WORD 64

/* Upper and lower case of a letter differ in this bit only. */
static bool may_be_equal(char a, char b)
{
	return ((a ^ b) & ~0x20) == 0;
}

bool mw_table_find(struct mw_table table, struct mw_str word, int *value_r)
{
	for (size_t i = 0; i < table.count && word.len > 0; i++) {
		struct mw_str known;

		/* Looks at the first letter and the last before the rest: most words differ there. */
		if (!may_be_equal(table.words[i].word[0], word.ptr[0]))
			continue;
		known = mw_str(table.words[i].word);
		if (known.len == word.len && may_be_equal(known.ptr[word.len - 1], word.ptr[word.len - 1]) &&
		    mw_str_equal_nocase(known, word)) {
			*value_r = table.words[i].value;
			return true;
		}
	}
	return false;
}

const char *mw_table_word(struct mw_table table, int value)
{
	for (size_t i = 0; i < table.count; i++) {
		if (table.words[i].value == value)
			return table.words[i].word;
	}
	return NULL;
}

void mw_table_print(struct mw_table table, struct mw_buf *out)
{
	for (size_t i = 0; i < table.count; i++) {
		if (i > 0)
			mw_buf_add_text(out, i + 1 == table.count ? " or " : ", ");
		mw_buf_add_text(out, table.words[i].word);
	}
}

static size_t smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Levenshtein distance, one row at a time. Both words at most LONGEST_WORD long. */
static size_t edit_distance(struct mw_str a, struct mw_str b)
{
	size_t row[LONGEST_WORD + 1];

	for (size_t j = 0; j <= b.len; j++)
		row[j] = j;
	for (size_t i = 0; i < a.len; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < b.len; j++) {
			struct mw_str left = { a.ptr + i, 1 }, right = { b.ptr + j, 1 };
			size_t replaced = diagonal + !mw_str_equal_nocase(left, right);

			diagonal = row[j + 1];
			row[j + 1] = smallest(replaced, diagonal + 1, row[j] + 1);
		}
	}
	return row[b.len];
}

const char *mw_table_nearest(struct mw_table table, struct mw_str word)
{
	const char *nearest = NULL;
	size_t best = 3, distance;

	if (word.len > LONGEST_WORD)
		return NULL;
	for (size_t i = 0; i < table.count; i++) {
		struct mw_str known = mw_str(table.words[i].word);

		if (known.len > LONGEST_WORD)
			continue;
		distance = edit_distance(known, word);
		if (distance < best && distance * 2 < word.len) {
			best = distance;
			nearest = table.words[i].word;
		}
	}
	return nearest;
}
