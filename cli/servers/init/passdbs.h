/* Dovecot's passdbs, as far as they list who logs in. */
#ifndef MW_CLI_INIT_PASSDBS_H
#define MW_CLI_INIT_PASSDBS_H

#include "servers/init/init.h"

/* Whether accounts of this machine log in: a passdb pam, shadow, passwd or
   bsdauth. */
bool mw_init_has_system_users(const struct mw_init *init);

/* --- pure */

/* The name of a line of a passwd-file; false: a comment, or nothing. */
bool mw_init_passwd_name(struct mw_str line, struct mw_str *name_r);
/* Where the value of a path's only variable stands, which is a user's domain:
   "/etc/auth/%d/passwd", of either generation. False: there are other
   variables, or none. The pattern has a "*" there, for glob(3). */
bool mw_init_path_by_domain(struct mw_arena *arena, struct mw_str path, const char **pattern_r, size_t *before_r,
			    size_t *after_r);

#endif
