/* SPDX-License-Identifier: MIT */
#include "login_client.h"

#include <stdlib.h>

#include "decision_log.h"
#include "policy_copy.h"
#include "policy_holder.h"

static struct mw_policy *policy;
/* The text of a policy that is known to be good, until the first client comes: with service_count = 1 Dovecot starts no
   further process before this one is ready for its client, so that what can wait does. */
static struct mw_str waiting;
static char *waiting_memory;

static void drop_waiting(void)
{
	free(waiting_memory);
	waiting_memory = NULL;
}

void mw_login_policy_init(void)
{
	waiting = mw_policy_copy_current(mw_policy_default_path(), &waiting_memory);
	if (waiting_memory == NULL)
		policy = mw_held_policy_read(0, mw_login_libraries_unused);
}

void mw_login_policy_deinit(void)
{
	drop_waiting();
	mw_policy_free(policy);
	policy = NULL;
	mw_decision_event_free();
}

const struct mw_policy *mw_login_policy(void)
{
	if (waiting_memory != NULL) {
		policy = mw_held_policy_parse(waiting);
		drop_waiting();
	}
	return policy;
}
