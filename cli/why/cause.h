/* What most likely keeps a user from sending or reading, and what to do about it. */
#ifndef MW_CLI_WHY_CAUSE_H
#define MW_CLI_WHY_CAUSE_H

#include "policy/model.h"
#include "why/story.h"

#define MW_WHY_CAUSES 64 /* rows of the table at the most */

struct mw_why_told {
	const struct mw_why_entry *entries;
	size_t count;
	struct mw_why_limits limits;
	const char *user;               /* the primary address where the directory has it, else as it was asked for */
	const struct mw_policy *policy; /* NULL: not readable */
};

struct mw_why_cause {
	const char *id; /* a word for programs */
	const struct mw_why_entry *entry; /* where it shows; NULL: in the whole */
	const struct cause_row *row;
	bool trouble; /* something is wrong */
};

/* The causes that the story shows, the likeliest first, of each kind one. There is always one: that all is well, or
   that nothing can be said. */
size_t mw_why_causes(const struct mw_why_told *told, struct mw_why_cause causes_r[MW_WHY_CAUSES]);

/* For the administrator: what it is, in one or two sentences; what to do. One line for the user, may be nothing. */
void mw_why_cause_text(const struct mw_why_told *told, const struct mw_why_cause *cause, struct mw_buf *out);
void mw_why_cause_fix(const struct mw_why_told *told, const struct mw_why_cause *cause, struct mw_buf *out);
void mw_why_cause_for_user(const struct mw_why_told *told, const struct mw_why_cause *cause, struct mw_buf *out);
/* The command that shows every check of a refused decision; nothing where the cause is not one. */
void mw_why_cause_explain(const struct mw_why_cause *cause, struct mw_buf *out);

/* A decision's reason in words; a reason that this version does not know stays as it is. */
const char *mw_why_sentence_of(const char *reason);

#endif
