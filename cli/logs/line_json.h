/* A log line that is an object of "journalctl -o json", or of a collector of logs (docker, syslog-ng, rsyslog). Pure. Private to line.c. */
#ifndef MW_CLI_WHY_LINE_JSON_H
#define MW_CLI_WHY_LINE_JSON_H

#include "logs/line.h"

/* Fills time, program and process; the message is in line_r->decoded. False: no such object, or it lacks one of them. */
bool mw_why_json_read(struct mw_str text, struct mw_why_line *line_r, struct mw_str *message_r);
/* What Elasticsearch and Graylog wrap into "_source" and "message", where they name their index; else `text`. */
struct mw_str mw_why_json_inner(struct mw_str text);
/* {"log":"LINE\n","stream":"stdout","time":"2026-11-25T09:12:01.5Z"} of docker, whatever else is in it, and the lines of Loki,
   Google, CloudWatch, and of a log of mail that Elastic's Beats read: *text_r is time and line, in line_r->decoded. False: no such
   object. */
bool mw_why_json_container(struct mw_str text, struct mw_why_line *line_r, struct mw_str *text_r);
/* The object of a collector of logs that names time, program and message, each by one of several names. The program is as it
   stands there, with rsyslog "postfix/smtpd[12]:". False: no such object, or it lacks one of them: a message without a
   program may be anybody's text. */
bool mw_why_json_collected(struct mw_why_clock *clock, struct mw_str text, struct mw_why_line *line_r,
			   struct mw_str *message_r);

#endif
