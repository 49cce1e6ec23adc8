/* SPDX-License-Identifier: MIT */
#include "compat.h"
#include "hostpid.h"

#include "policy_copy.h"
#include "policy_holder.h"

#define ERRORS_LOGGED 10

static void log_errors(struct event *event, const struct mw_errors *errors)
{
	unsigned kept = mw_errors_kept(errors);

	for (unsigned i = 0; i < kept && i < ERRORS_LOGGED; i++) {
		const struct mw_error *error = mw_errors_get(errors, i);
		char memory[1024];
		struct mw_buf text = MW_BUF_OVER(memory);

		mw_error_print(error, &text);
		if (error->severity == MW_ERROR)
			e_error(event, "mailwicket: %s", memory);
		else
			e_warning(event, "mailwicket: %s", memory);
	}
	if (kept > ERRORS_LOGGED)
		e_error(event, "mailwicket: and more: see `mailwicket check`");
}

static struct mw_policy *read_last_good(struct event *event, const char *path)
{
	struct mw_policy *policy = mw_policy_copy_read(path, my_hostname);

	if (policy != NULL)
		e_error(event, "mailwicket: %s cannot be used: the policy read before stays in force", path);
	else
		e_error(event, "mailwicket: %s cannot be used: every login is refused", path);
	return policy;
}

struct mw_policy *mw_held_policy_read(struct event *event, int64_t today)
{
	const char *path = mw_policy_default_path();
	struct mw_errors *errors = mw_errors_new(2 * ERRORS_LOGGED);
	struct mw_policy *policy;

	if (errors == NULL)
		return NULL;
	policy = mw_policy_read(path, my_hostname, today, errors);
	if (policy == NULL || today != 0)
		log_errors(event, errors);
	if (policy != NULL)
		mw_policy_copy_save(event, path);
	else
		policy = read_last_good(event, path);
	mw_errors_free(errors);
	return policy;
}
