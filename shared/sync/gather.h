/* What all sources of a policy say: each read, held against its last good copy, and put together. Private to sync/. */
#ifndef MW_SYNC_GATHER_H
#define MW_SYNC_GATHER_H

#include "directory/content.h"
#include "sync/merge/copy.h"

struct mw_gathering {
	const struct mw_policy *policy;
	const struct mw_text_change *change; /* NULL: none */
	struct mw_source_turn *turns; /* [source] (sync.h); NULL: all are read */
	struct mw_str accept;    /* the source whose names may vanish; empty: none */
	struct mw_str accept_digest; /* of its content that is accepted; empty: of the only one that was told */
	bool beside;             /* it is no run of those that publish now and then */
	bool asks_nobody;        /* the last good copies stand for all sources but text (mw_sync_look()) */
	bool dry_run;            /* a source that cannot be read is an error, whatever stands in its place */
	struct mw_copies *copies; /* NULL: none are written */
	struct mw_arena *arena;
	struct mw_errors *errors;
	struct mw_records *records_r; /* NULL: nobody wants them; else all zero, and then what all said, to be freed */
	struct mw_source_state *states; /* [source], filled for all drivers but text; NULL: nobody wants them */
	uint64_t held, old;      /* sources whose vanishing names stay; that could not be read */
	uint64_t unread;         /* asks_nobody: that have no last good copy that can be used */
	bool failed;             /* out of memory, or what was read could not be written: no copy is to be put in its place */
};

/* NULL with errors. The content lives in the arena. What was read is written beside the copies, not committed. */
struct mw_content *mw_gather(struct mw_gathering *gathering);

#endif
