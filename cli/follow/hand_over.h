/* mailwicket sync --hand-over */
#ifndef MW_CLI_FOLLOW_HAND_OVER_H
#define MW_CLI_FOLLOW_HAND_OVER_H

#include "command.h"

/* Gives a user the folder of the snapshots, after the suspensions were moved out of it. An exit code. */
int mw_hand_over(const struct mw_cli *cli, const char *user);

#endif
