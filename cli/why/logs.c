/* SPDX-License-Identifier: MIT */
#include "why/logs.h"

#include <stdlib.h>
#include <sysexits.h>

#include "ui/output.h"
#include "why/part.h"
#include "why/person.h"
#include "why/queue.h"
#include "why/smtpd.h"
#include "why/words.h"

/* Most lines of a mail log are of deliveries: they are let go before anything of them is read, as long as the user has
   sent nothing. */
static bool may_matter(struct mw_str line)
{
	static const char *const programs[] = { "/smtpd", "-login: ", "mailwicket: v=1 ", "auth: ", "auth-worker", "auth(",
						"/postscreen", "/master", "mail_queue_enter: ", "/pickup", "reject action: ",
						" message: from=<", "saslauthd", NULL };
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
	return mw_str_find_text(line->message, ": uid=") == event->queue.len;
}

static bool is_of_dovecot(struct mw_str program)
{
	static const char *const begins[] = { "auth", "imap(", "pop3(", "submission(", "lmtp(", "master", "anvil",
					      "config", NULL };

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
	if (mw_str_ends_with(line->program, MW_STR("saslauthd")))
		return mw_why_saslauthd(line, event);
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
	if (event->kind == MW_WHY_SUBMITTED && mw_why_story_is_user(reading->story, event->user)) {
		mw_why_queue_claim(reading->queue, event);
		reading->sent = true;
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

static void take_events(struct reading *reading, const struct mw_why_event *event)
{
	struct mw_why_event second;

	take_event(reading, event);
	if (mw_why_smtpd_second(reading->sessions, &second))
		take_event(reading, &second);
}

/* False: it tells nothing, or it cannot be read. Lines before `since` tell nothing that matters. */
static bool take_line(struct reading *reading, struct mw_str text)
{
	struct mw_why_line line;
	struct mw_why_event event;
	struct mw_str sender = sender_in(text);
	bool is_mine = mw_why_story_owns(reading->story, sender), matters = is_mine || may_matter(text);

	reading->logs->lines++;
	if (!matters && !reading->sent)
		return false;
	if (!mw_why_line_read(&reading->logs->choice.clock, text, &line)) {
		reading->logs->unread += matters ? 1 : 0;
		return false;
	}
	if (matters)
		reading->logs->known++;
	if (line.time > reading->logs->newest)
		reading->logs->newest = line.time;
	if (line.time < reading->logs->choice.since)
		return true;
	if (is_mine && mw_str_find(line.program, '/') < line.program.len)
		adopt(reading, &line, sender);
	if (reading->sent && mw_str_find(line.program, '/') < line.program.len &&
	    mw_why_queue_line(reading->queue, &line, &event))
		mw_why_story_add(reading->story, &event);
	else if (matters && read_event(reading, &line, &event))
		take_events(reading, &event);
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

static void take(void *context, struct mw_str line)
{
	struct reading *reading = context;

	if (!take_line(reading, line) && see_named(reading->logs, line))
		mw_why_story_smtp_named(reading->story);
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
		code = mw_log_choice_read(&logs->choice, take, reading);
		take_left(reading);
	} else {
		mw_complain("out of memory");
	}
	if (code == EX_OK && logs->lines > 0 && logs->known == 0)
		mw_log_note(&logs->choice, "no line of Dovecot, Postfix's smtpd or mailwicketd was recognised in the log%s",
			    logs->unread > 0 ? ", as none begins with a time that is known; of a container: docker logs -t" : "");
	mw_why_queue_free(queue);
	free(sessions);
	free(reading);
	return code;
}
