/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "decisions/lookup_answer.h"
#include "named.h"
#include "setting.h"
#include "sync/sync.h"
#include "ui/arguments.h"
#include "ui/output.h"
#include "ui/own_command.h"

static bool unavailable(enum mw_lookup lookup)
{
	return lookup == MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup find_principal(struct mw_lookup_answer *answer)
{
	enum mw_lookup found = mw_identity_named(answer->policy, answer->view, answer->asked, &answer->named);

	answer->has_principal = found == MW_LOOKUP_FOUND;
	answer->principal = answer->named.principal;
	return found;
}

static enum mw_lookup find_grants(struct mw_lookup_answer *answer)
{
	enum mw_lookup on_address = MW_LOOKUP_NONE, on_domain = MW_LOOKUP_NONE, on_prefix = MW_LOOKUP_NONE;
	size_t len = answer->named.address.local.len;
	struct mw_grants grants;

	if (!answer->named.is_address || answer->named.address.kind == MW_ADDRESS_FOREIGN)
		return MW_LOOKUP_NONE;
	if (mw_lookup_is_apart(answer))
		on_address = answer->view->grants_on_address(answer->view->context, answer->named.address.whole,
							     &answer->on_address);
	on_domain = answer->view->grants_on_domain(answer->view->context, answer->named.address.domain,
						   &answer->on_domain);
	if (!answer->has_principal)
		on_prefix = mw_identity_prefix(answer->view, &answer->named.address, &len, &grants);
	if (unavailable(on_address) || unavailable(on_domain) || unavailable(on_prefix))
		return MW_LOOKUP_UNAVAILABLE;
	return on_address == MW_LOOKUP_FOUND || on_domain == MW_LOOKUP_FOUND || on_prefix == MW_LOOKUP_FOUND
		       ? MW_LOOKUP_FOUND : MW_LOOKUP_NONE;
}

static void look_up(struct mw_lookup_answer *answer)
{
	enum mw_lookup grants;

	answer->found = find_principal(answer);
	if (unavailable(answer->found) || answer->named.ambiguous)
		return;
	grants = find_grants(answer);
	if (grants != MW_LOOKUP_NONE)
		answer->found = grants;
}

/* A record whose name cannot be read is nobody's: who looks for it is to know that there is one. */
static void complain_of_nobody(const struct mw_lookup_answer *answer)
{
	const struct mw_policy *policy = answer->policy;
	char memory[4096], owners[1024];
	struct mw_buf folder = MW_BUF_OVER(memory), former = MW_BUF_OVER(owners);

	mw_named_print_former(answer->directory, answer->view, &answer->named, &former);
	mw_complain("%.*s: not in the directory%.*s", MW_STR_ARG(answer->asked), MW_STR_ARG(mw_buf_str(&former)));
	mw_buf_add(&folder, policy->directory.path);
	for (size_t i = 0; i < policy->directory.source_count; i++) {
		struct mw_source_state state;

		mw_source_state_read(memory, policy->directory.sources[i].name, &state);
		if (state.bad > 0)
			mw_complain_own("source \"%.*s\" has bad records, which may be what you look for: mailwicket sync "
					"--dry-run tells of them", MW_STR_ARG(policy->directory.sources[i].name));
	}
}

static int print_answer(const struct mw_cli *cli, const struct mw_lookup_answer *answer)
{
	if (answer->found == MW_LOOKUP_UNAVAILABLE) {
		mw_setting_complain(answer->directory);
		return EX_TEMPFAIL;
	}
	if (cli->json || answer->found == MW_LOOKUP_FOUND)
		mw_lookup_print(answer, cli->json);
	else if (answer->named.ambiguous)
		mw_named_complain("lookup", answer->asked.ptr, &answer->named);
	else
		complain_of_nobody(answer);
	return answer->found == MW_LOOKUP_FOUND ? EX_OK : 1;
}

static int lookup(const struct mw_cli *cli, const char *asked)
{
	struct mw_lookup_answer answer = { .asked = mw_str(asked) };
	struct mw_policy *policy = mw_setting_policy(cli);
	struct mw_directory *directory = policy != NULL ? mw_setting_directory(policy) : NULL;
	struct mw_directory_status status;
	int code = policy == NULL ? EX_CONFIG : EX_OSERR;

	if (directory != NULL) {
		answer.policy = policy;
		answer.directory = directory;
		answer.view = mw_directory_view(directory);
		answer.today = mw_clock_today();
		mw_directory_status(directory, &status);
		answer.principals = status.users + status.groups;
		look_up(&answer);
		code = print_answer(cli, &answer);
	}
	mw_directory_free(directory);
	mw_policy_free(policy);
	return code;
}

static int run_lookup(struct mw_cli *cli, int argc, char **argv)
{
	struct mw_arguments arguments = mw_arguments_over(cli, argc, argv);
	const char *asked = NULL;
	const char *value;
	int row;

	while ((row = mw_arguments_next(&arguments, &value)) != MW_ARGUMENT_END) {
		if (row != MW_ARGUMENT_WORD)
			return mw_arguments_exit(row);
		if (asked != NULL)
			return mw_usage_error("one address or user at a time, not also %s", value);
		asked = value;
	}
	if (asked == NULL || asked[0] == '\0')
		return mw_usage_error("name an address or a user");
	return lookup(cli, asked);
}

const struct mw_command mw_lookup_command = {
	.name = "lookup",
	.usage = "ADDRESS|USER",
	.summary = "who receives, who may send as it, what the user may do",
	.run = run_lookup,
	.note = "exit 0: known; 1: not in the directory; 75: no directory to look in",
};
