/* SPDX-License-Identifier: MIT */
#include "servers/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "servers/dovecot_sasl.h"
#include "servers/files.h"
#include "ui/program.h"

#define SOCKET "mailwicket-trial" /* in Dovecot's base_dir */
#define WAIT 15000                /* milliseconds, for all of it */
#define STEP 20
#define NOT_POSSIBLE 126 /* exit status: there are no namespaces here, and it needs some */
#define TEXT_MOST ((size_t)256 * 1024)

/* --- its configuration: the changed one, and nothing of it that others would see */

static bool is_absolute(const struct mw_dovecot_node *listener)
{
	return mw_str_starts_with(listener->value, MW_STR("/")) ||
	       mw_str_starts_with(mw_dovecot_value(listener, "path"), MW_STR("/"));
}

/* Sockets elsewhere, and ports, belong to the Dovecot that may be running. */
static void close_listeners(const struct mw_dovecot_node *service, struct mw_buf *out)
{
	for (const struct mw_dovecot_node *node = service->first; node != NULL; node = node->next) {
		bool socket = mw_str_equal(node->key, MW_STR("unix_listener")) ||
			      mw_str_equal(node->key, MW_STR("fifo_listener"));

		if (socket && is_absolute(node))
			mw_buf_printf(out, "  %.*s %.*s {\n    mode = 0\n  }\n", MW_STR_ARG(node->key),
				      MW_STR_ARG(node->value));
		else if (mw_str_equal(node->key, MW_STR("inet_listener")) && !mw_str_empty(node->value))
			mw_buf_printf(out, "  inet_listener %.*s {\n    port = 0\n  }\n", MW_STR_ARG(node->value));
	}
}

static void print_services(const struct mw_dovecot_site *site, struct mw_buf *out)
{
	const struct mw_dovecot_node *service = NULL;

	while ((service = mw_dovecot_next(site->root, service, "service")) != NULL) {
		mw_buf_printf(out, "service %.*s {\n", MW_STR_ARG(service->value));
		if (mw_dovecot_next(service, NULL, "process_min_avail") != NULL &&
		    !mw_str_equal(service->value, MW_STR("anvil")))
			mw_buf_add_text(out, "  process_min_avail = 0\n");
		close_listeners(service, out);
		mw_buf_add_text(out, "}\n");
	}
}

static struct mw_str trial_text(const struct mw_dovecot_site *site, struct mw_str text, const char *folder)
{
	char *memory = mw_arena_alloc(site->arena, text.len + TEXT_MOST);
	struct mw_buf out;

	if (memory == NULL)
		return MW_STR_EMPTY;
	out = mw_buf_over(memory, text.len + TEXT_MOST);
	mw_buf_printf(&out, "%.*s\nprotocols = %s\nbase_dir = %s/run\nstate_dir = %s/state\nlog_path = %s/log\n"
			    "info_log_path = %s/log\ndebug_log_path = %s/log\ninstance_name = mailwicket-trial\n",
		      MW_STR_ARG(text), site->generation == MW_DOVECOT_2_3 ? "none" : "", folder, folder, folder, folder,
		      folder);
	print_services(site, &out);
	mw_buf_add_text(&out, "service auth {\n  unix_listener " SOCKET " {\n    mode = 0600\n    user = root\n  }\n}\n");
	return out.truncated ? MW_STR_EMPTY : mw_buf_str(&out);
}

/* Beside the changed file, so that what it includes is found. */
static const char *write_trial(const struct mw_dovecot_site *site, const char *config, const char *folder)
{
	struct mw_str text = MW_STR_EMPTY;
	const char *path = mw_arena_textf(site->arena, "%s.mailwicket-trial", config);
	bool exists;

	if (!mw_changes_read(site->arena, config, &text, &exists) || mkdir(folder, 0711) < 0 ||
	    mkdir(mw_arena_textf(site->arena, "%s/state", folder), 0711) < 0)
		return NULL;
	text = trial_text(site, text, folder);
	return !mw_str_empty(text) && mw_file_put(path, text, 0600, geteuid(), getegid()) ? path : NULL;
}

/* --- its process */

struct room {
	const char *modules, *over; /* a folder that lies over another there; NULL: none */
	bool ports; /* of its own too: a listener without a name cannot be taken away by another line */
	int parent; /* a pidfd; -1: none */
};

static bool has_nameless_port(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_node *service = NULL, *listener;

	while ((service = mw_dovecot_next(site->root, service, "service")) != NULL) {
		listener = NULL;
		while ((listener = mw_dovecot_next(service, listener, "inet_listener")) != NULL) {
			if (mw_str_empty(listener->value) && !mw_str_equal(mw_dovecot_value(listener, "port"), MW_STR("0")))
				return true;
		}
	}
	return false;
}

/* Where the module is not in Dovecot's own folder yet, but beside the login plugins. */
static struct room room_of(const struct mw_dovecot_site *site)
{
	const char *beside = mw_arena_textf(site->arena, "%.*s/../auth",
					    MW_STR_ARG(mw_dovecot_value(site->root, "login_plugin_dir")));
	const char *own = mw_arena_textf(site->arena, "%.*s/auth",
					 MW_STR_ARG(mw_dovecot_value(site->root, "mail_plugin_dir")));
	const char *module = "libauthdb_mailwicket.so";
	struct room room = { .ports = has_nameless_port(site), .parent = -1 };

	if (access(mw_arena_textf(site->arena, "%s/%s", own, module), R_OK) == 0 ||
	    access(mw_arena_textf(site->arena, "%s/%s", beside, module), R_OK) != 0)
		return room;
	room.modules = beside;
	room.over = own;
	return room;
}

/* A loopback that works, and every address that somebody listens at. */
static void open_network(void)
{
	static const char *const settings[] = { "/proc/sys/net/ipv4/ip_nonlocal_bind", "/proc/sys/net/ipv6/ip_nonlocal_bind" };
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd >= 0) {
		ioctl(fd, SIOCSIFFLAGS, &loopback);
		close(fd);
	}
	for (size_t i = 0; i < 2; i++) {
		fd = open(settings[i], O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		/* Where it fails, Dovecot does at an address that this host lacks, and says so. */
		dprintf(fd, "1");
		close(fd);
	}
}

/* It ends with us, and was not too late to be told so. */
static bool stay_with_parent(const struct room *room)
{
	struct pollfd ended = { .fd = room->parent, .events = POLLIN };

	setsid();
	return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && poll(&ended, 1, 0) == 0;
}

static bool move_in(void *context)
{
	const struct room *room = context;

	if (!stay_with_parent(room))
		return false;
	if (room->ports)
		open_network();
	mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
	return room->modules == NULL || mount(room->modules, room->over, NULL, MS_BIND, NULL) == 0;
}

static bool stay_outside(void *context)
{
	return stay_with_parent(context);
}

/* With mounts and processes of its own, where that can be had: all of it ends with its first process. -1 with
   *possible_r false: it needs them, and there are none. */
static pid_t start(const char *const *argv, int output, struct room *room, bool *possible_r)
{
	pid_t process;

	*possible_r = true;
	room->parent = pidfd_open(getpid(), 0);
	process = mw_program_start_in(argv, output, output, CLONE_NEWNS | CLONE_NEWPID | (room->ports ? CLONE_NEWNET : 0),
				      move_in, room);
	if (process < 0 && errno != ENOENT) {
		*possible_r = room->modules == NULL && !room->ports;
		if (*possible_r)
			process = mw_program_start_in(argv, output, output, 0, stay_outside, room);
	}
	if (room->parent >= 0)
		close(room->parent);
	return process;
}

/* Auth tells who greets it what it can, and then "DONE". False: it closed, or said nothing until the deadline. */
static bool hears_done(int fd, int64_t deadline)
{
	static const char greeting[] = MW_DOVECOT_SASL_HELLO;
	char text[65536];
	size_t used = 0;

	if (send(fd, greeting, sizeof(greeting) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(greeting) - 1)
		return false;
	while (used < sizeof(text)) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - mw_clock_milliseconds();
		ssize_t got;

		if (left <= 0 || poll(&ready, 1, (int)left) <= 0)
			return false;
		got = recv(fd, text + used, sizeof(text) - used, 0);
		if (got <= 0)
			return false;
		used += (size_t)got;
		if (mw_str_has((struct mw_str){ text, used }, "DONE\n"))
			return true;
	}
	return false;
}

/* It keeps its number until end() has waited for it: what is ended then is no other one. */
static bool has_ended(pid_t process)
{
	siginfo_t end = { .si_pid = 0 };

	return waitid(P_PID, (id_t)process, &end, WEXITED | WNOHANG | WNOWAIT) != 0 || end.si_pid != 0;
}

static bool answers(const char *path, pid_t process, int64_t deadline)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	bool done = false;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	while (mw_clock_milliseconds() < deadline && !has_ended(process)) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		bool connected = fd >= 0 && connect(fd, (const struct sockaddr *)(const void *)&address, sizeof(address)) == 0;

		if (connected)
			done = hears_done(fd, deadline);
		if (fd >= 0)
			close(fd);
		if (connected)
			return done;
		poll(NULL, 0, STEP);
	}
	return false;
}

/* --- why it does not */

/* "auth: Fatal: ..." of the first line that has the word and is not the master's, who says only that somebody ended. */
static const char *line_with(const struct mw_dovecot_site *site, struct mw_str text, const char *word)
{
	struct mw_str line;

	while (mw_str_split(&text, '\n', &line)) {
		size_t at = mw_str_find_text(line, word);

		if (at == line.len)
			continue;
		/* The process before it, and no stamp. */
		at -= at > 0;
		while (at > 0 && line.ptr[at - 1] != ' ')
			at--;
		if (!mw_str_starts_with(mw_str_tail(line, at), MW_STR("master: ")))
			return mw_arena_text(site->arena, mw_str_tail(line, at));
	}
	return NULL;
}

static const char *reason(const struct mw_dovecot_site *site, const char *path)
{
	static const char *const words[] = { "Fatal: ", "Error: " };
	const char *why = NULL;
	struct mw_str text;
	bool exists;

	if (!mw_changes_read(site->arena, path, &text, &exists))
		return NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && why == NULL; i++)
		why = line_with(site, text, words[i]);
	return why;
}

/* A process that ends closes its socket before the log process has written why. */
static void wait_for_reason(const struct mw_dovecot_site *site, const char *log, pid_t process, int64_t deadline)
{
	while (!has_ended(process) && mw_clock_milliseconds() < deadline && reason(site, log) == NULL)
		poll(NULL, 0, STEP);
}

/* With its group, which is all that ends the others where they are in no namespace of it. Its status. */
static int end(pid_t process)
{
	int status;

	(void)kill(-process, SIGKILL);
	(void)kill(process, SIGKILL);
	(void)mw_child_wait(process, &status);
	return status;
}

static enum mw_trial result_of(const struct mw_dovecot_site *site, const char *log, const char *console,
			       const char **why_r)
{
	*why_r = reason(site, log);
	if (*why_r == NULL)
		*why_r = reason(site, console);
	if (*why_r != NULL)
		return MW_TRIAL_FAILS;
	*why_r = "its auth service gives no answer";
	return MW_TRIAL_SILENT;
}

enum mw_trial mw_dovecot_trial(const struct mw_dovecot_site *site, const char *config, const struct mw_guard *guard,
			     const char **why_r)
{
	const char *folder = mw_arena_textf(site->arena, "%s/trial", guard->folder);
	const char *log = mw_arena_textf(site->arena, "%s/log", folder), *console;
	const char *path = geteuid() == 0 ? write_trial(site, config, folder) : NULL;
	const char *const argv[] = { "dovecot", "-F", "-c", path, NULL };
	struct room room = room_of(site);
	int64_t deadline;
	pid_t process;
	bool started, possible;
	int output, status;

	*why_r = "it cannot be tried";
	if (geteuid() != 0)
		return MW_TRIAL_NOT_TRIED;
	console = mw_arena_textf(site->arena, "%s/console", folder);
	output = path != NULL ? open(console, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	if (output < 0 || chmod(guard->folder, 0711) < 0)
		return MW_TRIAL_SILENT;
	process = start(argv, output, &room, &possible);
	close(output);
	if (process < 0)
		return possible ? MW_TRIAL_SILENT : MW_TRIAL_NOT_TRIED;
	mw_guard_process(guard, process);
	deadline = mw_clock_milliseconds() + WAIT;
	started = answers(mw_arena_textf(site->arena, "%s/run/" SOCKET, folder), process, deadline);
	if (!started)
		wait_for_reason(site, log, process, deadline);
	status = end(process);
	mw_guard_process(guard, 0);
	if (started)
		return MW_TRIAL_STARTS;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_POSSIBLE)
		return MW_TRIAL_NOT_TRIED;
	return result_of(site, log, console, why_r);
}
