/* SPDX-License-Identifier: MIT */
#include "why/fault.h"

#include "why/part.h"

/* The enhanced status behind the code: "451 4.3.5 ..." gives "4.3.5 ..."; a milter's words may lack the code. */
static struct mw_str status_of(struct mw_str reply)
{
	return reply.len > 4 && reply.ptr[3] == ' ' ? mw_str_tail(reply, 4) : reply;
}

enum mw_why_kind mw_why_fault_of_reply(struct mw_str reply)
{
	static const char *const limits[] = { "Error: too many connections", "Error: too much mail", "Error: too many",
					      NULL };
	static const char *const faults[] = { "TLS not available due to local problem", "Server configuration problem",
					      "Temporary lookup failure", "Service unavailable - try again later",
					      "Internal error occurred", NULL };
	struct mw_str status = status_of(reply);

	if (mw_str_starts_with(status, MW_STR("5.3.4")))
		return MW_WHY_TOO_BIG;
	if (mw_part_has_one(reply, limits))
		return MW_WHY_LIMIT;
	if (status.len > 4 && (status.ptr[0] == '4' || status.ptr[0] == '5') &&
	    memcmp(status.ptr + 1, ".3.", 3) == 0)
		return MW_WHY_FAULT;
	return mw_part_has_one(reply, faults) ? MW_WHY_FAULT : MW_WHY_REJECTED;
}

bool mw_why_fault_hint(struct mw_str warning)
{
	static const char *const begins[] = {
		"SASL: ", "connect to ", "host or service ", "missing attribute ", "problem talking to server ",
		"problem talking to service ", "cannot get ",
		"cannot load ", "No server certs available", "milter ", "timeout on ", "unable to ", "database ",
		"unknown smtpd restriction: ", "SASL authentication failure: cannot connect to ",
		"SASL authentication problem: ", "SASL per-", "don't know ", NULL
	};
	static const char *const words[] = { " is unavailable. ", "unexpected dictionary: ", " must be followed by ",
					     ": bad argument ", "lookup error", "table lookup problem",
					     "No space left", NULL };

	return mw_part_begins_with_one(warning, begins) || mw_part_has_one(warning, words);
}

bool mw_why_fault_of_login(struct mw_str warning)
{
	return mw_str_starts_with(warning, MW_STR("SASL authentication problem: "));
}

bool mw_why_fault_follows(struct mw_str warning)
{
	return mw_str_starts_with(warning, MW_STR("problem talking to server ")) || mw_str_has(warning, " lookup error for ");
}

bool mw_why_fault_of_configuration(struct mw_str reply)
{
	return mw_str_starts_with(reply, MW_STR("451 4.3.5 "));
}

bool mw_why_fault_of_policy_service(struct mw_str reply)
{
	static const char *const warnings[] = { "connect to ", "problem talking to server ", "missing attribute ",
						"host or service ", NULL };

	return mw_why_fault_of_configuration(reply) && mw_part_has_one(mw_part_after(reply, " ("), warnings);
}

bool mw_why_fault_of_restriction(struct mw_str reply)
{
	static const char *const warnings[] = { "unknown smtpd restriction: ", " is unavailable. ", "unexpected dictionary: ",
						" must be followed by ", ": bad argument ", " lookup error for ", NULL };

	return mw_why_fault_of_configuration(reply) && mw_part_has_one(mw_part_after(reply, " ("), warnings);
}

static const struct { const char *word; enum mw_why_kind kind; } aborted[] = {
	{ "auth_failed", MW_WHY_LOGIN_FAILED },
	{ "authorization_failed", MW_WHY_ENDED },
	{ "user_disabled", MW_WHY_ENDED },
	{ "password_expired", MW_WHY_ENDED },
	{ "login_disabled", MW_WHY_ENDED },
	{ "invalid_base64", MW_WHY_ENDED },
	{ "invalid_mech", MW_WHY_MECHANISM },
	{ "anonymous_auth_disabled", MW_WHY_MECHANISM },
	{ "cleartext_auth_disabled", MW_WHY_LOGIN_NEEDS_TLS },
	{ "client_ssl_not_started", MW_WHY_LOGIN_NEEDS_TLS },
	{ "client_ssl_cert_missing", MW_WHY_ENDED },
	{ "client_ssl_cert_untrusted", MW_WHY_ENDED },
	{ "connection_limit", MW_WHY_LIMIT },
	{ "temp_fail", MW_WHY_FAULT },
	{ "auth_temp_failed", MW_WHY_FAULT },
	{ "auth_process_not_ready", MW_WHY_FAULT },
	{ "auth_process_comm_fail", MW_WHY_FAULT },
	{ "process_full", MW_WHY_FAULT },
	{ "shutting_down", MW_WHY_FAULT },
	{ "internal_failure", MW_WHY_FAULT },
	{ "invalid_credentials", MW_WHY_LOGIN_FAILED },
	{ "auth_aborted_by_client", MW_WHY_LOGIN_LEFT },
	{ "auth_waiting_client", MW_WHY_LOGIN_LEFT },
	{ "auth_nologin_referral", MW_WHY_ENDED },
	{ "tls_handshake_not_finished", MW_WHY_TLS_CUT },
	{ "no_auth_attempts", MW_WHY_LEFT_BEFORE_LOGIN },
};

/* "proxy_dest_" with the word for what happened on the way to the server behind a proxy. */
static const struct { const char *word; enum mw_why_kind kind; } proxied[] = {
	{ "connect_failed", MW_WHY_FAULT }, { "internal_failure", MW_WHY_FAULT }, { "remote_failure", MW_WHY_FAULT },
	{ "redirected", MW_WHY_ENDED },
	{ "protocol_failure", MW_WHY_FAULT }, { "auth_temp_failed", MW_WHY_FAULT }, { "auth_failed", MW_WHY_LOGIN_FAILED },
};

bool mw_why_aborted(struct mw_str words, enum mw_why_kind *kind_r)
{
	size_t open = mw_str_find_last(words, '(');
	struct mw_str word;

	if (!mw_str_starts_with(words, MW_STR("Login aborted: ")) || !mw_str_ends_with(words, MW_STR(")")))
		return false;
	word = (struct mw_str){ words.ptr + open + 1, words.len - open - 2 };
	*kind_r = MW_WHY_ENDED;
	for (size_t i = 0; i < sizeof(aborted) / sizeof(aborted[0]); i++)
		if (mw_str_equal(word, mw_str(aborted[i].word)))
			*kind_r = aborted[i].kind;
	for (size_t i = 0; i < sizeof(proxied) / sizeof(proxied[0]); i++)
		if (mw_str_starts_with(word, MW_STR("proxy_dest_")) &&
		    mw_str_equal(mw_str_tail(word, strlen("proxy_dest_")), mw_str(proxied[i].word)))
			*kind_r = proxied[i].kind;
	return true;
}
