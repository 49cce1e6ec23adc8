/* SPDX-License-Identifier: MIT */
#include "servers/init/relays.h"

#include "servers/check/postfix_interfaces.h"
#include "servers/check/table.h"
#include "servers/init/tables.h"
#include "servers/restriction.h"

#define FIX_CLIENTS                                                                                       \
	"write a connector with these clients in remote_ip_ranges and grant_permissions = { Accept-Any-Recipient }, " \
	"or they relay no more once this is enforced"
#define FIX_CERTIFICATES                                                                                \
	"write a connector for the addresses of these hosts, with their fingerprints in partner_certificates; " \
	"a certificate alone lets nobody relay once this is enforced"
#define FIX_RECIPIENTS                                                                                   \
	"write accepted_domain \"DOMAIN\" { type = ExternalRelay } for each domain of these recipients that is not " \
	"this server's, or strangers write there no more once this is enforced"
#define FIX_SAID                                                                                             \
	"no policy permits by what a client says of itself: write a connector with the addresses of these clients in " \
	"remote_ip_ranges and grant_permissions = { Accept-Any-Recipient }"
#define FIX_HOST                                                                                       \
	"write those of them from which programs of this host connect into remote_ip_ranges of a connector with " \
	"grant_permissions = { Accept-Any-Recipient }, or they relay no more once this is enforced"
#define FIX_BACKUP                                                                         \
	"write accepted_domain \"DOMAIN\" { type = ExternalRelay } for each domain that this " \
	"host is a backup of"

#define WHY_CLIENTS "it lets clients relay that neither log in nor are in mynetworks"
#define WHY_HOST "it lets all addresses of this host (inet_interfaces) relay, in mynetworks or not"

struct looking {
	struct mw_init *init;
	const struct mw_postfix_endpoint *endpoint;
	const struct mw_init_listener *listener;
	const char *setting;
	struct mw_class_walk walk;
	bool ended;      /* nothing behind it lets anybody relay */
	bool only_warns; /* of the class that it is in: what refuses does not, and what permits does (smtpd_check.c) */
};

static bool is(struct mw_str name, const char *word)
{
	return mw_str_equal_nocase(name, mw_str(word));
}

static void tell_why(const struct looking *looking, struct mw_str what, const char *why, const char *fix)
{
	mw_init_unread_add(looking->init, (struct mw_init_unread){ looking->setting, mw_arena_text(looking->init->arena, what),
								   why, fix });
}

static void tell(const struct looking *looking, struct mw_str what, const char *fix)
{
	tell_why(looking, what, WHY_CLIENTS, fix);
}

/* --- tables */

/* What stands on either side of a pattern: no letter, no digit, no blank. */
static bool delimits(char c)
{
	return c == '/' || c == '|' || c == '~' || c == '%' || c == ';' || c == '"' || c == '\'' || c == '=' || c == '@';
}

/* What stands behind the pattern, which may have blanks between its delimiters, or behind the network (pcre_table(5),
   cidr_table(5)). */
static struct mw_str action_of(struct mw_str line)
{
	size_t end = 0;

	line = mw_str_trim(line);
	if (mw_str_starts_with(line, MW_STR("!")))
		line = mw_str_trim(mw_str_tail(line, 1));
	if (!mw_str_empty(line) && delimits(line.ptr[0]))
		for (end = 1; end < line.len && line.ptr[end] != line.ptr[0]; end++)
			end += line.ptr[end] == '\\';
	while (end < line.len && line.ptr[end] != ' ' && line.ptr[end] != '\t')
		end++;
	return mw_str_trim(mw_str_tail(line, end));
}

/* Of a file of patterns or networks: whether the action of a line permits. False: none such, or not read. */
static bool read_file(struct mw_init *init, struct mw_str table, bool *permits_r)
{
	static const char *const types[] = { "cidr:", "regexp:", "pcre:" };
	struct mw_str bare = mw_init_table_bare(table), text;
	struct mw_postfix_piece piece;
	struct mw_postfix_text entries;
	bool is_file = false;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		is_file |= mw_str_starts_with(bare, mw_str(types[i]));
	bare = mw_str_tail(bare, mw_str_find(bare, ':') + 1);
	if (!is_file || !mw_file_whole(init->arena, mw_arena_text(init->arena, bare), &text))
		return false;
	*permits_r = false;
	entries = mw_postfix_text_over(text);
	while (mw_postfix_text_next(&entries, &piece))
		*permits_r |= piece.is_entry &&
			      mw_action_permits(action_of(mw_postfix_entry_joined(init->arena, piece.text)));
	return true;
}

/* What a table of the list goes by. */
static const char *fix_of(struct mw_str name)
{
	if (mw_str_starts_with_nocase(name, MW_STR("check_client_")) ||
	    mw_str_starts_with_nocase(name, MW_STR("check_reverse_client_")))
		return FIX_CLIENTS;
	if (is(name, "check_ccert_access"))
		return FIX_CERTIFICATES;
	if (mw_str_starts_with_nocase(name, MW_STR("check_recipient_")) || mw_init_is_table(name))
		return FIX_RECIPIENTS;
	return FIX_SAID;
}

/* Of a table of recipients: an address or domain of this server's, to which everybody may write anyway. */
static bool is_ours(const struct mw_init *init, struct mw_str key)
{
	struct mw_str domain = mw_str_find(key, '@') < key.len ? mw_init_domain_part(key) : key;

	return !mw_str_empty(domain) && mw_init_domain_of(init, domain) != NULL;
}

static void take_table(const struct looking *looking, const struct mw_restriction *item)
{
	struct mw_str table = mw_str_empty(item->argument) ? item->name : item->argument;
	const char *fix = fix_of(item->name);
	struct mw_init_entries entries = { .items = NULL };
	bool permits = mw_table_permits(table);

	if (!permits && !mw_table_refuses(table) && !read_file(looking->init, table, &permits))
		entries = mw_init_tables(looking->init, looking->setting, table, fix);
	for (size_t i = 0; i < entries.count; i++)
		permits |= mw_action_permits(entries.items[i].value) &&
			   (strcmp(fix, FIX_RECIPIENTS) != 0 || !is_ours(looking->init, entries.items[i].key));
	if (permits)
		tell(looking, item->text, fix);
}

/* --- the list */

static bool asks_certificates(const struct mw_postfix_endpoint *endpoint)
{
	return mw_endpoint_says(endpoint, "smtpd_tls_ask_ccert", "yes") ||
	       mw_endpoint_says(endpoint, "smtpd_tls_req_ccert", "yes");
}

/* Loopback alone, which a connector has already. */
static bool has_host(const struct looking *looking)
{
	struct mw_binding smtp = { .kind = MW_BINDING_ANY, .port = 25 };

	return looking->listener->loopback.count > 0 && mw_postfix_is_loopback(looking->endpoint->site, &smtp);
}

static void take_permit(const struct looking *looking, const struct mw_restriction *item)
{
	const struct mw_postfix_endpoint *endpoint = looking->endpoint;

	if (is(item->name, "permit_mx_backup"))
		tell(looking, item->text, FIX_BACKUP);
	else if (is(item->name, "permit_inet_interfaces") && !has_host(looking))
		tell_why(looking, item->text, WHY_HOST, FIX_HOST);
	else if (asks_certificates(endpoint) &&
		 (is(item->name, "permit_tls_all_clientcerts") ||
		  (is(item->name, "permit_tls_clientcerts") && !mw_str_empty(mw_endpoint_value(endpoint, "relay_clientcerts")))))
		tell(looking, item->text, FIX_CERTIFICATES);
}

static bool refuses_relaying(struct mw_str name)
{
	return is(name, "reject_unauth_destination") || is(name, "defer_unauth_destination") || is(name, "reject") ||
	       is(name, "defer") || is(name, "check_relay_domains");
}

/* Of tables those that may say something of who did not log in. */
static bool is_table(const struct mw_restriction *item)
{
	return (mw_str_starts_with_nocase(item->name, MW_STR("check_")) && !is(item->name, "check_policy_service") &&
		!is(item->name, "check_sasl_access")) ||
	       mw_init_is_table(item->name);
}

static void take_list(struct looking *looking, const char *setting)
{
	struct mw_str list = mw_endpoint_value(looking->endpoint, setting);
	struct mw_restriction item;

	while (!looking->ended && mw_restriction_next(&list, &item)) {
		bool outside = looking->only_warns, warns = outside || item.only_warns;

		if (is(item.name, "permit") || (!warns && refuses_relaying(item.name))) {
			looking->ended = true;
		} else if (mw_class_enter(looking->endpoint, &looking->walk, item.name)) {
			looking->only_warns = warns;
			take_list(looking, mw_arena_text(looking->init->arena, item.name));
			looking->only_warns = outside;
			looking->walk.depth--;
		} else if (is_table(&item)) {
			take_table(looking, &item);
		} else {
			take_permit(looking, &item);
		}
	}
}

void mw_init_look_at_relays(struct mw_init *init, const struct mw_postfix_endpoint *endpoint,
			    const struct mw_init_listener *listener)
{
	const char *setting = mw_str_empty(mw_str_trim(mw_endpoint_value(endpoint, MW_RELAY_RESTRICTIONS)))
				      ? "smtpd_recipient_restrictions"
				      : MW_RELAY_RESTRICTIONS;
	struct looking looking = { .init = init, .endpoint = endpoint, .listener = listener, .setting = setting };

	take_list(&looking, setting);
}
