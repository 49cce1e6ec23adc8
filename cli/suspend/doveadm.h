/* doveadm's commands, for the administrator to paste. */
#ifndef MW_CLI_DOVEADM_H
#define MW_CLI_DOVEADM_H

#include "base/buf.h"

/* Whether doveadm takes a name for that user alone. * and ? make it a mask, which no quoting prevents
   (lib/wildcard-match.c), and would hit other users. */
bool mw_doveadm_is_user(struct mw_str name);

/* `doveadm kick NAME`, for the name that logged in. False, and nothing is appended, where doveadm would end the
   sessions of others: at a mask, and at a name that reads as an address or network of clients (net_parse_range()). */
bool mw_doveadm_kick(struct mw_buf *out, struct mw_str name);

/* `doveadm sieve deactivate -u NAME`, which takes the user's own script out of use. False, and nothing is appended, at a
   mask. */
bool mw_doveadm_deactivate(struct mw_buf *out, struct mw_str name);

#endif
