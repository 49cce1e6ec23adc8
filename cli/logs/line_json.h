/* A log line that is an object of "journalctl -o json", or of docker's json-file driver. Pure. Private to line.c. */
#ifndef MW_CLI_WHY_LINE_JSON_H
#define MW_CLI_WHY_LINE_JSON_H

#include "logs/line.h"

/* Fills time, program and process; the message is in line_r->decoded. False: no such object, or it lacks one of them. */
bool mw_why_json_read(struct mw_str text, struct mw_why_line *line_r, struct mw_str *message_r);
/* {"log":"LINE\n","stream":"stdout","time":"2026-11-25T09:12:01.5Z"}: *text_r is time and line, in line_r->decoded. False: no
   such object. */
bool mw_why_json_container(struct mw_str text, struct mw_why_line *line_r, struct mw_str *text_r);

#endif
