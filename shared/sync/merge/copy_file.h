/* The files of the last good copies: their names, their first and last lines, how they are read, and the folders they are
   in. Private to copy.c. */
#ifndef MW_SYNC_COPY_FILE_H
#define MW_SYNC_COPY_FILE_H

#include "directory/folder.h"
#include "directory/snapshot.h"
#include "sync/merge/copy.h"

#define MW_COPY_NAME_SIZE 256
#define MW_COPY_HEAD_SIZE 256

/* The copy of another user's that root reads: its octets, and its lines. The snapshot of a larger directory, two to three
   times its copy, is not copied either (MW_SNAPSHOT_COPY_MOST); a record takes more memory than a short line. */
#define MW_COPY_FOREIGN_MOST (MW_SNAPSHOT_COPY_MOST / 2)
#define MW_COPY_FOREIGN_LINES_MOST ((size_t)10000000)
#define MW_COPY_STATE_MOST 4096 /* octets of a state, whose ever it is */

/* That of the snapshots, and that of the copies in it. Root enters the first to work in the second. */
struct mw_copy_folders { struct mw_folder outer, inner; };

/* The name of a source's file that ends so. False: it is too long. */
bool mw_copy_file_name(struct mw_str source, const char *end, char name_r[MW_COPY_NAME_SIZE]);
/* Appends the first lines of a source's copy, which say what read it and from where. False when memory is out. */
bool mw_copy_head(const struct mw_source *source, struct mw_buf *head);
/* Appends its last line: the digest of all before it. */
void mw_copy_end(const char *digest, struct mw_buf *end);
/* Whether a text is a copy with all that was written, from its first line to its last. One of the form before, which had
   no such last line, counts as whole. */
bool mw_copy_is_whole(struct mw_str text);
/* Whether the first lines of a copy, of either form, say that it is of another source. False when memory is out. */
bool mw_copy_look(const struct mw_source *source, struct mw_str text, bool *of_another_r);

/* Opens the folder of the snapshots and, by its path, that of the copies. False with errors. Close both in any case. */
bool mw_copy_open_folders(struct mw_copy_folders *folders, const char *folder, const char *path, bool make,
			  struct mw_errors *errors);
void mw_copy_close_folders(struct mw_copy_folders *folders);

/* So many octets from where the file stands, and a NUL; NULL with errno. Free it. */
char *mw_copy_read_octets(int fd, size_t size);
/* A whole file of at most so many octets in the folder of the copies, and a NUL behind it; BAD with the reason. `most` 0: only
   another user's is bounded, as above. Free *memory_r. */
enum mw_copy_result mw_copy_read_file(const char *folder, const char *path, uint64_t most, char **memory_r,
				      size_t *size_r, struct mw_buf *why);

#endif
