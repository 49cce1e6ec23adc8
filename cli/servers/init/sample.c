/* SPDX-License-Identifier: MIT */
#include "servers/init/sample.h"

static const char sample[] =
#include "servers/init/sample.inc"
	;

bool mw_init_is_sample(struct mw_str text)
{
	return mw_str_equal(text, mw_str(sample));
}
