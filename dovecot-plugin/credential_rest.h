/* The rest of a SASL exchange that a client sent behind its AUTH or AUTHENTICATE command without waiting for the answer:
   after a refusal it is no command, and it may hold the password. Pure; the input is hostile. */
#ifndef MW_DOVECOT_CREDENTIAL_REST_H
#define MW_DOVECOT_CREDENTIAL_REST_H

#include "credential.h"

/* How many more lines such a client may send: 0 where the secret came with the command or never shows. */
unsigned mw_credential_rest_lines(struct mw_str mechanism, struct mw_str response);

/* How many octets at the head of `input` belong to the exchange and should be dropped. `lines` counts down: what is left
   of it may still come, 0 once a line is something else, for instance a command. What they show is added to `credential`.
   A line end at the head of `input`, the command's own, is left there. */
size_t mw_credential_rest_take(struct mw_str input, struct mw_str mechanism, unsigned *lines,
			       struct mw_credential *credential);

#endif
