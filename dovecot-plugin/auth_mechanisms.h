/* Mechanisms that ask no passdb (ANONYMOUS, NTLM), or one that Dovecot's settings skip for them (GSSAPI): whatever way a
   login succeeded, it is judged before the client hears of it. */
#ifndef MW_DOVECOT_AUTH_MECHANISMS_H
#define MW_DOVECOT_AUTH_MECHANISMS_H

#include "compat_auth.h"

/* Stands before every mechanism of this auth process, from here on; to be called once Dovecot has registered them and
   mw_auth_login_init() knows who decides. What succeeds is judged under the names that it has then (auth_login.h).
   DOVECOT-TOKEN is not held: it is no login of a user, but one of Dovecot's own services for a session that logged in.
   Where Dovecot (from 2.4.2 on) lets no module stand there, the auth process does not start with a mechanism that asks
   no passdb (auth_mechanisms_unheld.c). */
void mw_auth_mechanisms_hold(void);
void mw_auth_mechanisms_free(void);
/* Whether there is that place: every success is judged before the client hears of it. */
bool mw_auth_mechanisms_held(void);

#endif
