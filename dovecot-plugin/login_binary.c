/* SPDX-License-Identifier: MIT */
#include "login_client.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "decision_log.h"

#define MASTER_ID "master.pid"
#define MARK "mailwicket-left-to-auth."

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool mw_login_binary_protocol(enum mw_protocol *protocol_r)
{
	int value;

	/* Pigeonhole's name for its login binary's protocol has changed before. */
	if (same(login_binary->protocol, "managesieve")) {
		*protocol_r = MW_PROTOCOL_SIEVE;
		return true;
	}
	if (!mw_table_find(mw_protocols, mw_str(login_binary->protocol), &value) || value == MW_PROTOCOL_SMTP)
		return false;
	*protocol_r = (enum mw_protocol)value;
	return true;
}

bool mw_login_binary_is(enum mw_protocol protocol)
{
	enum mw_protocol ours;

	return mw_login_binary_protocol(&ours) && ours == protocol;
}

/* The master process writes its id when it starts, and not again: what was marked before that was another run's. */
static bool marked_in_this_run(int mark)
{
	struct stat marked, master;

	return fstat(mark, &marked) == 0 && stat(MASTER_ID, &master) == 0 && marked.st_size > 0 &&
		(marked.st_mtim.tv_sec > master.st_mtim.tv_sec ||
		 (marked.st_mtim.tv_sec == master.st_mtim.tv_sec && marked.st_mtim.tv_nsec > master.st_mtim.tv_nsec));
}

/* With service_count = 1 a process is started for each connection: a mark in base_dir says that one has logged it. */
static bool first_of_this_run(void)
{
	const char *name = t_strconcat(MARK, t_str_replace(login_binary->protocol, '/', '_'), NULL);
	int mark = open(name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	bool first;

	if (mark < 0)
		return true;
	/* Two that start at once: the second waits until the first has written. */
	(void)flock(mark, LOCK_EX);
	first = !marked_in_this_run(mark);
	if (first && (ftruncate(mark, 0) != 0 || write(mark, "\n", 1) != 1))
		e_warning(mw_decision_event(), "mailwicket: base_dir/%s: %s", name, strerror(errno));
	close(mark);
	return first;
}

void mw_login_binary_name_once(void)
{
	if (first_of_this_run())
		e_warning(mw_decision_event(), "mailwicket: %s: no login rule knows the protocol \"%s\": its logins are "
			  "left to the auth module", login_binary->process_name, login_binary->protocol);
}

enum mw_login_binary_kind mw_login_binary_kind(void)
{
	enum mw_protocol protocol;

	if (mw_login_binary_protocol(&protocol))
		return MW_LOGIN_BINARY_JUDGED;
	return same(login_binary->protocol, "imap-urlauth") ? MW_LOGIN_BINARY_INTERNAL : MW_LOGIN_BINARY_UNKNOWN;
}
