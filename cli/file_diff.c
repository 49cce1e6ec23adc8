/* SPDX-License-Identifier: MIT */
#include "file_diff.h"

#include "ui/process.h"
#include "ui/terminal.h"

bool mw_diff_files(struct mw_arena *arena, const char *before, const char *after, const char *label,
		   struct mw_str *diff_io)
{
	const char *const argv[] = { "diff", "-u", "--label", before, "--label", label, before, after, NULL };
	struct mw_run run;
	bool differs;

	mw_run_program(argv, &run);
	/* 1: there are differences. */
	differs = run.status == 1;
	if (differs)
		*diff_io = mw_str(mw_arena_textf(arena, "%.*s%.*s", MW_STR_ARG(*diff_io), MW_STR_ARG(run.output)));
	else
		mw_run_complain(&run, "diff", "diffutils");
	mw_run_free(&run);
	return differs;
}

void mw_diff_print(struct mw_str diff, struct mw_buf *out)
{
	struct mw_str line, field;

	while (mw_str_split(&diff, '\n', &line)) {
		enum mw_colour colour = mw_str_starts_with(line, MW_STR("+")) ? MW_GOOD
					: mw_str_starts_with(line, MW_STR("-")) ? MW_BAD : MW_PLAIN;
		bool tab = false;

		if (mw_str_starts_with(line, MW_STR("+++")) || mw_str_starts_with(line, MW_STR("---")))
			colour = MW_STRONG;
		/* A diff has tabs, which mw_coloured() would show as something else. */
		while (mw_str_split(&line, '\t', &field)) {
			if (tab)
				mw_buf_add_char(out, '\t');
			mw_coloured(out, colour, field);
			tab = true;
		}
		mw_buf_add_char(out, '\n');
	}
}
