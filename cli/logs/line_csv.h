/* A log line that is a row of comma-separated values, as Graylog and Kibana export them. Pure. Private to line.c. */
#ifndef MW_CLI_LOGS_LINE_CSV_H
#define MW_CLI_LOGS_LINE_CSV_H

#include "logs/line.h"

/* "TIME","...","LINE": *written_r is the first field, a blank and the last, *last_r the last alone, which may have a time of its
   own; both lie in line_r->decoded. A row of one field is a quoted line. False: no such row. */
bool mw_log_csv_read(struct mw_str text, struct mw_why_line *line_r, struct mw_str *written_r, struct mw_str *last_r);

#endif
