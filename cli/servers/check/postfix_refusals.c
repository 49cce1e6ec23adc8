/* SPDX-License-Identifier: MIT */
/* What Postfix refuses by itself although a connector permits it: restrictions about authentication and relaying, and
   those without a condition, in every list that a message passes. What looks for spam is not judged. */
#include "servers/check/postfix_way.h"

/* --- findings */

static bool leaves_senders(const struct mw_postfix_endpoint *endpoint)
{
	return mw_binding_leaves_senders(endpoint->site->policy, &endpoint->binding);
}

/* The list that `show` prints, behind the comparisons that must stay. */
static const char *shown(const struct mw_way *way)
{
	struct mw_str list = mw_endpoint_value(way->endpoint, way->within);
	struct mw_arena *arena = way->endpoint->site->arena;
	struct mw_restriction item;
	const char *kept = "";

	while (leaves_senders(way->endpoint) && mw_restriction_next(&list, &item)) {
		if (mw_restriction_is_login_mismatch(item.name))
			kept = mw_arena_textf(arena, "%s%.*s, ", kept, MW_STR_ARG(item.text));
	}
	return mw_arena_textf(arena, "%s%s", kept, mw_shown_list(way->endpoint, way->within));
}

/* Where relaying is decided, the question and its refusal stay. */
static struct mw_fix fix_of(const struct mw_way *way)
{
	const struct mw_postfix_endpoint *endpoint = way->endpoint;
	const char *value = strcmp(way->within, MW_RELAY_RESTRICTIONS) == 0 ? shown(way) : mw_way_without(way);

	return mw_fix_list(endpoint, way->within, value);
}

static const char *why_of(const struct mw_way *way)
{
	struct mw_arena *arena = way->endpoint->site->arena;
	struct mw_str connector = way->permitted.connector->name;

	if (mw_restriction_is_login_mismatch(way->refused_by.name))
		return way->logged_in ? "smtpd_sender_login_maps knows no group and no grant: what the policy permits is refused"
				      : "who does not log in and uses a sender that smtpd_sender_login_maps has is refused, where the "
					"policy permits it too";
	return mw_arena_textf(arena, "connector \"%.*s\" permits %s%s: Postfix refuses them%s, in its own words",
			      MW_STR_ARG(connector), mw_permitted_words(way->permitted.kind),
			      way->relays ? ", to other domains too" : "",
			      way->perhaps ? ", unless a table or a service before it permits them" : "");
}

/* What a table has is not known here: it may have all that the policy permits. */
static bool depends_on_a_table(const struct mw_way *way)
{
	if (mw_restriction_is_login_mismatch(way->refused_by.name))
		return !mw_str_empty(mw_endpoint_value(way->endpoint, "smtpd_sender_login_maps"));
	return way->perhaps;
}

static void report(const struct mw_way *way)
{
	struct mw_arena *arena = way->endpoint->site->arena;
	bool mismatch = mw_restriction_is_login_mismatch(way->refused_by.name);
	const char *what = mw_arena_textf(arena, mismatch ? "%.*s decides who may send as whom too"
							  : "%.*s refuses what the policy permits",
					  MW_STR_ARG(way->refused_by.text));

	mw_list_finding(way->endpoint, mismatch ? MW_FOUND_LOGIN_MISMATCH : MW_FOUND_REFUSES_PERMITTED,
			depends_on_a_table(way) ? MW_FINDING_WARNING : MW_FINDING_ERROR, way->within, what, why_of(way), fix_of(way));
}

static void check_kind(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted, bool relays)
{
	const char *list;

	for (size_t i = 0; (list = mw_way_list(i)) != NULL; i++) {
		struct mw_way way = { .endpoint = endpoint, .list = list, .permitted = *permitted, .relays = relays,
				   .any_sender = leaves_senders(endpoint),
				   .logged_in = permitted->kind == MW_PERMITTED_USERS && mw_way_knows_login(endpoint, i) };

		/* Without the question, what decides relaying is wrong as a whole. */
		if (strcmp(list, MW_RELAY_RESTRICTIONS) != 0 || mw_endpoint_asks_in(endpoint, list))
			mw_way_go(&way, list);
		if (!mw_str_empty(way.refused_by.name))
			report(&way);
	}
}

/* --- without a policy */

bool mw_endpoint_lets(const struct mw_postfix_endpoint *endpoint, enum mw_permitted_kind kind,
		      const struct mw_ranges *remote, bool relays)
{
	struct mw_connector connector = mw_connector_from_anywhere;
	const char *list;

	if (remote != NULL)
		connector.remote = *remote;
	for (size_t i = 0; (list = mw_way_list(i)) != NULL; i++) {
		struct mw_way way = { .endpoint = endpoint, .list = list, .relays = relays, .any_sender = true,
				   .permitted = { .connector = &connector, .kind = kind, .relays = relays },
				   .logged_in = kind == MW_PERMITTED_USERS && mw_way_knows_login(endpoint, i) };

		mw_way_go(&way, list);
		if (!mw_str_empty(way.refused_by.name))
			return false;
	}
	return true;
}

/* --- with one */

void mw_check_postfix_refusals(const struct mw_postfix_endpoint *endpoint)
{
	const struct mw_policy *policy = endpoint->site->policy;

	for (size_t i = 0; i < policy->connector_count; i++) {
		struct mw_permitted permitted[MW_PERMITTED_MOST];
		bool meets = mw_connector_meets(&policy->connectors[i], &endpoint->binding);
		size_t count = meets ? mw_permitted_by(&policy->connectors[i], permitted) : 0;

		for (size_t k = 0; k < count; k++) {
			mw_check_postfix_senders(endpoint, &permitted[k]);
			check_kind(endpoint, &permitted[k], false);
			if (permitted[k].relays)
				check_kind(endpoint, &permitted[k], true);
		}
	}
}
