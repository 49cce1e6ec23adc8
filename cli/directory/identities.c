/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "decide/account.h"
#include "networks.h"
#include "directory/identities_find.h"
#include "named.h"
#include "setting.h"
#include "suspension.h"
#include "ui/arguments.h"
#include "ui/output.h"
#include "ui/terminal.h"

/* Of the JSON: raised where a member changes its meaning. */
#define FORMAT 1

struct answer {
	const char *asked;
	const struct mw_policy *policy;
	struct mw_directory *directory;
	struct mw_named_user user;
	struct mw_own_identities identities;
	struct mw_verdict verdict; /* on the login for sending, from an address that is not known */
	struct mw_networks networks;
	bool may_send;
};

static const char *right_word(enum mw_right right)
{
	return right == MW_RIGHT_OWN ? "own" : right == MW_RIGHT_SEND_AS ? "send-as" : "send-on-behalf";
}

/* --- what decides beside the address */

/* As Dovecot is asked when Postfix offers AUTH. The network is told beside it: the webmail's is not the user's. */
static void decide(struct answer *answer)
{
	struct mw_facts facts = {
		.endpoints = { .protocol = MW_PROTOCOL_SMTP }, .sasl_service = MW_STR("smtp"), .mechanism = MW_STR("PLAIN"),
		.login = answer->user.principal.name, .today = mw_clock_today(),
	};
	const struct mw_directory_view *view = mw_directory_view(answer->directory);

	facts.tls.origin = MW_TLS_ORIGIN_STARTTLS;
	mw_tls_assume(&facts.tls);
	mw_account_decide(answer->policy, view, &facts, &answer->verdict);
	answer->may_send = !mw_verdict_stops(&answer->verdict) || answer->verdict.reason == MW_REASON_CLIENT_UNKNOWN;
	if (answer->user.principal.networks != 0)
		(void)view->networks(view->context, answer->user.principal.networks, &answer->networks);
}

/* --- words */

static void print_reason(const struct answer *answer, const struct mw_own_identity *identity, struct mw_buf *out)
{
	if (identity->right == MW_RIGHT_OWN) {
		mw_buf_add_text(out, identity->primary ? "the user's own name" : "an address of the user");
		return;
	}
	mw_buf_printf(out, "%s grant on ", right_word(identity->right));
	mw_text_show(out, identity->on);
	if (!mw_str_equal(identity->trustee, answer->user.principal.name)) {
		mw_buf_add_text(out, " for group ");
		mw_text_show(out, identity->trustee);
	}
	if (identity->until != 0) {
		mw_buf_add_text(out, ", until ");
		mw_print_date(identity->until, out);
	}
}

static void write_identity(struct mw_json *json, const struct answer *answer, const struct mw_own_identity *identity)
{
	char memory[2048], date[32];
	struct mw_buf reason = MW_BUF_OVER(memory), until = MW_BUF_OVER(date);

	mw_json_object(json, NULL);
	mw_json_string(json, "address", identity->address);
	mw_json_bool(json, "pattern", identity->pattern);
	mw_json_string(json, "right", mw_str(right_word(identity->right)));
	mw_json_bool(json, "primary", identity->primary);
	/* On behalf is about From alone, and needs an own address in Sender. */
	mw_json_bool(json, "envelope_sender", identity->right != MW_RIGHT_SEND_ON_BEHALF);
	mw_json_bool(json, "from", true);
	mw_json_bool(json, "needs_sender", identity->right == MW_RIGHT_SEND_ON_BEHALF);
	if (identity->until != 0) {
		mw_print_date(identity->until, &until);
		mw_json_string(json, "until", mw_buf_str(&until));
	} else {
		mw_json_null(json, "until");
	}
	if (identity->right == MW_RIGHT_OWN) {
		mw_json_null(json, "granted_on");
		mw_json_null(json, "trustee");
	} else {
		mw_json_string(json, "granted_on", identity->on);
		mw_json_string(json, "trustee", identity->trustee);
	}
	print_reason(answer, identity, &reason);
	mw_json_string(json, "reason", mw_buf_str(&reason));
	mw_json_end_object(json);
}

static void write_members(struct mw_json *json, const void *context)
{
	const struct answer *answer = context;

	mw_json_number(json, "format", FORMAT);
	mw_json_string(json, "asked", mw_str(answer->asked));
	mw_json_bool(json, "known", answer->user.found == MW_LOOKUP_FOUND);
	if (answer->user.found != MW_LOOKUP_FOUND)
		return;
	mw_json_string(json, "user", answer->user.principal.name);
	mw_json_bool(json, "unlisted", answer->user.named.unlisted);
	mw_json_bool(json, "may_send", answer->may_send);
	if (answer->may_send) {
		mw_json_null(json, "refused");
		mw_json_null(json, "refused_text");
	} else {
		mw_json_string(json, "refused", mw_str(mw_reason_name(answer->verdict.reason)));
		mw_json_string(json, "refused_text", mw_str(mw_reason_sentence(answer->verdict.reason)));
	}
	mw_json_string(json, "recipient_delimiter", answer->policy->recipient_delimiter);
	mw_networks_json(&answer->networks, json);
	mw_json_array(json, "identities");
	for (size_t i = 0; i < answer->identities.count; i++)
		write_identity(json, answer, &answer->identities.items[i]);
	mw_json_end_array(json);
}

static void print_text(struct mw_buf *out, const void *context)
{
	static const char *const titles[] = { "ADDRESS", "RIGHT", "WHY" };
	const struct answer *answer = context;
	struct mw_grid *grid = mw_grid_new(titles, sizeof(titles) / sizeof(titles[0]));

	for (size_t i = 0; i < answer->identities.count && grid != NULL; i++) {
		const struct mw_own_identity *identity = &answer->identities.items[i];
		char memory[2048];
		struct mw_buf reason = MW_BUF_OVER(memory);

		print_reason(answer, identity, &reason);
		mw_grid_cell(grid, MW_PLAIN, identity->address);
		mw_grid_cell(grid, MW_PLAIN, mw_str(right_word(identity->right)));
		mw_grid_cell(grid, MW_PLAIN, mw_buf_str(&reason));
	}
	if (grid == NULL || !mw_grid_print(grid, out))
		out->truncated = true; /* out of memory: the caller says so when more does not help */
	mw_grid_free(grid);
	if (!answer->may_send)
		mw_buf_printf(out, "may not send at present: %s (%s)\n", mw_reason_sentence(answer->verdict.reason),
			      mw_reason_name(answer->verdict.reason));
	mw_networks_print(&answer->networks, out);
}

/* --- the command */

static int find_user(struct answer *answer, bool json)
{
	mw_named_user_find(answer->policy, mw_directory_view(answer->directory), answer->asked, &answer->user);
	if (answer->user.found == MW_LOOKUP_FOUND)
		return EX_OK;
	if (answer->user.found == MW_LOOKUP_UNAVAILABLE) {
		mw_setting_complain(answer->directory);
		return EX_TEMPFAIL;
	}
	if (json)
		mw_output_json(write_members, answer);
	else if (answer->user.ambiguous)
		mw_named_complain("identities", answer->asked, &answer->user.named);
	else
		mw_complain("%s: %s", answer->asked, answer->user.is_group ? "a group, which sends nothing itself"
									     : "the directory has no such user");
	return EX_NOUSER;
}

static int answer_to(const struct mw_cli *cli, struct answer *answer)
{
	struct mw_arena *arena = mw_arena_new(0);
	int code = EX_OSERR;

	if (arena == NULL) {
		mw_complain("out of memory");
	} else if (mw_own_identities_find(answer->policy, answer->directory, &answer->user.principal, mw_clock_today(), arena,
					  &answer->identities) != MW_LOOKUP_FOUND) {
		mw_setting_complain(answer->directory);
		code = EX_TEMPFAIL;
	} else {
		decide(answer);
		if (cli->json ? mw_output_json(write_members, answer) : mw_output(print_text, answer))
			code = EX_OK;
	}
	mw_arena_free(arena);
	return code;
}

static int identities(const struct mw_cli *cli, const char *asked)
{
	static struct answer answer;
	struct mw_policy *policy = mw_setting_policy(cli);
	int code = policy == NULL ? EX_CONFIG : EX_OSERR;

	answer = (struct answer){ .asked = asked, .policy = policy };
	if (policy != NULL)
		answer.directory = mw_setting_directory(policy);
	if (answer.directory != NULL)
		code = find_user(&answer, cli->json);
	if (code == EX_OK)
		code = answer_to(cli, &answer);
	mw_directory_free(answer.directory);
	mw_policy_free(policy);
	return code;
}

static int run_identities(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	const char *value, *asked = NULL;
	int row;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row != MW_ARGUMENT_WORD)
			return mw_arguments_exit(row);
		if (asked != NULL)
			return mw_usage_error("one user at a time, not also %s", value);
		asked = value;
	}
	if (asked == NULL || asked[0] == '\0')
		return mw_usage_error("name a user");
	return identities(cli, asked);
}

const struct mw_command mw_identities_command = {
	.name = "identities",
	.usage = "USER",
	.summary = "every address that a user may send as, for webmails with --json",
	.run = run_identities,
	.note = "exit 0: printed; 67: no such user; 75: no directory to look in",
};
