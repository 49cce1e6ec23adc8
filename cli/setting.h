/* The policy file and the directory as every command opens them. */
#ifndef MW_CLI_SETTING_H
#define MW_CLI_SETTING_H

#include "command.h"
#include "directory/directory.h"
#include "policy/read.h"

/* Reads the policy into *policy_r with its messages in `errors`. Prints nothing. */
bool mw_setting_read(const struct mw_cli *cli, struct mw_errors *errors, struct mw_policy **policy_r);

/* The policy, or NULL: then everything was printed (with --json as JSON on standard output), exit EX_CONFIG. Warnings
   are left to `check`. Free with mw_policy_free(). */
struct mw_policy *mw_setting_policy(const struct mw_cli *cli);

/* The published directory, refreshed. NULL only when memory is out. */
struct mw_directory *mw_setting_directory(const struct mw_policy *policy);
/* Complains of a directory that cannot be read. */
void mw_setting_complain(const struct mw_directory *directory);

#endif
