/* Mechanisms that ask no passdb (ANONYMOUS, NTLM), or one that Dovecot's settings skip for them (GSSAPI): whatever way a
   login succeeded, it is judged before the client hears of it. */
#ifndef MW_DOVECOT_AUTH_MECHANISMS_H
#define MW_DOVECOT_AUTH_MECHANISMS_H

#include "compat_auth.h"

/* PASSDB_RESULT_NEXT: the login may go on. PASSDB_RESULT_INTERNAL_FAILURE: a temporary failure. Any other: refused. */
typedef enum passdb_result mw_auth_judge(struct auth_request *request);

/* Stands before every mechanism of this auth process, from here on; to be called once Dovecot has registered them. A
   request that mw_auth_mark_judged() names is not judged again. DOVECOT-TOKEN is not held: it is no login of a user, but
   one of Dovecot's own services for a session that logged in. Where Dovecot (from 2.4.2 on) lets no module stand there,
   the auth process does not start with a mechanism that asks no passdb (auth_mechanisms_unheld.c). */
void mw_auth_mechanisms_hold(mw_auth_judge *judge);
void mw_auth_mechanisms_free(void);
/* The passdb has permitted this login. */
void mw_auth_mark_judged(struct auth_request *request);

#endif
