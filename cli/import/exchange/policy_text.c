/* SPDX-License-Identifier: MIT */
/* The policy: domains, login types and receive connectors. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "import/exchange/connectors.h"
#include "import/exchange/value.h"
#include "mail/domain.h"
#include "policy/model.h"
#include "policy/print.h"

/* --- texts */

static void print_quoted(FILE *out, struct mw_str text)
{
	char *memory = malloc(2 * text.len + 8);
	struct mw_buf buf;

	if (memory == NULL)
		return;
	buf = mw_buf_over(memory, 2 * text.len + 8);
	mw_policy_print_string(text, &buf);
	fputs(buf.data, out);
	free(memory);
}

static void print_words(FILE *out, const char *setting, struct mw_table words, uint32_t set)
{
	const char *between = " ";

	fprintf(out, "    %s = {", setting);
	for (size_t i = 0; i < words.count; i++) {
		if (words.words[i].value == 0 || (set & (uint32_t)words.words[i].value) == 0)
			continue;
		fprintf(out, "%s%s", between, words.words[i].word);
		between = ", ";
	}
	fprintf(out, "%s }\n", set == 0 && words.words == mw_auth_mechanism_names.words ? " None" : "");
}

static void print_size(FILE *out, const char *setting, uint64_t octets)
{
	char memory[32];
	struct mw_buf buf = MW_BUF_OVER(memory);

	mw_print_size(octets, &buf);
	fprintf(out, "    %s = \"%s\"\n", setting, buf.data);
}

static void print_limit(FILE *out, const char *setting, uint64_t limit)
{
	char memory[32];
	struct mw_buf buf = MW_BUF_OVER(memory);

	mw_print_limit(limit, &buf);
	fprintf(out, "    %s = %s\n", setting, buf.data);
}

/* --- limits */

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void mw_exchange_read_limits(struct mw_exchange *import, struct mw_exchange_limits *limits_r)
{
	const struct mw_csv *csv = &import->tables[MW_EXCHANGE_TRANSPORT].csv;
	const struct mw_csv_row *row = csv->row_count > 0 ? csv->rows : NULL;

	*limits_r = (struct mw_exchange_limits){ MW_UNLIMITED, MW_UNLIMITED, MW_UNLIMITED, import->connector_size,
						 import->connector_recipients };
	mw_exchange_size_cell(import, MW_EXCHANGE_TRANSPORT, row, "MaxSendSize", &limits_r->send);
	mw_exchange_size_cell(import, MW_EXCHANGE_TRANSPORT, row, "MaxReceiveSize", &limits_r->receive);
	mw_exchange_limit_cell(import, MW_EXCHANGE_TRANSPORT, row, "MaxRecipientEnvelopeLimit", &limits_r->recipients);
}

/* The largest message, and the most recipients, of any connector for users; those of the built-in ones where there are
   none. */
static void find_limits(struct mw_exchange *import, const struct mw_exchange_connectors *connectors)
{
	uint64_t size = 0, recipients = 0;
	bool any = false;

	for (size_t i = 0; i < connectors->count; i++) {
		const struct mw_exchange_connector *connector = &connectors->items[i];

		if (!connector->enabled || (connector->groups & MW_EXCHANGE_USERS) == 0)
			continue;
		any = true;
		size = connector->size > size ? connector->size : size;
		recipients = connector->recipients > recipients ? connector->recipients : recipients;
	}
	import->connector_size = any ? size : connectors->count > 0 ? MW_UNLIMITED : UINT64_C(36) << 20;
	import->connector_recipients = any ? recipients : connectors->count > 0 ? MW_UNLIMITED : 200;
}

/* --- domains */

static void print_domain(FILE *out, struct mw_str domain, bool below, enum mw_domain_type type)
{
	fprintf(out, "accepted_domain \"%s%.*s\" { type = %s }\n", below ? "*." : "", MW_STR_ARG(domain),
		mw_table_word(mw_domain_types, (int)type));
}

struct domain {
	struct mw_str name; /* canonical */
	bool below, itself;
	enum mw_domain_type type;
};

static bool read_domain(struct mw_exchange *import, const struct mw_csv_row *row, struct domain *domain_r)
{
	const enum mw_exchange_file file = MW_EXCHANGE_ACCEPTED_DOMAIN;
	struct mw_str name = mw_exchange_cell(import, file, row, "DomainName"),
		      word = mw_exchange_cell(import, file, row, "DomainType");
	char canonical[MW_DOMAIN_MAX + 1];
	bool subdomains = false;
	size_t len;
	int type;

	mw_exchange_switch_cell(import, file, row, "MatchSubDomains", &subdomains);
	domain_r->itself = !mw_str_starts_with(name, MW_STR("*."));
	domain_r->below = subdomains || !domain_r->itself;
	if (!domain_r->itself)
		name = mw_str_tail(name, 2);
	if (mw_str_equal(name, MW_STR("*"))) {
		mw_exchange_note(import, file, row, "DomainName", "*", "every domain: write those that mail is accepted for");
		return false;
	}
	if (!mw_domain_canonical(name, canonical, &len)) {
		mw_exchange_error(import, file, row, "DomainName", "a domain, or *. and a domain", "bad value \"%.*s\"",
				  MW_STR_ARG(mw_text_cut(name, 100)));
		return false;
	}
	if (!mw_table_find(mw_domain_types, word, &type)) {
		mw_exchange_error(import, file, row, "DomainType", "Authoritative, InternalRelay or ExternalRelay",
				  "bad value \"%.*s\"", MW_STR_ARG(mw_text_cut(word, 100)));
		return false;
	}
	domain_r->name = mw_arena_copy(import->arena, (struct mw_str){ canonical, len });
	domain_r->type = (enum mw_domain_type)type;
	return true;
}

void mw_exchange_read_default_domain(struct mw_exchange *import)
{
	const struct mw_csv *csv = &import->tables[MW_EXCHANGE_ACCEPTED_DOMAIN].csv;
	struct domain domain;
	bool is_default;

	for (size_t i = 0; i < csv->row_count; i++) {
		is_default = false;
		mw_exchange_switch_cell(import, MW_EXCHANGE_ACCEPTED_DOMAIN, &csv->rows[i], "Default", &is_default);
		if (is_default && read_domain(import, &csv->rows[i], &domain) && domain.itself)
			import->default_domain = domain.name;
	}
	if (import->default_domain.len == 0)
		mw_exchange_note(import, MW_EXCHANGE_ACCEPTED_DOMAIN, NULL, "Default", "no domain is the default one",
				 "who logs in without a domain is nobody here: write default_domain");
}

static void print_domains(FILE *out, struct mw_exchange *import)
{
	const struct mw_csv *csv = &import->tables[MW_EXCHANGE_ACCEPTED_DOMAIN].csv;
	struct domain domain;

	if (import->default_domain.len > 0)
		fprintf(out,
			"# The accepted domain with Default = True: it completes a login without a "
			"domain.\ndefault_domain = \"%.*s\"\n",
			MW_STR_ARG(import->default_domain));
	fputs("\n# Get-AcceptedDomain\n", out);
	for (size_t i = 0; i < csv->row_count; i++) {
		if (!read_domain(import, &csv->rows[i], &domain))
			continue;
		if (domain.itself)
			print_domain(out, domain.name, false, domain.type);
		if (domain.below)
			print_domain(out, domain.name, true, domain.type);
		import->domains++;
	}
}

/* --- login types */

static bool read_login_type(struct mw_exchange *import, enum mw_exchange_file file, const struct mw_csv_row *row,
			    int *type_r)
{
	struct mw_str word = mw_exchange_cell(import, file, row, "LoginType");
	uint64_t number = 0;

	if (mw_parse_number(word, &number) && number >= MW_PLAIN_TEXT_LOGIN && number <= MW_SECURE_LOGIN) {
		*type_r = (int)number;
		return true;
	}
	if (mw_table_find(mw_login_types, word, type_r))
		return true;
	mw_exchange_error(import, file, row, "LoginType", "PlainTextLogin, PlainTextAuthentication or SecureLogin",
			  "bad value \"%.*s\"", MW_STR_ARG(mw_text_cut(word, 100)));
	return false;
}

static void print_login(FILE *out, struct mw_exchange *import, enum mw_exchange_file file, const char *protocol)
{
	const struct mw_csv *csv = &import->tables[file].csv;
	const struct mw_csv_row *first = NULL;
	int type = 0, other;

	for (size_t i = 0; i < csv->row_count; i++) {
		if (!mw_exchange_is_here(import, file, &csv->rows[i]) ||
		    !read_login_type(import, file, &csv->rows[i], first == NULL ? &type : &other))
			continue;
		if (first == NULL)
			first = &csv->rows[i];
		else if (other != type)
			mw_exchange_error(import, file, &csv->rows[i], "LoginType", "--server NAME", "line %u says %s", first->line,
					  mw_table_word(mw_login_types, type));
	}
	if (first != NULL)
		fprintf(out, "\n# Get-%s\nlogin \"%s\" {\n    protocols = { %s }\n    login_type = %s\n    mode = audit\n}\n",
			mw_exchange_files[file].name, protocol, protocol, mw_table_word(mw_login_types, type));
}

/* --- connectors */

static void print_binding_list(FILE *out, const struct mw_bindings *bindings)
{
	fputs("    bindings = {", out);
	for (size_t i = 0; i < bindings->count; i++) {
		char memory[128];
		struct mw_buf buf = MW_BUF_OVER(memory);

		mw_binding_print(&bindings->items[i], &buf);
		fprintf(out, "%s \"%s\"", i > 0 ? "," : "", buf.data);
	}
	fputs(" }\n", out);
}

static void print_range_list(FILE *out, const struct mw_ranges *ranges)
{
	fputs("    remote_ip_ranges = {", out);
	for (size_t i = 0; i < ranges->count; i++) {
		char memory[128];
		struct mw_buf buf = MW_BUF_OVER(memory);

		mw_range_print(&ranges->items[i], &buf);
		fprintf(out, "%s%s\"%s\"", i > 0 ? "," : "", i > 0 && i % 4 == 0 ? "\n                         " : " ", buf.data);
	}
	fputs(" }\n", out);
}

static void print_connector(FILE *out, const struct mw_exchange_connector *connector,
			    const struct mw_exchange_limits *limits)
{
	bool users = (connector->groups & MW_EXCHANGE_USERS) != 0, strangers = (connector->groups & MW_ANONYMOUS_USERS) != 0;
	uint64_t size = users && strangers ? (limits->send > limits->receive ? limits->send : limits->receive)
			: users		   ? limits->send
					   : limits->receive;

	fprintf(out, "\nconnector ");
	print_quoted(out, connector->name);
	fputs(" {\n", out);
	if (!connector->enabled)
		fputs("    enabled = no\n", out);
	print_binding_list(out, &connector->bindings);
	print_range_list(out, &connector->remote);
	print_words(out, "auth_mechanism", mw_auth_mechanism_names, connector->mechanisms);
	if (connector->require_tls)
		fputs("    require_tls = yes\n", out);
	print_words(out, "permission_groups", mw_permission_group_names, connector->groups);
	if (connector->grant != 0)
		print_words(out, "grant_permissions", mw_permission_names, connector->grant);
	if (connector->deny != 0)
		print_words(out, "deny_permissions", mw_permission_names, connector->deny);
	if (connector->open_relay)
		fputs("    # These are public addresses: whoever has one of them relays through this server, as in Exchange.\n"
		      "    open_relay_accepted = yes\n", out);
	print_size(out, "max_message_size", smaller(connector->size, size));
	print_limit(out, "max_recipients_per_message", smaller(connector->recipients, limits->recipients));
	if (connector->rate != MW_UNLIMITED)
		fprintf(out, "    # Not enforced by this version: message_rate_limit = %llu, message_rate_source = %s\n",
			(unsigned long long)connector->rate,
			connector->has_rate_source ? mw_table_word(mw_rate_sources, connector->rate_source) : "User");
	fputs("    mode = audit\n}\n", out);
}

/* Exchange Online has none that anybody could export. */
static void print_built_in(FILE *out)
{
	fputs("\n# No receive connector was exported: the two connectors that every policy begins with.\n"
	      "connector \"Default\" {\n    bindings = { \"*:25\" }\n    auth_mechanism = { Tls }\n"
	      "    permission_groups = { AnonymousUsers }\n    mode = audit\n}\n\n"
	      "connector \"Client\" {\n    bindings = { \"*:587\", \"*:465\" }\n"
	      "    auth_mechanism = { Tls, BasicAuth, BasicAuthRequireTLS, Integrated }\n"
	      "    permission_groups = { ExchangeUsers }\n    mode = audit\n}\n",
	      out);
}

/* --- the text */

static void print_all(FILE *out, struct mw_exchange *import, const char *directory_path)
{
	struct mw_exchange_connectors connectors;
	struct mw_exchange_limits limits;

	fputs("# Mailwicket's policy: mailwicket.conf(5). Made by \"mailwicket import exchange\".\n"
	      "# Nothing is refused while every rule below is in audit mode: what would be refused is logged.\n\n",
	      out);
	print_domains(out, import);
	print_login(out, import, MW_EXCHANGE_IMAP, "imap");
	print_login(out, import, MW_EXCHANGE_POP, "pop3");
	mw_exchange_read_connectors(import, &connectors);
	find_limits(import, &connectors);
	import->connectors = connectors.count;
	mw_exchange_read_limits(import, &limits);
	if (connectors.count > 0)
		fputs("\n# Get-ReceiveConnector\n", out);
	else
		print_built_in(out);
	for (size_t i = 0; i < connectors.count; i++)
		print_connector(out, &connectors.items[i], &limits);
	fputs("\n# Every decision, so that the audit shows what works too.\nlog { decisions = all }\n", out);
	fputs("\n# Who your users are: mailwicket-directory(5). After a change of that file: mailwicket sync\n"
	      "directory {\n    source \"local\" { driver = text  path = ", out);
	print_quoted(out, mw_str(directory_path));
	fputs(" }\n}\n", out);
}

struct mw_str mw_exchange_policy_text(struct mw_exchange *import, const char *directory_path)
{
	char *memory = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&memory, &size);
	struct mw_str text = MW_STR_EMPTY;

	if (out == NULL)
		return text;
	print_all(out, import, directory_path);
	if (fclose(out) == 0 && mw_errors_count(import->errors, MW_ERROR) == 0)
		text = mw_arena_copy(import->arena, (struct mw_str){ memory, size });
	free(memory);
	return text;
}
