/* SPDX-License-Identifier: MIT */
#include "compat.h"
#include "ioloop.h"

#include <stdlib.h>

#include "auth_directory.h"
#include "decision_log.h"
#include "directory/directory.h"
#include "policy/model.h"

#define LOG_EVERY_SECONDS 60

struct mw_auth_directory {
	struct mw_directory *directory;
	time_t logged;
};

struct mw_auth_directory *mw_auth_directory_new(const struct mw_policy *policy)
{
	struct mw_auth_directory *made = i_new(struct mw_auth_directory, 1);
	char *path = i_strndup(policy->directory.path.ptr, policy->directory.path.len);

	made->directory = mw_directory_new(path);
	if (made->directory == NULL)
		i_fatal_status(FATAL_OUTOFMEM, "mailwicket: out of memory");
	i_free(path);
	return made;
}

void mw_auth_directory_free(struct mw_auth_directory *directory)
{
	if (directory == NULL)
		return;
	mw_directory_free(directory->directory);
	i_free(directory);
}

const struct mw_directory_view *mw_auth_directory_view(struct mw_auth_directory *directory)
{
	(void)mw_directory_refresh(directory->directory);
	return mw_directory_view(directory->directory);
}

void mw_auth_directory_log(struct mw_auth_directory *directory)
{
	if (directory->logged != 0 && ioloop_time - directory->logged < LOG_EVERY_SECONDS)
		return;
	directory->logged = ioloop_time;
	e_error(mw_decision_event(), "mailwicket: the directory cannot be read, logins fail for now: %s",
		mw_directory_error(directory->directory));
}
