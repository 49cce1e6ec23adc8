/* What the process may do, and how much of it. */
#ifndef MW_POSTFIX_PRIVILEGES_H
#define MW_POSTFIX_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

#define MW_OWN_USER "mailwicketd"

/* Raises the limit of open files as far as allowed and takes away the right to gain privileges.
   Returns how many connections may be open at once. */
size_t mw_privileges_limit(void);

/* Root becomes `name`, once the sockets are bound; anybody else stays who it is. False with a line in the log, also
   where there is no such user: it does not stay root unless `name` is root. */
bool mw_privileges_drop(const char *name);

#endif
