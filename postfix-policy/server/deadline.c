/* SPDX-License-Identifier: MIT */
#include "deadline.h"

enum mw_due mw_deadline_due(const struct mw_deadlines *deadlines, double idle_seconds, double now)
{
	if (deadlines->stalled > 0)
		return now - deadlines->stalled >= MW_READER_SECONDS ? MW_DUE_READER : MW_DUE_NONE;
	if (deadlines->begun > 0)
		return now - deadlines->begun >= MW_REQUEST_SECONDS ? MW_DUE_REQUEST : MW_DUE_NONE;
	return now - deadlines->active >= idle_seconds ? MW_DUE_IDLE : MW_DUE_NONE;
}
