/* The audit of a login rule ends by itself: the auth process, which may live for months, says so a week before. */
#ifndef MW_DOVECOT_AUTH_NOTICE_H
#define MW_DOVECOT_AUTH_NOTICE_H

#include <stdint.h>

struct mw_policy;

/* Warns of the login rules whose audit ends within a week of `today` (days since 1970-01-01). Of one that has ended,
   reading the policy warns. */
void mw_auth_notice_audits(const struct mw_policy *policy, int64_t today);

#endif
