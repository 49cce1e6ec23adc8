/* Other programs, asked: without a shell, with a time-out, and no more of their output than there is room for. */
#ifndef MW_CLI_RUN_PROGRAM_H
#define MW_CLI_RUN_PROGRAM_H

#include "base/str.h"

struct mw_run {
	int status;           /* the exit status; -1 with `why` when it did not come to that */
	bool missing;         /* there is no such program */
	struct mw_str output; /* of standard output, NUL-terminated */
	struct mw_str errors; /* the end of standard error, whole lines, NUL-terminated */
	const char *why;      /* what went wrong when status is -1: "took more than 60 s" */
	char *memory;
};

/* Runs argv[0] as mw_program_start() does (program.h). False when status is not 0; the output is there all the same. Free with mw_run_free(). */
bool mw_run_program(const char *const *argv, struct mw_run *run_r);
/* The same; what it reads from standard input is in a file, open at its beginning. */
bool mw_run_program_fed(const char *const *argv, int input, struct mw_run *run_r);
/* The same as mw_run_program(); `prepare` is called in the new process as mw_program_start_in() does. */
bool mw_run_program_in(const char *const *argv, struct mw_run *run_r, bool (*prepare)(void *context), void *context);
/* The line of `errors` that says why it failed: what was fatal, behind warnings; else an error; else the last one. */
struct mw_str mw_run_said(const struct mw_run *run);
/* One line about a program that failed: `package` is the Debian package it comes from. EX_UNAVAILABLE where there is no
   such program, else EX_CONFIG. */
int mw_run_complain(const struct mw_run *run, const char *program, const char *package);
void mw_run_free(struct mw_run *run);

#endif
