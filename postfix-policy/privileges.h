/* What the process may do, and how much of it. */
#ifndef MW_POSTFIX_PRIVILEGES_H
#define MW_POSTFIX_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

#define MW_OWN_USER "mailwicketd"

/* Raises the limit of open files as far as allowed and takes away the right to gain privileges.
   Returns how many connections may be open at once. */
size_t mw_privileges_limit(void);

/* Root becomes MW_OWN_USER, once the sockets are bound; without such a user it stays root and says so. Anybody else
   stays who it is. False with a line in the log. */
bool mw_privileges_drop(void);

#endif
