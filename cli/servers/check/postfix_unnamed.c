/* SPDX-License-Identifier: MIT */
/* Listeners that no connector names: a content filter's way back, services for programs of this host, and what was
   forgotten. */
#include "servers/check/postfix_interfaces.h"

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

/* "permit_mynetworks, reject", and nothing before it that may let others in: another permit, a table, a class. */
static bool is_for_mynetworks(const struct mw_postfix_endpoint *endpoint, const char *name)
{
	struct mw_str list = mw_endpoint_value(endpoint, name);
	struct mw_restriction item;
	bool permits = false;

	while (mw_restriction_next(&list, &item)) {
		if (mw_str_equal_nocase(item.name, MW_STR("reject")) && !item.only_warns)
			return permits;
		if (mw_str_equal_nocase(item.name, MW_STR("permit_mynetworks")))
			permits = true;
		else if (mw_str_starts_with_nocase(item.name, MW_STR("permit")) ||
			 mw_str_starts_with_nocase(item.name, MW_STR("check_")) ||
			 mw_str_find(item.name, ':') < item.name.len || mw_endpoint_has_class(endpoint, item.name))
			return false;
	}
	return false;
}

static bool admits_mynetworks_alone(const struct mw_postfix_endpoint *endpoint)
{
	static const char *const lists[] = { "smtpd_client_restrictions", "smtpd_relay_restrictions",
					     "smtpd_recipient_restrictions" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		if (is_for_mynetworks(endpoint, lists[i]))
			return true;
	}
	return false;
}

/* What comes back from a filter, a signer or a proxy is not filtered a second time: FILTER_README,
   SMTPD_PROXY_README, MILTER_README. */
static bool has_filter_options(const struct mw_postfix_endpoint *endpoint)
{
	static const char *const emptied[] = { "content_filter", "smtpd_proxy_filter", "smtpd_milters" };
	static const char *const done[] = { "no_unknown_recipient_checks", "no_header_body_checks", "no_milters" };
	const struct mw_str *override = mw_postfix_value_find(&endpoint->service->options, "receive_override_options");
	const struct mw_str *hosts = mw_postfix_value_find(&endpoint->service->options, "smtpd_authorized_xforward_hosts");
	bool has = hosts != NULL && !mw_str_empty(*hosts);

	for (size_t i = 0; i < 3; i++)
		has |= is_emptied(endpoint, emptied[i]) || (override != NULL && mw_restriction_has(*override, done[i]));
	return has;
}

/* Whether mail goes to a filter that gives it back by SMTP, from any listener. */
static bool uses_filter(const struct mw_postfix_site *site)
{
	static const char *const settings[] = { "content_filter", "smtpd_proxy_filter" };
	bool uses = false;

	for (size_t i = 0; i < 2; i++) {
		uses |= !mw_str_empty(mw_postfix_site_value(site, settings[i]));
		for (size_t k = 0; k < site->services.count; k++) {
			const struct mw_str *option = mw_postfix_value_find(&site->services.items[k].options, settings[i]);

			uses |= option != NULL && !mw_str_empty(*option);
		}
	}
	return uses;
}

/* Strangers come through a proxy, which reaches loopback. */
static bool is_for_this_host(const struct mw_postfix_endpoint *endpoint)
{
	return mw_postfix_is_loopback(endpoint->site, &endpoint->binding) && !mw_endpoint_is_proxied(endpoint);
}

enum reading {
	FOR_CLIENTS, /* strangers or users connect to it */
	WAY_BACK,    /* a content filter, a signer or a program of this host does */
	UNSURE       /* may be either: both are told, and neither is taken for granted */
};

/* What main.cf says of AUTH holds for a way back too, where nobody took it away there. */
static enum reading reading_of(const struct mw_postfix_endpoint *endpoint)
{
	const struct mw_str *option = mw_postfix_value_find(&endpoint->service->options, "smtpd_sasl_auth_enable");
	bool for_users = option != NULL && mw_endpoint_says(endpoint, "smtpd_sasl_auth_enable", "yes");
	bool sasl = mw_endpoint_says(endpoint, "smtpd_sasl_auth_enable", "yes");
	bool user_port = endpoint->binding.port == 587 || endpoint->binding.port == 465;
	bool filtered = has_filter_options(endpoint), local = is_for_this_host(endpoint);

	if (endpoint->front != endpoint->service || mw_endpoint_is_proxied(endpoint))
		return FOR_CLIENTS;
	if (for_users)
		return local && filtered ? UNSURE : FOR_CLIENTS;
	if (filtered)
		return sasl && !local ? UNSURE : WAY_BACK;
	if (!local)
		return FOR_CLIENTS;
	return !user_port && (uses_filter(endpoint->site) || (!sasl && admits_mynetworks_alone(endpoint))) ? WAY_BACK : UNSURE;
}

bool mw_endpoint_is_way_back(const struct mw_postfix_endpoint *endpoint)
{
	return reading_of(endpoint) == WAY_BACK && (is_for_this_host(endpoint) || admits_mynetworks_alone(endpoint));
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
	return mw_fix_words(mw_arena_textf(arena_of(endpoint), "bindings = { \"%s\"%s } in a connector of %s%s",
					   binding_text(endpoint),
					   mw_endpoint_is_proxied(endpoint) ? ", and the address and port that the proxy's clients use"
									     : "",
					   endpoint->site->policy->file, more));
}

static struct mw_fix loopback_fix(const struct mw_postfix_endpoint *endpoint)
{
	return mw_fix_words(mw_arena_textf(arena_of(endpoint), "127.0.0.1:%u in place of %.*s in master.cf",
					   endpoint->binding.port, MW_STR_ARG(endpoint->front->name)));
}

/* The lines with which an entry is not asked about any more. A list that decides who gets in still does then. */
static const char *unasked_lines(const struct mw_postfix_endpoint *endpoint, const char *before, const char *between)
{
	static const struct { const char *list, *value; } lines[] = {
		{ "smtpd_client_restrictions", "permit_mynetworks,reject" }, { "smtpd_helo_restrictions", "" },
		{ "smtpd_sender_restrictions", "" }, { "smtpd_relay_restrictions", "permit_mynetworks,reject" },
		{ "smtpd_recipient_restrictions", "permit_mynetworks,reject" }, { "smtpd_data_restrictions", "" },
		{ "smtpd_end_of_data_restrictions", "" }, { "smtpd_etrn_restrictions", "reject" },
	};
	const char *text = "";

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (mw_endpoint_has_question(endpoint, lines[i].list))
			text = mw_arena_textf(arena_of(endpoint), "%s%s%s-o %s=%s", text, text[0] != '\0' ? between : "", before,
					      lines[i].list, lines[i].value);
	}
	return text;
}

/* They let all of mynetworks in unasked: where other hosts can connect, no line to paste, but another address first. */
static struct mw_fix unasked_fix(const struct mw_postfix_endpoint *endpoint)
{
	if (!is_for_this_host(endpoint))
		return mw_fix_words(mw_arena_textf(arena_of(endpoint), "%s first, so that other hosts cannot send there unasked; "
						   "then %s", loopback_fix(endpoint).text, unasked_lines(endpoint, "", " ")));
	return mw_fix_lines(MW_FIX_BELOW, endpoint->site->master_path, endpoint->service->line,
			    unasked_lines(endpoint, "  ", "\n"));
}

static void report(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id,
		   enum mw_finding_severity severity, const char *what, const char *why, struct mw_fix fix)
{
	mw_endpoint_option_finding(endpoint, id, severity, "smtpd_relay_restrictions", what, why, fix);
}

static const char *binding_words(const struct mw_postfix_endpoint *endpoint)
{
	return mw_arena_textf(arena_of(endpoint),
			      "if users or other hosts submit here, and no content filter gives mail back: %s",
			      binding_fix(endpoint, "").text);
}

/* A connector at a way back would let the filter's programs send by its rules: never without the other reading. */
static struct mw_fix both_readings(const struct mw_postfix_endpoint *endpoint)
{
	return mw_fix_or(mw_fix_words("if a content filter gives its mail back here: -o smtpd_sasl_auth_enable=no, and an "
				      "address that only the filter reaches"),
			 binding_words(endpoint));
}

static void report_asked(const struct mw_postfix_endpoint *endpoint, enum reading reading)
{
	if (reading == WAY_BACK)
		report(endpoint, MW_FOUND_ASKED_REINJECTION, MW_FINDING_ERROR,
		       "the list of main.cf asks Mailwicket about what comes back from a content filter",
		       "mailwicketd knows no rule for this listener: all that the filter has passed is deferred (450 4.3.5)",
		       unasked_fix(endpoint));
	else if (reading == UNSURE && is_for_this_host(endpoint))
		report(endpoint, MW_FOUND_ASKED_REINJECTION, MW_FINDING_ERROR,
		       "Mailwicket is asked about a listener for programs of this host, and no connector has a binding for it",
		       "mailwicketd is asked and knows no rule: every session there is deferred (450 4.3.5)",
		       mw_fix_or(unasked_fix(endpoint), binding_words(endpoint)));
	else
		report(endpoint, MW_FOUND_UNKNOWN_LISTENER, MW_FINDING_ERROR,
		       "no enabled connector has a binding for this listener",
		       "mailwicketd is asked and knows no rule: every session there is deferred (450 4.3.5)",
		       reading == UNSURE ? both_readings(endpoint) : binding_fix(endpoint, ""));
}

static void report_unasked(const struct mw_postfix_endpoint *endpoint, enum reading reading)
{
	bool local = is_for_this_host(endpoint);

	if (local && reading == FOR_CLIENTS && mw_endpoint_says(endpoint, "smtpd_sasl_auth_enable", "yes"))
		report(endpoint, MW_FOUND_UNASKED_LISTENER, MW_FINDING_WARNING,
		       "users log in at this listener of programs on this host, and Mailwicket is not asked there",
		       "who sends through such a program (webmail) sends as anybody", binding_fix(endpoint, ", and the questions"));
	else if (local)
		report(endpoint, MW_FOUND_REINJECTION, MW_FINDING_NOTE,
		       "no connector and no question on this listener: it takes mail unasked",
		       "whoever is on this machine can send through it as anybody; right for a content filter alone", MW_NO_FIX);
	else if (reading == WAY_BACK)
		report(endpoint, MW_FOUND_OPEN_REINJECTION, MW_FINDING_ERROR,
		       "a content filter's way back takes mail unasked, and can be reached from other hosts",
		       "who is let in there sends as anybody, to anybody", loopback_fix(endpoint));
	else if (is_for_mynetworks(endpoint, "smtpd_client_restrictions") && is_private(endpoint))
		report(endpoint, MW_FOUND_OWN_LISTENER, MW_FINDING_WARNING,
		       mw_arena_textf(arena_of(endpoint), "this listener takes mail unasked from mynetworks (%.*s)",
				      MW_STR_ARG(mw_endpoint_value(endpoint, "mynetworks"))),
		       "those hosts send through it as anybody, to anybody", loopback_fix(endpoint));
	else
		report(endpoint, MW_FOUND_UNASKED_LISTENER, MW_FINDING_ERROR,
		       "no connector has a binding for this listener, and Mailwicket is not asked there",
		       "nothing of the policy holds for those who connect to it",
		       reading == UNSURE ? both_readings(endpoint) : binding_fix(endpoint, ", and the questions"));
}

void mw_check_postfix_unnamed(struct mw_postfix_endpoint *endpoint)
{
	enum reading reading = reading_of(endpoint);

	if (mw_endpoint_is_asked(endpoint))
		report_asked(endpoint, reading);
	else
		report_unasked(endpoint, reading);
}
