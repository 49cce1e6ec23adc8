/* SPDX-License-Identifier: MIT */
#include "compat.h"

#include "auth_notice.h"
#include "base/units.h"
#include "decision_log.h"
#include "policy/model.h"

#define NOTICE_DAYS 7

static void notice(const struct mw_login_rule *rule, int64_t today)
{
	const struct mw_enforcement *enforcement = &rule->enforcement;
	char memory[32];
	struct mw_buf date = MW_BUF_OVER(memory);

	if (enforcement->mode != MW_MODE_AUDIT || !enforcement->has_audit_until ||
	    today < enforcement->audit_until - NOTICE_DAYS || today > enforcement->audit_until)
		return;
	mw_print_date(enforcement->audit_until, &date);
	e_warning(mw_decision_event(), "mailwicket: %s:%u: the audit of \"%.*s\" ends on %s; then it is enforced",
		  rule->place.file, rule->place.line, MW_STR_ARG(rule->name), memory);
}

void mw_auth_notice_audits(const struct mw_policy *policy, int64_t today)
{
	for (size_t i = 0; i < policy->login_rule_count; i++)
		notice(&policy->login_rules[i], today);
}
