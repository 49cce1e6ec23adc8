/* Who is in which group, of the records of all sources (mw_memory_directory_records()) and the view that they gave. */
#ifndef MW_CLI_DIRECTORY_GROUPS_H
#define MW_CLI_DIRECTORY_GROUPS_H

#include "decide/directory_view.h"
#include "sync/record/record.h"

/* All groups that a user or group is in, directly or through groups, in the order of their ids. A view has them of users alone. */
struct mw_ids mw_groups_of(const struct mw_directory_view *view, const struct mw_records *records, struct mw_arena *arena,
			   const struct mw_principal *member);

#endif
