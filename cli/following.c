/* SPDX-License-Identifier: MIT */
#include "following.h"

#include "sync/source.h"
#include "ui/shell_text.h"
#include "ui/when.h"

/* --- looking */

static bool is_followed(const struct mw_source *source)
{
	const struct mw_source_driver *driver = mw_source_driver_find(source->driver);

	return driver != NULL && !driver->whole;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

void mw_following_look(struct mw_following_view *view, const struct mw_policy *policy, int64_t now,
		       struct mw_arena *arena)
{
	const char *folder = mw_arena_text(arena, policy->directory.path);
	struct mw_followed_source *sources =
		MW_ARENA_ARRAY(arena, struct mw_followed_source, policy->directory.source_count + 1);

	*view = (struct mw_following_view){ .sources = sources, .now = now };
	view->following = mw_follower_look(folder, &view->follower);
	if (view->following == MW_FOLLOWING && view->follower.process != 0) {
		/* A sign of a time to come is one of before the date was set back. */
		view->silent = distance(now, view->follower.alive) > MW_FOLLOWER_SILENT_AFTER;
		view->other_policy = strcmp(view->follower.policy, policy->digest) != 0;
	}
	for (size_t i = 0; sources != NULL && i < policy->directory.source_count; i++) {
		const struct mw_source *source = &policy->directory.sources[i];

		if (!is_followed(source))
			continue;
		sources[view->count].source = source;
		mw_source_state_read(folder, source->name, &sources[view->count].state);
		view->count++;
	}
}

bool mw_following_is_well(const struct mw_following_view *view)
{
	return view->following == MW_FOLLOWING && view->follower.process != 0 && !view->silent && !view->other_policy;
}

/* --- judging */

struct judging {
	const struct mw_following_view *view;
	struct mw_arena *arena;
	mw_following_fault *fault;
	void *context;
};

static const char *date(struct mw_arena *arena, int64_t when)
{
	char memory[64];
	struct mw_buf text = MW_BUF_OVER(memory);

	if (when == 0)
		return "an unknown time";
	mw_when_print(when, &text);
	return mw_arena_text(arena, mw_buf_str(&text));
}

/* Somebody runs `mailwicket sync` again and again, by cron for example. That is a choice, and no fault until the next
   run is long overdue. */
static bool is_synced(const struct mw_followed_source *one, int64_t now)
{
	int64_t rhythm = mw_source_state_rhythm(&one->state);

	return rhythm != 0 && distance(now, one->state.synced_at) <= 2 * rhythm + MW_FOLLOWING_GRACE;
}

/* The first source that nobody syncs so; NULL: there is none. */
static const struct mw_followed_source *first_unsynced(const struct mw_following_view *view)
{
	for (size_t i = 0; i < view->count; i++) {
		if (!is_synced(&view->sources[i], view->now))
			return &view->sources[i];
	}
	return NULL;
}

static void judge_unfollowed(const struct judging *judging, const struct mw_followed_source *one)
{
	const struct mw_str name = one->source->name;
	const int64_t rhythm = mw_source_state_rhythm(&one->state);
	char memory[64];
	struct mw_buf apart = MW_BUF_OVER(memory);

	if (rhythm == 0) {
		judging->fault(judging->context, MW_FOUND_NOT_FOLLOWED, NULL,
			       mw_arena_textf(judging->arena, "nothing follows the sources: a change in source \"%.*s\" has no effect "
					      "until somebody runs mailwicket sync", MW_STR_ARG(name)),
			       "systemctl enable --now mailwicket-sync");
		return;
	}
	mw_when_print_length(rhythm, &apart);
	judging->fault(judging->context, MW_FOUND_NOT_FOLLOWED, NULL,
		       mw_arena_textf(judging->arena, "nothing follows the sources: source \"%.*s\" was tried each %s, and "
				      "last at %s", MW_STR_ARG(name), memory, date(judging->arena, one->state.synced_at)),
		       "mailwicket sync");
}

static void judge_process(const struct judging *judging)
{
	const struct mw_following_view *view = judging->view;
	const struct mw_followed_source *unsynced = first_unsynced(view);
	long long process = (long long)view->follower.process;

	if (view->following == MW_FOLLOWING_NEVER && unsynced != NULL)
		judge_unfollowed(judging, unsynced);
	if (view->following == MW_FOLLOWING_ENDED && (view->count == 0 || unsynced != NULL))
		judging->fault(judging->context, MW_FOUND_NOT_FOLLOWED, NULL,
			       mw_arena_textf(judging->arena, "the process that followed the sources, %lld, is gone without an orderly "
					      "end", process), "systemctl restart mailwicket-sync");
	if (view->silent)
		judging->fault(judging->context, MW_FOUND_FOLLOWER_SILENT, NULL,
			       mw_arena_textf(judging->arena, "the process that follows the sources, %lld, has given no sign of life "
					      "since %s", process, date(judging->arena, view->follower.alive)),
			       "systemctl restart mailwicket-sync");
	if (view->other_policy)
		judging->fault(judging->context, MW_FOUND_FOLLOWER_BEHIND, NULL,
			       "the process that follows the sources runs another policy than the file has",
			       "systemctl reload mailwicket-sync");
}

static void judge_source(const struct judging *judging, const struct mw_followed_source *one)
{
	const struct mw_source_state *state = &one->state;
	struct mw_arena *arena = judging->arena;
	const char *name = mw_arena_textf(arena, "source \"%.*s\"", MW_STR_ARG(one->source->name));

	if (state->failed_since != 0)
		judging->fault(judging->context, MW_FOUND_SOURCE_OLD, one->source,
			       mw_arena_textf(arena, "%s cannot be read since %s, and its content of %s stands: %s", name,
					      date(arena, state->failed_since), date(arena, state->read_at), state->why),
			       "mailwicket check");
	if (state->digest[0] != '\0')
		judging->fault(judging->context, MW_FOUND_SOURCE_HELD, one->source,
			       mw_arena_textf(arena, "%s: %llu users, %llu groups and %llu addresses would vanish, and stay until "
					      "somebody accepts that", name, (unsigned long long)state->held_users,
					      (unsigned long long)state->held_groups, (unsigned long long)state->held_addresses),
			       mw_arena_textf(arena, "mailwicket sync --accept %s",
					      mw_shell_text(arena, mw_arena_textf(arena, "%.*s=%s", MW_STR_ARG(one->source->name),
										 state->digest))));
	if (state->bad != 0)
		judging->fault(judging->context, MW_FOUND_SOURCE_BAD, one->source,
			       mw_arena_textf(arena, "%s: %llu records are bad; %llu of them have no last good version, and their names "
					      "are blocked", name, (unsigned long long)state->bad, (unsigned long long)state->blocked),
			       "mailwicket check");
}

void mw_following_judge(const struct mw_following_view *view, struct mw_arena *arena, mw_following_fault *fault,
			void *context)
{
	const struct judging judging = { view, arena, fault, context };

	judge_process(&judging);
	for (size_t i = 0; i < view->count; i++)
		judge_source(&judging, &view->sources[i]);
}

/* --- for a person */

/* The longest of all: so long it takes until each source was tried. */
static int64_t rhythm_of_all(const struct mw_following_view *view)
{
	int64_t longest = 0;

	for (size_t i = 0; i < view->count; i++) {
		int64_t rhythm = mw_source_state_rhythm(&view->sources[i].state);

		if (rhythm > longest)
			longest = rhythm;
	}
	return longest;
}

static void print_process(const struct mw_following_view *view, struct mw_buf *out)
{
	const struct mw_follower_state *follower = &view->follower;
	const int64_t now = view->now;

	if (view->following != MW_FOLLOWING) {
		mw_buf_add_text(out, view->following == MW_FOLLOWING_UNKNOWN ? "not known whether a process follows: only root and "
				     "its user can tell" : "followed by no process");
		if (view->count > 0 && first_unsynced(view) == NULL) {
			mw_buf_add_text(out, "; mailwicket sync tries them each ");
			mw_when_print_length(rhythm_of_all(view), out);
		}
		mw_buf_add_text(out, "\n");
		return;
	}
	mw_buf_printf(out, "followed by process %lld", (long long)follower->process);
	if (follower->good != 0) {
		mw_buf_add_text(out, ", read ");
		mw_when_print_age(follower->good, now, out);
	}
	if (follower->failing != 0) {
		mw_buf_add_text(out, ", not all readable since ");
		mw_when_print_age(follower->failing, now, out);
	}
	if (view->silent) {
		mw_buf_add_text(out, ", silent since ");
		mw_when_print_age(follower->alive, now, out);
	}
	mw_buf_add_text(out, "\n");
}

static void print_source(const struct mw_followed_source *one, int64_t now, struct mw_buf *out)
{
	const struct mw_source_state *state = &one->state;

	mw_buf_printf(out, "\"%.*s\": ", MW_STR_ARG(one->source->name));
	if (state->read_at == 0) {
		mw_buf_add_text(out, "never read\n");
		return;
	}
	mw_buf_add_text(out, state->failed_since != 0 ? "behind its last good copy of " : "read ");
	mw_when_print_age(state->read_at, now, out);
	if (state->failed_since != 0) {
		mw_buf_add_text(out, ", since ");
		mw_when_print_age(state->failed_since, now, out);
		mw_buf_printf(out, ", because %s", state->why);
	}
	if (state->bad != 0)
		mw_buf_printf(out, "; %llu bad records, %llu blocked", (unsigned long long)state->bad,
			      (unsigned long long)state->blocked);
	if (state->digest[0] != '\0')
		mw_buf_printf(out, "; held: %llu users, %llu groups, %llu addresses", (unsigned long long)state->held_users,
			      (unsigned long long)state->held_groups, (unsigned long long)state->held_addresses);
	mw_buf_add_text(out, "\n");
}

void mw_following_print(const struct mw_following_view *view, const char *label, struct mw_buf *out)
{
	if (view->count == 0 && view->following != MW_FOLLOWING)
		return;
	mw_buf_add_text(out, label);
	print_process(view, out);
	for (size_t i = 0; i < view->count; i++) {
		mw_buf_printf(out, "%*s", (int)strlen(label), "");
		print_source(&view->sources[i], view->now, out);
	}
}

/* --- for programs */

void mw_source_state_json(const struct mw_source_state *state, struct mw_json *json)
{
	mw_json_number(json, "bad", state->bad);
	mw_json_number(json, "blocked", state->blocked);
	mw_json_number(json, "held_users", state->held_users);
	mw_json_number(json, "held_groups", state->held_groups);
	mw_json_number(json, "held_addresses", state->held_addresses);
	mw_json_string(json, "digest", mw_str(state->digest));
	mw_json_bool(json, "several", state->several);
}

static void write_follower(const struct mw_following_view *view, struct mw_json *json)
{
	static const char *const states[] = {
		[MW_FOLLOWING_NEVER] = "none", [MW_FOLLOWING] = "running", [MW_FOLLOWING_ENDED] = "gone",
		[MW_FOLLOWING_UNKNOWN] = "unknown",
	};
	const struct mw_follower_state *follower = &view->follower;

	mw_json_object(json, "follower");
	mw_json_string(json, "state", mw_str(view->silent ? "silent" : states[view->following]));
	if (view->following == MW_FOLLOWING || view->following == MW_FOLLOWING_ENDED) {
		mw_json_number(json, "process", (uint64_t)follower->process);
		mw_json_string(json, "policy", mw_str(follower->policy));
		mw_when_json(json, "alive", follower->alive);
		mw_when_json(json, "since", follower->since);
		mw_when_json(json, "tried", follower->tried);
		mw_when_json(json, "good", follower->good);
		mw_when_json(json, "failing", follower->failing);
		mw_json_string(json, "error", mw_str(follower->error));
	}
	mw_json_end_object(json);
}

void mw_following_json(const struct mw_following_view *view, struct mw_json *json)
{
	write_follower(view, json);
	mw_json_array(json, "each_source");
	for (size_t i = 0; i < view->count; i++) {
		const struct mw_followed_source *one = &view->sources[i];

		mw_json_object(json, NULL);
		mw_json_string(json, "source", one->source->name);
		mw_json_string(json, "driver", one->source->driver);
		mw_when_json(json, "read", one->state.read_at);
		mw_when_json(json, "failed_since", one->state.failed_since);
		mw_json_string(json, "why", mw_str(one->state.why));
		mw_when_json(json, "synced", one->state.synced_at);
		mw_json_number(json, "synced_each", (uint64_t)mw_source_state_rhythm(&one->state));
		mw_source_state_json(&one->state, json);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}
