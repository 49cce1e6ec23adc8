/* One whole request to one answer: facts, decision, log line, action. */
#ifndef MW_POSTFIX_JUDGE_H
#define MW_POSTFIX_JUDGE_H

#include "state.h"
#include "work.h"

/* Judges work->request, which lies at `bytes`, and leaves the answer in work. False: it gets none, the peer on `fd` was
   complained of where it is to blame, and its connection has to be closed. */
bool mw_judge(const struct mw_state *state, int fd, struct mw_work *work, const char *bytes);

#endif
