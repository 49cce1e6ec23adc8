/* What `mailwicket show` prints of a policy. */
#ifndef MW_CLI_SHOW_H
#define MW_CLI_SHOW_H

#include "policy/model.h"
#include "report/json.h"

/* Lines for Postfix's main.cf and master.cf that put the policy's questions where they are reached. */
void mw_show_postfix(const struct mw_policy *policy, struct mw_buf *out);

enum mw_dovecot_generation { MW_DOVECOT_2_3, MW_DOVECOT_2_4 };

/* Lines for Dovecot: login plugin, passdb, what the policy needs Dovecot itself to allow, Postfix's SASL socket. */
void mw_show_dovecot(const struct mw_policy *policy, enum mw_dovecot_generation generation, struct mw_buf *out);

/* The effective policy as members of an object. */
void mw_show_json(const struct mw_policy *policy, struct mw_json *json);

#endif
