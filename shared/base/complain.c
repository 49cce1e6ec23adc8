/* SPDX-License-Identifier: MIT */
#include "base/complain.h"

#include <stdio.h>

#include "base/text.h"

static struct {
	const char *program, *command;
} who = { "mailwicket", NULL };

void mw_complain_as(const char *program, const char *command)
{
	who.program = program;
	who.command = command;
}

void mw_complainv(const char *format, va_list arguments)
{
	char text[4096], shown[4 * sizeof(text)];
	struct mw_buf out = MW_BUF_OVER(shown);

	vsnprintf(text, sizeof(text), format, arguments);
	mw_text_show(&out, mw_str(text));
	fprintf(stderr, "%s: %s%s%s\n", who.program, who.command != NULL ? who.command : "", who.command != NULL ? ": " : "",
		shown);
}

void mw_complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	mw_complainv(format, arguments);
	va_end(arguments);
}
