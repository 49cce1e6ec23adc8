/* SPDX-License-Identifier: MIT */
/* Whose senders Postfix compares with smtpd_sender_login_maps. */
#include "servers/check/postfix_way.h"

#define KNOWN "reject_known_sender_login_mismatch"

static bool is(struct mw_str name, const char *word)
{
	return mw_str_equal_nocase(name, mw_str(word));
}

bool mw_connector_meets(const struct mw_connector *connector, const struct mw_binding *binding)
{
	for (size_t i = 0; i < connector->bindings.count; i++) {
		if (mw_binding_overlaps(&connector->bindings.items[i], binding))
			return true;
	}
	return false;
}

bool mw_binding_leaves_senders(const struct mw_policy *policy, const struct mw_binding *binding)
{
	for (size_t i = 0; i < policy->connector_count; i++) {
		const struct mw_connector *connector = &policy->connectors[i];

		if (connector->enabled && (connector->permission_groups & MW_EXCHANGE_USERS) != 0 &&
		    mw_connector_meets(connector, binding) &&
		    (mw_permissions_at(connector, MW_EXCHANGE_USERS) & MW_ACCEPT_ANY_SENDER) != 0)
			return true;
	}
	return false;
}

/* --- where the policy leaves it to Postfix */

#define SENDERS "smtpd_sender_restrictions"

/* Whom no list compares. */
struct freed {
	struct mw_restriction by, before; /* what permits, and what does not come then */
	const char *list;
	bool known; /* every comparison that does not come is of known senders alone */
};

static struct mw_way way_of(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted,
			    const char *list, enum mw_way_doubt doubt)
{
	struct mw_way way = { .endpoint = endpoint, .list = list, .permitted = *permitted, .relays = permitted->relays,
			      .logged_in = true, .compares = true, .doubt = doubt };

	mw_way_go(&way, list);
	return way;
}

static void keep_freed(const struct mw_way *way, const struct mw_way *usual, struct freed *freed)
{
	if (freed->list == NULL)
		*freed = (struct freed){ way->freed_by, usual->refused_by, way->list, true };
	freed->known &= is(usual->refused_by.name, KNOWN);
}

/* Whether a list refuses who logged in and sends as another, or refuses all. */
static bool compares(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted,
		     enum mw_way_doubt doubt, struct freed *freed_r)
{
	const char *list;

	*freed_r = (struct freed){ .list = NULL };
	for (size_t i = 0; (list = mw_way_list(i)) != NULL; i++) {
		struct mw_way way, usual;

		if (!mw_way_knows_login(endpoint, i))
			continue;
		way = way_of(endpoint, permitted, list, doubt);
		if (!mw_str_empty(way.refused_by.name))
			return true;
		usual = way_of(endpoint, permitted, list, MW_WAY_ALL);
		if (!mw_str_empty(way.freed_by.name) && !mw_str_empty(usual.refused_by.name))
			keep_freed(&way, &usual, freed_r);
	}
	return false;
}

/* First in a list of this listener, for who logged in alone: what lets others pass goes on to do so. */
static struct mw_fix comparison_first(const struct mw_postfix_endpoint *endpoint, bool known)
{
	struct mw_str now = mw_endpoint_value(endpoint, SENDERS);

	return mw_fix_option(endpoint->site, endpoint->service, SENDERS,
			     mw_arena_textf(endpoint->site->arena, "%s%s%.*s",
					    known ? "check_sasl_access static:" KNOWN : "reject_authenticated_sender_login_mismatch",
					    mw_str_empty(now) ? "" : ", ", MW_STR_ARG(now)));
}

static void report(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted,
		   enum mw_finding_severity severity, const char *what, const char *who, bool known)
{
	mw_endpoint_option_finding(endpoint, MW_FOUND_SENDERS_NOT_COMPARED, severity, SENDERS, what,
		mw_arena_textf(endpoint->site->arena, "connector \"%.*s\" has Accept-Any-Sender and leaves it to Postfix who may "
			       "send as whom: %s may send as anybody", MW_STR_ARG(permitted->connector->name), who),
		comparison_first(endpoint, known));
}

static void report_freed(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted,
			 const struct freed *freed, bool surely)
{
	const char *what = mw_arena_textf(endpoint->site->arena, "%.*s stands before %.*s in %s",
					  MW_STR_ARG(freed->by.text), MW_STR_ARG(freed->before.text), freed->list);

	if (surely)
		report(endpoint, permitted, MW_FINDING_ERROR, what, "whoever logs in there and is permitted by that",
		       freed->known);
	else
		report(endpoint, permitted, MW_FINDING_NOTE, what, "where it answers OK, whoever logs in there", freed->known);
}

static void report_not_compared(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted)
{
	report(endpoint, permitted, MW_FINDING_ERROR,
	       mw_arena_textf(endpoint->site->arena,
			      "no list compares senders of connector \"%.*s\" with smtpd_sender_login_maps",
			      MW_STR_ARG(permitted->connector->name)), "whoever logs in there", false);
}

/* False: something was found. */
static bool check_recipients_of(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted)
{
	struct freed freed;

	if (!compares(endpoint, permitted, MW_WAY_ALL, &freed))
		report_not_compared(endpoint, permitted);
	else if (!compares(endpoint, permitted, MW_WAY_PERMITS, &freed))
		report_freed(endpoint, permitted, &freed, true);
	else if (!compares(endpoint, permitted, MW_WAY_TABLES, &freed))
		report_freed(endpoint, permitted, &freed, false);
	else
		return true;
	return false;
}

/* smtpd_sender_login_maps says who may send as whom, and neither the policy nor Postfix asks it. */
void mw_check_postfix_senders(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted)
{
	struct mw_permitted here = *permitted;

	if (permitted->kind != MW_PERMITTED_USERS || !permitted->any_sender ||
	    mw_str_empty(mw_endpoint_value(endpoint, "smtpd_sender_login_maps")))
		return;
	here.relays = false;
	if (check_recipients_of(endpoint, &here) && permitted->relays)
		check_recipients_of(endpoint, permitted);
}

/* --- without a policy */

enum mw_comparison mw_endpoint_compares_senders(const struct mw_postfix_endpoint *endpoint)
{
	enum mw_comparison strictest = MW_COMPARE_NONE;
	const char *list;

	for (size_t i = 0; (list = mw_way_list(i)) != NULL; i++) {
		struct mw_way way = { .endpoint = endpoint, .list = list, .logged_in = true,
				   .permitted = { .kind = MW_PERMITTED_USERS, .connector = &mw_connector_from_anywhere } };

		mw_way_go(&way, list);
		if (is(way.refused_by.name, KNOWN) && strictest == MW_COMPARE_NONE)
			strictest = MW_COMPARE_KNOWN;
		else if (mw_restriction_is_login_mismatch(way.refused_by.name) && !is(way.refused_by.name, KNOWN))
			strictest = MW_COMPARE_ALL;
	}
	return strictest;
}

struct mw_str mw_endpoint_refuses_owned(const struct mw_postfix_endpoint *endpoint)
{
	const char *list;

	for (size_t i = 0; (list = mw_way_list(i)) != NULL; i++) {
		struct mw_way way = { .endpoint = endpoint, .list = list,
				      .permitted = { .kind = MW_PERMITTED_STRANGERS, .connector = &mw_connector_from_anywhere } };

		mw_way_go(&way, list);
		if (mw_restriction_is_login_mismatch(way.refused_by.name))
			return way.refused_by.name;
	}
	return MW_STR_EMPTY;
}
