/* A verdict -> Postfix's "action=...", and what Postfix makes of it for its client. access(5), SMTPD_POLICY_README. */
#ifndef MW_POSTFIX_ANSWER_H
#define MW_POSTFIX_ANSWER_H

#include "decide/verdict.h"

#define MW_ANSWER_MAX 512 /* octets of the action's line with its newline; the empty line comes after it */
#define MW_ANSWER_WHOLE (MW_ANSWER_MAX + 1) /* with the empty line */

/* The action: the reply where the verdict stops the command, else DUNNO; OK only in relay context at RCPT, in enforce
   mode, for a session with Accept-Any-Recipient. Empty: there is no safe one (not decided, or a reply that
   mw_answer_reply_is_safe() denies); the connection has to be closed. A slice of the verdict or static. */
struct mw_str mw_answer_action(const struct mw_facts *facts, const struct mw_verdict *verdict);

/* Appends the action as one answer with its empty line, whole or not at all. False: there is no action, or no room. */
bool mw_answer_write(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out);

/* Whether a reply may be sent: "4xx " or "5xx " and text, printable UTF-8, not too long. */
bool mw_answer_reply_is_safe(struct mw_str reply);

/* Appends the line that Postfix makes of a refusal for its client, with smtpd_delay_reject = yes; nothing where it
   refuses nothing, or is not asked (stages other than RCPT, DATA, END-OF-MESSAGE). Source: Postfix, smtpd_check.c and
   smtpd_dsn_fix.c, in which an enhanced status that is about another address than the refused one is changed. */
void mw_answer_print_client(const struct mw_facts *facts, const struct mw_verdict *verdict, struct mw_buf *out);

#endif
