/* Append-only text in memory that the caller gave. Never allocates, never writes past the end, always NUL-terminated;
   what does not fit is left out and remembered in `truncated`. */
#ifndef MW_BASE_BUF_H
#define MW_BASE_BUF_H

#include <stdint.h>

#include "base/str.h"

struct mw_buf {
	char *data;
	size_t size; /* of the memory, at least 1 */
	size_t used; /* bytes of text, without the NUL */
	bool truncated;
};

#define MW_BUF_OVER(array) mw_buf_over((array), sizeof(array))

struct mw_buf mw_buf_over(char *memory, size_t size);
void mw_buf_reset(struct mw_buf *buf);
void mw_buf_add(struct mw_buf *buf, struct mw_str text);
void mw_buf_add_text(struct mw_buf *buf, const char *text);
void mw_buf_add_char(struct mw_buf *buf, char c);
void mw_buf_add_number(struct mw_buf *buf, uint64_t number);
void mw_buf_printf(struct mw_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The text so far; valid until the next change of the buffer. */
struct mw_str mw_buf_str(const struct mw_buf *buf);

#endif
