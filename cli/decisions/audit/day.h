/* What the days of an audit come to: decisions of the logs taken again under the policy and the directory's sources as they
   are now, counted, and what could be written about it. Private to `mailwicket audit`. */
#ifndef MW_CLI_AUDIT_DAY_H
#define MW_CLI_AUDIT_DAY_H

#include "decisions/audit/tally.h"
#include "logs/usual.h"

struct mw_audit_day {
	const struct mw_policy *policy;
	struct mw_audit_world *world;
	struct mw_log_choice *choice;
	struct mw_audit_tally tally;
	int64_t today;               /* for lines without a stamp */
	struct mw_recorded recorded; /* the line that is looked at */
	struct mw_audit_proposal proposal;
	uint64_t decisions, permitted; /* found; of them, the log says, permitted */
	uint64_t enforced;           /* were refused or deferred: nothing would change */
	uint64_t old, cut, malformed; /* cannot be taken again */
	bool unavailable;            /* the directory cannot be read */
	bool login_lines;            /* Dovecot said who logged in */
	bool whole_lines;            /* every message that Postfix took has a line that says so */
	/* By mw_audit_settle(): */
	size_t users_seen, locked_out, losing, printers, devices;
	uint64_t events, fixed, apart, not_taken, strangers, strangers_accepted;
	uint32_t *order;             /* rows to tell, the most events first */
	size_t order_count;
	uint32_t *proposals;         /* entries, in order of their numbers */
	size_t proposal_count;
};

/* A line of a log; `day` is a struct mw_audit_day. */
void mw_audit_line(void *day, struct mw_str line);
/* Once all lines were read. False: out of memory. */
bool mw_audit_settle(struct mw_audit_day *day);
/* Whether the row is about an address, a login or a client that nobody knows to be one of ours, and why. NULL: it is ours. */
const char *mw_audit_apart(const struct mw_audit_day *day, const struct mw_audit_row *row);

/* Whether none of its messages was taken by Postfix: nothing is lost by a refusal. */
bool mw_audit_not_taken(const struct mw_audit_day *day, const struct mw_audit_row *row);

/* text.c: what to write for a change, as it is to stand in the file; false: there is no room, or the grammar has no such
   name. `aliases` of a USER. */
bool mw_audit_text(const struct mw_policy *policy, const struct mw_audit_change *change, struct mw_strs aliases,
		   struct mw_buf *out);
/* Whether the policy file is good with these sections at its end. */
bool mw_audit_policy_takes(const struct mw_policy *policy, struct mw_str sections);

#endif
