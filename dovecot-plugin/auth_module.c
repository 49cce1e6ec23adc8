/* SPDX-License-Identifier: MIT */
#include "compat_auth.h"

#include "auth_directory.h"
#include "auth_facts.h"
#include "auth_login.h"
#include "auth_mechanisms.h"
#include "auth_notice.h"
#include "decide/account.h"
#include "decision_log.h"
#include "ioloop.h"
#include "policy/audit.h"
#include "policy_holder.h"

#define LOG_SECONDS 60
#define MW_EXPORT __attribute__((visibility("default")))
void authdb_mailwicket_init(void);
void authdb_mailwicket_deinit(void);
extern const char *authdb_mailwicket_version;

MW_EXPORT const char *authdb_mailwicket_version = DOVECOT_ABI_VERSION;

/* One policy and one directory, however many passdb blocks name the module. */
static struct mw_policy *policy;
static struct mw_auth_directory *directory;
static bool policy_read;
static int64_t noticed; /* the day of the last look at what ends */
static time_t wiring_logged;

static bool audits(void)
{
	return policy != NULL && mw_policy_audits(policy, mw_decision_today());
}

/* Each minute, while somebody logs in. */
static void look_at_wiring(const struct auth_request *request)
{
	const struct auth_passdb *ours = request->passdb;

	if (policy == NULL || (ours->result_failure == AUTH_DB_RULE_RETURN_FAIL &&
			       (ours->result_internalfail == AUTH_DB_RULE_RETURN_FAIL || audits())))
		return;
	if (wiring_logged != 0 && ioloop_time - wiring_logged < LOG_SECONDS)
		return;
	wiring_logged = ioloop_time;
	e_error(mw_decision_event(), "mailwicket: the passdb mailwicket needs result_failure = return-fail and, while a "
		"rule is enforced, result_internalfail = return-fail; run `mailwicket setup`");
}

/* A result that no later passdb can turn round. Where result_failure does not end the lookup, "disabled" does. */
static enum passdb_result final_result(const struct auth_request *request, enum passdb_result result)
{
	enum auth_db_rule rule = result == PASSDB_RESULT_INTERNAL_FAILURE ? request->passdb->result_internalfail :
		request->passdb->result_failure;

	return rule == AUTH_DB_RULE_RETURN_FAIL ? result : PASSDB_RESULT_USER_DISABLED;
}

/* While every rule is in audit mode our passdb is to let go on whom nobody can decide about. */
static bool passes_undecided(struct auth_request *request)
{
	const struct auth_passdb *passdb = auth_request_get_auth(request)->passdbs;

	if (!audits())
		return FALSE;
	while (passdb != NULL && strcmp(passdb->passdb->iface.name, "mailwicket") != 0)
		passdb = passdb->next;
	return passdb != NULL && passdb->result_internalfail == AUTH_DB_RULE_CONTINUE;
}

/* A directory that is away is logged once a minute; what else is not known of a login is a matter of its own. */
static enum passdb_result undecided(struct auth_request *request, const struct mw_facts *facts,
				    const struct mw_verdict *verdict)
{
	const struct mw_step *step = mw_verdict_step(verdict);

	if (step != NULL && step->note != MW_NOTE_DIRECTORY_UNAVAILABLE)
		mw_decision_log(policy, facts, verdict, false);
	else
		mw_auth_directory_log(directory);
	return mw_verdict_stops(verdict) && !passes_undecided(request) ? PASSDB_RESULT_INTERNAL_FAILURE : PASSDB_RESULT_NEXT;
}

static void notice_audits(int64_t today)
{
	if (today == noticed)
		return;
	noticed = today;
	mw_auth_notice_audits(policy, today);
}

/* One name of a login. `destination`: of another server that it is passed on to; one that the directory lacks is no
   account of ours. */
static enum passdb_result decide_name(struct auth_request *request, const struct mw_facts *facts, bool destination,
				      bool *whoever_r)
{
	struct mw_verdict verdict;

	mw_account_decide(policy, mw_auth_directory_view(directory), facts, &verdict);
	if (verdict.outcome == MW_UNDECIDED)
		return undecided(request, facts, &verdict);
	if (destination && verdict.reason == MW_REASON_UNKNOWN_LOGIN)
		return PASSDB_RESULT_NEXT;
	/* What the client reads is Dovecot's reply to a wrong password. */
	verdict.reply = "";
	mw_decision_log(policy, facts, &verdict, false);
	*whoever_r = verdict.reason == MW_REASON_LOGIN_WITHOUT_TLS;
	return mw_verdict_stops(&verdict) ? PASSDB_RESULT_PASSWORD_MISMATCH : PASSDB_RESULT_NEXT;
}

static enum passdb_result decide(struct auth_request *request, const struct mw_auth_names *names, bool *whoever_r)
{
	struct mw_facts facts;
	enum passdb_result result;

	if (!mw_auth_facts(request, names, &facts))
		return PASSDB_RESULT_NEXT;
	if (policy == NULL)
		return PASSDB_RESULT_INTERNAL_FAILURE;
	notice_audits(facts.today);
	result = decide_name(request, &facts, false, whoever_r);
	if (result != PASSDB_RESULT_NEXT || names->destination == NULL)
		return result;
	facts.login = mw_str(names->destination);
	return decide_name(request, &facts, true, whoever_r);
}

static enum passdb_result answer(const struct auth_request *request, enum passdb_result result)
{
	look_at_wiring(request);
	return result == PASSDB_RESULT_NEXT ? result : final_result(request, result);
}

static void verify_plain(struct auth_request *request, const char *password ATTR_UNUSED,
			 verify_plain_callback_t *callback)
{
	callback(answer(request, mw_auth_login_verify(request)), request);
}

static void lookup_credentials(struct auth_request *request, lookup_credentials_callback_t *callback)
{
	callback(answer(request, mw_auth_login_lookup(request)), NULL, 0, request);
}

static void init(struct passdb_module *module ATTR_UNUSED)
{
	mw_auth_login_init(decide);
	mw_auth_mechanisms_hold();
}

/* Runs with the privileges that the auth process starts with. */
static void read_policy(void)
{
	if (policy_read)
		return;
	policy_read = true;
	/* The workers, which judge nothing, have nothing to warn of. */
	policy = mw_held_policy_read(worker ? 0 : mw_decision_today());
	if (policy == NULL)
		return;
	directory = mw_auth_directory_new(policy);
	if (!worker)
		notice_audits(mw_decision_today());
}

MW_PASSDB_PREINIT(preinit, pool)
{
	struct passdb_module *module = p_new(pool, struct passdb_module, 1);

	read_policy();
	/* No cache key: an answer depends on service, listener, client and TLS, and changes with the directory. */
	module->default_cache_key = NULL;
	MW_PASSDB_MADE(module);
}

static struct passdb_module_interface passdb = {
	.name = "mailwicket",
	.preinit = preinit,
	.init = init,
	.verify_plain = verify_plain,
	.lookup_credentials = lookup_credentials,
};

MW_EXPORT void authdb_mailwicket_init(void)
{
	passdb_register_module(&passdb);
}

MW_EXPORT void authdb_mailwicket_deinit(void)
{
	passdb_unregister_module(&passdb);
	mw_auth_mechanisms_free();
	mw_auth_directory_free(directory);
	directory = NULL;
	mw_policy_free(policy);
	policy = NULL;
	mw_decision_event_free();
}
