/* A login on its way through Dovecot's passdbs: judged by the name that the client gave, before its password is looked at,
   and again by the name that the last passdb leaves (a passdb may set user, login_user, destuser or userdb_user; a master
   user's becomes the user's): whichever is refused, the login is. A userdb is asked after the client has read OK: what
   it sets is out of reach (`mailwicket check --dovecot` looks for it). */
#ifndef MW_DOVECOT_AUTH_LOGIN_H
#define MW_DOVECOT_AUTH_LOGIN_H

#include "compat_auth.h"
#include "auth_facts.h"

/* Decides about the names that a login has now. PASSDB_RESULT_NEXT: it may go on. PASSDB_RESULT_INTERNAL_FAILURE: a
   temporary failure. PASSDB_RESULT_PASSWORD_MISMATCH: refused; *whoever_r: any other account would be too, for want of
   TLS, so that no proof need cross the wire. */
typedef enum passdb_result mw_auth_decide(struct auth_request *request, const struct mw_auth_names *names,
					  bool *whoever_r);

/* Before anything else here. `decide` is called once for each set of names that a login has, and again where time has
   passed since it permitted. */
void mw_auth_login_init(mw_auth_decide *decide);
/* What was decided about the names that the login has now. */
enum passdb_result mw_auth_login_judge(struct auth_request *request);
/* For a passdb's verify_plain and lookup_credentials: what it answers, PASSDB_RESULT_NEXT as well where the refusal comes
   later: a challenge mechanism goes on to the proof, so that its challenge does not tell who may log in. */
enum passdb_result mw_auth_login_verify(struct auth_request *request);
enum passdb_result mw_auth_login_lookup(struct auth_request *request);
/* Takes away what other passdbs, that permitted it, added to a login that is refused: the reply to a wrong password has
   none of it. */
void mw_auth_login_hide(struct auth_request *request, enum passdb_result result);

#endif
