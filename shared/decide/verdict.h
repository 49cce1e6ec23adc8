/* What a decision says, and why. Fixed size; owns nothing; its slices point into facts, policy, directory and `unlisted`:
   not to be copied but with mw_verdict_take(). */
#ifndef MW_DECIDE_VERDICT_H
#define MW_DECIDE_VERDICT_H

#include "decide/facts.h"
#include "decide/trace.h"
#include "decide/unlisted.h"

enum mw_reason {
#define MW_REASON(id, name, code, classic, current, sentence) MW_REASON_##id,
#include "decide/reason.def"
#undef MW_REASON
	MW_REASON_COUNT
};

extern const struct mw_table mw_reasons; /* their names */

const char *mw_reason_name(enum mw_reason reason);
const char *mw_reason_sentence(enum mw_reason reason);
/* "550 5.7.1 ..." ; "" where the reason has none. */
const char *mw_reason_reply(enum mw_reason reason, enum mw_reply_style style);
/* What smtpd is told at this stage. At END-OF-MESSAGE the code is 421 for any 4xx and 521 for any 5xx: after those smtpd
   ends the session. After another, Postfix before 3.10.13 keeps half of the message's state, and a DATA without MAIL kills
   it (its HISTORY, 202607). Everything else of the reply stays. */
const char *mw_reason_reply_at(enum mw_reason reason, enum mw_reply_style style, enum mw_stage stage);

enum mw_outcome {
	MW_PERMIT,
	MW_REFUSE,
	MW_DEFER,     /* a temporary refusal with a reply of its own, 4xx: no-connector, no-transaction */
	MW_UNDECIDED  /* cannot be decided: mailwicketd closes the connection, Dovecot gives a temporary failure; in audit
			 mode it passes */
};
extern const struct mw_table mw_outcomes; /* permit refuse defer undecided */

/* Who asked: the login process before a password, the auth process for an account, mailwicketd for a command. */
enum mw_decision { MW_DECISION_LOGIN, MW_DECISION_ACCOUNT, MW_DECISION_SUBMISSION };
extern const struct mw_table mw_decisions; /* login account submission */

/* Exactly one of `connector` and `login_rule` is set when a rule was found; the place and name are the rule's. */
#define MW_ALIKE_MAX 7
struct mw_verdict {
	enum mw_decision decision;
	enum mw_outcome outcome;  /* what the policy says, whatever the mode */
	enum mw_mode mode;        /* of the rule, after audit_until: in audit mode nothing is refused, only logged. A suspension
				     is enforced; so is UNDECIDED where nobody can tell who is suspended. */
	enum mw_reason reason;
	const char *reply;        /* static; "" where there is none */
	bool accept_any_recipient; /* permitted, and the session holds Accept-Any-Recipient: may answer OK in relay context */
	const struct mw_connector *connector;
	const struct mw_login_rule *login_rule;
	/* Dovecot's auth process does not know Postfix's listener: `connector` is one of several that could be meant, the one
	   that lets the login go furthest, and these (the first MW_ALIKE_MAX of them) stop it at the same check. */
	bool listener_unknown;
	unsigned alike_count;
	const struct mw_connector *alike[MW_ALIKE_MAX];
	struct mw_str add_sender; /* HEADER, permitted in enforce mode: the user's primary address, for which the milter adds
				     "Sender:"; empty: nothing is added */
	mw_permissions permissions; /* permissions of the session, once known */
	struct mw_trace trace;
	/* The names of an unlisted user, and of a master user who is one. Last: mw_verdict_begin() and mw_verdict_take()
	   leave them as they are. */
	struct { struct mw_unlisted_name user, master; } unlisted;
};

/* Whether the verdict stops the command: whatever is no permit, in enforce mode. */
bool mw_verdict_stops(const struct mw_verdict *verdict);
/* The step that led to the verdict: a check that failed; where it is undecided, also one that could not be made. NULL: none
   is written. */
const struct mw_step *mw_verdict_step(const struct mw_verdict *verdict);
/* The reason's sentence; another one where a session without a login is refused for its sender's domain. */
const char *mw_verdict_sentence(const struct mw_verdict *verdict);
/* The rule's name, with those of the connectors that are alike behind it and a comma between them; "" for a built-in. */
void mw_verdict_rule_names(const struct mw_verdict *verdict, struct mw_buf *out);
/* The rule's name and place, or the built-in ones ("", "built-in", 0). */
struct mw_str mw_verdict_rule_name(const struct mw_verdict *verdict);
struct mw_place mw_verdict_rule_place(const struct mw_verdict *verdict);

#endif
