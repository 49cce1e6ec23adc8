/* What `mailwicket setup` is to change on this machine. */
#ifndef MW_CLI_SETUP_PLAN_H
#define MW_CLI_SETUP_PLAN_H

#include "servers/check/servers.h"
#include "servers/files.h"
#include "servers/setup/sasl.h"
#include "servers/setup/text.h"

struct mw_setup_plan {
	struct mw_changes changes;  /* its arena is the caller's, and owns the rest */
	const char *stage;          /* a folder for copies, the caller's */
	const char *postfix_folder; /* absolute; NULL: Postfix is left alone */
	const char *dovecot_folder, *dovecot_file, *dovecot_name; /* absolute, absolute, the last part; or NULL */
	bool changes_postfix, changes_dovecot;
	bool restarts_dovecot; /* its processes' environment changes: a reload does not do that */
	const struct mw_dovecot_site *dovecot; /* as it is; NULL: it cannot be asked */
	const char *sasl_socket; /* where Postfix asks Dovecot after the change, absolute; NULL: nowhere, or over TCP */
};

/* EX_OK, or one line was printed: EX_UNAVAILABLE, EX_CONFIG, EX_NOINPUT (a file cannot be read), EX_OSERR. */
int mw_setup_plan(const struct mw_policy *policy, const struct mw_servers *servers, struct mw_setup_plan *plan);

/* The parts. EX_OK or as above. */
int mw_setup_plan_postfix(struct mw_setup_plan *plan, const struct mw_policy *policy, const char *config,
			  const struct mw_setup_sasl *sasl);
int mw_setup_plan_dovecot(struct mw_setup_plan *plan, const struct mw_policy *policy, const char *config);
/* Where a Postfix that is not changed asks Dovecot, as `sasl_socket`; where there is none, where it would. */
const char *mw_setup_postfix_socket(const struct mw_policy *policy, const char *config, struct mw_arena *arena);
/* Keeps a change. False after one line. */
bool mw_setup_plan_file(struct mw_setup_plan *plan, const char *path, struct mw_str after, bool *changed_io);
/* A path without links, so that it can be told which staged file is which. NULL after one line. */
const char *mw_setup_absolute(struct mw_arena *arena, const char *path);

/* The changes as unified diffs against the staged files. False after one line. */
bool mw_setup_diff(const struct mw_setup_plan *plan, const char *stage, struct mw_str *diff_r);
/* `postfix check` on a folder, a copy of the one named (shell text). EX_OK, or one line was printed. */
int mw_setup_postfix_check(const char *folder, const char *named);

#endif
