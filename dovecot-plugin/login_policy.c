/* SPDX-License-Identifier: MIT */
#include "login_client.h"

#include "decision_log.h"
#include "policy_holder.h"

static struct mw_policy *policy;

void mw_login_policy_init(void)
{
	policy = mw_held_policy_read(0);
}

void mw_login_policy_deinit(void)
{
	mw_policy_free(policy);
	policy = NULL;
	mw_decision_event_free();
}

const struct mw_policy *mw_login_policy(void)
{
	return policy;
}
