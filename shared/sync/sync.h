/* From sources to a published snapshot: read everything, check everything, then publish whole or not at all. */
#ifndef MW_SYNC_SYNC_H
#define MW_SYNC_SYNC_H

#include "base/errors.h"
#include "decide/directory_view.h"
#include "policy/model.h"

struct mw_sync_report {
	bool published;        /* false: nothing was to be changed, or dry_run */
	uint64_t users, groups, addresses, logins, grants;
	uint64_t added, changed, removed; /* principals, against the snapshot that served before */
	bool differs;          /* from that snapshot, in these or in anything else */
};

/* Reads all sources of the policy and publishes. False with errors in `errors` (file and line each): nothing changed.
   Addresses are completed with policy->default_domain. dry_run: check only (`mailwicket check`). */
bool mw_sync_run(const struct mw_policy *policy, bool dry_run, struct mw_errors *errors, struct mw_sync_report *report_r);

/* The same content as a view in memory, from directory text (tests, policy cases). NULL with errors. */
struct mw_memory_directory;
struct mw_memory_directory *mw_memory_directory_new(const char *name, struct mw_str text, struct mw_str default_domain,
						    struct mw_errors *errors);
/* The same from one source, as `sync` reads it. */
struct mw_memory_directory *mw_memory_directory_read(const struct mw_source *source, struct mw_str default_domain,
						     struct mw_errors *errors);
/* A text that is to stand in the file of a text source, number `source` of the policy's. */
struct mw_text_change { size_t source; struct mw_str text; };
/* The same from all sources of a policy, read and checked as mw_sync_run() does, with a change that is not made yet
   (NULL: none). */
struct mw_memory_directory *mw_memory_directory_of(const struct mw_policy *policy, const struct mw_text_change *change,
						   struct mw_errors *errors);
const struct mw_directory_view *mw_memory_directory_view(struct mw_memory_directory *directory);
void mw_memory_directory_free(struct mw_memory_directory *directory);

#endif
