/* SPDX-License-Identifier: MIT */
#include "probe/probe.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "ui/arguments.h"
#include "base/table.h"
#include "base/units.h"
#include "mail/address.h"
#include "ui/output.h"
#include "ui/password.h"
#include "probe/address.h"
#include "probe/dialogue.h"
#include "probe/print.h"
#include "probe/tls.h"
#include "base/text.h"

#define DEFAULT_TIMEOUT 10
#define LONGEST_TIMEOUT 300
#define DEFAULT_WARN_DAYS 14
#define MOST_WARN_DAYS 3650
#define DEFAULT_OUTSIDE "mailwicket-probe@example.com"

#define EXIT_BAD 1
#define EXIT_DOUBTFUL 2

/* In the order of the options for their ports. */
const struct mw_probe_service mw_probe_services[MW_PROBE_SERVICE_COUNT] = {
	{ "imap", MW_PROTOCOL_IMAP, false, 143 },
	{ "imaps", MW_PROTOCOL_IMAP, true, 993 },
	{ "pop3", MW_PROTOCOL_POP3, false, 110 },
	{ "pop3s", MW_PROTOCOL_POP3, true, 995 },
	{ "smtp", MW_PROTOCOL_SMTP, false, 25 },
	{ "submission", MW_PROTOCOL_SUBMISSION, false, 587 },
	{ "submissions", MW_PROTOCOL_SUBMISSION, true, 465 },
};

enum option {
	OPTION_PORT, /* the first of as many as there are services */
	OPTION_NAME = MW_PROBE_SERVICE_COUNT, OPTION_CA, OPTION_WARN_DAYS, OPTION_USER, OPTION_PASSWORD_FILE, OPTION_SENDER,
	OPTION_RECIPIENT, OPTION_SEND, OPTION_OUTSIDE, OPTION_TIMEOUT
};

static const struct mw_option options[] = {
	{ "imap-port", "N|none", "IMAP with STARTTLS, 143" },
	{ "imaps-port", "N|none", "IMAP with implicit TLS, 993" },
	{ "pop3-port", "N|none", "POP3 with STLS, 110" },
	{ "pop3s-port", "N|none", "POP3 with implicit TLS, 995" },
	{ "smtp-port", "N|none", "SMTP from server to server, 25" },
	{ "submission-port", "N|none", "SMTP for users with STARTTLS, 587" },
	{ "submissions-port", "N|none", "SMTP for users with implicit TLS, 465" },
	{ "name", "NAME", "the name that certificates must have (default: HOST)" },
	{ "ca", "FILE", "certificates to trust in place of the system's" },
	{ "warn-days", "DAYS", "doubtful when a certificate expires within DAYS, 0 to 3650 (default: 14)" },
	{ "user", "LOGIN", "log in over TLS, and on 587 and 465 try to send" },
	{ "password-file", "FILE", "its first line is the password (default: ask)" },
	{ "sender", "ADDRESS", "send as (default: the user)" },
	{ "recipient", "ADDRESS", "send to (default: the sender)" },
	{ "send", NULL, "really send a small message through 587 and 465" },
	{ "outside", "ADDRESS|none", "a recipient that is refused without a login" },
	{ "timeout", "SECONDS", "for each step, 1 to 300 (default: 10)" },
};

#define OPTION_COUNT (sizeof(options) / sizeof(options[0]))

/* What the command line says. */
struct wishes {
	struct mw_probe probe;
	const char *ca_file, *password_file, *sender, *recipient;
	bool named[MW_PROBE_SERVICE_COUNT], some_named; /* services named after the host: only these */
};

/* --- the command line */

static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *number_r)
{
	return mw_parse_number(mw_str(text), number_r) && *number_r >= least && *number_r <= most;
}

/* Text that goes into a command of a protocol, and back to the terminal: no line may end in it. */
static bool is_one_line(const char *text)
{
	struct mw_str line = mw_str(text);

	return mw_text_harmless_head(line, '\0', '\0') == line.len;
}

static bool is_mailbox(const char *text)
{
	struct mw_address address;

	return is_one_line(text) && mw_address_parse(mw_str(text), &address) == MW_ADDRESS_MAILBOX &&
	       strpbrk(text, "<>") == NULL;
}

static int bad_value(enum option option, const char *value, const char *right)
{
	return mw_usage_error("--%s %s: %s", options[option].name, is_one_line(value) ? value : "(not shown)",
			      right);
}

static int take_port(struct wishes *wishes, enum option option, const char *value)
{
	uint64_t number = 0;

	if (strcmp(value, "none") != 0 && !parse_number(value, 1, UINT16_MAX, &number))
		return bad_value(option, value, "a port is 1 to 65535, or none to leave it out");
	wishes->probe.ports[option - OPTION_PORT] = (uint16_t)number;
	return EX_OK;
}

static int take_number(enum option option, const char *value, uint64_t least, uint64_t most, unsigned times,
		       unsigned *number_r)
{
	uint64_t number;
	char right[64];

	snprintf(right, sizeof(right), "a number from %llu to %llu", (unsigned long long)least, (unsigned long long)most);
	if (!parse_number(value, least, most, &number))
		return bad_value(option, value, right);
	*number_r = (unsigned)number * times;
	return EX_OK;
}

static int take_address(enum option option, const char *value, const char **address_r)
{
	if (!is_mailbox(value))
		return bad_value(option, value, "an address is local@domain");
	*address_r = value;
	return EX_OK;
}

static int take_outside(struct wishes *wishes, const char *value)
{
	const char *address = "";

	if (strcmp(value, "none") != 0 && take_address(OPTION_OUTSIDE, value, &address) != EX_OK)
		return EX_USAGE;
	wishes->probe.outside = mw_str(address);
	return EX_OK;
}

static int take_user(struct wishes *wishes, const char *value)
{
	if (value[0] == '\0' || !is_one_line(value) || strlen(value) > MW_LOGIN_MAX)
		return bad_value(OPTION_USER, value, "a login name is one line of at most 254 octets");
	wishes->probe.user = mw_str(value);
	return EX_OK;
}

static int take_option(struct wishes *wishes, enum option option, const char *value)
{
	switch (option) {
	case OPTION_NAME:
		wishes->probe.name = value;
		return value[0] != '\0' && is_one_line(value) ? EX_OK : bad_value(option, value, "a host's name or address");
	case OPTION_CA:
		wishes->ca_file = value;
		return EX_OK;
	case OPTION_WARN_DAYS:
		return take_number(option, value, 0, MOST_WARN_DAYS, 1, &wishes->probe.warn_days);
	case OPTION_USER:
		return take_user(wishes, value);
	case OPTION_PASSWORD_FILE:
		wishes->password_file = value;
		return EX_OK;
	case OPTION_SENDER:
		return take_address(option, value, &wishes->sender);
	case OPTION_RECIPIENT:
		return take_address(option, value, &wishes->recipient);
	case OPTION_SEND:
		wishes->probe.send = true;
		return EX_OK;
	case OPTION_OUTSIDE:
		return take_outside(wishes, value);
	case OPTION_TIMEOUT:
		return take_number(option, value, 1, LONGEST_TIMEOUT, 1000, &wishes->probe.timeout);
	default:
		return take_port(wishes, option, value);
	}
}

/* The host, then services. */
static int take_word(struct wishes *wishes, const char *word)
{
	if (wishes->probe.host == NULL) {
		wishes->probe.host = word;
		return word[0] != '\0' && is_one_line(word) ? EX_OK : mw_usage_error("HOST is a name or an address");
	}
	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++) {
		if (strcmp(mw_probe_services[i].name, word) == 0) {
			wishes->named[i] = wishes->some_named = true;
			return EX_OK;
		}
	}
	return mw_usage_error("%s: not a service; expected one host, then imap, imaps, pop3, pop3s, smtp, submission or "
			      "submissions", is_one_line(word) ? word : "(not shown)");
}

static bool sends(const struct mw_probe *probe)
{
	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++) {
		if (mw_probe_services[i].protocol == MW_PROTOCOL_SUBMISSION && probe->ports[i] != 0)
			return true;
	}
	return false;
}

/* What the options say together. */
static int complete(struct wishes *wishes)
{
	struct mw_probe *probe = &wishes->probe;
	bool any = false;

	if (probe->host == NULL)
		return mw_usage_error("name a host");
	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++) {
		if (wishes->some_named && !wishes->named[i])
			probe->ports[i] = 0;
		any = any || probe->ports[i] != 0;
	}
	if (!any)
		return mw_usage_error("no port is left to look at");
	if (probe->name == NULL)
		probe->name = probe->host;
	if (mw_str_empty(probe->user)) {
		if (wishes->password_file != NULL || wishes->sender != NULL || wishes->recipient != NULL || probe->send)
			return mw_usage_error("--password-file, --sender, --recipient and --send need --user");
		return EX_OK;
	}
	if (wishes->sender == NULL && sends(probe) && !is_mailbox(probe->user.ptr))
		return mw_usage_error("--user %s is no address: name the address to send as with --sender ADDRESS", probe->user.ptr);
	probe->sender = wishes->sender != NULL ? mw_str(wishes->sender) : probe->user;
	probe->recipient = wishes->recipient != NULL ? mw_str(wishes->recipient) : probe->sender;
	return EX_OK;
}

/* --- looking */

struct look {
	const struct mw_probe *probe;
	size_t service;
	struct mw_seen seen;
	pthread_t thread;
	bool runs;
};

static void *look_at(void *context)
{
	struct look *look = context;

	mw_probe_look(look->probe, &mw_probe_services[look->service], look->probe->ports[look->service], &look->seen);
	return NULL;
}

/* All services at once: ports that a firewall drops take their time-out once and not seven times. */
static void look_at_all(const struct mw_probe *probe, struct look *looks)
{
	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++) {
		looks[i].probe = probe;
		looks[i].service = i;
		if (probe->ports[i] == 0)
			continue;
		looks[i].runs = pthread_create(&looks[i].thread, NULL, look_at, &looks[i]) == 0;
		if (!looks[i].runs)
			look_at(&looks[i]);
	}
	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++) {
		if (looks[i].runs)
			pthread_join(looks[i].thread, NULL);
	}
}

static bool connected(const struct mw_seen *seen)
{
	return seen->fault != MW_FAULT_REFUSED && seen->fault != MW_FAULT_NO_CONNECTION &&
	       seen->fault != MW_FAULT_UNREACHABLE;
}

static int exit_code(const struct mw_probe_result *result)
{
	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++) {
		if (result->probe->ports[i] != 0 && connected(&result->seen[i]))
			return result->judged == MW_JUDGED_BAD ? EXIT_BAD : result->judged == MW_JUDGED_DOUBTFUL ? EXIT_DOUBTFUL
												  : EX_OK;
	}
	mw_complain("%s: no connection to any of the ports", result->probe->host);
	return EX_UNAVAILABLE;
}

/* False: out of memory. */
static bool judge_all(const struct mw_probe *probe, const struct mw_seen *seen, struct mw_findings **findings)
{
	bool complete = true;

	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT && complete; i++) {
		if (probe->ports[i] == 0)
			continue;
		findings[i] = mw_findings_new();
		if (findings[i] == NULL)
			return false;
		mw_judge(probe, &mw_probe_services[i], &seen[i], findings[i]);
		complete = mw_findings_complete(findings[i]);
	}
	return complete;
}

static int print_all(const struct mw_cli *cli, struct mw_probe_result *result)
{
	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++) {
		if (result->findings[i] != NULL && mw_judged(result->findings[i]) > result->judged)
			result->judged = mw_judged(result->findings[i]);
	}
	return mw_probe_print(cli, result) ? exit_code(result) : EX_OSERR;
}

static int look(const struct mw_cli *cli, const struct mw_probe *probe)
{
	static struct look looks[MW_PROBE_SERVICE_COUNT];
	static struct mw_seen seen[MW_PROBE_SERVICE_COUNT];
	struct mw_findings *findings[MW_PROBE_SERVICE_COUNT] = { NULL };
	void (*on_pipe)(int) = signal(SIGPIPE, SIG_IGN);
	int code = EX_OSERR;

	look_at_all(probe, looks);
	signal(SIGPIPE, on_pipe);
	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++)
		seen[i] = looks[i].seen;
	if (judge_all(probe, seen, findings))
		code = print_all(cli, &(struct mw_probe_result){ .probe = probe, .seen = seen, .findings = findings });
	else
		mw_complain("out of memory");
	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++)
		mw_findings_free(findings[i]);
	return code;
}

static int probe_host(const struct mw_cli *cli, struct wishes *wishes)
{
	struct mw_probe *probe = &wishes->probe;
	char why_text[256];
	struct mw_buf why = MW_BUF_OVER(why_text);
	struct addrinfo *addresses;
	int code = EX_OSERR;

	probe->tls = mw_probe_tls_new(wishes->ca_file, &why);
	if (probe->tls == NULL) {
		mw_complain("%s: no certificates: %s", wishes->ca_file != NULL ? wishes->ca_file : "OpenSSL",
			    why_text);
		return wishes->ca_file != NULL ? EX_NOINPUT : EX_OSERR;
	}
	addresses = mw_probe_addresses(probe->host, probe->timeout, &code);
	probe->addresses = addresses;
	if (addresses != NULL) {
		code = look(cli, probe);
		freeaddrinfo(addresses);
	}
	SSL_CTX_free(probe->tls);
	return code;
}

static int probe_with_password(const struct mw_cli *cli, struct wishes *wishes)
{
	char text[MW_PASSWORD_MAX];
	struct mw_buf password = MW_BUF_OVER(text);
	int code = wishes->password_file != NULL
			   ? mw_password_from_file(wishes->password_file, &password)
			   : mw_password_from_terminal(wishes->probe.user.ptr, &password);

	wishes->probe.password = mw_buf_str(&password);
	if (code == EX_OK)
		code = probe_host(cli, wishes);
	explicit_bzero(text, sizeof(text));
	return code;
}

static int run_probe(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct wishes wishes = { .probe = {
		.timeout = DEFAULT_TIMEOUT * 1000,
		.warn_days = DEFAULT_WARN_DAYS,
		.outside = MW_STR(DEFAULT_OUTSIDE),
	} };
	const char *value;
	int row, code = EX_OK;

	for (size_t i = 0; i < MW_PROBE_SERVICE_COUNT; i++)
		wishes.probe.ports[i] = mw_probe_services[i].port;
	while (code == EX_OK && (row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row == MW_ARGUMENT_WORD)
			code = take_word(&wishes, value);
		else if (row < 0)
			return mw_arguments_exit(row);
		else
			code = take_option(&wishes, (enum option)row, value);
	}
	if (code == EX_OK)
		code = complete(&wishes);
	if (code != EX_OK)
		return code;
	return mw_str_empty(wishes.probe.user) ? probe_host(cli, &wishes) : probe_with_password(cli, &wishes);
}

const struct mw_command mw_probe_command = {
	.name = "probe",
	.usage = "HOST [imap|imaps|pop3|pop3s|smtp|submission|submissions ...] [OPTION...]",
	.summary = "look at a server's ports from outside, as a mail program does",
	.run = run_probe,
	.options = options,
	.option_count = OPTION_COUNT,
	.note = "exit 0: all good; 1: something is bad; 2: something is doubtful; 68: no such host; 69: no connection at all",
};
