/* The server's own faults in the words of Postfix and Dovecot: never the user's. Pure. */
#ifndef MW_CLI_WHY_FAULT_H
#define MW_CLI_WHY_FAULT_H

#include "why/event.h"

/* What a reply of Postfix's smtpd is about: MW_WHY_FAULT (a status X.3.X, the mail system's), MW_WHY_LIMIT (too many
   connections or commands), MW_WHY_TOO_BIG; else MW_WHY_REJECTED. */
enum mw_why_kind mw_why_fault_of_reply(struct mw_str reply);
/* A warning that tells why a later reply or end of the same session is the server's fault: a service that does not
   answer, a certificate that cannot be read. */
bool mw_why_fault_hint(struct mw_str warning);
/* One of Cyrus SASL that tells why the next login fails, whoever logs in: it is said at each try. */
bool mw_why_fault_of_login(struct mw_str warning);
/* One that only follows from such a warning before it, which tells more. */
bool mw_why_fault_follows(struct mw_str warning);

/* The word in brackets that ends Dovecot 2.4's "Login aborted: ... (auth_failed)". A word that is not in the table gives
   MW_WHY_ENDED. False: there is no such word. */
bool mw_why_aborted(struct mw_str words, enum mw_why_kind *kind_r);
/* "451 4.3.5 ... (WARNING)": what Postfix answers by itself, and the warning that tells why: of a policy service whose socket
   is not there, or which does not answer; of a restriction or a table. */
bool mw_why_fault_of_configuration(struct mw_str reply);
bool mw_why_fault_of_policy_service(struct mw_str reply);
bool mw_why_fault_of_restriction(struct mw_str reply);

#endif
