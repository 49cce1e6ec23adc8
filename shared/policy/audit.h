/* The warning about an audit that has an end. */
#ifndef MW_POLICY_AUDIT_H
#define MW_POLICY_AUDIT_H

#include "base/buf.h"
#include "policy/model.h"

/* Writes a sentence from a week before the audit's end on, also after it; false, and nothing, otherwise. `today`: days
   since 1970-01-01. */
bool mw_audit_notice(const struct mw_enforcement *enforcement, int64_t today, struct mw_buf *out);

#endif
