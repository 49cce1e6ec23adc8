/* All that a decision may know about a connection and a command. Unknown is a value of its own. Slices point into the
   caller's memory and are bytes as they came: nothing in here has been trusted or normalised. */
#ifndef MW_DECIDE_FACTS_H
#define MW_DECIDE_FACTS_H

#include "mail/originators.h"
#include "policy/choose.h"

enum mw_tls_origin { MW_TLS_ORIGIN_NONE, MW_TLS_ORIGIN_STARTTLS, MW_TLS_ORIGIN_IMPLICIT, MW_TLS_ORIGIN_PROXY };
extern const struct mw_table mw_tls_origins; /* none starttls implicit proxy */

struct mw_tls_facts {
	enum mw_tls_origin origin;      /* PROXY: terminated by an HAProxy that the host trusts */
	struct mw_str version;          /* "TLSv1.3"; empty without TLS or when not known */
	struct mw_str cipher;
	unsigned bits;                  /* symmetric strength; 0 without TLS or when not known */
	struct mw_ip proxy;             /* the proxy's own address, for origin PROXY */
	bool assumed;                   /* TLS of which version and bits are not told: it passes every minimum */
	bool certificate_verified;      /* the client's certificate was verified by the host */
	struct mw_str certificate_fingerprint; /* SHA-256 as hex, colons and case as they came; empty: none */
};

/* How TLS began on this port of the server, where nothing else tells: IMPLICIT on 465, 993 and 995 (RFC 8314), else
   STARTTLS. */
enum mw_tls_origin mw_tls_origin_of_port(uint16_t port);
/* Marks TLS whose version and strength are not told (a greeting before the handshake, TLS that ended at a proxy or
   was judged in another process). It passes every minimum, and is logged without them. The origin stays. */
void mw_tls_assume(struct mw_tls_facts *tls);

/* Postfix's policy_context: the restriction list that asks. */
enum mw_context {
	MW_CONTEXT_NONE,   /* missing, or a name that the administrator chose */
	MW_CONTEXT_RELAY,  /* smtpd_relay_restrictions */
	MW_CONTEXT_SENDER  /* smtpd_sender_restrictions */
};
extern const struct mw_table mw_contexts; /* relay sender; not MW_CONTEXT_NONE */

struct mw_facts {
	struct mw_endpoints endpoints;
	struct mw_tls_facts tls;
	struct mw_str mechanism;    /* SASL mechanism or "LOGIN"/"USER" for the protocol's own command; empty: not known */
	struct mw_str login;        /* login name; empty: not authenticated */
	struct mw_str master;       /* the master user who logged in as `login`, or empty */
	struct mw_str sasl_service; /* Postfix's service= in the auth protocol, or empty */
	int64_t today;              /* days since 1970-01-01, for audit_until. 0: audits never end */

	/* Submission only */
	enum mw_stage stage;
	enum mw_context context;
	bool of_audit;              /* asked as while no rule is enforced; no decision looks at it */
	struct mw_str sender;       /* empty from MAIL on: the null sender */
	struct mw_str recipient;    /* empty: Postfix named none (at DATA and END-OF-MESSAGE when there are several) */
	struct mw_str etrn_domain;
	uint64_t recipient_count;   /* known at DATA and END-OF-MESSAGE, else 0 */
	uint64_t size;              /* octets announced, or real at END-OF-MESSAGE; 0: not known */
	struct mw_str instance;     /* Postfix's message instance */
	bool no_instance;           /* Postfix sent no instance: there is no mail transaction */
	struct mw_str queue_id;
	struct mw_originators originators; /* at HEADER; all zero says that there is no From, and is judged so */
};

#endif
