/* Proposals into the directory's text source: those that are named, of the list that was shown last, whole or not at all. */
#ifndef MW_CLI_AUDIT_WRITE_H
#define MW_CLI_AUDIT_WRITE_H

#include "decisions/audit/day.h"

#define MW_AUDIT_WRITES_MOST 1000

struct mw_audit_order {
	unsigned numbers[MW_AUDIT_WRITES_MOST];
	size_t count;
	bool grant; /* what is somebody else's, too */
};

/* "3,5": numbers from 1 on. False: these are none. */
bool mw_audit_order_read(struct mw_str text, struct mw_audit_order *order);
/* EX_OK, and what was written and where is told; or one line was printed (or the directory's errors) and nothing was
   changed: EX_USAGE, EX_DATAERR, EX_NOPERM, EX_CANTCREAT, EX_OSERR, EX_UNAVAILABLE. */
int mw_audit_write(const struct mw_audit_day *day, const struct mw_audit_order *order, bool json);

#endif
