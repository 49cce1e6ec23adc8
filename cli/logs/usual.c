/* SPDX-License-Identifier: MIT */
#include "logs/usual.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "logs/line.h"
#include "ui/output.h"
#include "ui/process.h"
#include "ui/when.h"

#define USUAL_LOG "/var/log/mail.log"
#define LINES_WITHOUT_TIME 100 /* at the head of a file, before it is taken for one that begins at no time */

void mw_log_complain_empty(const char *const *names, size_t count, int64_t since, const char *rest)
{
	char memory[2048];
	struct mw_buf where = MW_BUF_OVER(memory);

	for (size_t i = 0; i < count; i++)
		mw_buf_printf(&where, "%s%s", i > 0 ? ", " : " in ", names[i]);
	if (since > 0) {
		mw_buf_add_text(&where, " since ");
		mw_when_print(since, &where);
	}
	mw_complain("no decision line%s; mailwicketd and Dovecot's modules write them to the mail log%s", memory, rest);
}

void mw_log_note(struct mw_log_choice *choice, const char *format, ...)
{
	va_list arguments;

	if (choice->note_count == MW_LOG_NOTES)
		return;
	va_start(arguments, format);
	vsnprintf(choice->note_texts[choice->note_count], sizeof(choice->note_texts[0]), format, arguments);
	va_end(arguments);
	choice->notes[choice->note_count] = choice->note_texts[choice->note_count];
	choice->note_count++;
}

/* When the journal's newest line of mail is of; 0: there is none, or no journal. */
static int64_t journal_newest(struct mw_log_choice *choice)
{
	static const char *const argv[] = { "journalctl", "--no-pager", "-q", "-o", "short-iso", "--facility=mail", "-n", "1",
					    NULL };
	struct mw_run run;
	struct mw_why_line line;
	struct mw_str text;
	int64_t newest = 0;

	if (mw_run_program(argv, &run)) {
		text = mw_str_trim(mw_str_head(run.output, mw_str_find(run.output, '\n')));
		if (mw_why_line_read(&choice->clock, text, &line))
			newest = line.time;
	}
	mw_run_free(&run);
	return newest;
}

/* A file that nothing writes any more, since the journal took its place. */
static bool is_left_behind(struct mw_log_choice *choice)
{
	char when[32];
	struct mw_buf text = MW_BUF_OVER(when);
	struct stat status;

	if (stat(USUAL_LOG, &status) != 0 || status.st_mtime > choice->clock.now - MW_LOG_OLD ||
	    journal_newest(choice) <= status.st_mtime)
		return false;
	mw_when_print(status.st_mtime, &text);
	mw_log_note(choice, USUAL_LOG " was written last at %s, and the journal is newer: it was read instead", when);
	return true;
}

void mw_log_choose_usual(struct mw_log_choice *choice)
{
	choice->names[0] = access(USUAL_LOG, F_OK) == 0 && !is_left_behind(choice) ? USUAL_LOG : "journal";
	choice->count = 1;
}

static int read_source(struct mw_log_choice *choice, const char *name,
		       void (*take)(void *context, struct mw_str line), void *context)
{
	int code;
	struct mw_log_source *source = mw_log_source_open(name, choice->since, &code);
	struct mw_str line;

	if (source == NULL)
		return code;
	while (mw_log_source_next(source, &line))
		take(context, line);
	return mw_log_source_close(source);
}

/* When a file begins, 0 where no line near its beginning has a time. Complains where it cannot be read. */
static int begins_at(struct mw_log_choice *choice, const char *name, int64_t *time_r)
{
	int code;
	struct mw_log_source *source = mw_log_source_open(name, 0, &code);
	struct mw_why_line line;
	struct mw_str text;
	bool found = false;

	*time_r = 0;
	if (source == NULL)
		return code;
	for (int i = 0; i < LINES_WITHOUT_TIME && !found && mw_log_source_next(source, &text); i++)
		found = mw_why_line_read(&choice->clock, text, &line);
	if (found)
		*time_r = line.time;
	return mw_log_source_close(source);
}

/* By logrotate, with whatever its compresscmd is. */
static bool rotated_name(const char *name, unsigned number, char *out, size_t size)
{
	static const char *const ends[] = { "", ".gz", ".xz", ".zst", ".bz2" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if ((size_t)snprintf(out, size, "%s.%u%s", name, number, ends[i]) < size && access(out, F_OK) == 0)
			return true;
	return false;
}

static void note_beginning(struct mw_log_choice *choice, const char *name, int64_t begins, const char *before)
{
	char memory[32];
	struct mw_buf when = MW_BUF_OVER(memory);

	mw_when_print(begins, &when);
	if (before != NULL)
		mw_log_note(choice, "%s begins at %s, so %s was read too", name, memory, before);
	else if (choice->since_given)
		mw_log_note(choice, "%s begins at %s; what was before is not in it", name, memory);
}

/* Where the log was rotated since: how many of the files before it are needed. */
static int count_rotated(struct mw_log_choice *choice, const char *name, unsigned *count_r)
{
	char here[4096], before[4096];
	int64_t begins;
	int code;

	struct stat status;

	*count_r = 0;
	/* A pipe, such as the shell's <(zcat mail.log.1.gz), can be read once. */
	if (strcmp(name, "-") == 0 || strcmp(name, "journal") == 0 || access(name, R_OK) != 0 || stat(name, &status) != 0 ||
	    !S_ISREG(status.st_mode))
		return EX_OK;
	snprintf(here, sizeof(here), "%s", name);
	for (;;) {
		code = begins_at(choice, here, &begins);
		if (code != EX_OK || begins <= choice->since)
			return code;
		if (!rotated_name(name, *count_r + 1, before, sizeof(before))) {
			note_beginning(choice, here, begins, NULL);
			return EX_OK;
		}
		if (*count_r == choice->rotated_most) {
			mw_log_note(choice, "older lines may be in %s: name it with --log", before);
			return EX_OK;
		}
		note_beginning(choice, here, begins, before);
		(*count_r)++;
		snprintf(here, sizeof(here), "%s", before);
	}
}

int mw_log_choice_read(struct mw_log_choice *choice, void (*take)(void *context, struct mw_str line), void *context)
{
	char before[4096];
	int code = EX_OK;

	for (size_t i = 0; i < choice->count && code == EX_OK; i++) {
		unsigned rotated;

		code = count_rotated(choice, choice->names[i], &rotated);
		for (; rotated > 0 && code == EX_OK; rotated--)
			if (rotated_name(choice->names[i], rotated, before, sizeof(before)))
				code = read_source(choice, before, take, context);
		if (code == EX_OK)
			code = read_source(choice, choice->names[i], take, context);
	}
	return code;
}
