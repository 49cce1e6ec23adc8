/* Parts of a line of the log. Pure. */
#ifndef MW_CLI_WHY_PART_H
#define MW_CLI_WHY_PART_H

#include <stdint.h>

#include "base/str.h"

/* What stands before `what` where it is first, all where it is not there; and behind it, nothing where it is not there. */
struct mw_str mw_part_before(struct mw_str text, const char *what);
struct mw_str mw_part_after(struct mw_str text, const char *what);
/* "unknown[192.0.2.7]" or "[192.0.2.7]:4711" gives the address; the name came from the DNS and has no bracket in it.
   Nothing where the line is cut within it. */
struct mw_str mw_part_address(struct mw_str text);
/* One of the words, ended by NULL, stands in it; it begins with one. */
bool mw_part_has_one(struct mw_str text, const char *const *words);
bool mw_part_begins_with_one(struct mw_str text, const char *const *words);
bool mw_part_ends_with_one(struct mw_str text, const char *const *words);
/* Into `size` octets, cut where it is longer, and ended. */
void mw_part_copy(char *to, size_t size, struct mw_str text);
uint32_t mw_part_hash(struct mw_str text);

#endif
