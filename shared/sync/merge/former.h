/* Names that somebody had before: what they mean where grants and lists of all sources still have them. Private to merge/
   and gather.c.

   Sources write names, and nobody can tell when a line was written. A name that a user had (struct mw_former) means that
   user as long as nobody has it and other sources go on naming it (carried). Once somebody else has it, nobody can tell
   whom these lines mean: rights by them are nobody's, restrictions hold for both (passed), until no source has such a line
   any more (spent); a line that is written after that means who has the name. Where an earlier source had the name while the
   user called himself so (claiming), rights by it mean who has it there, and restrictions hold for both once he is called
   otherwise (claimed). Of its own source a name always means who has it there, as what a source says is of one moment. */
#ifndef MW_SYNC_FORMER_H
#define MW_SYNC_FORMER_H

#include "sync/merge/names.h"
#include "sync/record/record.h"

/* After all sources were read, and before their copies are written: the states of all former names. `unread`: a source has
   neither its content nor a copy, so that nobody can tell what it names, and whom. `changed`, [owner]: set where one of a
   source's changed. False when memory is out. */
bool mw_formers_settle(struct mw_records *records, bool unread, bool *changed);

/* Part of mw_merge(): puts in place of former names those that they mean. `gone`, [record]: it is left out; `addresses`: what
   somebody has. False when memory is out. */
bool mw_formers_resolve(struct mw_records *records, const bool *gone, const struct mw_names *addresses);

#endif
