/* What the process that follows the sources logs: what changed, in counts, and each fault once until it is over. */
#ifndef MW_CLI_FOLLOW_SAY_H
#define MW_CLI_FOLLOW_SAY_H

#include "base/buf.h"
#include "follow/reading.h"

/* "5 users, 2 groups, ... (1 added, 0 changed, 0 removed)" */
void mw_say_counts(const struct mw_sync_report *report, struct mw_buf *out);

/* All zero before. */
struct mw_say {
	char **lines; /* of the result that was told last */
	size_t count;
	bool failing; /* a source could not be read; wrong: and nothing could be published */
	bool wrong;
	int64_t at;   /* when lines were told last; this and the rest: in milliseconds */
	int64_t busy_since; /* since when another sync has the folder; 0: none has */
	bool busy_told;
	int64_t window;   /* since when lines are counted: so many in so long, whatever they say */
	size_t told, left_out;
};

/* Logs what is new in a result, and takes its lines. `folder` is the published directory's. */
void mw_say_result(struct mw_say *say, struct mw_sync_process_result *result, const char *folder, int64_t now);
/* Another sync has the folder, as `line` says. True: for more than a minute, which is logged once; that it is over with the
   next result. */
bool mw_say_busy(struct mw_say *say, const char *line, int64_t now);
/* Now and then: logs how many lines were left out. */
void mw_say_tick(struct mw_say *say, int64_t now);
void mw_say_free(struct mw_say *say);

#endif
