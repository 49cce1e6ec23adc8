/* Rules in audit mode, and the warning about an audit that has an end. */
#ifndef MW_POLICY_AUDIT_H
#define MW_POLICY_AUDIT_H

#include "base/buf.h"
#include "policy/model.h"

/* The rule's mode on that day, days since 1970-01-01: an audit ends by itself. 0: audits never end. */
enum mw_mode mw_enforcement_mode(const struct mw_enforcement *enforcement, int64_t today);

/* Whether nothing is enforced on that day: every login rule and enabled connector is in audit mode, and for everybody
   (enforce_for). The built-in login rule is one, unless rules for any listener and client leave it no protocol. Then the
   servers are wired so that no fault of Mailwicket stops mail or a login. */
bool mw_policy_audits(const struct mw_policy *policy, int64_t today);
/* How many of the login rules can apply: without the last, the built-in one, where the others leave it no protocol. */
size_t mw_login_rules_that_apply(const struct mw_policy *policy);
/* The first rule that is enforced; false: none is. */
bool mw_policy_enforces(const struct mw_policy *policy, int64_t today, struct mw_str *name_r, struct mw_place *place_r);

/* Writes a sentence from a week before the audit's end on, also after it; false, and nothing, otherwise. `today`: days
   since 1970-01-01. */
bool mw_audit_notice(const struct mw_enforcement *enforcement, int64_t today, struct mw_buf *out);

#endif
