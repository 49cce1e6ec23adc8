/* Tables that stand in a restriction list itself ("static:OK", "inline:{ 192.0.2.1=OK }"): what they say. Pure. */
#ifndef MW_CLI_CHECK_TABLE_H
#define MW_CLI_CHECK_TABLE_H

#include "base/str.h"

/* Whether it permits somebody. */
bool mw_table_permits(struct mw_str table);
/* Whether it refuses everybody: "static:REJECT". */
bool mw_table_refuses(struct mw_str table);
/* Postfix's word for "yes" to a client (access(5)). */
bool mw_action_permits(struct mw_str action);
/* "permit", "permit_mynetworks" and the like: what ends a list with yes. */
bool mw_restriction_permits(struct mw_str name);
/* "421 Text". Without the text Postfix takes the number for "OK" (access(5), all-numerical). */
bool mw_action_has_code(struct mw_str action);
/* Postfix's word for "no" to every client, now or later (access(5)). */
bool mw_action_refuses(struct mw_str action);

#endif
