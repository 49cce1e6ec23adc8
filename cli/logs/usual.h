/* Which logs a command reads, how far back, and what there is to say of that. */
#ifndef MW_CLI_LOG_USUAL_H
#define MW_CLI_LOG_USUAL_H

#include "logs/source.h"
#include "logs/stamp.h"

#define MW_LOGS_MOST 32
#define MW_LOG_NOTES 16
#define MW_LOG_OLD 43200 /* seconds since a log's newest line, from which on it is said to be old */

struct mw_log_choice {
	const char *names[MW_LOGS_MOST]; /* as they were given */
	size_t count;
	struct mw_why_clock clock;
	int64_t since;
	bool since_given;
	unsigned rotated_most; /* rotated files before each that may be read too */
	char note_texts[MW_LOG_NOTES][320];
	const char *notes[MW_LOG_NOTES];
	size_t note_count;
};

void mw_log_note(struct mw_log_choice *choice, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* That these logs have no decision since then (0: at all), with who writes them, and `rest`. */
void mw_log_complain_empty(const char *const *names, size_t count, int64_t since, const char *rest);
/* /var/log/mail.log; the journal where there is none, or where it is old and the journal is newer: a note says so. */
void mw_log_choose_usual(struct mw_log_choice *choice);
/* Reads them all, in the order given; before a file that begins after `since` the rotated ones, FILE.1 and so on, as they are
   or compressed, the oldest first. Exit code of sysexits.h; the complaint was printed. */
int mw_log_choice_read(struct mw_log_choice *choice, void (*take)(void *context, struct mw_str line), void *context);

#endif
