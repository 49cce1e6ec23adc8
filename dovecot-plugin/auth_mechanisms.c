/* SPDX-License-Identifier: MIT */
#include "compat_auth.h"
#include "array.h"
#include "auth-request-handler.h"
#include "hash.h"
#include "auth-request-handler-private.h"

#include "auth_login.h"
#include "auth_mechanisms.h"

struct held_mechanism {
	const struct mech_module *module;
	void (*auth_initial)(struct auth_request *request, const unsigned char *data, size_t data_size);
};

static ARRAY(struct held_mechanism) held;
static bool holding;
/* Dovecot's own, the same for all its handlers. */
static auth_request_handler_reply_callback_t *reply_below;

static bool passes(struct auth_request *request)
{
	enum passdb_result result = mw_auth_login_judge(request);

	if (result == PASSDB_RESULT_NEXT)
		return TRUE;
	request->internal_failure = result == PASSDB_RESULT_INTERNAL_FAILURE;
	request->failed = TRUE;
	mw_auth_login_hide(request, result);
	return FALSE;
}

/* Every success of every mechanism comes through here; what is refused goes on as a wrong password does. */
static void reply(struct auth_request *request, enum auth_client_result result, const void *data, size_t size)
{
	if (result == AUTH_CLIENT_RESULT_SUCCESS && !passes(request))
		reply_below(request, AUTH_CLIENT_RESULT_FAILURE, "", 0);
	else
		reply_below(request, result, data, size);
}

static void auth_initial(struct auth_request *request, const unsigned char *data, size_t data_size)
{
	struct auth_request_handler *handler = request->handler;
	const struct held_mechanism *mechanism;

	if (handler->reply_callback != reply) {
		i_assert(reply_below == NULL || reply_below == handler->reply_callback);
		reply_below = handler->reply_callback;
		handler->reply_callback = reply;
	}
	array_foreach(&held, mechanism) {
		if (mechanism->module == request->mech) {
			mechanism->auth_initial(request, data, data_size);
			return;
		}
	}
	i_unreached();
}

void mw_auth_mechanisms_hold(void)
{
	struct mech_module_list *list;

	if (holding)
		return;
	holding = TRUE;
	i_array_init(&held, 16);
	for (list = MW_DEFAULT_AUTH()->reg->modules; list != NULL; list = list->next) {
		struct held_mechanism mechanism = { &list->module, list->module.auth_initial };

		array_push_back(&held, &mechanism);
		list->module.auth_initial = auth_initial;
	}
}

bool mw_auth_mechanisms_held(void)
{
	return holding;
}

void mw_auth_mechanisms_free(void)
{
	if (holding)
		array_free(&held);
	holding = FALSE;
}
