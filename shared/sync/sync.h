/* From sources to a published snapshot: read everything, check everything, then publish whole or not at all. */
#ifndef MW_SYNC_SYNC_H
#define MW_SYNC_SYNC_H

#include "base/errors.h"
#include "decide/directory_view.h"
#include "policy/model.h"

/* How the last readings of a source went that is no text (copy.h). */
struct mw_source_state {
	struct mw_str source; /* its name in the policy */
	int64_t read_at;      /* when it was read last, to its end; seconds since the epoch, 0: never */
	int64_t failed_since; /* since when it cannot be read; 0: it can */
	char why[400];        /* why not */
	uint64_t bad, blocked; /* records that are bad; those of them that have no last good version */
	uint64_t held_users, held_groups, held_addresses; /* that would vanish, and stay */
	char digest[33];      /* of the content whose vanishing names stay; "": none do */
	bool several;         /* since names are held the source has said other things too, each with a digest of its own */
	int64_t synced_at;    /* when `mailwicket sync` tried it last; 0: never, or a process follows it since then */
	int64_t apart, apart_before; /* seconds between the last tries of these; 0: there were none */
};
/* What the last sync wrote of it; zero where there is nothing. */
void mw_source_state_read(const char *folder, struct mw_str source, struct mw_source_state *state_r);
/* `mailwicket sync`, or the process that follows, tries the source at `now`. What somebody tries twice within a minute counts
   once. */
void mw_source_state_tried(struct mw_source_state *state, int64_t now, bool followed);
/* How many seconds apart `mailwicket sync` tries it, by cron for example, at the most; 0: that is not known. */
int64_t mw_source_state_rhythm(const struct mw_source_state *state);

struct mw_sync_report {
	bool published;        /* false: nothing was to be changed, or dry_run */
	uint64_t users, groups, addresses, logins, grants;
	uint64_t added, changed, removed; /* principals, against the snapshot that served before */
	bool differs;          /* from that snapshot, in these or in anything else */
	uint64_t old_sources;  /* that could not be read: their last good content stands */
	uint64_t held_sources; /* so many of whose names would vanish that they stay */
	uint64_t unread_sources; /* of mw_sync_look(): without a last good copy that can be used, an error each */
};

/* What becomes of one source in a sync. */
struct mw_source_turn {
	bool rest;   /* its last good copy stands in, and it is not asked; without one it is read all the same */
	bool failed; /* filled: it could not be read, now or when that was tried last */
};

/* Reads all sources of the policy and publishes. False with errors in `errors` (file and line each): nothing
   changed, but where a copy of a source that is gone cannot be removed.
   Addresses are completed with policy->default_domain. dry_run: check only (`mailwicket check`). */
bool mw_sync_run(const struct mw_policy *policy, bool dry_run, struct mw_errors *errors, struct mw_sync_report *report_r);
/* The same after somebody changed a source by hand: what cron does keeps its rhythm (mw_source_state_rhythm()). */
bool mw_sync_beside(const struct mw_policy *policy, struct mw_errors *errors, struct mw_sync_report *report_r);
/* The same for some of them: turns[source], of all. Text is always read: it has no copy. For the process that follows. */
bool mw_sync_some(const struct mw_policy *policy, struct mw_source_turn *turns, struct mw_errors *errors,
		  struct mw_sync_report *report_r);
/* A dry run that asks nobody: text is read, and the last good copies stand for all others. A source that has none
   is an error. */
bool mw_sync_look(const struct mw_policy *policy, struct mw_errors *errors, struct mw_sync_report *report_r);
/* The same as mw_sync_beside(); what is held back of this source may vanish, if its content has the digest that an
   administrator was told. An empty one: that of the only content that was told since names are held. It takes a content
   whose last good copy cannot be read, too. */
bool mw_sync_accept(const struct mw_policy *policy, struct mw_str source, struct mw_str digest, struct mw_errors *errors,
		    struct mw_sync_report *report_r);

/* The same content as a view in memory, from directory text (tests, policy cases); a record may have blocked="WHY", as in
   the last good copy of a source. NULL with errors. */
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
/* What the sources said for it, put together, each with its place; of mw_memory_directory_of() alone. */
struct mw_records;
const struct mw_records *mw_memory_directory_records(const struct mw_memory_directory *directory);
const struct mw_directory_view *mw_memory_directory_view(struct mw_memory_directory *directory);
void mw_memory_directory_free(struct mw_memory_directory *directory);

#endif
