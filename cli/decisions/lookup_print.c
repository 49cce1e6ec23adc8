/* SPDX-License-Identifier: MIT */
#include "decisions/lookup_list.h"

#include <stdio.h>

#include "networks.h"
#include "suspension.h"

#define MEMBERS_SHOWN 100

static void write_switch(const struct mw_lookup_writer *to, const char *name, bool on)
{
	if (to->json != NULL)
		mw_json_bool(to->json, name, on);
	else
		mw_buf_printf(to->out, " %s=%s", name, on ? "yes" : "no");
}

static void write_switches(const struct mw_lookup_writer *to)
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

static void write_suspension(const struct mw_lookup_writer *to, const struct mw_suspension *suspension)
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
static bool is_of(const struct mw_lookup_answer *answer, size_t index, const struct mw_suspension *suspension)
{
	if (answer->principal.id != MW_ID_UNLISTED)
		return mw_directory_suspended_next(answer->directory, index, answer->principal.id - 1) ==
		       answer->principal.id;
	return mw_directory_suspended_id(answer->directory, index) == 0 &&
	       mw_str_equal(mw_str(suspension->user), answer->principal.name);
}

static void write_suspensions(const struct mw_lookup_writer *to)
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

static void write_limit(const struct mw_lookup_writer *to, const char *name, uint64_t limit, bool is_size)
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

static void write_limits(const struct mw_lookup_writer *to)
{
	const struct mw_principal *user = &to->answer->principal;

	write_limit(to, "max_message_size", user->max_message_size, true);
	write_limit(to, "max_recipients", user->max_recipients, false);
	write_limit(to, "message_rate_limit", user->message_rate_limit, false);
	write_limit(to, "recipient_rate_limit", user->recipient_rate_limit, false);
}

/* Grants on what no principal has. */
struct granted { const struct mw_lookup_writer *to; bool on_behalf; const char *before; size_t count; };

static void granted_item(void *context, struct mw_str on, const struct mw_grants *grants)
{
	struct granted *granted = context;
	char text[MW_ADDRESS_MAX + 3];

	if (!mw_lookup_may(granted->to->answer, grants, granted->on_behalf))
		return;
	snprintf(text, sizeof(text), "%s%.*s", granted->before, MW_STR_ARG(on));
	mw_lookup_list_item(granted->to, mw_str(text));
	granted->count++;
}

/* Which users, groups, addresses, prefixes and domains the user may send as: no lookup goes that way, so every
   principal is asked once, and all other grants are read. */
static void write_identities(const struct mw_lookup_writer *to, const char *key, const char *title, bool on_behalf)
{
	const struct mw_lookup_answer *answer = to->answer;
	const struct mw_directory_view *view = answer->view;
	struct granted granted = { .to = to, .on_behalf = on_behalf, .before = "" };

	mw_lookup_list_begin(to, key, title);
	for (uint64_t id = 0; id <= answer->principals; id++) {
		struct mw_principal other;

		if (view->by_id(view->context, (uint32_t)id, &other) == MW_LOOKUP_FOUND &&
		    mw_lookup_may(answer, &other.grants, on_behalf)) {
			mw_lookup_list_item(to, other.name);
			granted.count++;
		}
	}
	(void)mw_directory_each_grants(answer->directory, false, granted_item, &granted);
	granted.before = "*@";
	(void)mw_directory_each_grants(answer->directory, true, granted_item, &granted);
	mw_lookup_list_end(to, granted.count == 0);
}

static void write_senders(const struct mw_lookup_writer *to)
{
	static const char *const words[] = {
		[MW_SENDERS_ANYONE] = "anyone", [MW_SENDERS_AUTHENTICATED] = "authenticated",
		[MW_SENDERS_MEMBERS] = "members", [MW_SENDERS_LIST] = "list",
	};
	const struct mw_principal *principal = &to->answer->principal;

	if (principal->senders == MW_SENDERS_LIST) {
		mw_lookup_list_begin(to, "senders", "may write to it:       ");
		mw_lookup_list_end(to, mw_lookup_list_ids(to, principal->senders_list) == 0);
		return;
	}
	if (to->json != NULL)
		mw_json_string(to->json, "senders", mw_str(words[principal->senders]));
	else
		mw_buf_printf(to->out, "may write to it:        %s\n", words[principal->senders]);
}

static void write_denied(const struct mw_lookup_writer *to)
{
	const struct mw_ids *denied = &to->answer->principal.senders_denied;

	if (to->json == NULL && denied->count == 0)
		return;
	mw_lookup_list_begin(to, "senders_denied", "may not write to it:   ");
	mw_lookup_list_end(to, mw_lookup_list_ids(to, *denied) == 0);
}

static void write_networks(const struct mw_lookup_writer *to)
{
	const struct mw_lookup_answer *answer = to->answer;
	struct mw_networks networks = { .of = { { .count = 0 } } };

	if (answer->principal.networks != 0)
		(void)answer->view->networks(answer->view->context, answer->principal.networks, &networks);
	if (to->json != NULL)
		mw_networks_json(&networks, to->json);
	else
		mw_networks_print(&networks, to->out);
}

static void write_blocked(const struct mw_lookup_writer *to)
{
	struct mw_str why = to->answer->principal.blocked;

	if (to->json != NULL)
		mw_json_string(to->json, "blocked", why);
	else if (!mw_str_empty(why))
		mw_buf_printf(to->out, "blocked:                %.*s\n", MW_STR_ARG(why));
}

static void write_user(const struct mw_lookup_writer *to)
{
	write_suspensions(to);
	write_switches(to);
	write_limits(to);
	mw_lookup_list_begin(to, "groups", "member of:             ");
	if (mw_lookup_list_ids(to, to->answer->principal.groups) == 0 && to->json == NULL)
		mw_buf_add_text(to->out, " no group\n");
	else
		mw_lookup_list_end(to, false);
	write_identities(to, "may_send_as", "may also send as:      ", false);
	write_identities(to, "may_send_on_behalf", "may send on behalf of: ", true);
}

/* Who gets mail for the group: its users, those of groups in it, too. No lookup goes that way. */
static void write_group(const struct mw_lookup_writer *to)
{
	const struct mw_lookup_answer *answer = to->answer;
	struct mw_ids group = { &answer->principal.id, 1 };
	size_t count = 0;

	mw_lookup_list_begin(to, "members", "users in it:           ");
	for (uint64_t id = 0; id <= answer->principals; id++) {
		struct mw_principal other;

		if (answer->view->by_id(answer->view->context, (uint32_t)id, &other) != MW_LOOKUP_FOUND ||
		    other.kind != MW_USER || !mw_identity_in(&other, group))
			continue;
		if (count++ < MEMBERS_SHOWN)
			mw_lookup_list_item(to, other.name);
	}
	if (to->json == NULL && count > MEMBERS_SHOWN)
		mw_buf_printf(to->out, " and %zu more", count - MEMBERS_SHOWN);
	mw_lookup_list_end(to, count == 0);
	if (to->json != NULL)
		mw_json_number(to->json, "member_count", count);
}

static void name_item(void *context, struct mw_str name)
{
	mw_lookup_list_item(context, name);
}

struct lazy_list { const struct mw_lookup_writer *to; const char *title; bool begun; };

/* A line of text only where there is an item. */
static void lazy_item(void *context, struct mw_str item)
{
	struct lazy_list *list = context;

	if (list->to->json == NULL && !list->begun)
		mw_lookup_list_begin(list->to, NULL, list->title);
	list->begun = true;
	mw_lookup_list_item(list->to, item);
}

static void write_receive_only(const struct mw_lookup_writer *to)
{
	struct lazy_list list = { .to = to, .title = "for receiving only:    " };

	if (to->json != NULL)
		mw_lookup_list_begin(to, "receive_only", NULL);
	(void)mw_directory_each_address(to->answer->directory, to->answer->principal.id, true, lazy_item, &list);
	if (to->json != NULL || list.begun)
		mw_lookup_list_end(to, false);
}

static void former_item(void *context, struct mw_str name, int64_t until)
{
	(void)until;
	lazy_item(context, name);
}

/* The names that it had before. */
static void write_formers(const struct mw_lookup_writer *to)
{
	struct lazy_list list = { .to = to, .title = "formerly:              " };

	if (to->json != NULL)
		mw_lookup_list_begin(to, "formerly", NULL);
	(void)mw_directory_each_former(to->answer->directory, to->answer->principal.id, former_item, &list);
	if (to->json != NULL || list.begun)
		mw_lookup_list_end(to, false);
}

/* Who had the name that nobody has. */
static void write_former_owners(const struct mw_lookup_writer *to)
{
	const struct mw_lookup_answer *answer = to->answer;
	struct mw_former_name former = { 0, 0 };

	mw_lookup_list_begin(to, "formerly_of", NULL);
	while (answer->named.is_address &&
	       mw_directory_former_next(answer->directory, answer->named.address.whole, &former))
		mw_lookup_list_item(to, mw_lookup_name(answer, former.id));
	mw_lookup_list_end(to, false);
}

/* An unlisted login has one name. */
static void write_own_name(const struct mw_lookup_writer *to)
{
	mw_lookup_list_begin(to, "addresses", "addresses:             ");
	mw_lookup_list_item(to, to->answer->principal.name);
	mw_lookup_list_end(to, false);
	write_receive_only(to);
	mw_lookup_list_begin(to, "logins", "logs in as:            ");
	mw_lookup_list_item(to, to->answer->principal.name);
	mw_lookup_list_end(to, false);
}

static void write_names(const struct mw_lookup_writer *to)
{
	const struct mw_principal *principal = &to->answer->principal;
	struct mw_lookup_writer copy = *to;

	if (to->answer->named.unlisted) {
		write_own_name(to);
		return;
	}
	mw_lookup_list_begin(to, "addresses", "addresses:             ");
	(void)mw_directory_each_address(to->answer->directory, principal->id, false, name_item, &copy);
	mw_lookup_list_end(to, false);
	write_receive_only(to);
	write_formers(to);
	if (principal->kind != MW_USER)
		return;
	mw_lookup_list_begin(to, "logins", "logs in as:            ");
	(void)mw_directory_each_login(to->answer->directory, principal->id, name_item, &copy);
	mw_lookup_list_end(to, false);
}

static const char *how_held(enum mw_held held)
{
	switch (held) {
	case MW_HELD_ALIAS:
		return " (one of its addresses)";
	case MW_HELD_RECEIVE:
		return " (one of its addresses, for receiving only)";
	case MW_HELD_PRIMARY:
		break;
	}
	return "";
}

static const char *kind_word(const struct mw_lookup_answer *answer)
{
	return !answer->has_principal ? "address" : answer->principal.kind == MW_GROUP ? "group" : "user";
}

/* The two whom the name means. */
static void write_ambiguous(const struct mw_lookup_writer *to)
{
	mw_json_array(to->json, "ambiguous");
	mw_json_string(to->json, NULL, to->answer->named.principal.name);
	mw_json_string(to->json, NULL, to->answer->named.other.name);
	mw_json_end_array(to->json);
}

static void write_answer(const struct mw_lookup_writer *to)
{
	const struct mw_lookup_answer *answer = to->answer;
	struct mw_str owner = answer->has_principal ? answer->principal.name : MW_STR_EMPTY;

	if (to->json != NULL) {
		mw_json_string(to->json, "asked", answer->asked);
		mw_json_bool(to->json, "known", answer->found == MW_LOOKUP_FOUND);
		if (answer->named.ambiguous)
			write_ambiguous(to);
		if (answer->found != MW_LOOKUP_FOUND) {
			write_former_owners(to);
			return;
		}
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
			      : how_held(answer->named.held));
	} else {
		mw_buf_printf(to->out, "%.*s: nobody receives mail for it\n", MW_STR_ARG(answer->asked));
	}
	if (answer->has_principal)
		write_names(to);
	mw_lookup_write_trustees(to);
	if (!answer->has_principal)
		return;
	write_blocked(to);
	write_senders(to);
	write_networks(to);
	write_denied(to);
	if (answer->principal.kind == MW_USER)
		write_user(to);
	else
		write_group(to);
}

static void write_text(struct mw_buf *out, const void *context)
{
	write_answer(&(struct mw_lookup_writer){ context, out, NULL });
}

static void write_members(struct mw_json *json, const void *context)
{
	write_answer(&(struct mw_lookup_writer){ context, json->out, json });
}

void mw_lookup_print(const struct mw_lookup_answer *answer, bool json)
{
	if (json)
		mw_output_json(write_members, answer);
	else
		mw_output(write_text, answer);
}
