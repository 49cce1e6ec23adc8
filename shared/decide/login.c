/* SPDX-License-Identifier: MIT */
#include "decide/login.h"

#include "decide/check.h"
#include "decide/trace_write.h"

#define CLASS(class) (1u << MW_MECHANISM_##class)
#define ALL_CLASSES ((1u << MW_MECHANISM_CLASS_COUNT) - 1)

/* The classes that a rule permits, not looking at its mode. */
static unsigned permitted_classes(const struct mw_login_rule *rule, const struct mw_tls_judgement *tls)
{
	if (tls->satisfied || rule->login_type == MW_PLAIN_TEXT_LOGIN)
		return ALL_CLASSES;
	return rule->login_type == MW_PLAIN_TEXT_AUTHENTICATION ? ALL_CLASSES & ~(CLASS(BASIC) | CLASS(BEARER)) : 0;
}

void mw_login_decide(const struct mw_policy *policy, const struct mw_facts *facts, struct mw_verdict *verdict_r)
{
	const struct mw_login_rule *rule = mw_choose_login_rule(policy, &facts->endpoints);
	struct mw_tls_judgement tls = mw_tls_judge(&facts->tls, &rule->tls);
	bool permitted = (permitted_classes(rule, &tls) >> mw_mechanism_class(facts->mechanism) & 1) != 0;
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
		/* The mechanism fails then: another one may be permitted. */
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

unsigned mw_login_offer(const struct mw_policy *policy, const struct mw_facts *facts)
{
	const struct mw_login_rule *rule = mw_choose_login_rule(policy, &facts->endpoints);
	struct mw_tls_judgement tls = mw_tls_judge(&facts->tls, &rule->tls);
	bool audit = mw_enforcement_mode(&rule->enforcement, facts->today) == MW_MODE_AUDIT;

	return audit ? ALL_CLASSES : permitted_classes(rule, &tls);
}
