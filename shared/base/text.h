/* Showing bytes that came from outside. */
#ifndef MW_BASE_TEXT_H
#define MW_BASE_TEXT_H

#include <stdint.h>

#include "base/buf.h"

/* The length of the character at the beginning of a text that is not empty; 0: its first byte begins no UTF-8. */
size_t mw_text_character(struct mw_str text);
/* Its number in Unicode; 0 where there is none. */
uint32_t mw_text_code(struct mw_str text);
/* Of what begins with another byte than printable ASCII, mw_text_harmless(). */
size_t mw_text_harmless_other(struct mw_str text);
/* The same, and 0 too for what would change how a line is read: control characters (C0, DEL, C1), line and paragraph
   separators, marks that turn the direction of writing. */
static inline size_t mw_text_harmless(struct mw_str text)
{
	return text.ptr[0] >= ' ' && text.ptr[0] <= '~' ? 1 : mw_text_harmless_other(text);
}
/* The octets at the beginning that are harmless characters, none of them one of the two stops; '\0' stops nothing else. */
size_t mw_text_harmless_head(struct mw_str text, char stop, char other);
/* At most `most` bytes, no character cut in two. */
struct mw_str mw_text_cut(struct mw_str text, size_t most);
/* Appends a text, every byte that is not harmless as \xNN. */
void mw_text_show(struct mw_buf *out, struct mw_str text);
void mw_text_escape_byte(struct mw_buf *out, char byte);

#endif
