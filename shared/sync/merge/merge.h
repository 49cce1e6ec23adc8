/* Records of several sources, put together: precedence, names that are claimed twice, names of nobody. Private to sync/. */
#ifndef MW_SYNC_MERGE_H
#define MW_SYNC_MERGE_H

#include "sync/record/record.h"

/* Whether what is wrong with the records of this source is an error of the whole sync: text. */
bool mw_merge_is_strict(const struct mw_records *records, uint32_t owner);

/* Leaves records that mw_expand() finds no fault with, but those of text sources among each other. In this order:
   - a record that is held claims last of all: it has only what nobody else has;
   - of two sources that have a name, an address or a login the first has it; a user or group whose name an earlier source
     has is left out whole, and so are the grants of its own source on it;
   - a name, address or login that is claimed twice in one source is nobody's: it becomes blocked (`bad`), with the
     strictest senders= of those who claim it;
   - a name that somebody had before means that one, or nobody (former.h);
   - members, senders and trustees who are nobody are left out.
   All of it goes to records->reports. Records stand in the order of their sources. False when memory is out. */
bool mw_merge(struct mw_records *records);

/* Two login names that mw_identity_login() could take for one another are one: it, or its completed form in the arena. */
struct mw_str mw_merge_whole_login(const struct mw_records *records, struct mw_str login);

/* --- merge_list.c: when memory is out mw_arena_failed() is true, and nobody is to use what was built. */

bool mw_merge_has(struct mw_strs list, struct mw_str text);
/* Whom senders= admits of those who are logged in: its list, or the group itself for `members`. */
void mw_merge_senders_as_list(struct mw_arena *arena, const struct mw_record *record, struct mw_strs *list_r);
/* What both lists have, by name. */
struct mw_strs mw_merge_both(struct mw_arena *arena, struct mw_strs a, struct mw_strs b);
/* What the first list has and the second has not. */
struct mw_strs mw_merge_without(struct mw_arena *arena, struct mw_strs list, struct mw_strs without);
/* Adds to the first list what it has not. */
void mw_merge_union(struct mw_arena *arena, struct mw_strs *list, struct mw_strs more);
/* Adds to the first list. */
void mw_merge_append(struct mw_arena *arena, struct mw_strs *list, struct mw_strs more);
/* Leaves in `record` what both have of switches, addresses, logins and members, the smaller limits, and mw_merge_senders(). */
void mw_merge_stricter(struct mw_arena *arena, struct mw_record *record, const struct mw_record *other);
/* The strictest of two senders=, and all that senders_denied= has: fills in `record`. */
void mw_merge_senders(struct mw_arena *arena, struct mw_record *record, const struct mw_record *other);

#endif
