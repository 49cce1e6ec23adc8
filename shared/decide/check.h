/* The checks of a submission, one function each, in the order of DESIGN.md's table. Private to shared/decide. */
#ifndef MW_DECIDE_CHECK_H
#define MW_DECIDE_CHECK_H

#include "decide/directory_view.h"
#include "decide/tls.h"
#include "decide/verdict.h"
#include "policy/audit.h"

/* The state of one decision. A field is zero until it is known. */
struct mw_session {
	const struct mw_policy *policy;
	const struct mw_directory_view *directory;
	const struct mw_facts *facts;
	const struct mw_connector *connector;
	struct mw_verdict *verdict;
	struct mw_tls_judgement tls;
	bool logged_in;   /* a login was tried, perhaps without a name */
	bool relay_off;   /* the user's relay=no took Accept-Any-Recipient away */
	struct mw_principal user; /* once the login is known */
	mw_permission_groups principals;
	mw_permissions permissions;
	struct mw_address *recipient; /* the caller's; filled by mw_check_recipient() */
};

/* Every check but the first writes its step; false: it has set the verdict and no other check follows. */
/* Before Postfix 3.10.13 a refused BDAT leaves recipients without a sender; a DATA after it belongs to no message.
   Refused in audit mode too: smtpd would crash after a permit. */
bool mw_check_transaction(struct mw_session *session);
bool mw_check_connector(struct mw_session *session);
bool mw_check_tls(struct mw_session *session);
bool mw_check_mechanism(struct mw_session *session);
bool mw_check_login(struct mw_session *session);
bool mw_check_submit(struct mw_session *session);
bool mw_check_sender(struct mw_session *session);
bool mw_check_recipient(struct mw_session *session);
bool mw_check_etrn(struct mw_session *session);
bool mw_check_restriction(struct mw_session *session);
bool mw_check_recipients(struct mw_session *session);
bool mw_check_size(struct mw_session *session);
bool mw_check_header(struct mw_session *session);
/* The last check: mw_suspension_holds(). */
void mw_check_suspension(struct mw_session *session);

/* Takes another verdict over, all but the memory of names: those in its trace lie in this one's. */
void mw_verdict_take(struct mw_verdict *to, const struct mw_verdict *from);
/* The initial verdict: permitted, enforced. */
void mw_verdict_begin(struct mw_verdict *verdict_r);
void mw_verdict_refuse(const struct mw_policy *policy, struct mw_verdict *verdict, enum mw_reason reason);
/* No connector matches: deferred, unless no rule at all is enforced. */
void mw_verdict_no_connector(const struct mw_policy *policy, const struct mw_facts *facts, struct mw_verdict *verdict);
/* The step of a check that nobody can make, and the verdict. */
void mw_verdict_undecided(struct mw_verdict *verdict, const struct mw_step *step);
/* Directory not available: writes the step of the check that needed it, and the verdict. In audit mode it stops nothing:
   that the session is not suspended was seen before. */
void mw_verdict_unavailable(struct mw_verdict *verdict, enum mw_check check);

/* Who logged in, and the master user who acts as the user. */
struct mw_login {
	enum mw_lookup found;
	struct mw_principal user, master;
	bool has_master; /* and the directory has it, or lets it in as an unlisted one, or its name is suspended */
};
/* Finds them; names of unlisted ones are kept in the verdict's memory. */
void mw_login_find(const struct mw_policy *policy, const struct mw_directory_view *directory,
		   const struct mw_facts *facts, struct mw_verdict *verdict, struct mw_login *login_r);
/* The step of the login; false: there is no such user, or nobody can tell, and the verdict says so. A login that could
   be two users' is named; a suspended user is refused all the same (mw_suspension_by_name()). */
bool mw_login_is_known(const struct mw_policy *policy, const struct mw_directory_view *directory,
		       const struct mw_facts *facts, const struct mw_login *login, struct mw_verdict *verdict);
/* Whether the connector is in audit and yet enforced for some who logged in. */
static inline bool mw_enforces_for_some(const struct mw_connector *connector, enum mw_mode mode)
{
	return mode == MW_MODE_AUDIT && connector->enforcement.enforce_for.count > 0;
}
/* The verdict's mode for who logged in: enforced for whom the connector's enforce_for names, and its step says so. False:
   nobody can tell whether it does, and the verdict is undecided, and enforced. */
bool mw_enforce_for(const struct mw_policy *policy, const struct mw_directory_view *directory,
		    const struct mw_facts *facts, const struct mw_connector *connector, const struct mw_login *login,
		    struct mw_verdict *verdict);
/* The master user's own record, NULL: none. */
static inline const struct mw_principal *mw_login_master(const struct mw_login *login)
{
	return login->has_master ? &login->master : NULL;
}

/* Judges a mechanism by a connector; writes the step and, when it is refused, the verdict. */
bool mw_connector_admits(const struct mw_policy *policy, const struct mw_connector *connector,
			 const struct mw_facts *facts, const struct mw_tls_judgement *tls,
			 struct mw_verdict *verdict);

/* Whether a user, or a master user as the user, may use the service; writes the step and, when refused, the
   verdict. `master` is the master user's own record; NULL: none. A suspension is enforced in audit mode too. */
bool mw_service_permits(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_principal *user,
			const struct mw_principal *master, struct mw_verdict *verdict);
/* "imap", "pop3", "sieve" or "smtp": Dovecot's submission is smtp. */
struct mw_str mw_service_name(enum mw_protocol protocol);
/* Whether the user, and a master user who acts as the user, may log in from the client's address: the networks= of the
   directory (Exchange's Client Access Rules). Writes a step where there are any, and, when refused, the verdict. Where
   the address is not known the login is undecided. Comes after mw_service_permits(): whoever is suspended is refused,
   also in audit mode. */
bool mw_network_permits(const struct mw_policy *policy, const struct mw_directory_view *directory,
			const struct mw_facts *facts, const struct mw_principal *user,
			const struct mw_principal *master, struct mw_verdict *verdict);
/* Both, of a login that is known. */
static inline bool mw_user_permits(const struct mw_policy *policy, const struct mw_directory_view *directory,
				   const struct mw_facts *facts, const struct mw_login *login,
				   struct mw_verdict *verdict)
{
	const struct mw_principal *master = mw_login_master(login);

	return mw_service_permits(policy, facts, &login->user, master, verdict) &&
	       mw_network_permits(policy, directory, facts, &login->user, master, verdict);
}
/* After a refusal that an audited rule lets pass before the user was looked up: refuses if the user or the master
   user is suspended. Where the directory has no such user or cannot be read, the login name decides. */
void mw_suspension_holds(const struct mw_policy *policy, const struct mw_directory_view *directory,
			 const struct mw_facts *facts, const struct mw_login *login, struct mw_verdict *verdict);
/* Of a login that is undecided, or unknown in audit: refuses a login name that is suspended (mw_identity_suspended()).
   Where that list cannot be read, the verdict is undecided and enforced, whatever the rule's mode: an audit passes nobody
   who may be suspended. */
void mw_suspension_by_name(const struct mw_policy *policy, const struct mw_directory_view *directory,
			   const struct mw_facts *facts, struct mw_verdict *verdict);

#endif
