/* An entry of a story in words. Private to why_print.c. Pure but for the time zone. */
#ifndef MW_CLI_WHY_WORDS_H
#define MW_CLI_WHY_WORDS_H

#include "ui/terminal.h"
#include "why/story.h"

void mw_why_time(int64_t time, struct mw_buf *out); /* "2026-11-25 09:12:01", local */
void mw_why_service(const struct mw_why_entry *entry, struct mw_buf *out); /* "imap", "smtp 587" */
/* "logged in over TLS (PLAIN), 12 times until 10:40:02" */
void mw_why_words(const struct mw_why_entry *entry, struct mw_buf *out);
enum mw_colour mw_why_colour(const struct mw_why_entry *entry);
const char *mw_why_kind_name(enum mw_why_kind kind);

#endif
