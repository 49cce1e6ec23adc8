/* The published directory, followed by the auth process: opened with the first question, looked at before each. */
#ifndef MW_DOVECOT_AUTH_DIRECTORY_H
#define MW_DOVECOT_AUTH_DIRECTORY_H

#include "decide/directory_view.h"

struct mw_policy;

struct mw_auth_directory;

struct mw_auth_directory *mw_auth_directory_new(const struct mw_policy *policy);
void mw_auth_directory_free(struct mw_auth_directory *directory);
/* The view of what is published now. What is wrong with it is logged, at once and each minute. */
const struct mw_directory_view *mw_auth_directory_view(struct mw_auth_directory *directory);
/* Says that no request can be answered, once a minute. */
void mw_auth_directory_log(struct mw_auth_directory *directory);

#endif
