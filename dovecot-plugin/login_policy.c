/* SPDX-License-Identifier: MIT */
#include "login_client.h"

#include "decision_log.h"
#include "policy_holder.h"

static struct mw_policy *policy;
static struct event *event;

void mw_login_policy_init(void)
{
	event = mw_decision_event_new();
	policy = mw_held_policy_read(event, 0);
}

void mw_login_policy_deinit(void)
{
	mw_policy_free(policy);
	policy = NULL;
	mw_decision_event_free(&event);
}

const struct mw_policy *mw_login_policy(void)
{
	return policy;
}

struct event *mw_login_event(void)
{
	return event;
}
