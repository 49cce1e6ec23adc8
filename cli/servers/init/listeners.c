/* SPDX-License-Identifier: MIT */
/* What each listener of Postfix does today: who may submit there, with which
   limits. */
#include "servers/check/postfix_interfaces.h"
#include "servers/init/relays.h"
#include "servers/init/tables.h"

#include <sysexits.h>

#include "servers/restriction.h"

#define FIX_NETWORKS                                                                 \
	"write its addresses into remote_ip_ranges of the connector that lets your " \
	"networks relay"

/* --- mynetworks */

enum reach { LOOPBACK, PRIVATE, PUBLIC };

static void add_range(struct mw_init *init, struct mw_ranges *ranges, const struct mw_range *range)
{
	struct mw_range *items;

	for (size_t i = 0; i < ranges->count; i++)
		if (mw_range_contains(&ranges->items[i], &range->first) &&
		    mw_range_contains(&ranges->items[i], &range->last))
			return;
	items = mw_init_grown(init->arena, (void *)(uintptr_t)ranges->items, ranges->count, sizeof(*items));
	if (items == NULL)
		return;
	items[ranges->count++] = *range;
	ranges->items = items;
}

/* Without those that stand before it with "!", from number `from` on: Postfix goes by the first that matches
   (match_list(3)). */
static void take_around(struct mw_init *init, const struct mw_range *range, size_t from,
			struct mw_init_listener *listener)
{
	struct mw_range pieces[2];
	size_t count;

	while (from < listener->excluded.count && !mw_range_overlaps(range, &listener->excluded.items[from]))
		from++;
	if (from < listener->excluded.count) {
		count = mw_range_without(range, &listener->excluded.items[from], pieces);
		for (size_t i = 0; i < count; i++)
			take_around(init, &pieces[i], from + 1, listener);
	} else if (mw_range_is_loopback(range)) {
		add_range(init, &listener->loopback, range);
	} else {
		add_range(init, mw_range_is_private(range) ? &listener->private : &listener->public, range);
	}
}

static void leave_out_everywhere(struct mw_init *init, struct mw_str networks)
{
	mw_init_unread_add(init, (struct mw_init_unread){ "mynetworks", mw_arena_text(init->arena, networks),
							  "everybody may relay through this server, "
							  "which no policy here permits",
							  "take it out of mynetworks" });
}

static void take_network(struct mw_init *init, struct mw_str text, struct mw_init_listener *listener)
{
	struct mw_range range;

	if (!mw_postfix_network(init->arena, text, &range))
		mw_init_unread_add(init, (struct mw_init_unread){ "mynetworks", mw_arena_text(init->arena, text),
								  "it is no address and no network", FIX_NETWORKS });
	else if (mw_ranges_are_everywhere(&range, 1))
		leave_out_everywhere(init, text);
	else if (listener->excludes_unread)
		mw_init_unread_add(init, (struct mw_init_unread){ "mynetworks", mw_arena_text(init->arena, text),
								  "whom a table before it leaves out is not known", FIX_NETWORKS });
	else
		take_around(init, &range, 0, listener);
}

/* The networks behind it may have a hole that is not known. */
static void leave_unread(struct mw_init *init, struct mw_str item, const char *why, struct mw_init_listener *listener)
{
	listener->excludes_unread = true;
	mw_init_unread_add(init, (struct mw_init_unread){ "mynetworks", mw_arena_text(init->arena, item), why,
							  "write the networks without those that it leaves out into "
							  "remote_ip_ranges of the connector that lets your networks relay" });
}

/* The networks behind it have a hole there. */
static void exclude(struct mw_init *init, struct mw_str item, struct mw_str network, struct mw_init_listener *listener)
{
	struct mw_range range;

	if (mw_postfix_network(init->arena, network, &range))
		add_range(init, &listener->excluded, &range);
	else
		leave_unread(init, item, "whom it leaves out is not known, so that the networks behind it are missing", listener);
}

static void take_networks(struct mw_init *init, struct mw_str list, bool negated, unsigned depth,
			  struct mw_init_listener *listener);

/* Once something is unread, what a file adds is not taken: it is named alone. */
static void take_file(struct mw_init *init, struct mw_str item, struct mw_str path, bool negated, unsigned depth,
		      struct mw_init_listener *listener)
{
	struct mw_str text, line;

	if (listener->excludes_unread || depth == MW_POSTFIX_FILES_DEEPEST ||
	    !mw_file_whole(init->arena, mw_arena_text(init->arena, path), &text)) {
		leave_unread(init, item,
			     depth == MW_POSTFIX_FILES_DEEPEST
				     ? "too many files name one another, so that the networks behind it are missing"
				     : "it cannot be read whole, so that the networks behind it are missing",
			     listener);
		return;
	}
	while (mw_postfix_line_next(&text, &line))
		if (!mw_str_starts_with(line, MW_STR("#")))
			take_networks(init, line, negated, depth + 1, listener);
}

/* match_list(3): "!" before a file is before each item in it. */
static void take_item(struct mw_init *init, struct mw_str item, bool negated, unsigned depth,
		      struct mw_init_listener *listener)
{
	struct mw_str bare = item;

	for (; mw_str_starts_with(bare, MW_STR("!")); bare = mw_str_tail(bare, 1))
		negated = !negated;
	if (mw_str_starts_with(bare, MW_STR("/")))
		take_file(init, item, bare, negated, depth, listener);
	else if (negated)
		exclude(init, item, bare, listener);
	else if (mw_init_is_table(bare) && bare.ptr[0] >= 'a')
		mw_init_unread_add(init, (struct mw_init_unread){ "mynetworks", mw_arena_text(init->arena, bare),
								  "tables of networks are not read", FIX_NETWORKS });
	else
		take_network(init, bare, listener);
}

static void take_networks(struct mw_init *init, struct mw_str list, bool negated, unsigned depth,
			  struct mw_init_listener *listener)
{
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item))
		take_item(init, item.text, negated, depth, listener);
}

/* Networks that are everybody's together only. */
static void look_at_union(struct mw_init *init, struct mw_str list, struct mw_init_listener *listener)
{
	if (!mw_ranges_are_everywhere(listener->public.items, listener->public.count))
		return;
	leave_out_everywhere(init, list);
	listener->public.count = 0;
}

/* Only what Postfix lets relay is a network of its own. */
static void keep_relaying(const struct mw_postfix_endpoint *endpoint, struct mw_ranges *ranges)
{
	if (ranges->count > 0 && !mw_endpoint_lets(endpoint, MW_PERMITTED_STRANGERS, ranges, true))
		ranges->count = 0;
}

/* --- */

static void look_at_auth(struct mw_init *init, const struct mw_postfix_endpoint *endpoint,
			 struct mw_init_listener *listener)
{
	bool everywhere = !mw_endpoint_says(endpoint, "smtpd_tls_auth_only", "yes") && !listener->tls_required;

	listener->users = mw_endpoint_says(endpoint, "smtpd_sasl_auth_enable", "yes") &&
			  mw_endpoint_lets(endpoint, MW_PERMITTED_USERS, NULL, true);
	listener->auth_without_tls =
		!listener->tls ||
		(everywhere && !mw_restriction_has(mw_endpoint_value(endpoint, "smtpd_sasl_security_options"), "noplaintext"));
	if (!listener->users)
		return;
	listener->sasl_type = mw_endpoint_value(endpoint, "smtpd_sasl_type");
	listener->comparison = mw_endpoint_compares_senders(endpoint);
	listener->sender_maps = mw_endpoint_value(endpoint, MW_SENDER_LOGIN_MAPS);
	if (listener->comparison != MW_COMPARE_NONE)
		listener->any_sender =
			!mw_init_tables(init, MW_SENDER_LOGIN_MAPS,
					mw_endpoint_value(endpoint, MW_SENDER_LOGIN_MAPS), MW_INIT_FIX_SENDERS)
				 .complete;
	if (!mw_endpoint_says(endpoint, "smtpd_sasl_service", "smtp"))
		listener->sasl_service = mw_endpoint_value(endpoint, "smtpd_sasl_service");
}

static const char *why_left_out(const struct mw_postfix_endpoint *endpoint, const struct mw_init_listener *listener)
{
	if (listener->users)
		return NULL;
	if (mw_endpoint_is_way_back(endpoint))
		return "is there for a content filter or a program of this host, and "
		       "nothing is asked there";
	if (!listener->strangers && listener->loopback.count + listener->private.count + listener->public.count == 0)
		return "lets nobody submit, by Postfix's own restrictions";
	return NULL;
}

/* The proxy's own port is not in Postfix's files: the usual one of such a listener. */
static void look_at_proxy(struct mw_init *init, const struct mw_postfix_endpoint *endpoint,
			  struct mw_init_listener *listener)
{
	bool wrapped = mw_endpoint_says(endpoint, "smtpd_tls_wrappermode", "yes");

	listener->proxied = mw_endpoint_is_proxied(endpoint);
	if (!listener->proxied)
		return;
	listener->clients = (struct mw_binding){ .kind = MW_BINDING_ANY, .port = wrapped ? 465 : listener->users ? 587 : 25 };
	mw_init_unread_add(init, (struct mw_init_unread){
		"master.cf", listener->service,
		mw_arena_textf(init->arena, "a PROXY line says which address and port its clients use; taken for *:%u",
			       listener->clients.port),
		"write the proxy's own port into bindings of its connector" });
}

/* Whom a class permits or refuses that is not read is not known. */
static void name_what_is_too_deep(struct mw_init *init, const struct mw_postfix_endpoint *endpoint)
{
	const char *list;

	for (size_t i = 0; (list = mw_endpoint_list_name(i)) != NULL; i++) {
		struct mw_str beyond = mw_endpoint_beyond(endpoint, list);

		if (!mw_str_empty(beyond))
			mw_init_unread_add(init, (struct mw_init_unread){
				list, mw_arena_text(init->arena, beyond),
				"the restriction classes around it are too deep to follow, so that whom it lets relay and which "
				"senders it compares is not known",
				"put restriction classes within fewer others, and run this again" });
	}
}

static void look_at(struct mw_init *init, const struct mw_postfix_endpoint *endpoint, struct mw_init_listener *listener)
{
	*listener = (struct mw_init_listener){
		.binding = endpoint->binding,
		.service = mw_arena_text(init->arena, endpoint->front->name),
		.tls = mw_endpoint_has_tls(endpoint),
		.tls_required = mw_endpoint_requires_tls(endpoint),
		.strangers = mw_endpoint_lets(endpoint, MW_PERMITTED_STRANGERS, NULL, false),
		.size = mw_endpoint_value(endpoint, "message_size_limit"),
		.recipients = mw_endpoint_value(endpoint, "smtpd_recipient_limit"),
		.sasl_service = MW_STR_EMPTY,
		.inside = mw_endpoint_is_way_back(endpoint) ||
			  (endpoint->binding.kind != MW_BINDING_ANY && !mw_endpoint_is_proxied(endpoint) &&
			   mw_postfix_is_loopback(endpoint->site, &endpoint->binding)),
	};
	if (listener->strangers)
		listener->refuses_owned = mw_endpoint_refuses_owned(endpoint);
	name_what_is_too_deep(init, endpoint);
	take_networks(init, mw_endpoint_value(endpoint, "mynetworks"), false, 0, listener);
	look_at_union(init, mw_endpoint_value(endpoint, "mynetworks"), listener);
	keep_relaying(endpoint, &listener->loopback);
	keep_relaying(endpoint, &listener->private);
	keep_relaying(endpoint, &listener->public);
	look_at_auth(init, endpoint, listener);
	look_at_proxy(init, endpoint, listener);
	listener->left_out = why_left_out(endpoint, listener);
	if (listener->left_out == NULL)
		mw_init_look_at_relays(init, endpoint, listener);
}

enum mw_comparison mw_init_comparison(const struct mw_init *init)
{
	enum mw_comparison strictest = MW_COMPARE_NONE;

	for (size_t i = 0; i < init->listener_count; i++)
		if (init->listeners[i].users && init->listeners[i].comparison > strictest)
			strictest = init->listeners[i].comparison;
	return strictest;
}

enum mw_comparison mw_init_mildest_comparison(const struct mw_init *init)
{
	enum mw_comparison mildest = mw_init_comparison(init);

	for (size_t i = 0; i < init->listener_count; i++)
		if (init->listeners[i].users && !init->listeners[i].inside && init->listeners[i].comparison < mildest)
			mildest = init->listeners[i].comparison;
	return mildest;
}

const char *mw_init_stricter_listeners(const struct mw_init *init)
{
	enum mw_comparison mildest = mw_init_mildest_comparison(init);
	const char *names = "";

	for (size_t i = 0; i < init->listener_count; i++)
		if (init->listeners[i].users && init->listeners[i].comparison > mildest)
			names = mw_arena_textf(init->arena, "%s%s%s", names, names[0] != '\0' ? ", " : "",
					       init->listeners[i].service);
	return names;
}

struct mw_str mw_init_sender_maps(const struct mw_init *init)
{
	enum mw_comparison strictest = mw_init_comparison(init);

	for (size_t i = 0; i < init->listener_count; i++)
		if (init->listeners[i].users && strictest != MW_COMPARE_NONE && init->listeners[i].comparison == strictest)
			return init->listeners[i].sender_maps;
	return mw_postfix_site_value(&init->postfix, MW_SENDER_LOGIN_MAPS);
}

void mw_init_read_listeners(struct mw_init *init)
{
	struct mw_postfix_site *site = &init->postfix;

	init->listeners = MW_ARENA_ARRAY(init->arena, struct mw_init_listener, site->services.count + 1);
	for (size_t i = 0; init->listeners != NULL && i < site->services.count; i++) {
		struct mw_postfix_endpoint endpoint;

		if (mw_postfix_endpoint_of(site, &site->services.items[i], &endpoint)) {
			if (mw_endpoint_load(&endpoint) == EX_OK)
				look_at(init, &endpoint, &init->listeners[init->listener_count++]);
		} else if (mw_postfix_smtpd_of(site, &site->services.items[i]) != NULL) {
			mw_init_unread_add(
				init, (struct mw_init_unread){ "master.cf",
							       mw_arena_text(init->arena, site->services.items[i].name),
							       "its address or port is not known",
							       "write a connector with its bindings" });
		}
	}
}
