/* What a suspended user has open at Dovecot, which asks at the login and never after. */
#ifndef MW_CLI_SUSPEND_SESSIONS_H
#define MW_CLI_SUSPEND_SESSIONS_H

#include "base/arena.h"
#include "decide/directory_view.h"
#include "policy/model.h"
#include "report/json.h"

#define MW_SESSION_SERVICES_MAX 8

/* A name that sessions of one user logged in with. */
struct mw_session_name {
	struct mw_str name;
	struct mw_str services[MW_SESSION_SERVICES_MAX]; /* imap, sieve, ...: as Dovecot calls them, each once */
	size_t service_count;
};

struct mw_sessions {
	bool known; /* doveadm told who is logged in */
	struct mw_session_name *names;
	size_t count;
};

/* Asks `doveadm who` which names of the user are logged in: those that the directory takes for it. */
void mw_sessions_find(struct mw_arena *arena, const struct mw_policy *policy, const struct mw_directory_view *view,
		      const struct mw_principal *user, struct mw_sessions *sessions_r);
/* The same, of what `doveadm -f tab who -1` printed: a line with the names of its columns, then one for each session. */
void mw_sessions_read(struct mw_arena *arena, struct mw_str text, const struct mw_policy *policy,
		      const struct mw_directory_view *view, const struct mw_principal *user,
		      struct mw_sessions *sessions_r);

/* What an administrator does about them, and about the script that is active; `usual`: the name to use where none is
   logged in. */
void mw_sessions_print(const struct mw_sessions *sessions, struct mw_str usual, struct mw_buf *out);
/* Members kick, sessions and deactivate of the open object. */
void mw_sessions_json(const struct mw_sessions *sessions, struct mw_str usual, struct mw_json *json);

#endif
