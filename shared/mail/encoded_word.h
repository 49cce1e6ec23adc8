/* Encoded-words, =?utf-8?q?B=C3=B6b?=, of RFC 2047 and its RFC 2231 form with a language. For looking into names, not for
   showing them: no character set is converted. Private to shared/mail. */
#ifndef MW_MAIL_ENCODED_WORD_H
#define MW_MAIL_ENCODED_WORD_H

#include "base/buf.h"

/* The text with each encoded-word decoded to its octets, and the blanks between two of them left out, as readers do.
   *unread_r: the character set of one is none in which ASCII is ASCII (UTF-7, UTF-16 ...), so that its octets do not tell
   what is shown. */
void mw_encoded_words_decode(struct mw_str text, struct mw_buf *out, bool *unread_r);

/* Whether an encoded-word in the text has an octet that no name has: NUL, CR, LF or another control character. */
bool mw_encoded_words_hide_control(struct mw_str text);

#endif
