/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include "postfix/answer.h"
#include "base/uninitialized.h"
#include "decision_log.h"
#include "postfix/facts.h"
#include "server/peer.h"

bool mw_judge(const struct mw_state *state, int fd, const struct mw_question *question, struct mw_buf *out)
{
	MW_UNINITIALIZED struct mw_verdict verdict;
	MW_UNINITIALIZED struct mw_facts facts;
	MW_UNINITIALIZED struct mw_quoted quoted;
	const char *why;

	if (!mw_facts_from_request(question->request, question->bytes, state->today, &quoted, &facts, &why)) {
		mw_peer_complain(fd, why);
		return false;
	}
	mw_state_decide(state, &facts, &verdict);
	mw_decision_log(state->policy, &facts, &verdict);
	if (mw_answer_write(&facts, &verdict, out))
		return true;
	if (verdict.outcome != MW_UNDECIDED)
		mw_peer_complain(fd, "there is no answer that could be sent");
	return false;
}

static struct mw_str value(const struct mw_question *question, enum mw_attribute attribute)
{
	return mw_request_value(question->request, question->bytes, attribute);
}

void mw_judge_soon(const struct mw_state *state, const struct mw_question *question)
{
	mw_lookup_cache_expect(state->cache, value(question, MW_ATTRIBUTE_SASL_USERNAME),
			       value(question, MW_ATTRIBUTE_SENDER));
}

void mw_judge_sooner(const struct mw_state *state, const struct mw_question *question)
{
	mw_lookup_cache_expect_more(state->cache, value(question, MW_ATTRIBUTE_SASL_USERNAME),
				   value(question, MW_ATTRIBUTE_SENDER));
}
