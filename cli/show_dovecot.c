/* SPDX-License-Identifier: MIT */
#include "show.h"

/* Whether some rule lets a password through, or any authentication at all, without TLS. */
static bool cleartext_needed(const struct mw_policy *policy)
{
	for (size_t i = 0; i < policy->login_rule_count; i++) {
		if (policy->login_rules[i].login_type != MW_SECURE_LOGIN ||
		    policy->login_rules[i].enforcement.mode == MW_MODE_AUDIT)
			return true;
	}
	return false;
}

static void print_login_plugins(enum mw_dovecot_generation generation, struct mw_buf *out)
{
	mw_buf_add_text(out, "# before login: the login rules of the policy\n");
	if (generation == MW_DOVECOT_2_3)
		mw_buf_add_text(out, "login_plugins = mailwicket\n\n");
	else
		mw_buf_add_text(out, "login_plugins {\n  mailwicket = yes\n}\n\n");
}

static void print_cleartext(const struct mw_policy *policy, enum mw_dovecot_generation generation, struct mw_buf *out)
{
	bool needed = cleartext_needed(policy);
	const char *name = generation == MW_DOVECOT_2_3 ? "disable_plaintext_auth" : "auth_allow_cleartext";
	bool value = generation == MW_DOVECOT_2_3 ? !needed : needed;

	mw_buf_add_text(out, needed
		? "# a rule permits logins without TLS (PlainTextLogin, PlainTextAuthentication or audit mode): Dovecot must\n"
		  "# allow them, Mailwicket narrows it to those connections; ssl must not be \"required\"\n"
		: "# no rule permits a login without TLS\n");
	mw_buf_printf(out, "%s = %s\nssl = %s\n\n", name, value ? "yes" : "no", needed ? "yes" : "required");
}

static void print_passdb(enum mw_dovecot_generation generation, struct mw_buf *out)
{
	mw_buf_add_text(out, "# the accounts: must stand before every other passdb\n");
	mw_buf_add_text(out, generation == MW_DOVECOT_2_3 ? "passdb {\n  driver = mailwicket\n"
							    : "passdb mailwicket {\n  driver = mailwicket\n");
	mw_buf_add_text(out, "  result_success = continue\n"
			     "  result_failure = return-fail\n"
			     "  result_internalfail = return-fail\n"
			     "}\n\n");
}

static void print_sasl(struct mw_buf *out)
{
	mw_buf_add_text(out, "# Postfix asks Dovecot for SMTP AUTH here (smtpd_sasl_path = private/auth)\n"
			     "service auth {\n"
			     "  unix_listener /var/spool/postfix/private/auth {\n"
			     "    mode = 0660\n"
			     "    user = postfix\n"
			     "    group = postfix\n"
			     "  }\n"
			     "}\n");
}

/* A rule that trusts an HAProxy's word on TLS is of use only where Dovecot listens for it. */
static void print_proxies(const struct mw_policy *policy, struct mw_buf *out)
{
	bool any = false;

	for (size_t i = 0; i < policy->login_rule_count; i++) {
		const struct mw_ranges *proxies = &policy->login_rules[i].tls.proxies;

		for (size_t k = 0; k < proxies->count; k++) {
			mw_buf_add_text(out, any ? " " : "haproxy_trusted_networks = ");
			mw_range_print(&proxies->items[k], out);
			any = true;
		}
	}
	if (any)
		mw_buf_add_text(out, "\n# and \"haproxy = yes\" in the inet_listener that the proxy connects to\n\n");
}

void mw_show_dovecot(const struct mw_policy *policy, enum mw_dovecot_generation generation, struct mw_buf *out)
{
	mw_buf_printf(out,
		      "# /etc/dovecot/conf.d/10-mailwicket.conf for Dovecot %s, made from %s by `mailwicket show --dovecot`\n\n",
		      generation == MW_DOVECOT_2_3 ? "2.3" : "2.4", policy->file);
	print_login_plugins(generation, out);
	print_cleartext(policy, generation, out);
	print_proxies(policy, out);
	print_passdb(generation, out);
	print_sasl(out);
}
