/* SPDX-License-Identifier: MIT */
/* The policy that does what the servers do today. */
#include <stdlib.h>

#include "base/units.h"
#include "base/text.h"
#include "policy/read.h"
#include "servers/init/databases.h"
#include "ui/output.h"

#define COLUMNS 100 /* of a comment, as far as its words allow */

/* --- texts */

static void print_quoted(FILE *out, struct mw_str text)
{
	fprintf(out, "\"%.*s\"", MW_STR_ARG(text));
}

static void print_binding(FILE *out, const struct mw_binding *binding)
{
	char text[128];
	struct mw_buf buf = MW_BUF_OVER(text);

	mw_binding_print(binding, &buf);
	print_quoted(out, mw_buf_str(&buf));
}

static void print_ranges(FILE *out, const struct mw_ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++) {
		char text[128];
		struct mw_buf buf = MW_BUF_OVER(text);

		mw_range_print(&ranges->items[i], &buf);
		fputs(i > 0 ? ", " : "", out);
		print_quoted(out, mw_buf_str(&buf));
	}
}

static void print_words(FILE *out, const char *indent, struct mw_str text)
{
	struct mw_str word;
	size_t column = strlen(indent) + 1;

	fprintf(out, "%s#", indent);
	while (mw_str_split(&text, ' ', &word)) {
		if (column > strlen(indent) + 1 && column + 1 + word.len > COLUMNS) {
			fprintf(out, "\n%s#  ", indent);
			column = strlen(indent) + 3;
		}
		fprintf(out, " %.*s", MW_STR_ARG(word));
		column += 1 + word.len;
	}
	fputc('\n', out);
}

void mw_init_print_comment(FILE *out, const char *indent, const char *text)
{
	struct mw_str rest = mw_str(text), line;

	while (mw_str_split(&rest, '\n', &line)) {
		char memory[4096];
		struct mw_buf buf = MW_BUF_OVER(memory);

		mw_text_show(&buf, line);
		print_words(out, indent, mw_buf_str(&buf));
	}
}

static void print_comment(FILE *out, const char *text)
{
	mw_init_print_comment(out, "", text);
}

/* --- domains */

static void print_domain(FILE *out, const struct mw_init_domain *domain)
{
	static const char *const types[] = { "Authoritative", "InternalRelay", "ExternalRelay" };

	print_comment(out, domain->setting);
	fprintf(out, "accepted_domain \"%s%.*s\" {%s", domain->subdomains ? "*." : "", MW_STR_ARG(domain->name),
		domain->local_names.count > 0 ? "\n    " : " ");
	fprintf(out, "type = %s", types[domain->type]);
	if (domain->local_names.count > 0)
		fputs("\n    # Other names of the same mailboxes: of this host, and of "
		      "domains that lead here.\n"
		      "    local_names = {",
		      out);
	for (size_t i = 0; i < domain->local_names.count; i++) {
		fputs(i == 0 ? " " : i % 4 == 0 ? ",\n                    " : ", ", out);
		print_quoted(out, domain->local_names.items[i]);
	}
	fputs(domain->local_names.count > 0 ? " }\n}\n" : " }\n", out);
}

static void print_domains(FILE *out, const struct mw_init *init)
{
	fputs("# What Postfix adds to a name without a domain (myorigin); completes "
	      "a login too.\n",
	      out);
	if (!mw_str_empty(init->origin))
		fprintf(out, "default_domain = \"%.*s\"\n\n", MW_STR_ARG(init->origin));
	fputs("# Who has a password and no line in the directory sends as himself, and as nobody else.\n"
	      "unlisted_logins = own_address\n\n",
	      out);
	fputs("# As recipient_delimiter of Postfix: with \"+\", alice+shop@ is "
	      "alice's.\n",
	      out);
	fprintf(out, "recipient_delimiter = \"%.*s\"\n\n", MW_STR_ARG(init->delimiter));
	fputs("# The domains that Postfix takes mail for.\n\n", out);
	for (size_t i = 0; i < init->domain_count; i++)
		print_domain(out, &init->domains[i]);
}

/* --- logins */

static void print_login(FILE *out, const struct mw_init *init, const struct mw_init_login *login)
{
	print_comment(out, login->comment);
	fputs("login ", out);
	print_quoted(out, mw_str(login->name));
	fputs(" {\n", out);
	if (!mw_str_empty(login->protocol))
		fprintf(out, "    protocols = { %.*s }\n", MW_STR_ARG(login->protocol));
	if (login->remote.count > 0) {
		fputs("    remote = { ", out);
		print_ranges(out, &login->remote);
		fputs(" }\n", out);
	}
	if (login->without_tls)
		fputs("    login_type = PlainTextLogin\n", out);
	if (init->login_tls < MW_TLS_1_2)
		fprintf(out, "    tls_min_version = \"%s\"\n", mw_table_word(mw_tls_versions, (int)init->login_tls));
	fputs("    mode = audit\n}\n", out);
}

/* --- connectors: listeners alike share one */

static bool same_ranges(const struct mw_ranges *a, const struct mw_ranges *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!mw_ip_equal(&a->items[i].first, &b->items[i].first) ||
		    !mw_ip_equal(&a->items[i].last, &b->items[i].last))
			return false;
	return true;
}

/* Whether Postfix is to go on comparing alone: the directory does not have all that its tables say. */
static bool leaves_senders(const struct mw_init_listener *listener)
{
	return listener->any_sender || listener->other_senders;
}

static bool alike(const struct mw_init_listener *a, const struct mw_init_listener *b)
{
	return a->users == b->users && a->strangers == b->strangers && leaves_senders(a) == leaves_senders(b) &&
	       a->tls == b->tls && a->tls_required == b->tls_required && a->auth_without_tls == b->auth_without_tls &&
	       mw_str_equal(a->refuses_owned, b->refuses_owned) &&
	       mw_str_equal(a->size, b->size) && mw_str_equal(a->recipients, b->recipients) &&
	       mw_str_equal(a->sasl_service, b->sasl_service) && same_ranges(&a->loopback, &b->loopback) &&
	       same_ranges(&a->private, &b->private) && same_ranges(&a->public, &b->public);
}

struct connector {
	const char *kind, *comment;
	const struct mw_ranges *remote; /* NULL: all */
	bool relays, public;
};

/* Whether the binding of a proxy's clients is one of a listener, or was printed for another one behind the proxy. */
static bool is_elsewhere(const struct mw_init *init, size_t index)
{
	const struct mw_binding *clients = &init->listeners[index].clients;
	bool found = false;

	for (size_t i = 0; i < init->listener_count; i++)
		found |= init->listeners[i].left_out == NULL &&
			 (mw_binding_overlaps(&init->listeners[i].binding, clients) ||
			  (i < index && init->listeners[i].proxied &&
			   mw_binding_overlaps(&init->listeners[i].clients, clients)));
	return found;
}

static void print_bindings(FILE *out, const struct mw_init *init, size_t first)
{
	bool any = false;

	fputs("    bindings          = { ", out);
	for (size_t i = first; i < init->listener_count; i++) {
		if (init->listeners[i].left_out != NULL || !alike(&init->listeners[i], &init->listeners[first]))
			continue;
		fputs(any ? ", " : "", out);
		print_binding(out, &init->listeners[i].binding);
		any = true;
		if (init->listeners[i].proxied && !is_elsewhere(init, i)) {
			fputs(", ", out);
			print_binding(out, &init->listeners[i].clients);
		}
	}
	fputs(" }\n", out);
}

static void print_authentication(FILE *out, const struct mw_init_listener *listener)
{
	if (!listener->users) {
		fprintf(out, "    auth_mechanism    = { %s }\n", listener->tls ? "Tls" : "None");
		return;
	}
	if (listener->auth_without_tls)
		fputs("    # Passwords without TLS are taken here today. With Tls and BasicAuthRequireTLS beside\n"
		      "    # BasicAuth they are refused once this is enforced.\n",
		      out);
	fprintf(out, "    auth_mechanism    = { %sBasicAuth, %sIntegrated }\n", listener->tls ? "Tls, " : "",
		listener->auth_without_tls ? "" : "BasicAuthRequireTLS, ");
	if (!mw_str_empty(listener->sasl_service))
		fprintf(out, "    sasl_services     = { \"%.*s\" }\n", MW_STR_ARG(listener->sasl_service));
}

static void print_limits(FILE *out, const struct mw_init_listener *listener)
{
	uint64_t number;

	if (mw_parse_number(listener->size, &number)) {
		fputs("    max_message_size  = ", out);
		fprintf(out, number == 0 ? "unlimited\n" : "%llu\n", (unsigned long long)number);
	}
	if (mw_parse_number(listener->recipients, &number) && number > 0)
		fprintf(out, "    max_recipients_per_message = %llu\n", (unsigned long long)number);
}

static void print_permissions(FILE *out, const struct mw_init_listener *listener, const struct connector *connector)
{
	bool anonymous = connector->relays || listener->strangers;

	fprintf(out, "    permission_groups = { %s%s%s }\n", anonymous ? "AnonymousUsers" : "",
		anonymous && listener->users ? ", " : "", listener->users ? "ExchangeUsers" : "");
	if (connector->remote == NULL && !mw_str_empty(listener->refuses_owned))
		fprintf(out, "    # Postfix refuses whoever uses a sender of smtpd_sender_login_maps here without a login, and goes\n"
			     "    # on to do so (%.*s).\n", MW_STR_ARG(listener->refuses_owned));
	if (leaves_senders(listener))
		fputs("    # The directory lacks some of what smtpd_sender_login_maps says: Postfix goes on comparing\n"
		      "    # senders, and mailwicket does not. When the directory has all of it, take\n"
		      "    # Accept-Any-Sender and Accept-Authoritative-Domain-Sender out.\n",
		      out);
	if (connector->relays || leaves_senders(listener))
		fprintf(out, "    grant_permissions = { %s%s%s }\n", connector->relays ? "Accept-Any-Recipient" : "",
			connector->relays && leaves_senders(listener) ? ", " : "",
			leaves_senders(listener) ? "Accept-Any-Sender, Accept-Authoritative-Domain-Sender" : "");
	if (connector->public)
		fputs("    # These are public addresses: whoever has one of them relays "
		      "through this server, as today.\n"
		      "    open_relay_accepted = yes\n",
		      out);
}

/* Of several of one kind all but the first are named by the port too, and by a
   number where that is taken. */
static void print_name(FILE *out, const struct mw_init *init, const char *kind, size_t first, unsigned before)
{
	uint16_t port = init->listeners[first].binding.port;
	bool taken = false;

	for (size_t i = 0; i < first; i++)
		taken |= init->listeners[i].binding.port == port && init->listeners[i].left_out == NULL;
	fprintf(out, "connector \"%s", kind);
	if (before > 0)
		fprintf(out, " %u", port);
	if (before > 0 && taken)
		fprintf(out, "-%u", before + 1);
	fputs("\" {\n", out);
}

static void print_connector(FILE *out, const struct mw_init *init, size_t first, const struct connector *connector,
			    unsigned before)
{
	const struct mw_init_listener *listener = &init->listeners[first];

	fputc('\n', out);
	print_comment(out, connector->comment);
	print_name(out, init, connector->kind, first, before);
	print_bindings(out, init, first);
	if (connector->remote != NULL) {
		fputs("    remote_ip_ranges  = { ", out);
		print_ranges(out, connector->remote);
		fputs(" }\n", out);
	}
	print_authentication(out, listener);
	if (listener->tls_required && !listener->strangers && connector->remote == NULL)
		fputs("    require_tls       = yes\n", out);
	print_permissions(out, listener, connector);
	print_limits(out, listener);
	fputs("    mode = audit\n}\n", out);
}

static bool is_first_of_its_kind(const struct mw_init *init, size_t index)
{
	if (init->listeners[index].left_out != NULL)
		return false;
	for (size_t i = 0; i < index; i++)
		if (init->listeners[i].left_out == NULL && alike(&init->listeners[i], &init->listeners[index]))
			return false;
	return true;
}

static struct connector base_of(const struct mw_init_listener *listener)
{
	if (listener->users && listener->strangers)
		return (struct connector){ .kind = "Default with users",
					   .comment = "From everywhere to your own domains without "
						      "a login, and from users to everybody." };
	if (listener->users)
		return (struct connector){ .kind = "Client",
					   .comment = "Your users, with a login: as themselves, to everybody." };
	return (struct connector){ .kind = "Default",
				   .comment = "From everywhere, without a login, to your own domains." };
}

static void print_connectors(FILE *out, const struct mw_init *init)
{
	unsigned users = 0, strangers = 0, both = 0, loopback = 0, private = 0, public = 0;

	for (size_t i = 0; i < init->listener_count; i++) {
		const struct mw_init_listener *listener = &init->listeners[i];
		struct connector base = base_of(listener);
		const struct connector here = { "This host",
						"Programs on this host that do not log in: "
						"a web application, a script.",
						&listener->loopback, true, false };
		const struct connector near = { "Networks",
						"mynetworks: printers, scanners and applications that do not log in.",
						&listener->private, true, false };
		const struct connector far = { "Public networks", "Public addresses in mynetworks.", &listener->public,
					       true, true };

		if (!is_first_of_its_kind(init, i))
			continue;
		if (listener->users || listener->strangers)
			print_connector(out, init, i, &base,
					listener->users && listener->strangers ? both++
					: listener->users		       ? users++
									       : strangers++);
		if (listener->loopback.count > 0)
			print_connector(out, init, i, &here, loopback++);
		if (listener->private.count > 0)
			print_connector(out, init, i, &near, private ++);
		if (listener->public.count > 0)
			print_connector(out, init, i, &far, public ++);
	}
	for (size_t i = 0; i < init->listener_count; i++)
		if (init->listeners[i].left_out != NULL)
			print_comment(out, mw_arena_textf(init->arena, "no connector for %s: it %s",
							  init->listeners[i].service, init->listeners[i].left_out));
}

/* --- the rest */

static void print_unread(FILE *out, const struct mw_init *init)
{
	if (init->unread_count == 0)
		return;
	fputs("\n# What could not be read, and what to do:\n", out);
	for (size_t i = 0; i < init->unread_count; i++) {
		const struct mw_init_unread *unread = &init->unread[i];

		print_comment(out, mw_arena_textf(init->arena, "- %s%s%s: %s;\n  %s", unread->setting,
						  unread->what[0] != '\0' ? ", " : "", unread->what, unread->why,
						  unread->fix));
	}
}

static void print_service(FILE *out, const struct mw_init *init)
{
	if (strcmp(init->postfix.queue_directory, MW_POSTFIX_QUEUE) != 0)
		fprintf(out,
			"\n# In Postfix's queue directory, so that smtpd finds it in a "
			"chroot.\npolicy_service { listen = { "
			"\"unix:%s/mailwicket/policy\" } }\n",
			init->postfix.queue_directory);
	fputs("\n# Every decision, so that the audit shows what works too.\nlog { "
	      "decisions = all }\n",
	      out);
	fprintf(out,
		"\n# Who your users are: mailwicket-directory(5). After a change of that "
		"file: mailwicket sync\n"
		"directory {\n    source \"local\" { driver = text  path = \"%s\" }\n",
		init->directory_path);
	for (size_t i = 0; i < init->database_count; i++)
		mw_init_print_database(out, init, &init->databases[i]);
	fputs("}\n", out);
}

struct mw_str mw_init_policy_text(struct mw_init *init)
{
	char *memory = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&memory, &size);
	struct mw_str text;

	if (out == NULL)
		return MW_STR_EMPTY;
	fprintf(out, "# Mailwicket's policy: mailwicket.conf(5). Made by \"mailwicket %s\" of what Postfix and\n"
	      "# Dovecot do today.\n"
	      "# Nothing is refused while every rule below is in audit mode: what "
	      "would be refused is logged.\n",
	      init->made_by);
	print_unread(out, init);
	fputc('\n', out);
	print_domains(out, init);
	for (size_t i = 0; i < init->login_count; i++) {
		fputc('\n', out);
		print_login(out, init, &init->logins[i]);
	}
	print_connectors(out, init);
	print_service(out, init);
	text = fclose(out) == 0 ? mw_arena_copy(init->arena, (struct mw_str){ memory, size }) : MW_STR_EMPTY;
	free(memory);
	return text;
}

struct mw_policy *mw_init_policy(const struct mw_init *init, struct mw_str text)
{
	struct mw_errors *errors = mw_errors_new(100);
	struct mw_policy *policy =
		errors != NULL ? mw_policy_read_text(init->policy_path, text, "localhost", 0, errors) : NULL;

	if (policy == NULL && errors != NULL) {
		mw_complain("the policy made of these servers has errors; nothing was written:");
		mw_output_errors(errors);
	}
	mw_errors_free(errors);
	return policy;
}
