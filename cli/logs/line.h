/* What stands before a log line's message: time, program, process. Pure. */
#ifndef MW_CLI_WHY_LINE_H
#define MW_CLI_WHY_LINE_H

#include <stdint.h>

#include "base/str.h"

/* What the times of one log are read with: stamps without a year need to know what time it is. */
struct mw_why_clock {
	int64_t now;          /* seconds since the epoch: a stamp without a year is not later than a day after it */
	int year;             /* of now, local */
	int hour_key;         /* the local hour of the last stamp, and when it began: mktime(3) is slow */
	int64_t hour_begins;
};

struct mw_why_clock mw_why_clock_at(int64_t now);

struct mw_why_line {
	int64_t time;          /* seconds since the epoch */
	struct mw_str program; /* "postfix/smtpd", "imap-login", "imap(bob)": without process id and colon */
	uint64_t process;      /* 0: the line names none */
	struct mw_str message;
};

/* Reads a line of syslog in the traditional form ("Nov 25 09:12:01 host program[123]: ") or with an ISO 8601 stamp, as
   rsyslog and "journalctl -o short-iso" write it, of Dovecot's log_path (no host) and Postfix's maillog_file. Behind
   "dovecot: " the next word is the program; Dovecot's "Info: ", "Warning: " and "Error: " are left out. False: it is
   none of these. */
bool mw_why_line_read(struct mw_why_clock *clock, struct mw_str line, struct mw_why_line *line_r);

/* --since: "2h", "30m", "7d", "90s" before now, "2026-11-25", "2026-11-25 09:00[:00]" or with T, local time. */
bool mw_why_since(struct mw_why_clock *clock, struct mw_str text, int64_t *since_r);

#endif
