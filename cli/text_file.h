/* The file of a text source, while a command changes it. Every function prints one line where it fails. */
#ifndef MW_CLI_TEXT_FILE_H
#define MW_CLI_TEXT_FILE_H

#include <sys/stat.h>

#include "policy/model.h"
#include "sync/record/record.h"
#include "text_lock.h"

struct mw_text_file {
	size_t source; /* its number among the policy's */
	struct mw_str name; /* of the source */
	const char *path;
	struct mw_text_lock lock;
	int fd; /* -1: not open */
	struct stat status;
	struct mw_str text;
	struct mw_records records; /* what can be read of it; lines are in the origins */
};

bool mw_source_is_text(const struct mw_source *source);

struct mw_text_files { struct mw_text_file *items; size_t count; };

/* Reads the files of all text sources, in the policy's order. `lock`: one is to be written; waits a minute at most for another
   command that changes it. EX_OK, or EX_NOINPUT, EX_TEMPFAIL, EX_CANTCREAT, EX_CONFIG or EX_OSERR; nothing of it needs an end but
   mw_text_files_close(), whatever comes back. */
int mw_text_files_open(struct mw_text_files *files, const struct mw_policy *policy, bool lock, struct mw_arena *arena);
void mw_text_files_close(struct mw_text_files *files);

/* Whether sync would publish the directory with this text in the file; what is wrong is printed, with a line that nothing
   was written. `directory_r`: what it would publish (mw_memory_directory_free()). EX_OK or EX_DATAERR. */
struct mw_memory_directory;
int mw_text_file_check(const struct mw_text_file *file, const struct mw_policy *policy, struct mw_str text,
		       struct mw_memory_directory **directory_r);

/* Puts the text in the file's place, whole, with owner and mode as they are. EX_OK, EX_NOPERM, EX_CANTCREAT, or EX_TEMPFAIL
   where the file is no longer the one that was read. */
int mw_text_file_put(struct mw_text_file *file, struct mw_str text);

#endif
