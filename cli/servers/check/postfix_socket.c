/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "ui/shell_text.h"

#define GROUPS_MOST 64

static struct mw_str without_prefix(struct mw_str text, const char *prefix)
{
	return mw_str_starts_with(text, mw_str(prefix)) ? mw_str_tail(text, strlen(prefix)) : text;
}

const char *mw_postfix_real_path(const struct mw_postfix_site *site, bool chroot, struct mw_str path)
{
	if (!mw_str_starts_with(path, MW_STR("/")))
		return mw_arena_textf(site->arena, "%s/%.*s", site->queue_directory, MW_STR_ARG(path));
	return mw_arena_textf(site->arena, "%s%.*s", chroot ? site->queue_directory : "", MW_STR_ARG(path));
}

static bool is_same_path(const char *a, struct mw_str b)
{
	char *resolved_a = realpath(a, NULL), *resolved_b = realpath(b.ptr, NULL);
	bool same = mw_str_equal(mw_str(a), b) ||
		    (resolved_a != NULL && resolved_b != NULL && strcmp(resolved_a, resolved_b) == 0);

	free(resolved_a);
	free(resolved_b);
	return same;
}

static bool is_listened(const struct mw_postfix_site *site, const struct mw_strs *listen, const char *path)
{
	for (size_t i = 0; i < listen->count; i++) {
		if (is_same_path(path, mw_str(mw_arena_text(site->arena, without_prefix(listen->items[i], "unix:")))))
			return true;
	}
	return false;
}

/* "inet:[127.0.0.1]:10045" and "inet:localhost:10045" are where 127.0.0.1:10045 is; localhost is ::1 too. */
static bool is_same_port(struct mw_str server, struct mw_str ours)
{
	static const struct mw_ip six = { MW_FAMILY_IPV6, { [15] = 1 } };
	struct mw_binding theirs, listened;

	if (!mw_str_starts_with(server, MW_STR("inet:")) || !mw_str_starts_with(ours, MW_STR("inet:")) ||
	    !mw_postfix_binding(without_prefix(server, "inet:"), &theirs) ||
	    !mw_postfix_binding(without_prefix(ours, "inet:"), &listened))
		return false;
	if (mw_binding_overlaps(&theirs, &listened))
		return true;
	if (!mw_str_starts_with(server, MW_STR("inet:localhost:")))
		return false;
	theirs.ip = six;
	return mw_binding_overlaps(&theirs, &listened);
}

static bool reaches(const struct mw_postfix_endpoint *endpoint, const struct mw_strs *listen, struct mw_str server,
		    const char **path_r)
{
	const struct mw_postfix_site *site = endpoint->site;

	*path_r = NULL;
	if (mw_str_starts_with(server, MW_STR("local:")))
		server = mw_str(mw_arena_textf(site->arena, "unix:%.*s", MW_STR_ARG(without_prefix(server, "local:"))));
	for (size_t i = 0; i < listen->count; i++) {
		struct mw_str ours = mw_str(mw_arena_text(site->arena, listen->items[i]));

		if (is_same_port(server, ours))
			return true;
		if (!mw_str_starts_with(server, MW_STR("unix:")) || !mw_str_starts_with(ours, MW_STR("unix:")))
			continue;
		*path_r = mw_postfix_real_path(site, endpoint->chroot, without_prefix(server, "unix:"));
		if (is_same_path(*path_r, without_prefix(ours, "unix:")))
			return true;
		/* The path of the policy, absolute, from within a chroot: ours, and out of reach. */
		if (mw_str_equal(server, ours))
			return true;
	}
	return false;
}

bool mw_endpoint_asks_us(const struct mw_postfix_endpoint *endpoint, struct mw_str server, const char **path_r)
{
	return reaches(endpoint, &endpoint->site->policy->policy_service.listen, server, path_r);
}

bool mw_endpoint_milter_is_ours(const struct mw_postfix_endpoint *endpoint, struct mw_str server, const char **path_r)
{
	return reaches(endpoint, &endpoint->site->policy->milter.listen, server, path_r);
}

static bool in_group(const struct passwd *user, gid_t group)
{
	gid_t groups[GROUPS_MOST];
	int count = GROUPS_MOST;

	if (getgrouplist(user->pw_name, user->pw_gid, groups, &count) < 0)
		count = GROUPS_MOST;
	for (int i = 0; i < count; i++) {
		if (groups[i] == group)
			return true;
	}
	return false;
}

static bool may(const struct passwd *user, const struct stat *status, mode_t right)
{
	if (user == NULL)
		return true;
	if (status->st_uid == user->pw_uid)
		return (status->st_mode & right << 6) != 0;
	if (in_group(user, status->st_gid))
		return (status->st_mode & right << 3) != 0;
	return (status->st_mode & right) != 0;
}

static void add(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id, enum mw_finding_severity severity,
		const char *path, const char *what, const char *why, struct mw_fix fix)
{
	mw_findings_add(endpoint->site->findings, (struct mw_finding){ .id = id, .severity = severity, .file = path,
								       .setting = "", .what = what, .why = why, .fix = fix });
}

/* A policy that says so already was not followed yet. */
static struct mw_fix socket_fix(const struct mw_postfix_endpoint *endpoint)
{
	const struct mw_policy *policy = endpoint->site->policy;
	unsigned line = policy->policy_service.place.line;

	/* Both have the right defaults: what is wrong is written. */
	if (line > 0 && policy->policy_service.socket_mode != 0660)
		return mw_fix_lines(MW_FIX_WITHIN, policy->file, line, "socket_mode = \"0660\"");
	if (line > 0 && !mw_str_equal(policy->policy_service.socket_group, MW_STR("postfix")))
		return mw_fix_lines(MW_FIX_WITHIN, policy->file, line, "socket_group = \"postfix\"");
	return mw_fix_run("systemctl restart mailwicketd");
}

/* What becomes of mail that mailwicketd is not asked about, as its socket is out of reach. */
static const char *deferral(bool milter)
{
	return milter ? "every message is deferred (451 4.7.1)" : "every session is deferred (451 4.3.5)";
}

static void check_folder(const struct mw_postfix_endpoint *endpoint, bool milter, const char *path,
			 const struct passwd *user)
{
	struct mw_arena *arena = endpoint->site->arena;
	const char *folder = mw_arena_text(arena, mw_str_head(mw_str(path), mw_str_find_last(mw_str(path), '/')));
	struct stat status;

	if (stat(folder, &status) < 0)
		return;
	if ((status.st_mode & S_IWOTH) != 0)
		add(endpoint, MW_FOUND_OPEN_FOLDER, MW_FINDING_ERROR, folder,
		    "everybody may write in the folder of mailwicketd's socket",
		    "any user of this machine can put a socket of his own there and answer in its place",
		    mw_fix_run(mw_arena_textf(arena, "chmod o-w %s", mw_shell_text(arena, folder))));
	if (!may(user, &status, 1))
		add(endpoint, MW_FOUND_CLOSED_FOLDER, MW_FINDING_ERROR, folder,
		    "Postfix may not enter the folder of mailwicketd's socket",
		    mw_arena_textf(arena, "nothing gets through: %s", deferral(milter)),
		    mw_fix_run(mw_arena_textf(arena, "chmod a+x %s", mw_shell_text(arena, folder))));
}

static void check_socket(const struct mw_postfix_endpoint *endpoint, bool milter, const char *path,
			 const struct stat *status, const struct passwd *user)
{
	struct mw_arena *arena = endpoint->site->arena;

	if (!S_ISSOCK(status->st_mode)) {
		add(endpoint, MW_FOUND_NO_SOCKET, MW_FINDING_ERROR, path, "is no socket",
		    "mailwicketd does not start while it is there",
		    mw_fix_run(mw_arena_textf(arena, "rm %s && systemctl restart mailwicketd", mw_shell_text(arena, path))));
		return;
	}
	if (!may(user, status, 2))
		add(endpoint, MW_FOUND_CLOSED_SOCKET, MW_FINDING_ERROR, path, "Postfix may not write to mailwicketd's socket",
		    mw_arena_textf(arena, "nothing gets through: %s", deferral(milter)), socket_fix(endpoint));
	if ((status->st_mode & S_IWOTH) != 0)
		add(endpoint, MW_FOUND_OPEN_SOCKET, MW_FINDING_WARNING, path, "everybody may connect to mailwicketd's socket",
		    "mailwicketd refuses others than Postfix, but they keep it busy", socket_fix(endpoint));
}

void mw_check_postfix_socket(const struct mw_postfix_endpoint *endpoint, const char *list, const char *path)
{
	struct mw_arena *arena = endpoint->site->arena;
	const char *owner = mw_arena_text(arena, mw_endpoint_value(endpoint, "mail_owner"));
	const struct passwd *user = getpwnam(owner);
	bool milter = strcmp(list, MW_WIRING_MILTERS) == 0;
	const struct mw_policy *policy = endpoint->site->policy;
	struct stat status;

	if (!is_listened(endpoint->site, milter ? &policy->milter.listen : &policy->policy_service.listen, path)) {
		mw_endpoint_finding(endpoint, MW_FOUND_OUTSIDE_CHROOT, MW_FINDING_ERROR, list,
			"the path of mailwicketd's socket leads out of the chroot of this smtpd",
			mw_arena_textf(arena, "it is not found there: %s", deferral(milter)),
			mw_fix_words(mw_arena_textf(arena, "%s { listen = { \"unix:%s/mailwicket/%s\" } } in %s",
				       milter ? "milter" : "policy_service", endpoint->site->queue_directory,
				       milter ? "milter" : "policy", policy->file)));
		return;
	}
	check_folder(endpoint, milter, path, user);
	if (lstat(path, &status) == 0)
		check_socket(endpoint, milter, path, &status, user);
	else if (errno == EACCES)
		add(endpoint, MW_FOUND_UNSEEN_SOCKET, MW_FINDING_WARNING, path, "cannot be looked at", "run this as root",
		    MW_NO_FIX);
	else
		add(endpoint, MW_FOUND_DAEMON_AWAY, MW_FINDING_WARNING, path, "mailwicketd's socket is not there",
		    mw_arena_textf(arena, "while mailwicketd is not running, %s", deferral(milter)),
		    mw_fix_run("systemctl enable --now mailwicketd"));
}
