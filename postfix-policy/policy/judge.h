/* One whole request to one answer: facts, decision, log line, action. */
#ifndef MW_POSTFIX_JUDGE_H
#define MW_POSTFIX_JUDGE_H

#include "postfix/request.h"
#include "server/world.h"

/* A whole request and the bytes that it was read from. */
struct mw_question {
	const struct mw_request *request;
	const char *bytes;
};

/* Appends the answer. False: it gets none, the peer on `fd` was complained of where it is to blame, and its connection
   has to be closed. */
bool mw_judge(const struct mw_worlds *worlds, int fd, const struct mw_question *question, struct mw_buf *out);
/* It will be judged soon: what it needs is fetched into the processor's caches meanwhile. */
void mw_judge_soon(const struct mw_worlds *worlds, const struct mw_question *question);
/* The second step of that. */
void mw_judge_sooner(const struct mw_worlds *worlds, const struct mw_question *question);

#endif
