/* Answers that are sent together at the end of a turn of the loop. Each wakes a process that waits for it; sent one by
   one, between the questions of others, they would make the peers fall asleep and wake for every one of them. */
#ifndef MW_POSTFIX_OUTBOX_H
#define MW_POSTFIX_OUTBOX_H

#include "postfix/answer.h"

#define MW_OUTBOX_MOST 64 /* as many events as a turn usually has */

struct mw_outgoing {
	void *owner; /* NULL: it was closed meanwhile */
	size_t len;
	char bytes[MW_ANSWER_MAX + 8];
};

struct mw_outbox {
	size_t count;
	struct mw_outgoing items[MW_OUTBOX_MOST];
};

/* False: it is full. Copies the bytes. An owner has one answer in it at the most. */
bool mw_outbox_add(struct mw_outbox *outbox, void *owner, struct mw_str bytes);
/* What an owner has in it is not to be sent. */
void mw_outbox_forget(struct mw_outbox *outbox, const void *owner);

#endif
