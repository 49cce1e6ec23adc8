/* A verdict in the words that the client, or Postfix, gets: what the servers answer, byte for byte. */
#ifndef MW_CLI_REPLY_H
#define MW_CLI_REPLY_H

#include "decide/verdict.h"

enum mw_reply_step { MW_REPLY_LOGIN, MW_REPLY_ACCOUNT, MW_REPLY_SUBMISSION };

/* imap, pop3, sieve, submission: the protocol's line without tag; smtp: the action mailwicketd gives to Postfix ("DUNNO",
   "OK", "550 5.7.1 ..."). Nothing where the command goes on, or mailwicketd closes the connection. */
void mw_reply_print(const struct mw_facts *facts, const struct mw_verdict *verdict, enum mw_reply_step step,
		    struct mw_buf *out);

#endif
