/* SPDX-License-Identifier: MIT */
#include "servers/show/show.h"

#include "base/arena.h"
#include "base/clock.h"
#include "policy/audit.h"
#include "servers/dovecot_memory.h"
#include "servers/wiring.h"
#include "ui/output.h"

void mw_show_dovecot_plugins(enum mw_dovecot_generation generation, struct mw_str others, struct mw_buf *out)
{
	mw_buf_add_text(out, "# before login: the login rules of the policy\n");
	if (generation == MW_DOVECOT_2_3)
		mw_buf_printf(out, "login_plugins = %.*s%smailwicket\n", MW_STR_ARG(others), mw_str_empty(others) ? "" : " ");
	else
		mw_buf_add_text(out, "login_plugins {\n  mailwicket = yes\n}\n");
}

const char *mw_show_dovecot_cleartext_name(enum mw_dovecot_generation generation)
{
	return generation == MW_DOVECOT_2_3 ? "disable_plaintext_auth" : "auth_allow_cleartext";
}

const char *mw_show_dovecot_cleartext_value(const struct mw_policy *policy, enum mw_dovecot_generation generation)
{
	return mw_wiring_cleartext(policy) == (generation == MW_DOVECOT_2_4) ? "yes" : "no";
}

const char *mw_show_dovecot_ssl_value(const struct mw_policy *policy)
{
	return mw_wiring_cleartext(policy) ? "yes" : "required";
}

/* Only rules in audit mode let passwords pass without TLS: those that Dovecot lets pass. */
static bool keeps_cleartext(const struct mw_policy *policy)
{
	return mw_wiring_cleartext(policy) && !mw_wiring_permits_cleartext(policy);
}

static void print_cleartext(const struct mw_policy *policy, enum mw_dovecot_generation generation,
			    const struct mw_dovecot_lacks *lacks, struct mw_buf *out)
{
	if (keeps_cleartext(policy)) {
		mw_buf_printf(out, "# in audit mode Dovecot's own ssl and %s stay as they are: what it refuses itself\n"
			      "# needs no audit\n", mw_show_dovecot_cleartext_name(generation));
		mw_buf_add_text(out, lacks->ssl ? "ssl = yes\n" : "");
		return;
	}
	mw_buf_add_text(out, mw_wiring_cleartext(policy)
		? "# a rule permits logins without TLS (PlainTextLogin or PlainTextAuthentication): Dovecot must\n"
		  "# allow them, Mailwicket narrows it to those connections; ssl must not be \"required\"\n"
		: "# no rule permits a login without TLS\n");
	if (lacks->cleartext)
		mw_buf_printf(out, "%s = %s\n", mw_show_dovecot_cleartext_name(generation),
			      mw_show_dovecot_cleartext_value(policy, generation));
	if (lacks->ssl)
		mw_buf_printf(out, "ssl = %s\n", mw_show_dovecot_ssl_value(policy));
}

const char *mw_show_dovecot_version_line(const struct mw_policy *policy, enum mw_tls_version set)
{
	static const char *const lines[] = { "", "ssl_min_protocol = SSLv3", "ssl_min_protocol = TLSv1",
					     "ssl_min_protocol = TLSv1.1", "ssl_min_protocol = TLSv1.2",
					     "ssl_min_protocol = TLSv1.3" };
	enum mw_tls_version version = mw_wiring_login_version(policy);

	return lines[version == MW_TLS_NONE || version > set ? version : set];
}

static void print_version(const struct mw_policy *policy, struct mw_buf *out)
{
	const char *line = mw_show_dovecot_version_line(policy, MW_TLS_NONE);

	if (line[0] != '\0')
		mw_buf_printf(out, "# the lowest tls_min_version of the login rules: older TLS does not begin\n%s\n", line);
}

static void print_policy_path(const struct mw_policy *policy, enum mw_dovecot_generation generation, struct mw_buf *out)
{
	struct mw_arena *arena = mw_arena_new(0);
	const char *path = arena != NULL ? mw_wiring_policy_path(policy, arena) : NULL;

	if (path != NULL)
		mw_buf_printf(out, generation == MW_DOVECOT_2_3
			? "\n# not the usual policy file: Dovecot's processes must be told\n"
			  "import_environment = $import_environment MAILWICKET_CONFIG=%s\n"
			: "\n# not the usual policy file: Dovecot's processes must be told\n"
			  "import_environment {\n  MAILWICKET_CONFIG = %s\n}\n", path);
	mw_arena_free(arena);
}

const char *mw_show_dovecot_undecided(const struct mw_policy *policy)
{
	return mw_policy_audits(policy, mw_clock_today()) ? "continue" : "return-fail";
}

void mw_show_dovecot_passdb(const struct mw_policy *policy, enum mw_dovecot_generation generation, struct mw_buf *out)
{
	mw_buf_add_text(out, "# the accounts: must stand before every other passdb\n");
	mw_buf_add_text(out, generation == MW_DOVECOT_2_3 ? "passdb {\n  driver = mailwicket\n"
							    : "passdb mailwicket {\n  driver = mailwicket\n");
	mw_buf_printf(out, "  result_success = continue\n"
			   "  result_failure = return-fail\n"
			   "  result_internalfail = %s\n"
			   "}\n", mw_show_dovecot_undecided(policy));
}

void mw_show_dovecot_log(struct mw_buf *out)
{
	mw_buf_add_text(out, "# `mailwicket why` reads in the log why a login failed\nauth_verbose = yes\n");
}

void mw_show_dovecot_sasl(const char *socket, struct mw_buf *out)
{
	mw_buf_printf(out, "# Postfix asks Dovecot for SMTP AUTH here (smtpd_sasl_path)\n"
			   "service auth {\n"
			   "  unix_listener %s {\n"
			   "    mode = 0660\n"
			   "    user = postfix\n"
			   "    group = postfix\n"
			   "  }\n"
			   "}\n", socket);
}

/* A rule that trusts an HAProxy's word on TLS is of use only where Dovecot listens for it. */
static void print_proxies(const struct mw_policy *policy, struct mw_str others, struct mw_buf *out)
{
	bool any = false;

	for (size_t i = 0; i < policy->login_rule_count; i++) {
		const struct mw_ranges *proxies = &policy->login_rules[i].tls.proxies;

		for (size_t k = 0; k < proxies->count; k++) {
			mw_buf_add_text(out, any ? " " : "\nhaproxy_trusted_networks = ");
			mw_range_print(&proxies->items[k], out);
			any = true;
		}
	}
	if (any && !mw_str_empty(others))
		mw_buf_printf(out, " %.*s", MW_STR_ARG(others));
	if (any)
		mw_buf_add_text(out, "\n# and \"haproxy = yes\" in the inet_listener that the proxy connects to\n");
}

/* An empty line between the parts. */
static bool begin(bool lacks, size_t start, struct mw_buf *out)
{
	if (lacks && out->used > start)
		mw_buf_add_char(out, '\n');
	return lacks;
}

void mw_show_dovecot_settings(const struct mw_policy *policy, enum mw_dovecot_generation generation,
			      const struct mw_dovecot_lacks *lacks, struct mw_buf *out)
{
	size_t start = out->used;

	if (begin(lacks->plugin, start, out))
		mw_show_dovecot_plugins(generation, lacks->other_plugins, out);
	if (begin(lacks->cleartext || lacks->ssl, start, out))
		print_cleartext(policy, generation, lacks, out);
	if (lacks->version)
		print_version(policy, out);
	if (lacks->policy_path)
		print_policy_path(policy, generation, out);
	if (lacks->proxies)
		print_proxies(policy, lacks->other_networks, out);
	if (begin(lacks->memory > 0, start, out))
		mw_dovecot_memory_print(lacks->memory, generation, out);
	if (begin(lacks->log, start, out))
		mw_show_dovecot_log(out);
	if (begin(lacks->sasl_socket != NULL, start, out))
		mw_show_dovecot_sasl(lacks->sasl_socket, out);
}

void mw_show_dovecot(const struct mw_policy *policy, enum mw_dovecot_generation generation, struct mw_buf *out)
{
	const struct mw_dovecot_lacks all = {
		.plugin = true, .cleartext = true, .ssl = !keeps_cleartext(policy), .version = true,
		.policy_path = true, .proxies = true, .log = true,
		.memory = mw_dovecot_memory_wanted(policy), .sasl_socket = MW_POSTFIX_QUEUE "/private/auth",
	};

	mw_buf_printf(out,
		      "# for Dovecot %s, made from %s by `mailwicket show --dovecot`\n\n"
		      "# --- " MW_DOVECOT_FOLDER "/" MW_DOVECOT_FIRST "\n",
		      generation == MW_DOVECOT_2_3 ? "2.3" : "2.4", policy->file);
	mw_show_dovecot_passdb(policy, generation, out);
	mw_buf_add_text(out, "\n# --- " MW_DOVECOT_FOLDER "/" MW_DOVECOT_LAST "\n");
	mw_show_dovecot_settings(policy, generation, &all, out);
}
