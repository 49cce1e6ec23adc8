/* SPDX-License-Identifier: MIT */
#include "mailwicket-config.h"

#include "status/status.h"

#include <poll.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/units.h"
#include "policy/audit.h"
#include "policy/service.h"
#include "setting.h"
#include "suspension.h"
#include "sync/sync.h"
#include "ui/own_command.h"
#include "ui/when.h"
#include "ui/shell_text.h"

#define MESSAGES_AT_MOST 100
#define TRIES 20
#define TRY_MILLISECONDS 100

void mw_status_add(struct mw_status_view *view, enum mw_status_level level, const char *text, const char *fix)
{
	if (level > view->level)
		view->level = level;
	if (view->problem_count < MW_STATUS_PROBLEMS)
		view->problems[view->problem_count++] = (struct mw_status_problem){
			level, mw_own_commands_text(view->arena, text), mw_own_commands_text(view->arena, fix) };
}

static enum mw_status_level by_mode(const struct mw_status_view *view)
{
	return view->audits ? MW_STATUS_WARNING : MW_STATUS_CRITICAL;
}

const char *mw_status_mode(const struct mw_status_view *view, const struct mw_enforcement *enforcement)
{
	char memory[64];
	struct mw_buf out = MW_BUF_OVER(memory);

	if (mw_enforcement_mode(enforcement, mw_day_of(view->now)) == MW_MODE_ENFORCE)
		return "enforce";
	mw_buf_add_text(&out, "audit");
	if (enforcement->has_audit_until) {
		mw_buf_add_text(&out, " until ");
		mw_print_date(enforcement->audit_until, &out);
	}
	return mw_arena_text(view->arena, mw_buf_str(&out));
}

/* --- the policy and the directory */

static const char *first_error(struct mw_status_view *view, struct mw_errors *errors)
{
	char text[4096];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_errors_sort(errors);
	for (unsigned i = 0; i < mw_errors_kept(errors); i++) {
		if (mw_errors_get(errors, i)->severity != MW_ERROR)
			continue;
		mw_error_print(mw_errors_get(errors, i), &out);
		break;
	}
	return mw_arena_text(view->arena, mw_buf_str(&out));
}

static void look_at_policy(struct mw_status_view *view, const struct mw_cli *cli)
{
	struct mw_errors *errors = mw_errors_new(MESSAGES_AT_MOST);
	struct stat file;

	view->policy_path = cli->policy_path;
	view->policy_error = "";
	if (stat(cli->policy_path, &file) == 0)
		view->policy_changed = file.st_mtime;
	if (errors != NULL && !mw_setting_read(cli, errors, &view->policy))
		view->policy_error = first_error(view, errors);
	mw_errors_free(errors);
	if (view->policy != NULL)
		view->audits = mw_policy_audits(view->policy, mw_day_of(view->now));
}

/* Who follows the sources, or publishes them now and then, asks databases and programs; a look at the status asks
   none. Text is read, which costs little. */
static void look_at_sources(struct mw_status_view *view)
{
	struct mw_errors *errors = mw_errors_new(MESSAGES_AT_MOST);
	struct mw_sync_report report;

	if (view->following.count > 0 && mw_following_is_well(&view->following)) {
		view->sources = view->following.follower.failing != 0 ? MW_SOURCES_UNREADABLE : MW_SOURCES_PUBLISHED;
		mw_errors_free(errors);
		return;
	}
	if (view->policy->directory.source_count == 0 || errors == NULL) {
		mw_errors_free(errors);
		return;
	}
	view->sources = MW_SOURCES_PUBLISHED;
	if (!mw_sync_look(view->policy, errors, &report)) {
		view->sources = MW_SOURCES_UNREADABLE;
		mw_status_add(view, MW_STATUS_WARNING,
			      mw_arena_textf(view->arena, "the directory's sources cannot be read: %s",
							    first_error(view, errors)),
			      mw_errors_count(errors, MW_ERROR) == report.unread_sources ? "mailwicket sync" : "mailwicket check");
	} else if (!view->directory.open) {
		view->sources = MW_SOURCES_NEWER;
	} else if (report.differs) {
		view->sources = MW_SOURCES_NEWER;
		mw_status_add(view, MW_STATUS_WARNING,
			      "the published directory is older than its sources", "mailwicket sync");
	}
	mw_errors_free(errors);
}

/* Who was suspended and is in the directory no more, or by another name that nothing tells. */
static void look_at_suspensions(struct mw_status_view *view, const struct mw_directory *directory)
{
	const struct mw_suspensions *suspensions = mw_directory_suspensions(directory);

	for (size_t i = 0; suspensions != NULL && i < suspensions->count; i++) {
		const char *user = suspensions->items[i].user;

		if (!mw_suspension_is_lost(view->policy, directory, i))
			continue;
		mw_status_add(view, MW_STATUS_WARNING,
			mw_arena_textf(view->arena, "%s is suspended, and the directory has nobody with this address or a login name "
				       "of that user: who has another address now is not suspended", user),
			mw_arena_textf(view->arena, "mailwicket resume %s", mw_shell_operand_text(view->arena, user)));
	}
}

static void add_fault(void *context, enum mw_finding_id id, const struct mw_source *source, const char *text,
		      const char *fix)
{
	(void)id;
	(void)source;
	mw_status_add(context, MW_STATUS_WARNING, text, fix);
}

static bool has_old_source(const struct mw_following_view *following)
{
	for (size_t i = 0; i < following->count; i++)
		if (following->sources[i].state.failed_since != 0)
			return true;
	return false;
}

static void look_at_follower(struct mw_status_view *view)
{
	const struct mw_follower_state *follower = &view->following.follower;
	char memory[64] = "";
	struct mw_buf since = MW_BUF_OVER(memory);

	mw_following_judge(&view->following, view->arena, add_fault, view);
	if (view->following.following != MW_FOLLOWING || follower->failing == 0 || has_old_source(&view->following))
		return;
	mw_when_print(follower->failing, &since);
	mw_status_add(view, MW_STATUS_WARNING,
		      mw_arena_textf(view->arena, "the process that follows the sources cannot read them all since %s: %s", memory,
				     follower->error), "mailwicket check");
}

static void count_former(void *context, struct mw_str name, int64_t until)
{
	(void)name, (void)until;
	(*(uint64_t *)context)++;
}

static void look_at_directory(struct mw_status_view *view)
{
	struct mw_directory *directory = mw_setting_directory(view->policy);

	view->directory_error = "";
	if (directory == NULL)
		return;
	mw_directory_status(directory, &view->directory);
	view->directory_error = mw_arena_text(view->arena, mw_str(mw_directory_error(directory)));
	if (view->directory.open) {
		look_at_suspensions(view, directory);
		mw_directory_each_former(directory, 0, count_former, &view->former_names);
	}
	mw_directory_free(directory);
	if (!view->directory.open)
		mw_status_add(view, by_mode(view),
			      mw_arena_textf(view->arena, "no directory can be read: %s", view->directory_error),
			      "mailwicket sync");
	else if (view->directory_error[0] != '\0')
		mw_status_add(view, by_mode(view), view->directory_error, "");
	mw_following_look(&view->following, view->policy, view->now, view->arena);
	look_at_sources(view);
	look_at_follower(view);
}

/* --- mailwicketd */

static bool is_behind(const struct mw_status_view *view)
{
	return view->answer == MW_DAEMON_TOLD && view->directory.open &&
	       strcmp(view->daemon.directory, view->directory.digest) != 0;
}

/* It takes over another snapshot within a second. */
static void ask(struct mw_status_view *view)
{
	view->answer = mw_daemon_ask_at(view->socket, &view->daemon);
	for (int i = 0; i < TRIES && is_behind(view); i++) {
		(void)poll(NULL, 0, TRY_MILLISECONDS);
		view->answer = mw_daemon_ask_at(view->socket, &view->daemon);
	}
}

static void judge_daemon(struct mw_status_view *view)
{
	const struct mw_daemon_status *now = &view->daemon;

	if (now->reload_failed != 0)
		mw_status_add(view, MW_STATUS_WARNING,
			      "mailwicketd could not read the policy again, and goes on with the older one",
			      view->policy != NULL ? "systemctl reload mailwicketd" : "mailwicket check");
	else if (view->policy != NULL && strcmp(now->policy, view->policy->digest) != 0)
		mw_status_add(view, MW_STATUS_WARNING,
			      "mailwicketd runs another policy than the file has", "systemctl reload mailwicketd");
	if (is_behind(view))
		mw_status_add(view, MW_STATUS_WARNING,
			      "mailwicketd runs another directory than the published one; its log says why",
			      "systemctl restart mailwicketd");
	if (now->directory_failed != 0 && view->directory.open)
		mw_status_add(view, now->enforces != 0 ? MW_STATUS_CRITICAL : MW_STATUS_WARNING,
			      "mailwicketd cannot read the published directory, or the list of suspensions; its log says why", "");
	if (now->enforces != 0 && now->asked_in_audit != 0)
		mw_status_add(view, MW_STATUS_CRITICAL,
			      "a rule is enforced, and Postfix asks as in an audit that enforces nothing",
			      "mailwicket setup");
	if (strcmp(now->version, PACKAGE_VERSION) != 0)
		mw_status_add(view, MW_STATUS_WARNING,
			      mw_arena_textf(view->arena, "mailwicketd is version %s, this program " PACKAGE_VERSION,
					     now->version), "systemctl restart mailwicketd");
}

static void look_at_daemon(struct mw_status_view *view, const char *socket)
{
	char path[MW_DAEMON_PATH_MOST] = MW_STATUS_PATH;
	struct mw_buf out = MW_BUF_OVER(path);

	if (view->policy != NULL)
		mw_service_status_path(view->policy, &out);
	else
		mw_buf_add_text(&out, MW_STATUS_PATH);
	view->socket = socket != NULL ? socket : mw_arena_text(view->arena, mw_buf_str(&out));
	ask(view);
	switch (view->answer) {
	case MW_DAEMON_TOLD:
		judge_daemon(view);
		return;
	case MW_DAEMON_AWAY:
		mw_status_add(view, MW_STATUS_CRITICAL,
			      mw_arena_textf(view->arena, "no mailwicketd serves at %s", view->socket),
			      "systemctl enable --now mailwicketd");
		return;
	case MW_DAEMON_DENIED:
		mw_status_add(view, MW_STATUS_WARNING,
			      mw_arena_textf(view->arena, "%s answers root alone: whether mailwicketd runs, and "
					     "what, is not known", view->socket), "");
		return;
	case MW_DAEMON_SILENT:
		mw_status_add(view, MW_STATUS_CRITICAL,
			      mw_arena_textf(view->arena, "mailwicketd gives no answer at %s", view->socket),
			      "systemctl restart mailwicketd");
		return;
	}
}

void mw_status_look(struct mw_status_view *view, const struct mw_cli *cli, const char *socket,
		    const char *dovecot_config)
{
	view->now = mw_clock_date();
	view->directory_error = "";
	look_at_policy(view, cli);
	if (view->policy != NULL)
		look_at_directory(view);
	look_at_daemon(view, socket);
	if (view->policy == NULL)
		mw_status_add(view, MW_STATUS_WARNING,
			      mw_arena_textf(view->arena, "the policy cannot be read: %s", view->policy_error),
			      "mailwicket check");
	mw_status_look_at_dovecot(view, dovecot_config);
}
