/* Attributes of a policy request -> facts of a decision. Nothing is trusted, normalised or completed here. */
#ifndef MW_POSTFIX_FACTS_H
#define MW_POSTFIX_FACTS_H

#include "decide/facts.h"
#include "request.h"

/* False when the request cannot be judged without being laxer than it ought to be; *why_r is then a static sentence
   part and the connection has to be closed: a number that is none, a login's mechanism without the login, or a missing
   attribute that the stage is about (an absent sender is not the null sender). What Postfix leaves out because it does
   not know it counts as unknown: no protocol_state is judged as RCPT, no server_port has no connector.
   The facts point into `bytes`. ccert_fingerprint counts only as a SHA-256 one (smtpd_tls_fingerprint_digest); Postfix
   names a certificate's subject only when it verified it. `today` as in struct mw_facts. */
bool mw_facts_from_request(const struct mw_request *request, const char *bytes, int64_t today,
			   struct mw_facts *facts_r, const char **why_r);

#endif
