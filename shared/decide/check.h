/* The checks of a submission, one function each, in the order of DESIGN.md's table. Private to shared/decide. */
#ifndef MW_DECIDE_CHECK_H
#define MW_DECIDE_CHECK_H

#include "decide/directory_view.h"
#include "decide/tls.h"
#include "decide/verdict.h"

/* One decision on its way. What is not yet known is zero. */
struct mw_session {
	const struct mw_policy *policy;
	const struct mw_directory_view *directory;
	const struct mw_facts *facts;
	const struct mw_connector *connector;
	struct mw_verdict *verdict;
	struct mw_tls_judgement tls;
	bool logged_in;   /* somebody tried to, even without a name */
	bool relay_off;   /* the user's relay=no took Accept-Any-Recipient away */
	struct mw_principal user; /* once the login is known */
	mw_permission_groups principals;
	mw_permissions permissions;
	struct mw_address *recipient; /* the caller's; filled by mw_check_recipient() */
};

/* Every check but the first writes its step; false: it has set the verdict and no other check follows. */
/* Before Postfix 3.10.13 a BDAT that is refused leaves recipients without a sender; what asks then is no message's
   DATA. Refused whatever a connector's mode is: smtpd would not outlive a permit. */
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
/* After the last one: mw_suspension_holds(). */
void mw_check_suspension(struct mw_session *session);

/* A verdict to begin with: permitted, enforced. */
void mw_verdict_begin(struct mw_verdict *verdict_r);
/* The rule's mode on that day: an audit ends by itself. */
enum mw_mode mw_enforcement_mode(const struct mw_enforcement *enforcement, int64_t today);
void mw_verdict_refuse(const struct mw_policy *policy, struct mw_verdict *verdict, enum mw_reason reason);
/* The step of the check that needed the directory, and the verdict. */
void mw_verdict_unavailable(struct mw_verdict *verdict, enum mw_check check);
/* The same where mw_identity_session() did not find the user: a login name that could be two users' is named. */
void mw_verdict_login_unavailable(const struct mw_policy *policy, const struct mw_directory_view *directory,
				  const struct mw_facts *facts, struct mw_verdict *verdict);

/* What a connector says to a mechanism; writes the step and, when it is refused, the verdict. */
bool mw_connector_admits(const struct mw_policy *policy, const struct mw_connector *connector,
			 const struct mw_facts *facts, const struct mw_tls_judgement *tls,
			 struct mw_verdict *verdict);

/* Whether a user may use the service, and a master user as the user; the step and, when refused, the verdict. `master`
   is the master user's own record, NULL: none. A suspension of either is enforced in audit mode too. */
bool mw_service_permits(const struct mw_policy *policy, const struct mw_facts *facts, const struct mw_principal *user,
			const struct mw_principal *master, struct mw_verdict *verdict);
/* Behind a refusal that an audited rule lets pass before the user was looked at: it stops if one of them is suspended,
   and is undecided where nobody can tell. `found` says whether `user` is there. */
void mw_suspension_holds(const struct mw_policy *policy, const struct mw_facts *facts, enum mw_lookup found,
			 const struct mw_principal *user, const struct mw_principal *master,
			 struct mw_verdict *verdict);

#endif
