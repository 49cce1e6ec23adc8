/* The last good copy of a source: what of it was published last, as directory text, in FOLDER/sources/NAME. A file of its
   own, NAME.state, says how its last readings went. Written as snapshots are: another name, fsync, rename. */
#ifndef MW_SYNC_COPY_H
#define MW_SYNC_COPY_H

#include "sync/record/record.h"
#include "sync/sync.h"
#include "sync/text/write.h"

struct mw_copy {
	const char *path; /* in the arena */
	struct mw_str text;
	char *memory;
	bool of_another; /* it was read by another driver, or from another place: of the source of that name in an older policy */
};

enum mw_copy_result { MW_COPY_READ, MW_COPY_NONE, MW_COPY_BAD };

/* Reads the copy whole. BAD with the reason. Free with mw_copy_free(). */
enum mw_copy_result mw_copy_read(struct mw_arena *arena, const char *folder, const struct mw_source *source,
				 struct mw_copy *copy_r, struct mw_buf *why);
void mw_copy_free(struct mw_copy *copy);

/* Calls `found` with the record or grant of each line of a copy's text, and the line; what it is given lives until it
   returns. False with the reason, at the first line that cannot be read: what was found before counts for nothing. */
typedef void mw_copy_found(void *context, const struct mw_records *line, struct mw_str text);
bool mw_copy_each(struct mw_str text, const char *path, struct mw_str default_domain, mw_copy_found *found,
		  void *context, struct mw_buf *why);
/* Whether the text is read as the records that were written: behind `head`, all of it written again has the same digest. */
bool mw_copy_reads_back(struct mw_str text, const char *path, struct mw_str head, struct mw_str default_domain,
			const char *digest, struct mw_buf *why);

/* The right to write them: with the publisher's lock. NULL with errors. */
struct mw_copies;
struct mw_copies *mw_copies_open(const char *folder, struct mw_errors *errors);
void mw_copies_close(struct mw_copies *copies); /* NULL is allowed. What is not committed is removed */

/* Writes what the records have of a source beside its copy, in place of what was written before, and reads it back. BAD: it
   would not be read as these records, with the reason in `why`; NONE: it is not written, with errors. */
enum mw_copy_result mw_copies_write(struct mw_copies *copies, const struct mw_source *source,
				    const struct mw_records *records, uint32_t owner, struct mw_errors *errors,
				    struct mw_buf *why);
/* Removes what is there of any source but these. False with errors. */
bool mw_copies_remove_others(struct mw_copies *copies, const struct mw_strs *sources, struct mw_errors *errors);
bool mw_copies_are_there(const char *folder);
/* Puts all that was written in the place of the copies. False with errors: some may be. */
bool mw_copies_commit(struct mw_copies *copies, struct mw_errors *errors);
/* Writes the state of a source. False with errors. */
bool mw_copies_write_state(struct mw_copies *copies, const struct mw_source_state *state, struct mw_errors *errors);

/* The text of a state's file; what is no line of it is passed over. `state` has what the text does not say. */
void mw_source_state_parse(struct mw_str text, struct mw_source_state *state);
void mw_source_state_print(const struct mw_source_state *state, struct mw_buf *out);

#endif
