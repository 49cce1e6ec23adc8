/* The checks of a decision in the order they ran. Fixed size, never allocates; values are slices into facts, policy and
   directory, so a trace lives as long as they do. Text is made of it only when somebody reads it (report/). */
#ifndef MW_DECIDE_TRACE_H
#define MW_DECIDE_TRACE_H

#include "decide/facts.h"

/* One row per check: id, word in traces and JSON. In the order of DESIGN.md's table. */
enum mw_check {
	MW_CHECK_RULE,       /* which connector or login rule, by name and line */
	MW_CHECK_TLS,
	MW_CHECK_MECHANISM,
	MW_CHECK_LOGIN,
	MW_CHECK_SERVICE,    /* imap= pop3= sieve= smtp= of the user */
	MW_CHECK_NETWORK,    /* networks= of the user; writes a step only where there are some */
	MW_CHECK_SUBMIT,
	MW_CHECK_SENDER,
	MW_CHECK_RECIPIENT,
	MW_CHECK_RESTRICTION, /* the recipient's senders= and senders_denied= */
	MW_CHECK_RECIPIENTS,
	MW_CHECK_SIZE,
	MW_CHECK_HEADER,     /* the message's From, Sender and Resent-* */
	MW_CHECK_TRANSACTION, /* runs before all others; writes a step only when it fails */
	MW_CHECK_COUNT
};
extern const struct mw_table mw_checks; /* rule tls mechanism login service network submit sender recipient senders recipients size header transaction */

enum mw_check_outcome { MW_PASSED, MW_FAILED, MW_SKIPPED, MW_UNKNOWN };
extern const struct mw_table mw_check_outcomes; /* passed failed skipped unknown */

/* The result of a check in detail; report/ has a sentence for each, filled in with the step's two values. */
enum mw_note {
	MW_NOTE_NONE,
	MW_NOTE_RULE_CHOSEN,            /* value: rule name */
	MW_NOTE_RULE_ENFORCED_FOR,      /* value: rule name; other: the user or group of its enforce_for */
	MW_NOTE_NO_RULE,
	MW_NOTE_TLS_NOT_REQUIRED,
	MW_NOTE_TLS_OK,                 /* value: version; other: cipher */
	MW_NOTE_TLS_NONE,
	MW_NOTE_TLS_TOO_OLD,            /* value: version */
	MW_NOTE_TLS_TOO_WEAK,           /* value: cipher */
	MW_NOTE_TLS_PROXY_NOT_NAMED,    /* terminated by a proxy that the rule does not name */
	MW_NOTE_MECHANISM_OK,           /* value: mechanism */
	MW_NOTE_MECHANISM_NOT_ADMITTED,
	MW_NOTE_MECHANISM_NEEDS_TLS,
	MW_NOTE_NOT_LOGGED_IN,
	MW_NOTE_LOGIN_KNOWN,            /* value: login; other: the user's primary address */
	MW_NOTE_LOGIN_UNLISTED,         /* value: login; other: its own address (unlisted_logins = own_address) */
	MW_NOTE_LOGIN_UNKNOWN,          /* value: login */
	MW_NOTE_LOGIN_U_LABEL,          /* unknown, as its domain is not written as A-labels */
	MW_NOTE_LOGIN_NO_ADDRESS,       /* unknown, and with unlisted_logins = own_address no address in an accepted domain */
	MW_NOTE_LOGIN_TAKEN,            /* the same, and the address is somebody's; other: whose, empty: of a grant */
	MW_NOTE_LOGIN_COMPLETE,         /* the same, and a source is complete */
	MW_NOTE_LOGIN_AMBIGUOUS,        /* value: login */
	MW_NOTE_LOGIN_BLOCKED,          /* value: login; other: which record of which source is bad */
	MW_NOTE_SERVICE_ON,
	MW_NOTE_SERVICE_OFF,            /* value: service; other: user */
	MW_NOTE_SUSPENDED_SENDING,      /* other: user, or the master user who acts as the user */
	MW_NOTE_SUSPENDED_LOGIN,
	MW_NOTE_MASTER_OK,
	MW_NOTE_MASTER_REFUSED,
	MW_NOTE_NETWORK_INSIDE,         /* value: service; other: user, or the master user who acts as the user */
	MW_NOTE_NETWORK_OUTSIDE,
	MW_NOTE_NETWORK_CLIENT_UNKNOWN, /* the client's address is not known */
	MW_NOTE_SUBMIT_HELD,            /* value: principals, e.g. "ExchangeUsers" */
	MW_NOTE_SUBMIT_MISSING,
	MW_NOTE_SENDER_OWN,             /* value: sender; other: user */
	MW_NOTE_SENDER_SEND_AS,         /* value: sender; other: what the grant stands on; number: its last day, 0: no end */
	MW_NOTE_SENDER_PREFIX,          /* value: sender; other: the beginning that the grant stands on, "list-" */
	MW_NOTE_SENDER_ANY,             /* Accept-Any-Sender (and Accept-Authoritative-Domain-Sender) */
	MW_NOTE_SENDER_NULL,
	MW_NOTE_SENDER_NULL_REFUSED,
	MW_NOTE_SENDER_INVALID,
	MW_NOTE_SENDER_NO_GRANT,        /* value: sender; other: user; owned by somebody else or by nobody */
	MW_NOTE_SENDER_BLOCKED,         /* value: sender; other: which record of which source is bad */
	MW_NOTE_SENDER_GRANT_ENDED,     /* value: sender; other: user; number: the last day of the grant */
	MW_NOTE_SENDER_RECEIVE_ONLY,    /* value: sender, an address of the user's receive=; other: user */
	MW_NOTE_SENDER_AUTHORITATIVE,   /* anonymous sender in an Authoritative domain; value: domain */
	MW_NOTE_RECIPIENT_ACCEPTED,     /* value: accepted domain; other: its type */
	MW_NOTE_RECIPIENT_ANY,          /* Accept-Any-Recipient */
	MW_NOTE_RECIPIENT_POSTMASTER,
	MW_NOTE_RECIPIENT_INVALID,
	MW_NOTE_RECIPIENT_RELAY,        /* value: domain that is not accepted */
	MW_NOTE_RELAY_OFF,              /* relay=no for the user */
	MW_NOTE_RESTRICTION_NONE,
	MW_NOTE_RESTRICTION_MET,
	MW_NOTE_RESTRICTION_REFUSED,    /* value: recipient; other: "authenticated", "members" or "list" */
	MW_NOTE_RESTRICTION_DENIED,     /* value: recipient; other: the user or group of its senders_denied=; empty: not told */
	MW_NOTE_WITHIN_LIMIT,           /* number: seen; limit: allowed */
	MW_NOTE_OVER_LIMIT,      /* the connector's */
	MW_NOTE_OVER_USER_LIMIT, /* the user's own, which comes before the connector's; other: the user */
	MW_NOTE_LIMIT_BYPASSED,
	MW_NOTE_NOT_AT_THIS_STAGE,
	MW_NOTE_DIRECTORY_UNAVAILABLE,
	MW_NOTE_NO_TRANSACTION,
	MW_NOTE_HEADER_OFF,             /* header_from = off */
	MW_NOTE_HEADER_ANY,             /* Accept-Any-Sender and Accept-Authoritative-Domain-Sender */
	MW_NOTE_HEADER_HELD,            /* value: From's addresses; other: user, who has them, or send-as on them; number: the
					   last day of the grant that ends first, here and in the next two; 0: none ends */
	MW_NOTE_HEADER_ON_BEHALF,       /* the same, with send-on-behalf and a Sender that is the user's */
	MW_NOTE_HEADER_SENDER_ADDED,    /* the same, with a Sender that the milter adds */
	MW_NOTE_HEADER_RESENT,          /* value: Resent-From's addresses; other: user; From is excused (allow_resend) */
	MW_NOTE_HEADER_INVALID,         /* value: the field's name; other: what is wrong (mw_originator_faults) */
	MW_NOTE_HEADER_SEVERAL,         /* value: From's addresses; there is no Sender */
	MW_NOTE_HEADER_FROM_NO_GRANT,   /* value: the address in From; other: user */
	MW_NOTE_HEADER_NEEDS_SENDER,    /* the same; the user has send-on-behalf, and Sender is missing or another's */
	MW_NOTE_HEADER_SENDER_SIGNED,   /* the same; it would be added, but a DKIM-Signature names sender */
	MW_NOTE_HEADER_SENDER_NO_GRANT, /* value: the address in Sender; other: user */
	MW_NOTE_HEADER_GRANT_ENDED,     /* the same, in any of the fields; number: the last day of the grant */
	MW_NOTE_HEADER_BLOCKED,         /* value: an address of a blocked name, in any of the fields; other: why it is */
	MW_NOTE_HEADER_RECEIVE_ONLY,    /* value: an address of the user's receive=, in any of the fields; other: user */
	MW_NOTE_HEADER_RESENT_NO_GRANT, /* value: the address in Resent-From or Resent-Sender; other: user */
	MW_NOTE_HEADER_NAME,            /* value: the address in a display name; other: user */
	MW_NOTE_HEADER_NAME_UNREAD,     /* a display name that cannot be read */
	MW_NOTE_HEADER_AUTHORITATIVE,   /* not logged in; value: the address in an Authoritative domain */
	MW_NOTE_COUNT
};

struct mw_step {
	enum mw_check check;
	enum mw_check_outcome outcome;
	enum mw_note note;
	struct mw_str value, other;
	uint64_t number, limit;
};

/* One place for each check: a check writes at most one step. */
struct mw_trace {
	unsigned count;
	unsigned written; /* a bit for each check that wrote a step with mw_trace_write() */
	struct mw_step steps[MW_CHECK_COUNT];
};

/* The step of a check, or NULL if it did not run. */
const struct mw_step *mw_trace_step(const struct mw_trace *trace, enum mw_check check);

#endif
