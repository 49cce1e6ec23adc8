/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/trace_write.h"

static const struct mw_word outcome_words[] = {
	{ "permit", MW_PERMIT },
	{ "refuse", MW_REFUSE },
	{ "defer", MW_DEFER },
	{ "undecided", MW_UNDECIDED },
};
const struct mw_table mw_outcomes = MW_TABLE(outcome_words);

static const struct mw_word decision_words[] = {
	{ "login", MW_DECISION_LOGIN },
	{ "account", MW_DECISION_ACCOUNT },
	{ "submission", MW_DECISION_SUBMISSION },
};
const struct mw_table mw_decisions = MW_TABLE(decision_words);

bool mw_verdict_stops(const struct mw_verdict *verdict)
{
	return verdict->outcome != MW_PERMIT && verdict->mode != MW_MODE_AUDIT;
}

const struct mw_step *mw_verdict_step(const struct mw_verdict *verdict)
{
	for (unsigned i = 0; i < verdict->trace.count; i++) {
		const struct mw_step *step = &verdict->trace.steps[i];

		if (step->outcome == MW_FAILED || (step->outcome == MW_UNKNOWN && verdict->outcome == MW_UNDECIDED))
			return step;
	}
	return NULL;
}

struct mw_str mw_verdict_rule_name(const struct mw_verdict *verdict)
{
	if (verdict->connector != NULL)
		return verdict->connector->name;
	return verdict->login_rule != NULL ? verdict->login_rule->name : MW_STR_EMPTY;
}

void mw_verdict_rule_names(const struct mw_verdict *verdict, struct mw_buf *out)
{
	mw_buf_add(out, mw_verdict_rule_name(verdict));
	for (unsigned i = 0; i < verdict->alike_count; i++) {
		mw_buf_add_char(out, ',');
		mw_buf_add(out, verdict->alike[i]->name);
	}
}

struct mw_place mw_verdict_rule_place(const struct mw_verdict *verdict)
{
	if (verdict->connector != NULL)
		return verdict->connector->place;
	return verdict->login_rule != NULL ? verdict->login_rule->place : (struct mw_place){ "built-in", 0 };
}

void mw_verdict_take(struct mw_verdict *to, const struct mw_verdict *from)
{
	memcpy(to, from, offsetof(struct mw_verdict, unlisted));
}

void mw_verdict_begin(struct mw_verdict *verdict_r)
{
	/* Only steps that were written count. */
	memset(verdict_r, 0, offsetof(struct mw_verdict, trace.steps));
	verdict_r->outcome = MW_PERMIT;
	verdict_r->mode = MW_MODE_ENFORCE;
	verdict_r->reason = MW_REASON_PERMITTED;
	verdict_r->reply = "";
	verdict_r->add_sender = MW_STR_EMPTY;
}

void mw_verdict_refuse(const struct mw_policy *policy, struct mw_verdict *verdict, enum mw_reason reason)
{
	verdict->reason = reason;
	verdict->reply = mw_reason_reply(reason, policy->replies);
	verdict->outcome = verdict->reply[0] == '4' ? MW_DEFER : MW_REFUSE;
}

void mw_verdict_no_connector(const struct mw_policy *policy, const struct mw_facts *facts, struct mw_verdict *verdict)
{
	if (mw_policy_audits(policy, facts->today))
		verdict->mode = MW_MODE_AUDIT;
	mw_verdict_refuse(policy, verdict, MW_REASON_NO_CONNECTOR);
}

void mw_verdict_undecided(struct mw_verdict *verdict, const struct mw_step *step)
{
	mw_trace_write(&verdict->trace, step);
	verdict->outcome = MW_UNDECIDED;
	verdict->reason = MW_REASON_DIRECTORY_UNAVAILABLE;
	verdict->reply = mw_reason_reply(MW_REASON_DIRECTORY_UNAVAILABLE, MW_REPLIES_CLASSIC);
}

void mw_verdict_unavailable(struct mw_verdict *verdict, enum mw_check check)
{
	mw_verdict_undecided(verdict, &(struct mw_step){ .check = check, .outcome = MW_UNKNOWN,
							 .note = MW_NOTE_DIRECTORY_UNAVAILABLE });
}

const char *mw_verdict_sentence(const struct mw_verdict *verdict)
{
	const struct mw_step *step = mw_verdict_step(verdict);

	if (verdict->reason == MW_REASON_SEND_AS_DENIED && step != NULL && step->note == MW_NOTE_SENDER_AUTHORITATIVE)
		return "the sender is in an Authoritative domain, and the session, which has no login, lacks "
		       "Accept-Authoritative-Domain-Sender";
	return mw_reason_sentence(verdict->reason);
}
