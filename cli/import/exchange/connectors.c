/* SPDX-License-Identifier: MIT */
#include "import/exchange/connectors.h"

#include "base/text.h"
#include "import/exchange/trustee.h"
#include "import/exchange/value.h"

#define FILE_OF MW_EXCHANGE_CONNECTOR
#define NAME_MOST 128 /* of a title in a policy */
#define PERMISSIONS MW_EXCHANGE_CONNECTOR_PERMISSION

static void bad_word(struct mw_exchange *import, const struct mw_csv_row *row, const char *property, struct mw_str word,
		     const char *expected)
{
	mw_exchange_error(import, FILE_OF, row, property, expected, "bad value \"%.*s\"", MW_STR_ARG(mw_text_cut(word, 100)));
}

/* --- lists */

static size_t words_in(struct mw_str list)
{
	struct mw_str word;
	size_t count = 0;

	while (mw_exchange_next_word(&list, &word))
		count++;
	return count;
}

static void read_bindings(struct mw_exchange *import, struct mw_exchange_connector *connector)
{
	struct mw_str list = mw_exchange_cell(import, FILE_OF, connector->row, "Bindings"), word;
	struct mw_binding *items = MW_ARENA_ARRAY(import->arena, struct mw_binding, words_in(list));
	const char *why;

	while (items != NULL && mw_exchange_next_word(&list, &word)) {
		if (mw_binding_parse(word, &items[connector->bindings.count], &why))
			connector->bindings.count++;
		else
			bad_word(import, connector->row, "Bindings", word, "0.0.0.0:25, [::]:25 or an address with a port");
	}
	connector->bindings.items = items;
	if (words_in(mw_exchange_cell(import, FILE_OF, connector->row, "Bindings")) == 0)
		bad_word(import, connector->row, "Bindings", MW_STR_EMPTY, "0.0.0.0:25, [::]:25 or an address with a port");
}

/* Exchange takes 192.168.8.1/24 for the network that the address is in. */
static bool read_range(struct mw_str word, struct mw_range *range_r)
{
	const char *why = "";

	return mw_range_parse(word, range_r, &why) || strcmp(why, "host bits are set") == 0;
}

static void read_ranges(struct mw_exchange *import, struct mw_exchange_connector *connector)
{
	struct mw_str list = mw_exchange_cell(import, FILE_OF, connector->row, "RemoteIPRanges"), word;
	struct mw_range *items = MW_ARENA_ARRAY(import->arena, struct mw_range, words_in(list));

	while (items != NULL && mw_exchange_next_word(&list, &word)) {
		if (read_range(word, &items[connector->remote.count]))
			connector->remote.count++;
		else
			bad_word(import, connector->row, "RemoteIPRanges", word, "an address, a range a-b, or a network in CIDR");
	}
	connector->remote.items = items;
	if (words_in(mw_exchange_cell(import, FILE_OF, connector->row, "RemoteIPRanges")) == 0)
		bad_word(import, connector->row, "RemoteIPRanges", MW_STR_EMPTY, "an address, a range a-b, or a network in CIDR");
}

static void read_mechanisms(struct mw_exchange *import, struct mw_exchange_connector *connector)
{
	struct mw_str list = mw_exchange_cell(import, FILE_OF, connector->row, "AuthMechanism"), word;
	int bit;

	while (mw_exchange_next_word(&list, &word)) {
		if (mw_table_find(mw_auth_mechanism_names, word, &bit))
			connector->mechanisms |= (mw_auth_mechanisms)bit;
		else
			bad_word(import, connector->row, "AuthMechanism", word, "None, Tls, Integrated, BasicAuth, BasicAuthRequireTLS, "
										 "ExchangeServer, ExternalAuthoritative");
	}
}

/* Custom is read from the permissions themselves, which read_permissions() does for every connector. */
static void read_groups(struct mw_exchange *import, struct mw_exchange_connector *connector)
{
	struct mw_str list = mw_exchange_cell(import, FILE_OF, connector->row, "PermissionGroups"), word;
	int bit;

	while (mw_exchange_next_word(&list, &word)) {
		if (mw_table_find(mw_permission_group_names, word, &bit))
			connector->groups |= (mw_permission_groups)bit;
		else if (mw_str_equal_nocase(word, MW_STR("ExchangeLegacyServers")))
			mw_exchange_count(import, "permission groups of servers of Exchange 2003");
		else if (mw_str_equal_nocase(word, MW_STR("Custom")) && !import->tables[PERMISSIONS].there)
			mw_exchange_note(import, FILE_OF, connector->row, "PermissionGroups",
					 mw_arena_textf(import->arena, "%.*s: Custom", MW_STR_ARG(connector->name)),
					 "single permissions were granted, and there is no ReceiveConnectorPermission.csv: write them "
					 "into grant_permissions");
		else if (!mw_str_equal_nocase(word, MW_STR("Custom")) && !mw_str_equal_nocase(word, MW_STR("None")))
			bad_word(import, connector->row, "PermissionGroups", word,
				 "AnonymousUsers, ExchangeUsers, ExchangeServers, ExchangeLegacyServers, Partners, Custom, None");
	}
}

/* --- single permissions */

static mw_permissions permissions_in(struct mw_str list)
{
	mw_permissions permissions = 0;
	struct mw_str word;
	int bit;

	while (mw_exchange_next_right(&list, &word)) {
		if (mw_str_starts_with_nocase(word, MW_STR("ms-Exch-")))
			word = mw_str_tail(word, 8);
		if (mw_str_starts_with_nocase(word, MW_STR("SMTP-")))
			word = mw_str_tail(word, 5);
		if (mw_table_find(mw_permission_names, word, &bit))
			permissions |= (mw_permissions)bit;
	}
	return permissions;
}

/* Exchange's own groups: its setup names them, in any language. */
static bool is_of_servers(struct mw_str user, struct mw_str sid)
{
	static const char *const groups[] = { "Exchange Servers", "ExchangeLegacyInterop", "Exchange Trusted Subsystem",
					      "Exchange Domain Servers", "Exchange Enterprise Servers" };
	struct mw_str name = mw_str_tail(user, mw_str_find_last(user, '\\') + 1);

	if (mw_str_starts_with_nocase(user, MW_STR("MS Exchange\\")) || mw_str_starts_with(user, MW_STR("S-1-9-")) ||
	    mw_str_starts_with(sid, MW_STR("S-1-9-")))
		return true;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (name.len < user.len && mw_str_equal_nocase(name, mw_str(groups[i])))
			return true;
	return false;
}

struct granted {
	bool any;
	mw_permissions allowed, denied;
};

/* The policy cannot refuse single users something at a connector, so nobody has it there. */
static void refuse_all(struct mw_exchange *import, struct mw_exchange_connector *connector,
		       const struct mw_csv_row *row, struct mw_str user, mw_permissions permissions)
{
	connector->refused |= permissions;
	mw_exchange_note(import, PERMISSIONS, row, "User",
			 mw_arena_textf(import->arena, "%.*s: %.*s (a denial)", MW_STR_ARG(connector->name),
					MW_STR_ARG(mw_text_cut(user, 200))),
			 "single users cannot be denied something on a connector: here it is denied to everybody by "
			 "deny_permissions; "
			 "take it out there where the others need it, and keep those users off the server (smtp=no)");
}

/* What a row says of a permission group's members; of anybody else it is noted, but for Exchange's own servers. */
static void read_permission(struct mw_exchange *import, struct mw_exchange_connector *connector,
			    const struct mw_csv_row *row, struct granted granted[2])
{
	struct mw_str user = mw_exchange_cell(import, PERMISSIONS, row, "User");
	mw_permissions permissions = permissions_in(mw_exchange_cell(import, PERMISSIONS, row, "ExtendedRights"));
	struct mw_str sid = mw_exchange_cell(import, PERMISSIONS, row, "UserSid"),
		      type = mw_exchange_cell(import, PERMISSIONS, row, "InheritanceType");
	enum mw_exchange_trustee who;
	bool deny = false;

	mw_exchange_needed_switch(import, PERMISSIONS, row, "Deny", &deny);
	if (permissions == 0 || mw_str_equal_nocase(type, MW_STR("Descendents")) ||
	    mw_str_equal_nocase(type, MW_STR("Children")))
		return;
	who = mw_exchange_trustee(user, sid);
	if (who == MW_EXCHANGE_ANONYMOUS || who == MW_EXCHANGE_LOGGED_IN) {
		struct granted *of = &granted[who == MW_EXCHANGE_ANONYMOUS ? 0 : 1];

		of->any = true;
		if (deny)
			of->denied |= permissions;
		else
			of->allowed |= permissions;
		return;
	}
	if (is_of_servers(user, sid))
		mw_exchange_count(import, "permissions of Exchange's own servers on connectors");
	else if (deny)
		refuse_all(import, connector, row, user, permissions);
	else
		mw_exchange_note(import, PERMISSIONS, row, "User",
				 mw_arena_textf(import->arena, "%.*s: %.*s", MW_STR_ARG(connector->name), MW_STR_ARG(mw_text_cut(user, 200))),
				 "single users have no permissions of their own on a connector: write a connector for their addresses "
				 "(remote_ip_ranges), or a grant");
}

/* What the members of a group hold beyond it, or lack, every session of the connector does: so only where the connector
   is for no other group that this would change. ExchangeServers counts for nothing: only at
   ExternalAuthoritative a session is one, and read_connector() drops single permissions there. */
static void apply(struct mw_exchange *import, struct mw_exchange_connector *connector, mw_permission_groups group,
		  const struct granted *granted)
{
	mw_permissions usual = mw_permissions_of_groups(connector->groups & group);
	mw_permissions held = granted->allowed & ~granted->denied, more = held & ~usual, less = usual & ~held;
	mw_permission_groups other_groups = connector->groups & ~(group | MW_EXCHANGE_SERVERS);
	mw_permissions others = mw_permissions_of_groups(other_groups);

	if (!granted->any || (more == 0 && less == 0))
		return;
	if ((connector->groups & group) == 0 && (more & MW_SUBMIT) == 0)
		return; /* without Submit nothing begins */
	if (other_groups == 0 || ((more & ~others) == 0 && (less & others) == 0)) {
		connector->grant |= more;
		connector->deny |= less;
		return;
	}
	/* Users relay anyway; strangers lose what users never had. */
	if (group == MW_ANONYMOUS_USERS && (more & ~others) == 0)
		connector->grant |= more;
	connector->deny |= less & ~others;
	mw_exchange_note(import, FILE_OF, connector->row, "PermissionGroups",
			 mw_arena_textf(import->arena, "%.*s: single permissions of %s", MW_STR_ARG(connector->name),
					group == MW_ANONYMOUS_USERS ? "strangers" : "users"),
			 "the connector is for both, and single permissions are every session's here: write two connectors, "
			 "for different addresses (remote_ip_ranges)");
}

static void read_permissions(struct mw_exchange *import, struct mw_exchange_connector *connector)
{
	const struct mw_csv *csv = &import->tables[PERMISSIONS].csv;
	struct mw_str identity = mw_exchange_cell(import, FILE_OF, connector->row, "Identity");
	struct granted granted[2] = { { .any = false }, { .any = false } };

	for (size_t i = 0; i < csv->row_count; i++) {
		if (mw_str_equal_nocase(mw_exchange_cell(import, PERMISSIONS, &csv->rows[i], "Connector"), identity))
			read_permission(import, connector, &csv->rows[i], granted);
	}
	apply(import, connector, MW_ANONYMOUS_USERS, &granted[0]);
	apply(import, connector, MW_EXCHANGE_USERS, &granted[1]);
	connector->grant &= ~connector->refused;
	connector->deny |= connector->refused & mw_permissions_of_groups(connector->groups);
}

/* Permissions on what is no connector of any server in the files: a denial may be among them. */
static void tell_strays(struct mw_exchange *import)
{
	const struct mw_csv *rows = &import->tables[PERMISSIONS].csv, *connectors = &import->tables[FILE_OF].csv;

	for (size_t i = 0; i < rows->row_count; i++) {
		struct mw_str name = mw_exchange_cell(import, PERMISSIONS, &rows->rows[i], "Connector");
		size_t j = 0;

		while (j < connectors->row_count &&
		       !mw_str_equal_nocase(name, mw_exchange_cell(import, FILE_OF, &connectors->rows[j], "Identity")))
			j++;
		if (j == connectors->row_count)
			mw_exchange_note(import, PERMISSIONS, &rows->rows[i], "Connector",
					 mw_arena_textf(import->arena, "%.*s", MW_STR_ARG(mw_text_cut(name, 200))),
					 "no connector in ReceiveConnector.csv has this Identity, so nothing is made of the row: write the "
					 "Identity, SERVER\\NAME, there");
	}
}

/* --- relays */

/* Whether strangers relay through it. */
static bool relays(const struct mw_exchange_connector *connector)
{
	const struct mw_connector made = { .auth_mechanism = connector->mechanisms, .permission_groups = connector->groups,
					   .grant = connector->grant, .deny = connector->deny };

	return (mw_permissions_at(&made, MW_ANONYMOUS_USERS) & MW_ACCEPT_ANY_RECIPIENT) != 0;
}

static bool is_everywhere(const struct mw_exchange_connector *connector)
{
	return mw_ranges_are_everywhere(connector->remote.items, connector->remote.count);
}

/* Whether strangers relay from everywhere through several connectors together, each of which is for less. */
static bool are_everywhere(struct mw_exchange *import, const struct mw_exchange_connectors *connectors)
{
	struct mw_range *all;
	size_t count = 0;

	for (size_t i = 0; i < connectors->count; i++)
		count += connectors->items[i].remote.count;
	all = MW_ARENA_ARRAY(import->arena, struct mw_range, count + 1);
	if (all == NULL)
		return true;
	count = 0;
	for (size_t i = 0; i < connectors->count; i++) {
		const struct mw_ranges *remote = &connectors->items[i].remote;

		if (!relays(&connectors->items[i]) || is_everywhere(&connectors->items[i]))
			continue;
		memcpy(all + count, remote->items, remote->count * sizeof(*all));
		count += remote->count;
	}
	return mw_ranges_are_everywhere(all, count);
}

/* Strangers who may relay: from private addresses as they are, from some public ones by open_relay_accepted, from
   everywhere never. False: the connector is left out. */
static bool settle_relay(struct mw_exchange *import, struct mw_exchange_connector *connector, bool everywhere)
{
	bool external = (connector->mechanisms & MW_AUTH_EXTERNAL_AUTHORITATIVE) != 0, public = false;

	for (size_t i = 0; i < connector->remote.count; i++)
		public |= !mw_range_is_private(&connector->remote.items[i]);
	if (!relays(connector) || !public)
		return true;
	mw_exchange_note(import, FILE_OF, connector->row, "RemoteIPRanges",
			 mw_arena_textf(import->arena, "%.*s", MW_STR_ARG(connector->name)),
			 everywhere ? "anybody relays through it from everywhere, be it by several ranges or connectors together: that "
				      "is not carried over; write the addresses that need it into remote_ip_ranges of a connector"
				    : "strangers relay through it from public addresses: it has open_relay_accepted; "
				      "look whether they need to");
	connector->open_relay = !everywhere;
	if (everywhere)
		connector->grant &= ~(mw_permissions)MW_ACCEPT_ANY_RECIPIENT;
	return !external || !everywhere;
}

static void settle_relays(struct mw_exchange *import, struct mw_exchange_connectors *connectors)
{
	bool together = are_everywhere(import, connectors);
	size_t kept = 0;

	for (size_t i = 0; i < connectors->count; i++) {
		if (settle_relay(import, &connectors->items[i], together || is_everywhere(&connectors->items[i])))
			connectors->items[kept++] = connectors->items[i];
	}
	connectors->count = kept;
}

/* --- rows */

static void read_rate_source(struct mw_exchange *import, struct mw_exchange_connector *connector)
{
	struct mw_str word = mw_exchange_cell(import, FILE_OF, connector->row, "MessageRateSource");

	connector->has_rate_source = mw_table_find(mw_rate_sources, word, &connector->rate_source);
	if (!connector->has_rate_source && word.len > 0 && !mw_str_equal_nocase(word, MW_STR("None")))
		bad_word(import, connector->row, "MessageRateSource", word, "None, IPAddress, User or All");
}

static void read_connector(struct mw_exchange *import, struct mw_exchange_connector *connector)
{
	const struct mw_csv_row *row = connector->row;
	bool control = false;

	*connector = (struct mw_exchange_connector){
		.row = row, .enabled = true, .size = MW_UNLIMITED, .recipients = MW_UNLIMITED, .rate = MW_UNLIMITED
	};
	connector->name = mw_exchange_cell(import, FILE_OF, row, "Name");
	for (size_t i = 0; i < connector->name.len; i++)
		control |= (unsigned char)connector->name.ptr[i] < ' ' || connector->name.ptr[i] == '\x7f';
	if (control || connector->name.len == 0 || connector->name.len > NAME_MOST)
		bad_word(import, row, "Name", connector->name, "at most 128 octets, and no control characters");
	mw_exchange_needed_switch(import, FILE_OF, row, "Enabled", &connector->enabled);
	mw_exchange_needed_switch(import, FILE_OF, row, "RequireTLS", &connector->require_tls);
	mw_exchange_size_cell(import, FILE_OF, row, "MaxMessageSize", &connector->size);
	mw_exchange_limit_cell(import, FILE_OF, row, "MaxRecipientsPerMessage", &connector->recipients);
	mw_exchange_limit_cell(import, FILE_OF, row, "MessageRateLimit", &connector->rate);
	read_rate_source(import, connector);
	read_bindings(import, connector);
	read_ranges(import, connector);
	read_mechanisms(import, connector);
	read_groups(import, connector);
	read_permissions(import, connector);
	/* Every session is ExchangeServers there, which holds whatever the others do. */
	if ((connector->mechanisms & MW_AUTH_EXTERNAL_AUTHORITATIVE) != 0) {
		connector->groups = MW_EXCHANGE_SERVERS;
		connector->grant = connector->deny = 0;
	}
}

static bool is_frontend(const struct mw_exchange *import, const struct mw_csv_row *row)
{
	return mw_str_equal_nocase(mw_exchange_cell(import, FILE_OF, row, "TransportRole"), MW_STR("FrontendTransport"));
}

/* Connectors are of one server; each row names its own. */
static bool find_server(struct mw_exchange *import, const struct mw_csv *csv)
{
	char memory[1024];
	struct mw_buf servers = MW_BUF_OVER(memory);
	size_t count = 0;
	bool here = false;

	for (size_t i = 0; i < csv->row_count; i++) {
		struct mw_str server = mw_exchange_cell(import, FILE_OF, &csv->rows[i], "Server");
		bool told = false;

		here |= mw_exchange_is_here(import, FILE_OF, &csv->rows[i]);
		for (size_t j = 0; j < i; j++)
			told |= mw_str_equal_nocase(server, mw_exchange_cell(import, FILE_OF, &csv->rows[j], "Server"));
		if (told)
			continue;
		mw_buf_printf(&servers, "%s%.*s", count++ > 0 ? ", " : "", MW_STR_ARG(server));
	}
	if (import->server != NULL && !here && csv->row_count > 0)
		mw_errors_add(import->errors, MW_ERROR, csv->name, 0, 0, servers.data,
			      "no connector is of the server %s", import->server);
	else if (import->server == NULL && count > 1)
		mw_errors_add(import->errors, MW_ERROR, csv->name, 0, 0, "--server NAME",
			      "connectors of %zu servers: %s", count, servers.data);
	else
		return true;
	return false;
}

void mw_exchange_read_connectors(struct mw_exchange *import, struct mw_exchange_connectors *connectors_r)
{
	const struct mw_csv *csv = &import->tables[FILE_OF].csv;
	struct mw_exchange_connector *items = MW_ARENA_ARRAY(import->arena, struct mw_exchange_connector, csv->row_count + 1);
	bool frontend = false;
	size_t count = 0;

	*connectors_r = (struct mw_exchange_connectors){ items, 0 };
	if (items == NULL || !find_server(import, csv))
		return;
	for (size_t i = 0; i < csv->row_count; i++)
		frontend |= mw_exchange_is_here(import, FILE_OF, &csv->rows[i]) && is_frontend(import, &csv->rows[i]);
	for (size_t i = 0; i < csv->row_count; i++) {
		if (!mw_exchange_is_here(import, FILE_OF, &csv->rows[i])) {
			mw_exchange_count(import, "connectors of other servers");
			continue;
		}
		if (frontend && !is_frontend(import, &csv->rows[i])) {
			mw_exchange_count(import, "connectors of HubTransport, behind those of FrontendTransport");
			continue;
		}
		items[count].row = &csv->rows[i];
		read_connector(import, &items[count++]);
	}
	connectors_r->count = count;
	tell_strays(import);
	settle_relays(import, connectors_r);
}
