/* The effective policy as text that mw_policy_read_text() reads back to the same policy: `mailwicket show`. */
#ifndef MW_POLICY_PRINT_H
#define MW_POLICY_PRINT_H

#include "base/buf.h"
#include "policy/model.h"

/* A string in quotes, as a policy has it; whole, whatever stands in it but line breaks. */
void mw_policy_print_string(struct mw_str text, struct mw_buf *out);
/* One connector, as mw_policy_print() prints it. */
void mw_connector_print(const struct mw_connector *connector, struct mw_buf *out);
/* The same without what has its default. */
void mw_connector_print_short(const struct mw_connector *connector, struct mw_buf *out);
void mw_policy_print(const struct mw_policy *policy, struct mw_buf *out);

#endif
