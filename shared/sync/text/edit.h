/* Changes to a directory text (mailwicket-directory(5)): text in, text out, every other octet as it was. Pure. */
#ifndef MW_SYNC_TEXT_EDIT_H
#define MW_SYNC_TEXT_EDIT_H

#include "base/arena.h"

/* The line, from 1 on, where the text has the user with this primary address (canonical); 0: nowhere. */
unsigned mw_text_find_user(struct mw_str text, struct mw_str name, struct mw_str default_domain);

/* The text with one more value in a list of a line ("login", "address"): behind those that stand there, or as one more
   setting behind the last. A comment in the line stays behind it. */
struct mw_str mw_text_with_value(struct mw_arena *arena, struct mw_str text, unsigned line, const char *key,
				 struct mw_str value);

/* The text with this value of a setting of a line ("imap", "until"), in place of the one that stands there or as one more
   setting behind the last. Empty: without the setting, and the blanks before it. */
struct mw_str mw_text_with_setting(struct mw_arena *arena, struct mw_str text, unsigned line, const char *key,
				   struct mw_str value);
/* The text without an item of a list of several. `item` is where it stands in the text. */
struct mw_str mw_text_without_item(struct mw_arena *arena, struct mw_str text, struct mw_str item);
/* The text without a line, its comment and its end. */
struct mw_str mw_text_without_line(struct mw_arena *arena, struct mw_str text, unsigned line);
/* The same of all lines that are `gone`: [line], from 1 on, one for each end of a line and one more. */
struct mw_str mw_text_without_lines(struct mw_arena *arena, struct mw_str text, const bool *gone);

/* Where the value of a setting stands in a line; empty: it has no such setting. */
struct mw_str mw_text_value(struct mw_str text, unsigned line, const char *key);
/* Where a line stands, without its end; empty: there is none, or nothing is in it. */
struct mw_str mw_text_line(struct mw_str text, unsigned line);
/* The text with other octets in place of a part of it. `part` points into the text. */
struct mw_str mw_text_replaced(struct mw_arena *arena, struct mw_str text, struct mw_str part, struct mw_str more);

/* The text with one more line at its end, which ends as the line before it does. */
struct mw_str mw_text_with_line(struct mw_arena *arena, struct mw_str text, struct mw_str line);

#endif
