/* SPDX-License-Identifier: MIT */
#include "ui/own_command.h"

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/complain.h"
#include "base/shell.h"
#include "policy/read.h"

#define NAME "mailwicket "
#define ROOM (PATH_MAX * 7 + 8192) /* for a path between quotes, and a text around it */

static const struct mw_cli *run;

void mw_own_command_init(const struct mw_cli *cli)
{
	run = cli;
}

/* NULL: the usual one. */
static const char *named_policy(void)
{
	return run != NULL && strcmp(run->policy_path, mw_policy_default_path()) != 0 ? run->policy_path : NULL;
}

/* Whether the text begins with a command's name. */
static bool begins_command(struct mw_str text)
{
	for (const struct mw_command *const *command = run->commands; *command != NULL; command++) {
		size_t len = strlen((*command)->name);

		if (mw_str_starts_with(text, mw_str((*command)->name)) &&
		    (text.len == len || (text.ptr[len] != '-' && !isalnum((unsigned char)text.ptr[len]))))
			return true;
	}
	return false;
}

static bool is_own(struct mw_str text, size_t at)
{
	return mw_str_starts_with(mw_str_tail(text, at), MW_STR(NAME)) &&
	       (at == 0 || strchr("-_./", text.ptr[at - 1]) == NULL) &&
	       (at == 0 || !isalnum((unsigned char)text.ptr[at - 1])) &&
	       begins_command(mw_str_tail(text, at + strlen(NAME)));
}

static void write(struct mw_buf *out, struct mw_str text)
{
	size_t done = 0;

	for (size_t at = 0; at < text.len; at++) {
		if (text.ptr[at] != NAME[0] || !is_own(text, at))
			continue;
		mw_buf_add(out, mw_str_head(mw_str_tail(text, done), at - done));
		mw_buf_add_text(out, NAME "-c ");
		mw_shell_word(out, mw_str(named_policy()));
		mw_buf_add_char(out, ' ');
		done = at + strlen(NAME);
	}
	mw_buf_add(out, mw_str_tail(text, done));
}

void mw_own_commands(struct mw_buf *out, size_t from)
{
	size_t len = out->used - from;
	char *before = named_policy() != NULL && len > 0 ? malloc(len) : NULL;
	bool truncated = out->truncated;

	if (before == NULL)
		return;
	memcpy(before, out->data + from, len);
	out->used = from;
	out->truncated = false;
	write(out, (struct mw_str){ before, len });
	if (out->truncated) {
		out->used = from;
		mw_buf_add(out, (struct mw_str){ before, len });
	}
	out->truncated |= truncated;
	free(before);
}

struct mw_str mw_own_commands_in(struct mw_buf *room, struct mw_str text)
{
	if (named_policy() == NULL)
		return text;
	write(room, text);
	return room->truncated ? text : mw_buf_str(room);
}

void mw_complain_own(const char *format, ...)
{
	char text[4096], memory[ROOM];
	struct mw_buf room = MW_BUF_OVER(memory);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	mw_complain("%.*s", MW_STR_ARG(mw_own_commands_in(&room, mw_str(text))));
}

const char *mw_own_commands_text(struct mw_arena *arena, const char *text)
{
	char memory[ROOM];
	struct mw_buf room = MW_BUF_OVER(memory);

	return mw_arena_text(arena, mw_own_commands_in(&room, mw_str(text)));
}
