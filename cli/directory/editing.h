/* The directory's text sources while a command changes one of them: locked, read, changed in memory, checked as sync would
   read them all, put in place whole. Every octet that the change is not about stays as it was. */
#ifndef MW_CLI_DIRECTORY_EDITING_H
#define MW_CLI_DIRECTORY_EDITING_H

#include "command.h"
#include "text_file.h"
#include "sync/sync.h"

/* The last options of every command that changes the directory. */
#define MW_EDIT_OPTIONS                                                               \
	{ "source", "NAME", "the text source to change, where there are several" },   \
	{ "dry-run", NULL, "show the change, write nothing" },                        \
	{ "sync", NULL, "publish the directory afterwards, as mailwicket sync does" }
enum mw_edit_option { MW_EDIT_SOURCE, MW_EDIT_DRY_RUN, MW_EDIT_SYNC, MW_EDIT_OPTION_COUNT };

struct mw_edit_order {
	const char *source; /* NULL: none was named */
	bool dry_run, sync;
};

#define MW_NOTES_MOST 1000

struct mw_editing {
	const struct mw_policy *policy;
	const struct mw_edit_order *order;
	struct mw_arena *arena;
	struct mw_text_files files;
	struct mw_memory_directory *before; /* what sync would publish now; NULL: it would refuse */
	struct mw_memory_directory *after;  /* what it would publish then */
	struct mw_text_file *file;  /* that is changed; NULL: none is */
	struct mw_str text;         /* what it is to have */
	const char *notes[MW_NOTES_MOST]; /* what is to be told beside the change, one line each */
	size_t note_count;
};

/* What a command does. Both print one line where they return another code than EX_OK; then nothing is written. */
struct mw_edit {
	/* Sets `file` and `text`; `file` NULL: there is nothing to change. */
	int (*change)(struct mw_editing *editing, void *context);
	/* Looks at `after`, before anything is written; NULL: nothing to look at. */
	int (*look)(struct mw_editing *editing, void *context);
	/* The exit code when all went well; NULL: EX_OK. */
	int (*code)(const struct mw_editing *editing, const void *context);
};

/* Takes a row of MW_EDIT_OPTIONS. */
void mw_edit_option_take(struct mw_edit_order *order, enum mw_edit_option option, const char *value);

/* The whole command: prints what was changed and returns the exit code. */
int mw_edit_run(const struct mw_cli *cli, const struct mw_edit_order *order, const struct mw_edit *edit, void *context);

/* One more line to tell. */
void mw_edit_note(struct mw_editing *editing, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The file of --source, or else the only one. EX_USAGE after a line where several could be meant, EX_UNAVAILABLE where
   there is none. */
int mw_edit_new_place(const struct mw_editing *editing, struct mw_text_file **file_r);
/* Whether --source leaves this file out. */
bool mw_edit_leaves_out(const struct mw_editing *editing, const struct mw_text_file *file);

/* Whether the word is one field of a line, so that nothing in it is another field, a comment or another line. EX_USAGE
   after a line. */
int mw_edit_check_word(const char *word);
/* A line as the real reader reads it, into `records` (mw_records_deinit()). EX_OK, or EX_DATAERR after what is wrong. */
int mw_edit_read_line(struct mw_editing *editing, struct mw_str line, struct mw_records *records);

/* The view before the change; NULL: sync would refuse. */
const struct mw_directory_view *mw_edit_view(const struct mw_editing *editing);
/* "FILE:LINE" of a record or grant of a text, or "source "NAME", grants:ROW". */
const char *mw_edit_place(struct mw_editing *editing, const struct mw_records *records, struct mw_origin origin);
/* Complains of a user or group that stands in no text: names its source. The exit code. */
int mw_edit_not_here(struct mw_editing *editing, struct mw_str name);

#endif
