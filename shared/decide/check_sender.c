/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/identity.h"
#include "decide/trace_write.h"

static bool pass(struct mw_session *session, enum mw_note note, struct mw_str other)
{
	mw_trace_write(&session->verdict->trace,
		       &(struct mw_step){ .check = MW_CHECK_SENDER, .note = note, .value = session->facts->sender,
					  .other = other });
	return true;
}

static bool fail(struct mw_session *session, enum mw_note note, enum mw_reason reason, struct mw_str value,
		 struct mw_str other)
{
	mw_trace_write(&session->verdict->trace, &(struct mw_step){ .check = MW_CHECK_SENDER, .outcome = MW_FAILED,
								    .note = note, .value = value, .other = other });
	mw_verdict_refuse(session->policy, session->verdict, reason);
	return false;
}

static bool fail_as_invalid(struct mw_session *session)
{
	return fail(session, MW_NOTE_SENDER_INVALID, MW_REASON_INVALID_SENDER, session->facts->sender, MW_STR_EMPTY);
}

static bool check_null(struct mw_session *session)
{
	if (!session->logged_in || session->connector->allow_null_sender)
		return pass(session, MW_NOTE_SENDER_NULL, MW_STR_EMPTY);
	return fail(session, MW_NOTE_SENDER_NULL_REFUSED, MW_REASON_SEND_AS_DENIED, MW_STR_EMPTY, session->user.name);
}

static bool holds(const struct mw_session *session, mw_permissions permissions)
{
	return (session->permissions & permissions) == permissions;
}

/* Returns the domain in memory that outlives the check; the canonical one does not. */
static struct mw_str lasting_domain(const struct mw_session *session, const struct mw_accepted_domain *stands_for)
{
	return mw_identity_domain(session->policy, session->facts->sender, stands_for);
}

/* The same of a prefix of the sender; empty where the client writes it in another way. */
static struct mw_str lasting_prefix(const struct mw_session *session, struct mw_str prefix)
{
	struct mw_str given = mw_str_head(session->facts->sender, prefix.len);

	return mw_str_equal_nocase(given, prefix) ? given : MW_STR_EMPTY;
}

static bool is_authoritative(const struct mw_session *session, const struct mw_address *sender)
{
	const struct mw_accepted_domain *accepted = mw_choose_accepted_domain(session->policy, sender->domain);

	return accepted != NULL && accepted->type == MW_AUTHORITATIVE;
}

static bool admits_stranger(const struct mw_session *session, bool authoritative)
{
	return holds(session, MW_ACCEPT_ANY_SENDER) &&
	       (!authoritative || holds(session, MW_ACCEPT_AUTHORITATIVE_DOMAIN_SENDER));
}

static enum mw_note why_no_right(const struct mw_session *session, const struct mw_identity *identity)
{
	if (mw_identity_only_receives(session->policy, &session->user, identity))
		return MW_NOTE_SENDER_RECEIVE_ONLY;
	return identity->ended.send_as != 0 ? MW_NOTE_SENDER_GRANT_ENDED : MW_NOTE_SENDER_NO_GRANT;
}

static bool fail_without_right(struct mw_session *session, const struct mw_identity *identity)
{
	mw_trace_write(&session->verdict->trace,
		       &(struct mw_step){ .check = MW_CHECK_SENDER, .outcome = MW_FAILED, .note = why_no_right(session, identity),
					  .value = session->facts->sender, .other = session->user.name,
					  .number = (uint64_t)identity->ended.send_as });
	mw_verdict_refuse(session->policy, session->verdict, MW_REASON_SEND_AS_DENIED);
	return false;
}

/* The user is neither the owner of the address nor a trustee, by `identity`. Not logged in: it is not looked at. */
static bool check_permissions(struct mw_session *session, const struct mw_address *sender,
			      const struct mw_accepted_domain *stands_for, const struct mw_identity *identity)
{
	bool authoritative = is_authoritative(session, sender);

	if (admits_stranger(session, authoritative))
		return pass(session, MW_NOTE_SENDER_ANY, MW_STR_EMPTY);
	if (session->logged_in && identity->has_owner && !mw_str_empty(identity->owner.blocked))
		return fail(session, MW_NOTE_SENDER_BLOCKED, MW_REASON_SEND_AS_DENIED, session->facts->sender,
			    identity->owner.blocked);
	if (session->logged_in)
		return fail_without_right(session, identity);
	if (authoritative && !holds(session, MW_ACCEPT_AUTHORITATIVE_DOMAIN_SENDER))
		return fail(session, MW_NOTE_SENDER_AUTHORITATIVE, MW_REASON_SEND_AS_DENIED,
			    lasting_domain(session, stands_for), MW_STR_EMPTY);
	return fail(session, MW_NOTE_SENDER_NO_GRANT, MW_REASON_SEND_AS_DENIED, session->facts->sender, MW_STR_EMPTY);
}

/* The step names a grant's address or domain as the client sent it. */
static bool pass_by_grant(struct mw_session *session, const struct mw_identity *identity,
			  const struct mw_address *sender, const struct mw_accepted_domain *stands_for)
{
	struct mw_step step = { .check = MW_CHECK_SENDER, .note = MW_NOTE_SENDER_SEND_AS, .value = session->facts->sender,
				.other = session->facts->sender, .number = (uint64_t)identity->until };

	if (identity->has_owner && identity->granted_on.ptr == identity->owner.name.ptr) {
		step.other = identity->owner.name;
	} else if (mw_str_equal(identity->granted_on, sender->domain)) {
		step.other = lasting_domain(session, stands_for);
	} else if (identity->granted_on.len < sender->whole.len) {
		step.note = MW_NOTE_SENDER_PREFIX;
		step.other = lasting_prefix(session, identity->granted_on);
	}
	mw_trace_write(&session->verdict->trace, &step);
	return true;
}

static bool check_mailbox(struct mw_session *session, const struct mw_address *sender,
			  const struct mw_accepted_domain *stands_for)
{
	struct mw_identity identity;

	if (!session->logged_in)
		return check_permissions(session, sender, stands_for, NULL);
	mw_identity_right(session->policy, session->directory, &session->user, sender, session->facts->today,
			  &identity);
	switch (identity.right) {
	case MW_RIGHT_OWN:
		return pass(session, MW_NOTE_SENDER_OWN, session->user.name);
	case MW_RIGHT_SEND_AS:
		return pass_by_grant(session, &identity, sender, stands_for);
	case MW_RIGHT_NONE:
	case MW_RIGHT_SEND_ON_BEHALF:
		return check_permissions(session, sender, stands_for, &identity);
	case MW_RIGHT_UNAVAILABLE:
		break;
	}
	mw_verdict_unavailable(session->verdict, MW_CHECK_SENDER);
	return false;
}

/* With an "@" a path is no path to Postfix but a mailbox; without one it makes ceo@example.org of ceo%example.org after
   we have looked, so that it is only for those who may use any sender at all. */
static bool check_path(struct mw_session *session, const struct mw_address *sender,
		       const struct mw_accepted_domain *stands_for)
{
	struct mw_str given = session->facts->sender;

	if (mw_str_find(given, '@') < given.len)
		return check_mailbox(session, sender, stands_for);
	return admits_stranger(session, true) ? pass(session, MW_NOTE_SENDER_ANY, MW_STR_EMPTY) : fail_as_invalid(session);
}

/* No user here has the address, unless it is a sub-address that is too long to be written down. */
static bool check_foreign(struct mw_session *session, const struct mw_address *sender,
			  const struct mw_accepted_domain *stands_for)
{
	struct mw_identity identity;

	if (!session->logged_in || admits_stranger(session, is_authoritative(session, sender)))
		return check_permissions(session, sender, stands_for, NULL);
	mw_identity_right(session->policy, session->directory, &session->user, sender, session->facts->today,
			  &identity);
	if (identity.right == MW_RIGHT_NONE && !identity.has_owner)
		return fail_as_invalid(session);
	return check_mailbox(session, sender, stands_for);
}

bool mw_check_sender(struct mw_session *session)
{
	struct mw_address sender;
	const struct mw_accepted_domain *stands_for;

	if (mw_str_empty(session->facts->sender))
		return check_null(session);
	switch (mw_identity_address(session->policy, session->facts->sender, &sender, &stands_for)) {
	case MW_ADDRESS_NULL:
		return check_null(session);
	case MW_ADDRESS_MAILBOX:
		return mw_address_is_nested(&sender) ? fail_as_invalid(session) : check_mailbox(session, &sender, stands_for);
	case MW_ADDRESS_ROUTED:
		return check_path(session, &sender, stands_for);
	case MW_ADDRESS_FOREIGN:
		return check_foreign(session, &sender, stands_for);
	case MW_ADDRESS_POSTMASTER: /* a recipient only, RFC 5321 4.5.1 */
	case MW_ADDRESS_INVALID:
		break;
	}
	return fail_as_invalid(session);
}
