/* What an IMAP server says about itself before a login. Pure. */
#ifndef MW_DOVECOT_CAPABILITY_H
#define MW_DOVECOT_CAPABILITY_H

#include "base/str.h"

/* Where no mechanism is offered there is none to send an initial response (RFC 4959) with: some clients would send the
   password at once if SASL-IR stood there. True where `sent`, a greeting or an untagged CAPABILITY, has SASL-IR and no
   AUTH=; the octets from *at_r on, *len_r of them, are then to be left out. */
bool mw_capability_surplus(struct mw_str sent, size_t *at_r, size_t *len_r);

#endif
