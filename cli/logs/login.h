/* What Dovecot's login processes say of a client: "Logged in: user=<bob>, method=PLAIN, rip=192.0.2.7, lip=..., TLS". Pure. */
#ifndef MW_CLI_LOG_LOGIN_H
#define MW_CLI_LOG_LOGIN_H

#include "base/str.h"

/* All of it points into the message. */
struct mw_log_login {
	struct mw_str words;                   /* what happened */
	struct mw_str user, mechanism, client; /* as they stand there; empty: none */
	struct mw_str behind;                  /* ", lip=..., TLS, session=<...>": nothing in it is the client's own word */
};

/* The name may be anything, also ">, rip=": what the client cannot write begins at the last rip=. False: it is no such
   message, or the line is cut. */
bool mw_log_login_read(struct mw_str message, struct mw_log_login *login_r);
/* Whether the words say that somebody was let in: after the right password. */
bool mw_log_login_succeeded(struct mw_str words);

#endif
