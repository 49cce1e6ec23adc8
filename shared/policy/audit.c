/* SPDX-License-Identifier: MIT */
#include "policy/audit.h"

#include "base/units.h"

#define NOTICE_DAYS 7

enum mw_mode mw_enforcement_mode(const struct mw_enforcement *enforcement, int64_t today)
{
	if (enforcement->mode != MW_MODE_AUDIT)
		return MW_MODE_ENFORCE;
	if (enforcement->has_audit_until && today != 0 && today > enforcement->audit_until)
		return MW_MODE_ENFORCE;
	return MW_MODE_AUDIT;
}

/* A rule that takes all connections of its protocols, if no narrower one does. */
static bool is_for_all(const struct mw_login_rule *rule)
{
	return rule->local.count == 0 && rule->remote.count == 0;
}

/* Whether the built-in login rule, the last, ever applies. */
static bool applies_built_in(const struct mw_policy *policy)
{
	bool taken[MW_PROTOCOL_COUNT] = { false };

	for (size_t i = 0; i + 1 < policy->login_rule_count; i++) {
		for (int k = 0; k < MW_PROTOCOL_COUNT && is_for_all(&policy->login_rules[i]); k++)
			taken[k] |= policy->login_rules[i].protocols[k];
	}
	taken[MW_PROTOCOL_SMTP] = true; /* is for connectors */
	for (int k = 0; k < MW_PROTOCOL_COUNT; k++)
		if (!taken[k])
			return true;
	return false;
}

size_t mw_login_rules_that_apply(const struct mw_policy *policy)
{
	return policy->login_rule_count - (applies_built_in(policy) ? 0 : 1);
}

static bool enforces(const struct mw_enforcement *enforcement, struct mw_str name, struct mw_place place, int64_t today,
		     struct mw_str *name_r, struct mw_place *place_r)
{
	if (mw_enforcement_mode(enforcement, today) != MW_MODE_ENFORCE && enforcement->enforce_for.count == 0)
		return false;
	*name_r = name;
	*place_r = place;
	return true;
}

bool mw_policy_enforces(const struct mw_policy *policy, int64_t today, struct mw_str *name_r, struct mw_place *place_r)
{
	size_t count = mw_login_rules_that_apply(policy);

	for (size_t i = 0; i < policy->connector_count; i++) {
		const struct mw_connector *connector = &policy->connectors[i];

		if (connector->enabled &&
		    enforces(&connector->enforcement, connector->name, connector->place, today, name_r, place_r))
			return true;
	}
	for (size_t i = 0; i < count; i++) {
		const struct mw_login_rule *rule = &policy->login_rules[i];

		if (enforces(&rule->enforcement, rule->name, rule->place, today, name_r, place_r))
			return true;
	}
	return false;
}

bool mw_policy_audits(const struct mw_policy *policy, int64_t today)
{
	struct mw_place place;
	struct mw_str name;

	return !mw_policy_enforces(policy, today, &name, &place);
}

bool mw_audit_notice(const struct mw_enforcement *enforcement, int64_t today, struct mw_buf *out)
{
	if (enforcement->mode != MW_MODE_AUDIT || !enforcement->has_audit_until ||
	    today < enforcement->audit_until - NOTICE_DAYS)
		return false;
	mw_buf_add_text(out, today > enforcement->audit_until ? "the audit ended on " : "the audit ends on ");
	mw_print_date(enforcement->audit_until, out);
	mw_buf_add_text(out, today > enforcement->audit_until ? ": the rule is enforced" : "; then the rule is enforced");
	return true;
}
