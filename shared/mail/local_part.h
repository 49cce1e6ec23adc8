/* The octets before the "@". Private to shared/mail. */
#ifndef MW_MAIL_LOCAL_PART_H
#define MW_MAIL_LOCAL_PART_H

#include "base/buf.h"

#define MW_ROUTES 0x80 /* added to the octet: a percent or bang path is written with it */

/* An octet of an unquoted local part, folded; 0: not allowed in one, or not ASCII. */
extern const unsigned char mw_atom_octets[256];

bool mw_text_is_ascii(struct mw_str text);
/* UTF-8 without control and format characters and without blanks but " ". */
bool mw_text_is_plain(struct mw_str text);
/* The same with zero width joiners and non-joiners, and with what this Unicode does not know: what a stranger's address
   may have. */
bool mw_text_is_mail(struct mw_str text);

/* Whether it stands without quotes. */
bool mw_local_is_dot_atom(struct mw_str text);
/* Reads a quoted local part without its escapes. Returns the length with the quotes, 0: not well formed. */
size_t mw_local_unquote(struct mw_str text, struct mw_buf *out);
void mw_local_requote(struct mw_str text, struct mw_buf *out);
/* A canonical local part without its quotes; `memory` is used when it has some. */
struct mw_str mw_local_octets(struct mw_str local, struct mw_buf *memory);

/* Case folded, in NFC. ASCII characters that are no letters stay what and where they are (a combining mark behind "="
   makes no other character of it), as any of them may be the recipient_delimiter. Text of up to 254 octets. */
bool mw_local_fold(struct mw_str text, struct mw_buf *out);

/* Whether Postfix's split_addr() does not split the name, in folded or given letters: postmaster, mailer-daemon and
   double-bounce; with "-" among the delimiters owner-NAME and NAME-request too. */
bool mw_local_is_reserved(struct mw_str local, struct mw_str delimiters);

#endif
