/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "ui/arguments.h"
#include "clients/format.h"
#include "decide/identity.h"
#include "named.h"
#include "ui/output.h"
#include "setting.h"

enum {
	OPTION_DOMAIN, OPTION_FORMAT, OPTION_NAME, OPTION_HOST, OPTION_IMAP_HOST, OPTION_POP3_HOST, OPTION_SMTP_HOST,
	OPTION_IMAPS_PORT, OPTION_IMAP_PORT, OPTION_POP3S_PORT, OPTION_POP3_PORT, OPTION_SUBMISSIONS_PORT,
	OPTION_SUBMISSION_PORT, OPTION_COUNT
};

static const struct mw_option options[OPTION_COUNT] = {
	[OPTION_DOMAIN] = { "domain", "DOMAIN", "for everybody with an address in this domain" },
	[OPTION_FORMAT] = { "format", "text|html|thunderbird|outlook|apple|srv", "how to print them (default: text)" },
	[OPTION_NAME] = { "name", "TEXT", "what the mail service is called (default: the domain)" },
	[OPTION_HOST] = { "host", "HOST", "the servers' name (default: the policy's hostname)" },
	[OPTION_IMAP_HOST] = { "imap-host", "HOST", "the name for IMAP" },
	[OPTION_POP3_HOST] = { "pop3-host", "HOST", "the name for POP3" },
	[OPTION_SMTP_HOST] = { "smtp-host", "HOST", "the name for sending" },
	[OPTION_IMAPS_PORT] = { "imaps-port", "N|none", "IMAP with implicit TLS (default: 993)" },
	[OPTION_IMAP_PORT] = { "imap-port", "N|none", "IMAP with STARTTLS (default: 143)" },
	[OPTION_POP3S_PORT] = { "pop3s-port", "N|none", "POP3 with implicit TLS (default: 995)" },
	[OPTION_POP3_PORT] = { "pop3-port", "N|none", "POP3 with STARTTLS (default: 110)" },
	[OPTION_SUBMISSIONS_PORT] = { "submissions-port", "N|none", "sending with implicit TLS (default: 465)" },
	[OPTION_SUBMISSION_PORT] = { "submission-port", "N|none", "sending with STARTTLS (default: 587)" },
};

enum format { FORMAT_TEXT, FORMAT_HTML, FORMAT_THUNDERBIRD, FORMAT_OUTLOOK, FORMAT_APPLE, FORMAT_SRV };

static const struct mw_word format_words[] = {
	{ "text", FORMAT_TEXT },       { "html", FORMAT_HTML },   { "thunderbird", FORMAT_THUNDERBIRD },
	{ "outlook", FORMAT_OUTLOOK }, { "apple", FORMAT_APPLE }, { "srv", FORMAT_SRV },
};
static const struct mw_table formats = MW_TABLE(format_words);

static void (*const writers[])(struct mw_buf *out, const void *context) = {
	[FORMAT_TEXT] = mw_client_write_text,	    [FORMAT_HTML] = mw_client_write_html,
	[FORMAT_THUNDERBIRD] = mw_client_write_thunderbird, [FORMAT_OUTLOOK] = mw_client_write_outlook,
	[FORMAT_APPLE] = mw_client_write_apple,	    [FORMAT_SRV] = mw_client_write_srv,
};

struct request {
	const char *asked, *domain; /* one of them */
	enum format format;
	struct mw_str name, host;
	struct mw_client_site site; /* hosts: empty where none was given */
	struct mw_client_sheet sheet;
	char domain_text[MW_DOMAIN_MAX + 1];
};

/* --- options */

/* False with one line printed. The canonical form would hide what was typed: it is only checked. */
static bool set_host(struct mw_str *host, const char *option, const char *value)
{
	char canonical[MW_DOMAIN_MAX + 1];
	size_t len;

	if (!mw_domain_canonical(mw_str(value), canonical, &len) || strlen(canonical) != strlen(value)) {
		mw_usage_error("--%s %s: expected a host name", option, value);
		return false;
	}
	*host = mw_str(value);
	return true;
}

static bool set_port(uint16_t *port, const char *option, const char *value)
{
	uint64_t number = 0;
	bool none = strcmp(value, "none") == 0;

	if (!none && (!mw_parse_number(mw_str(value), &number) || number == 0 || number > UINT16_MAX)) {
		mw_usage_error("--%s %s: expected a port from 1 to 65535, or none", option, value);
		return false;
	}
	*port = (uint16_t)number;
	return true;
}

static bool set_format(enum format *format_r, const char *value)
{
	char expected[128];
	struct mw_buf out = MW_BUF_OVER(expected);
	int found;

	if (mw_table_find(formats, mw_str(value), &found)) {
		*format_r = (enum format)found;
		return true;
	}
	mw_table_print(formats, &out);
	mw_usage_error("--format %s: expected %s", value, expected);
	return false;
}

static bool set_option(struct request *request, int row, const char *value)
{
	const char *option = options[row].name;

	switch (row) {
	case OPTION_DOMAIN:
		request->domain = value;
		return true;
	case OPTION_FORMAT:
		return set_format(&request->format, value);
	case OPTION_NAME:
		request->name = mw_str(value);
		return true;
	case OPTION_HOST:
		return set_host(&request->host, option, value);
	case OPTION_IMAP_HOST:
	case OPTION_POP3_HOST:
	case OPTION_SMTP_HOST:
		return set_host(&request->site.hosts[row - OPTION_IMAP_HOST], option, value);
	default:
		return set_port(&request->site.ports[(row - OPTION_IMAPS_PORT) / 2][(row - OPTION_IMAPS_PORT) % 2], option,
				value);
	}
}

/* EX_OK, another exit code after one line, or -1 after the help. */
static int read_options(struct request *request, struct mw_arguments *arguments)
{
	const char *value;
	int row;

	while ((row = mw_arguments_next(arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD && request->asked == NULL) {
			request->asked = value;
			continue;
		}
		if (row == MW_ARGUMENT_WORD)
			return mw_usage_error("one user at a time, not also %s", value);
		if (row < 0)
			return row == MW_ARGUMENT_HELP ? -1 : EX_USAGE;
		if (!set_option(request, row, value))
			return EX_USAGE;
	}
	if (request->asked != NULL && request->domain != NULL)
		return mw_usage_error("give a user or --domain DOMAIN, not both");
	if (request->asked == NULL && request->domain == NULL)
		return mw_usage_error("name a user, or --domain DOMAIN");
	if (request->format == FORMAT_SRV && request->domain == NULL)
		return mw_usage_error("--format srv: records are for a whole domain: --domain DOMAIN");
	return EX_OK;
}

/* --- whose settings */

/* Whoever has an address in the domain. EX_OK, or 1 after one line. */
static int find_domain(struct request *request, const struct mw_policy *policy, struct mw_principal *user_r)
{
	const struct mw_accepted_domain *accepted = NULL;
	size_t len;

	if (mw_domain_canonical(mw_str(request->domain), request->domain_text, &len))
		accepted = mw_choose_accepted_domain(policy, mw_str(request->domain_text));
	if (accepted == NULL || accepted->type != MW_AUTHORITATIVE) {
		mw_complain("%s: %s", request->domain,
			    accepted == NULL ? "not an accepted domain of the policy"
					     : "an accepted domain, but not an Authoritative one: no mailbox is there");
		return 1;
	}
	request->sheet.domain = accepted->subdomains ? mw_str(request->domain_text) : accepted->domain;
	*user_r = (struct mw_principal){ .kind = MW_USER, .imap = true, .pop3 = true, .sieve = true, .smtp = true,
					 .relay = true, .message_rate_limit = MW_NOT_SET, .recipient_rate_limit = MW_NOT_SET,
					 .max_message_size = MW_NOT_SET, .max_recipients = MW_NOT_SET };
	return EX_OK;
}

static int find_user(struct request *request, const struct mw_policy *policy, struct mw_directory *directory,
		     struct mw_principal *user_r)
{
	const struct mw_directory_view *view = mw_directory_view(directory);
	struct mw_named named;
	enum mw_lookup found = mw_identity_named(policy, view, mw_str(request->asked), &named);

	*user_r = named.principal;
	if (named.ambiguous) {
		mw_named_complain("client-settings", request->asked, &named);
		return 1;
	}
	if (found == MW_LOOKUP_UNAVAILABLE) {
		mw_setting_complain(directory);
		return EX_TEMPFAIL;
	}
	if (found == MW_LOOKUP_NONE || user_r->kind != MW_USER) {
		mw_complain("%s: %s", request->asked,
			    found == MW_LOOKUP_NONE ? "not in the directory" : "a group, which logs in nowhere");
		return 1;
	}
	if (user_r->networks != 0 &&
	    view->networks(view->context, user_r->networks, &request->sheet.networks) != MW_LOOKUP_FOUND) {
		mw_setting_complain(directory);
		return EX_TEMPFAIL;
	}
	request->sheet.user_name = user_r->name;
	request->sheet.domain = mw_str_tail(user_r->name, mw_str_find_last(user_r->name, '@') + 1);
	return EX_OK;
}

/* --- the answer */

static void fill_sheet(struct request *request, const struct mw_policy *policy, struct mw_principal *user)
{
	struct mw_client_sheet *sheet = &request->sheet;
	struct mw_str host = mw_str_empty(request->host) ? policy->hostname : request->host;
	char somebody[MW_DOMAIN_MAX + 8];

	for (unsigned i = 0; i < MW_CLIENT_SERVICES; i++) {
		if (mw_str_empty(request->site.hosts[i]))
			request->site.hosts[i] = host;
	}
	if (mw_str_empty(user->name)) {
		snprintf(somebody, sizeof(somebody), "user@%s", request->domain_text);
		user->name = mw_str(somebody);
	}
	sheet->hostname = policy->hostname;
	sheet->provider = mw_str_empty(request->name) ? sheet->domain : request->name;
	mw_client_settings_find(policy, user, &request->site, &sheet->settings);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct request *request = context;
	static char text[256 * 1024];
	struct mw_buf out = MW_BUF_OVER(text);

	if (request->format == FORMAT_TEXT) {
		mw_client_write_json(json, &request->sheet);
		return;
	}
	writers[request->format](&out, &request->sheet);
	mw_json_string(json, mw_table_word(formats, (int)request->format), mw_buf_str(&out));
}

/* The name of a file that a mail program takes only with both servers in it; NULL: it takes either. */
static const char *whole_of(int format)
{
	return format == FORMAT_APPLE ? "a profile" : format == FORMAT_THUNDERBIRD ? "Thunderbird's file" : NULL;
}

static int print_sheet(const struct mw_cli *cli, const struct request *request)
{
	const struct mw_client_settings *settings = &request->sheet.settings;
	const char *who = request->domain != NULL ? request->domain : request->asked;
	const char *whole = whole_of((int)request->format);
	bool printed;

	if (whole != NULL &&
	    (mw_client_incoming(settings) == NULL || mw_client_best(settings, MW_CLIENT_SMTP) == NULL)) {
		mw_complain("%s: %s needs a server to receive from and one to send through; "
			    "see --format text", who, whole);
		return 1;
	}
	if (settings->count == 0 && request->format != FORMAT_TEXT) {
		mw_complain("%s: may neither receive nor send; see --format text", who);
		return 1;
	}
	printed = cli->json ? mw_output_json(write_members, request) : mw_output(writers[request->format], &request->sheet);
	return !printed ? EX_OSERR : settings->count == 0 ? 1 : EX_OK;
}

static int client_settings(const struct mw_cli *cli, struct request *request)
{
	struct mw_policy *policy = mw_setting_policy(cli);
	struct mw_directory *directory = NULL;
	struct mw_principal user;
	int code;

	if (policy == NULL)
		return EX_CONFIG;
	if (request->domain != NULL)
		code = find_domain(request, policy, &user);
	else if ((directory = mw_setting_directory(policy)) != NULL)
		code = find_user(request, policy, directory, &user);
	else
		code = EX_OSERR;
	if (code == EX_OK) {
		fill_sheet(request, policy, &user);
		code = print_sheet(cli, request);
	}
	mw_directory_free(directory);
	mw_policy_free(policy);
	return code;
}

static int run_client_settings(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct request request = { .site = mw_client_site_usual(MW_STR_EMPTY) };
	int status = read_options(&request, &arguments);

	if (status != EX_OK)
		return status < 0 ? EX_OK : status;
	return client_settings(cli, &request);
}

const struct mw_command mw_client_settings_command = {
	.name = "client-settings",
	.usage = "USER|--domain DOMAIN [OPTION...]",
	.summary = "what a user has to enter in a mail program",
	.run = run_client_settings,
	.options = options,
	.option_count = OPTION_COUNT,
	.note = "exit 0: printed; 1: no such user or domain, or nothing is permitted; 75: no directory to look in",
};
