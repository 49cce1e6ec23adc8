/* A user's story as text and as JSON. */
#ifndef MW_CLI_WHY_PRINT_H
#define MW_CLI_WHY_PRINT_H

#include "why/cause.h"

struct mw_why_answer {
	struct mw_why_told told;
	struct mw_why_cause causes[MW_WHY_CAUSES];
	size_t cause_count;
	const char *asked;
	int64_t since;          /* seconds since the epoch, 0: all */
	const char *const *logs;
	size_t log_count;
	const char *const *notes; /* what the reader should know about how this was found, a sentence each */
	size_t note_count;
};

/* False: out of memory. */
bool mw_why_print(const struct mw_why_answer *answer);
bool mw_why_print_json(const struct mw_why_answer *answer);

#endif
