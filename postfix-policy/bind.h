/* One listening socket: made from its name in the policy, or passed by the service manager. */
#ifndef MW_POSTFIX_BIND_H
#define MW_POSTFIX_BIND_H

#include <sys/stat.h>

#include "policy/model.h"

struct mw_bound {
	int fd; /* -1: closed */
	char name[160];
	bool remove;      /* a unix socket of our own, to be removed at the end */
	struct stat made; /* it, as it was made */
};

/* False with a line in the log and a status of sysexits.h. */
bool mw_bind(const struct mw_policy *policy, struct mw_str name, struct mw_bound *bound_r, int *status_r);
bool mw_bind_passed(int fd, struct mw_bound *bound_r, int *status_r);
/* Closes, and removes a unix socket unless its path stands for something else by now. */
void mw_unbind(struct mw_bound *bound);

#endif
