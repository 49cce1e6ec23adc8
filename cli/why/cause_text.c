/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/shell.h"
#include "report/prose.h"
#include "report/template.h"
#include "ui/own_command.h"
#include "why/cause.h"
#include "why/cause_table.h"

const char *mw_why_sentence_of(const char *reason)
{
	int known;

	return mw_table_find(mw_reasons, mw_str(reason), &known) ? mw_reason_sentence((enum mw_reason)known) : reason;
}

/* The rule of a decision line, by name: the policy may have changed since, then there may be none. */
static void find_rule(const struct mw_policy *policy, const struct mw_why_entry *entry, struct mw_verdict *verdict)
{
	struct mw_str name = mw_str(entry->rule_name);

	for (size_t i = 0; policy != NULL && i < policy->connector_count; i++)
		if (entry->protocol == MW_PROTOCOL_SMTP && mw_str_equal(policy->connectors[i].name, name))
			verdict->connector = &policy->connectors[i];
	for (size_t i = 0; policy != NULL && i < policy->login_rule_count; i++)
		if (entry->protocol != MW_PROTOCOL_SMTP && mw_str_equal(policy->login_rules[i].name, name))
			verdict->login_rule = &policy->login_rules[i];
}

/* Postfix's line alone names no login; these reasons are about one. */
static struct mw_str login_of(const struct mw_why_told *told, const struct mw_why_entry *entry, int reason)
{
	bool is_about_login = reason == MW_REASON_SMTP_DISABLED || reason == MW_REASON_SEND_AS_DENIED ||
			      reason == MW_REASON_NETWORK_REFUSED || reason == MW_REASON_CLIENT_UNKNOWN;

	return mw_str(entry->kind == MW_WHY_REJECTED && is_about_login ? told->user : entry->login);
}

/* The line has all addresses of From; the fix is about one. */
static struct mw_step step_of_from(struct mw_str from)
{
	bool one = !mw_str_empty(from) && mw_str_find(from, ',') == from.len;

	return (struct mw_step){ .check = MW_CHECK_HEADER, .outcome = MW_FAILED, .note = MW_NOTE_HEADER_FROM_NO_GRANT,
				 .value = one ? from : MW_STR("ADDRESS") };
}

/* What `explain` would give as the fix, from what the line has. */
static void write_fix(const struct mw_why_told *told, const struct mw_why_entry *entry, struct mw_buf *out)
{
	/* Dovecot's auth process, which writes no port, does not know Postfix's listener. */
	struct mw_verdict verdict = { .outcome = MW_REFUSE, .reply = "", .listener_unknown = entry->port[0] == '\0' };
	struct mw_facts facts = { .endpoints = { .protocol = entry->protocol } };
	int reason;

	if (!mw_table_find(mw_reasons, mw_str(entry->reason), &reason))
		return;
	verdict.reason = (enum mw_reason)reason;
	facts.login = login_of(told, entry, reason);
	facts.master = mw_str(entry->master);
	facts.sender = mw_str(entry->sender);
	facts.recipient = mw_str(entry->recipient);
	facts.mechanism = mw_str(entry->mechanism);
	facts.tls.version = mw_str(entry->tls_version);
	facts.endpoints.local_port = (uint16_t)strtoul(entry->port, NULL, 10);
	mw_ip_parse(mw_str(entry->client), &facts.endpoints.remote_ip);
	if (!mw_str_empty(facts.login)) {
		verdict.trace.steps[0] = (struct mw_step){ .check = MW_CHECK_LOGIN, .note = MW_NOTE_LOGIN_KNOWN,
							   .other = mw_str(told->user) };
		verdict.trace.count = 1;
	}
	if (reason == MW_REASON_SEND_ON_BEHALF_DENIED)
		verdict.trace.steps[verdict.trace.count++] = step_of_from(facts.sender);
	find_rule(told->policy, entry, &verdict);
	mw_prose_fix(told->policy, &facts, &verdict, out);
}

static void write_sentence(const struct mw_why_told *told, const struct mw_why_cause *cause, const char *sentence,
			   struct mw_buf *out)
{
	static const struct mw_why_entry nothing = { .kind = MW_WHY_KINDS };
	const struct mw_why_entry *entry = cause->entry != NULL ? cause->entry : &nothing;
	struct mw_template_values values = { .count = 0 };

	mw_template_set(&values, "user", mw_str(told->user));
	mw_template_set(&values, "login", strcmp(told->user, entry->login) != 0 ? mw_str(entry->login) : MW_STR_EMPTY);
	mw_template_set(&values, "master", mw_str(entry->master));
	mw_template_set(&values, "client", mw_str(entry->client));
	mw_template_set(&values, "port", mw_str(entry->port));
	mw_template_set(&values, "protocol", mw_str(mw_table_word(mw_protocols, entry->protocol)));
	mw_template_set(&values, "mechanism", mw_str(entry->mechanism));
	mw_template_set(&values, "tls", mw_str(entry->tls_version));
	mw_template_set(&values, "sender", mw_str(entry->sender));
	mw_template_set(&values, "recipient", mw_str(entry->recipient));
	mw_template_set(&values, "reason", mw_str(entry->reason));
	mw_template_set(&values, "sentence", mw_str(mw_why_sentence_of(entry->reason)));
	mw_template_set(&values, "reply", mw_str(entry->reply));
	mw_template_set(&values, "rule", mw_str(entry->rule_name));
	mw_template_write(sentence, &values, out);
}

void mw_why_cause_text(const struct mw_why_told *told, const struct mw_why_cause *cause, struct mw_buf *out)
{
	write_sentence(told, cause, cause->row->text, out);
}

void mw_why_cause_fix(const struct mw_why_told *told, const struct mw_why_cause *cause, struct mw_buf *out)
{
	size_t from = out->used;

	if (cause->row->fix != NULL)
		write_sentence(told, cause, cause->row->fix, out);
	else
		write_fix(told, cause->entry, out);
	mw_own_commands(out, from);
}

void mw_why_cause_for_user(const struct mw_why_told *told, const struct mw_why_cause *cause, struct mw_buf *out)
{
	write_sentence(told, cause, cause->row->for_user, out);
}

void mw_why_cause_explain(const struct mw_why_cause *cause, struct mw_buf *out)
{
	const struct mw_why_entry *entry = cause->entry;
	size_t from = out->used;

	if (entry == NULL || entry->kind != MW_WHY_DECIDED || entry->explain[0] == '\0')
		return;
	mw_buf_printf(out, "mailwicket explain %s%s", mw_table_word(mw_protocols, entry->protocol), entry->explain);
	mw_own_commands(out, from);
}
