/* Points in time as an administrator writes and reads them: local time. */
#ifndef MW_CLI_WHEN_H
#define MW_CLI_WHEN_H

#include "report/json.h"

/* What mw_when_parse() takes, for messages and helps. */
#define MW_WHEN_FORMS "2h, 3d, 2026-12-01 or 2026-12-01T08:00"

/* "90s", "30m", "2h", "3d", "1w" from `now`; "2026-12-01" (the beginning of that day), "2026-12-01T08:00" and
   "2026-12-01T08:00:30" (a blank for the T does too). Seconds since the epoch, which may be past. */
bool mw_when_parse(struct mw_str text, int64_t now, int64_t *when_r);

/* "2026-12-01 08:00:00", and for programs "2026-12-01T08:00:00+01:00" (RFC 3339). */
void mw_when_print(int64_t when, struct mw_buf *out);
void mw_when_print_exact(int64_t when, struct mw_buf *out);
/* "90 seconds", "3 minutes", "2 days": whole ones, two at least. */
void mw_when_print_length(int64_t seconds, struct mw_buf *out);
/* The first with its age: "2026-12-01 08:00:00, 3 minutes ago". */
void mw_when_print_age(int64_t when, int64_t now, struct mw_buf *out);
/* The second as a member; 0: null. */
void mw_when_json(struct mw_json *json, const char *key, int64_t when);

#endif
