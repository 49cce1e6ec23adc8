/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix_way.h"

#include "servers/check/table.h"
#include "servers/restriction.h"

static const char *const lists[] = {
	"smtpd_client_restrictions", "smtpd_helo_restrictions", "smtpd_sender_restrictions", MW_RELAY_RESTRICTIONS,
	"smtpd_recipient_restrictions", "smtpd_data_restrictions", "smtpd_end_of_data_restrictions",
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
static bool is_in_mynetworks(const struct mw_way *way)
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

/* Whether a client of the connector may be in mynetworks. */
static bool meets_mynetworks(const struct mw_way *way)
{
	struct mw_str list = mw_endpoint_value(way->endpoint, "mynetworks");
	struct networks networks = { .arena = way->endpoint->site->arena };
	const struct mw_ranges *remote = &way->permitted.connector->remote;
	bool meets = false;

	take_networks(&networks, list, 0);
	for (size_t i = 0; i < networks.count; i++) {
		for (size_t k = 0; k < remote->count; k++)
			meets |= mw_range_overlaps(&networks.items[i], &remote->items[k]);
	}
	return meets || has_table(list);
}

static bool asks_certificates(const struct mw_postfix_endpoint *endpoint)
{
	return mw_endpoint_says(endpoint, "smtpd_tls_ask_ccert", "yes") ||
	       mw_endpoint_says(endpoint, "smtpd_tls_req_ccert", "yes");
}

/* Whether a "permit_..." may be for some of the sessions. */
static bool may_permit(const struct mw_way *way, struct mw_str name)
{
	if (is(name, "permit_mynetworks"))
		return meets_mynetworks(way);
	if (is(name, "permit_tls_all_clientcerts"))
		return asks_certificates(way->endpoint);
	if (is(name, "permit_tls_clientcerts"))
		return asks_certificates(way->endpoint) &&
		       !mw_str_empty(mw_endpoint_value(way->endpoint, "relay_clientcerts"));
	if (is(name, "permit_sasl_authenticated") || is(name, "permit_auth_destination"))
		return false; /* of all, or of none */
	return mw_restriction_permits(name);
}

static void free_by(struct mw_way *way, const struct mw_restriction *item)
{
	way->freed_by = *item;
	way->ended = true;
}

/* "permit_..." */
static void take_permit(struct mw_way *way, const struct mw_restriction *item)
{
	bool partner = way->permitted.kind == MW_PERMITTED_PARTNERS;
	struct mw_str name = item->name;

	if (is(name, "permit") || (is(name, "permit_sasl_authenticated") && way->logged_in) ||
	    (is(name, "permit_auth_destination") && !way->relays) || (is(name,
	    "permit_mynetworks") && is_in_mynetworks(way)) ||
	    (is(name, "permit_tls_all_clientcerts") && partner))
		way->ended = true;
	else if (way->doubt >= MW_WAY_PERMITS && may_permit(way, name))
		free_by(way, item);
	else if ((is(name, "permit_mynetworks") && has_table(mw_endpoint_value(way->endpoint, "mynetworks"))) ||
		 (is(name, "permit_tls_clientcerts") && partner))
		way->perhaps = true;
}

/* --- who does not */

bool mw_restriction_is_login_mismatch(struct mw_str name)
{
	return mw_str_equal(name, MW_STR("reject_sender_login_mismatch")) ||
	       is(name, "reject_authenticated_sender_login_mismatch") ||
	       is(name, "reject_known_sender_login_mismatch") || is(name, "reject_unauthenticated_sender_login_mismatch");
}

/* The two halves of reject_sender_login_mismatch are for those who logged in, and for those who did not. That for known
   senders has both, too; like that for who did not log in it refuses nobody whose sender no table has. */
static bool meets_mismatch(const struct mw_way *way, struct mw_str name)
{
	bool known = is(name, "reject_known_sender_login_mismatch");

	if ((known || !way->logged_in) && mw_str_empty(mw_endpoint_value(way->endpoint, "smtpd_sender_login_maps")))
		return false;
	if (is(name, "reject_unauthenticated_sender_login_mismatch"))
		return !way->logged_in;
	return way->logged_in || known || mw_str_equal(name, MW_STR("reject_sender_login_mismatch"));
}

static bool refuses(const struct mw_way *way, struct mw_str name)
{
	if (is(name, "reject_unauth_destination") || is(name, "defer_unauth_destination") || is(name, "check_relay_domains"))
		return way->relays;
	if (is(name, "reject_plaintext_session"))
		return !way->compares && way->permitted.without_tls && !mw_endpoint_requires_tls(way->endpoint);
	if (mw_restriction_is_login_mismatch(name))
		return !way->any_sender && mw_endpoint_says(way->endpoint, "smtpd_sasl_auth_enable", "yes") &&
		       meets_mismatch(way, name);
	return is(name, "reject") || is(name, "defer") || is(name, "defer_if_permit");
}

static bool is_table(const struct mw_restriction *item)
{
	return mw_str_starts_with_nocase(item->name, MW_STR("check_")) || mw_str_find(item->name, ':') < item->name.len;
}

/* "static:reject_known_sender_login_mismatch": an action may be a restriction (access(5)). Empty: another table. */
static struct mw_str comparison_of(struct mw_str table)
{
	struct mw_str word = mw_str_trim(mw_str_tail(table, strlen("static:")));

	bool compares = mw_str_starts_with_nocase(table, MW_STR("static:")) && mw_restriction_is_login_mismatch(word);

	return compares ? word : MW_STR_EMPTY;
}

static bool ends_with(struct mw_str name, struct mw_str end)
{
	return name.len >= end.len && mw_str_equal_nocase(mw_str_tail(name, name.len - end.len), end);
}

/* What these tables say is known, or no OK of theirs counts (smtpd_check.c, forbid_allowlist()). */
static bool never_permits(const struct mw_restriction *item, struct mw_str table)
{
	static const char *const ends[] = { "_ns_access", "_mx_access", "_a_access" };
	bool never = mw_str_starts_with_nocase(table, MW_STR("static:")) ||
		     mw_str_starts_with_nocase(table, MW_STR("inline:")) ||
		     is(item->name, "check_reverse_client_hostname_access") || is(item->name, "check_etrn_access") ||
		     is(item->name, "check_recipient_maps");

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		never |= ends_with(item->name, mw_str(ends[i]));
	return never;
}

static void take_table(struct mw_way *way, const struct mw_restriction *item)
{
	struct mw_str table = mw_str_empty(item->argument) ? item->name : item->argument;
	struct mw_str comparison = comparison_of(table);
	const char *path;

	if (is(item->name, "check_policy_service") &&
	    mw_endpoint_asks_us(way->endpoint, mw_policy_call_parse(item->argument).server, &path))
		/* OK to who may relay, where that is decided; DUNNO to others who are permitted. */
		way->ended = way->permitted.relays && strcmp(way->list, MW_RELAY_RESTRICTIONS) == 0;
	else if (is(item->name, "check_sasl_access") && !way->logged_in)
		return;
	else if (!mw_str_empty(comparison) && (item->only_warns || !refuses(way, comparison)))
		return;
	else if (way->compares && mw_table_permits(table) && mw_str_starts_with_nocase(table, MW_STR("static:")))
		way->ended = true;
	else if ((way->doubt >= MW_WAY_PERMITS && mw_table_permits(table)) ||
		 (way->doubt == MW_WAY_TABLES && !never_permits(item, table)))
		free_by(way, item);
	else if (mw_str_empty(comparison) && !mw_table_refuses(table))
		way->perhaps = true;
	else if (!item->only_warns)
		way->refused_by = *item;
	if (!mw_str_empty(way->refused_by.name) && !mw_str_empty(comparison))
		way->refused_by.name = comparison;
}

static void take(struct mw_way *way, const struct mw_restriction *item)
{
	if (refuses(way, item->name)) {
		if (!item->only_warns)
			way->refused_by = *item;
	} else if (is_table(item) && !is(item->name, "check_relay_domains")) {
		take_table(way, item);
	} else {
		take_permit(way, item);
	}
	way->ended |= !mw_str_empty(way->refused_by.name);
}

/* What stays of the setting without what refuses. */
const char *mw_way_without(const struct mw_way *way)
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
static void leave_class(struct mw_way *way, const char *setting, struct mw_str class)
{
	if (!mw_str_empty(way->refused_by.name) && mw_way_without(way)[0] == '\0') {
		way->within = setting;
		way->goes = class;
	}
}

void mw_way_go(struct mw_way *way, const char *setting)
{
	struct mw_str list = mw_endpoint_value(way->endpoint, setting);
	struct mw_restriction item;

	while (!way->ended && mw_restriction_next(&list, &item)) {
		bool outside = way->only_warns;

		if (mw_class_enter(way->endpoint, &way->walk, item.name)) {
			way->only_warns |= item.only_warns;
			mw_way_go(way, mw_arena_text(way->endpoint->site->arena, item.name));
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

const char *mw_way_list(size_t index)
{
	return index < sizeof(lists) / sizeof(lists[0]) ? lists[index] : NULL;
}

bool mw_way_knows_login(const struct mw_postfix_endpoint *endpoint, size_t list)
{
	return list > 1 || !mw_endpoint_says(endpoint, "smtpd_delay_reject", "no");
}

static const struct mw_range every_address[] = {
	{ { MW_FAMILY_IPV4, { 0 } }, { MW_FAMILY_IPV4, { 255, 255, 255, 255 } } },
};
const struct mw_connector mw_connector_from_anywhere = { .remote = { every_address, 1 } };
