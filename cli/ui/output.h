/* All that the commands print: text and JSON to standard output, complaints to standard error. */
#ifndef MW_CLI_OUTPUT_H
#define MW_CLI_OUTPUT_H

#include "base/complain.h"
#include "base/errors.h"
#include "report/json.h"

/* mw_complain(), and returns EX_USAGE. */
int mw_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Every message, sorted by place, one a line, to standard error. */
void mw_output_errors(struct mw_errors *errors);
/* Member "messages": an array of severity, file, line, column, text, expected. */
void mw_json_errors(struct mw_json *json, struct mw_errors *errors);

/* Calls `write` with ever more memory until everything fits, then prints it. False: out of memory, said in one line. */
bool mw_output(void (*write)(struct mw_buf *out, const void *context), const void *context);
/* The same for one JSON object, which is opened and closed here, and a newline. */
bool mw_output_json(void (*members)(struct mw_json *json, const void *context), const void *context);

/* Writes out what is buffered. False with a complaint when standard output did not take all of it. */
bool mw_output_flush(void);

#endif
