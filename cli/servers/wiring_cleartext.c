/* SPDX-License-Identifier: MIT */
/* Logins without TLS: whether Dovecot itself has to permit them. */
#include "servers/wiring.h"

bool mw_wiring_cleartext(const struct mw_policy *policy)
{
	for (size_t i = 0; i < policy->login_rule_count; i++) {
		if (policy->login_rules[i].login_type != MW_SECURE_LOGIN ||
		    policy->login_rules[i].enforcement.mode == MW_MODE_AUDIT)
			return true;
	}
	return false;
}

bool mw_wiring_permits_cleartext(const struct mw_policy *policy)
{
	for (size_t i = 0; i < policy->login_rule_count; i++) {
		if (policy->login_rules[i].login_type != MW_SECURE_LOGIN &&
		    policy->login_rules[i].enforcement.mode != MW_MODE_AUDIT)
			return true;
	}
	return false;
}

/* Whether clients of the range have the address of the server they reach: to 127.0.0.1 a client comes from there,
   unless it chooses another. */
static bool reaches_itself(const struct mw_range *range)
{
	static const char *const usual[] = { "127.0.0.1", "::1" };
	struct mw_ip ip;
	bool contained = false;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		contained |= mw_ip_parse(mw_str(usual[i]), &ip) && mw_range_contains(range, &ip);
	return contained && mw_range_is_loopback(range);
}

static bool is_of_this_host(const struct mw_login_rule *rule)
{
	for (size_t i = 0; i < rule->remote.count; i++)
		if (!reaches_itself(&rule->remote.items[i]))
			return false;
	return rule->remote.count > 0;
}

bool mw_wiring_permits_cleartext_outside(const struct mw_policy *policy)
{
	for (size_t i = 0; i < policy->login_rule_count; i++) {
		if (policy->login_rules[i].login_type != MW_SECURE_LOGIN && !is_of_this_host(&policy->login_rules[i]) &&
		    policy->login_rules[i].enforcement.mode != MW_MODE_AUDIT)
			return true;
	}
	return false;
}
