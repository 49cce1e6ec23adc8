/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix.h"

#include "base/units.h"
#include "mail/domain.h"
#include "policy/choose.h"
#include "servers/restriction.h"

#define MACHINE "127.0.0.0/8, [::1]/128"

bool mw_postfix_network(struct mw_arena *arena, struct mw_str text, struct mw_range *range_r)
{
	const char *why;
	size_t end;

	if (mw_str_starts_with(text, MW_STR("["))) {
		end = mw_str_find(text, ']');
		text = mw_str(mw_arena_textf(arena, "%.*s%.*s", MW_STR_ARG(mw_str_head(mw_str_tail(text, 1), end - 1)),
					     MW_STR_ARG(mw_str_tail(text, end + 1))));
	}
	return mw_range_parse(text, range_r, &why);
}

static bool is_wider(const struct mw_range *range, const char *than)
{
	struct mw_range other;
	const char *why;

	return mw_range_parse(mw_str(than), &other, &why) && mw_range_compare_width(range, &other) > 0;
}

static bool has_mynetworks(const struct mw_postfix_endpoint *endpoint, struct mw_str list, struct mw_class_walk *walk)
{
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		bool has = mw_str_equal_nocase(item.name, MW_STR("permit_mynetworks"));

		if (mw_class_enter(endpoint, walk, item.name)) {
			has = has_mynetworks(endpoint, mw_endpoint_value(endpoint, mw_arena_text(endpoint->site->arena, item.name)),
					     walk);
			walk->depth--;
		}
		if (has)
			return true;
	}
	return false;
}

static bool uses_mynetworks(const struct mw_postfix_endpoint *endpoint)
{
	static const char *const lists[] = { "smtpd_client_restrictions", "smtpd_helo_restrictions",
					     "smtpd_sender_restrictions", "smtpd_relay_restrictions",
					     "smtpd_recipient_restrictions", "smtpd_data_restrictions",
					     "smtpd_end_of_data_restrictions" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct mw_class_walk walk = { .depth = 0 };

		if (has_mynetworks(endpoint, mw_endpoint_value(endpoint, lists[i]), &walk))
			return true;
	}
	return false;
}

static void tell_world(const struct mw_postfix_endpoint *endpoint, struct mw_str networks)
{
	mw_list_finding(endpoint, MW_FOUND_WORLD_AS_OWN, MW_FINDING_ERROR, "mynetworks",
			mw_arena_textf(endpoint->site->arena, "mynetworks has %.*s", MW_STR_ARG(networks)),
			"permit_mynetworks is in use: everybody on the internet counts as one's own",
			mw_fix_list(endpoint, "mynetworks", MACHINE));
}

static void tell_public(const struct mw_postfix_endpoint *endpoint, const struct mw_range *range, struct mw_str network)
{
	if (is_wider(range, range->first.family == MW_FAMILY_IPV4 ? "10.0.0.0/24" : "fc00::/48"))
		mw_list_finding(endpoint, MW_FOUND_PUBLIC_AS_OWN, MW_FINDING_WARNING, "mynetworks",
				mw_arena_textf(endpoint->site->arena, "mynetworks has %.*s", MW_STR_ARG(network)),
				"permit_mynetworks is in use: all those public addresses count as one's own",
				mw_fix_or(mw_fix_list(endpoint, "mynetworks", MACHINE),
					  "a connector with remote_ip_ranges for the others"));
}

/* Each that is everybody's alone, and else those that are together. */
static void check_networks(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str list = mw_endpoint_value(endpoint, "mynetworks"), rest = list;
	struct mw_arena *arena = endpoint->site->arena;
	struct mw_restriction item;
	struct { struct mw_range *ranges; struct mw_str *names; size_t count; } own = { NULL, NULL, 1 };

	while (mw_restriction_next(&rest, &item))
		own.count++;
	own.ranges = MW_ARENA_ARRAY(arena, struct mw_range, own.count);
	own.names = MW_ARENA_ARRAY(arena, struct mw_str, own.count);
	own.count = 0;
	if (!uses_mynetworks(endpoint) || own.ranges == NULL || own.names == NULL)
		return;
	for (rest = list; mw_restriction_next(&rest, &item);) {
		struct mw_range *range = &own.ranges[own.count];

		if (!mw_postfix_network(arena, item.name, range) || mw_range_is_private(range))
			continue;
		if (mw_ranges_are_everywhere(range, 1))
			tell_world(endpoint, item.name);
		else
			own.names[own.count++] = item.name;
	}
	if (mw_ranges_are_everywhere(own.ranges, own.count)) {
		tell_world(endpoint, list);
		return;
	}
	for (size_t i = 0; i < own.count; i++)
		tell_public(endpoint, &own.ranges[i], own.names[i]);
}

/* Whether it is for a program of this host that speaks for its clients (nginx, Dovecot's submission service), at a
   listener of its own: whoever is on this machine has sendmail too. */
static bool is_between_programs(const struct mw_postfix_endpoint *endpoint, struct mw_str hosts)
{
	bool local = endpoint->binding.kind == MW_BINDING_ADDRESS && mw_ip_is_loopback(&endpoint->binding.ip) &&
		     !mw_endpoint_is_proxied(endpoint);
	struct mw_restriction item;

	while (mw_restriction_next(&hosts, &item)) {
		struct mw_range range;

		local &= mw_postfix_network(endpoint->site->arena, item.name, &range) && mw_range_is_loopback(&range);
	}
	return local;
}

static void check_xclient(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str hosts = mw_endpoint_value(endpoint, "smtpd_authorized_xclient_hosts");

	if (!mw_str_empty(hosts))
		mw_list_finding(endpoint, MW_FOUND_XCLIENT,
			is_between_programs(endpoint, hosts) ? MW_FINDING_WARNING : MW_FINDING_ERROR,
			"smtpd_authorized_xclient_hosts",
			mw_arena_textf(endpoint->site->arena, "%.*s may use XCLIENT", MW_STR_ARG(hosts)),
			"those hosts may claim any login, address and port without a password (logged as mechanism=XCLIENT)",
			mw_fix_list(endpoint, "smtpd_authorized_xclient_hosts", ""));
}

static void check_chunking(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_arena *arena = endpoint->site->arena;
	struct mw_str keywords = mw_endpoint_value(endpoint, MW_WIRING_EHLO);

	if (mw_wiring_setting(endpoint->site->wiring, MW_WIRING_EHLO) == NULL || mw_wiring_discards_chunking(keywords))
		return;
	mw_endpoint_finding(endpoint, MW_FOUND_CHUNKING, MW_FINDING_WARNING, MW_WIRING_EHLO,
		mw_arena_textf(arena, "Postfix %.*s offers CHUNKING",
			       MW_STR_ARG(mw_postfix_site_value(endpoint->site, "mail_version"))),
		"this version dies of DATA after a BDAT that it refused: anybody can close the port, a minute at a time",
		mw_fix_setting(endpoint->site, endpoint->service, MW_WIRING_EHLO,
			       mw_arena_text(arena, mw_wiring_keywords(arena, keywords))));
}

/* postconf(5). note: normalize, and a line of the log (3.9 and later). */
static void check_newline(const struct mw_postfix_endpoint *endpoint)
{
	const char *name = "smtpd_forbid_bare_newline", *what = "a bare newline may end a message";

	if (mw_wiring_forbids_bare_newline(mw_endpoint_value(endpoint, name)))
		return;
	if (endpoint->site->wiring->harmless)
		mw_endpoint_finding(endpoint, MW_FOUND_BARE_NEWLINE, MW_FINDING_NOTE, name, what,
			"a message can smuggle in a second one; `mailwicket setup` writes yes once a rule is enforced: then a "
			"client that ends messages so gets no answer, but for those of smtpd_forbid_bare_newline_exclusions",
			MW_NO_FIX);
	else
		mw_endpoint_finding(endpoint, MW_FOUND_BARE_NEWLINE, MW_FINDING_ERROR, name, what,
			"a message can smuggle in a second one with another sender, here or at the next server",
			mw_fix_shown(endpoint, name));
}

void mw_check_postfix_trust(const struct mw_postfix_endpoint *endpoint)
{
	check_chunking(endpoint);
	check_networks(endpoint);
	check_xclient(endpoint);
	check_newline(endpoint);
}

/* postconf(5), myorigin. */
struct mw_str mw_endpoint_origin(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str origin = mw_endpoint_value(endpoint, "myorigin"), text;

	if (!mw_str_starts_with(origin, MW_STR("/")))
		return origin;
	text = mw_file_text(endpoint->site->arena, mw_arena_text(endpoint->site->arena, origin));
	return mw_str_trim(mw_str_head(text, mw_str_find(text, '\n')));
}

static bool is_same_domain(struct mw_str text, struct mw_str canonical)
{
	char memory[MW_DOMAIN_MAX + 1];
	size_t len;

	return mw_domain_canonical(text, memory, &len) && mw_str_equal((struct mw_str){ memory, len }, canonical);
}

void mw_check_postfix_origin(const struct mw_postfix_endpoint *rewriter)
{
	struct mw_str origin = mw_endpoint_origin(rewriter), domain = rewriter->site->policy->default_domain;
	struct mw_arena *arena = rewriter->site->arena;

	if (!mw_str_empty(domain) && !is_same_domain(origin, domain))
		mw_endpoint_finding(rewriter, MW_FOUND_ORIGIN, MW_FINDING_ERROR, "myorigin",
			mw_arena_textf(arena, "myorigin is %.*s, the policy's default_domain %.*s", MW_STR_ARG(origin),
				       MW_STR_ARG(domain)),
			"a sender or recipient without a domain is judged as one address and passed on as another: whoever may send "
			"gets round the senders= of those at one and sends as those at the other",
			mw_fix_setting(rewriter->site, rewriter->service, "myorigin", mw_arena_text(arena, domain)));
}

/* With "-" Postfix leaves owner-NAME, NAME-request and double-bounce whole (split_addr()), as the policy does, unless
   told not to. */
static void check_reserved(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str delimiter = mw_endpoint_value(endpoint, "recipient_delimiter");
	struct mw_str bounce = mw_endpoint_value(endpoint, "double_bounce_sender");

	if (mw_str_find(delimiter, '-') == delimiter.len)
		return;
	if (mw_str_equal_nocase(mw_endpoint_value(endpoint, "owner_request_special"), MW_STR("no")))
		mw_endpoint_finding(endpoint, MW_FOUND_OWNER_REQUEST, MW_FINDING_ERROR, "owner_request_special",
			"owner_request_special is no",
			"NAME-request is delivered to NAME and owner-NAME to owner, and judged as nobody's: anybody gets round "
			"their senders=", mw_fix_setting(endpoint->site, endpoint->service, "owner_request_special", "yes"));
	if (!mw_str_equal_nocase(bounce, MW_STR("double-bounce")))
		mw_endpoint_finding(endpoint, MW_FOUND_DOUBLE_BOUNCE, MW_FINDING_WARNING, "double_bounce_sender",
			mw_arena_textf(endpoint->site->arena, "double_bounce_sender is %.*s", MW_STR_ARG(bounce)),
			"double-bounce is delivered to double, and judged as nobody's: anybody gets round its senders=",
			mw_fix_setting(endpoint->site, endpoint->service, "double_bounce_sender", "double-bounce"));
}

static void check_limit(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id, const char *setting,
			uint64_t least, const char *why)
{
	struct mw_arena *arena = endpoint->site->arena;
	struct mw_str value = mw_endpoint_value(endpoint, setting);
	uint64_t limit;

	if (mw_parse_number(value, &limit) && limit != 0 && (least == 0 || limit < least))
		mw_endpoint_finding(endpoint, id, MW_FINDING_WARNING, setting,
			mw_arena_textf(arena, "%s is %.*s", setting, MW_STR_ARG(value)), why,
			mw_fix_setting(endpoint->site, endpoint->service, setting,
				       mw_arena_textf(arena, "%llu", (unsigned long long)least)));
}

void mw_check_postfix_addresses(const struct mw_postfix_endpoint *endpoint)
{
	const struct mw_wiring_setting *size = mw_wiring_setting(endpoint->site->wiring, "message_size_limit");
	uint64_t wanted = 0, limit = 0;

	check_reserved(endpoint);
	mw_parse_number(size->value.items[0], &wanted);
	check_limit(endpoint, MW_FOUND_MESSAGE_SIZE, "message_size_limit", wanted,
		    "less than the policy's max_message_size: Postfix refuses first, with its own words");
	mw_parse_number(mw_endpoint_value(endpoint, "message_size_limit"), &limit);
	check_limit(endpoint, MW_FOUND_MAILBOX_SIZE, "mailbox_size_limit", limit,
		    "less than message_size_limit: Postfix delivers nothing to local mailboxes");
}

/* --- domains */

static const char *const domain_lists[] = { "mydestination", "virtual_mailbox_domains", "virtual_alias_domains",
					    "relay_domains" };

/* Whether Postfix names this domain, or asks a table that may. */
static bool knows(const struct mw_postfix_site *site, struct mw_str domain, bool *table_io)
{
	for (size_t i = 0; i < sizeof(domain_lists) / sizeof(domain_lists[0]); i++) {
		struct mw_str list = mw_postfix_site_value(site, domain_lists[i]);
		struct mw_restriction item;

		while (mw_restriction_next(&list, &item)) {
			*table_io |= mw_str_find(item.name, ':') < item.name.len || mw_str_starts_with(item.name, MW_STR("/"));
			if (mw_str_equal_nocase(item.name, domain))
				return true;
		}
	}
	return false;
}

static bool accepts(const struct mw_policy *policy, struct mw_str name)
{
	char canonical[MW_DOMAIN_MAX + 1];
	size_t len;

	return mw_domain_canonical(name, canonical, &len) &&
	       mw_choose_accepted_domain(policy, (struct mw_str){ canonical, len }) != NULL;
}

/* Names of this host only: mail to them does not come in from outside. */
static bool is_host(const struct mw_postfix_site *site, struct mw_str name)
{
	return mw_str_starts_with(name, MW_STR("localhost")) || mw_str_ends_with(name, MW_STR(".localdomain")) ||
	       mw_str_equal_nocase(name, mw_postfix_site_value(site, "myhostname"));
}

/* What is there stays, as it is written. */
static struct mw_fix with_domain(const struct mw_postfix_site *site, const char *setting, struct mw_str name)
{
	struct mw_str old = mw_postfix_main_value(site->arena, site->main_cf, mw_str(setting));

	if (mw_str_empty(old))
		old = mw_postfix_site_value(site, setting);
	return mw_fix_main(site, setting, mw_arena_textf(site->arena, "%.*s%s%.*s", MW_STR_ARG(old),
							 mw_str_empty(old) ? "" : ", ", MW_STR_ARG(name)));
}

static void check_known(const struct mw_postfix_site *site, const struct mw_accepted_domain *domain)
{
	struct mw_str name = domain->domain;
	bool table = false;

	if (domain->subdomains)
		name = mw_str(mw_arena_textf(site->arena, ".%.*s", MW_STR_ARG(name)));
	if (knows(site, name, &table) || table)
		return;
	mw_findings_add(site->findings, (struct mw_finding){
		.id = MW_FOUND_UNKNOWN_DOMAIN, .severity = MW_FINDING_WARNING, .file = site->main_path, .setting = "",
		.what = mw_arena_textf(site->arena, "Postfix does not know the accepted domain %.*s", MW_STR_ARG(name)),
		.why = "mail to it is permitted by the policy and refused by Postfix",
		.fix = with_domain(site, domain->type == MW_AUTHORITATIVE ? "virtual_mailbox_domains" : "relay_domains", name) });
}

/* Each address of a virtual alias domain is another name for a mailbox elsewhere (virtual(5)). */
static void report_alias_domain(const struct mw_postfix_site *site, struct mw_finding *finding, struct mw_str name)
{
	finding->severity = MW_FINDING_ERROR;
	finding->why = mw_stake_words(&site->stake, mw_arena_text(site->arena, name), site->arena);
	finding->id = MW_FOUND_ALIAS_DOMAIN;
	finding->fix = mw_fix_words(mw_arena_textf(site->arena, "local_names = { \"%.*s\" } in the accepted_domain whose "
					"mailboxes it reaches; or accepted_domain \"%.*s\" { type = Authoritative }, and "
					"address= for those who have senders=", MW_STR_ARG(name), MW_STR_ARG(name)));
}

static void report_unknown(const struct mw_postfix_site *site, const char *setting, struct mw_str name)
{
	bool relays = strcmp(setting, "relay_domains") == 0, aliases = strcmp(setting, "virtual_alias_domains") == 0;
	struct mw_finding finding = {
		.id = MW_FOUND_UNACCEPTED_DOMAIN, .severity = MW_FINDING_WARNING, .file = site->main_path,
		.line = mw_postfix_main_line(site->main_cf, mw_str(setting)), .setting = setting,
		.what = mw_arena_textf(site->arena, "%.*s is no accepted domain of the policy", MW_STR_ARG(name)),
		.why = "mail to it from outside is refused: 550 5.7.1 Unable to relay",
		.fix = mw_fix_lines(MW_FIX_END, site->policy->file, 0,
				    mw_arena_textf(site->arena, "accepted_domain \"%.*s\" { type = %s }", MW_STR_ARG(name),
						   relays ? "InternalRelay" : "Authoritative")) };

	if (aliases && !mw_stake_is_nothing(&site->stake))
		report_alias_domain(site, &finding, name);
	mw_findings_add(site->findings, finding);
}

void mw_check_postfix_domains(const struct mw_postfix_site *site)
{
	for (size_t i = 0; i < site->policy->accepted_domain_count; i++)
		check_known(site, &site->policy->accepted_domains[i]);
	for (size_t i = 0; i < sizeof(domain_lists) / sizeof(domain_lists[0]); i++) {
		struct mw_str list = mw_postfix_site_value(site, domain_lists[i]);
		struct mw_restriction item;

		/* The host's own names are looked at by themselves. */
		if (i == 0 && !mw_stake_is_nothing(&site->stake))
			continue;
		while (mw_restriction_next(&list, &item)) {
			if (mw_str_find(item.name, ':') < item.name.len || mw_str_find(item.name, '/') < item.name.len ||
			    is_host(site, item.name) || accepts(site->policy, item.name) ||
			    mw_str_starts_with(item.name, MW_STR(".")) || mw_str_starts_with(item.name, MW_STR("!")))
				continue;
			report_unknown(site, domain_lists[i], item.name);
		}
	}
}
