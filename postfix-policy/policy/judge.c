/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include "postfix/answer.h"
#include "base/uninitialized.h"
#include "decision_log.h"
#include "postfix/facts.h"
#include "server/peer.h"

bool mw_judge(const struct mw_worlds *worlds, int fd, const struct mw_question *question, struct mw_buf *out)
{
	MW_UNINITIALIZED struct mw_verdict verdict;
	MW_UNINITIALIZED struct mw_facts facts;
	MW_UNINITIALIZED struct mw_quoted quoted;
	const char *why;

	if (!mw_facts_from_request(question->request, question->bytes, worlds->today, &quoted, &facts, &why)) {
		mw_peer_complain(fd, why);
		return false;
	}
	mw_worlds_decide(worlds, worlds->current, &facts, &verdict);
	mw_decision_log(worlds->current->policy, &facts, &verdict);
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

void mw_judge_soon(const struct mw_worlds *worlds, const struct mw_question *question)
{
	mw_lookup_cache_expect(worlds->cache, value(question, MW_ATTRIBUTE_SASL_USERNAME),
			       value(question, MW_ATTRIBUTE_SENDER));
}

void mw_judge_sooner(const struct mw_worlds *worlds, const struct mw_question *question)
{
	mw_lookup_cache_expect_more(worlds->cache, value(question, MW_ATTRIBUTE_SASL_USERNAME),
				   value(question, MW_ATTRIBUTE_SENDER));
}
