/* The files that `init` and `import` make: shown as a diff, written whole on request, and never over what somebody wrote
   there. Every function prints one line where it fails. */
#ifndef MW_CLI_NEW_FILES_H
#define MW_CLI_NEW_FILES_H

#include "report/json.h"
#include "servers/files.h"
#include "servers/guard.h"

struct mw_new_files {
	struct mw_changes changes; /* what is to be written, in the order in which it was added */
	struct mw_guard guard;
	struct mw_str diff;
	bool secret[MW_CHANGES_MOST];      /* of changes: neither what is there nor the new text is shown */
	const char *kept[MW_CHANGES_MOST]; /* files that are somebody's own and differ */
	size_t kept_count;
	bool applied;
};

/* None yet. All texts are in the arena. */
void mw_new_files_begin(struct mw_new_files *files, struct mw_arena *arena);
/* One more, at an absolute path. A file of comments alone and the sample policy that packages install count as not there;
   one with anything else and another content is kept. EX_OK or EX_NOINPUT. */
int mw_new_files_add(struct mw_new_files *files, const char *path, struct mw_str text);
/* The same of a file with a password, which only root and the group of the process that reads the sources may read (where
   there is no such group, who writes it alone). The diff says only that there is one. */
int mw_new_files_add_secret(struct mw_new_files *files, const char *path, struct mw_str text);
/* Whether somebody has written something else there, so that mw_new_files_add() would keep it. A file that cannot be read
   counts as that. */
bool mw_new_files_is_owned(struct mw_arena *arena, const char *path);
/* Makes the diff of all of them. EX_OK or EX_CANTCREAT. */
int mw_new_files_diff(struct mw_new_files *files);
/* Writes all of them or none, and the folders they are in. EX_OK, EX_NOPERM or EX_CANTCREAT. */
int mw_new_files_write(struct mw_new_files *files);

/* Says that nothing is to be done, because `why`, or that nothing was written yet. True: the files were written, and it
   says nothing. */
bool mw_new_files_print_outcome(const struct mw_new_files *files, const char *why, struct mw_buf *out);
/* "wrote FILE", for each. */
void mw_new_files_print_written(const struct mw_new_files *files, struct mw_buf *out);
/* The members applied, files, kept, diff. */
void mw_new_files_json(const struct mw_new_files *files, struct mw_json *json);
/* One line for each that is kept, on standard error; options: what writes them elsewhere, "-c FILE and --directory FILE". */
void mw_new_files_complain(const struct mw_new_files *files, const char *options);
/* The path as a command was given it, from the folder it was called in. */
const char *mw_new_file_path(struct mw_arena *arena, const char *path);
/* NAME in the folder of the file at this absolute path. */
const char *mw_new_file_beside(struct mw_arena *arena, const char *path, const char *name);

#endif
