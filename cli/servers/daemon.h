/* The mailwicketd that runs, asked over its status socket. */
#ifndef MW_CLI_DAEMON_H
#define MW_CLI_DAEMON_H

#include "policy/model.h"
#include "report/daemon_status.h"

enum mw_daemon_answer {
	MW_DAEMON_TOLD,
	MW_DAEMON_AWAY,   /* nobody serves there */
	MW_DAEMON_DENIED, /* only root may ask */
	MW_DAEMON_SILENT  /* whoever serves there gives no such answer within seconds */
};

#define MW_DAEMON_PATH_MOST 256

/* path_r: where it was looked for. */
enum mw_daemon_answer mw_daemon_ask(const struct mw_policy *policy, struct mw_daemon_status *status_r,
				    char path_r[MW_DAEMON_PATH_MOST]);
/* The same at that path. */
enum mw_daemon_answer mw_daemon_ask_at(const char *path, struct mw_daemon_status *status_r);

#endif
