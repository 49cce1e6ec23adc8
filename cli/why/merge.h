/* Entries of a story: made from events, merged, and tidied. Private to why_story.c. Pure. */
#ifndef MW_CLI_WHY_MERGE_H
#define MW_CLI_WHY_MERGE_H

#include "why/story.h"

void mw_why_entry_from(const struct mw_why_event *event, struct mw_why_entry *entry_r);
/* Counts the event with an entry that says the same and is not more than `gap` seconds from it. False: there is none. */
bool mw_why_merge(struct mw_why_entry *entries, size_t count, const struct mw_why_event *event, int64_t gap);
/* The same with entries that are the user's by their sender, or are not. */
bool mw_why_merge_as(struct mw_why_entry *entries, size_t count, const struct mw_why_event *event, int64_t gap,
		     bool by_sender);
/* Takes out what is told twice, sorts the rest by first time, and returns how many there are. */
size_t mw_why_tidy(struct mw_why_entry *entries, size_t count);

#endif
