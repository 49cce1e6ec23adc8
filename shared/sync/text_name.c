/* SPDX-License-Identifier: MIT */
#include "sync/text_name.h"

static const char refused[] = { '"', '`', '$', '(', ')', ';', '|', '<', '>', '\\', '*', '?' };

char mw_text_name_refused(struct mw_str name)
{
	size_t end = mw_str_find_last(name, '@');

	/* A domain has none of them. */
	if (end < name.len && name.ptr[0] == '"')
		return '\0';
	for (size_t i = 0; i < end; i++) {
		if (memchr(refused, name.ptr[i], sizeof(refused)) != NULL)
			return name.ptr[i];
	}
	return '\0';
}
