/* SPDX-License-Identifier: MIT */
#include "compat_auth.h"
#include "array.h"
#include "auth-settings.h"

#include "auth_mechanisms.h"

/* Those whose every success is a passdb's; no passdb is skipped for a mechanism in what `show --dovecot` prints. */
static const char *const asking[] = {
	"APOP", "CRAM-MD5", "DIGEST-MD5", "EXTERNAL", "LOGIN", "OAUTHBEARER", "OTP", "PLAIN", "SCRAM-SHA-1",
	"SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS", "XOAUTH2", NULL
};

void mw_auth_mechanisms_hold(void)
{
	const char *name;

	array_foreach_elem(&global_auth_settings->mechanisms, name) {
		if (!str_array_icase_find(asking, name))
			i_fatal("mailwicket: auth_mechanisms: %s asks no passdb, and this version of Dovecot lets nobody "
				"judge its logins: take it out", name);
	}
}

bool mw_auth_mechanisms_held(void)
{
	return FALSE;
}

void mw_auth_mechanisms_free(void)
{
}
