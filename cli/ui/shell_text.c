/* SPDX-License-Identifier: MIT */
#include "ui/shell_text.h"

#include "base/shell.h"

/* What one byte can become: a quote, its escape, a quote. */
#define BYTE_MOST 7

static const char *written(struct mw_arena *arena, const char *text,
			   void (*write)(struct mw_buf *out, struct mw_str text))
{
	size_t size = strlen("-- ") + strlen(text) * BYTE_MOST + 3;
	char *memory = mw_arena_alloc(arena, size);
	struct mw_buf out;

	if (memory == NULL)
		return "";
	out = mw_buf_over(memory, size);
	write(&out, mw_str(text));
	return memory;
}

const char *mw_shell_text(struct mw_arena *arena, const char *text)
{
	return written(arena, text, mw_shell_word);
}

const char *mw_shell_operand_text(struct mw_arena *arena, const char *text)
{
	return written(arena, text, mw_shell_operand);
}
