/* Dovecot's passdbs, as far as they list who logs in. */
#ifndef MW_CLI_INIT_PASSDBS_H
#define MW_CLI_INIT_PASSDBS_H

#include "servers/init/init.h"

/* Whether accounts of this machine log in: a passdb pam, shadow, passwd or
   bsdauth. */
bool mw_init_has_system_users(const struct mw_init *init);

/* A login of a passdb. The texts are in the arena. */
struct mw_init_account {
	struct mw_str name;   /* as it is written there */
	struct mw_str domain; /* where it belongs if the name has none; "": not known */
	const char *from;     /* "passwd-file /etc/dovecot/users" */
	bool system;          /* an account of this machine */
	const char *doubt;    /* why it may be no login, or none by this name, "a userdb lists ..."; NULL: it is one */
	bool locked;          /* it cannot log in: no password is right (of accounts of this machine only root can tell), or
				 a passdb denies it */
};
typedef void mw_init_account_found(void *context, const struct mw_init_account *account);

/* Calls `found` for each login that the passdbs list; what cannot be listed is kept as unread, and then logins_listed of init
   is false, as it is for PAM, which may let in more than this machine lists. With asks_dovecot the Dovecot that runs lists
   those of a passdb that lists none, where its userdbs can. Takes time in proportion to their number. */
void mw_init_each_account(struct mw_init *init, bool asks_dovecot, mw_init_account_found *found, void *context);

/* --- pure */

/* Where the value of a path's only variable stands, which is a user's domain:
   "/etc/auth/%d/passwd", of either generation. False: there are other
   variables, or none. The pattern has a "*" there, for glob(3). */
bool mw_init_path_by_domain(struct mw_arena *arena, struct mw_str path, const char **pattern_r, size_t *before_r,
			    size_t *after_r);

#endif
