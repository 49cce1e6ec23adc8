/* Requests that are judged together at the end of a turn of the loop, after all of them were read: what the processor
   needs for reading, judging and sending then stays in its caches from one request to the next, and what is looked up
   is fetched while others are still being read. */
#ifndef MW_POSTFIX_INBOX_H
#define MW_POSTFIX_INBOX_H

#include "postfix/request.h"

#define MW_INBOX_MOST 64 /* as many events as a turn usually has */
#define MW_INCOMING_MAX 1984 /* octets; Postfix's requests have some 700 */

struct mw_incoming {
	void *owner; /* NULL: it was closed meanwhile */
	size_t len;
	bool whole;  /* exactly one request, read into `request` */
	struct mw_request request;
	char bytes[MW_INCOMING_MAX];
};

struct mw_inbox {
	size_t count;
	struct mw_incoming items[MW_INBOX_MOST];
};

/* What an owner has in it is not to be judged. */
void mw_inbox_forget(struct mw_inbox *inbox, const void *owner);

#endif
