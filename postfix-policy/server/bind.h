/* One listening socket: made from its name in the policy, or passed by the service manager. */
#ifndef MW_POSTFIX_BIND_H
#define MW_POSTFIX_BIND_H

#include <sys/stat.h>

#include "policy/model.h"

#define MW_BIND_UNIX MW_STR("unix:")

struct mw_bound {
	int fd; /* -1: closed */
	char name[160];
	bool remove;      /* a unix socket of our own, to be removed at the end */
	struct stat made; /* device and inode of the socket's file */
};

/* False with a line in the log and a status of sysexits.h. */
bool mw_bind(const struct mw_policy *policy, struct mw_str name, struct mw_bound *bound_r, int *status_r);
/* A unix socket that is this process's alone (mode 0600), whatever the policy says of the others. */
bool mw_bind_own(struct mw_str name, struct mw_bound *bound_r, int *status_r);
bool mw_bind_passed(const struct mw_policy *policy, int fd, struct mw_bound *bound_r, int *status_r);
/* Closes the socket. A unix socket's file is removed, unless the path now leads to something else. */
void mw_unbind(struct mw_bound *bound);

/* bind_unix.c's, for bind.c. Unix sockets have the policy's mode and group from the moment they are made, and nothing is
   changed by their path: a folder may belong to somebody who puts other things there. */
bool mw_bind_unix(const struct mw_policy *policy, struct mw_bound *bound, int *status_r); /* policy NULL: mode 0600 */
void mw_unbind_unix(struct mw_bound *bound);
/* bind.c's, for bind_unix.c: a line in the log, the status, false. error 0: none. */
bool mw_bind_failed(int *status_r, int status, const char *name, const char *what, int error);

#endif
