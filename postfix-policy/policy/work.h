/* Room for a request that is not whole yet, or an answer that is not taken yet. A connection has one only while it
   needs it: ten thousand idle connections hold none. */
#ifndef MW_POSTFIX_WORK_H
#define MW_POSTFIX_WORK_H

#include "postfix/answer.h"
#include "postfix/request.h"

#define MW_WORKS_MOST 4096

struct mw_work {
	struct mw_work *next; /* in the pool */
	struct mw_request request;
	size_t fill;          /* octets of input */
	size_t high;          /* the most that input ever held since the work was taken */
	size_t answer_len, answer_sent;
	char answer[MW_ANSWER_MAX + 8];
	char input[MW_REQUEST_MAX];
};

struct mw_works {
	struct mw_work *idle;
	size_t made;
};

/* NULL when memory or the bound is reached. Grows by several at once and keeps them: no allocation per request. */
struct mw_work *mw_work_take(struct mw_works *works);
/* Gives pages that a large request used back to the system. */
void mw_work_return(struct mw_works *works, struct mw_work *work);

#endif
