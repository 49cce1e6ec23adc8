/* Publishing the directory, for commands beside `sync` that change it. */
#ifndef MW_CLI_SYNC_H
#define MW_CLI_SYNC_H

#include "policy/model.h"
#include "report/json.h"

struct mw_sync_result;

/* As `mailwicket sync` does; no run of who runs that now and then. NULL: out of memory. The policy outlives the result. */
struct mw_sync_result *mw_sync_publish(const struct mw_policy *policy);
void mw_sync_result_free(struct mw_sync_result *result); /* NULL is allowed */
/* What `sync` prints, its members of JSON, its exit code. */
void mw_sync_result_print(const struct mw_sync_result *result);
void mw_sync_result_json(struct mw_json *json, const struct mw_sync_result *result);
int mw_sync_result_code(const struct mw_sync_result *result);

#endif
