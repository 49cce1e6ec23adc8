/* SPDX-License-Identifier: MIT */
#include "outbox.h"

bool mw_outbox_add(struct mw_outbox *outbox, void *owner, struct mw_str bytes)
{
	struct mw_outgoing *item = &outbox->items[outbox->count];

	if (outbox->count == MW_OUTBOX_MOST || bytes.len > sizeof(item->bytes))
		return false;
	item->owner = owner;
	item->len = bytes.len;
	memcpy(item->bytes, bytes.ptr, bytes.len);
	outbox->count++;
	return true;
}

void mw_outbox_forget(struct mw_outbox *outbox, const void *owner)
{
	for (size_t i = 0; i < outbox->count; i++) {
		if (outbox->items[i].owner == owner)
			outbox->items[i].owner = NULL;
	}
}
