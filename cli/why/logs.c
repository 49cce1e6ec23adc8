/* SPDX-License-Identifier: MIT */
#include "why/logs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "logs/source.h"
#include "ui/output.h"
#include "ui/process.h"
#include "why/part.h"
#include "why/person.h"
#include "why/queue.h"
#include "why/smtpd.h"
#include "why/words.h"

#define USUAL_LOG "/var/log/mail.log"
#define LINES_WITHOUT_TIME 100 /* at the head of a file, before it is taken for one that begins at no time */

void mw_why_note(struct mw_why_logs *logs, const char *format, ...)
{
	va_list arguments;

	if (logs->note_count == MW_WHY_NOTES)
		return;
	va_start(arguments, format);
	vsnprintf(logs->note_texts[logs->note_count], sizeof(logs->note_texts[0]), format, arguments);
	va_end(arguments);
	logs->notes[logs->note_count] = logs->note_texts[logs->note_count];
	logs->note_count++;
}

/* When the journal's newest line of mail is of; 0: there is none, or no journal. */
static int64_t journal_newest(struct mw_why_logs *logs)
{
	static const char *const argv[] = { "journalctl", "--no-pager", "-q", "-o", "short-iso", "--facility=mail", "-n", "1",
					    NULL };
	struct mw_run run;
	struct mw_why_line line;
	struct mw_str text;
	int64_t newest = 0;

	if (mw_run_program(argv, &run)) {
		text = mw_str_trim(mw_str_head(run.output, mw_str_find(run.output, '\n')));
		if (mw_why_line_read(&logs->clock, text, &line))
			newest = line.time;
	}
	mw_run_free(&run);
	return newest;
}

/* A file that nothing writes any more, since the journal took its place. */
static bool is_left_behind(struct mw_why_logs *logs)
{
	char when[32];
	struct mw_buf text = MW_BUF_OVER(when);
	struct stat status;

	if (stat(USUAL_LOG, &status) != 0 || status.st_mtime > logs->clock.now - MW_WHY_OLD ||
	    journal_newest(logs) <= status.st_mtime)
		return false;
	mw_why_time(status.st_mtime, &text);
	mw_why_note(logs, USUAL_LOG " was written last at %s, and the journal is newer: it was read instead", when);
	return true;
}

void mw_why_logs_default(struct mw_why_logs *logs)
{
	logs->names[0] = access(USUAL_LOG, F_OK) == 0 && !is_left_behind(logs) ? USUAL_LOG : "journal";
	logs->count = 1;
}

/* Most lines of a mail log are of deliveries: they are let go before anything of them is read, as long as the user has
   sent nothing. */
static bool may_matter(struct mw_str line)
{
	static const char *const programs[] = { "/smtpd", "-login: ", "mailwicket: v=1 ", "auth: ", "auth-worker", "auth(",
						"/postscreen", "/master", "mail_queue_enter: ", "/pickup", NULL };
	static const char *const sessions[] = { "imap(", "pop3(", "submission(", "master: ", "anvil: ", "config: ", NULL };
	static const char *const troubles[] = { "rror: ", "atal: ", "anic: ", "arning: ", NULL };

	return mw_part_has_one(line, programs) || (mw_part_has_one(line, sessions) && mw_part_has_one(line, troubles)) ||
	       (mw_str_starts_with(line, MW_STR("{")) && mw_str_has(line, "\"dovecot\"")); /* its message may be in octets */
}

struct reading {
	struct mw_why_logs *logs;
	struct mw_why_story *story;
	struct mw_why_sessions *sessions;
	struct mw_why_queue *queue;
	bool sent; /* the user has */
	struct mw_logline values;
};

/* Behind the name of a program that says whose message it is: "from=<bob@example.org>". */
static struct mw_str sender_in(struct mw_str line)
{
	static const char *const programs[] = { "/qmgr", "/cleanup", NULL };
	struct mw_str from = mw_part_after(line, "from=<");

	if (mw_str_empty(from) || !mw_part_has_one(line, programs))
		return MW_STR_EMPTY;
	return mw_str_head(from, mw_str_find(from, '>'));
}

/* A message of the user who did not log in: a printer, or webmail that may relay. */
static void adopt(struct reading *reading, const struct mw_why_line *line, struct mw_str sender)
{
	struct mw_str id = mw_str_head(line->message, mw_str_find(line->message, ':'));

	mw_why_queue_adopt(reading->queue, id, sender);
	reading->sent = true;
}

/* "0A1: uid=33 from=<www-data>": by sendmail(1) on the server itself. */
static bool read_pickup(const struct mw_why_line *line, struct mw_why_event *event)
{
	*event = (struct mw_why_event){ .kind = MW_WHY_BEGUN, .protocol = MW_PROTOCOL_SMTP, .time = line->time,
					.client = MW_STR("localhost"), .tls_unknown = true,
					.queue = mw_str_head(line->message, mw_str_find(line->message, ':')) };
	return mw_part_find(line->message, ": uid=") == event->queue.len;
}

static bool is_of_dovecot(struct mw_str program)
{
	static const char *const begins[] = { "auth", "imap(", "pop3(", "submission(", "master", "anvil", "config", NULL };

	return mw_str_ends_with(program, MW_STR("-login")) || mw_part_begins_with_one(program, begins);
}

static bool read_event(struct reading *reading, const struct mw_why_line *line, struct mw_why_event *event)
{
	static const char *const postfix[] = { "/postscreen", "/master", "/cleanup", NULL };

	if (mw_str_ends_with(line->program, MW_STR("/smtpd")))
		return mw_why_smtpd(reading->sessions, line, event);
	if (mw_str_ends_with(line->program, MW_STR("/pickup")))
		return read_pickup(line, event);
	if (mw_part_ends_with_one(line->program, postfix))
		return mw_why_postfix(line, event);
	if (!mw_str_equal(line->program, MW_STR("mailwicketd")) && !is_of_dovecot(line->program))
		return false;
	return mw_why_decision(line, &reading->values, event) || mw_why_dovecot(line, event);
}

/* A message of the user is followed from here on; nothing is told of it before it is accepted or refused. */
static void take_event(struct reading *reading, const struct mw_why_event *event)
{
	struct mw_why_event more;

	if (event->kind == MW_WHY_BEGUN && !mw_str_empty(event->queue_before) &&
	    mw_why_queue_continue(reading->queue, event->queue, event->queue_before))
		return;
	if (event->kind == MW_WHY_BEGUN && mw_why_story_is_user(reading->story, event->user)) {
		mw_why_queue_begin(reading->queue, event);
		reading->sent = true;
		return;
	}
	if (event->kind == MW_WHY_BEGUN)
		mw_why_queue_see(reading->queue, event);
	if (event->kind == MW_WHY_BEGUN && mw_str_empty(event->user))
		return;
	if (!mw_str_empty(event->queue) && mw_why_queue_session(reading->queue, event, &more)) {
		mw_why_story_add(reading->story, &more);
		if (event->kind == MW_WHY_CUT || mw_why_refuses_message(event))
			return;
	}
	/* A session may end in any way once its message was accepted; without a text there was none to be cut. */
	if (event->kind == MW_WHY_CUT && (event->texts == 0 || mw_why_queue_settled(reading->queue, event->queue)))
		return;
	mw_why_story_add(reading->story, event);
}

/* False: it tells nothing, or it cannot be read. Lines before `since` tell nothing that matters. */
static bool take_line(struct reading *reading, struct mw_str text)
{
	struct mw_why_line line;
	struct mw_why_event event;
	struct mw_str sender = sender_in(text);
	bool is_mine = mw_why_story_owns(reading->story, sender), matters = is_mine || may_matter(text);

	reading->logs->lines++;
	if ((!matters && !reading->sent) || !mw_why_line_read(&reading->logs->clock, text, &line))
		return false;
	if (matters)
		reading->logs->known++;
	if (line.time > reading->logs->newest)
		reading->logs->newest = line.time;
	if (line.time < reading->logs->since)
		return true;
	if (is_mine && mw_str_find(line.program, '/') < line.program.len)
		adopt(reading, &line, sender);
	if (reading->sent && mw_str_find(line.program, '/') < line.program.len &&
	    mw_why_queue_line(reading->queue, &line, &event))
		mw_why_story_add(reading->story, &event);
	else if (matters && read_event(reading, &line, &event))
		take_event(reading, &event);
	else
		return false;
	return event.kind != MW_WHY_UNREAD;
}

/* What waited for a line that never came. */
static void take_left(struct reading *reading)
{
	struct mw_why_event event;
	size_t at = 0;

	while (mw_why_smtpd_left(reading->sessions, &at, &event))
		mw_why_story_add(reading->story, &event);
	mw_why_queue_tell(reading->queue);
	at = 0;
	while (mw_why_queue_left(reading->queue, &at, &event))
		mw_why_story_add(reading->story, &event);
}

/* A line that tells nothing and has a name of the user in it: nobody may say that there is no line of theirs.
   True: it is one of SMTP. */
static bool see_named(struct mw_why_logs *logs, struct mw_str text)
{
	static const char *const smtp[] = { "/smtpd", "/postscreen", NULL };

	if (!mw_why_person_in(logs->person, text))
		return false;
	logs->named++;
	return mw_part_has_one(text, smtp);
}

static int read_source(struct reading *reading, const char *name)
{
	int code;
	struct mw_log_source *source = mw_log_source_open(name, reading->logs->since, &code);
	struct mw_str line;

	if (source == NULL)
		return code;
	while (mw_log_source_next(source, &line))
		if (!take_line(reading, line) && see_named(reading->logs, line))
			mw_why_story_smtp_named(reading->story);
	return mw_log_source_close(source);
}

/* When a file begins, 0 where no line near its beginning has a time. Complains where it cannot be read. */
static int begins_at(struct mw_why_logs *logs, const char *name, int64_t *time_r)
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
		found = mw_why_line_read(&logs->clock, text, &line);
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

/* Where the log was rotated since: the one before it. */
static int read_rotated(struct reading *reading, const char *name)
{
	char before[4096], older[4096], when[32];
	struct mw_buf text = MW_BUF_OVER(when);
	int64_t begins, earlier;
	int code;

	if (strcmp(name, "-") == 0 || strcmp(name, "journal") == 0 || access(name, R_OK) != 0)
		return EX_OK;
	code = begins_at(reading->logs, name, &begins);
	if (code != EX_OK || begins <= reading->logs->since)
		return code;
	mw_why_time(begins, &text);
	if (!rotated_name(name, 1, before, sizeof(before))) {
		if (reading->logs->since_given)
			mw_why_note(reading->logs, "%s begins at %s; what was before is not in it", name, when);
		return EX_OK;
	}
	code = read_source(reading, before);
	if (code != EX_OK)
		return code;
	mw_why_note(reading->logs, "%s begins at %s, so %s was read too", name, when, before);
	if (rotated_name(name, 2, older, sizeof(older)) && begins_at(reading->logs, before, &earlier) == EX_OK &&
	    earlier > reading->logs->since)
		mw_why_note(reading->logs, "older lines may be in %s: name it with --log", older);
	return EX_OK;
}

static int read_all(struct reading *reading)
{
	int code = EX_OK;

	for (size_t i = 0; i < reading->logs->count && code == EX_OK; i++) {
		code = read_rotated(reading, reading->logs->names[i]);
		if (code == EX_OK)
			code = read_source(reading, reading->logs->names[i]);
	}
	return code;
}

static void tell_story(void *story, const struct mw_why_event *event)
{
	mw_why_story_add(story, event);
}

int mw_why_logs_read(struct mw_why_logs *logs, struct mw_why_story *story)
{
	struct reading *reading = malloc(sizeof(*reading));
	struct mw_why_sessions *sessions = calloc(1, sizeof(*sessions));
	struct mw_why_queue *queue = mw_why_queue_new(tell_story, story);
	int code = EX_OSERR;

	if (reading != NULL && sessions != NULL && queue != NULL) {
		reading->logs = logs;
		reading->story = story;
		reading->sessions = sessions;
		reading->queue = queue;
		reading->sent = false;
		code = read_all(reading);
		take_left(reading);
	} else {
		mw_complain("out of memory");
	}
	if (code == EX_OK && logs->lines > 0 && logs->known == 0)
		mw_why_note(logs, "no line of Dovecot, Postfix's smtpd or mailwicketd was recognised in the log");
	mw_why_queue_free(queue);
	free(sessions);
	free(reading);
	return code;
}
