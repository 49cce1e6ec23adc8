/* What an import says beside the directory: how each listener compares senders, what has no meaning in a directory,
   which aliases lead to nobody, and what a policy that is there lacks. */
#ifndef MW_CLI_IMPORT_REMARKS_H
#define MW_CLI_IMPORT_REMARKS_H

#include "report/json.h"
#include "servers/init/init.h"

struct mw_remark {
	const char *about; /* "canonical_maps", "listener submission", "recipient_delimiter" */
	const char *text;
};

struct mw_remarks {
	struct mw_remark *items;
	size_t count;
};

/* policy: the one that is there and stays; NULL: there is none. In the arena of init. */
struct mw_remarks mw_remarks_read(struct mw_init *init, const struct mw_policy *policy);

/* A line each, and an array "remarks". */
void mw_remarks_print(const struct mw_remarks *remarks, struct mw_buf *out);
void mw_remarks_json(const struct mw_remarks *remarks, struct mw_json *json);

#endif
