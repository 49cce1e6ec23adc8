/* Values of a Get-ReceiveConnector listing that this policy accepts in another form, or not at all. */
#ifndef MW_POLICY_EXCHANGE_H
#define MW_POLICY_EXCHANGE_H

#include "policy/syntax.h"
#include "policy/setting.h"

/* A word of permission_groups, or a permission, as Exchange prints it. "ms-Exch-SMTP-Submit" is Submit: true, with its bit.
   What has no counterpart here is left out, with a warning that says why: true, and no bit. False: Exchange has no such
   word either. */
bool mw_exchange_word(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value, int *bit_r);

/* Where a parameter of Set-ReceiveConnector, spelt as in this file, is set on this kind of server. NULL: Exchange
   has no such parameter. */
const char *mw_exchange_parameter(struct mw_str name);

#endif
