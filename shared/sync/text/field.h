/* Cutting a line of the text source into fields, and fields into lists. Private to sync/. */
#ifndef MW_SYNC_TEXT_FIELD_H
#define MW_SYNC_TEXT_FIELD_H

#include "base/arena.h"

enum mw_text_field { MW_TEXT_FIELD, MW_TEXT_END, MW_TEXT_OPEN_QUOTE };

/* Cuts the next field off: blanks separate, a "#" behind a blank begins a comment; quotes of a local part keep both. */
enum mw_text_field mw_text_next(struct mw_str *rest_io, struct mw_str *field_r);
/* How many items a list has: commas outside quotes separate. */
size_t mw_text_list_count(struct mw_str list);
struct mw_str mw_text_list_next(struct mw_str *rest_io);
/* The part of a value that a message shows: cut when it is long, at a whole character. */
struct mw_str mw_text_shown(struct mw_str value);

/* What stands in quotes, which write.c put there, in the arena. */
const char *mw_text_unquoted(struct mw_arena *arena, struct mw_str value);

#endif
