/* SPDX-License-Identifier: MIT */
/* What Postfix refuses by itself although a connector permits it: restrictions about authentication and relaying, and
   those without a condition, in every list that a message passes. What looks for spam is not judged. */
#include "servers/check/postfix.h"

#include "servers/check/permitted.h"
#include "servers/check/table.h"
#include "servers/restriction.h"

static const char *const lists[] = {
	"smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions", MW_RELAY_RESTRICTIONS,
	"smtpd_recipient_restrictions", "smtpd_data_restrictions", "smtpd_end_of_data_restrictions",
};

/* One kind of session that a connector permits, on its way through a list. */
struct way {
	const struct mw_postfix_endpoint *endpoint;
	const char *list;
	struct mw_permitted permitted;
	bool relays;     /* the recipient is not in an accepted domain */
	bool logged_in;  /* as far as this list can know */
	bool any_sender; /* who may send as whom is not asked */
	bool compares;   /* looked for is what compares senders: AUTH without TLS is another matter */
	bool ended;      /* the list is left: permitted, or refused */
	bool perhaps;    /* a table or another service may have permitted it before */
	bool only_warns; /* of the class that it is in: what refuses does not */
	struct mw_class_walk walk;
	struct mw_restriction refused_by; /* its name is empty: it is not refused */
	const char *within;               /* the setting that has what refuses: the list, or a class */
	struct mw_str goes;               /* what goes from there */
};

static bool is(struct mw_str name, const char *word)
{
	return mw_str_equal_nocase(name, mw_str(word));
}

/* --- who passes */

/* The networks of mynetworks and of the files that it names. */
struct networks {
	struct mw_arena *arena;
	struct mw_range *items;
	size_t count, room;
	unsigned files; /* how many were read: they may name one another */
};

#define FILES_MOST 100

static void keep_network(struct networks *networks, const struct mw_range *range)
{
	if (networks->count == networks->room) {
		size_t room = networks->room == 0 ? 16 : networks->room * 2;
		struct mw_range *items = MW_ARENA_ARRAY(networks->arena, struct mw_range, room);

		if (items == NULL)
			return;
		if (networks->count > 0)
			memcpy(items, networks->items, networks->count * sizeof(*items));
		networks->items = items;
		networks->room = room;
	}
	networks->items[networks->count++] = *range;
}

static void take_networks(struct networks *networks, struct mw_str list, unsigned depth)
{
	struct mw_restriction item;
	struct mw_str text, line;
	struct mw_range range;

	while (mw_restriction_next(&list, &item)) {
		if (mw_postfix_network(networks->arena, item.name, &range))
			keep_network(networks, &range);
		if (!mw_str_starts_with(item.name, MW_STR("/")) || depth == MW_POSTFIX_FILES_DEEPEST ||
		    networks->files++ >= FILES_MOST)
			continue;
		text = mw_file_text(networks->arena, mw_arena_text(networks->arena, item.name));
		while (mw_postfix_line_next(&text, &line))
			if (!mw_str_starts_with(line, MW_STR("#")))
				take_networks(networks, line, depth + 1);
	}
}

static bool covers(const struct networks *networks, const struct mw_range *inner)
{
	for (size_t i = 0; i < networks->count; i++) {
		if (mw_range_contains(&networks->items[i], &inner->first) &&
		    mw_range_contains(&networks->items[i], &inner->last))
			return true;
	}
	return false;
}

static bool has_table(struct mw_str networks)
{
	struct mw_restriction item;

	while (mw_restriction_next(&networks, &item)) {
		if (mw_str_starts_with(item.name, MW_STR("/")) ||
		    (item.name.len > 0 && item.name.ptr[0] >= 'a' && mw_str_find(item.name, ':') < item.name.len))
			return true;
	}
	return false;
}

/* All clients of the connector are in mynetworks. */
static bool is_in_mynetworks(const struct way *way)
{
	struct networks networks = { .arena = way->endpoint->site->arena };
	const struct mw_ranges *remote = &way->permitted.connector->remote;

	take_networks(&networks, mw_endpoint_value(way->endpoint, "mynetworks"), 0);
	for (size_t i = 0; i < remote->count; i++) {
		if (!covers(&networks, &remote->items[i]))
			return false;
	}
	return true;
}

/* "permit_..." */
static void take_permit(struct way *way, struct mw_str name)
{
	bool partner = way->permitted.kind == MW_PERMITTED_PARTNERS;

	if (is(name, "permit") || (is(name, "permit_sasl_authenticated") && way->logged_in) ||
	    (is(name, "permit_auth_destination") && !way->relays) || (is(name,
	    "permit_mynetworks") && is_in_mynetworks(way)) ||
	    (is(name, "permit_tls_all_clientcerts") && partner))
		way->ended = true;
	else if ((is(name, "permit_mynetworks") && has_table(mw_endpoint_value(way->endpoint, "mynetworks"))) ||
		 (is(name, "permit_tls_clientcerts") && partner))
		way->perhaps = true;
}

/* --- who does not */

static bool is_login_mismatch(struct mw_str name)
{
	return is(name, "reject_sender_login_mismatch") || is(name, "reject_authenticated_sender_login_mismatch") ||
	       is(name, "reject_known_sender_login_mismatch") || is(name, "reject_unauthenticated_sender_login_mismatch");
}

/* The two halves of reject_sender_login_mismatch are for those who logged in, and for those who did not. */
static bool meets_mismatch(const struct way *way, struct mw_str name)
{
	if (is(name, "reject_unauthenticated_sender_login_mismatch"))
		return !way->logged_in;
	return way->logged_in || is(name, "reject_sender_login_mismatch");
}

static bool refuses(const struct way *way, struct mw_str name)
{
	if (is(name, "reject_unauth_destination") || is(name, "defer_unauth_destination") || is(name, "check_relay_domains"))
		return way->relays;
	if (is(name, "reject_plaintext_session"))
		return !way->compares && way->permitted.without_tls && !mw_endpoint_requires_tls(way->endpoint);
	if (is_login_mismatch(name))
		return !way->any_sender && mw_endpoint_says(way->endpoint, "smtpd_sasl_auth_enable", "yes") &&
		       meets_mismatch(way, name);
	return is(name, "reject") || is(name, "defer") || is(name, "defer_if_permit");
}

static bool is_table(const struct mw_restriction *item)
{
	return mw_str_starts_with_nocase(item->name, MW_STR("check_")) || mw_str_find(item->name, ':') < item->name.len;
}

static void take_table(struct way *way, const struct mw_restriction *item)
{
	struct mw_str table = mw_str_empty(item->argument) ? item->name : item->argument;
	const char *path;

	if (is(item->name, "check_policy_service") &&
	    mw_endpoint_asks_us(way->endpoint, mw_policy_call_parse(item->argument).server, &path))
		/* OK to who may relay, where that is decided; DUNNO to others who are permitted. */
		way->ended = way->permitted.relays && strcmp(way->list, MW_RELAY_RESTRICTIONS) == 0;
	else if (is(item->name, "check_sasl_access") && !way->logged_in)
		return;
	else if (way->compares && mw_table_permits(table))
		way->ended = true;
	else if (!mw_table_refuses(table))
		way->perhaps = true;
	else if (!item->only_warns)
		way->refused_by = *item;
}

static void take(struct way *way, const struct mw_restriction *item)
{
	if (refuses(way, item->name)) {
		if (!item->only_warns)
			way->refused_by = *item;
	} else if (is_table(item) && !is(item->name, "check_relay_domains")) {
		take_table(way, item);
	} else {
		take_permit(way, item->name);
	}
	way->ended |= !mw_str_empty(way->refused_by.name);
}

/* What stays of the setting without what refuses. */
static const char *without(const struct way *way)
{
	struct mw_str list = mw_endpoint_value(way->endpoint, way->within);
	struct mw_restriction item;
	const char *rest = "";

	while (mw_restriction_next(&list, &item)) {
		if (!mw_str_equal(item.text, way->goes))
			rest = mw_arena_textf(way->endpoint->site->arena, "%s%s%.*s", rest, rest[0] == '\0' ? "" : ", ",
					      MW_STR_ARG(item.text));
	}
	return rest;
}

/* A class needs a definition, or smtpd stops: one of which nothing would stay goes from where it is named. */
static void leave_class(struct way *way, const char *setting, struct mw_str class)
{
	if (!mw_str_empty(way->refused_by.name) && without(way)[0] == '\0') {
		way->within = setting;
		way->goes = class;
	}
}

static void go(struct way *way, const char *setting)
{
	struct mw_str list = mw_endpoint_value(way->endpoint, setting);
	struct mw_restriction item;

	while (!way->ended && mw_restriction_next(&list, &item)) {
		bool outside = way->only_warns;

		if (mw_class_enter(way->endpoint, &way->walk, item.name)) {
			way->only_warns |= item.only_warns;
			go(way, mw_arena_text(way->endpoint->site->arena, item.name));
			leave_class(way, setting, item.text);
			way->only_warns = outside;
			way->walk.depth--;
			continue;
		}
		item.only_warns |= outside;
		take(way, &item);
		way->within = setting;
		way->goes = item.text;
	}
}

/* --- whose senders Postfix alone compares */

static bool meets(const struct mw_connector *connector, const struct mw_binding *binding)
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
		    meets(connector, binding) &&
		    (mw_permissions_at(connector, MW_EXCHANGE_USERS) & MW_ACCEPT_ANY_SENDER) != 0)
			return true;
	}
	return false;
}

/* --- findings */

static bool leaves_senders(const struct mw_postfix_endpoint *endpoint)
{
	return mw_binding_leaves_senders(endpoint->site->policy, &endpoint->binding);
}

/* The list that `show` prints, behind the comparisons that must stay. */
static const char *shown(const struct way *way)
{
	struct mw_str list = mw_endpoint_value(way->endpoint, way->within);
	struct mw_arena *arena = way->endpoint->site->arena;
	struct mw_restriction item;
	const char *kept = "";

	while (leaves_senders(way->endpoint) && mw_restriction_next(&list, &item)) {
		if (is_login_mismatch(item.name))
			kept = mw_arena_textf(arena, "%s%.*s, ", kept, MW_STR_ARG(item.text));
	}
	return mw_arena_textf(arena, "%s%s", kept, mw_shown_list(way->endpoint, way->within));
}

/* Where relaying is decided, the question and its refusal stay. */
static struct mw_fix fix_of(const struct way *way)
{
	const struct mw_postfix_endpoint *endpoint = way->endpoint;
	const char *value = strcmp(way->within, MW_RELAY_RESTRICTIONS) == 0 ? shown(way) : without(way);

	return mw_fix_list(endpoint, way->within, value);
}

static const char *why_of(const struct way *way)
{
	struct mw_arena *arena = way->endpoint->site->arena;
	struct mw_str connector = way->permitted.connector->name;

	if (is_login_mismatch(way->refused_by.name))
		return "smtpd_sender_login_maps knows no group and no grant: what the policy permits is refused";
	return mw_arena_textf(arena, "connector \"%.*s\" permits %s%s: Postfix refuses them%s, in its own words",
			      MW_STR_ARG(connector), mw_permitted_words(way->permitted.kind),
			      way->relays ? ", to other domains too" : "",
			      way->perhaps ? ", unless a table or a service before it permits them" : "");
}

/* What a table has is not known here: it may have all that the policy permits. */
static bool depends_on_a_table(const struct way *way)
{
	if (is_login_mismatch(way->refused_by.name))
		return !mw_str_empty(mw_endpoint_value(way->endpoint, "smtpd_sender_login_maps"));
	return way->perhaps;
}

static void report(const struct way *way)
{
	struct mw_arena *arena = way->endpoint->site->arena;
	bool mismatch = is_login_mismatch(way->refused_by.name);
	const char *what = mw_arena_textf(arena, mismatch ? "%.*s decides who may send as whom too"
							  : "%.*s refuses what the policy permits",
					  MW_STR_ARG(way->refused_by.text));

	mw_list_finding(way->endpoint, mismatch ? MW_FOUND_LOGIN_MISMATCH : MW_FOUND_REFUSES_PERMITTED,
			depends_on_a_table(way) ? MW_FINDING_WARNING : MW_FINDING_ERROR, way->within, what, why_of(way), fix_of(way));
}

/* Before EHLO and AUTH nobody has logged in: the lists of client and HELO do not wait where refusals do not. */
static bool knows_login(const struct mw_postfix_endpoint *endpoint, size_t list)
{
	return list > 1 || !mw_endpoint_says(endpoint, "smtpd_delay_reject", "no");
}

static void check_kind(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted, bool relays)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct way way = { .endpoint = endpoint, .list = lists[i], .permitted = *permitted, .relays = relays,
				   .any_sender = leaves_senders(endpoint),
				   .logged_in = permitted->kind == MW_PERMITTED_USERS && knows_login(endpoint, i) };

		/* Without the question, what decides relaying is wrong as a whole. */
		if (strcmp(lists[i], MW_RELAY_RESTRICTIONS) != 0 || mw_endpoint_asks_in(endpoint, lists[i]))
			go(&way, lists[i]);
		if (!mw_str_empty(way.refused_by.name))
			report(&way);
	}
}

/* Whether a list refuses who logged in and sends as another, or refuses all. */
static bool compares(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted, bool relays)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct way way = { .endpoint = endpoint, .list = lists[i], .permitted = *permitted, .relays = relays,
				   .logged_in = true, .compares = true };

		if (!knows_login(endpoint, i))
			continue;
		go(&way, lists[i]);
		if (!mw_str_empty(way.refused_by.name))
			return true;
	}
	return false;
}

/* smtpd_sender_login_maps says who may send as whom, and neither the policy nor Postfix asks it. */
static void check_compared(const struct mw_postfix_endpoint *endpoint, const struct mw_permitted *permitted)
{
	static const char list[] = "smtpd_sender_restrictions";
	struct mw_arena *arena = endpoint->site->arena;
	struct mw_str now = mw_endpoint_value(endpoint, list);
	const char *why;

	if (permitted->kind != MW_PERMITTED_USERS || !permitted->any_sender ||
	    mw_str_empty(mw_endpoint_value(endpoint, "smtpd_sender_login_maps")) ||
	    (compares(endpoint, permitted, false) && (!permitted->relays || compares(endpoint, permitted, true))))
		return;
	why = mw_arena_textf(arena, "connector \"%.*s\" has Accept-Any-Sender and leaves it to Postfix who may send as whom: "
			     "whoever logs in there may send as anybody", MW_STR_ARG(permitted->connector->name));
	mw_endpoint_option_finding(endpoint, MW_FOUND_SENDERS_NOT_COMPARED, MW_FINDING_ERROR, list,
				   mw_arena_textf(arena, "no list compares senders of connector \"%.*s\" with smtpd_sender_login_maps",
						  MW_STR_ARG(permitted->connector->name)), why,
				   mw_fix_option(endpoint->site, endpoint->service, list,
						 mw_arena_textf(arena, "reject_authenticated_sender_login_mismatch%s%.*s",
								mw_str_empty(now) ? "" : ", ", MW_STR_ARG(now))));
}

/* --- without a policy */

static const struct mw_range every_address[] = {
	{ { MW_FAMILY_IPV4, { 0 } }, { MW_FAMILY_IPV4, { 255, 255, 255, 255 } } },
};
static const struct mw_connector from_anywhere = { .remote = { every_address, 1 } };

bool mw_endpoint_lets(const struct mw_postfix_endpoint *endpoint, enum mw_permitted_kind kind,
		      const struct mw_ranges *remote, bool relays)
{
	struct mw_connector connector = from_anywhere;

	if (remote != NULL)
		connector.remote = *remote;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct way way = { .endpoint = endpoint, .list = lists[i], .relays = relays, .any_sender = true,
				   .permitted = { .connector = &connector, .kind = kind, .relays = relays },
				   .logged_in = kind == MW_PERMITTED_USERS && knows_login(endpoint, i) };

		go(&way, lists[i]);
		if (!mw_str_empty(way.refused_by.name))
			return false;
	}
	return true;
}

enum mw_comparison mw_endpoint_compares_senders(const struct mw_postfix_endpoint *endpoint)
{
	enum mw_comparison strictest = MW_COMPARE_NONE;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct way way = { .endpoint = endpoint, .list = lists[i], .logged_in = true,
				   .permitted = { .kind = MW_PERMITTED_USERS, .connector = &from_anywhere } };

		go(&way, lists[i]);
		if (is(way.refused_by.name, "reject_known_sender_login_mismatch") && strictest == MW_COMPARE_NONE)
			strictest = MW_COMPARE_KNOWN;
		else if (is_login_mismatch(way.refused_by.name) && !is(way.refused_by.name, "reject_known_sender_login_mismatch"))
			strictest = MW_COMPARE_ALL;
	}
	return strictest;
}

/* --- with one */

void mw_check_postfix_refusals(const struct mw_postfix_endpoint *endpoint)
{
	const struct mw_policy *policy = endpoint->site->policy;

	for (size_t i = 0; i < policy->connector_count; i++) {
		struct mw_permitted permitted[MW_PERMITTED_MOST];
		size_t count = meets(&policy->connectors[i], &endpoint->binding) ? mw_permitted_by(&policy->connectors[i], permitted)
										 : 0;

		for (size_t k = 0; k < count; k++) {
			check_compared(endpoint, &permitted[k]);
			check_kind(endpoint, &permitted[k], false);
			if (permitted[k].relays)
				check_kind(endpoint, &permitted[k], true);
		}
	}
}
