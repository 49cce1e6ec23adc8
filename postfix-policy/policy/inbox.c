/* SPDX-License-Identifier: MIT */
#include "inbox.h"

#include <stddef.h>

void mw_inbox_forget(struct mw_inbox *inbox, const void *owner)
{
	for (size_t i = 0; i < inbox->count; i++) {
		if (inbox->items[i].owner == owner)
			inbox->items[i].owner = NULL;
	}
}
