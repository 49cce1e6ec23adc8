/* What stands before a log line's message: time, program, process. Pure. */
#ifndef MW_CLI_LOGS_LINE_H
#define MW_CLI_LOGS_LINE_H

#include "logs/stamp.h"

struct mw_why_line {
	int64_t time;          /* seconds since the epoch */
	struct mw_str host;    /* empty: the line names none */
	struct mw_str program; /* "postfix/smtpd", "imap-login", "imap(bob)": without process id and colon */
	uint64_t process;      /* 0: the line names none */
	bool error;            /* the level before the message is Error, Fatal or Panic */
	struct mw_str message;
	char decoded[8192];    /* a message that the log has encoded (JSON); cut to this */
};

/* Reads a line of syslog: in the traditional form ("Nov 25 09:12:01 host program[123]: "), with an ISO 8601 stamp, in
   RFC 5424's form with or without its <PRI>, with a level word before the program (busybox, AIX), or Solaris's message id
   behind it; of Dovecot's log_path (no host) and Postfix's maillog_file; of NethServer; an object of "journalctl -o json",
   json-seq, json-sse, of docker's own files or of a collector of logs that names the program (line_json.h). Before it may
   stand what docker compose, "docker logs -t", Kubernetes, kubectl and logcli put there, blanks, the marks of a quotation,
   a list or code, a number, and what grep puts before lines of several files; a CR at the end is no part of it. A line
   within the message of another program is none: it may be anybody's text. Of "message repeated 3 times: [ ... ]" the
   message is what was repeated. Behind "dovecot: " the next word is the program; Dovecot's "Info: ", "Warning: " and
   "Error: " are left out. False: it is none of these. */
bool mw_why_line_read(struct mw_why_clock *clock, struct mw_str line, struct mw_why_line *line_r);

#endif
