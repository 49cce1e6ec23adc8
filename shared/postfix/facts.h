/* Attributes of a policy request -> facts of a decision. Nothing is trusted, normalised or completed here. */
#ifndef MW_POSTFIX_FACTS_H
#define MW_POSTFIX_FACTS_H

#include "decide/facts.h"
#include "mail/address.h"
#include "postfix/request.h"

/* What policy_context says: which list asks, and whether it is one of the contexts that `setup` writes while every rule is
   in audit mode ("audit-relay", "audit-sender", and "audit" where there is none else). Such a question lets mail through
   while mailwicketd is away. */
#define MW_AUDIT_CONTEXT "audit"
enum mw_context mw_context_read(struct mw_str value, bool *audit_r);

/* False when the request cannot be judged without being laxer than it ought to be; *why_r is then a static sentence
   part and the connection has to be closed: a number or an address that is none, a login's mechanism without the login,
   or a missing attribute that the stage is about (an absent sender is not the null sender) or that connectors go by
   (client_address, server_address; Postfix's "unknown" is a value). What else Postfix leaves out because it does
   not know it counts as unknown: no protocol_state is judged as RCPT, no server_port has no connector.
   The facts point into `bytes`, and sender and recipient into `quoted` where Postfix left out quotes that they need
   (mw_address_quoted()). ccert_fingerprint counts only as a SHA-256 one (smtpd_tls_fingerprint_digest); Postfix
   names a certificate's subject only when it verified it. `today` as in struct mw_facts. */
struct mw_quoted {
	char sender[MW_ADDRESS_QUOTED_MAX], recipient[MW_ADDRESS_QUOTED_MAX];
};

bool mw_facts_from_request(const struct mw_request *request, const char *bytes, int64_t today,
			   struct mw_quoted *quoted, struct mw_facts *facts_r, const char **why_r);

#endif
