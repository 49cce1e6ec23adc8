/* Protocols and the stages of an SMTP session, with their words. */
#ifndef MW_MAIL_PROTOCOL_H
#define MW_MAIL_PROTOCOL_H

#include "base/table.h"

/* SUBMISSION is Dovecot's submission-login; SMTP is Postfix (and its SASL service). */
enum mw_protocol { MW_PROTOCOL_IMAP, MW_PROTOCOL_POP3, MW_PROTOCOL_SIEVE, MW_PROTOCOL_SUBMISSION, MW_PROTOCOL_SMTP };
#define MW_PROTOCOL_COUNT 5

extern const struct mw_table mw_protocols; /* imap pop3 sieve submission smtp */

/* Postfix's protocol_state (SMTPD_POLICY_README), and HEADER: a message as the milter sees it, at its end, which no policy
   question is about. What is no stage we know is UNKNOWN, judged as RCPT. */
enum mw_stage {
	MW_STAGE_CONNECT, MW_STAGE_EHLO, MW_STAGE_HELO, MW_STAGE_MAIL, MW_STAGE_RCPT, MW_STAGE_DATA,
	MW_STAGE_END_OF_MESSAGE, MW_STAGE_VRFY, MW_STAGE_ETRN, MW_STAGE_HEADER, MW_STAGE_UNKNOWN
};

extern const struct mw_table mw_stages; /* as Postfix writes them; UNKNOWN is not in it */

#endif
