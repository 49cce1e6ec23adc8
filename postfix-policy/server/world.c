/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "log.h"
#include "policy/audit.h"
#include "policy/read.h"
#include "policy/service.h"
#include "postfix/facts.h"

#define ERRORS_MOST 1000
#define SAY_SECONDS 60

static void add_peer(struct mw_worlds *worlds, struct mw_str name, bool must_exist)
{
	char text[256];
	const struct passwd *user;

	snprintf(text, sizeof(text), "%.*s", MW_STR_ARG(name));
	user = getpwnam(text);
	if (user == NULL && must_exist)
		mw_log(MW_LOG_WARNING, "%s: peers: there is no user %s", worlds->current->policy->file, text);
	if (user == NULL || worlds->peer_count == MW_PEERS_MAX)
		return;
	worlds->peers[worlds->peer_count++] = user->pw_uid;
}

/* Names are looked up when the policy is read: a question must never wait for a user database. */
static void read_peers(struct mw_worlds *worlds)
{
	const struct mw_strs *names = &worlds->current->policy->policy_service.peers;

	worlds->peer_count = 0;
	worlds->peers[worlds->peer_count++] = 0;
	worlds->peers[worlds->peer_count++] = geteuid();
	add_peer(worlds, MW_STR("postfix"), false);
	worlds->trusted_count = worlds->peer_count;
	for (size_t i = 0; i < names->count; i++)
		add_peer(worlds, names->items[i], true);
}

static struct mw_policy *read_policy(const struct mw_worlds *worlds)
{
	struct mw_errors *errors = mw_errors_new(ERRORS_MOST);
	struct mw_policy *policy;

	if (errors == NULL)
		return NULL;
	policy = mw_policy_read(worlds->path, worlds->host_name, mw_clock_today(), errors);
	mw_log_errors(errors);
	mw_errors_free(errors);
	return policy;
}

struct mw_counted_policy {
	unsigned uses; /* by worlds */
	struct mw_policy *policy;
};

static struct mw_counted_policy *count_policy(struct mw_policy *policy)
{
	struct mw_counted_policy *counted = calloc(1, sizeof(*counted));

	if (counted == NULL) {
		mw_policy_free(policy);
		return NULL;
	}
	counted->uses = 1;
	counted->policy = policy;
	return counted;
}

static void drop_policy(struct mw_counted_policy *counted)
{
	if (counted == NULL || --counted->uses > 0)
		return;
	mw_policy_free(counted->policy);
	free(counted);
}

struct mw_world *mw_world_hold(struct mw_world *world)
{
	world->uses++;
	return world;
}

void mw_world_release(struct mw_world *world)
{
	if (world == NULL || --world->uses > 0)
		return;
	mw_directory_release(world->directory);
	drop_policy(world->counted);
	free(world);
}

/* A world of this policy and of what serves of the directory takes the place of the current one. False: no memory. */
static bool exchange(struct mw_worlds *worlds, struct mw_counted_policy *counted, struct mw_directory *directory)
{
	struct mw_world *next = calloc(1, sizeof(*next)), *before = worlds->current;

	if (next == NULL)
		return false;
	next->uses = 1;
	counted->uses++;
	next->counted = counted;
	next->policy = counted->policy;
	next->directory = mw_directory_hold(directory);
	worlds->current = next;
	mw_world_release(before);
	return true;
}

static bool same_directory(const struct mw_worlds *worlds, const struct mw_policy *next)
{
	return worlds->current != NULL && mw_str_equal(worlds->current->policy->directory.path, next->directory.path);
}

/* The directory that `policy` names, or NULL when memory is out. */
static struct mw_directory *open_directory(const struct mw_policy *policy)
{
	char path[4096];

	snprintf(path, sizeof(path), "%.*s", MW_STR_ARG(policy->directory.path));
	return mw_directory_new(path);
}

/* False: no memory, and nothing changed. */
static bool use(struct mw_worlds *worlds, struct mw_counted_policy *counted)
{
	bool same = same_directory(worlds, counted->policy);
	struct mw_directory *directory = same ? worlds->directory : open_directory(counted->policy);

	if (directory == NULL)
		return false;
	if (!exchange(worlds, counted, directory)) {
		if (!same)
			mw_directory_free(directory);
		return false;
	}
	if (same)
		return true;
	mw_directory_free(worlds->directory);
	worlds->directory = directory;
	worlds->watch = (struct mw_directory_watch){ .said = 0 };
	return true;
}

static bool load(struct mw_worlds *worlds)
{
	struct mw_policy *policy = read_policy(worlds);
	struct mw_counted_policy *counted;
	bool used;

	if (policy == NULL)
		return false;
	counted = count_policy(policy);
	used = counted != NULL && use(worlds, counted);
	drop_policy(counted);
	if (!used) {
		mw_log(MW_LOG_ERROR, "out of memory");
		return false;
	}
	worlds->policy_read = mw_clock_date();
	worlds->reload_failed = false;
	read_peers(worlds);
	mw_worlds_tick(worlds);
	return true;
}

static void begin(struct mw_worlds *worlds, const char *path)
{
	worlds->path = path;
	worlds->today = mw_clock_today();
	if (gethostname(worlds->host_name, sizeof(worlds->host_name) - 1) != 0)
		snprintf(worlds->host_name, sizeof(worlds->host_name), "localhost");
}

bool mw_worlds_load(struct mw_worlds *worlds, const char *path)
{
	begin(worlds, path);
	return load(worlds);
}

/* One that is not there yet stops nothing that runs. */
static bool can_read_directory(const struct mw_policy *policy)
{
	struct mw_directory *directory = open_directory(policy);
	bool can = directory != NULL && (mw_directory_refresh(directory) != MW_DIRECTORY_FAILED ||
					 mw_directory_is_missing(directory));

	if (!can)
		mw_log(MW_LOG_ERROR, "the directory cannot be read: %s; publish it again: mailwicket sync",
		       directory == NULL ? "out of memory" : mw_directory_error(directory));
	mw_directory_free(directory);
	return can;
}

int mw_worlds_test(struct mw_worlds *worlds, const char *path)
{
	struct mw_policy *policy;
	int status = EX_CONFIG;

	begin(worlds, path);
	policy = read_policy(worlds);
	if (policy != NULL)
		status = mw_str_empty(policy->directory.path) || can_read_directory(policy) ? EX_OK : EX_DATAERR;
	mw_policy_free(policy);
	return status;
}

bool mw_worlds_reload(struct mw_worlds *worlds)
{
	if (load(worlds)) {
		mw_log(MW_LOG_INFO, "policy read: %s", worlds->path);
		return true;
	}
	worlds->reload_failed = true;
	mw_log(MW_LOG_ERROR, "reload failed: %s has errors; still using the previous policy", worlds->path);
	return false;
}

void mw_worlds_free(struct mw_worlds *worlds)
{
	mw_world_release(worlds->current);
	mw_directory_free(worlds->directory);
	worlds->current = NULL;
	worlds->directory = NULL;
}

static void notice_audit(const struct mw_worlds *worlds, struct mw_str name, struct mw_place place,
			 const struct mw_enforcement *enforcement)
{
	char memory[128];
	struct mw_buf notice = MW_BUF_OVER(memory);

	if (mw_audit_notice(enforcement, worlds->today, &notice))
		mw_log(MW_LOG_WARNING, "%s:%u: \"%.*s\": %s", place.file, place.line, MW_STR_ARG(name), notice.data);
}

static void begin_day(struct mw_worlds *worlds, int64_t today)
{
	const struct mw_policy *policy = worlds->current->policy;

	worlds->today = today;
	for (size_t i = 0; i < policy->login_rule_count; i++)
		notice_audit(worlds, policy->login_rules[i].name, policy->login_rules[i].place,
			     &policy->login_rules[i].enforcement);
	for (size_t i = 0; i < policy->connector_count; i++)
		notice_audit(worlds, policy->connectors[i].name, policy->connectors[i].place,
			     &policy->connectors[i].enforcement);
}

static void refresh_directory(struct mw_worlds *worlds)
{
	enum mw_directory_change change = mw_directory_refresh(worlds->directory);
	char memory[1024];
	struct mw_buf line = MW_BUF_OVER(memory);

	/* Where memory is out, the one that serves goes on until the next time. */
	if (!mw_directory_is_current(worlds->current->directory))
		(void)exchange(worlds, worlds->current->counted, worlds->directory);
	switch (mw_directory_watch(&worlds->watch, worlds->directory, change, mw_clock_date(), &line)) {
	case MW_DIRECTORY_QUIET:
		break;
	case MW_DIRECTORY_TROUBLE:
		mw_log(MW_LOG_ERROR, "%s", memory);
		break;
	case MW_DIRECTORY_READ:
	case MW_DIRECTORY_HEALED:
		mw_log(MW_LOG_INFO, "%s", memory);
		break;
	}
}

void mw_worlds_asked(struct mw_worlds *worlds, bool of_audit)
{
	if (of_audit)
		worlds->asked_in_audit = worlds->now;
	else
		worlds->asked_otherwise = worlds->now;
}

/* What was asked last is taken for how Postfix is wired, until others have asked for a while. */
static bool is_wired_for_audit(const struct mw_worlds *worlds)
{
	return worlds->asked_in_audit != 0 && worlds->asked_otherwise - worlds->asked_in_audit < SAY_SECONDS;
}

static void look_at_wiring(struct mw_worlds *worlds)
{
	struct mw_place place;
	struct mw_str name;

	if (!is_wired_for_audit(worlds) || worlds->now - worlds->complained < SAY_SECONDS ||
	    !mw_policy_enforces(worlds->current->policy, worlds->today, &name, &place))
		return;
	worlds->complained = worlds->now;
	mw_log(MW_LOG_ERROR, "%s:%u: \"%.*s\" is enforced, but Postfix asks as in an audit that enforces nothing "
	       "(policy_context=" MW_AUDIT_CONTEXT "): while mailwicketd is away all goes on that it would refuse; "
	       "run `mailwicket setup`",
	       place.file, place.line, MW_STR_ARG(name));
}

void mw_worlds_tick(struct mw_worlds *worlds)
{
	int64_t today = mw_clock_today();

	worlds->now = mw_clock_date();
	look_at_wiring(worlds);
	refresh_directory(worlds);
	if (today != worlds->today)
		begin_day(worlds, today);
}

void mw_worlds_status(const struct mw_worlds *worlds, struct mw_daemon_status *status_r)
{
	const struct mw_policy *policy = worlds->current->policy;
	struct mw_directory_status directory;

	mw_directory_status(worlds->directory, &directory);
	*status_r = (struct mw_daemon_status){
		.process = (uint64_t)getpid(), .user = geteuid(), .policy_read = (uint64_t)worlds->policy_read,
		.reload_failed = worlds->reload_failed, .enforces = !mw_policy_audits(policy, worlds->today),
		.asked_in_audit = is_wired_for_audit(worlds), .directory_written = (uint64_t)directory.written,
		.directory_failed = mw_directory_error(worlds->directory)[0] != '\0',
	};
	memcpy(status_r->policy, policy->digest, sizeof(status_r->policy));
	memcpy(status_r->directory, directory.digest, sizeof(status_r->directory));
}

void mw_world_decide(const struct mw_world *world, const struct mw_facts *facts, struct mw_verdict *verdict_r)
{
	mw_submission_decide(world->policy, mw_directory_hold_view(world->directory), facts, verdict_r);
}

void mw_worlds_look_again(struct mw_worlds *worlds, struct mw_world *world)
{
	refresh_directory(worlds);
	if (!mw_directory_is_current(world->directory))
		mw_directory_hold_look_again(world->directory);
}

bool mw_worlds_serve(const struct mw_worlds *worlds, struct mw_peer *peer_io)
{
	size_t i = 0;

	peer_io->trusted = false;
	if (!peer_io->is_user)
		return mw_service_admits(worlds->current->policy, &peer_io->ip);
	while (i < worlds->peer_count && worlds->peers[i] != peer_io->user)
		i++;
	peer_io->trusted = i < worlds->trusted_count;
	return i < worlds->peer_count;
}
