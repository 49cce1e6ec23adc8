/* mailwicket sync --follow */
#ifndef MW_CLI_FOLLOW_FOLLOW_H
#define MW_CLI_FOLLOW_FOLLOW_H

#include "command.h"

/* Publishes the directory, and again whenever a source changes, until SIGTERM or SIGINT. An exit code. */
int mw_follow(const struct mw_cli *cli);

#endif
