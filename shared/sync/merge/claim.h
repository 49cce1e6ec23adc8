/* Who has a name that is another's, or none that could be read, against the last good copy. Private to keep.c. */
#ifndef MW_SYNC_CLAIM_H
#define MW_SYNC_CLAIM_H

#include "sync/merge/keep.h"
#include "sync/merge/names.h"
#include "sync/merge/rename.h"

/* All zero before, but for the slice. */
struct mw_claims {
	const struct mw_slice *slice;
	struct mw_names restored; /* names that records have again */
	struct mw_names disputed; /* names that records claimed which another has: what rows say by them may be of either */
	struct mw_names granted;  /* grants of the copy on or to such names */
	size_t made;              /* records that have their made name (record.h) */
	bool failed;              /* out of memory */
};

/* What is known of the new records. `contested`: texts that several of them claim. */
struct mw_claims_index {
	const struct mw_names *names, *contested; /* names: number in the slice of the first record of a name */
	const struct mw_renames *renames;
};

/* Before all others. */
void mw_claims_begin(struct mw_claims *claims);
/* Whether mw_claims_settle() has to look. */
bool mw_claims_any(const struct mw_claims *claims, const struct mw_names *contested);

/* Of several records that claim a name the one has it whose source_key had it in the copy. Each other one that the copy
   knows by its key, and each that has no name, is who it was: it has its old name again, and is bad, so that it keeps that
   version; who has that name now loses it in turn. What its source says of it by memory of its name (record.h) is of that
   name. Who is not in the copy is left out. `changed_r`: then names are to be looked at again. False: the copy cannot be
   read. */
bool mw_claims_settle(struct mw_claims *claims, const struct mw_copy *copy, struct mw_str default_domain,
		      const struct mw_claims_index *index, bool *changed_r, struct mw_buf *unread);
/* Behind the last: records without a name get their made one, or are left out and counted in records->unnamed_keyed, and
   those that still share one are joined. True: something changed. */
bool mw_claims_end(struct mw_claims *claims);

/* Against `old`, the version of the record in the copy: nobody gets into a list that gives a right by a row with a disputed
   name, and nobody who has an old name again, or is held, gets out of one that takes a right away. `taken`: names and
   addresses of the new records; NULL: nobody is held. `names`: as above. */
void mw_claims_settle_lists(const struct mw_claims *claims, const struct mw_names *names, const struct mw_names *taken,
			    struct mw_record *record, const struct mw_record *old);

/* Whether a grant of the copy is to be remembered, and that. */
void mw_claims_note_grant(struct mw_claims *claims, const struct mw_names *contested, const struct mw_grant_record *grant);
/* Leaves out grants of rows on or to a disputed name that the copy does not have. `names`: as above. */
void mw_claims_settle_grants(struct mw_claims *claims, const struct mw_names *names);

/* Sets *failed_io where memory was out. */
void mw_claims_deinit(struct mw_claims *claims, bool *failed_io);

#endif
