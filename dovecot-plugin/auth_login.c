/* SPDX-License-Identifier: MIT */
#define AUTH_REQUEST_FIELDS_CONST /* mw_auth_login_hide() writes one */
#include "compat_auth.h"
#include "auth-fields.h"
#include "ioloop.h"

#include "auth_login.h"
#include "auth_mechanisms.h"
#include "mail/mechanism.h"

#define JUDGED "mailwicket_judged"

/* Kept with the request, in its pool. */
struct judged {
	struct mw_auth_names names;
	enum passdb_result result;
	bool whoever; /* refused without a look at the account */
	time_t when;
	/* The mechanism's, which ours stand before until the last passdb has answered. */
	verify_plain_callback_t *verified;
	lookup_credentials_callback_t *looked_up;
};

static mw_auth_decide *decide;

void mw_auth_login_init(mw_auth_decide *asked)
{
	decide = asked;
}

static struct judged *judge(struct auth_request *request)
{
	struct judged *judged = event_get_ptr(request->event, JUDGED);
	struct mw_auth_names names = mw_auth_names(request);

	if (judged == NULL) {
		judged = p_new(request->pool, struct judged, 1);
		event_set_ptr(request->event, JUDGED, judged);
	} else if (mw_auth_names_equal(&judged->names, &names) &&
		   (judged->result != PASSDB_RESULT_NEXT || judged->when == ioloop_time)) {
		/* A permit does not keep: a login that waits at its challenge may be suspended meanwhile. */
		return judged;
	}
	judged->names = (struct mw_auth_names){ p_strdup(request->pool, names.login),
						p_strdup(request->pool, names.master),
						p_strdup(request->pool, names.destination) };
	judged->when = ioloop_time;
	judged->whoever = FALSE;
	judged->result = decide(request, &judged->names, &judged->whoever);
	return judged;
}

enum passdb_result mw_auth_login_judge(struct auth_request *request)
{
	return judge(request)->result;
}

void mw_auth_login_hide(struct auth_request *request, enum passdb_result result)
{
	auth_fields_reset(request->fields.extra_fields);
	/* With it the client would read that a master user may not. */
	request->fields.master_user = NULL;
	request->passdb_result = result;
}

static bool is_challenge(const struct auth_request *request)
{
	return mw_mechanism_class(mw_str(request->fields.mech_name)) == MW_MECHANISM_CHALLENGE;
}

/* Only where a second place stands before OK. */
static bool waits_for_proof(const struct auth_request *request, const struct judged *judged)
{
	return judged->result == PASSDB_RESULT_PASSWORD_MISMATCH && !judged->whoever && is_challenge(request) &&
		mw_auth_mechanisms_held();
}

/* After the last passdb of a login with a password or a token. */
static void verified(enum passdb_result result, struct auth_request *request)
{
	struct judged *judged = event_get_ptr(request->event, JUDGED);

	if (result == PASSDB_RESULT_OK && judge(request)->result != PASSDB_RESULT_NEXT) {
		result = judged->result;
		mw_auth_login_hide(request, result);
	}
	judged->verified(result, request);
}

/* Whether the mechanism takes it for a permit: to one that has its proof already a passdb only adds something. */
static bool goes_on(const struct auth_request *request, enum passdb_result result)
{
	switch (result) {
	case PASSDB_RESULT_OK:
		return TRUE;
	case PASSDB_RESULT_NEXT:
	case PASSDB_RESULT_SCHEME_NOT_AVAILABLE:
	case PASSDB_RESULT_USER_UNKNOWN:
		return !is_challenge(request);
	default:
		return FALSE;
	}
}

/* After the last passdb of a login whose mechanism wanted the credentials. */
static void looked_up(enum passdb_result result, const unsigned char *credentials, size_t size,
		      struct auth_request *request)
{
	struct judged *judged = event_get_ptr(request->event, JUDGED);

	if (goes_on(request, result) && judge(request)->result != PASSDB_RESULT_NEXT) {
		if (waits_for_proof(request, judged)) {
			/* Dovecot fails it as a wrong proof, once a right one has come. */
			request->failed = TRUE;
		} else {
			result = judged->result;
			credentials = NULL;
			size = 0;
			mw_auth_login_hide(request, result);
		}
	}
	judged->looked_up(result, credentials, size, request);
}

enum passdb_result mw_auth_login_verify(struct auth_request *request)
{
	struct judged *judged = judge(request);

	/* A passdb for masters and one for users come here both. */
	if (request->private_callback.verify_plain != verified) {
		judged->verified = request->private_callback.verify_plain;
		request->private_callback.verify_plain = verified;
	}
	if (judged->result != PASSDB_RESULT_NEXT)
		mw_auth_login_hide(request, judged->result);
	return judged->result;
}

enum passdb_result mw_auth_login_lookup(struct auth_request *request)
{
	struct judged *judged = judge(request);

	if (request->private_callback.lookup_credentials != looked_up) {
		judged->looked_up = request->private_callback.lookup_credentials;
		request->private_callback.lookup_credentials = looked_up;
	}
	if (judged->result == PASSDB_RESULT_NEXT || waits_for_proof(request, judged))
		return PASSDB_RESULT_NEXT;
	mw_auth_login_hide(request, judged->result);
	return judged->result;
}
