/* SPDX-License-Identifier: MIT */
#include "ui/shell_text.h"

#include "report/shell.h"

/* What one byte can become: a quote, its escape, a quote. */
#define BYTE_MOST 7

const char *mw_shell_text(struct mw_arena *arena, const char *text)
{
	size_t size = strlen(text) * BYTE_MOST + 3;
	char *memory = mw_arena_alloc(arena, size);
	struct mw_buf out;

	if (memory == NULL)
		return "";
	out = mw_buf_over(memory, size);
	mw_shell_word(&out, mw_str(text));
	return memory;
}
