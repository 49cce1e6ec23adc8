/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/identity.h"
#include "decide/trace_write.h"

static bool pass(struct mw_session *session, enum mw_note note, struct mw_str value, struct mw_str other)
{
	mw_trace_write(&session->verdict->trace,
		       &(struct mw_step){ .check = MW_CHECK_RECIPIENT, .note = note, .value = value, .other = other });
	return true;
}

static bool fail(struct mw_session *session, enum mw_note note, enum mw_reason reason, struct mw_str value)
{
	mw_trace_write(&session->verdict->trace, &(struct mw_step){ .check = MW_CHECK_RECIPIENT, .outcome = MW_FAILED,
								    .note = note, .value = value });
	mw_verdict_refuse(session->policy, session->verdict, reason);
	return false;
}

static bool may_send_anywhere(const struct mw_session *session)
{
	return (session->permissions & MW_ACCEPT_ANY_RECIPIENT) != 0;
}

/* `domain` is canonical. `given` is the recipient as it came; it outlives the check. */
static bool check_domain(struct mw_session *session, struct mw_str domain, struct mw_str given)
{
	const struct mw_accepted_domain *accepted = mw_choose_accepted_domain(session->policy, domain);

	if (accepted != NULL)
		return pass(session, MW_NOTE_RECIPIENT_ACCEPTED, accepted->domain,
			    mw_str(mw_table_word(mw_domain_types, accepted->type)));
	if (may_send_anywhere(session))
		return pass(session, MW_NOTE_RECIPIENT_ANY, given, MW_STR_EMPTY);
	return fail(session, session->relay_off ? MW_NOTE_RELAY_OFF : MW_NOTE_RECIPIENT_RELAY, MW_REASON_RELAY_DENIED,
		    given);
}

struct path { const struct mw_policy *policy; bool at_home; };

/* Whether Postfix, which folds case, takes `domain` for this accepted domain or local name. */
static bool is_folded(const struct mw_policy *policy, struct mw_str domain)
{
	for (size_t i = 0; i < policy->folded_name_count; i++)
		if (mw_str_equal(policy->folded_names[i].name, domain))
			return true;
	return false;
}

/* A domain that is invalid to us may be valid to Postfix, which takes apart paths of its own domains. */
static bool is_ours(struct mw_str domain, const void *context)
{
	const struct path *path = context;

	if (mw_str_empty(domain))
		return path->at_home;
	return mw_choose_accepted_domain(path->policy, domain) != NULL || is_folded(path->policy, domain);
}

/* A session that may relay may use a path, but not one that leads back to a recipient with `senders=`. */
static bool may_take_path(const struct mw_session *session, const struct mw_address *address)
{
	struct path path = { .policy = session->policy };

	path.at_home = mw_choose_accepted_domain(session->policy, address->domain) != NULL;
	return may_send_anywhere(session) && !mw_address_path_domains(address, is_ours, &path);
}

/* "postmaster" alone is an address of every host (RFC 5321 4.5.1): only what else has no domain gets default_domain, as
   Postfix gives it myorigin, which `check` compares. */
static enum mw_address_kind parse(struct mw_session *session, const struct mw_accepted_domain **stands_for_r)
{
	struct mw_str given = session->facts->recipient;

	*stands_for_r = NULL;
	if (mw_str_equal_nocase(given, MW_STR("postmaster")))
		return mw_address_parse(given, session->recipient);
	return mw_identity_address(session->policy, given, session->recipient, stands_for_r);
}

bool mw_check_recipient(struct mw_session *session)
{
	struct mw_str given = session->facts->recipient;
	struct mw_address *recipient = session->recipient;
	const struct mw_accepted_domain *stands_for;

	switch (parse(session, &stands_for)) {
	case MW_ADDRESS_ROUTED:
		/* The recipient is a path, or a mailbox of the domain after the "@": only Postfix knows, so both
		   must be permitted. */
		if (!may_take_path(session, recipient))
			break;
		/* fall through */
	case MW_ADDRESS_MAILBOX:
	case MW_ADDRESS_FOREIGN:
		if (mw_address_is_nested(recipient))
			break;
		return check_domain(session, recipient->domain, mw_identity_domain(session->policy, given, stands_for));
	case MW_ADDRESS_POSTMASTER:
		return pass(session, MW_NOTE_RECIPIENT_POSTMASTER, given, MW_STR_EMPTY);
	case MW_ADDRESS_NULL:
	case MW_ADDRESS_INVALID:
		break;
	}
	return fail(session, MW_NOTE_RECIPIENT_INVALID, MW_REASON_INVALID_RECIPIENT, given);
}

bool mw_check_etrn(struct mw_session *session)
{
	struct mw_str given = session->facts->etrn_domain;
	char domain[MW_DOMAIN_MAX + 1];
	size_t len;

	if (!mw_domain_canonical(given, domain, &len))
		return fail(session, MW_NOTE_RECIPIENT_INVALID, MW_REASON_INVALID_RECIPIENT, given);
	return check_domain(session, (struct mw_str){ domain, len }, given);
}

static bool admits(const struct mw_session *session, const struct mw_principal *owner)
{
	switch (owner->senders) {
	case MW_SENDERS_ANYONE:
		return true;
	case MW_SENDERS_AUTHENTICATED:
		return session->logged_in || (session->permissions & MW_ACCEPT_AUTHENTICATION_FLAG) != 0;
	case MW_SENDERS_MEMBERS:
		return session->logged_in && owner->kind == MW_GROUP &&
		       mw_identity_in(&session->user, (struct mw_ids){ &owner->id, 1 });
	case MW_SENDERS_LIST:
		return session->logged_in && mw_identity_in(&session->user, owner->senders_list);
	}
	return false;
}

/* Who of the recipient's senders_denied= the session's user is, or is a member of; 0: nobody. */
static uint32_t denied_as(const struct mw_session *session, const struct mw_principal *owner)
{
	return session->logged_in ? mw_identity_which(&session->user, owner->senders_denied) : 0;
}

static struct mw_str name_of(const struct mw_session *session, uint32_t id)
{
	const struct mw_directory_view *directory = session->directory;
	struct mw_principal principal;

	if (id == session->user.id)
		return session->user.name;
	if (directory->by_id == NULL || directory->by_id(directory->context, id, &principal) != MW_LOOKUP_FOUND)
		return MW_STR_EMPTY;
	return principal.name;
}

static struct mw_str restriction_word(enum mw_senders senders)
{
	switch (senders) {
	case MW_SENDERS_ANYONE:
		break;
	case MW_SENDERS_AUTHENTICATED:
		return MW_STR("authenticated");
	case MW_SENDERS_MEMBERS:
		return MW_STR("members");
	case MW_SENDERS_LIST:
		return MW_STR("list");
	}
	return MW_STR_EMPTY;
}

/* Whether the owner takes mail of the session, into the step. senders_denied= comes before senders=. */
static void judge_owner(const struct mw_session *session, const struct mw_principal *owner, struct mw_step *step)
{
	uint32_t denied = denied_as(session, owner);
	bool admitted = denied == 0 && admits(session, owner);

	step->outcome = admitted ? MW_PASSED : MW_FAILED;
	step->note = admitted ? MW_NOTE_RESTRICTION_MET : MW_NOTE_RESTRICTION_REFUSED;
	step->other = restriction_word(owner->senders);
	if (denied == 0)
		return;
	step->note = MW_NOTE_RESTRICTION_DENIED;
	step->other = name_of(session, denied);
}

/* False: the verdict is set and its step written; true: the step is *step_r. */
static bool check_owner(struct mw_session *session, const struct mw_address *recipient, struct mw_step *step_r)
{
	struct mw_step step = { .check = MW_CHECK_RESTRICTION, .note = MW_NOTE_RESTRICTION_NONE };
	struct mw_address base;
	struct mw_principal owner;
	enum mw_held held;
	enum mw_lookup found = mw_identity_owner(session->policy, session->directory, recipient, &base, &owner, &held);

	if (found != MW_LOOKUP_FOUND && found != MW_LOOKUP_NONE) {
		mw_verdict_unavailable(session->verdict, MW_CHECK_RESTRICTION);
		return false;
	}
	step.value = session->facts->recipient;
	if (found == MW_LOOKUP_FOUND && (owner.senders != MW_SENDERS_ANYONE || owner.senders_denied.count > 0))
		judge_owner(session, &owner, &step);
	*step_r = step;
	if (step.outcome == MW_PASSED)
		return true;
	mw_trace_write(&session->verdict->trace, &step);
	mw_verdict_refuse(session->policy, session->verdict, MW_REASON_RECIPIENT_RESTRICTED);
	return false;
}

/* Judges the same local part at another domain that Postfix's tables may take for the recipient's. */
static bool check_owner_at(struct mw_session *session, struct mw_str domain)
{
	struct mw_address other;
	struct mw_step step;

	if (mw_str_equal(session->recipient->domain, domain))
		return true;
	mw_address_copy(&other, session->recipient);
	if (!mw_address_set_domain(&other, domain))
		return true;
	if (other.kind == MW_ADDRESS_FOREIGN && other.local.len <= MW_LOCAL_PART_MAX)
		other.kind = MW_ADDRESS_MAILBOX;
	return check_owner(session, &other, &step);
}

/* Postfix compares domains by Unicode's case folding, so that straße.example is strasse.example to it: whose mailbox
   the recipient may be then. Not inlined: few recipients or policies have such a name. */
__attribute__((noinline)) static bool check_case_folded(struct mw_session *session, struct mw_str domain)
{
	const struct mw_policy *policy = session->policy;
	const struct mw_accepted_domain *stands_for, *accepted = NULL;
	char memory[MW_DOMAIN_MAX + 1];
	size_t len;

	if (mw_domain_case_folded(domain, memory, &len))
		accepted = mw_choose_accepted_domain(policy, (struct mw_str){ memory, len });
	else if (policy->folded_name_count == 0 || !mw_domain_canonical(domain, memory, &len))
		return true;
	domain = (struct mw_str){ memory, len };
	stands_for = mw_choose_local_name(policy, domain);
	if (accepted != NULL && !check_owner_at(session, stands_for != NULL ? stands_for->domain : domain))
		return false;
	for (size_t i = 0; i < policy->folded_name_count; i++)
		if (mw_str_equal(policy->folded_names[i].name, domain) &&
		    !check_owner_at(session, policy->folded_names[i].domain->domain))
			return false;
	return true;
}

bool mw_check_restriction(struct mw_session *session)
{
	struct mw_step step;

	if (!check_owner(session, session->recipient, &step))
		return false;
	if (mw_address_has_domain(session->recipient) &&
	    !check_case_folded(session, mw_identity_domain(session->policy, session->facts->recipient, NULL)))
		return false;
	mw_trace_write(&session->verdict->trace, &step);
	return true;
}
