/* SPDX-License-Identifier: MIT */
#include "servers/check/gate.h"

#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "directory/directory.h"
#include "policy/read.h"
#include "servers/check/dovecot.h"
#include "servers/check/known.h"
#include "servers/daemon.h"
#include "setting.h"

#define DAEMON_USER "mailwicketd"
#define TRIES 20
#define TRY_MILLISECONDS 100

struct gate {
	const struct mw_policy *policy;
	struct mw_arena *arena;
	struct mw_findings *findings;
	const char *folder; /* of the published directory */
};

static void add(const struct gate *gate, enum mw_finding_id id, enum mw_finding_severity severity, const char *file,
		const char *what, const char *why, struct mw_fix fix)
{
	mw_findings_add(gate->findings, (struct mw_finding){ .id = id, .severity = severity, .file = file, .setting = "",
							     .what = what, .why = why, .fix = fix });
}

/* --- the published directory */

static void check_snapshot(const struct gate *gate, struct mw_directory *directory, const struct mw_sync_report *report,
			   const struct mw_directory_status *status)
{
	if (!status->open)
		add(gate, MW_FOUND_NO_SNAPSHOT, MW_FINDING_ERROR, gate->folder,
		    mw_arena_textf(gate->arena, "no directory can be read: %s", mw_directory_error(directory)),
		    "no user is known: an enforced rule refuses every login and defers the mail of every user, and an audit learns "
		    "nothing", mw_fix_run("mailwicket sync"));
	else if (report != NULL && report->differs)
		add(gate, MW_FOUND_OLD_SNAPSHOT, MW_FINDING_ERROR, gate->folder,
		    "the published directory is older than its sources",
		    "who was added or changed since is judged as before", mw_fix_run("mailwicket sync"));
}

/* --- who reads it, as the user who it runs as */

/* In a process of its own, which becomes that user: why it cannot read what it needs, or nothing. */
static void look_as(const struct gate *gate, const struct passwd *user, int to)
{
	struct mw_errors *errors = mw_errors_new(1);
	struct mw_policy *policy = NULL;
	struct mw_directory *directory;
	const char *why = "";

	if (errors == NULL || initgroups(user->pw_name, user->pw_gid) != 0 || setgid(user->pw_gid) != 0 ||
	    setuid(user->pw_uid) != 0)
		_exit(1);
	policy = mw_policy_read(gate->policy->file, "localhost", 0, errors);
	directory = mw_directory_new(gate->folder);
	if (policy == NULL && mw_errors_kept(errors) > 0)
		why = mw_arena_textf(gate->arena, "%s: %s", gate->policy->file, mw_errors_get(errors, 0)->text);
	else if (directory != NULL && mw_directory_refresh(directory) == MW_DIRECTORY_FAILED)
		why = mw_directory_error(directory);
	_exit(write(to, why, strlen(why)) == (ssize_t)strlen(why) ? 0 : 1);
}

static void check_reader(const struct gate *gate, const struct passwd *user, const char *who)
{
	char text[512];
	ssize_t got = 0;
	int ends[2];
	pid_t child;

	if (user == NULL || user->pw_uid == 0 || geteuid() != 0 || pipe(ends) != 0)
		return;
	child = fork();
	if (child == 0)
		look_as(gate, user, ends[1]);
	close(ends[1]);
	if (child > 0) {
		got = read(ends[0], text, sizeof(text) - 1);
		(void)waitpid(child, NULL, 0);
	}
	close(ends[0]);
	if (got <= 0)
		return;
	text[got] = '\0';
	add(gate, MW_FOUND_UNREADABLE, MW_FINDING_ERROR, gate->folder,
	    mw_arena_textf(gate->arena, "%s, which runs as user %s, cannot read what it needs: %s", who, user->pw_name, text),
	    "it knows no user, or has no policy at all: enforced, every login is refused and mail is deferred",
	    mw_fix_words("folders that all may enter and files that all may read, as `mailwicket sync` makes them"));
}

/* The user of Dovecot's auth process. */
static const struct passwd *auth_user(const struct gate *gate, const struct mw_servers *servers)
{
	struct mw_dovecot_site site;
	const struct mw_dovecot_node *service = NULL;
	struct mw_str user = MW_STR("$default_internal_user");

	if (!mw_dovecot_site_try(&site, gate->policy, servers->dovecot_config, servers->dovecot_named, gate->arena))
		return NULL;
	while ((service = mw_dovecot_next(site.root, service, "service")) != NULL)
		if (mw_str_equal(service->value, MW_STR("auth")) && !mw_str_empty(mw_dovecot_value(service, "user")))
			user = mw_dovecot_value(service, "user");
	if (mw_str_find(user, '$') < user.len)
		user = mw_dovecot_value(site.root, "default_internal_user");
	return mw_str_empty(user) ? NULL : getpwnam(mw_arena_text(gate->arena, user));
}

/* --- mailwicketd */

static void check_running(const struct gate *gate, const struct mw_daemon_status *now,
			  const struct mw_directory_status *published, const char *path)
{
	if (strcmp(now->policy, gate->policy->digest) != 0)
		add(gate, MW_FOUND_DAEMON_BEHIND, MW_FINDING_ERROR, path,
		    mw_arena_textf(gate->arena, "the mailwicketd that runs has another policy than %s", gate->policy->file),
		    "Postfix's questions are answered by the old one", mw_fix_run("systemctl reload mailwicketd"));
	if (published->open && strcmp(now->directory, published->digest) != 0)
		add(gate, MW_FOUND_DAEMON_BEHIND, MW_FINDING_ERROR, path,
		    mw_arena_textf(gate->arena, "the mailwicketd that runs has another directory than the one in %s",
				   gate->folder),
		    "Postfix's questions are answered by the old one; its log says why",
		    mw_fix_run("systemctl restart mailwicketd"));
}

/* It takes over another snapshot within a second. */
static enum mw_daemon_answer ask(const struct gate *gate, const struct mw_directory_status *published,
				 struct mw_daemon_status *now_r, char path_r[MW_DAEMON_PATH_MOST])
{
	enum mw_daemon_answer answer = mw_daemon_ask(gate->policy, now_r, path_r);

	for (int i = 0; i < TRIES && answer == MW_DAEMON_TOLD && published->open &&
			strcmp(now_r->directory, published->digest) != 0; i++) {
		(void)poll(NULL, 0, TRY_MILLISECONDS);
		answer = mw_daemon_ask(gate->policy, now_r, path_r);
	}
	return answer;
}

static void check_daemon(const struct gate *gate, const struct mw_directory_status *published)
{
	char path[MW_DAEMON_PATH_MOST];
	struct mw_daemon_status now;
	enum mw_daemon_answer answer = ask(gate, published, &now, path);
	const char *file = mw_arena_text(gate->arena, mw_str(path));

	switch (answer) {
	case MW_DAEMON_TOLD:
		check_running(gate, &now, published, file);
		check_reader(gate, getpwuid((uid_t)now.user), "mailwicketd");
		return;
	case MW_DAEMON_AWAY:
		check_reader(gate, getpwnam(DAEMON_USER), "mailwicketd");
		add(gate, MW_FOUND_DAEMON_UNSEEN, MW_FINDING_ERROR, file, "no mailwicketd runs that tells what it has",
		    "while none runs, what it would refuse or permit is deferred, or in an audit passes unseen",
		    mw_fix_run("systemctl enable --now mailwicketd"));
		return;
	case MW_DAEMON_DENIED:
		add(gate, MW_FOUND_DAEMON_UNSEEN, MW_FINDING_WARNING, file, "only root may ask mailwicketd here",
		    "whether it has the policy and the directory of the files is not known",
		    mw_fix_words("run this command as root"));
		return;
	case MW_DAEMON_SILENT:
		add(gate, MW_FOUND_DAEMON_UNSEEN, MW_FINDING_ERROR, file, "mailwicketd gives no answer there",
		    "it hangs, or is of another release: nobody knows which policy it has",
		    mw_fix_run("systemctl restart mailwicketd"));
		return;
	}
}

void mw_check_gate(const struct mw_policy *policy, const struct mw_servers *servers,
		   const struct mw_sync_report *report, struct mw_findings *findings)
{
	struct mw_arena *arena = mw_findings_arena(findings);
	struct gate gate = { policy, arena, findings, mw_arena_text(arena, policy->directory.path) };
	struct mw_directory *directory = mw_setting_directory(policy);
	struct mw_directory_status published = { .open = false };

	if (directory != NULL) {
		mw_directory_status(directory, &published);
		check_snapshot(&gate, directory, report, &published);
	}
	if (servers->postfix)
		check_daemon(&gate, &published);
	if (servers->dovecot && published.open)
		check_reader(&gate, auth_user(&gate, servers), "Dovecot's auth process");
	if (published.open)
		mw_check_known(policy, servers, mw_directory_view(directory), findings);
	mw_directory_free(directory);
}
