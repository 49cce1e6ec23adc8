/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/identity.h"
#include "decide/trace_write.h"

static bool pass(struct mw_session *session, enum mw_note note, struct mw_str value, struct mw_str other)
{
	mw_trace_write(&session->verdict->trace, &(struct mw_step){ .check = MW_CHECK_HEADER, .note = note,
								    .value = value, .other = other });
	return true;
}

/* From may be what it is, by grants of which the first ends on the day `until`; 0: none ends. */
static bool pass_from(struct mw_session *session, enum mw_note note, int64_t until)
{
	mw_trace_write(&session->verdict->trace,
		       &(struct mw_step){ .check = MW_CHECK_HEADER, .note = note, .other = session->user.name,
					  .value = session->facts->originators.from.addresses,
					  .number = (uint64_t)until });
	return true;
}

static bool fail(struct mw_session *session, enum mw_note note, enum mw_reason reason, struct mw_str value,
		 struct mw_str other)
{
	mw_trace_write(&session->verdict->trace, &(struct mw_step){ .check = MW_CHECK_HEADER, .outcome = MW_FAILED,
								    .note = note, .value = value, .other = other });
	mw_verdict_refuse(session->policy, session->verdict, reason);
	return false;
}

static bool unavailable(struct mw_session *session)
{
	mw_verdict_unavailable(session->verdict, MW_CHECK_HEADER);
	return false;
}

static bool holds(const struct mw_session *session, mw_permissions permissions)
{
	return (session->permissions & permissions) == permissions;
}

/* What the user may do as an address that stands in the header. */
static enum mw_right look_at(const struct mw_session *session, struct mw_str text, struct mw_identity *identity_r)
{
	struct mw_address address;

	mw_identity_address(session->policy, text, &address, NULL);
	mw_identity_right(session->policy, session->directory, &session->user, &address, session->facts->today,
			  identity_r);
	return identity_r->right;
}

static enum mw_right right_on(const struct mw_session *session, struct mw_str text)
{
	struct mw_identity identity;

	return look_at(session, text, &identity);
}

/* The last day of a grant that would be enough for the field if it had not ended. */
static int64_t ended_of(const struct mw_identity *identity, enum mw_reason reason)
{
	int64_t ended = identity->ended.send_as;

	if (reason == MW_REASON_SEND_ON_BEHALF_DENIED && identity->ended.on_behalf > ended)
		ended = identity->ended.on_behalf;
	return ended;
}

/* The user has not the right on the address that the field needs: `note`, or why it has not. */
static bool fail_without_right(struct mw_session *session, enum mw_note note, enum mw_reason reason,
			       struct mw_str address)
{
	struct mw_step step = { .check = MW_CHECK_HEADER, .outcome = MW_FAILED, .note = note, .value = address,
				.other = session->user.name };
	struct mw_identity identity;
	int64_t ended;

	(void)look_at(session, address, &identity);
	ended = ended_of(&identity, reason);
	if (identity.has_owner && !mw_str_empty(identity.owner.blocked)) {
		step.note = MW_NOTE_HEADER_BLOCKED;
		step.other = identity.owner.blocked;
	} else if (mw_identity_only_receives(session->policy, &session->user, &identity)) {
		step.note = MW_NOTE_HEADER_RECEIVE_ONLY;
	} else if (ended != 0) {
		step.note = MW_NOTE_HEADER_GRANT_ENDED;
		step.number = (uint64_t)ended;
	}
	mw_trace_write(&session->verdict->trace, &step);
	mw_verdict_refuse(session->policy, session->verdict, reason);
	return false;
}

/* The earlier last day; 0 is none. */
static int64_t earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Of own, send-as and send-on-behalf. */
static bool is_weaker(enum mw_right right, enum mw_right than)
{
	return than == MW_RIGHT_OWN ? right != MW_RIGHT_OWN : right == MW_RIGHT_SEND_ON_BEHALF && than != right;
}

/* The first address of a list on which the user has not at least this right, and the right on it. False: there is none,
   they are the first address with the weakest right, and that right, and *until_r is the last day of the right that
   ends first; 0: none ends. */
static bool find_lacking(const struct mw_session *session, const struct mw_originator *originator, bool on_behalf,
			 struct mw_str *address_r, enum mw_right *right_r, int64_t *until_r)
{
	struct mw_str rest = originator->addresses, address;
	struct mw_identity identity;

	*address_r = MW_STR_EMPTY;
	*right_r = MW_RIGHT_OWN;
	*until_r = 0;
	while (mw_originator_next(&rest, &address)) {
		enum mw_right right = look_at(session, address, &identity);
		bool lacking = right == MW_RIGHT_NONE || right == MW_RIGHT_UNAVAILABLE ||
			       (right == MW_RIGHT_SEND_ON_BEHALF && !on_behalf);

		if (lacking || is_weaker(right, *right_r)) {
			*address_r = address;
			*right_r = right;
		}
		if (lacking)
			return true;
		*until_r = earlier(*until_r, identity.until);
	}
	return false;
}

/* --- whether the fields can be read */

static bool check_readable(struct mw_session *session, struct mw_str name, const struct mw_originator *originator)
{
	struct mw_str fault;

	if (originator->fault == MW_ORIGINATOR_OK)
		return true;
	fault = mw_str(mw_table_word(mw_originator_faults, (int)originator->fault));
	return fail(session, MW_NOTE_HEADER_INVALID,
		    originator->fault == MW_ORIGINATOR_REPEATED ? MW_REASON_FROM_AMBIGUOUS : MW_REASON_FROM_INVALID, name,
		    fault);
}

static bool check_all_readable(struct mw_session *session)
{
	const struct mw_originators *read = &session->facts->originators;

	/* A message without any From. */
	if (read->from.fault == MW_ORIGINATOR_OK && mw_str_empty(read->from.addresses))
		return fail(session, MW_NOTE_HEADER_INVALID, MW_REASON_FROM_INVALID, MW_STR("From"),
			    mw_str(mw_table_word(mw_originator_faults, MW_ORIGINATOR_MISSING)));
	if (!check_readable(session, MW_STR("From"), &read->from) ||
	    !check_readable(session, MW_STR("Sender"), &read->sender) ||
	    !check_readable(session, MW_STR("Resent-From"), &read->resent_from) ||
	    !check_readable(session, MW_STR("Resent-Sender"), &read->resent_sender))
		return false;
	if (mw_originator_count(&read->sender) > 1)
		return fail(session, MW_NOTE_HEADER_INVALID, MW_REASON_FROM_AMBIGUOUS, MW_STR("Sender"),
			    mw_str(mw_table_word(mw_originator_faults, MW_ORIGINATOR_REPEATED)));
	if (mw_originator_count(&read->from) > 1 && mw_str_empty(read->sender.addresses))
		return fail(session, MW_NOTE_HEADER_SEVERAL, MW_REASON_FROM_AMBIGUOUS, read->from.addresses,
			    MW_STR_EMPTY);
	return true;
}

/* --- Sender, and on whose behalf */

/* Own or send-as, as the envelope's sender. */
static bool check_sent_as(struct mw_session *session, const struct mw_originator *originator, enum mw_note note)
{
	struct mw_str address;
	enum mw_right right;
	int64_t until;

	if (!find_lacking(session, originator, false, &address, &right, &until))
		return true;
	if (right == MW_RIGHT_UNAVAILABLE)
		return unavailable(session);
	return fail_without_right(session, note, MW_REASON_SEND_AS_DENIED, address);
}

/* A name that stands in a header of ASCII as it is. */
static bool is_plain_name(struct mw_str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] > '~' || strchr("\"%!", name.ptr[i]) != NULL)
			return false;
	return name.len > 0;
}

/* From is somebody's on whose behalf the user may send: then Sender has to say who sent it. */
static bool check_on_behalf(struct mw_session *session, struct mw_str address, int64_t until)
{
	const struct mw_originators *read = &session->facts->originators;
	enum mw_right right;

	if (!mw_str_empty(read->sender.addresses)) {
		right = right_on(session, read->sender.addresses);
		if (right == MW_RIGHT_UNAVAILABLE)
			return unavailable(session);
		if (right == MW_RIGHT_OWN)
			return pass_from(session, MW_NOTE_HEADER_ON_BEHALF, until);
	} else if (session->connector->add_sender && is_plain_name(session->user.name)) {
		if (read->sender_signed)
			return fail(session, MW_NOTE_HEADER_SENDER_SIGNED, MW_REASON_SEND_ON_BEHALF_DENIED, address,
				    session->user.name);
		if (session->verdict->mode == MW_MODE_ENFORCE)
			session->verdict->add_sender = session->user.name;
		return pass_from(session, MW_NOTE_HEADER_SENDER_ADDED, until);
	}
	return fail(session, MW_NOTE_HEADER_NEEDS_SENDER, MW_REASON_SEND_ON_BEHALF_DENIED, address, session->user.name);
}

static bool check_from(struct mw_session *session)
{
	const struct mw_originators *read = &session->facts->originators;
	struct mw_str address;
	enum mw_right right;
	int64_t until;

	if (find_lacking(session, &read->from, true, &address, &right, &until))
		return right == MW_RIGHT_UNAVAILABLE
			       ? unavailable(session)
			       : fail_without_right(session, MW_NOTE_HEADER_FROM_NO_GRANT,
						    MW_REASON_SEND_ON_BEHALF_DENIED, address);
	if (right == MW_RIGHT_SEND_ON_BEHALF)
		return check_on_behalf(session, address, until);
	return pass_from(session, MW_NOTE_HEADER_HELD, until);
}

/* --- names, and sessions without a login */

static bool is_authoritative(const struct mw_session *session, struct mw_str text)
{
	const struct mw_accepted_domain *accepted;
	struct mw_address address;

	mw_identity_address(session->policy, text, &address, NULL);
	if (!mw_address_has_domain(&address))
		return false;
	accepted = mw_choose_accepted_domain(session->policy, address.domain);
	return accepted != NULL && accepted->type == MW_AUTHORITATIVE;
}

/* display_name = check */
static bool check_names(struct mw_session *session)
{
	const struct mw_originators *read = &session->facts->originators;
	struct mw_str rest = read->claims, address;

	if (session->connector->display_name != MW_DISPLAY_NAME_CHECK)
		return true;
	while (mw_originator_next(&rest, &address)) {
		enum mw_right right;

		if (!is_authoritative(session, address))
			continue;
		right = right_on(session, address);
		if (right == MW_RIGHT_UNAVAILABLE)
			return unavailable(session);
		if (right == MW_RIGHT_NONE)
			return fail(session, MW_NOTE_HEADER_NAME, MW_REASON_SEND_ON_BEHALF_DENIED, address,
				    session->user.name);
	}
	if (read->claims_cut)
		return fail(session, MW_NOTE_HEADER_NAME_UNREAD, MW_REASON_FROM_INVALID, MW_STR_EMPTY, MW_STR_EMPTY);
	return true;
}

static bool fail_as_authoritative(struct mw_session *session, struct mw_str address)
{
	/* Mailing lists and forwarders send such messages: nothing enforces this yet. */
	session->verdict->mode = MW_MODE_AUDIT;
	return fail(session, MW_NOTE_HEADER_AUTHORITATIVE, MW_REASON_SEND_AS_DENIED, address, MW_STR_EMPTY);
}

/* Nobody logged in, and the connector takes Accept-Authoritative-Domain-Sender away: no reading of From may put it into
   such a domain. */
static bool check_stranger(struct mw_session *session)
{
	const struct mw_originators *read = &session->facts->originators;
	struct mw_str rest = read->from.addresses, address;

	if (!session->connector->header_from_written || holds(session, MW_ACCEPT_AUTHORITATIVE_DOMAIN_SENDER))
		return pass(session, MW_NOTE_HEADER_OFF, MW_STR_EMPTY, MW_STR_EMPTY);
	while (mw_originator_next(&rest, &address))
		if (is_authoritative(session, address))
			return fail_as_authoritative(session, address);
	for (rest = read->claims; mw_originator_next(&rest, &address);)
		if (is_authoritative(session, address))
			return fail_as_authoritative(session, address);
	return pass(session, MW_NOTE_HEADER_OFF, MW_STR_EMPTY, MW_STR_EMPTY);
}

/* Resent-From is the user's, as Resent-Sender is; From is the one of the message that is sent again. */
static bool is_excused(const struct mw_session *session)
{
	return session->connector->allow_resend && !mw_str_empty(session->facts->originators.resent_from.addresses);
}

bool mw_check_header(struct mw_session *session)
{
	const struct mw_originators *read = &session->facts->originators;

	if (session->connector->header_from == MW_HEADER_FROM_OFF)
		return pass(session, MW_NOTE_HEADER_OFF, MW_STR_EMPTY, MW_STR_EMPTY);
	if (holds(session, MW_ACCEPT_ANY_SENDER | MW_ACCEPT_AUTHORITATIVE_DOMAIN_SENDER))
		return pass(session, MW_NOTE_HEADER_ANY, MW_STR_EMPTY, MW_STR_EMPTY);
	if (!session->logged_in)
		return check_stranger(session);
	if (!check_all_readable(session) ||
	    !check_sent_as(session, &read->resent_from, MW_NOTE_HEADER_RESENT_NO_GRANT) ||
	    !check_sent_as(session, &read->resent_sender, MW_NOTE_HEADER_RESENT_NO_GRANT))
		return false;
	if (is_excused(session))
		return pass(session, MW_NOTE_HEADER_RESENT, read->resent_from.addresses, session->user.name);
	return check_from(session) && check_sent_as(session, &read->sender, MW_NOTE_HEADER_SENDER_NO_GRANT) &&
	       check_names(session);
}
