/* SPDX-License-Identifier: MIT */
#include "compat.h"
#include "hostpid.h"

#include <sys/stat.h>

#include "decision_log.h"
#include "policy_copy.h"
#include "policy_holder.h"

#define ERRORS_LOGGED 10

static void log_errors(const struct mw_errors *errors)
{
	unsigned kept = mw_errors_kept(errors);

	for (unsigned i = 0; i < kept && i < ERRORS_LOGGED; i++) {
		const struct mw_error *error = mw_errors_get(errors, i);
		char memory[1024];
		struct mw_buf text = MW_BUF_OVER(memory);

		mw_error_print(error, &text);
		if (error->severity == MW_ERROR)
			e_error(mw_decision_event(), "mailwicket: %s", memory);
		else
			e_warning(mw_decision_event(), "mailwicket: %s", memory);
	}
	if (kept > ERRORS_LOGGED)
		e_error(mw_decision_event(), "mailwicket: more errors: run `mailwicket check`");
}

static void log_use(const char *path, const char *consequence)
{
	e_error(mw_decision_event(), "mailwicket: %s cannot be used: %s", path, consequence);
}

static struct mw_policy *read_last_good(const char *path)
{
	struct mw_policy *policy = mw_policy_copy_read(path, my_hostname);

	log_use(path, policy != NULL ? "still using the previous policy" : "every login is refused");
	return policy;
}

struct mw_policy *mw_held_policy_read(int64_t today)
{
	const char *path = mw_policy_default_path();
	struct mw_errors *errors = mw_errors_new(2 * ERRORS_LOGGED);
	struct mw_policy *policy;
	struct stat seen;
	bool found;

	if (errors == NULL)
		return NULL;
	found = lstat(path, &seen) == 0;
	policy = mw_policy_read(path, my_hostname, today, errors);
	if (policy == NULL || today != 0)
		log_errors(errors);
	if (policy == NULL)
		policy = read_last_good(path);
	else if (found)
		mw_policy_copy_save(path, &seen);
	mw_errors_free(errors);
	return policy;
}
