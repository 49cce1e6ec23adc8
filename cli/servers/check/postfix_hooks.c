/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix.h"

#include "base/clock.h"
#include "policy/audit.h"
#include "postfix/facts.h"
#include "servers/check/table.h"
#include "servers/restriction.h"

#define LONGEST_WAIT 30

#define RELAY MW_RELAY_RESTRICTIONS
#define END_OF_DATA "smtpd_end_of_data_restrictions"

struct search {
	const struct mw_postfix_endpoint *endpoint;
	const char *list; /* the setting */
	bool reports; /* what stands before the question */
	bool found, only_warns; /* only_warns: the question, or a class that it is in */
	struct mw_class_walk walk;
	struct mw_policy_call call;
	struct mw_str text; /* of the question */
	struct mw_str rest; /* what stands behind the question */
};

static bool is_word(struct mw_str name, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (mw_str_equal_nocase(name, mw_str(words[i])))
			return true;
	}
	return false;
}

#define IS_WORD(name, words) is_word((name), (words), sizeof(words) / sizeof((words)[0]))

static const char *const final_words[] = { "reject", "defer", "reject_unauth_destination", "defer_unauth_destination" };

/* The list with our question first, and the rest as it stands. */
static const char *question_first(const struct search *search)
{
	struct mw_str list = mw_endpoint_value(search->endpoint, search->list);
	struct mw_arena *arena = search->endpoint->site->arena;
	const char *value = mw_arena_text(arena, search->text);
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		if (!mw_str_equal(item.text, search->text))
			value = mw_arena_textf(arena, "%s, %.*s", value, MW_STR_ARG(item.text));
	}
	return value;
}

static void warn_of_sender(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id, const char *what,
			   const char *why)
{
	mw_list_finding(endpoint, id, MW_FINDING_WARNING, MW_WIRING_SENDER, what, why,
			mw_fix_shown(endpoint, MW_WIRING_SENDER));
}

/* Where relaying is decided, what decided it before goes; what the other lists have stays. */
static void report_before(const struct search *search, const struct mw_restriction *item)
{
	const struct mw_postfix_endpoint *endpoint = search->endpoint;
	struct mw_arena *arena = endpoint->site->arena;
	const char *what = mw_arena_textf(arena, "%.*s stands before the question", MW_STR_ARG(item->text));

	bool permits = mw_restriction_permits(item->name) ||
		       mw_table_permits(mw_str_empty(item->argument) ? item->name : item->argument);

	if (permits && strcmp(search->list, MW_WIRING_SENDER) == 0)
		warn_of_sender(endpoint, MW_FOUND_SENDER_PERMIT_BEFORE, what,
			       "a list ends at the first permit: those sessions are told that the recipient is wrong, where it is "
			       "the sender");
	else if (permits)
		mw_list_finding(endpoint, MW_FOUND_PERMIT_BEFORE, MW_FINDING_ERROR, search->list, what,
				"a list ends at the first permit: about those sessions Mailwicket is never asked",
				strcmp(search->list, RELAY) == 0 ? mw_fix_shown(endpoint, search->list)
								 : mw_fix_list(endpoint, search->list, question_first(search)));
	else if (strcmp(search->list, MW_WIRING_SENDER) == 0)
		return;
	else if (mw_str_starts_with_nocase(item->name, MW_STR("check_")) || mw_str_find(item->name, ':') < item->name.len)
		mw_list_finding(endpoint, MW_FOUND_TABLE_BEFORE, MW_FINDING_NOTE, search->list, what,
				"where it answers OK, Mailwicket is not asked",
				mw_fix_list(endpoint, search->list, question_first(search)));
}

/* Up to our question, in the order in which Postfix goes through the list and its classes. */
static void look_through(struct search *search, struct mw_str list)
{
	const struct mw_postfix_endpoint *endpoint = search->endpoint;
	struct mw_restriction item;
	const char *path;

	while (!search->found && mw_restriction_next(&list, &item)) {
		struct mw_policy_call call = mw_policy_call_parse(item.argument);

		if (mw_class_enter(endpoint, &search->walk, item.name)) {
			look_through(search, mw_endpoint_value(endpoint, mw_arena_text(endpoint->site->arena, item.name)));
			search->walk.depth--;
			search->only_warns |= search->found && item.only_warns;
		} else if (mw_str_equal_nocase(item.name, MW_STR("check_policy_service")) &&
			   mw_endpoint_asks_us(endpoint, call.server, &path)) {
			search->found = true;
			search->call = call;
			search->text = item.text;
			search->only_warns = item.only_warns;
		} else if (search->reports) {
			report_before(search, &item);
		}
	}
	if (search->found && search->walk.depth == 0)
		search->rest = list;
}

bool mw_endpoint_has_question(const struct mw_postfix_endpoint *endpoint, const char *list)
{
	struct search search = { .endpoint = endpoint, .list = list };

	look_through(&search, mw_endpoint_value(endpoint, list));
	return search.found;
}

bool mw_endpoint_asks_in(const struct mw_postfix_endpoint *endpoint, const char *list)
{
	struct search search = { .endpoint = endpoint, .list = list };

	look_through(&search, mw_endpoint_value(endpoint, list));
	return search.found && !search.only_warns;
}

static struct mw_str given_or(const struct search *search, struct mw_str given, const char *setting)
{
	return mw_str_empty(given) ? mw_endpoint_value(search->endpoint, setting) : given;
}

/* What smtpd outlives at END-OF-MESSAGE: shared/decide/verdict.h, mw_reason_reply_at(). */
static bool ends_session(struct mw_str action)
{
	return mw_action_has_code(action) && (mw_str_starts_with(action, MW_STR("421")) || mw_str_starts_with(action,
		MW_STR("521")));
}

static struct mw_str action_of(const struct search *search)
{
	return given_or(search, search->call.default_action, "smtpd_policy_service_default_action");
}

static enum mw_context context_of(const struct search *search, bool *audit_r)
{
	return mw_context_read(given_or(search, search->call.context, "smtpd_policy_service_policy_context"), audit_r);
}

/* Without an answer. */
static void check_action(const struct search *search)
{
	const struct mw_postfix_endpoint *endpoint = search->endpoint;
	const struct mw_postfix_site *site = endpoint->site;
	struct mw_str action = action_of(search);
	const char *what = mw_arena_textf(site->arena, "the action without an answer is \"%.*s\"", MW_STR_ARG(action));

	if (!mw_action_refuses(action) && site->wiring->harmless)
		return;
	if (!mw_action_refuses(action))
		mw_endpoint_finding(endpoint, MW_FOUND_PERMITS_WITHOUT_ANSWER, MW_FINDING_ERROR,
			mw_str_empty(search->call.default_action) ? "smtpd_policy_service_default_action" : search->list, what,
			"whoever stops mailwicketd, or finds it stopped, may do all that it would have refused",
			mw_fix_shown(endpoint, mw_str_empty(search->call.default_action)
						? "smtpd_policy_service_default_action" : search->list));
	else if (strcmp(search->list, END_OF_DATA) == 0 && !ends_session(action))
		mw_list_finding(endpoint, MW_FOUND_LAST_ACTION, MW_FINDING_ERROR, search->list, what,
			"after another code than 421 or 521 there, a client that continues kills its smtpd (Postfix before 3.10.13): "
			"while mailwicketd is away, one client can take this listener from all",
			mw_fix_shown(endpoint, search->list));
}

/* Whether it is the question of an audit, as it is one or not. */
static void check_audit(const struct search *search)
{
	const struct mw_postfix_endpoint *endpoint = search->endpoint;
	struct mw_arena *arena = endpoint->site->arena;
	struct mw_str action = action_of(search), name;
	struct mw_place place;
	bool audit;

	(void)context_of(search, &audit);
	if (endpoint->site->wiring->harmless && mw_action_refuses(action))
		mw_list_finding(endpoint, MW_FOUND_DEFERS_IN_AUDIT, MW_FINDING_WARNING, search->list,
			mw_arena_textf(arena, "the action without an answer is \"%.*s\"", MW_STR_ARG(action)),
			"every rule is in audit mode, but while mailwicketd is away mail is deferred; `mailwicket setup` changes it, "
			"and back when a rule is enforced", mw_fix_shown(endpoint, search->list));
	if (audit && mw_policy_enforces(endpoint->site->policy, mw_clock_today(), &name, &place))
		mw_list_finding(endpoint, MW_FOUND_AUDIT_WIRING, MW_FINDING_ERROR, search->list,
			"it asks as in an audit that enforces nothing",
			mw_arena_textf(arena, "\"%.*s\" (%s:%u) is enforced: while mailwicketd is away all goes on that it would "
				       "refuse; run `mailwicket setup`", MW_STR_ARG(name), place.file, place.line),
			mw_fix_shown(endpoint, search->list));
}

static void check_timeout(const struct search *search)
{
	const struct mw_postfix_endpoint *endpoint = search->endpoint;
	struct mw_arena *arena = endpoint->site->arena;
	struct mw_str timeout = given_or(search, search->call.timeout, "smtpd_policy_service_timeout");
	unsigned long seconds;

	if (mw_postfix_seconds(timeout, &seconds) && seconds > LONGEST_WAIT)
		mw_endpoint_finding(endpoint, MW_FOUND_LONG_WAIT, MW_FINDING_WARNING,
			mw_str_empty(search->call.timeout) ? "smtpd_policy_service_timeout" : search->list,
			mw_arena_textf(arena, "an answer is waited for %lu s", seconds),
			mw_arena_textf(arena, "Postfix asks twice: a mailwicketd that hangs holds every client for %lu s",
				       2 * seconds + 1),
			mw_fix_shown(endpoint, search->list));
}

static void check_reach(const struct search *search)
{
	const char *path;

	if (mw_endpoint_asks_us(search->endpoint, search->call.server, &path) && path != NULL)
		mw_check_postfix_socket(search->endpoint, search->list, path);
}

static void check_call(const struct search *search)
{
	const struct mw_postfix_endpoint *endpoint = search->endpoint;

	if (search->only_warns)
		mw_list_finding(endpoint, MW_FOUND_ONLY_WARNS, MW_FINDING_ERROR, search->list,
				    "warn_if_reject stands before the question",
				    "what Mailwicket refuses is logged and let through; for a trial the policy has mode = audit",
				    mw_fix_shown(endpoint, search->list));
	check_action(search);
	check_audit(search);
	check_timeout(search);
}

static void report_missing(const struct search *search, const char *why)
{
	const struct mw_postfix_endpoint *endpoint = search->endpoint;

	if (mw_postfix_value_find(&endpoint->service->options, search->list) != NULL)
		mw_list_finding(endpoint, MW_FOUND_NOT_ASKED, MW_FINDING_ERROR, search->list,
			"Mailwicket is not asked: this -o replaces the list of main.cf", why,
			mw_fix_or(mw_fix_shown(endpoint, search->list),
				  mw_arena_textf(endpoint->site->arena, "no -o %s here, and the list in main.cf", search->list)));
	else
		mw_list_finding(endpoint, MW_FOUND_NOT_ASKED, MW_FINDING_ERROR, search->list, "Mailwicket is not asked", why,
				    mw_fix_shown(endpoint, search->list));
}

/* why: where the question must be, why; NULL: it need not. */
static struct search search_list(const struct mw_postfix_endpoint *endpoint, const char *list, const char *why)
{
	struct search search = { .endpoint = endpoint, .list = list }, again;
	struct mw_str value = mw_endpoint_value(endpoint, list);

	look_through(&search, value);
	if (!search.found && why != NULL)
		report_missing(&search, why);
	if (!search.found)
		return search;
	again = search;
	again.found = false;
	again.reports = true;
	look_through(&again, value);
	check_call(&search);
	return search;
}

/* Whether something behind the question, or in the recipient list, refuses what is not ours to deliver. */
static bool ends_in_refusal(const struct search *search)
{
	struct mw_str lists[] = { search->rest, mw_endpoint_value(search->endpoint, "smtpd_recipient_restrictions") };
	struct mw_restriction item;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		while (mw_restriction_next(&lists[i], &item)) {
			if (IS_WORD(item.name, final_words) && !item.only_warns)
				return true;
		}
	}
	return false;
}

static void check_relay(const struct search *search)
{
	const struct mw_postfix_endpoint *endpoint = search->endpoint;
	enum mw_context context;
	bool audit;

	context = context_of(search, &audit);
	if (context != MW_CONTEXT_RELAY)
		mw_list_finding(endpoint, MW_FOUND_NO_CONTEXT, MW_FINDING_ERROR, RELAY,
				    "the question has no policy_context=relay",
				    context == MW_CONTEXT_SENDER
				    ? "it is about the sender alone: recipients are not judged, and who may relay is refused by what "
				      "stands behind it"
				    : "Mailwicket never answers OK then: who may relay is refused by what stands behind it",
				    mw_fix_shown(endpoint, RELAY));
	if (mw_endpoint_loses_permit(endpoint) && mw_endpoint_says(endpoint, "smtpd_sasl_auth_enable", "yes"))
		mw_list_finding(endpoint, MW_FOUND_REFUSES_PERMITTED, MW_FINDING_ERROR, RELAY,
				    "no permit_sasl_authenticated behind the question",
				    "a connector here is in audit mode, which answers no OK: its users could relay while it was "
				    "enforced, and cannot now; `mailwicket setup` changes it", mw_fix_shown(endpoint, RELAY));
	if (!ends_in_refusal(search))
		mw_list_finding(endpoint, MW_FOUND_NO_REFUSAL_BEHIND, MW_FINDING_ERROR, RELAY,
				    "no reject_unauth_destination behind the question",
				    "what Mailwicket leaves open (a connector in audit mode) would be relayed, or smtpd stops",
				    mw_fix_shown(endpoint, RELAY));
}

/* The policy holds without this question: the relay question judges the sender too. */
static bool check_sender(const struct mw_postfix_endpoint *endpoint)
{
	struct search search = { .endpoint = endpoint, .list = MW_WIRING_SENDER }, again = search;
	struct mw_str list = mw_endpoint_value(endpoint, MW_WIRING_SENDER);
	bool audit;

	look_through(&search, list);
	if (!search.found) {
		warn_of_sender(endpoint, MW_FOUND_SENDER_NOT_ASKED, "Mailwicket is not asked about the sender alone",
			       "the policy holds, but who may not send as an address reads \"Recipient address rejected\", and looks "
			       "for the fault in the wrong place");
		return false;
	}
	again.reports = true;
	look_through(&again, list);
	check_audit(&search);
	check_timeout(&search);
	check_reach(&search);
	if (context_of(&search, &audit) != MW_CONTEXT_SENDER)
		warn_of_sender(endpoint, MW_FOUND_SENDER_CONTEXT, "the question has no policy_context=sender",
			       "who may not write to a recipient reads \"Sender address rejected\"");
	if (search.only_warns)
		warn_of_sender(endpoint, MW_FOUND_SENDER_ONLY_WARNS, "warn_if_reject stands before the question",
			       "what it refuses is refused by the relay question, as the recipient's fault, and logged twice");
	return true;
}

/* The list without the context; for all lists where that is said for all. */
static struct mw_fix without_context(const struct mw_postfix_endpoint *endpoint, const char *list,
				     const struct mw_policy_call *call)
{
	const char *context = "smtpd_policy_service_policy_context";

	if (mw_str_empty(call->context))
		return mw_fix_setting(endpoint->site, endpoint->service, context, "");
	if (mw_wiring_setting(endpoint->site->wiring, list) != NULL)
		return mw_fix_shown(endpoint, list);
	return mw_fix_words(mw_arena_textf(endpoint->site->arena, "check_policy_service %.*s there",
					   MW_STR_ARG(call->server)));
}

/* OK ends a list: right where relaying is decided, and nowhere else. */
static void check_other_lists(const struct mw_postfix_endpoint *endpoint)
{
	static const char *const lists[] = { "smtpd_client_restrictions", "smtpd_helo_restrictions",
					     "smtpd_sender_restrictions", "smtpd_recipient_restrictions",
					     "smtpd_data_restrictions", END_OF_DATA, "smtpd_etrn_restrictions" };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct mw_str list = mw_endpoint_value(endpoint, lists[i]);
		struct mw_str usual = mw_endpoint_value(endpoint, "smtpd_policy_service_policy_context");
		struct mw_restriction item;
		const char *path;

		if (strcmp(lists[i], END_OF_DATA) != 0 && strcmp(lists[i], MW_WIRING_SENDER) != 0)
			(void)search_list(endpoint, lists[i], NULL);
		while (mw_restriction_next(&list, &item)) {
			struct mw_policy_call call = mw_policy_call_parse(item.argument);
			bool audit;

			if (!mw_str_equal_nocase(item.name, MW_STR("check_policy_service")) ||
			    !mw_endpoint_asks_us(endpoint, call.server, &path) ||
			    mw_context_read(mw_str_empty(call.context) ? usual : call.context, &audit) != MW_CONTEXT_RELAY)
				continue;
			mw_endpoint_finding(endpoint, MW_FOUND_CONTEXT_ELSEWHERE, MW_FINDING_ERROR,
				mw_str_empty(call.context) ? "smtpd_policy_service_policy_context" : lists[i],
				mw_arena_textf(endpoint->site->arena, "policy_context=relay in %s", lists[i]),
				"an OK there skips the rest of that list; the context belongs into " RELAY " alone",
				without_context(endpoint, lists[i], &call));
		}
	}
}

/* What else may refuse at END-OF-MESSAGE, by whatever code: after ours too. */
static bool may_refuse(const struct mw_restriction *item)
{
	return mw_str_starts_with_nocase(item->name, MW_STR("check_")) ||
	       mw_str_starts_with_nocase(item->name, MW_STR("reject")) ||
	       mw_str_starts_with_nocase(item->name, MW_STR("defer")) || mw_str_find(item->name, ':') < item->name.len;
}

static void check_end_of_data(const struct mw_postfix_endpoint *endpoint, struct mw_str list,
			      struct mw_class_walk *walk)
{
	struct mw_arena *arena = endpoint->site->arena;
	struct mw_restriction item;
	const char *path;

	while (mw_restriction_next(&list, &item)) {
		if (mw_class_enter(endpoint, walk, item.name)) {
			check_end_of_data(endpoint, mw_endpoint_value(endpoint, mw_arena_text(arena, item.name)), walk);
			walk->depth--;
			continue;
		}
		if (item.only_warns || !may_refuse(&item) ||
		    (mw_str_equal_nocase(item.name, MW_STR("check_policy_service")) &&
		     mw_endpoint_asks_us(endpoint, mw_policy_call_parse(item.argument).server, &path)))
			continue;
		mw_endpoint_finding(endpoint, MW_FOUND_OTHER_AT_END, MW_FINDING_NOTE, END_OF_DATA,
			mw_arena_textf(arena, "%.*s may refuse at END-OF-MESSAGE too", MW_STR_ARG(item.text)),
			"with another code than 421 or 521 it kills the smtpd of a client that continues (Postfix before 3.10.13); "
			"a refusal at DATA is safe",
			mw_fix_words(mw_arena_textf(arena, "smtpd_data_restrictions = %.*s, and not here",
						    MW_STR_ARG(item.text))));
	}
}

bool mw_check_postfix_hooks(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_class_walk walk = { .depth = 0 };
	struct search relay, end;
	bool sender;

	relay = search_list(endpoint, RELAY, "senders and relaying are not judged for those who connect to this listener");
	sender = check_sender(endpoint);
	end = search_list(endpoint, END_OF_DATA, "the real size and number of recipients are not judged");
	if (relay.found) {
		check_relay(&relay);
		check_reach(&relay);
	}
	check_other_lists(endpoint);
	check_end_of_data(endpoint, mw_endpoint_value(endpoint, END_OF_DATA), &walk);
	mw_check_postfix_depth(endpoint);
	if (mw_endpoint_says(endpoint, "smtpd_delay_reject", "no"))
		mw_endpoint_finding(endpoint, MW_FOUND_NO_DELAY, MW_FINDING_WARNING, "smtpd_delay_reject", "smtpd_delay_reject is no",
				    "lists are asked before login and recipient are known: reasons and log lines lack them",
				    mw_fix_shown(endpoint, "smtpd_delay_reject"));
	return relay.found || end.found || sender;
}
