/* The logs of `why`: which, how far back, and their lines into a story. */
#ifndef MW_CLI_WHY_LOGS_H
#define MW_CLI_WHY_LOGS_H

#include "why/story.h"

struct mw_why_person;

#define MW_WHY_LOGS 32
#define MW_WHY_NOTES 16
#define MW_WHY_OLD 43200 /* seconds since a log's newest line, from which on it is said to be old */

struct mw_why_logs {
	const char *names[MW_WHY_LOGS]; /* as they were given */
	size_t count;
	struct mw_why_clock clock;
	int64_t since;
	bool since_given;
	struct mw_why_person *person;  /* whose names are looked for in lines that tell nothing */
	uint64_t named;                /* such lines */
	int64_t newest;                /* of the lines that are known; 0: none */
	uint64_t lines, known; /* lines read, and those of a form that is known */
	char note_texts[MW_WHY_NOTES][320];
	const char *notes[MW_WHY_NOTES];
	size_t note_count;
};

void mw_why_note(struct mw_why_logs *logs, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* /var/log/mail.log; the journal where there is none, or where it is old and the journal is newer: a note says so. */
void mw_why_logs_default(struct mw_why_logs *logs);
/* Reads them all, in the order given; before a file that begins after `since` the rotated one, FILE.1, as it is or compressed.
   Exit code of sysexits.h; the complaint was printed. */
int mw_why_logs_read(struct mw_why_logs *logs, struct mw_why_story *story);

#endif
