/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "ui/arguments.h"
#include "decide/identity.h"
#include "named.h"
#include "ui/output.h"
#include "setting.h"
#include "suspension.h"

/* What an address or user name stands for in the directory. */
struct answer {
	struct mw_str asked;
	const struct mw_policy *policy;
	const struct mw_directory *directory;
	const struct mw_directory_view *view;
	struct mw_named named;
	bool has_principal;
	enum mw_lookup found;
	struct mw_principal principal;
	struct mw_grants on_address, on_domain; /* beside the principal's own */
	uint64_t principals;                    /* how many the directory has: ids to look through */
};

static bool unavailable(enum mw_lookup lookup)
{
	return lookup == MW_LOOKUP_UNAVAILABLE;
}

static enum mw_lookup find_principal(struct answer *answer)
{
	enum mw_lookup found = mw_identity_named(answer->policy, answer->view, answer->asked, &answer->named);

	answer->has_principal = found == MW_LOOKUP_FOUND;
	answer->principal = answer->named.principal;
	return found;
}

static enum mw_lookup find_grants(struct answer *answer)
{
	enum mw_lookup on_address = MW_LOOKUP_NONE, on_domain = MW_LOOKUP_NONE;

	if (!answer->named.is_address || answer->named.address.kind == MW_ADDRESS_FOREIGN)
		return MW_LOOKUP_NONE;
	if (!answer->has_principal)
		on_address = answer->view->grants_on_address(answer->view->context, answer->named.address.whole,
							     &answer->on_address);
	on_domain = answer->view->grants_on_domain(answer->view->context, answer->named.address.domain,
						   &answer->on_domain);
	if (unavailable(on_address) || unavailable(on_domain))
		return MW_LOOKUP_UNAVAILABLE;
	return on_address == MW_LOOKUP_FOUND || on_domain == MW_LOOKUP_FOUND ? MW_LOOKUP_FOUND : MW_LOOKUP_NONE;
}

static void look_up(struct answer *answer)
{
	enum mw_lookup grants;

	answer->found = find_principal(answer);
	if (unavailable(answer->found) || answer->named.ambiguous)
		return;
	grants = find_grants(answer);
	if (grants != MW_LOOKUP_NONE)
		answer->found = grants;
}

static struct mw_str name_of(const struct answer *answer, uint32_t id)
{
	struct mw_principal principal;

	if (answer->view->by_id(answer->view->context, id, &principal) != MW_LOOKUP_FOUND)
		return MW_STR("?");
	return principal.name;
}

/* Text and JSON are written by the same walk: `json` NULL writes text. */
struct writer {
	const struct answer *answer;
	struct mw_buf *out;
	struct mw_json *json;
};

static void begin_list(const struct writer *to, const char *key, const char *title)
{
	if (to->json != NULL)
		mw_json_array(to->json, key);
	else
		mw_buf_printf(to->out, "%s", title);
}

static void list_item(const struct writer *to, struct mw_str item)
{
	if (to->json != NULL)
		mw_json_string(to->json, NULL, item);
	else
		mw_buf_printf(to->out, " %.*s", MW_STR_ARG(item));
}

static void end_list(const struct writer *to, bool empty)
{
	if (to->json != NULL)
		mw_json_end_array(to->json);
	else
		mw_buf_add_text(to->out, empty ? " nobody\n" : "\n");
}

static size_t list_ids(const struct writer *to, struct mw_ids ids)
{
	for (size_t i = 0; i < ids.count; i++)
		list_item(to, name_of(to->answer, ids.items[i]));
	return ids.count;
}

static void write_trustees(const struct writer *to)
{
	const struct answer *answer = to->answer;
	const struct mw_principal *principal = &answer->principal;
	size_t count = 0;

	begin_list(to, "send_as", "may send as it:        ");
	if (answer->has_principal && principal->kind == MW_USER) {
		list_item(to, principal->name);
		count++;
	}
	if (answer->has_principal)
		count += list_ids(to, principal->send_as);
	count += list_ids(to, answer->on_address.send_as);
	count += list_ids(to, answer->on_domain.send_as);
	end_list(to, count == 0);
	begin_list(to, "send_on_behalf", "may send on behalf:    ");
	count = answer->has_principal ? list_ids(to, principal->send_on_behalf) : 0;
	count += list_ids(to, answer->on_address.send_on_behalf);
	count += list_ids(to, answer->on_domain.send_on_behalf);
	end_list(to, count == 0);
}

static void write_switch(const struct writer *to, const char *name, bool on)
{
	if (to->json != NULL)
		mw_json_bool(to->json, name, on);
	else
		mw_buf_printf(to->out, " %s=%s", name, on ? "yes" : "no");
}

static void write_switches(const struct writer *to)
{
	const struct mw_principal *user = &to->answer->principal;

	if (to->json != NULL)
		mw_json_object(to->json, "may");
	else
		mw_buf_add_text(to->out, "may:                   ");
	write_switch(to, "imap", user->imap);
	write_switch(to, "pop3", user->pop3);
	write_switch(to, "sieve", user->sieve);
	write_switch(to, "smtp", user->smtp);
	write_switch(to, "relay", user->relay);
	if (to->json != NULL)
		mw_json_end_object(to->json);
	else
		mw_buf_add_char(to->out, '\n');
}

static void write_suspension(const struct writer *to, const struct mw_suspension *suspension)
{
	if (to->json == NULL) {
		mw_buf_add_text(to->out, "suspended:              ");
		mw_suspension_print(suspension, to->out);
		mw_buf_add_char(to->out, '\n');
		return;
	}
	mw_json_object(to->json, NULL);
	mw_suspension_json(suspension, to->json);
	mw_json_end_object(to->json);
}

/* Whether the suspension is the user's. No address of an unlisted one is in the directory. */
static bool is_of(const struct answer *answer, size_t index, const struct mw_suspension *suspension)
{
	if (answer->principal.id != MW_ID_UNLISTED)
		return mw_directory_suspended_next(answer->directory, index, answer->principal.id - 1) ==
		       answer->principal.id;
	return mw_directory_suspended_id(answer->directory, index) == 0 &&
	       mw_str_equal(mw_str(suspension->user), answer->principal.name);
}

static void write_suspensions(const struct writer *to)
{
	const struct mw_directory *directory = to->answer->directory;
	const struct mw_suspensions *suspensions = mw_directory_suspensions(directory);

	if (to->json != NULL)
		mw_json_array(to->json, "suspended");
	for (size_t i = 0; i < suspensions->count; i++)
		if (is_of(to->answer, i, &suspensions->items[i]))
			write_suspension(to, &suspensions->items[i]);
	if (to->json != NULL)
		mw_json_end_array(to->json);
}

static void write_limit(const struct writer *to, const char *name, uint64_t limit, bool is_size)
{
	char text[40];
	struct mw_buf number = MW_BUF_OVER(text);

	if (limit == MW_NOT_SET)
		return;
	if (is_size)
		mw_print_size(limit, &number);
	else
		mw_print_limit(limit, &number);
	if (to->json != NULL)
		mw_json_string(to->json, name, mw_buf_str(&number));
	else
		mw_buf_printf(to->out, "%-23s %s\n", name, text);
}

static void write_limits(const struct writer *to)
{
	const struct mw_principal *user = &to->answer->principal;

	write_limit(to, "max_message_size", user->max_message_size, true);
	write_limit(to, "max_recipients", user->max_recipients, false);
	write_limit(to, "message_rate_limit", user->message_rate_limit, false);
	write_limit(to, "recipient_rate_limit", user->recipient_rate_limit, false);
}

/* Which users and groups the user may send as: no lookup goes that way, so every principal is asked once. */
static void write_identities(const struct writer *to, const char *key, const char *title, bool on_behalf)
{
	const struct answer *answer = to->answer;
	const struct mw_directory_view *view = answer->view;
	size_t count = 0;

	begin_list(to, key, title);
	for (uint64_t id = 0; id <= answer->principals; id++) {
		struct mw_principal other;

		if (view->by_id(view->context, (uint32_t)id, &other) == MW_LOOKUP_FOUND &&
		    mw_identity_in(&answer->principal, on_behalf ? other.send_on_behalf : other.send_as)) {
			list_item(to, other.name);
			count++;
		}
	}
	for (size_t i = 0; i < answer->policy->accepted_domain_count; i++) {
		const struct mw_accepted_domain *domain = &answer->policy->accepted_domains[i];
		struct mw_grants grants;
		char text[MW_DOMAIN_MAX + 3];

		if (domain->subdomains ||
		    view->grants_on_domain(view->context, domain->domain, &grants) != MW_LOOKUP_FOUND ||
		    !mw_identity_in(&answer->principal, on_behalf ? grants.send_on_behalf : grants.send_as))
			continue;
		snprintf(text, sizeof(text), "*@%.*s", MW_STR_ARG(domain->domain));
		list_item(to, mw_str(text));
		count++;
	}
	end_list(to, count == 0);
}

static void write_senders(const struct writer *to)
{
	static const char *const words[] = {
		[MW_SENDERS_ANYONE] = "anyone", [MW_SENDERS_AUTHENTICATED] = "authenticated",
		[MW_SENDERS_MEMBERS] = "members", [MW_SENDERS_LIST] = "list",
	};
	const struct mw_principal *principal = &to->answer->principal;

	if (principal->senders == MW_SENDERS_LIST) {
		begin_list(to, "senders", "may write to it:       ");
		end_list(to, list_ids(to, principal->senders_list) == 0);
		return;
	}
	if (to->json != NULL)
		mw_json_string(to->json, "senders", mw_str(words[principal->senders]));
	else
		mw_buf_printf(to->out, "may write to it:        %s\n", words[principal->senders]);
}

static void write_user(const struct writer *to)
{
	write_suspensions(to);
	write_switches(to);
	write_limits(to);
	begin_list(to, "groups", "member of:             ");
	if (list_ids(to, to->answer->principal.groups) == 0 && to->json == NULL)
		mw_buf_add_text(to->out, " no group\n");
	else
		end_list(to, false);
	write_identities(to, "may_send_as", "may also send as:      ", false);
	write_identities(to, "may_send_on_behalf", "may send on behalf of: ", true);
}

static void name_item(void *context, struct mw_str name)
{
	list_item(context, name);
}

/* All names by which mail reaches it, the primary address too; and those by which a user logs in. */
/* An unlisted login has one name. */
static void write_own_name(const struct writer *to)
{
	begin_list(to, "addresses", "addresses:             ");
	list_item(to, to->answer->principal.name);
	end_list(to, false);
	begin_list(to, "logins", "logs in as:            ");
	list_item(to, to->answer->principal.name);
	end_list(to, false);
}

static void write_names(const struct writer *to)
{
	const struct mw_principal *principal = &to->answer->principal;
	struct writer copy = *to;

	if (to->answer->named.unlisted) {
		write_own_name(to);
		return;
	}
	begin_list(to, "addresses", "addresses:             ");
	(void)mw_directory_each_address(to->answer->directory, principal->id, name_item, &copy);
	end_list(to, false);
	if (principal->kind != MW_USER)
		return;
	begin_list(to, "logins", "logs in as:            ");
	(void)mw_directory_each_login(to->answer->directory, principal->id, name_item, &copy);
	end_list(to, false);
}

static const char *kind_word(const struct answer *answer)
{
	return !answer->has_principal ? "address" : answer->principal.kind == MW_GROUP ? "group" : "user";
}

/* The two whom the name means. */
static void write_ambiguous(const struct writer *to)
{
	mw_json_array(to->json, "ambiguous");
	mw_json_string(to->json, NULL, to->answer->named.principal.name);
	mw_json_string(to->json, NULL, to->answer->named.other.name);
	mw_json_end_array(to->json);
}

static void write_answer(const struct writer *to)
{
	const struct answer *answer = to->answer;
	struct mw_str owner = answer->has_principal ? answer->principal.name : MW_STR_EMPTY;

	if (to->json != NULL) {
		mw_json_string(to->json, "asked", answer->asked);
		mw_json_bool(to->json, "known", answer->found == MW_LOOKUP_FOUND);
		if (answer->named.ambiguous)
			write_ambiguous(to);
		if (answer->found != MW_LOOKUP_FOUND)
			return;
		mw_json_string(to->json, "kind", mw_str(kind_word(answer)));
		mw_json_bool(to->json, "unlisted", answer->named.unlisted);
		if (answer->has_principal && !answer->named.unlisted)
			mw_json_string(to->json, "receives", owner);
		else
			mw_json_null(to->json, "receives");
	} else if (answer->named.unlisted) {
		mw_buf_printf(to->out, "%.*s: not in the directory: as a login %.*s, own address by unlisted_logins\n",
			      MW_STR_ARG(answer->asked), MW_STR_ARG(owner));
	} else if (answer->has_principal) {
		mw_buf_printf(to->out, "%.*s: %s %.*s%s\n", MW_STR_ARG(answer->asked), kind_word(answer),
			      MW_STR_ARG(owner),
			      !answer->named.by_address ? " (its login name)"
			      : answer->named.primary   ? "" : " (one of its addresses)");
	} else {
		mw_buf_printf(to->out, "%.*s: nobody receives mail for it\n", MW_STR_ARG(answer->asked));
	}
	if (answer->has_principal)
		write_names(to);
	write_trustees(to);
	if (!answer->has_principal)
		return;
	write_senders(to);
	if (answer->principal.kind == MW_USER)
		write_user(to);
}

static void write_text(struct mw_buf *out, const void *context)
{
	write_answer(&(struct writer){ context, out, NULL });
}

static void write_members(struct mw_json *json, const void *context)
{
	write_answer(&(struct writer){ context, json->out, json });
}

static int print_answer(const struct mw_cli *cli, const struct answer *answer)
{
	if (answer->found == MW_LOOKUP_UNAVAILABLE) {
		mw_setting_complain(answer->directory);
		return EX_TEMPFAIL;
	}
	if (cli->json)
		mw_output_json(write_members, answer);
	else if (answer->found == MW_LOOKUP_FOUND)
		mw_output(write_text, answer);
	else if (answer->named.ambiguous)
		mw_named_complain("lookup", answer->asked.ptr, &answer->named);
	else
		mw_complain("%.*s: not in the directory", MW_STR_ARG(answer->asked));
	return answer->found == MW_LOOKUP_FOUND ? EX_OK : 1;
}

static int lookup(const struct mw_cli *cli, const char *asked)
{
	struct answer answer = { .asked = mw_str(asked) };
	struct mw_policy *policy = mw_setting_policy(cli);
	struct mw_directory *directory = policy != NULL ? mw_setting_directory(policy) : NULL;
	struct mw_directory_status status;
	int code = policy == NULL ? EX_CONFIG : EX_OSERR;

	if (directory != NULL) {
		answer.policy = policy;
		answer.directory = directory;
		answer.view = mw_directory_view(directory);
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
