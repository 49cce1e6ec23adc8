/* The largest message, and the most recipients, that a policy lets somebody send. */
#ifndef MW_CLI_WIRING_SIZES_H
#define MW_CLI_WIRING_SIZES_H

#include "policy/model.h"

/* The largest limits that users have of their own, in place of a connector's: octets and recipients, or MW_UNLIMITED; 0
   where none has one. */
struct mw_wiring_users {
	uint64_t size, recipients;
	bool known; /* the directory could be read */
};

/* Of the published directory, which is read once through. One that cannot be read counts as one without such users. */
struct mw_wiring_users mw_wiring_users(const struct mw_policy *policy);
/* In octets, or MW_UNLIMITED: of the enabled connectors and the users. */
uint64_t mw_wiring_largest_size(const struct mw_policy *policy, const struct mw_wiring_users *users);

/* A number of recipients for smtpd_recipient_limit: a sender splits its batch there, so that no message is refused
   whole. */
struct mw_wiring_recipients {
	uint64_t most;  /* 1 to INT_MAX, which is what Postfix takes */
	bool unlimited; /* somebody has no limit, or may have: a larger number does as well */
};

/* Puts one more limit into it (zero: none yet). MW_UNLIMITED is not unlimited to smtpd, which keeps some memory for each
   recipient and serves strangers: it counts as Postfix's own default. */
void mw_wiring_recipients_add(struct mw_wiring_recipients *recipients, uint64_t limit);
/* A connector's: in audit mode it refuses nothing. */
uint64_t mw_wiring_recipients_of(const struct mw_connector *connector);

#endif
