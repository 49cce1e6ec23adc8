/* SPDX-License-Identifier: MIT */
#include "servers/setup/diff.h"

bool mw_change_diff(struct mw_arena *arena, const struct mw_change *change, const char *staged, struct mw_str *diff_io)
{
	return mw_diff_files(arena, change->existed ? change->path : "/dev/null", staged, change->path, diff_io);
}
