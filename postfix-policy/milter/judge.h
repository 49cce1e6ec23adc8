/* A message whose header is whole -> the decision, its line in the log, and what Postfix is told. */
#ifndef MW_POSTFIX_JUDGE_H
#define MW_POSTFIX_JUDGE_H

#include "server/handover.h"
#include "server/world.h"
#include "session.h"

/* Octets of the longest answer. */
#define MW_JUDGE_ANSWER_MAX 1024

/* Adds the answer to `out`, which has room for MW_JUDGE_ANSWER_MAX: CONTINUE, before it perhaps a field that is added; a
   reply; or TEMPFAIL for what cannot be decided. The log's line is to be written (mw_log_flush()) before it is sent. */
void mw_judge(struct mw_worlds *worlds, struct mw_handover *handover, struct mw_message *message, double now,
	      struct mw_buf *out);

#endif
