/* A log line that is an object of "journalctl -o json", or of a collector of logs (docker, syslog-ng, rsyslog, Loki). Pure. Private to line.c. */
#ifndef MW_CLI_WHY_LINE_JSON_H
#define MW_CLI_WHY_LINE_JSON_H

#include "logs/line.h"

/* Fills time, program and process; the message is in line_r->decoded. False: no such object, or it lacks one of them. */
bool mw_why_json_read(struct mw_str text, struct mw_why_line *line_r, struct mw_str *message_r);
/* {"log":"LINE\n","stream":"stdout","time":"2026-11-25T09:12:01.5Z"} of docker, and the objects of other collectors of logs: time
   and message, and host, program and process where the object names a program; else the message is a line. *text_r is the
   line that they make, in line_r->decoded; *within_r: it is the message of an object that may be any program's. False: no such
   object. */
bool mw_why_json_collected(struct mw_str text, struct mw_why_line *line_r, struct mw_str *text_r, bool *within_r);

#endif
