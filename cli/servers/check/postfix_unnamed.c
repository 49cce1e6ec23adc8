/* SPDX-License-Identifier: MIT */
/* Listeners that no connector names: a content filter's way back, services for programs of this host, and what was
   forgotten. */
#include "servers/check/postfix.h"

#include "servers/restriction.h"

static struct mw_arena *arena_of(const struct mw_postfix_endpoint *endpoint)
{
	return endpoint->site->arena;
}

/* --- what it is for */

static bool is_emptied(const struct mw_postfix_endpoint *endpoint, const char *name)
{
	const struct mw_str *option = mw_postfix_value_find(&endpoint->service->options, name);

	return option != NULL && mw_str_empty(*option);
}

static bool has_word(struct mw_str list, const char *word)
{
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		if (mw_str_equal_nocase(item.name, mw_str(word)))
			return true;
	}
	return false;
}

/* "permit_mynetworks, reject", and nothing before it that lets others in. */
static bool is_for_mynetworks(struct mw_str list)
{
	struct mw_restriction item;
	bool permits = false;

	while (mw_restriction_next(&list, &item)) {
		if (mw_str_equal_nocase(item.name, MW_STR("reject")) && !item.only_warns)
			return permits;
		if (mw_str_equal_nocase(item.name, MW_STR("permit_mynetworks")))
			permits = true;
		else if (mw_str_starts_with_nocase(item.name, MW_STR("permit")) ||
			 mw_str_starts_with_nocase(item.name, MW_STR("check_")))
			return false;
	}
	return false;
}

static bool admits_mynetworks_alone(const struct mw_postfix_endpoint *endpoint)
{
	static const char *const lists[] = { "smtpd_client_restrictions", "smtpd_relay_restrictions",
					     "smtpd_recipient_restrictions" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (is_for_mynetworks(mw_endpoint_value(endpoint, lists[i])))
			return true;
	}
	return false;
}

/* What takes back what a filter, a signer or a proxy was given: FILTER_README, SMTPD_PROXY_README, MILTER_README. */
static bool takes_back(const struct mw_postfix_endpoint *endpoint)
{
	static const char *const emptied[] = { "content_filter", "smtpd_proxy_filter", "smtpd_milters" };
	static const char *const done[] = { "no_unknown_recipient_checks", "no_header_body_checks", "no_milters" };
	const struct mw_str *override = mw_postfix_value_find(&endpoint->service->options, "receive_override_options");
	const struct mw_str *hosts = mw_postfix_value_find(&endpoint->service->options, "smtpd_authorized_xforward_hosts");
	bool back = hosts != NULL && !mw_str_empty(*hosts);

	if (endpoint->front != endpoint->service || mw_endpoint_says(endpoint, "smtpd_sasl_auth_enable", "yes"))
		return false;
	for (size_t i = 0; i < 3; i++)
		back |= is_emptied(endpoint, emptied[i]) || (override != NULL && has_word(*override, done[i]));
	return back;
}

/* Whether mynetworks, as this listener has it, names private addresses only; a table may name any. */
static bool is_private(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str list = mw_endpoint_value(endpoint, "mynetworks");
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		struct mw_range range;

		if (!mw_postfix_network(arena_of(endpoint), item.name, &range) || !mw_range_is_private(&range))
			return false;
	}
	return true;
}

/* --- findings */

static const char *binding_text(const struct mw_postfix_endpoint *endpoint)
{
	char text[128];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_binding_print(&endpoint->binding, &out);
	return mw_arena_text(arena_of(endpoint), mw_buf_str(&out));
}

static struct mw_fix binding_fix(const struct mw_postfix_endpoint *endpoint, const char *more)
{
	return mw_fix_words(mw_arena_textf(arena_of(endpoint), "bindings = { \"%s\" } in a connector of %s%s",
					   binding_text(endpoint), endpoint->site->policy->file, more));
}

static struct mw_fix loopback_fix(const struct mw_postfix_endpoint *endpoint)
{
	return mw_fix_words(mw_arena_textf(arena_of(endpoint), "127.0.0.1:%u in place of %.*s in master.cf",
					   endpoint->binding.port, MW_STR_ARG(endpoint->front->name)));
}

/* Whether a list asks Mailwicket. */
static bool asks(const struct mw_postfix_endpoint *endpoint, const char *name)
{
	struct mw_str list = mw_endpoint_value(endpoint, name);
	struct mw_restriction item;
	const char *path;

	while (mw_restriction_next(&list, &item)) {
		if (mw_str_equal_nocase(item.name, MW_STR("check_policy_service")) &&
		    mw_endpoint_asks_us(endpoint, mw_policy_call_parse(item.argument).server, &path))
			return true;
	}
	return false;
}

/* The lines with which an entry is not asked about any more. */
static struct mw_fix unasked_fix(const struct mw_postfix_endpoint *endpoint)
{
	static const struct { const char *list, *value; } lines[] = {
		{ "smtpd_sender_restrictions", "" }, { "smtpd_relay_restrictions", "permit_mynetworks,reject" },
		{ "smtpd_end_of_data_restrictions", "" },
	};
	const char *text = "";

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (asks(endpoint, lines[i].list))
			text = mw_arena_textf(arena_of(endpoint), "%s%s  -o %s=%s", text, text[0] != '\0' ? "\n" : "",
					      lines[i].list, lines[i].value);
	}
	return mw_fix_lines(MW_FIX_BELOW, endpoint->site->master_path, endpoint->service->line, text);
}

static void report(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id,
		   enum mw_finding_severity severity, const char *what, const char *why, struct mw_fix fix)
{
	mw_endpoint_option_finding(endpoint, id, severity, "smtpd_relay_restrictions", what, why, fix);
}

static void report_asked(const struct mw_postfix_endpoint *endpoint, bool back)
{
	if (back)
		report(endpoint, MW_FOUND_ASKED_REINJECTION, MW_FINDING_ERROR,
		       "the list of main.cf asks Mailwicket about what comes back from a content filter",
		       "mailwicketd knows no rule for this listener: all that the filter has passed is deferred (450 4.3.5)",
		       unasked_fix(endpoint));
	else
		report(endpoint, MW_FOUND_UNKNOWN_LISTENER, MW_FINDING_ERROR,
		       "no enabled connector has a binding for this listener",
		       "mailwicketd is asked and knows no rule: every session there is deferred (450 4.3.5)",
		       binding_fix(endpoint, ""));
}

static void report_unasked(const struct mw_postfix_endpoint *endpoint, bool back)
{
	if (mw_binding_is_loopback(&endpoint->binding))
		report(endpoint, MW_FOUND_REINJECTION, MW_FINDING_NOTE,
		       "no connector and no question on this listener: it takes mail unasked",
		       "whoever is on this machine can send through it as anybody; right for a content filter alone", MW_NO_FIX);
	else if (back)
		report(endpoint, MW_FOUND_OPEN_REINJECTION, MW_FINDING_ERROR,
		       "a content filter's way back takes mail unasked, and can be reached from other hosts",
		       "who is let in there sends as anybody, to anybody", loopback_fix(endpoint));
	else if (is_for_mynetworks(mw_endpoint_value(endpoint, "smtpd_client_restrictions")) && is_private(endpoint))
		report(endpoint, MW_FOUND_OWN_LISTENER, MW_FINDING_WARNING,
		       mw_arena_textf(arena_of(endpoint), "this listener takes mail unasked from mynetworks (%.*s)",
				      MW_STR_ARG(mw_endpoint_value(endpoint, "mynetworks"))),
		       "those hosts send through it as anybody, to anybody", loopback_fix(endpoint));
	else
		report(endpoint, MW_FOUND_UNASKED_LISTENER, MW_FINDING_ERROR,
		       "no connector has a binding for this listener, and Mailwicket is not asked there",
		       "nothing of the policy holds for those who connect to it", binding_fix(endpoint, ", and the questions"));
}

void mw_check_postfix_unnamed(struct mw_postfix_endpoint *endpoint)
{
	bool back = takes_back(endpoint);

	/* Of programs on this host alone, too. */
	back |= mw_binding_is_loopback(&endpoint->binding) && endpoint->front == endpoint->service &&
		admits_mynetworks_alone(endpoint) &&
		!mw_endpoint_says(endpoint, "smtpd_sasl_auth_enable", "yes");
	if (mw_endpoint_is_asked(endpoint))
		report_asked(endpoint, back);
	else
		report_unasked(endpoint, back);
}
