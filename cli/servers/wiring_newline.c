/* SPDX-License-Identifier: MIT */
#include "servers/wiring.h"

bool mw_wiring_forbids_bare_newline(struct mw_str value)
{
	static const char *const words[] = { "yes", "normalize", "note", "reject" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (mw_str_equal_nocase(value, mw_str(words[i])))
			return true;
	}
	return false;
}
