/* What a client showed of its credential in a SASL response that crossed the wire. Pure; the input is hostile. Whatever
   is not in the mechanism's own form has no name: clients mix up which part is which, and the other part is the
   password. */
#ifndef MW_DOVECOT_CREDENTIAL_H
#define MW_DOVECOT_CREDENTIAL_H

#include "base/buf.h"

#define MW_CREDENTIAL_LOGIN_SIZE 256

struct mw_credential {
	bool shown;                             /* a password or token was, or may have been, in it */
	char login[MW_CREDENTIAL_LOGIN_SIZE];   /* who it is for; "" where it does not say, or not in the right form */
};

/* `response` is base64, as it came; empty: none was sent. Mechanisms that hide the secret show nothing. One that cannot
   be parsed counts as shown and has no name. */
void mw_credential_read(struct mw_str mechanism, struct mw_str response, struct mw_credential *credential_r);
/* False where the command brought no response: also for the head of a literal ("{20+}"), whose octets are the next line. */
bool mw_credential_came(struct mw_str response);

/* Whether it may be logged as a login name: UTF-8 without control characters, at most 255 octets. `blanks`: whether one may
   stand in it; not where nothing but a blank would part the name from a password. */
bool mw_credential_is_name(struct mw_str text, bool blanks);

/* The last AUTH command in bytes that the SMTP parser has already taken, since it does not keep its parts. False when
   there is none. The slices point into `taken`. */
bool mw_credential_find(struct mw_str taken, struct mw_str *mechanism_r, struct mw_str *response_r);

#endif
