/* SPDX-License-Identifier: MIT */
#include "decide/login.h"

#include "decide/check.h"
#include "decide/trace_write.h"

/* Whether what this class shows on the wire may pass without TLS. */
static bool permits_in_clear(enum mw_login_type type, bool shows_secret)
{
	return type == MW_PLAIN_TEXT_LOGIN || (type == MW_PLAIN_TEXT_AUTHENTICATION && !shows_secret);
}

static bool shows_secret(struct mw_str mechanism)
{
	enum mw_mechanism_class class = mw_mechanism_class(mechanism);

	return class != MW_MECHANISM_INTEGRATED && class != MW_MECHANISM_CHALLENGE && class != MW_MECHANISM_EXTERNAL;
}

void mw_login_decide(const struct mw_policy *policy, const struct mw_facts *facts, struct mw_verdict *verdict_r)
{
	const struct mw_login_rule *rule = mw_choose_login_rule(policy, &facts->endpoints);
	struct mw_tls_judgement tls = mw_tls_judge(&facts->tls, &rule->tls);
	bool permitted = tls.satisfied || permits_in_clear(rule->login_type, shows_secret(facts->mechanism));
	struct mw_step step = { .check = MW_CHECK_RULE, .note = MW_NOTE_RULE_CHOSEN, .value = rule->name };

	mw_verdict_begin(verdict_r);
	verdict_r->login_rule = rule;
	verdict_r->mode = mw_enforcement_mode(&rule->enforcement, facts->today);
	mw_trace_write(&verdict_r->trace, &step);
	step = (struct mw_step){ .check = MW_CHECK_TLS, .outcome = permitted ? MW_PASSED : MW_FAILED, .note = tls.note,
				 .value = tls.value, .other = tls.other };
	if (permitted && !tls.satisfied) {
		step.note = MW_NOTE_TLS_NOT_REQUIRED;
		step.value = step.other = MW_STR_EMPTY;
	} else if (tls.note == MW_NOTE_TLS_NONE) {
		/* What then fails is the mechanism: another one might do. */
		step.outcome = MW_SKIPPED;
	}
	mw_trace_write(&verdict_r->trace, &step);
	step = (struct mw_step){ .check = MW_CHECK_MECHANISM, .outcome = permitted ? MW_PASSED : MW_FAILED,
				 .note = permitted ? MW_NOTE_MECHANISM_OK : MW_NOTE_MECHANISM_NEEDS_TLS,
				 .value = facts->mechanism };
	mw_trace_write(&verdict_r->trace, &step);
	if (!permitted)
		mw_verdict_refuse(policy, verdict_r, MW_REASON_LOGIN_WITHOUT_TLS);
}

void mw_login_offer(const struct mw_policy *policy, const struct mw_facts *facts, struct mw_login_offer *offer_r)
{
	const struct mw_login_rule *rule = mw_choose_login_rule(policy, &facts->endpoints);
	bool satisfied = mw_tls_judge(&facts->tls, &rule->tls).satisfied;

	*offer_r = (struct mw_login_offer){
		.rule = rule,
		.tls_satisfied = satisfied,
		.basic = satisfied || permits_in_clear(rule->login_type, true),
		.challenge = satisfied || permits_in_clear(rule->login_type, false),
	};
}
