/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include "base/uninitialized.h"
#include "decision_log.h"
#include "facts.h"
#include "peer.h"

bool mw_judge(const struct mw_state *state, int fd, struct mw_work *work, const char *bytes)
{
	struct mw_buf out = MW_BUF_OVER(work->answer);
	MW_UNINITIALIZED struct mw_verdict verdict;
	MW_UNINITIALIZED struct mw_facts facts;
	const char *why;

	if (!mw_facts_from_request(&work->request, bytes, state->today, &work->quoted, &facts, &why)) {
		mw_peer_complain(fd, why);
		return false;
	}
	mw_state_decide(state, &facts, &verdict);
	mw_decision_log(state->policy, &facts, &verdict);
	if (!mw_answer_write(&facts, &verdict, &out)) {
		if (verdict.outcome != MW_UNDECIDED)
			mw_peer_complain(fd, "there is no answer that could be sent");
		return false;
	}
	work->answer_len = out.used;
	work->answer_sent = 0;
	return true;
}
