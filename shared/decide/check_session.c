/* SPDX-License-Identifier: MIT */
#include "decide/check.h"
#include "decide/trace_write.h"

bool mw_check_transaction(struct mw_session *session)
{
	if (!session->facts->no_instance || !mw_str_empty(session->facts->sender))
		return true;
	mw_trace_write(&session->verdict->trace, &(struct mw_step){ .check = MW_CHECK_TRANSACTION, .outcome = MW_FAILED,
								    .note = MW_NOTE_NO_TRANSACTION });
	mw_verdict_refuse(session->policy, session->verdict, MW_REASON_NO_TRANSACTION);
	return false;
}

/* Not inlined: few connectors ask for it, and the others should not pay for its memory. */
__attribute__((noinline)) static bool settle_mode(struct mw_session *session)
{
	struct mw_login login;

	mw_login_find(session->policy, session->directory, session->facts, session->verdict, &login);
	return mw_enforce_for(session->policy, session->directory, session->facts, session->connector, &login,
			      session->verdict);
}

bool mw_check_connector(struct mw_session *session)
{
	const struct mw_connector *connector = mw_choose_connector(session->policy, &session->facts->endpoints);
	struct mw_step step = { .check = MW_CHECK_RULE, .outcome = MW_FAILED, .note = MW_NOTE_NO_RULE };

	if (connector == NULL) {
		mw_trace_write(&session->verdict->trace, &step);
		mw_verdict_no_connector(session->policy, session->facts, session->verdict);
		return false;
	}
	session->connector = connector;
	session->verdict->connector = connector;
	session->verdict->mode = mw_enforcement_mode(&connector->enforcement, session->facts->today);
	session->tls = mw_tls_judge(&session->facts->tls, &connector->tls);
	step = (struct mw_step){ .check = MW_CHECK_RULE, .note = MW_NOTE_RULE_CHOSEN, .value = connector->name };
	mw_trace_write(&session->verdict->trace, &step);
	return !session->logged_in || !mw_enforces_for_some(connector, session->verdict->mode) || settle_mode(session);
}

bool mw_check_tls(struct mw_session *session)
{
	const struct mw_tls_judgement *tls = &session->tls;
	struct mw_step step = { .check = MW_CHECK_TLS, .note = tls->note, .value = tls->value, .other = tls->other };
	bool passed = tls->satisfied || !session->connector->require_tls;

	if (!tls->satisfied && passed)
		step = (struct mw_step){ .check = MW_CHECK_TLS, .note = MW_NOTE_TLS_NOT_REQUIRED };
	step.outcome = passed ? MW_PASSED : MW_FAILED;
	mw_trace_write(&session->verdict->trace, &step);
	if (!passed)
		mw_verdict_refuse(session->policy, session->verdict, MW_REASON_TLS_REQUIRED);
	return passed;
}

static bool admits_class(const struct mw_connector *connector, enum mw_mechanism_class class,
			 const struct mw_facts *facts, const struct mw_tls_judgement *tls)
{
	switch (class) {
	case MW_MECHANISM_BASIC:
	case MW_MECHANISM_BEARER:
		return (connector->auth_mechanism & MW_AUTH_BASIC) != 0;
	case MW_MECHANISM_INTEGRATED:
	case MW_MECHANISM_CHALLENGE:
		return (connector->auth_mechanism & MW_AUTH_INTEGRATED) != 0;
	case MW_MECHANISM_EXTERNAL:
		return (connector->auth_mechanism & MW_AUTH_TLS) != 0 && tls->satisfied &&
		       facts->tls.certificate_verified;
	}
	return false;
}

static bool needs_tls(const struct mw_connector *connector, struct mw_str mechanism)
{
	return (connector->auth_mechanism & MW_AUTH_BASIC_REQUIRE_TLS) != 0 && mw_mechanism_shows_secret(mechanism);
}

bool mw_connector_admits(const struct mw_policy *policy, const struct mw_connector *connector,
			 const struct mw_facts *facts, const struct mw_tls_judgement *tls,
			 struct mw_verdict *verdict)
{
	struct mw_step step = { .check = MW_CHECK_MECHANISM, .note = MW_NOTE_MECHANISM_OK, .value = facts->mechanism };
	enum mw_reason reason = MW_REASON_PERMITTED;

	if (!admits_class(connector, mw_mechanism_class(facts->mechanism), facts, tls)) {
		reason = MW_REASON_MECHANISM_REFUSED;
		step.note = MW_NOTE_MECHANISM_NOT_ADMITTED;
	} else if (needs_tls(connector, facts->mechanism) && !tls->satisfied) {
		reason = MW_REASON_BASIC_WITHOUT_TLS;
		step.note = MW_NOTE_MECHANISM_NEEDS_TLS;
		/* There is TLS, but it is not enough: the reason must say so. */
		if (tls->note != MW_NOTE_TLS_NONE) {
			step.note = tls->note;
			step.value = tls->value;
		}
	}
	step.outcome = reason == MW_REASON_PERMITTED ? MW_PASSED : MW_FAILED;
	mw_trace_write(&verdict->trace, &step);
	if (reason != MW_REASON_PERMITTED)
		mw_verdict_refuse(policy, verdict, reason);
	return reason == MW_REASON_PERMITTED;
}

bool mw_check_mechanism(struct mw_session *session)
{
	struct mw_step step = { .check = MW_CHECK_MECHANISM, .outcome = MW_SKIPPED, .note = MW_NOTE_NOT_LOGGED_IN };

	if (session->logged_in)
		return mw_connector_admits(session->policy, session->connector, session->facts, &session->tls,
					   session->verdict);
	mw_trace_write(&session->verdict->trace, &step);
	return true;
}

bool mw_check_login(struct mw_session *session)
{
	struct mw_step step = { .check = MW_CHECK_LOGIN, .outcome = MW_SKIPPED, .note = MW_NOTE_NOT_LOGGED_IN };
	struct mw_login login;

	if (!session->logged_in) {
		mw_trace_write(&session->verdict->trace, &step);
		return true;
	}
	mw_login_find(session->policy, session->directory, session->facts, session->verdict, &login);
	if (!mw_login_is_known(session->policy, session->directory, session->facts, &login, session->verdict))
		return false;
	session->user = login.user;
	return mw_user_permits(session->policy, session->directory, session->facts, &login, session->verdict);
}

/* Not inlined: few decisions come here, and the others should not pay for its memory. */
__attribute__((noinline)) static void look_for_suspension(struct mw_session *session)
{
	struct mw_login login;

	mw_login_find(session->policy, session->directory, session->facts, session->verdict, &login);
	mw_suspension_holds(session->policy, session->directory, session->facts, &login, session->verdict);
}

void mw_check_suspension(struct mw_session *session)
{
	const struct mw_verdict *verdict = session->verdict;

	/* When the login was found, its service and suspension were judged there. */
	if ((verdict->outcome == MW_REFUSE || verdict->outcome == MW_DEFER) && verdict->mode == MW_MODE_AUDIT &&
	    session->logged_in && mw_trace_step(&verdict->trace, MW_CHECK_LOGIN) == NULL)
		look_for_suspension(session);
}

/* Fingerprints come with colons or without, in capitals or not; the policy's are lower-case hex alone. */
static bool is_fingerprint(struct mw_str given, struct mw_str listed)
{
	size_t at = 0;

	for (size_t i = 0; i < given.len; i++) {
		if (given.ptr[i] == ':')
			continue;
		if (at == listed.len || mw_hex_digit(given.ptr[i]) < 0 ||
		    mw_hex_digit(given.ptr[i]) != mw_hex_digit(listed.ptr[at]))
			return false;
		at++;
	}
	return at == listed.len && at > 0;
}

static bool is_partner(const struct mw_session *session)
{
	const struct mw_strs *listed = &session->connector->partner_certificates;

	/* TLS that is not enough brings no certificate. */
	if (!session->tls.satisfied)
		return false;
	for (size_t i = 0; i < listed->count; i++)
		if (is_fingerprint(session->facts->tls.certificate_fingerprint, listed->items[i]))
			return true;
	return false;
}

static void find_permissions(struct mw_session *session)
{
	const struct mw_connector *connector = session->connector;

	session->principals = mw_principals_at(connector, session->logged_in ? MW_EXCHANGE_USERS : MW_ANONYMOUS_USERS);
	if (is_partner(session))
		session->principals |= MW_PARTNERS;
	session->permissions = mw_permissions_at(connector, session->principals);
	if (session->logged_in && !session->user.relay) {
		session->relay_off = (session->permissions & MW_ACCEPT_ANY_RECIPIENT) != 0;
		session->permissions &= ~(mw_permissions)MW_ACCEPT_ANY_RECIPIENT;
	}
	session->verdict->permissions = session->permissions;
}

/* Static text, as it has to outlive the decision. */
static struct mw_str principal_names(mw_permission_groups principals)
{
	static const char *const names[] = {
		[MW_ANONYMOUS_USERS] = "AnonymousUsers",
		[MW_ANONYMOUS_USERS | MW_EXCHANGE_SERVERS] = "AnonymousUsers, ExchangeServers",
		[MW_ANONYMOUS_USERS | MW_PARTNERS] = "AnonymousUsers, Partners",
		[MW_ANONYMOUS_USERS | MW_EXCHANGE_SERVERS | MW_PARTNERS] = "AnonymousUsers, ExchangeServers, Partners",
		[MW_EXCHANGE_USERS] = "ExchangeUsers",
		[MW_EXCHANGE_USERS | MW_EXCHANGE_SERVERS] = "ExchangeUsers, ExchangeServers",
		[MW_EXCHANGE_USERS | MW_PARTNERS] = "ExchangeUsers, Partners",
		[MW_EXCHANGE_USERS | MW_EXCHANGE_SERVERS | MW_PARTNERS] = "ExchangeUsers, ExchangeServers, Partners",
	};

	return principals < sizeof(names) / sizeof(names[0]) ? mw_str(names[principals]) : MW_STR_EMPTY;
}

bool mw_check_submit(struct mw_session *session)
{
	struct mw_step step = { .check = MW_CHECK_SUBMIT, .note = MW_NOTE_SUBMIT_HELD };
	bool held;

	find_permissions(session);
	held = (session->permissions & MW_SUBMIT) != 0;
	step.value = principal_names(session->principals);
	if (!held) {
		step.outcome = MW_FAILED;
		step.note = MW_NOTE_SUBMIT_MISSING;
	}
	mw_trace_write(&session->verdict->trace, &step);
	if (!held)
		mw_verdict_refuse(session->policy, session->verdict, session->principals == MW_ANONYMOUS_USERS ?
				  MW_REASON_NOT_AUTHENTICATED : MW_REASON_NO_SUBMIT);
	return held;
}
