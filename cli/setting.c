/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <unistd.h>

#include "base/clock.h"
#include "setting.h"
#include "ui/output.h"
#include "ui/own_command.h"

#define MESSAGES_AT_MOST 1000

bool mw_setting_read(const struct mw_cli *cli, struct mw_errors *errors, struct mw_policy **policy_r)
{
	char host[HOST_NAME_MAX + 1] = "localhost";

	gethostname(host, sizeof(host) - 1);
	*policy_r = mw_policy_read(cli->policy_path, host, mw_clock_today(), errors);
	return *policy_r != NULL;
}

static void write_failure(struct mw_json *json, const void *context)
{
	mw_json_bool(json, "ok", false);
	mw_json_errors(json, *(struct mw_errors *const *)context);
}

struct mw_policy *mw_setting_policy(const struct mw_cli *cli)
{
	struct mw_errors *errors = mw_errors_new(MESSAGES_AT_MOST);
	struct mw_policy *policy = NULL;

	if (errors == NULL) {
		mw_complain("out of memory");
		return NULL;
	}
	if (!mw_setting_read(cli, errors, &policy)) {
		mw_output_errors(errors);
		if (cli->json)
			mw_output_json(write_failure, &errors);
	}
	mw_errors_free(errors);
	return policy;
}

struct mw_directory *mw_setting_directory(const struct mw_policy *policy)
{
	struct mw_directory *directory = mw_directory_new(mw_str_empty(policy->directory.path)
								  ? "" : policy->directory.path.ptr);

	if (directory == NULL)
		mw_complain("out of memory");
	else
		mw_directory_refresh(directory);
	return directory;
}

void mw_setting_complain(const struct mw_directory *directory)
{
	const char *why = mw_directory_error(directory);
	char memory[PATH_MAX * 4 + 64];
	struct mw_buf room = MW_BUF_OVER(memory);

	mw_complain("the directory cannot be read%s%s%s", why[0] != '\0' ? ": " : "", why,
		    !mw_directory_is_missing(directory) ? "" : mw_own_commands_in(&room, MW_STR("; run: mailwicket sync")).ptr);
}
