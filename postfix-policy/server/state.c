/* SPDX-License-Identifier: MIT */
#include "state.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "log.h"
#include "policy/audit.h"
#include "policy/read.h"
#include "policy/service.h"

#define ERRORS_MOST 1000

static int64_t this_day(void)
{
	return mw_day_of(time(NULL));
}

static void add_peer(struct mw_state *state, struct mw_str name, bool must_exist)
{
	char text[256];
	const struct passwd *user;

	snprintf(text, sizeof(text), "%.*s", MW_STR_ARG(name));
	user = getpwnam(text);
	if (user == NULL && must_exist)
		mw_log(MW_LOG_WARNING, "%s: peers: there is no user %s", state->policy->file, text);
	if (user == NULL || state->peer_count == MW_STATE_PEERS_MAX)
		return;
	state->peers[state->peer_count++] = user->pw_uid;
}

/* Names are looked up when the policy is read: a question must never wait for a user database. */
static void read_peers(struct mw_state *state)
{
	const struct mw_strs *names = &state->policy->policy_service.peers;

	state->peer_count = 0;
	state->peers[state->peer_count++] = 0;
	state->peers[state->peer_count++] = geteuid();
	add_peer(state, MW_STR("postfix"), false);
	state->trusted_count = state->peer_count;
	for (size_t i = 0; i < names->count; i++)
		add_peer(state, names->items[i], true);
}

static struct mw_policy *read_policy(const struct mw_state *state)
{
	struct mw_errors *errors = mw_errors_new(ERRORS_MOST);
	struct mw_policy *policy;

	if (errors == NULL)
		return NULL;
	policy = mw_policy_read(state->path, state->host_name, this_day(), errors);
	mw_log_errors(errors);
	mw_errors_free(errors);
	return policy;
}

static bool same_directory(const struct mw_state *state, const struct mw_policy *next)
{
	return state->policy != NULL && mw_str_equal(state->policy->directory.path, next->directory.path);
}

/* The directory that `policy` names, or NULL when memory is out. */
static struct mw_directory *open_directory(const struct mw_policy *policy)
{
	char path[4096];

	snprintf(path, sizeof(path), "%.*s", MW_STR_ARG(policy->directory.path));
	return mw_directory_new(path);
}

static bool load(struct mw_state *state)
{
	struct mw_policy *next = read_policy(state);
	struct mw_directory *directory = state->directory;

	if (next == NULL)
		return false;
	if (!same_directory(state, next)) {
		directory = open_directory(next);
		if (directory == NULL) {
			mw_policy_free(next);
			mw_log(MW_LOG_ERROR, "out of memory");
			return false;
		}
		mw_directory_free(state->directory);
		state->directory = directory;
		mw_lookup_cache_reset(state->cache, mw_directory_view(directory));
		state->watch = (struct mw_directory_watch){ .said = 0 };
	}
	mw_policy_free(state->policy);
	state->policy = next;
	read_peers(state);
	mw_state_tick(state);
	return true;
}

static void begin(struct mw_state *state, const char *path)
{
	state->path = path;
	state->today = this_day();
	if (gethostname(state->host_name, sizeof(state->host_name) - 1) != 0)
		snprintf(state->host_name, sizeof(state->host_name), "localhost");
}

bool mw_state_load(struct mw_state *state, const char *path)
{
	begin(state, path);
	state->cache = mw_lookup_cache_new();
	if (state->cache == NULL) {
		mw_log(MW_LOG_ERROR, "out of memory");
		return false;
	}
	return load(state);
}

bool mw_state_test(struct mw_state *state, const char *path)
{
	begin(state, path);
	state->policy = read_policy(state);
	return state->policy != NULL;
}

bool mw_state_reload(struct mw_state *state)
{
	if (load(state)) {
		mw_log(MW_LOG_INFO, "policy read: %s", state->path);
		return true;
	}
	mw_log(MW_LOG_ERROR, "policy kept: %s has errors; what was read before goes on", state->path);
	return false;
}

void mw_state_free(struct mw_state *state)
{
	mw_policy_free(state->policy);
	mw_directory_free(state->directory);
	mw_lookup_cache_free(state->cache);
	state->cache = NULL;
	state->policy = NULL;
	state->directory = NULL;
}

static void notice_audit(const struct mw_state *state, struct mw_str name, struct mw_place place,
			 const struct mw_enforcement *enforcement)
{
	char memory[128];
	struct mw_buf notice = MW_BUF_OVER(memory);

	if (mw_audit_notice(enforcement, state->today, &notice))
		mw_log(MW_LOG_WARNING, "%s:%u: \"%.*s\": %s", place.file, place.line, MW_STR_ARG(name), notice.data);
}

static void begin_day(struct mw_state *state, int64_t today)
{
	const struct mw_policy *policy = state->policy;

	state->today = today;
	for (size_t i = 0; i < policy->login_rule_count; i++)
		notice_audit(state, policy->login_rules[i].name, policy->login_rules[i].place,
			     &policy->login_rules[i].enforcement);
	for (size_t i = 0; i < policy->connector_count; i++)
		notice_audit(state, policy->connectors[i].name, policy->connectors[i].place,
			     &policy->connectors[i].enforcement);
}

static void refresh_directory(struct mw_state *state)
{
	enum mw_directory_change change = mw_directory_refresh(state->directory);
	char memory[1024];
	struct mw_buf line = MW_BUF_OVER(memory);

	/* What was looked up before may point into a snapshot that was closed. */
	if (change != MW_DIRECTORY_SAME)
		mw_lookup_cache_reset(state->cache, mw_directory_view(state->directory));
	switch (mw_directory_watch(&state->watch, state->directory, change, (int64_t)time(NULL), &line)) {
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

void mw_state_tick(struct mw_state *state)
{
	int64_t today = this_day();

	refresh_directory(state);
	if (today != state->today)
		begin_day(state, today);
}

void mw_state_decide(const struct mw_state *state, const struct mw_facts *facts, struct mw_verdict *verdict_r)
{
	mw_submission_decide(state->policy, mw_lookup_cache_view(state->cache), facts, verdict_r);
}

bool mw_state_serves(const struct mw_state *state, struct mw_peer *peer_io)
{
	size_t i = 0;

	peer_io->trusted = false;
	if (!peer_io->is_user)
		return mw_service_admits(state->policy, &peer_io->ip);
	while (i < state->peer_count && state->peers[i] != peer_io->user)
		i++;
	peer_io->trusted = i < state->trusted_count;
	return i < state->peer_count;
}
