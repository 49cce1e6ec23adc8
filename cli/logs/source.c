/* SPDX-License-Identifier: MIT */
#include "logs/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "logs/document.h"
#include "logs/input.h"
#include "logs/journal.h"
#include "logs/plain.h"
#include "logs/record.h"
#include "ui/output.h"
#include "base/text.h"
#include "ui/terminal.h"

#define BUFFER_SIZE (MW_LOG_INPUT_SIZE + MW_LOG_LINE_MAX)

struct mw_log_source {
	char name[256]; /* as it may be shown */
	struct mw_log_input *input;
	struct mw_journal *journal; /* NULL: no journalctl stands behind it */
	struct mw_progress progress;
	size_t begin, end; /* of what is in memory and was not given away */
	bool drained;
	bool passing_over; /* the rest of a line that was cut */
	char newline;      /* what ends a line; '\0': not known yet */
	struct mw_log_record record;
	struct mw_log_document document;
	char memory[BUFFER_SIZE];
};

static void set_name(struct mw_log_source *source, const char *name)
{
	struct mw_buf shown = MW_BUF_OVER(source->name);

	mw_text_show(&shown, mw_str(strcmp(name, "-") == 0 ? "standard input" : name));
	source->progress.what = source->name;
}

static int open_file(struct mw_log_source *source, const char *path, int *exit_r)
{
	int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) != 0) {
		*exit_r = errno == EACCES || errno == EPERM ? EX_NOPERM : EX_NOINPUT;
		mw_complain("%s: %s", source->name, strerror(errno));
	} else if (S_ISDIR(status.st_mode)) {
		*exit_r = EX_NOINPUT;
		mw_complain("%s: a folder; name a log file, - or journal", source->name);
	} else {
		source->progress.whole = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
		posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool is_readable(struct mw_log_source *source, int *exit_r)
{
	const char *kind = mw_log_input_kind(source->input);
	int error;

	*exit_r = EX_DATAERR;
	if (kind != NULL && strcmp(kind, "journal") == 0) {
		mw_complain("%s: a file of the systemd journal; say journal, or journalctl -o short-iso --file %s "
			    "into - (standard input)", source->name, source->name);
		return false;
	}
	if (kind != NULL) {
		mw_complain("%s: compressed with %s; decompress it into - (standard input), or give it as text, gzip, xz, zstd "
			    "or bzip2", source->name, kind);
		return false;
	}
	if (mw_log_input_state(source->input, &error) != MW_LOG_INPUT_UNREADABLE)
		return true;
	*exit_r = EX_IOERR;
	mw_complain("%s: %s", source->name, strerror(error));
	return false;
}

static void source_free(struct mw_log_source *source)
{
	mw_log_input_free(source->input);
	mw_journal_close(source->journal, NULL);
	free(source);
}

struct mw_log_source *mw_log_source_open(const char *name, int64_t since, int *exit_r)
{
	struct mw_log_source *source = malloc(sizeof(*source));
	int fd;

	*exit_r = EX_OSERR;
	if (source == NULL) {
		mw_complain("out of memory");
		return NULL;
	}
	memset(source, 0, offsetof(struct mw_log_source, memory));
	set_name(source, name);
	if (strcmp(name, "journal") == 0)
		fd = mw_journal_open(since, &source->journal, exit_r);
	else
		fd = open_file(source, name, exit_r);
	if (fd >= 0) {
		source->input = mw_log_input_new(fd);
		if (source->input != NULL)
			source->input = mw_log_input_within(source->input);
		if (source->input == NULL)
			mw_complain("out of memory");
		else if (source->journal != NULL || is_readable(source, exit_r))
			return source;
	}
	source_free(source);
	return NULL;
}

/* Makes room behind what is left, which is less than a line at its longest, and reads on. */
static void fill(struct mw_log_source *source)
{
	size_t left = source->end - source->begin, more;

	memmove(source->memory, source->memory + source->begin, left);
	source->begin = 0;
	source->end = left;
	more = mw_log_input_read(source->input, source->memory + left, sizeof(source->memory) - left);
	source->end += more;
	source->drained = more == 0;
	mw_progress_show(&source->progress, mw_log_input_taken(source->input));
}

/* Cuts what memory holds of a line that has not ended in it. */
static bool take_unended(struct mw_log_source *source, struct mw_str *line_r)
{
	size_t len = source->end - source->begin;
	bool more_of_the_same = source->passing_over;

	*line_r = mw_str_head((struct mw_str){ source->memory + source->begin, len }, MW_LOG_LINE_MAX);
	source->begin = source->end;
	source->passing_over = !source->drained;
	return len > 0 && !more_of_the_same;
}

/* A file without a newline in what fits into memory may have its lines end with CR, as old Macs have them. */
static char newline_of(struct mw_log_source *source, const char *from, size_t len)
{
	if (source->newline == '\0' && memchr(from, '\n', len) != NULL)
		source->newline = '\n';
	else if (source->newline == '\0' && (len >= MW_LOG_LINE_MAX || source->drained))
		source->newline = memchr(from, '\r', len) != NULL ? '\r' : '\n';
	return source->newline == '\0' ? '\n' : source->newline;
}

/* What stands before an object: the mark of a file in UTF-8, of json-seq, of json-sse. */
static size_t before_object(struct mw_str text)
{
	static const char *const marks[] = { "\xef\xbb\xbf", "\x1e", "data: " };

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (mw_str_starts_with(text, mw_str(marks[i])))
			return strlen(marks[i]);
	return 0;
}

/* A line has begun, or what is behind an object in its line: blanks, commas and the next one, or nothing that is
   read. */
static bool begins_document(struct mw_log_source *source)
{
	struct mw_str text;
	size_t before;

	while (source->document.behind && source->begin < source->end &&
	       strchr(" ,\t\r", source->memory[source->begin]) != NULL && source->memory[source->begin] != '\0')
		source->begin++;
	text = (struct mw_str){ source->memory + source->begin, source->end - source->begin };
	before = before_object(text);
	if (source->passing_over || source->record.form != MW_LOG_RECORD_NONE ||
	    !mw_log_document_begins(mw_str_tail(text, before))) {
		source->passing_over |= source->document.behind && !mw_str_empty(text);
		source->document.behind = source->document.behind && mw_str_empty(text);
		return false;
	}
	source->begin += before;
	return true;
}

/* True: an object, or what there is of one. */
static bool next_object(struct mw_log_source *source, struct mw_str *object_r)
{
	struct mw_str text = { source->memory + source->begin, source->end - source->begin };

	if (mw_str_empty(text) && source->drained) {
		source->document.open = false;
		*object_r = (struct mw_str){ source->document.object,
					     source->document.entry > 0 ? source->document.len : 0 };
	} else {
		source->begin += mw_log_document_take(&source->document, text, object_r);
	}
	return !mw_str_empty(*object_r);
}

#define LONGEST_BEGIN 64 /* octets, by which a line shows whether a document begins there */

static bool next_line(struct mw_log_source *source, struct mw_str *line_r)
{
	for (;;) {
		char *from = source->memory + source->begin;
		size_t len = source->end - source->begin;
		const char *newline;

		if (len < LONGEST_BEGIN && !source->drained) {
			fill(source);
			continue;
		}
		if (source->document.open || begins_document(source)) {
			if (next_object(source, line_r))
				return true;
			continue;
		}
		from = source->memory + source->begin;
		len = source->end - source->begin;
		newline = memchr(from, newline_of(source, from, len), len);
		if (newline != NULL) {
			bool rest = source->passing_over;

			source->begin += (size_t)(newline - from) + 1;
			source->passing_over = false;
			*line_r = mw_str_head((struct mw_str){ from, (size_t)(newline - from) }, MW_LOG_LINE_MAX);
			if (!rest)
				return true;
		} else if (len >= MW_LOG_LINE_MAX || source->drained) {
			if (take_unended(source, line_r))
				return true;
			if (source->drained)
				return false;
		} else {
			fill(source);
		}
	}
}

bool mw_log_source_next(struct mw_log_source *source, struct mw_str *line_r)
{
	struct mw_str line;
	bool found = false;

	while (!found && next_line(source, &line))
		found = mw_log_record_take(&source->record, line, line_r);
	if (!found && !mw_log_record_end(&source->record, line_r))
		return false;
	/* It lies in the source's own memory, or its record's. */
	*line_r = mw_log_plain((char *)line_r->ptr, line_r->len);
	return true;
}

int mw_log_source_close(struct mw_log_source *source)
{
	enum mw_log_input_state state;
	int error, code = EX_OK;
	bool read_whole;

	if (source == NULL)
		return EX_OK;
	mw_progress_clear(&source->progress);
	state = mw_log_input_state(source->input, &error);
	if (state == MW_LOG_INPUT_UNREADABLE) {
		mw_complain("%s: %s", source->name, strerror(error));
		code = EX_IOERR;
	} else if (state == MW_LOG_INPUT_DAMAGED) {
		mw_complain("%s: damaged or incomplete %s data", source->name, mw_log_input_packed(source->input));
		code = EX_DATAERR;
	}
	read_whole = source->drained;
	mw_log_input_free(source->input);
	source->input = NULL;
	if (!mw_journal_close(source->journal, read_whole ? source->name : NULL))
		code = EX_UNAVAILABLE;
	source->journal = NULL;
	source_free(source);
	return code;
}
