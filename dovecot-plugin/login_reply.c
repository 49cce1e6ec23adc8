/* SPDX-License-Identifier: MIT */
#include "login_client.h"
#include "auth-client.h"
#include "istream-private.h"
#include "safe-memset.h"
#include "str.h"

#include "credential_rest.h"
#include "decision_log.h"

bool mw_login_reply_is_ours(struct client *client, struct mw_login_client *mw, enum client_auth_result result)
{
	if (result != CLIENT_AUTH_RESULT_SSL_REQUIRED && result != CLIENT_AUTH_RESULT_MECH_SSL_REQUIRED &&
	    result != CLIENT_AUTH_RESULT_MECH_INVALID)
		return false;
	mw_login_reply_remember(client, mw);
	return !mw_login_offer_has(client, mw, mw->mechanism);
}

enum client_auth_result mw_login_reply_result(const char **text_r)
{
	enum mw_reason reason = mw_login_policy() == NULL ? MW_REASON_POLICY_UNREADABLE : MW_REASON_LOGIN_WITHOUT_TLS;

	*text_r = mw_reason_reply(reason, mw_login_policy() == NULL ? MW_REPLIES_CLASSIC : mw_login_policy()->replies);
	/* Without a policy it is the server's fault: clients keep their passwords then. */
	return mw_login_policy() == NULL ? CLIENT_AUTH_RESULT_TEMPFAIL : CLIENT_AUTH_RESULT_SSL_REQUIRED;
}

/* What the protocol's parser took last, as far as it is still in the stream's buffer. */
static struct mw_str taken_bytes(struct client *client)
{
	const struct istream_private *stream = client->input == NULL ? NULL : client->input->real_stream;

	if (stream == NULL || stream->buffer == NULL || stream->skip > stream->pos)
		return MW_STR_EMPTY;
	return (struct mw_str){ (const char *)stream->buffer, stream->skip };
}

static bool is_known(struct mw_str mechanism)
{
	const char *name = t_strndup(mechanism.ptr, mechanism.len);

	return mw_mechanism_known(mechanism) || auth_client_find_mech(auth_client, name) != NULL;
}

static void keep_mechanism(struct mw_login_client *mw, struct mw_str mechanism)
{
	size_t len = I_MIN(mechanism.len, sizeof(mw->mechanism) - 1);

	memcpy(mw->mechanism, mechanism.ptr, len);
	mw->mechanism[len] = '\0';
}

/* Where a client leaves the mechanism out, its response stands in the mechanism's place: only what is known goes to the
   log, to Dovecot's own too. Whatever else it is counts as basic. */
static void keep_asked_mechanism(struct client *client, struct mw_login_client *mw, struct mw_str mechanism)
{
	bool known = mw_str_empty(mechanism) || is_known(mechanism);

	keep_mechanism(mw, known ? mechanism : MW_STR("unknown"));
	if (known || client->auth_mech_name == NULL)
		return;
	i_free(client->auth_mech_name);
	client->auth_mech_name = i_strdup(mw->mechanism);
}

static void remember_response(struct mw_login_client *mw, struct mw_str response)
{
	mw_credential_read(mw_str(mw->mechanism), response, &mw->response);
	mw->rest = mw_credential_rest_lines(mw_str(mw->mechanism), response);
}

void mw_login_reply_remember(struct client *client, struct mw_login_client *mw)
{
	struct mw_str mechanism, response = MW_STR_EMPTY;

	i_zero(&mw->response);
	mw->rest = 0;
	/* SASL counts an attempt before it answers, check_plaintext_auth() after it. */
	mw->plain_command = mw->has_input_hook && client->auth_attempts == mw->attempts;
	if (mw->plain_command) {
		keep_mechanism(mw, mw_str(mw_login_command_mechanism()));
		return;
	}
	mechanism = mw_str(client->auth_mech_name);
	if (mw->keeps_no_command)
		(void)mw_credential_find(taken_bytes(client), &mechanism, &response);
	else if (client->auth_response != NULL)
		response = (struct mw_str){ str_c(client->auth_response), str_len(client->auth_response) };
	keep_asked_mechanism(client, mw, mechanism);
	remember_response(mw, response);
	/* Dovecot would put the next response behind this one. */
	if (client->auth_response != NULL && str_len(client->auth_response) > 0) {
		safe_memset(str_c_modifiable(client->auth_response), 0, str_len(client->auth_response));
		str_truncate(client->auth_response, 0);
	}
}

bool mw_login_reply_take_rest(struct client *client, struct mw_login_client *mw)
{
	const unsigned char *data;
	size_t size, taken;

	if (mw->rest == 0 || client->destroyed)
		return false;
	data = i_stream_get_data(client->input, &size);
	taken = mw_credential_rest_take((struct mw_str){ (const char *)data, size }, mw_str(mw->mechanism), &mw->rest,
					&mw->response);
	i_stream_skip(client->input, taken);
	return taken > 0;
}

static void unreadable(struct mw_verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	verdict->outcome = MW_REFUSE;
	verdict->mode = MW_MODE_ENFORCE;
	verdict->reason = MW_REASON_POLICY_UNREADABLE;
	verdict->reply = mw_reason_reply(MW_REASON_POLICY_UNREADABLE, MW_REPLIES_CLASSIC);
}

/* The name that Dovecot's own parser found; empty where it may hold more than a name. POP3's USER takes the whole line:
   "USER bob secret". */
static struct mw_str parsed_name(struct client *client, const struct mw_login_client *mw)
{
	struct mw_str name = mw_str(client->virtual_user);

	return mw_credential_is_name(name, !mw->takes_whole_line) ? name : MW_STR_EMPTY;
}

/* What is no name is in no log: Dovecot's own would have it when the client leaves. */
static void forget_no_name(struct client *client, struct mw_login_client *mw)
{
	if (mw_str_empty(mw_str(client->virtual_user)) || !mw_str_empty(parsed_name(client, mw)))
		return;
	safe_memset(client->virtual_user, 0, strlen(client->virtual_user));
	i_free_and_null(client->virtual_user);
	mw->pass_sent = true;
}

void mw_login_reply_log(struct client *client, struct mw_login_client *mw)
{
	struct mw_facts facts;
	struct mw_verdict verdict;
	bool exposed;

	if (mw->plain_command)
		forget_no_name(client, mw);
	/* Over TLS that was not good enough nobody could simply read it. */
	exposed = (mw->pass_sent || mw->response.shown) && client->ssl_iostream == NULL;
	mw_login_facts(client, &facts);
	facts.mechanism = mw_str(mw->mechanism);
	facts.login = mw->plain_command ? mw_str(client->virtual_user) : mw_str(mw->response.login);
	if (mw_login_policy() == NULL)
		unreadable(&verdict);
	else
		mw_login_decide(mw_login_policy(), &facts, &verdict);
	mw_decision_log(mw_login_policy(), &facts, &verdict, exposed);
	mw->refused = mw->pass_sent = mw->response.shown = false;
}

void mw_login_reply_log_unparsed(struct client *client, struct mw_login_client *mw)
{
	i_zero(&mw->response);
	mw->plain_command = false;
	mw->response.shown = true;
	keep_mechanism(mw, mw_str(mw_login_command_mechanism()));
	mw_login_reply_log(client, mw);
}

void mw_login_reply_log_passed(struct client *client, const struct mw_login_client *mw)
{
	struct mw_facts facts;
	struct mw_verdict verdict;

	if (mw_login_policy() == NULL)
		return;
	mw_login_facts(client, &facts);
	facts.mechanism = mw_str(client->auth_mech_name);
	facts.login = parsed_name(client, mw);
	mw_login_decide(mw_login_policy(), &facts, &verdict);
	mw_decision_log(mw_login_policy(), &facts, &verdict, false);
}
