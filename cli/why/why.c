/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ui/arguments.h"
#include "base/clock.h"
#include "named.h"
#include "ui/output.h"
#include "base/text.h"
#include "setting.h"
#include "why/logs.h"
#include "why/person.h"
#include "why/print.h"
#include "why/words.h"

#define USUAL_SINCE 86400

static void note_ambiguous(const struct mw_why_person *person, const struct mw_named *named, struct mw_why_logs *logs)
{
	char memory[2048];
	struct mw_buf text = MW_BUF_OVER(memory);

	mw_named_print_ambiguous(person->asked, named, &text);
	mw_log_note(&logs->choice, "%s", memory);
}

static void note_former(const struct mw_why_person *person, const struct mw_named *named, struct mw_why_logs *logs)
{
	char memory[2048];
	struct mw_buf former = MW_BUF_OVER(memory);

	mw_named_print_former(person->directory, mw_directory_view(person->directory), named, &former);
	if (former.used > 0)
		mw_log_note(&logs->choice, "%s is not in the directory%s", person->name, memory);
}

static enum mw_lookup find_person(struct mw_why_person *person, struct mw_why_logs *logs)
{
	const struct mw_directory_view *view = mw_directory_view(person->directory);
	struct mw_named named;
	enum mw_lookup found = mw_identity_named(person->policy, view, mw_str(person->asked), &named);

	if (named.ambiguous)
		note_ambiguous(person, &named, logs);
	if (found == MW_LOOKUP_FOUND && named.principal.kind == MW_USER) {
		struct mw_buf name = MW_BUF_OVER(person->name);

		person->known = true;
		person->user = named.principal;
		if (named.unlisted) {
			person->unlisted_name = named.unlisted_name;
			person->user.name.ptr = person->unlisted_name.text;
			mw_log_note(&logs->choice, "%s is not in the directory: an unlisted login, own address by unlisted_logins",
				    person->unlisted_name.text);
		}
		mw_buf_add(&name, named.principal.name);
	}
	if (found == MW_LOOKUP_NONE && !named.ambiguous)
		note_former(person, &named, logs);
	person->group = found == MW_LOOKUP_FOUND && named.principal.kind == MW_GROUP;
	return person->group ? MW_LOOKUP_NONE : found;
}

/* The policy; without it the logs still tell much, so that only one that -c names must be good. */
static int read_policy(const struct mw_cli *cli, struct mw_why_person *person, struct mw_why_logs *logs)
{
	struct mw_errors *errors;

	if (strcmp(cli->policy_path, mw_policy_default_path()) != 0) {
		person->policy = mw_setting_policy(cli);
		return person->policy != NULL ? EX_OK : EX_CONFIG;
	}
	errors = mw_errors_new(1);
	if (errors == NULL || !mw_setting_read(cli, errors, &person->policy))
		mw_log_note(&logs->choice, "%s cannot be read, so only the name %s was looked for, not the user's other names",
			    cli->policy_path, person->name);
	mw_errors_free(errors);
	return EX_OK;
}

static enum mw_lookup meet(struct mw_why_person *person, struct mw_why_logs *logs)
{
	enum mw_lookup found = MW_LOOKUP_UNAVAILABLE;

	if (person->policy == NULL)
		return found;
	person->directory = mw_setting_directory(person->policy);
	if (person->directory != NULL)
		found = find_person(person, logs);
	if (found == MW_LOOKUP_UNAVAILABLE)
		mw_log_note(&logs->choice,
			    "the directory cannot be read, so only the name %s was looked for, not the user's other names",
			    person->name);
	return found;
}

static void add_limit_notes(struct mw_why_logs *logs, const struct mw_why_told *told)
{
	bool by_address = false, by_sender = false, wide = false;

	for (size_t i = 0; i < told->count; i++) {
		const struct mw_why_entry *entry = &told->entries[i];
		bool line = entry->kind != MW_WHY_SILENT && entry->kind != MW_WHY_BANNED;

		by_sender |= entry->by_sender;
		by_address |= entry->by_address && !entry->by_sender && line;
		wide |= entry->wide;
	}
	if (by_address)
		mw_log_note(&logs->choice,
			    "* names no user; it is told because %s logged in from that address within an hour%s", told->user,
			    told->limits.shared ? ". Others logged in from there too, so it may be theirs" : "");
	if (by_sender)
		mw_log_note(&logs->choice,
			    "** names no user and is from another address; it is told because its sender is an address of %s, "
			    "which anybody can write", told->user);
	if (wide)
		mw_log_note(&logs->choice,
			    "lines of the server itself name no user; they are told because they stand beside what failed");
	if (told->limits.left_out > 0)
		mw_log_note(&logs->choice, "%llu more events found no room; ask for less with --since",
			    (unsigned long long)told->limits.left_out);
	if (told->limits.forgotten > 0)
		mw_log_note(&logs->choice,
			    "the SMTP sessions of %llu addresses were forgotten for want of room; ask for less with --since",
			    (unsigned long long)told->limits.forgotten);
}

/* A log that another program has long taken the place of tells nothing about today. */
static void note_old(struct mw_why_logs *logs)
{
	char when[32];
	struct mw_buf newest = MW_BUF_OVER(when);

	if (logs->newest == 0 || logs->newest > logs->choice.clock.now - MW_LOG_OLD)
		return;
	mw_why_time(logs->newest, &newest);
	mw_log_note(&logs->choice,
		    "the newest line that was understood is old, of %s: is this the log that is written now?", when);
}

static int nothing(const struct mw_why_person *person, enum mw_lookup found, struct mw_why_logs *logs,
		   const struct mw_why_entry *wide)
{
	const char *why = person->group ? "a group, and " : found == MW_LOOKUP_NONE ? "not in the directory, and " : "";
	char when[32];
	char memory[512];
	struct mw_buf since = MW_BUF_OVER(when), note = MW_BUF_OVER(memory);

	mw_why_time(logs->choice.since, &since);
	if (wide != NULL)
		mw_buf_printf(&note, "the server itself had a fault in that time: %s", wide->reply);
	else if (logs->choice.note_count > 0)
		mw_buf_add_text(&note, logs->choice.notes[0]);
	mw_complain("%s: %sno line of the log since %s %s%s%s%s", person->name, why, when,
		    logs->named == 0 ? "names this user"
				     : "tells what happened to this user, but the name stands in other lines: grep finds them",
		    note.used > 0 ? " (" : "", memory, note.used > 0 ? ")" : "");
	return found == MW_LOOKUP_NONE ? EX_NOUSER : 1;
}

static int tell(const struct mw_cli *cli, struct mw_why_person *person, enum mw_lookup found, struct mw_why_logs *logs,
		struct mw_why_story *story)
{
	struct mw_why_answer answer = { .asked = person->asked, .since = logs->choice.since, .logs = logs->choice.names,
					.log_count = logs->choice.count };
	int code;

	logs->person = person;
	code = mw_why_logs_read(logs, story);
	if (code != EX_OK)
		return code;
	answer.told.user = person->name;
	answer.told.policy = person->policy;
	answer.told.entries = mw_why_story_end(story, &answer.told.count);
	answer.told.limits = mw_why_story_limits(story);
	note_old(logs);
	if (answer.told.count == 0)
		return nothing(person, found, logs, mw_why_story_wide(story));
	answer.cause_count = mw_why_causes(&answer.told, answer.causes);
	add_limit_notes(logs, &answer.told);
	answer.notes = logs->choice.notes;
	answer.note_count = logs->choice.note_count;
	return (cli->json ? mw_why_print_json(&answer) : mw_why_print(&answer)) ? EX_OK : EX_OSERR;
}

static int why(const struct mw_cli *cli, const char *asked, struct mw_why_logs *logs)
{
	struct mw_why_person *person = calloc(1, sizeof(*person));
	struct mw_why_story *story = NULL;
	int code = EX_OSERR;

	if (person != NULL) {
		struct mw_buf name = MW_BUF_OVER(person->name);

		person->asked = asked;
		mw_text_show(&name, mw_str(asked));
		story = mw_why_story_new(mw_why_who_is(person));
	}
	if (story == NULL)
		mw_complain("out of memory");
	else if ((code = read_policy(cli, person, logs)) == EX_OK)
		code = tell(cli, person, meet(person, logs), logs, story);
	mw_why_story_free(story);
	if (person != NULL) {
		mw_directory_free(person->directory);
		mw_policy_free(person->policy);
	}
	free(person);
	return code;
}

static const struct mw_option options[] = {
	{ "since", "WHEN", "2h, 30m, 7d, 2026-11-25 or \"2026-11-25 09:00\" (default: 1d)" },
	{ "log", "FILE|journal",
	  "a log to read, also compressed, or - (default: /var/log/mail.log, else the journal); again for more" },
};
enum { SINCE, LOG };

static int take_option(int row, const char *value, struct mw_why_logs *logs)
{
	if (row == SINCE && !mw_why_since(&logs->choice.clock, mw_str(value), &logs->choice.since))
		return mw_usage_error("--since %s: neither a time ago (30m, 2h, 7d, 1w) nor a date (2026-11-25, "
				      "\"2026-11-25 09:00\")", value);
	logs->choice.since_given = logs->choice.since_given || row == SINCE;
	if (row == LOG && logs->choice.count == MW_LOGS_MOST)
		return mw_usage_error("more than %d logs", MW_LOGS_MOST);
	if (row == LOG)
		logs->choice.names[logs->choice.count++] = value;
	return EX_OK;
}

static int run_why(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	struct mw_why_logs logs = { .choice = { .clock = mw_why_clock_at(mw_clock_date()), .rotated_most = 1 } };
	const char *asked = NULL;
	const char *value;
	int row, code = EX_OK;

	logs.choice.since = logs.choice.clock.now - USUAL_SINCE;
	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row < 0 && row != MW_ARGUMENT_WORD)
			return mw_arguments_exit(row);
		if (row == MW_ARGUMENT_WORD && asked != NULL)
			return mw_usage_error("one user at a time, not also %s", value);
		if (row == MW_ARGUMENT_WORD)
			asked = value;
		else
			code = take_option(row, value, &logs);
		if (code != EX_OK)
			return code;
	}
	if (asked == NULL || asked[0] == '\0')
		return mw_usage_error("name a user, by login or address");
	if (logs.choice.count == 0)
		mw_log_choose_usual(&logs.choice);
	return why(cli, asked, &logs);
}

const struct mw_command mw_why_command = {
	.name = "why",
	.usage = "USER [--since WHEN] [--log FILE|journal ...]",
	.summary = "a user's story from the logs, and what keeps mail from being sent",
	.run = run_why,
	.options = options,
	.option_count = sizeof(options) / sizeof(options[0]),
	.note = "exit 0: a story was told; 1: no line names the user; 67: the directory does not know the name either;\n"
		"66: no such log; 77: the log may not be read",
};
