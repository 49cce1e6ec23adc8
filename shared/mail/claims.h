/* Addresses that some reader could find in a field, however it is written. Private to shared/mail. */
#ifndef MW_MAIL_CLAIMS_H
#define MW_MAIL_CLAIMS_H

#include "base/str.h"

/* Calls `found` with each: of the field as it stands, decoded (RFC 2047), without quotes, and without comments and blanks.
   The same one may be found several times. False: a part of it cannot be read (mw_encoded_words_decode()), or it has
   MW_ORIGINATOR_MAX octets or more and only the first ones were looked at. */
bool mw_claims_find(struct mw_str value, void (*found)(struct mw_str address, void *context), void *context);

#endif
