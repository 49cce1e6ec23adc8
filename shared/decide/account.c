/* SPDX-License-Identifier: MIT */
#include "decide/account.h"

#include "decide/check.h"
#include "decide/login.h"
#include "decide/trace_write.h"

#define CANDIDATES_MAX 256

/* The user who logs in, looked up once for all candidate connectors. */
struct account {
	const struct mw_policy *policy;
	const struct mw_directory_view *directory;
	const struct mw_facts *facts;
	struct mw_login login;
};

static void judge_user(const struct account *account, struct mw_verdict *verdict)
{
	if (mw_login_is_known(account->policy, account->directory, account->facts, &account->login, verdict))
		mw_user_permits(account->policy, account->directory, account->facts, &account->login, verdict);
}

/* After a rule that refused. */
static void judge_suspension(const struct account *account, struct mw_verdict *verdict)
{
	mw_suspension_holds(account->policy, account->directory, account->facts, &account->login, verdict);
}

static void judge_connector(const struct account *account, const struct mw_connector *connector,
			    struct mw_verdict *verdict_r)
{
	const struct mw_facts *facts = account->facts;
	struct mw_tls_judgement tls = mw_tls_judge(&facts->tls, &connector->tls);
	struct mw_step step = { .check = MW_CHECK_RULE, .note = MW_NOTE_RULE_CHOSEN, .value = connector->name };

	mw_verdict_begin(verdict_r);
	verdict_r->connector = connector;
	verdict_r->mode = mw_enforcement_mode(&connector->enforcement, facts->today);
	mw_trace_write(&verdict_r->trace, &step);
	if (!mw_enforce_for(account->policy, account->directory, facts, connector, &account->login, verdict_r))
		return;
	if (mw_connector_admits(account->policy, connector, facts, &tls, verdict_r))
		judge_user(account, verdict_r);
	else
		judge_suspension(account, verdict_r);
}

/* How many checks the login passed before it was stopped. */
static int how_far(enum mw_reason reason)
{
	if (reason == MW_REASON_MECHANISM_REFUSED)
		return 0;
	return reason == MW_REASON_BASIC_WITHOUT_TLS ? 1 : 2;
}

/* How far a verdict lets the login go: refused, would be refused (audit mode), undecided, undecided in
   audit mode, passed. */
static int laxity(const struct mw_verdict *verdict)
{
	if (verdict->outcome == MW_PERMIT)
		return 9;
	if (verdict->outcome == MW_UNDECIDED)
		return mw_verdict_stops(verdict) ? 7 : 8;
	return (mw_verdict_stops(verdict) ? 0 : 4) + how_far(verdict->reason);
}

static size_t candidates(const struct mw_policy *policy, const struct mw_facts *facts,
			 const struct mw_connector **out)
{
	if (facts->endpoints.local_port == 0)
		return mw_choose_connectors_for_sasl(policy, &facts->endpoints, facts->sasl_service, out,
						     CANDIDATES_MAX);
	out[0] = mw_choose_connector(policy, &facts->endpoints);
	return out[0] != NULL;
}

static void judge_smtp(const struct account *account, struct mw_verdict *verdict_r)
{
	const struct mw_connector *connectors[CANDIDATES_MAX];
	size_t count = candidates(account->policy, account->facts, connectors);
	struct mw_verdict verdict;
	int difference;

	mw_verdict_begin(verdict_r);
	if (count == 0) {
		mw_trace_write(&verdict_r->trace, &(struct mw_step){ .check = MW_CHECK_RULE, .outcome = MW_FAILED,
								     .note = MW_NOTE_NO_RULE });
		mw_verdict_no_connector(account->policy, account->facts, verdict_r);
		judge_suspension(account, verdict_r);
		return;
	}
	judge_connector(account, connectors[0], verdict_r);
	for (size_t i = 1; i < count; i++) {
		judge_connector(account, connectors[i], &verdict);
		difference = laxity(&verdict) - laxity(verdict_r);
		if (difference > 0)
			mw_verdict_take(verdict_r, &verdict);
		else if (difference == 0 && verdict.outcome != MW_PERMIT && verdict_r->alike_count < MW_ALIKE_MAX)
			verdict_r->alike[verdict_r->alike_count++] = connectors[i];
	}
	verdict_r->listener_unknown = count > 1;
}

void mw_account_decide(const struct mw_policy *policy, const struct mw_directory_view *directory,
		       const struct mw_facts *facts, struct mw_verdict *verdict_r)
{
	struct account account = { .policy = policy, .directory = directory, .facts = facts };

	mw_login_find(policy, directory, facts, verdict_r, &account.login);
	if (facts->endpoints.protocol == MW_PROTOCOL_SMTP) {
		judge_smtp(&account, verdict_r);
	} else {
		mw_login_decide(policy, facts, verdict_r);
		if (verdict_r->outcome == MW_PERMIT)
			judge_user(&account, verdict_r);
		else
			judge_suspension(&account, verdict_r);
	}
	verdict_r->decision = MW_DECISION_ACCOUNT;
}
