/* A verdict -> Postfix's "action=...". access(5), SMTPD_POLICY_README. */
#ifndef MW_POSTFIX_ANSWER_H
#define MW_POSTFIX_ANSWER_H

#include "decide/verdict.h"

#define MW_ANSWER_MAX 512 /* octets of the action's line with its newline; the empty line comes after it */

/* Appends one answer with its empty line, whole or not at all. False: there is no safe answer (not decided, or a reply
   that is empty, no reply code, not printable UTF-8, too long, or does not fit); the connection has to be closed.
   Permitted is DUNNO; OK only in relay context at RCPT, in enforce mode, for a session with Accept-Any-Recipient. */
bool mw_answer_write(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out);

/* Whether a reply may be sent: "4xx " or "5xx " and text, printable UTF-8, not too long. */
bool mw_answer_reply_is_safe(struct mw_str reply);

#endif
