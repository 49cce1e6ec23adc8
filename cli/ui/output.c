/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/text.h"
#include "ui/output.h"
#include "ui/own_command.h"

#define FIRST_SIZE 16384
#define MESSAGE_MOST 16384
#define LARGEST_SIZE (256UL * 1024 * 1024)

int mw_usage_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	mw_complainv(format, arguments);
	va_end(arguments);
	return EX_USAGE;
}

void mw_output_errors(struct mw_errors *errors)
{
	unsigned kept = mw_errors_kept(errors);
	unsigned all = mw_errors_count(errors, MW_ERROR) + mw_errors_count(errors, MW_WARNING);

	mw_errors_sort(errors);
	for (unsigned i = 0; i < kept; i++) {
		char line[MESSAGE_MOST];
		struct mw_buf out = MW_BUF_OVER(line);

		mw_error_print(mw_errors_get(errors, i), &out);
		mw_own_commands(&out, 0);
		fprintf(stderr, "%s\n", line);
	}
	if (all > kept)
		mw_complain("and %u more", all - kept);
}

void mw_json_errors(struct mw_json *json, struct mw_errors *errors)
{
	unsigned kept = mw_errors_kept(errors);

	mw_errors_sort(errors);
	mw_json_array(json, "messages");
	for (unsigned i = 0; i < kept; i++) {
		const struct mw_error *error = mw_errors_get(errors, i);
		char memory[MESSAGE_MOST];
		struct mw_buf room = MW_BUF_OVER(memory);

		mw_json_object(json, NULL);
		mw_json_string(json, "severity", mw_str(error->severity == MW_ERROR ? "error" : "warning"));
		mw_json_string(json, "file", mw_str(error->file));
		mw_json_number(json, "line", error->line);
		mw_json_number(json, "column", error->column);
		mw_json_string(json, "text", mw_own_commands_in(&room, mw_str(error->text)));
		mw_json_string(json, "expected", mw_str(error->expected));
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

bool mw_output(void (*write)(struct mw_buf *out, const void *context), const void *context)
{
	for (size_t size = FIRST_SIZE; size <= LARGEST_SIZE; size *= 4) {
		char *memory = malloc(size);
		struct mw_buf out;
		bool whole;

		if (memory == NULL)
			break;
		out = mw_buf_over(memory, size);
		write(&out, context);
		whole = !out.truncated;
		if (whole)
			fwrite(out.data, 1, out.used, stdout);
		free(memory);
		if (whole)
			return true;
	}
	mw_complain("out of memory");
	return false;
}

struct json_call {
	void (*members)(struct mw_json *json, const void *context);
	const void *context;
};

static void write_json(struct mw_buf *out, const void *context)
{
	const struct json_call *call = context;
	struct mw_json json = mw_json_over(out);

	mw_json_object(&json, NULL);
	call->members(&json, call->context);
	mw_json_end_object(&json);
	mw_buf_add_char(out, '\n');
}

bool mw_output_json(void (*members)(struct mw_json *json, const void *context), const void *context)
{
	struct json_call call = { members, context };

	return mw_output(write_json, &call);
}

bool mw_output_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return true;
	mw_complain("standard output: %s", strerror(errno));
	return false;
}
