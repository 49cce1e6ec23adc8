/* The logs of `why`: which, how far back, and their lines into a story. */
#ifndef MW_CLI_WHY_LOGS_H
#define MW_CLI_WHY_LOGS_H

#include "logs/usual.h"
#include "why/story.h"

struct mw_why_person;

struct mw_why_logs {
	struct mw_log_choice choice;
	struct mw_why_person *person;  /* whose names are looked for in lines that tell nothing */
	uint64_t named;                /* such lines */
	int64_t newest;                /* of the lines that are known; 0: none */
	uint64_t lines, known; /* lines read, and those of a form that is known */
	uint64_t unread;       /* lines of Postfix or Dovecot of no form that is known */
};

/* Reads them all, as mw_log_choice_read() does. Exit code of sysexits.h; the complaint was printed. */
int mw_why_logs_read(struct mw_why_logs *logs, struct mw_why_story *story);

#endif
