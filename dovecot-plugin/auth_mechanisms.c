/* SPDX-License-Identifier: MIT */
#include "compat_auth.h"
#include "array.h"
#include "auth-request-handler.h"
#include "hash.h"
#include "auth-request-handler-private.h"

#include "auth_mechanisms.h"

#define JUDGED "mailwicket_judged"

struct held_mechanism {
	const struct mech_module *module;
	void (*auth_initial)(struct auth_request *request, const unsigned char *data, size_t data_size);
};

static ARRAY(struct held_mechanism) held;
static mw_auth_judge *judge;
/* Dovecot's own, the same for all its handlers. */
static auth_request_handler_reply_callback_t *reply_below;

void mw_auth_mark_judged(struct auth_request *request)
{
	event_set_ptr(request->event, JUDGED, request);
}

static bool passes(struct auth_request *request)
{
	enum passdb_result result;

	if (event_get_ptr(request->event, JUDGED) != NULL)
		return TRUE;
	result = judge(request);
	if (result == PASSDB_RESULT_NEXT)
		return TRUE;
	request->internal_failure = result == PASSDB_RESULT_INTERNAL_FAILURE;
	request->passdb_result = result;
	request->failed = TRUE;
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

void mw_auth_mechanisms_hold(mw_auth_judge *asked)
{
	struct mech_module_list *list;

	if (judge != NULL)
		return;
	judge = asked;
	i_array_init(&held, 16);
	for (list = MW_DEFAULT_AUTH()->reg->modules; list != NULL; list = list->next) {
		struct held_mechanism mechanism = { &list->module, list->module.auth_initial };

		array_push_back(&held, &mechanism);
		list->module.auth_initial = auth_initial;
	}
}

void mw_auth_mechanisms_free(void)
{
	if (judge != NULL)
		array_free(&held);
	judge = NULL;
}
