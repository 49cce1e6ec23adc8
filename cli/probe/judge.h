/* PURE: from what was seen at a service to what it means, and what to do about it. */
#ifndef MW_CLI_PROBE_JUDGE_H
#define MW_CLI_PROBE_JUDGE_H

#include "probe/probe.h"

enum mw_judged { MW_JUDGED_GOOD, MW_JUDGED_DOUBTFUL, MW_JUDGED_BAD };
extern const struct mw_table mw_judged_words; /* good doubtful bad */

struct mw_finding {
	enum mw_judged judged;
	const char *name;     /* for scripts: "certificate-expired" */
	const char *what;     /* in words */
	struct mw_str detail; /* what the server said, mechanisms, a number; may be empty; not to be shown unescaped */
	const char *fix;
};

#define MW_FINDINGS_MAX 16

struct mw_judgement {
	enum mw_judged judged; /* the worst of the findings */
	size_t count;
	struct mw_finding findings[MW_FINDINGS_MAX]; /* the worst first */
	char memory[4096]; /* of the details */
	struct mw_buf details;
};

/* Details point into *judgement_r and into `seen`: it is not to be copied. */
void mw_judge(const struct mw_probe *probe, const struct mw_probe_service *service, const struct mw_seen *seen,
	      struct mw_judgement *judgement_r);

/* Whether a login is offered that shows the password or a token to somebody who listens. */
bool mw_offer_shows_password(const struct mw_seen_offer *offer);

/* What a mail server's ports are, and which of them is for whom. */
bool mw_probe_service_is_for_users(const struct mw_probe_service *service);

#endif
