/* Encoded-words, =?utf-8?q?B=C3=B6b?=, of RFC 2047 and its RFC 2231 form with a language. For looking into names, not for
   showing them: no character set is converted. Private to shared/mail. */
#ifndef MW_MAIL_ENCODED_WORD_H
#define MW_MAIL_ENCODED_WORD_H

#include "base/buf.h"

/* The text with each encoded-word decoded to its octets, and the blanks between two of them left out, as readers do.
   *unread_r: the character set of one is none in which ASCII is ASCII (UTF-7, UTF-16 ...), so that its octets do not tell
   what is shown. */
void mw_encoded_words_decode(struct mw_str text, struct mw_buf *out, bool *unread_r);

/* Whether each "=?" and "?=" in a word of a phrase belongs to an encoded-word that lies in it, without blanks; and nothing
   else is in an atom that has one (RFC 2047 5). Readers that look for "=?" first go on to the next "?=" otherwise. */
bool mw_encoded_words_are_whole(struct mw_str word, bool is_quoted);

/* Whether the character set of each encoded-word in the text is one in which ASCII is ASCII. In others (UTF-7, UTF-16,
   EBCDIC ...) plain octets may be shown as a control character or as an address. */
bool mw_encoded_words_are_readable(struct mw_str text);

/* Whether an encoded-word in the text has an octet that no name has: NUL, CR, LF or another control character. */
bool mw_encoded_words_hide_control(struct mw_str text);

#endif
