/* What the policy questions tell the milter of a message. Postfix asks at END-OF-MESSAGE first; only then the milter sees
   the header, without the client's certificate, for which there is no macro. So each of these questions leaves an entry, and
   the milter takes it, once: it counts for MW_HANDOVER_SECONDS, and only for the same client, port and login.

   An entry has the certificate and not the connector and what the session was there: the message is judged by the policy
   that serves when it ends. The table has a fixed size; the oldest entries give way. */
#ifndef MW_POSTFIX_HANDOVER_H
#define MW_POSTFIX_HANDOVER_H

#include "decide/verdict.h"

#define MW_HANDOVER_SECONDS 60.0
#define MW_HANDOVER_LOGIN_MAX 254 /* octets; longer ones leave nothing */
#define MW_HANDOVER_ID_MAX 30     /* of a queue id */
#define MW_HANDOVER_FINGERPRINT_MAX 95 /* SHA-256 as hex with colons */

struct mw_handover;

struct mw_handed_over {
	bool stopped;              /* the question was refused, or could not be decided */
	bool certificate_verified;
	char fingerprint[MW_HANDOVER_FINGERPRINT_MAX + 1]; /* empty: none */
};

struct mw_handover *mw_handover_new(void); /* NULL when memory is out */
void mw_handover_free(struct mw_handover *handover); /* NULL is allowed */

/* A question was decided; nothing happens unless it is one of END-OF-MESSAGE. `now` as mw_clock_seconds(). */
void mw_handover_leave(struct mw_handover *handover, const struct mw_facts *facts, const struct mw_verdict *verdict,
		       double now);
enum mw_handover_result {
	MW_HANDOVER_NONE,        /* nothing was left of this message */
	MW_HANDOVER_TAKEN,
	MW_HANDOVER_OTHER_LOGIN, /* the question of this client's connection had another login, or only one of the two has one */
};

/* The entry of this message, which is none any more. *entry_r is set where it is taken. */
enum mw_handover_result mw_handover_take(struct mw_handover *handover, const struct mw_facts *facts, double now,
					 struct mw_handed_over *entry_r);

#endif
