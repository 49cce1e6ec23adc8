/* SPDX-License-Identifier: MIT */
#include "compat.h"
#include "ioloop.h"

#include <stdlib.h>

#include "auth_directory.h"
#include "decision_log.h"
#include "directory/watch.h"
#include "policy/model.h"

struct mw_auth_directory {
	struct mw_directory *directory;
	struct mw_directory_watch watch;
	struct timeout *reminder; /* while a file of the directory is in trouble */
	time_t logged; /* that no request can be answered */
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
	timeout_remove(&directory->reminder);
	mw_directory_free(directory->directory);
	i_free(directory);
}

void mw_auth_directory_log(struct mw_auth_directory *directory)
{
	char memory[1024];
	struct mw_buf why = MW_BUF_OVER(memory);

	if (directory->logged != 0 && ioloop_time - directory->logged < MW_DIRECTORY_SAY_SECONDS)
		return;
	directory->logged = ioloop_time;
	mw_directory_print_error(directory->directory, &why);
	e_error(mw_decision_event(), "mailwicket: the directory cannot be read, logins fail for now: %s", memory);
}

/* Follows the directory and says what became of it; trouble each minute, whether or not anybody logs in. */
static void follow(struct mw_auth_directory *directory)
{
	enum mw_directory_change change = mw_directory_refresh(directory->directory);
	struct mw_directory_status status;
	char memory[1024];
	struct mw_buf line = MW_BUF_OVER(memory);

	switch (mw_directory_watch(&directory->watch, directory->directory, change, ioloop_time, &line)) {
	case MW_DIRECTORY_QUIET:
	case MW_DIRECTORY_READ:
		break;
	case MW_DIRECTORY_TROUBLE:
		mw_directory_status(directory->directory, &status);
		if (status.open)
			e_error(mw_decision_event(), "mailwicket: %s", memory);
		else
			mw_auth_directory_log(directory);
		if (directory->reminder == NULL)
			directory->reminder = timeout_add(MW_DIRECTORY_SAY_SECONDS * 1000, follow, directory);
		break;
	case MW_DIRECTORY_HEALED:
		e_info(mw_decision_event(), "mailwicket: %s", memory);
		timeout_remove(&directory->reminder);
		break;
	}
}

const struct mw_directory_view *mw_auth_directory_view(struct mw_auth_directory *directory)
{
	follow(directory);
	return mw_directory_view(directory->directory);
}
