/* The numbers of the proposals that were shown last, so that --write writes what was read then: a log that has grown since, or
   a proposal that was written, gives others the number. */
#ifndef MW_CLI_AUDIT_SHOWN_H
#define MW_CLI_AUDIT_SHOWN_H

#include "decisions/audit/day.h"

#define MW_AUDIT_SHOWN_ENDING ".audit-shown" /* behind the path of the folder of the snapshots */
#define MW_AUDIT_SHOWN_MOST 10000

struct mw_audit_shown {
	size_t count;
	char digests[MW_AUDIT_SHOWN_MOST][33]; /* of number index + 1 */
};

/* Keeps the first `count` proposals of the day, beside the folder of the snapshots, which may be
   another user's; where the caller may not write there, nothing.
   False: it cannot be written, one line was printed. */
bool mw_audit_shown_keep(const struct mw_audit_day *day, size_t count);
/* False: there is none, or it cannot be trusted. */
bool mw_audit_shown_read(const struct mw_policy *policy, struct mw_audit_shown *shown_r);
/* What is proposed, in 32 hexadecimal digits. */
void mw_audit_digest(const struct mw_audit_entry *entry, char digest_r[33]);

#endif
