/* From what was seen at a service to what it means, and what to do about it. */
#ifndef MW_CLI_PROBE_JUDGE_H
#define MW_CLI_PROBE_JUDGE_H

#include "finding.h"
#include "probe/probe.h"

/* The verdict: that of the worst finding, an error is bad, a warning doubtful. */
enum mw_judged { MW_JUDGED_GOOD, MW_JUDGED_DOUBTFUL, MW_JUDGED_BAD };
extern const struct mw_table mw_judged_words; /* good doubtful bad */
enum mw_judged mw_judged(const struct mw_findings *findings);

/* Adds what is wrong. The findings point into `seen`. */
void mw_judge(const struct mw_probe *probe, const struct mw_probe_service *service, const struct mw_seen *seen,
	      struct mw_findings *findings);

/* Whether a login is offered that shows the password or a token to somebody who listens. */
bool mw_offer_shows_password(const struct mw_seen_offer *offer);

/* What a mail server's ports are, and which of them is for whom. */
bool mw_probe_service_is_for_users(const struct mw_probe_service *service);

#endif
