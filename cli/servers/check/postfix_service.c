/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix_interfaces.h"

#include <sysexits.h>

#include "servers/restriction.h"
#include "ui/shell_text.h"

/* Services of master.cf that take mail and are no listener of a connector. */

/* Whether a list of hosts has nothing but this machine. */
static bool is_local_list(struct mw_str list)
{
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		if (!mw_str_starts_with(item.name, MW_STR("127.")) && !mw_str_equal(item.name, MW_STR("localhost")) &&
		    !mw_str_starts_with(item.name, MW_STR("[::1]")) && !mw_str_equal(item.name, MW_STR("::1")))
			return false;
	}
	return true;
}

static size_t port_at(struct mw_str name)
{
	size_t colon = mw_str_find_last(name, ':');

	return colon < name.len ? colon + 1 : 0;
}

static bool listens_here_alone(const struct mw_postfix_site *site, const struct mw_postfix_service *service)
{
	struct mw_binding binding;

	return mw_postfix_binding(service->name, &binding) && mw_postfix_is_loopback(site, &binding);
}

/* QMQP has no login and no restrictions: who is listed sends as anybody, to anybody (qmqpd(8)). */
static void check_qmqpd(struct mw_postfix_site *site, const struct mw_postfix_service *service)
{
	struct mw_str clients = mw_postfix_service_value(site, service, "qmqpd_authorized_clients");
	bool local = is_local_list(clients) || !mw_str_equal(service->type, MW_STR("inet")) ||
		     listens_here_alone(site, service);

	if (mw_str_empty(clients))
		mw_service_finding(site, service, MW_FOUND_QMQPD, MW_FINDING_NOTE, "",
			"qmqpd takes mail past the policy; today from nobody",
			"whom qmqpd_authorized_clients names may send as anybody, to anybody, and is never asked about",
			mw_fix_words("no qmqpd in master.cf"));
	else
		mw_service_finding(site, service, MW_FOUND_QMQPD, local ? MW_FINDING_NOTE : MW_FINDING_ERROR, "",
			mw_arena_textf(site->arena, "qmqpd takes mail past the policy, from %.*s", MW_STR_ARG(clients)),
			local ? "whoever is on this machine can send through it as anybody"
			      : "those hosts send as anybody, to anybody: no rule for senders, relaying, rates or senders= holds",
			mw_fix_words("no qmqpd in master.cf; those hosts in the remote_ip_ranges of a connector, with SMTP"));
}

/* pickup(8): what `sendmail` was given. authorized_submit_users says who may use that. */
static void check_pickup(const struct mw_postfix_site *site, const struct mw_postfix_service *service)
{
	struct mw_str users = mw_postfix_site_value(site, "authorized_submit_users");

	mw_service_finding(site, service, MW_FOUND_LOCAL_MAIL, MW_FINDING_BEYOND, "",
		"local mail by `sendmail`: no smtpd is involved",
		mw_arena_textf(site->arena, "who runs programs on this machine (authorized_submit_users = %.*s) sends as anybody, "
			       "also to those with a senders=", MW_STR_ARG(users)),
		mw_fix_words("authorized_submit_users = root, where nobody else needs it"));
}

/* The program that spawn(8) runs for each client; empty: none is named. */
static struct mw_str spawned(const struct mw_postfix_service *service)
{
	struct mw_str rest = service->arguments, word;

	while (!mw_str_empty(word = mw_postfix_word(&rest))) {
		if (mw_str_starts_with(word, MW_STR("argv=")))
			return mw_str_tail(word, mw_str_find_last(word, '/') < word.len ? mw_str_find_last(word, '/') + 1 : 5);
	}
	return MW_STR_EMPTY;
}

/* `sendmail -bs` is an smtpd that asks nobody. */
static bool takes_mail(struct mw_str program)
{
	static const char *const programs[] = { "sendmail", "postdrop", "smtpd", "mail", "mailx", "exim", "exim4" };

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (mw_str_equal(program, mw_str(programs[i])))
			return true;
	}
	return false;
}

/* Anything else that listens on the network. */
static void check_other(const struct mw_postfix_site *site, const struct mw_postfix_service *service)
{
	bool local = listens_here_alone(site, service);
	struct mw_str program = mw_postfix_service_runs(service, "spawn") ? spawned(service) : service->command;

	if (takes_mail(program))
		mw_service_finding(site, service, MW_FOUND_TAKES_MAIL, local ? MW_FINDING_NOTE : MW_FINDING_ERROR, "",
			mw_arena_textf(site->arena, "%.*s takes mail past the policy", MW_STR_ARG(program)),
			local ? "whoever is on this machine can send through it as anybody"
			      : "whoever can connect sends as anybody, to anybody: no rule for senders, relaying, rates or senders= holds",
			mw_fix_words("an inet service that runs smtpd, with a binding in a connector and the questions"));
	else if (!local)
		mw_service_finding(site, service, MW_FOUND_OTHER_LISTENER, MW_FINDING_WARNING, "",
			mw_arena_textf(site->arena, "%.*s listens on the network", MW_STR_ARG(program)),
			"if it takes mail, nothing of the policy holds for who can connect to it",
			mw_fix_words(mw_arena_textf(site->arena, "127.0.0.1:%.*s in place of %.*s, if nobody elsewhere needs it",
				MW_STR_ARG(mw_str_tail(service->name, port_at(service->name))), MW_STR_ARG(service->name))));
}

/* Postfix's own protocol, spoken between its programs. */
static void check_cleanup(const struct mw_postfix_site *site, const struct mw_postfix_service *service)
{
	if (mw_str_equal(service->type, MW_STR("inet")))
		mw_service_finding(site, service, MW_FOUND_PUBLIC_CLEANUP, MW_FINDING_ERROR, "", "cleanup listens on the network",
			"whoever can connect puts mail into the queue: as anybody, to anybody, past every rule",
			mw_fix_lines(MW_FIX_REPLACE, site->master_path, service->line, "cleanup unix n - y - 0 cleanup"));
}

static int check_unix_smtpd(struct mw_postfix_site *site, const struct mw_postfix_service *service)
{
	struct mw_postfix_endpoint endpoint = { .site = site, .service = service, .front = service };
	bool closed = !mw_str_equal(service->open, MW_STR("n"));
	int status = mw_endpoint_load(&endpoint);

	if (status != EX_OK)
		return status;
	endpoint.name = mw_arena_textf(site->arena, "%.*s/%.*s", MW_STR_ARG(service->name), MW_STR_ARG(service->type));
	endpoint.chroot = mw_postfix_service_is_chrooted(site, service);
	if (mw_endpoint_is_asked(&endpoint))
		mw_endpoint_option_finding(&endpoint, MW_FOUND_UNIX_SMTPD, MW_FINDING_ERROR, "smtpd_relay_restrictions",
			"an smtpd on a unix socket, where no connector can have a binding",
			"mailwicketd is asked and knows no rule: every session there is deferred (450 4.3.5)",
			mw_fix_words("an inet service, with a binding in a connector"));
	else if (closed)
		mw_endpoint_option_finding(&endpoint, MW_FOUND_UNIX_SMTPD, MW_FINDING_NOTE, "smtpd_relay_restrictions",
			"an smtpd on a unix socket, where Mailwicket is not asked",
			"Postfix's own programs, and what listens in front of them, can send through it as anybody", MW_NO_FIX);
	else
		mw_endpoint_option_finding(&endpoint, MW_FOUND_UNIX_SMTPD, MW_FINDING_ERROR, "smtpd_relay_restrictions",
			"an smtpd on a public unix socket, where Mailwicket is not asked",
			"whoever reaches the socket, or a program that passes connections on to it, sends as anybody: nothing of "
			"the policy holds", mw_fix_words("an inet service, with a binding in a connector and the questions"));
	return EX_OK;
}

/* Each instance has files of its own (postmulti(1)). */
static void check_instances(const struct mw_postfix_site *site)
{
	struct mw_str list = mw_postfix_site_value(site, "multi_instance_directories");
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item))
		mw_findings_add(site->findings, (struct mw_finding){
			.id = MW_FOUND_OTHER_INSTANCE, .severity = MW_FINDING_WARNING, .file = site->main_path,
			.line = mw_postfix_main_line(site->main_cf, MW_STR("multi_instance_directories")),
			.setting = "multi_instance_directories",
			.what = mw_arena_textf(site->arena, "there is another Postfix, of %.*s", MW_STR_ARG(item.name)),
			.why = "whether the policy holds for those who connect to that one is not looked at here",
			.fix = mw_fix_run(mw_arena_textf(site->arena, "mailwicket check --postfix-config %s",
					      mw_shell_text(site->arena, mw_arena_text(site->arena, item.name)))) });
}

int mw_check_postfix_services(struct mw_postfix_site *site)
{
	int status = EX_OK;

	for (size_t i = 0; i < site->services.count && status == EX_OK; i++) {
		const struct mw_postfix_service *service = &site->services.items[i];

		if (mw_postfix_service_runs(service, "qmqpd"))
			check_qmqpd(site, service);
		else if (mw_postfix_service_runs(service, "pickup"))
			check_pickup(site, service);
		else if (mw_postfix_service_runs(service, "cleanup"))
			check_cleanup(site, service);
		else if (mw_postfix_service_runs(service, "smtpd") && mw_str_equal(service->type, MW_STR("unix")))
			status = check_unix_smtpd(site, service);
		else if (mw_str_equal(service->type, MW_STR("inet")) && !mw_postfix_service_runs(service, "smtpd") &&
			 !mw_postfix_service_runs(service, "postscreen"))
			check_other(site, service);
	}
	check_instances(site);
	return status;
}
