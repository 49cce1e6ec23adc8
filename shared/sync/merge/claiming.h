/* Names that an earlier source has, too. Once somebody is called otherwise, nothing else tells that he never had his name,
   so that what other sources say of it was not said of him. Private to merge/former.c. */
#ifndef MW_SYNC_CLAIMING_H
#define MW_SYNC_CLAIMING_H

#include "sync/record/record.h"

#define MW_CLAIMING_NEW (-1) /* `until` of a name that no copy has as claimed yet */

/* Adds them, as MW_FORMER_CLAIMING, to the former names of all records with a key. False when memory is out. */
bool mw_claiming_note(struct mw_records *records);

#endif
