/* `mailwicket status`: what runs, with which policy and directory, and what is wrong with it. */
#ifndef MW_CLI_STATUS_H
#define MW_CLI_STATUS_H

#include "base/arena.h"
#include "command.h"
#include "directory/directory.h"
#include "following.h"
#include "logs/usual.h"
#include "policy/read.h"
#include "servers/daemon.h"

#define MW_STATUS_PROBLEMS 32
#define MW_STATUS_REFUSALS 50

/* The exit codes. */
enum mw_status_level { MW_STATUS_GOOD, MW_STATUS_WARNING, MW_STATUS_CRITICAL };

struct mw_status_problem {
	enum mw_status_level level;
	const char *text;
	const char *fix; /* a command, or "" */
};

struct mw_status_refusal {
	int64_t time; /* seconds since the epoch; 0: the line has no stamp */
	const char *verdict, *reason, *rule, *login, *sender, *client; /* "": the line has none */
};

enum mw_status_sources { MW_SOURCES_NONE, MW_SOURCES_PUBLISHED, MW_SOURCES_NEWER, MW_SOURCES_UNREADABLE };

enum { MW_STATUS_LOGIN_MODULE, MW_STATUS_AUTH_MODULE, MW_STATUS_MODULES };

/* One of our two modules, as it stands in its folder and as Dovecot's processes have it. */
struct mw_status_module {
	const char *path;
	bool there;
	const char *version, *built; /* its own, and the interface of Dovecot that it is built for; "": not found */
	uint64_t processes, others;  /* that have it mapped; of these, with another file than the one that is there */
	const char *other_version;   /* of one of those others; "": not known */
	uint64_t other_process;      /* its id */
};

struct mw_status_view {
	struct mw_arena *arena; /* owns the texts */
	int64_t now;            /* seconds since the epoch */

	const char *policy_path;
	struct mw_policy *policy; /* NULL: it has errors, or cannot be read */
	const char *policy_error; /* the first one */
	int64_t policy_changed;   /* 0: there is no such file */

	const char *socket;
	enum mw_daemon_answer answer;
	struct mw_daemon_status daemon; /* of MW_DAEMON_TOLD */

	struct mw_directory_status directory;
	uint64_t former_names; /* that users and groups of the directory had before */
	const char *directory_error; /* "": none */
	enum mw_status_sources sources;
	struct mw_following_view following; /* the process that follows the sources, and each of them */
	bool audits; /* no rule is enforced today */

	bool dovecot_seen, dovecot_asks; /* doveconf answers; its configuration names Mailwicket */
	struct mw_status_module modules[MW_STATUS_MODULES];
	bool running_known; /* which copies Dovecot's processes have; false: no Dovecot runs by this configuration, or only
			       root may look */

	bool log_looked_at, log_read;
	const char *log_name;
	struct mw_status_refusal refusals[MW_STATUS_REFUSALS]; /* the newest first */
	size_t refusal_count;

	struct mw_status_problem problems[MW_STATUS_PROBLEMS];
	size_t problem_count;
	enum mw_status_level level;
};

/* Private to status/: one more problem, with commands of the policy file that is looked at. */
void mw_status_add(struct mw_status_view *view, enum mw_status_level level, const char *text, const char *fix);
void mw_status_look_at_dovecot(struct mw_status_view *view, const char *config);
/* Looks at everything but the log. socket and dovecot_config: NULL for the usual ones. */
void mw_status_look(struct mw_status_view *view, const struct mw_cli *cli, const char *socket, const char *dovecot_config);
/* The newest refusals of a log, up to `most`: MW_STATUS_REFUSALS is the largest. False: memory is out. */
bool mw_status_read_log(struct mw_status_view *view, struct mw_log_choice *choice, size_t most);

/* Today's mode in words: "enforce", "audit", "audit until 2027-01-31"; a member of enforce_for is enforced. */
const char *mw_status_mode(const struct mw_status_view *view, const struct mw_enforcement *enforcement);
bool mw_status_print(const struct mw_status_view *view, bool json);

#endif
