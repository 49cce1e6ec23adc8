/* SPDX-License-Identifier: MIT */
#include "servers/setup/diff.h"

#include "servers/postfix_file.h"
#include "ui/process.h"
#include "ui/terminal.h"

bool mw_change_diff(struct mw_arena *arena, const struct mw_change *change, const char *staged, struct mw_str *diff_io)
{
	const char *before = change->existed ? change->path : "/dev/null";
	const char *const argv[] = { "diff", "-u", "--label", before, "--label", change->path, before, staged, NULL };
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

	while (mw_postfix_line_next(&diff, &line)) {
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
