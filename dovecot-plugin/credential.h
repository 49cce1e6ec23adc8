/* What a client showed of its credential in a SASL initial response that crossed the wire. Pure; the input is hostile. */
#ifndef MW_DOVECOT_CREDENTIAL_H
#define MW_DOVECOT_CREDENTIAL_H

#include "base/buf.h"

struct mw_credential {
	bool shown;       /* a password or token was in it, as far as can be told */
	char login[256];  /* who it is for; "" where it does not say */
};

/* `response` is base64, as it came; empty: none was sent. Mechanisms that hide the secret show nothing. */
void mw_credential_read(struct mw_str mechanism, struct mw_str response, struct mw_credential *credential_r);

/* The last AUTH or AUTHENTICATE command in bytes that a protocol's parser has already taken: SMTP and ManageSieve do not
   keep its parts. False when there is none. The slices point into `taken`. */
bool mw_credential_find(struct mw_str taken, struct mw_str *mechanism_r, struct mw_str *response_r);

#endif
