/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "mailwicket-config.h"
#include "base/clock.h"
#include "base/complain.h"
#include "base/notify.h"
#include "base/inherited.h"
#include "milter/milters.h"
#include "policy/connection.h"
#include "policy/read.h"
#include "policy/waits.h"
#include "server/daemonize.h"
#include "server/listener.h"
#include "server/log.h"
#include "server/passed.h"
#include "server/privileges.h"
#include "server/status.h"

#define DIRECTORY_SECONDS 0.2
#define SWEEP_SECONDS 1.0
/* Seconds after SIGTERM in which questions are still answered. A question that waits has its own time. */
#define FINISH_SECONDS 0.7

struct options {
	const char *path;
	const char *user; /* NULL: in the foreground the user who started it, else MW_OWN_USER */
	bool foreground, test;
};

struct service {
	struct mw_loop *loop;
	struct mw_worlds worlds;
	struct mw_connections *connections;
	struct mw_milters *milters;     /* NULL: there is no milter */
	struct mw_handover *handover;   /* the same */
	struct mw_listeners *listeners, *milter_listeners; /* the second may have none */
	struct mw_status *status; /* NULL: there is no such socket */
	struct mw_timer tick, sweep;
	bool foreground;
	double finish_by; /* 0: not asked to end */
};

static const struct mw_strs *policy_names(const struct mw_policy *policy)
{
	return &policy->policy_service.listen;
}

static const struct mw_strs *milter_names(const struct mw_policy *policy)
{
	return &policy->milter.listen;
}

static const struct mw_listened policy_listened = { .names = policy_names },
				milter_listened = { .names = milter_names, .is_milter = true };

static void resume(struct service *service)
{
	mw_listeners_resume(service->listeners);
	mw_listeners_resume(service->milter_listeners);
}

static bool has_connections(const struct service *service)
{
	return mw_connections_count(service->connections) > 0 || mw_milters_count(service->milters) > 0;
}

static void on_close(void *context)
{
	struct service *service = context;

	if (service->finish_by <= 0)
		resume(service);
	else if (!has_connections(service))
		mw_loop_end(service->loop);
}

static void on_term(void *context)
{
	struct service *service = context;

	if (service->finish_by > 0)
		return;
	service->finish_by = mw_clock_seconds() + FINISH_SECONDS;
	mw_notify_stopping();
	mw_listeners_close(service->listeners);
	mw_listeners_close(service->milter_listeners);
	mw_connections_finish(service->connections);
	mw_milters_finish(service->milters);
	if (!has_connections(service))
		mw_loop_end(service->loop);
}

static void on_hup(void *context)
{
	struct service *service = context;

	mw_notify_reloading();
	if (mw_worlds_reload(&service->worlds)) {
		if (!service->foreground)
			mw_log_to_syslog(service->worlds.current->policy->log.facility);
		if (!mw_listeners_match(service->listeners, service->worlds.current->policy) ||
		    !mw_listeners_match(service->milter_listeners, service->worlds.current->policy))
			mw_log(MW_LOG_WARNING, "listen has changed: restart mailwicketd to apply it");
	}
	mw_notify_ready();
}

static void on_directory(void *context)
{
	struct service *service = context;

	mw_worlds_tick(&service->worlds);
	/* Writes the log lines that the reader did not take in time. */
	mw_log_flush();
	if (service->finish_by > 0 && mw_clock_seconds() >= service->finish_by &&
	    mw_connections_waiting(service->connections) == 0)
		mw_loop_end(service->loop);
}

static void on_sweep(void *context)
{
	struct service *service = context;

	mw_connections_sweep(service->connections);
	mw_milters_sweep(service->milters);
	resume(service);
	mw_log_tick();
	mw_notify_alive();
}

static bool watch_events(struct service *service)
{
	mw_timer_start(service->loop, &service->tick, DIRECTORY_SECONDS, true, on_directory, service);
	mw_timer_start(service->loop, &service->sweep, SWEEP_SECONDS, true, on_sweep, service);
	return mw_loop_on_signal(service->loop, SIGTERM, on_term, service) &&
	       mw_loop_on_signal(service->loop, SIGINT, on_term, service) &&
	       mw_loop_on_signal(service->loop, SIGHUP, on_hup, service);
}

/* Of the connections that may be open, a milter gets a quarter: an smtpd has one of it, and up to three of the policy
   service, one for each question that is asked with a context of its own. False: no memory. */
static bool make_connections(struct service *service, bool with_milter)
{
	size_t most = mw_privileges_limit(), of_milter = with_milter ? most / 4 : 0;

	if (with_milter) {
		service->handover = mw_handover_new();
		if (service->handover == NULL)
			return false;
		service->milters = mw_milters_new(service->loop, &service->worlds, service->handover, of_milter, on_close, service);
	}
	service->connections = mw_connections_new(service->loop, &service->worlds, mw_waits_of_program(service->loop),
						  service->handover, most - of_milter, on_close, service);
	return service->connections != NULL && (service->milters != NULL) == with_milter;
}

static bool is_passed(const struct mw_passed *passed, bool of_milter)
{
	for (size_t i = 0; i < passed->count; i++) {
		if (passed->items[i].of_milter == of_milter)
			return true;
	}
	return false;
}

/* A status of sysexits.h. */
static int listen_for_all(struct service *service, const struct mw_passed *passed)
{
	struct mw_acceptor acceptor = mw_connections_acceptor(service->connections);
	int status;

	service->listeners = mw_listeners_new(service->loop, &service->worlds, &acceptor, &policy_listened, passed, &status);
	if (service->listeners == NULL)
		return status;
	if (service->milters != NULL)
		acceptor = mw_milters_acceptor(service->milters);
	service->milter_listeners = mw_listeners_new(service->loop, &service->worlds, &acceptor, &milter_listened, passed,
						     &status);
	return service->milter_listeners != NULL ? EX_OK : status;
}

static int start(struct service *service, const struct options *options)
{
	struct mw_passed passed;
	int status;

	mw_passed_take(&passed);
	service->loop = mw_loop_new();
	if (service->loop == NULL || !watch_events(service)) {
		mw_log(MW_LOG_ERROR, "cannot watch for events: %s", strerror(errno));
		return EX_OSERR;
	}
	if (!mw_worlds_load(&service->worlds, options->path))
		return EX_CONFIG;
	if (!make_connections(service, milter_names(service->worlds.current->policy)->count > 0 || is_passed(&passed, true))) {
		mw_log(MW_LOG_ERROR, "out of memory");
		return EX_OSERR;
	}
	status = listen_for_all(service, &passed);
	if (status != EX_OK)
		return status;
	service->status = mw_status_new(service->loop, &service->worlds);
	/* In the foreground a service manager has chosen the user. */
	if ((!options->foreground || options->user != NULL) &&
	    !mw_privileges_drop(options->user != NULL ? options->user : MW_OWN_USER))
		return EX_NOPERM;
	return EX_OK;
}

static void announce(const struct service *service)
{
	char memory[1024];
	struct mw_buf names = MW_BUF_OVER(memory);

	mw_listeners_print(service->listeners, &names);
	mw_listeners_print(service->milter_listeners, &names);
	mw_log(MW_LOG_INFO, "ready: version=%s pid=%d policy=%s listening on %s", PACKAGE_VERSION, (int)getpid(),
	       service->worlds.path, names.data);
	mw_notify_ready();
}

static void end(struct service *service)
{
	mw_status_free(service->status);
	mw_listeners_close(service->listeners);
	mw_listeners_close(service->milter_listeners);
	mw_connections_free(service->connections);
	mw_milters_free(service->milters);
	mw_handover_free(service->handover);
	mw_listeners_free(service->listeners);
	mw_listeners_free(service->milter_listeners);
	mw_worlds_free(&service->worlds);
	mw_loop_free(service->loop);
}

static int serve(const struct options *options)
{
	static struct service service;
	int status, parent = options->foreground ? -1 : mw_daemonize();

	if (!options->foreground && parent < 0) {
		mw_log(MW_LOG_ERROR, "cannot start a process in the background: %s", strerror(errno));
		return EX_OSERR;
	}
	service.foreground = options->foreground;
	status = start(&service, options);
	if (status == EX_OK) {
		if (!options->foreground) {
			mw_log_to_syslog(service.worlds.current->policy->log.facility);
			mw_daemonize_done(parent);
		}
		mw_listeners_start(service.listeners);
		mw_listeners_start(service.milter_listeners);
		announce(&service);
		mw_loop_run(service.loop);
		mw_log_tick();
		mw_log(MW_LOG_INFO, "exiting");
	}
	end(&service);
	mw_log_end();
	return status;
}

static int test(const char *path)
{
	struct mw_worlds worlds = { .path = path };
	int status = mw_worlds_test(&worlds, path);

	mw_worlds_free(&worlds);
	mw_log_end();
	return status;
}

static const char usage[] =
	"usage: mailwicketd [-f] [-c FILE] [-u USER]\n"
	"       mailwicketd -t [-c FILE]\n"
	"\n"
	"  -c, --config FILE  the policy file (default: %s)\n"
	"  -f, --foreground   stay in the foreground and log to standard error\n"
	"  -t, --test         test the policy, and whether the directory can be read, and exit\n"
	"  -u, --user USER    the user to run as, if started by root (in the background: " MW_OWN_USER ")\n"
	"  -h, --help         this text\n"
	"  -V, --version      print the version\n";

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' }, { "foreground", no_argument, NULL, 'f' },
	{ "test", no_argument, NULL, 't' },         { "user", required_argument, NULL, 'u' },
	{ "help", no_argument, NULL, 'h' },         { "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char short_options[] = ":c:ftu:hV";

/* What getopt_long(3) found wrong, as it tells it: ':' for a missing value; a long option that has one and takes none
   by its letter; an unknown long one by no letter. A long option is the word before the next. */
static void complain_option(int found, const char *text)
{
	if (found == ':')
		mw_complain("option %s needs a value; see mailwicketd --help", text);
	else if (optopt == 0)
		mw_complain("unknown option %s; see mailwicketd --help", text);
	else if (optopt != ':' && strchr(short_options, optopt) != NULL)
		mw_complain("option %.*s takes no value; see mailwicketd --help", (int)strcspn(text, "="), text);
	else
		mw_complain("unknown option -%c; see mailwicketd --help", optopt);
}

/* False: the process ends with *status_r. */
static bool read_options(int argc, char **argv, struct options *options, int *status_r)
{
	int option;

	*status_r = EX_OK;
	while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		switch (option) {
		case 'c':
			options->path = optarg;
			break;
		case 'f':
			options->foreground = true;
			break;
		case 't':
			options->test = true;
			break;
		case 'u':
			options->user = optarg;
			break;
		case 'h':
			printf(usage, options->path);
			return false;
		case 'V':
			printf("mailwicketd %s\n", PACKAGE_VERSION);
			return false;
		default:
			complain_option(option, argv[optind - 1]);
			*status_r = EX_USAGE;
			return false;
		}
	}
	if (optind == argc)
		return true;
	mw_complain("unexpected argument %s; see mailwicketd --help", argv[optind]);
	*status_r = EX_USAGE;
	return false;
}

int main(int argc, char **argv)
{
	struct options options = { .path = mw_policy_default_path() };
	char *whole = NULL;
	int status;

	mw_inherited_reset();
	mw_complain_as("mailwicketd", NULL);
	if (!read_options(argc, argv, &options, &status))
		return status;
	(void)signal(SIGPIPE, SIG_IGN);
	/* A log file at its size limit (SIGXFSZ) is treated as a full disk. */
	(void)signal(SIGXFSZ, SIG_IGN);
	umask(077);
	if (options.test)
		return test(options.path);
	/* A background process changes its working folder, and a reload reads the file again: so its path must be
	   absolute. */
	if (!options.foreground)
		whole = realpath(options.path, NULL);
	if (whole != NULL && options.path[0] != '/')
		options.path = whole;
	status = serve(&options);
	free(whole);
	return status;
}
