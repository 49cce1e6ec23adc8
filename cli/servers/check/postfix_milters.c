/* SPDX-License-Identifier: MIT */
/* The policy's milter, which judges the senders that the header names, in each listener that needs it. */
#include "servers/check/postfix.h"

#include "base/units.h"

#define PROXY_FILTER "smtpd_proxy_filter"
#define OVERRIDES "receive_override_options"
#define MAPS "smtpd_milter_maps"
#define MACROS "milter_macro_defaults"
#define STRAY_CR "cleanup_replace_stray_cr_lf"
#define LOCAL "non_smtpd_milters"
#define NO_MILTERS "no_milters"
#define PROTOCOL 6       /* the oldest that mailwicketd speaks */
#define LONGEST_WAIT 60  /* seconds */

/* --- what is there */

/* The milters of a listener, as far as they matter to the policy's own. */
struct milters_there {
	bool ours;               /* it is among them */
	bool first;              /* before all others */
	bool accepts;            /* without an answer from it, mail is accepted */
	bool gone;               /* there is one where `setup` has it, and the policy has no milter there */
	bool others;             /* there are others */
	bool others_accept;      /* without an answer from one of them, or from one to come, mail is accepted */
	bool item_accepts;       /* the same of one whose item in the list says so itself */
	struct mw_milter milter; /* ours */
	const char *path;        /* its unix socket; NULL: it has none */
};

static struct mw_str given_or(const struct mw_postfix_endpoint *endpoint, struct mw_str given, const char *setting)
{
	return mw_str_empty(given) ? mw_endpoint_value(endpoint, setting) : given;
}

/* postconf(5), milter_default_action: quarantine takes the message too, into the hold queue. */
static bool is_lax(struct mw_str action)
{
	return mw_str_equal(action, MW_STR("accept")) || mw_str_equal(action, MW_STR("quarantine"));
}

static bool accepts(const struct mw_postfix_endpoint *endpoint, const struct mw_milter *milter)
{
	return is_lax(given_or(endpoint, milter->default_action, "milter_default_action"));
}

/* Whether it is at the place below the queue directory where `show` and `setup` have it. */
static bool was_ours(const struct mw_postfix_endpoint *endpoint, struct mw_str server)
{
	const char *path;

	if (!mw_str_starts_with(server, MW_STR("unix:")))
		return false;
	path = mw_postfix_real_path(endpoint->site, endpoint->chroot, mw_str_tail(server, strlen("unix:")));
	return strcmp(path, mw_arena_textf(endpoint->site->arena, "%s/mailwicket/milter",
					   endpoint->site->queue_directory)) == 0;
}

static bool is_ours(const struct mw_postfix_endpoint *endpoint, const struct mw_milter *milter)
{
	const char *path;

	return mw_endpoint_milter_is_ours(endpoint, milter->server, &path) ||
	       was_ours(endpoint, milter->server);
}

static void find_milters(const struct mw_postfix_endpoint *endpoint, struct milters_there *there_r)
{
	struct mw_str list = mw_endpoint_value(endpoint, MW_WIRING_MILTERS);
	struct mw_milter milter;
	const char *path;

	*there_r = (struct milters_there){ .others_accept = mw_endpoint_says(endpoint, "milter_default_action", "accept") };
	while (mw_milter_next(&list, &milter)) {
		if (mw_endpoint_milter_is_ours(endpoint, milter.server, &path)) {
			there_r->first = there_r->ours ? there_r->first : !there_r->others;
			there_r->ours = true;
			there_r->accepts = accepts(endpoint, &milter);
			there_r->milter = milter;
			there_r->path = path;
		} else if (was_ours(endpoint, milter.server)) {
			there_r->gone = true;
		} else {
			there_r->others = true;
			there_r->others_accept |= mw_str_empty(milter.default_action) && accepts(endpoint, &milter);
			there_r->item_accepts |= is_lax(milter.default_action);
		}
	}
}

bool mw_endpoint_milters_do(const struct mw_postfix_endpoint *endpoint)
{
	struct milters_there there;
	const char *rest;

	find_milters(endpoint, &there);
	if (!endpoint->need.headers)
		return !there.gone;
	return there.ours && there.first && !there.gone && there.accepts == endpoint->site->wiring->harmless &&
	       !mw_endpoint_overrides(endpoint, &rest);
}

static size_t count_ours(const struct mw_postfix_endpoint *endpoint, struct mw_str list)
{
	struct mw_milter milter;
	size_t count = 0;

	while (mw_milter_next(&list, &milter))
		count += is_ours(endpoint, &milter);
	return count;
}

static const char *append_others(const struct mw_postfix_endpoint *endpoint, const char *first, struct mw_str list)
{
	struct mw_milter milter;

	while (mw_milter_next(&list, &milter)) {
		if (!is_ours(endpoint, &milter))
			first = mw_arena_textf(endpoint->site->arena, "%s%s%.*s", first, first[0] != '\0' ? ", " : "",
					       MW_STR_ARG(milter.text));
	}
	return first;
}

struct mw_str mw_endpoint_milter_list(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str written = mw_endpoint_written(endpoint, MW_WIRING_MILTERS);
	struct mw_str expanded = mw_endpoint_value(endpoint, MW_WIRING_MILTERS);
	const char *ours = endpoint->need.headers ? endpoint->site->wiring->milter : "", *rest;

	if (mw_endpoint_overrides(endpoint, &rest))
		return mw_str(ours);
	/* A name in the list may stand for one of ours. */
	if (count_ours(endpoint, written) != count_ours(endpoint, expanded))
		written = expanded;
	return mw_str(append_others(endpoint, ours, written));
}

/* The list, with tempfail in place of what its items for other milters say; those that did not are counted. */
static const char *strict_list(const struct mw_postfix_endpoint *endpoint, struct mw_str list, size_t *lax_r)
{
	struct mw_arena *arena = endpoint->site->arena;
	const char *strict = "";
	struct mw_milter milter;

	for (*lax_r = 0; mw_milter_next(&list, &milter);) {
		struct mw_str before = milter.text, behind = MW_STR_EMPTY;
		bool lax = is_lax(milter.default_action) && !is_ours(endpoint, &milter);

		*lax_r += lax;
		if (lax) {
			before = mw_str_head(milter.text, (size_t)(milter.default_action.ptr - milter.text.ptr));
			behind = mw_str_tail(milter.text, before.len + milter.default_action.len);
		}
		strict = mw_arena_textf(arena, "%s%s%.*s%s%.*s", strict, strict[0] != '\0' ? ", " : "", MW_STR_ARG(before),
					lax ? "tempfail" : "", MW_STR_ARG(behind));
	}
	return strict;
}

static const char *strict_milters(const struct mw_postfix_endpoint *endpoint)
{
	size_t lax, all_lax;
	const char *written = strict_list(endpoint, mw_endpoint_written(endpoint, MW_WIRING_MILTERS), &lax);
	const char *expanded = strict_list(endpoint, mw_endpoint_value(endpoint, MW_WIRING_MILTERS), &all_lax);

	/* A name in the list may stand for one that accepts. */
	return lax == all_lax ? written : expanded;
}

bool mw_endpoint_overrides(const struct mw_postfix_endpoint *endpoint, const char **rest_r)
{
	struct mw_str list = mw_endpoint_value(endpoint, OVERRIDES);
	struct mw_restriction item;
	bool found = false;

	*rest_r = "";
	while (mw_restriction_next(&list, &item)) {
		bool it = mw_str_equal_nocase(item.name, MW_STR(NO_MILTERS));

		found |= it;
		if (!it)
			*rest_r = mw_arena_textf(endpoint->site->arena, "%s%s%.*s", *rest_r, (*rest_r)[0] != '\0' ? "," : "",
						 MW_STR_ARG(item.name));
	}
	return found;
}

/* --- lines to write */

static void report(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id, enum mw_finding_severity severity,
		   const char *what, const char *why)
{
	const struct mw_postfix_site *site = endpoint->site;

	mw_endpoint_option_finding(endpoint, id, severity, MW_WIRING_MILTERS, what, why,
		mw_fix_option(site, endpoint->service, MW_WIRING_MILTERS,
			      mw_arena_text(site->arena, mw_endpoint_milter_list(endpoint))));
}

/* --- what keeps Postfix from asking it */

static void check_overrides(const struct mw_postfix_endpoint *endpoint)
{
	const struct mw_postfix_site *site = endpoint->site;
	const char *rest;

	if (mw_endpoint_overrides(endpoint, &rest))
		mw_endpoint_option_finding(endpoint, MW_FOUND_MILTER_BYPASSED, MW_FINDING_ERROR, OVERRIDES,
			OVERRIDES " has " NO_MILTERS, "no milter is asked at this listener: From is not looked at",
			mw_fix_lines(MW_FIX_BELOW, site->master_path, endpoint->service->line,
				     mw_arena_textf(site->arena, "  -o " OVERRIDES "=%s\n  -o { " MW_WIRING_MILTERS " = %s }", rest,
						    site->wiring->milter)));
}

static void check_bypasses(const struct mw_postfix_endpoint *endpoint)
{
	const struct mw_postfix_site *site = endpoint->site;
	struct mw_str proxy = mw_endpoint_value(endpoint, PROXY_FILTER), maps = mw_endpoint_value(endpoint, MAPS);

	check_overrides(endpoint);
	if (!mw_str_empty(proxy))
		mw_endpoint_finding(endpoint, MW_FOUND_MILTER_BYPASSED, MW_FINDING_ERROR, PROXY_FILTER,
			mw_arena_textf(site->arena, PROXY_FILTER " is %.*s", MW_STR_ARG(proxy)),
			"a message that goes through a proxy is shown to no milter before the proxy has it: From is not looked at",
			mw_fix_words(mw_arena_textf(site->arena, "content_filter in place of " PROXY_FILTER ", or header_from = off in "
				"connector \"%.*s\"", MW_STR_ARG(endpoint->need.connector))));
	if (!mw_str_empty(maps))
		mw_endpoint_finding(endpoint, MW_FOUND_MILTER_BYPASSED, MW_FINDING_ERROR, MAPS,
			mw_arena_textf(site->arena, MAPS " is %.*s", MW_STR_ARG(maps)),
			"for a client that it finds, its milters take the place of " MW_WIRING_MILTERS ": From is not looked at",
			mw_fix_option(site, endpoint->service, MAPS, ""));
}

/* What would tell it something else than is so. */
static void check_truth(const struct mw_postfix_endpoint *endpoint)
{
	const struct mw_postfix_site *site = endpoint->site;
	struct mw_str macros = mw_endpoint_value(endpoint, MACROS);

	if (!mw_str_empty(macros))
		mw_endpoint_finding(endpoint, MW_FOUND_MILTER_BYPASSED, MW_FINDING_ERROR, MACROS,
			mw_arena_textf(site->arena, MACROS " is %.*s", MW_STR_ARG(macros)),
			"a message may be judged as of a login or a listener that it is not of",
			mw_fix_setting(site, endpoint->service, MACROS, ""));
	if (mw_str_equal_nocase(mw_postfix_site_value(site, STRAY_CR), MW_STR("no")))
		mw_endpoint_finding(endpoint, MW_FOUND_MILTER_BYPASSED, MW_FINDING_ERROR, STRAY_CR, STRAY_CR " is no",
			"a carriage return within a field ends it for some mail programs: what they take for From is not looked at",
			mw_fix_main(site, STRAY_CR, "yes"));
}

/* --- ours among the others */

static void check_action(const struct mw_postfix_endpoint *endpoint, const struct milters_there *there)
{
	bool harmless = endpoint->site->wiring->harmless;

	if (there->accepts && !harmless)
		report(endpoint, MW_FOUND_MILTER_ACTION, MW_FINDING_ERROR,
		       "without an answer of mailwicketd's milter, mail is accepted",
		       "whoever stops mailwicketd, or finds it stopped, may write any From");
	else if (!there->accepts && harmless)
		report(endpoint, MW_FOUND_MILTER_ACTION, MW_FINDING_WARNING,
		       "without an answer of mailwicketd's milter, mail is refused",
		       "every rule is in audit mode, but while mailwicketd is away mail is deferred; `mailwicket setup` changes it, "
		       "and back when a rule is enforced");
}

static void check_protocol(const struct mw_postfix_endpoint *endpoint, const struct milters_there *there)
{
	struct mw_str protocol = given_or(endpoint, there->milter.protocol, "milter_protocol");
	struct mw_str wait = given_or(endpoint, there->milter.content_timeout, "milter_content_timeout");
	unsigned long seconds;
	uint64_t version;

	if (mw_parse_number(protocol, &version) && version < PROTOCOL)
		report(endpoint, MW_FOUND_MILTER_PROTOCOL, MW_FINDING_ERROR,
		       mw_arena_textf(endpoint->site->arena, "Postfix speaks version %.*s of the milter protocol",
				      MW_STR_ARG(protocol)),
		       "mailwicketd needs version 6 and answers no older one: every message is deferred");
	if (mw_postfix_seconds(wait, &seconds) && seconds > LONGEST_WAIT)
		report(endpoint, MW_FOUND_MILTER_WAIT, MW_FINDING_WARNING,
		       mw_arena_textf(endpoint->site->arena, "an answer about a message is waited for %lu s", seconds),
		       "a mailwicketd that hangs holds every client as long");
}

/* Whether the others stop a message that they give no answer about. */
static void check_others(const struct mw_postfix_endpoint *endpoint, const struct milters_there *there)
{
	static const char what[] = "without an answer of a milter, mail is accepted";
	static const char why[] = "whoever stops the milter, or finds it stopped, gets past what it would have refused";
	const struct mw_postfix_site *site = endpoint->site;

	if (there->others_accept)
		mw_endpoint_finding(endpoint, MW_FOUND_MILTER_ACCEPTS, MW_FINDING_WARNING, "milter_default_action", what, why,
			mw_fix_setting(site, endpoint->service, "milter_default_action", "tempfail"));
	if (there->item_accepts)
		mw_list_finding(endpoint, MW_FOUND_MILTER_ACCEPTS, MW_FINDING_WARNING, MW_WIRING_MILTERS, what, why,
			mw_fix_setting(site, endpoint->service, MW_WIRING_MILTERS, strict_milters(endpoint)));
}

void mw_check_postfix_milters(const struct mw_postfix_endpoint *endpoint)
{
	struct milters_there there;

	find_milters(endpoint, &there);
	check_others(endpoint, &there);
	if (there.gone)
		report(endpoint, MW_FOUND_MILTER_GONE, MW_FINDING_ERROR,
		       "a milter of mailwicketd is asked, and the policy has none there",
		       "nobody answers there: mail is deferred, or accepted without a look at From");
	if (!endpoint->need.headers)
		return;
	check_bypasses(endpoint);
	check_truth(endpoint);
	if (!there.ours) {
		report(endpoint, MW_FOUND_NO_MILTER, MW_FINDING_ERROR, "mailwicketd's milter is not asked",
		       "who may send here may write any From, and that is what readers see");
		return;
	}
	if (!there.first)
		report(endpoint, MW_FOUND_MILTER_LATE, MW_FINDING_WARNING, "another milter is asked before mailwicketd's",
		       "what it signs or changes is done before the message is judged");
	check_action(endpoint, &there);
	check_protocol(endpoint, &there);
	if (there.path != NULL)
		mw_check_postfix_socket(endpoint, MW_WIRING_MILTERS, there.path);
}

void mw_check_postfix_local_milters(struct mw_postfix_site *site)
{
	struct mw_postfix_endpoint endpoint = { .site = site };
	struct mw_str list = mw_postfix_site_value(site, LOCAL);

	if (count_ours(&endpoint, list) > 0)
		mw_findings_add(site->findings, (struct mw_finding){
			.id = MW_FOUND_LOCAL_MILTER, .severity = MW_FINDING_ERROR, .file = site->main_path,
			.line = mw_postfix_main_line(site->main_cf, MW_STR(LOCAL)), .setting = LOCAL,
			.what = "mailwicketd's milter is asked about mail of this machine's own programs",
			.why = "it knows no listener and no login of theirs, so that mail of sendmail(1) and cron is deferred",
			.fix = mw_fix_main(site, LOCAL, append_others(&endpoint, "", list)) });
}
