/* A source's new content against its last good copy: records that are bad keep the version of the copy, and the vanishing of
   many names at once is held back. Private to sync/. */
#ifndef MW_SYNC_KEEP_H
#define MW_SYNC_KEEP_H

#include "sync/merge/copy.h"

/* What was read of a source: the records and grants from these on. */
struct mw_slice {
	struct mw_records *records;
	size_t first_item, first_grant;
	uint32_t owner;
	/* Names of records of other parts (parts.h) that another of its records claims, too: rows by them may be of either */
	struct mw_strs disputed;
};

/* `copy`: NULL where there is none. `accept`: the digest of a content whose vanishing names an administrator let go; NULL or
   "": of none. Fills bad, blocked, held_..., digest and `several` of `state`, which has what the last sync said of it. False
   when memory is out. A copy that cannot be read leaves the records as they are, with the reason in `unread`.

   Who has another name under the same source_key is renamed (rename.h), and not gone; a bad record has the version of who it
   was.

   A bad record with a version in the copy becomes that, without what its readable part lacks: switches, addresses, logins,
   members. One without stays bad, which mw_merge() makes a blocked one.

   A name that several records claim is the one's who had it in the copy, if he still claims it.

   More than max_shrink per cent and at least 10 of the users, groups or addresses of the copy are gone, or all of at least
   three: then all names that are gone come back with the version of the copy, but a group without its members, and an
   address of somebody who is still there as one that gives no right. No grant comes back, and no switch. A name that has
   another kind now is gone, and the new one stays. What is held so is marked in its record, and while any of it is still
   gone that holds for all that is, however few they are. What comes meanwhile is marked, too: it may go again, as it does
   when the database is back in whose place another one was. */
bool mw_keep(const struct mw_slice *slice, const struct mw_copy *copy, uint64_t max_shrink, const char *accept,
	     struct mw_str default_domain, struct mw_source_state *state, struct mw_buf *unread);
/* How many the copy has, and how many of these the new content lacks. */
struct mw_share { uint64_t all, gone; };
/* Whether so many at once are held. */
bool mw_share_shrinks(const struct mw_share *share, uint64_t max_shrink);
/* The digest of what the source says. False when memory is out. */
bool mw_keep_digest(const struct mw_slice *slice, char digest_r[MW_TEXT_DIGEST_SIZE]);

#endif
