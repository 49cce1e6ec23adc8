/* SPDX-License-Identifier: MIT */
#include "login_client.h"
#include "auth-client.h"
#include "imap-login-client.h"
#include "istream.h"
#include "module-context.h"

#include "capability.h"

#define LOGIN_CONTEXT(client) MODULE_CONTEXT_REQUIRE(client, login_context_module)
static MODULE_CONTEXT_DEFINE_INIT(login_context_module, &login_module_register);

/* What Dovecot's module loader looks for. */
#define MW_EXPORT __attribute__((visibility("default")))
void mailwicket_plugin_init(struct module *module);
void mailwicket_plugin_deinit(void);
extern const char *mailwicket_plugin_version;

MW_EXPORT const char *mailwicket_plugin_version = DOVECOT_ABI_VERSION;

struct mw_login_client *mw_login_client(struct client *client)
{
	return LOGIN_CONTEXT(client);
}

static MW_CLIENT_CREATE_RESULT client_create(MW_CLIENT_CREATE_ARGS)
{
	struct mw_login_client *mw = LOGIN_CONTEXT(client);

	/* submission-login makes its SMTP library refuse commands by itself where TLS is required: neither our reply nor
	   our log would come to pass. Nothing is sent or read before the real state is set below. */
	MW_CLIENT_SECURED(client) = TRUE;
	MW_CLIENT_CREATE(mw->module_ctx.super.create, mw_login_offer_apply(client, mw));
}

static void client_notify_ready(struct client *client)
{
	struct mw_login_client *mw = LOGIN_CONTEXT(client);

	mw_login_offer_apply(client, mw);
	mw->module_ctx.super.notify_auth_ready(client);
}

static void client_notify_status_ours(struct client *client, bool bad, const char *text)
{
	struct mw_login_client *mw = LOGIN_CONTEXT(client);

	/* "... the password was exposed": the tagged reply and the log say what there is to say. */
	if (bad && !mw_login_offers_commands(mw)) {
		mw->pass_sent = true;
		return;
	}
	if (mw->module_ctx.super.notify_status != NULL)
		mw->module_ctx.super.notify_status(client, bad, text);
}

static bool client_filter_mech(struct client *client, struct auth_mech_desc *mech)
{
	struct mw_login_client *mw = LOGIN_CONTEXT(client);

	if (!mw_login_offer_has(client, mw, mech->name))
		return FALSE;
	return mw->module_ctx.super.sasl_filter_mech == NULL || mw->module_ctx.super.sasl_filter_mech(client, mech);
}

/* IMAP's capabilities are made in one piece. Those that come through a proxy are another server's, after the login. */
static void client_send_raw_data_ours(struct client *client, const void *data, size_t size)
{
	struct mw_login_client *mw = LOGIN_CONTEXT(client);
	size_t at, len;
	char *text;

	if (client->login_proxy == NULL && mw_capability_surplus((struct mw_str){ data, size }, &at, &len)) {
		text = t_malloc_no0(size - len);
		memcpy(text, data, at);
		memcpy(text + at, (const char *)data + at + len, size - len - at);
		data = text;
		size -= len;
	}
	mw->module_ctx.super.send_raw_data(client, data, size);
}

static void client_auth_result_ours(struct client *client, enum client_auth_result result,
				    const struct client_auth_reply *reply, const char *text)
{
	struct mw_login_client *mw = LOGIN_CONTEXT(client);

	if (!mw_login_reply_is_ours(client, mw, result)) {
		if (result == CLIENT_AUTH_RESULT_SUCCESS || result == CLIENT_AUTH_RESULT_AUTHFAILED)
			mw_login_reply_log_passed(client, mw);
		mw->module_ctx.super.auth_result(client, result, reply, text);
		return;
	}
	/* IMAP and POP3 keep the name of a refused LOGIN or USER after this: it is logged when the command is done. */
	if (mw->has_input_hook) {
		mw->refused = true;
	} else {
		(void)mw_login_reply_take_rest(client, mw);
		mw_login_reply_log(client, mw);
	}
	result = mw_login_reply_result(&text);
	mw->module_ctx.super.auth_result(client, result, reply, text);
}

/* The name that this command brings, if it brings one, instead of an earlier command's. */
static void take_name(struct client *client, char **earlier)
{
	if (client->virtual_user == NULL)
		client->virtual_user = *earlier;
	else
		i_free(*earlier);
}

/* In the middle of a handshake Dovecot may read its settings anew, and how strong TLS will be is open. */
static bool in_handshake(struct client *client)
{
	return client->ssl_iostream != NULL && !mw_login_handshaked(client) &&
		ssl_iostream_handshake(client->ssl_iostream) <= 0;
}

/* What a client sends of a refused exchange may be on its way yet when the refusal is. True while that, or nothing, is
   all there is to read. */
static bool awaits_rest(struct client *client, struct mw_login_client *mw)
{
	if (mw->rest == 0 || i_stream_read(client->input) < 0)
		return FALSE;
	if (mw_login_reply_take_rest(client, mw) && mw->response.shown)
		mw_login_reply_log(client, mw);
	return mw->rest > 0 || i_stream_get_data_size(client->input) == 0;
}

/* Whether a command shows a password where it has arguments: LOGIN; or, with the tag forgotten, "LOGIN bob secret" and
   "AUTHENTICATE PLAIN ...", whose first word is the tag then. */
static bool shows_password(const struct imap_client *imap)
{
	static const char *const others[] = { "AUTHENTICATE", "CAPABILITY", "ENABLE", "ID", "LOGOUT", "NOOP", "STARTTLS",
					      NULL };

	if (strcasecmp(imap->cmd_name, "LOGIN") == 0)
		return TRUE;
	if (strcasecmp(imap->cmd_tag, "AUTHENTICATE") == 0)
		return mw_mechanism_shows_secret(mw_str(imap->cmd_name));
	return strcasecmp(imap->cmd_tag, "LOGIN") == 0 && !str_array_icase_find(others, imap->cmd_name);
}

/* Such a line may come in pieces: this is the first. */
static void note_login(struct client *client, struct mw_login_client *mw)
{
	const unsigned char *data;
	size_t size;

	if (!mw_login_binary_is(MW_PROTOCOL_IMAP) || mw->login_runs || !shows_password((const struct imap_client *)client))
		return;
	data = i_stream_get_data(client->input, &size);
	mw->login_runs = size > 0 && data[0] != '\r' && data[0] != '\n';
}

/* "a LOGIN bob my secret" is answered with BAD, and nobody is asked; the password has crossed the wire all the same. */
static void log_unparsed_login(struct client *client, struct mw_login_client *mw, bool asked)
{
	const struct imap_client *imap = (const struct imap_client *)client;

	if (!mw->login_runs || !imap->cmd_finished)
		return;
	mw->login_runs = false;
	if (!asked && !mw_login_offers_commands(mw) && client->ssl_iostream == NULL)
		mw_login_reply_log_unparsed(client, mw);
}

static bool client_next_command(struct client *client)
{
	struct mw_login_client *mw = LOGIN_CONTEXT(client);
	char *earlier = client->virtual_user;
	bool result;

	/* pop3-login reads on by itself, and has not read the command's name yet. */
	if (in_handshake(client) || (mw->hook_reads_name && awaits_rest(client, mw)))
		return FALSE;
	mw_login_offer_apply(client, mw);
	mw->attempts = client->auth_attempts;
	mw->pass_sent = mw->refused = false;
	client->virtual_user = NULL;
	note_login(client, mw);
	client_ref(client);
	result = mw->module_ctx.super.input_next_cmd(client);
	take_name(client, &earlier);
	log_unparsed_login(client, mw, mw->refused || client->auth_attempts != mw->attempts);
	if (mw->refused) {
		(void)mw_login_reply_take_rest(client, mw);
		mw_login_reply_log(client, mw);
	}
	if (!client_unref(&client))
		return FALSE;
	return result;
}

static void client_input_ours(struct client *client)
{
	struct mw_login_client *mw = LOGIN_CONTEXT(client);

	if (!awaits_rest(client, mw))
		mw->module_ctx.super.input(client);
}

static void client_allocated(struct client *client)
{
	struct mw_login_client *mw = p_new(client->pool, struct mw_login_client, 1);
	struct client_vfuncs *v = client->vlast;

	mw->module_ctx.super = *v;
	client->vlast = &mw->module_ctx.super;
	MODULE_CONTEXT_SET(client, login_context_module, mw);
	mw->has_input_hook = v->input_next_cmd != NULL &&
		(mw_login_binary_is(MW_PROTOCOL_IMAP) || mw_login_binary_is(MW_PROTOCOL_POP3));
	mw->hook_reads_name = mw->takes_whole_line = mw_login_binary_is(MW_PROTOCOL_POP3);
	mw->keeps_no_command = mw_login_binary_is(MW_PROTOCOL_SUBMISSION);
	v->create = client_create;
	if (v->notify_auth_ready != NULL)
		v->notify_auth_ready = client_notify_ready;
	v->notify_status = client_notify_status_ours;
	v->sasl_filter_mech = client_filter_mech;
	v->auth_result = client_auth_result_ours;
	if (mw_login_binary_is(MW_PROTOCOL_IMAP))
		v->send_raw_data = client_send_raw_data_ours;
	if (v->input != NULL)
		v->input = client_input_ours;
	if (v->input_next_cmd != NULL)
		v->input_next_cmd = client_next_command;
	mw_login_offer_init(client, mw);
}

static const struct login_client_hooks hooks = {
	.client_allocated = client_allocated,
};

/* Dovecot 2.3's auth process does not say that the mechanism of Dovecot's own services is private, and the login
   process aborts where that is missing. */
static bool internal_filter_mech(struct client *client, struct auth_mech_desc *mech)
{
	struct mw_login_client *mw = LOGIN_CONTEXT(client);

	if (strcmp(mech->name, "DOVECOT-TOKEN") == 0)
		mech->flags |= MECH_SEC_PRIVATE;
	return mw->module_ctx.super.sasl_filter_mech == NULL || mw->module_ctx.super.sasl_filter_mech(client, mech);
}

static void internal_client_allocated(struct client *client)
{
	struct mw_login_client *mw = p_new(client->pool, struct mw_login_client, 1);
	struct client_vfuncs *v = client->vlast;

	mw->module_ctx.super = *v;
	client->vlast = &mw->module_ctx.super;
	MODULE_CONTEXT_SET(client, login_context_module, mw);
	v->sasl_filter_mech = internal_filter_mech;
}

static const struct login_client_hooks internal_hooks = {
	.client_allocated = internal_client_allocated,
};

/* The hooks for this login binary, if it needs any. */
static const struct login_client_hooks *hooked;

MW_EXPORT void mailwicket_plugin_init(struct module *module)
{
	switch (mw_login_binary_kind()) {
	case MW_LOGIN_BINARY_JUDGED:
		mw_login_policy_init();
		hooked = &hooks;
		break;
	case MW_LOGIN_BINARY_INTERNAL:
		hooked = &internal_hooks;
		break;
	case MW_LOGIN_BINARY_UNKNOWN:
		mw_login_binary_name_once();
		return;
	}
	login_client_hooks_add(module, hooked);
}

MW_EXPORT void mailwicket_plugin_deinit(void)
{
	if (hooked != NULL)
		login_client_hooks_remove(hooked);
	mw_login_policy_deinit();
}
