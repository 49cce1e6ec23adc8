/* SPDX-License-Identifier: MIT */
#include "case_run.h"

#include <stdarg.h>
#include <stdio.h>

#include "ui/output.h"
#include "policy/read.h"
#include "decide/account.h"
#include "decide/login.h"
#include "decide/submission.h"
#include "sync/sync.h"

static const struct mw_option options[] = { MW_FACT_OPTIONS };

static char complaint_memory[512];

/* In place of the command line program's: complaints are kept. */
int mw_usage_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(complaint_memory, sizeof(complaint_memory), format, arguments);
	va_end(arguments);
	return 64;
}

const char *mw_case_complaint(void)
{
	return complaint_memory;
}

static enum mw_lookup mark(const struct mw_case_world *world, enum mw_lookup found, struct mw_principal *principal)
{
	for (size_t i = 0; found == MW_LOOKUP_FOUND && i < world->suspended_count; i++) {
		if (!mw_str_equal(world->suspended[i].user, principal->name))
			continue;
		/* The caller's text may be gone before the verdict is. */
		principal->name = world->suspended[i].user;
		if (world->suspended[i].all)
			principal->suspended_login = true;
		else
			principal->suspended_sending = true;
	}
	return found;
}

static enum mw_lookup by_login(void *context, struct mw_str login, struct mw_principal *user_r)
{
	const struct mw_case_world *world = context;
	const struct mw_directory_view *view = mw_memory_directory_view(world->directory);

	return mark(world, view->by_login(view->context, login, user_r), user_r);
}

static enum mw_lookup by_address(void *context, struct mw_str address, struct mw_principal *principal_r,
				 enum mw_held *held_r)
{
	const struct mw_case_world *world = context;
	const struct mw_directory_view *view = mw_memory_directory_view(world->directory);

	return mark(world, view->by_address(view->context, address, principal_r, held_r), principal_r);
}

static enum mw_lookup grants_on_address(void *context, struct mw_str address, struct mw_grants *grants_r)
{
	const struct mw_directory_view *view =
		mw_memory_directory_view(((const struct mw_case_world *)context)->directory);

	return view->grants_on_address(view->context, address, grants_r);
}

static enum mw_lookup grants_on_domain(void *context, struct mw_str domain, struct mw_grants *grants_r)
{
	const struct mw_directory_view *view =
		mw_memory_directory_view(((const struct mw_case_world *)context)->directory);

	return view->grants_on_domain(view->context, domain, grants_r);
}

static enum mw_lookup networks(void *context, uint32_t number, struct mw_networks *networks_r)
{
	const struct mw_directory_view *view =
		mw_memory_directory_view(((const struct mw_case_world *)context)->directory);

	return view->networks(view->context, number, networks_r);
}

static enum mw_lookup no_login(void *context, struct mw_str login, struct mw_principal *user_r)
{
	(void)context, (void)login, (void)user_r;
	return MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup no_address(void *context, struct mw_str address, struct mw_principal *principal_r,
				 enum mw_held *held_r)
{
	(void)context, (void)address, (void)principal_r, (void)held_r;
	return MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup no_grants(void *context, struct mw_str name, struct mw_grants *grants_r)
{
	(void)context, (void)name, (void)grants_r;
	return MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup no_id(void *context, uint32_t id, struct mw_principal *principal_r)
{
	(void)context, (void)id, (void)principal_r;
	return MW_LOOKUP_UNAVAILABLE;
}

/* As a file of suspensions tells it, which has the login names that each user had. */
static enum mw_lookup suspended(void *context, struct mw_str login, struct mw_principal *user_r)
{
	const struct mw_case_world *world = context;
	struct mw_principal user;

	if (world->unreadable)
		return MW_LOOKUP_UNAVAILABLE;
	user = (struct mw_principal){ .name = login };
	mark(world, MW_LOOKUP_FOUND, &user);
	if (!user.suspended_login && !user.suspended_sending && by_login(context, login, &user) != MW_LOOKUP_FOUND)
		return MW_LOOKUP_NONE;
	if (!user.suspended_login && !user.suspended_sending)
		return MW_LOOKUP_NONE;
	user_r->name = user.name;
	user_r->suspended_login |= user.suspended_login;
	user_r->suspended_sending |= user.suspended_sending;
	return MW_LOOKUP_FOUND;
}

static enum mw_lookup complete_domain(void *context, struct mw_str domain)
{
	const struct mw_directory_view *view =
		mw_memory_directory_view(((const struct mw_case_world *)context)->directory);

	return view->complete_domain(view->context, domain);
}

static enum mw_lookup formerly(void *context, struct mw_str name, size_t index, uint32_t *id_r)
{
	const struct mw_directory_view *view =
		mw_memory_directory_view(((const struct mw_case_world *)context)->directory);

	return view->formerly(view->context, name, index, id_r);
}

void mw_case_world_open(struct mw_case_world *world, struct mw_errors *errors)
{
	world->policy = mw_policy_read_text(world->name, world->policy_text, "mail.example.org", 0, errors);
	if (world->policy != NULL)
		world->directory = mw_memory_directory_new(world->name, world->directory_text,
							   world->policy->default_domain, errors);
	world->view = (struct mw_directory_view){
		.context = world,
		.by_login = by_login,
		.by_address = by_address,
		.grants_on_address = grants_on_address,
		.grants_on_domain = grants_on_domain,
		.networks = networks,
		.complete_domain = complete_domain,
		.formerly = formerly,
		.suspended = suspended,
	};
	if (world->unavailable)
		world->view = (struct mw_directory_view){
			.context = world,
			.by_login = no_login,
			.by_address = no_address,
			.grants_on_address = no_grants,
			.grants_on_domain = no_grants,
			.by_id = no_id,
			.suspended = suspended,
		};
}

void mw_case_world_close(struct mw_case_world *world)
{
	mw_memory_directory_free(world->directory);
	mw_policy_free((struct mw_policy *)(uintptr_t)world->policy);
}

const char *mw_case_option(struct mw_str key)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct mw_str name = mw_str(options[i].name);
		bool same = name.len == key.len;

		for (size_t j = 0; same && j < key.len; j++)
			same = name.ptr[j] == (key.ptr[j] == '_' ? '-' : key.ptr[j]);
		if (same)
			return options[i].name;
	}
	return NULL;
}

bool mw_case_facts(const struct mw_case *one, struct mw_given_facts *given_r)
{
	memset(given_r, 0, sizeof(*given_r));
	given_r->facts.endpoints.protocol = one->protocol;
	/* The day stands still. */
	mw_fact_set(given_r, "today", "2026-11-24");
	for (size_t i = 0; i < one->fact_count; i++)
		if (!mw_fact_set(given_r, one->facts[i].option, one->facts[i].value))
			return false;
	mw_facts_complete(given_r);
	/* Postfix tells Dovecot's auth process no port. */
	if (one->decision == MW_CASE_ACCOUNT && one->protocol == MW_PROTOCOL_SMTP && !mw_case_gives(one, "port"))
		given_r->facts.endpoints.local_port = 0;
	return true;
}

bool mw_case_gives(const struct mw_case *one, const char *option)
{
	for (size_t i = 0; i < one->fact_count; i++)
		if (strcmp(one->facts[i].option, option) == 0)
			return true;
	return false;
}

void mw_case_decide(const struct mw_case *one, const struct mw_facts *facts, struct mw_verdict *verdict_r)
{
	const struct mw_case_world *world = one->world;

	switch (one->decision) {
	case MW_CASE_LOGIN:
		mw_login_decide(world->policy, facts, verdict_r);
		return;
	case MW_CASE_ACCOUNT:
		mw_account_decide(world->policy, &world->view, facts, verdict_r);
		return;
	case MW_CASE_SUBMISSION:
		mw_submission_decide(world->policy, &world->view, facts, verdict_r);
		return;
	}
}

static enum mw_stage stage_of(const struct mw_case *one)
{
	struct mw_given_facts given;

	return mw_case_facts(one, &given) ? given.facts.stage : MW_STAGE_UNKNOWN;
}

static const char *reply_of(const char *reason, enum mw_reply_style style, enum mw_stage stage)
{
	int known;

	if (!mw_table_find(mw_reasons, mw_str(reason), &known))
		return "(no such reason)";
	return mw_reason_reply_at((enum mw_reason)known, style, stage);
}

const char *mw_case_expected_reply(const struct mw_case *one)
{
	if (one->reply != NULL || one->decision != MW_CASE_SUBMISSION)
		return one->reply;
	if (strcmp(one->verdict, "undecided") == 0)
		return stage_of(one) == MW_STAGE_HEADER ? "TEMPFAIL" : "";
	if (strcmp(one->verdict, "refuse") == 0 || strcmp(one->verdict, "defer") == 0)
		return reply_of(one->reason, one->world->policy->replies, stage_of(one));
	return stage_of(one) == MW_STAGE_HEADER ? "CONTINUE" : "DUNNO";
}
