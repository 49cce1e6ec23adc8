/* SPDX-License-Identifier: MIT */
#include "servers/setup/plan.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sysexits.h>
#include <unistd.h>

#include "servers/setup/diff.h"
#include "ui/output.h"
#include "ui/process.h"

const char *mw_setup_absolute(struct mw_arena *arena, const char *path)
{
	char *resolved = realpath(path, NULL);
	const char *copy = resolved != NULL ? mw_arena_text(arena, mw_str(resolved)) : NULL;

	if (resolved == NULL)
		mw_complain("%s: %s", path, strerror(errno));
	free(resolved);
	return copy;
}

bool mw_setup_plan_file(struct mw_setup_plan *plan, const char *path, struct mw_str after, bool *changed_io)
{
	size_t before = plan->changes.count;

	if (!mw_changes_add(&plan->changes, path, after))
		return false;
	*changed_io |= plan->changes.count > before;
	return true;
}

int mw_setup_plan(const struct mw_policy *policy, const struct mw_servers *servers, struct mw_setup_plan *plan)
{
	struct mw_arena *arena = plan->changes.arena;
	struct mw_setup_sasl sasl = { .adds_listener = servers->dovecot };
	struct mw_dovecot_site *dovecot = MW_ARENA_NEW(arena, struct mw_dovecot_site);
	int status = dovecot != NULL ? EX_OK : EX_OSERR;

	/* Named, it must be there; else it is asked what it can tell. */
	if (status == EX_OK && servers->dovecot)
		status = mw_dovecot_site_load(dovecot, policy, servers->dovecot_config, NULL, arena);
	if (status == EX_OK &&
	    (servers->dovecot || mw_dovecot_site_try(dovecot, policy, servers->dovecot_config, NULL, arena)))
		plan->dovecot = sasl.dovecot = dovecot;
	plan->restarts_dovecot = servers->dovecot && sasl.dovecot != NULL && !mw_dovecot_is_told(dovecot);
	if (status == EX_OK && servers->postfix)
		status = mw_setup_plan_postfix(plan, policy, servers->postfix_config, &sasl);
	else if (status == EX_OK)
		plan->sasl_socket = mw_setup_postfix_socket(policy, servers->postfix_config, arena);
	if (status == EX_OK && servers->dovecot)
		status = mw_setup_plan_dovecot(plan, policy, servers->dovecot_config);
	if (status == EX_OK && mw_arena_failed(arena))
		status = EX_OSERR;
	if (status == EX_OSERR)
		mw_complain("out of memory");
	return status;
}

/* --- other programs */

static const char *staged_path(const struct mw_setup_plan *plan, const char *stage, const char *path)
{
	const char *folders[] = { plan->postfix_folder, plan->dovecot_folder }, *names[] = { "postfix", "dovecot" };

	for (size_t i = 0; i < 2; i++) {
		size_t len = folders[i] != NULL ? strlen(folders[i]) : 0;

		if (len > 0 && strncmp(path, folders[i], len) == 0 && path[len] == '/')
			return mw_arena_textf(plan->changes.arena, "%s/%s%s", stage, names[i], path + len);
	}
	return path;
}

bool mw_setup_diff(const struct mw_setup_plan *plan, const char *stage, struct mw_str *diff_r)
{
	*diff_r = MW_STR_EMPTY;
	for (size_t i = 0; i < plan->changes.count; i++) {
		const struct mw_change *change = &plan->changes.items[i];

		if (!mw_change_diff(plan->changes.arena, change, staged_path(plan, stage, change->path), diff_r))
			return false;
	}
	return true;
}

/* --- postfix(1) on a copy, which writes what it finds to the log too, where it would be taken for the server's own */

/* Its log is the system's then, which prepare_silence() takes away. A main.cf that is not changed is a link to that of
   the server: a copy takes its place first. */
static bool write_no_log(const char *folder)
{
	struct mw_arena *arena = mw_arena_new(0);
	const char *path = arena != NULL ? mw_arena_textf(arena, "%s/main.cf", folder) : NULL;
	struct mw_str text;
	bool exists, written = false;

	if (path != NULL && mw_changes_read(arena, path, &text, &exists) && exists && unlink(path) == 0) {
		text = mw_str(mw_arena_textf(arena, "%.*s\nmaillog_file =\n", MW_STR_ARG(text)));
		written = mw_file_put(path, text, 0644, geteuid(), getegid());
	}
	mw_arena_free(arena);
	return written;
}

/* Whether what is mounted over /dev/log from now on is there for this process alone. In a chroot / is no mount. */
static bool has_own_mounts(void)
{
	char target[PATH_MAX];

	if (unshare(CLONE_NEWNS) < 0)
		return false;
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ||
	       (readlink("/dev/log", target, sizeof(target)) < 0 && mount("none", "/dev", NULL, MS_PRIVATE, NULL) == 0);
}

/* Nobody listens at /dev/log for this process and its own. Where it may have no mounts of its own, it goes on. */
static bool prepare_silence(void *context)
{
	(void)context;
	if (has_own_mounts())
		mount("/dev/null", "/dev/log", NULL, MS_BIND, NULL);
	return true;
}

int mw_setup_postfix_check(const char *folder, const char *named)
{
	const char *const argv[] = { "postfix", "-c", folder, "check", NULL };
	struct mw_run run;
	int status = EX_OK;

	if (!write_no_log(folder)) {
		mw_complain("%s/main.cf: cannot be written: %s", folder, strerror(errno));
		return EX_CANTCREAT;
	}
	if (!mw_run_program_in(argv, &run, prepare_silence, NULL)) {
		/* Postfix 3.7 tells its log or a terminal alone, Postfix 3.10 us too. */
		bool silent = !run.missing && run.why == NULL && mw_str_empty(run.errors);

		if (silent)
			mw_complain("nothing was changed: `postfix check` refuses the configuration; where it did so before, "
				    "`postfix -c %s check` in a terminal says why", named);
		status = silent ? EX_CONFIG : mw_run_complain(&run, "postfix", "postfix");
	}
	mw_run_free(&run);
	return status;
}
