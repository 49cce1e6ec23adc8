/* What one line of a mail log tells about a client. Pure. Names in a line were chosen by whoever connected: a name is
   taken from a place that no other name can imitate, or not at all. */
#ifndef MW_CLI_WHY_EVENT_H
#define MW_CLI_WHY_EVENT_H

#include "report/logline.h"
#include "logs/line.h"

#define MW_WHY_AT_ONCE 2 /* seconds: who leaves a handshake so soon did not wait for a greeting */

enum mw_why_kind {
	MW_WHY_LOGGED_IN,
	MW_WHY_BEGUN,           /* a message of somebody who logged in; whether it was accepted is not shown */
	MW_WHY_SUBMITTED,       /* it was accepted */
	MW_WHY_CLEAR,           /* a login without TLS, with a mechanism that shows the password */
	MW_WHY_UNDERWAY,        /* it was accepted, and the log does not show what became of it */
	MW_WHY_DELIVERED,       /* to one recipient */
	MW_WHY_DEFERRED, MW_WHY_BOUNCED, MW_WHY_EXPIRED,
	MW_WHY_HELD,            /* put on hold, or thrown away, by a filter or a check of the text */
	MW_WHY_CONTENT_REFUSED, /* by a filter or a check of the text */
	MW_WHY_TOO_BIG,         /* for Postfix */
	MW_WHY_CUT,             /* the session ended, or Postfix gave up, before the message was accepted */
	MW_WHY_PERMITTED,       /* by the policy: mailwicketd's decision, with decisions = all */
	MW_WHY_DECIDED,         /* refused by the policy, or would be; deferred; undecided */
	MW_WHY_LOGIN_FAILED,
	MW_WHY_PASSWORD_WRONG,  /* said by Dovecot's auth beside LOGIN_FAILED */
	MW_WHY_USER_UNKNOWN,    /* so too: its passdb has no such user */
	MW_WHY_LOGIN_LEFT,      /* the client left in the middle of a login: no password was checked */
	MW_WHY_LOGIN_CANCELED,  /* the client said that it goes no further */
	MW_WHY_AUTH_FAILED,     /* the session's summary alone says so: the log does not show why */
	MW_WHY_LOGIN_NEEDS_TLS, /* Dovecot refused a login because there is no TLS */
	MW_WHY_FAULT,           /* the server's own: nothing that the client could do better */
	MW_WHY_LIMIT,           /* too many connections, or too often */
	MW_WHY_ENDED,           /* Dovecot ended a login for the reason it gives */
	MW_WHY_SESSION_ERROR,   /* Dovecot's, after a login */
	MW_WHY_MECHANISM,       /* a SASL mechanism that is not offered */
	MW_WHY_NO_LOGIN,        /* by Postfix, because nobody had logged in */
	MW_WHY_NOT_OWNED,       /* by Postfix: the sender is not the user's */
	MW_WHY_REJECTED,        /* by Postfix itself, or in the words of what it asks; without a reply: the log has no words */
	MW_WHY_SCREENED,        /* by postscreen, before any smtpd */
	MW_WHY_LINE_ENDS,       /* by Postfix: lines that end with LF alone */
	MW_WHY_PIPELINED,       /* by Postfix: commands before the answer to the one before */
	MW_WHY_NO_SMTP,         /* by Postfix: what came is not SMTP */
	MW_WHY_NEEDS_STARTTLS,  /* MAIL without TLS where Postfix requires it */
	MW_WHY_TLS_HELLO,       /* TLS where a greeting was due */
	MW_WHY_NO_TLS_HELLO,    /* something else where TLS was due, or nothing */
	MW_WHY_TLS_OLD,
	MW_WHY_TLS_DISTRUST,    /* the client does not accept the certificate */
	MW_WHY_TLS_LEFT,        /* the client left as soon as TLS was there, without a command in it */
	MW_WHY_TLS_FAILED,
	MW_WHY_STARTTLS_FAILED, /* the session's summary alone says so: the log does not show why */
	MW_WHY_TLS_CUT,         /* the client ended the handshake, without a word */
	MW_WHY_LEFT_AT_GREETING,
	MW_WHY_LEFT_AFTER_EHLO, /* asked what is offered, and left */
	MW_WHY_AUTH_NOT_OFFERED,/* AUTH in a session that offered none */
	MW_WHY_LEFT_BEFORE_LOGIN,
	MW_WHY_OPEN,            /* an SMTP session whose end the log does not have */
	MW_WHY_CONNECTED,       /* an SMTP session about which there is nothing more to say */
	MW_WHY_SILENT,          /* no SMTP from an address of the user; no line says so */
	MW_WHY_BANNED,          /* nothing at all from an address of the user after logins that failed; no line says so */
	MW_WHY_UNREAD,          /* a line that tells nothing and has the client's address; no entry is made of it */
	MW_WHY_KINDS
};

/* Whether the client of a session had logged in, as far as that matters to what is told of it. */
enum mw_why_login {
	MW_WHY_LOGIN_TOLD,    /* the kind, or the user, says so */
	MW_WHY_LOGIN_UNTOLD,  /* the log does not tell */
	MW_WHY_LOGIN_NOT_YET, /* it had no occasion to */
	MW_WHY_LOGIN_TRIED,   /* of NO_LOGIN: it tried before, in the same session, and failed */
};

/* Slices point into the line or into the reader's memory, and are valid until the next line. Empty: not told. */
struct mw_why_event {
	enum mw_why_kind kind;
	enum mw_protocol protocol;
	int64_t time;
	bool tls, exposed;
	bool tls_unknown;      /* tls is false because the log does not tell */
	enum mw_why_login login_state;
	bool wide;             /* a fault of the whole server: the line names no user, and no client but a proxy of ours */
	struct mw_str user;    /* the login */
	struct mw_str master;  /* the login name of a master user who acts as that user; of a decision */
	struct mw_str client;
	struct mw_str port;    /* a number, or the listener's name in Postfix's syslog_name */
	struct mw_str mechanism, sender, recipient;
	struct mw_str queue, queue_before; /* the message's id, and the one it had before a content filter */
	unsigned texts, texts_taken;       /* at a session's end: DATA and BDAT, and those that went well */
	struct mw_str verdict, reason, rule_name, rule, reply, tls_version; /* of a decision; reply of REJECTED too */
	const struct mw_logline *decision; /* its values; NULL: no decision */
};

/* A decision line: the message begins "mailwicket: v=1 ". The event points into `values`. False: it is none that matters,
   or malformed. */
bool mw_why_decision(const struct mw_why_line *line, struct mw_logline *values, struct mw_why_event *event_r);
/* The options of `mailwicket explain` that give the facts of a decision once more, so that it comes to the same verdict;
   `today`: the day of the line. */
void mw_why_decision_explain(const struct mw_logline *values, int64_t today, struct mw_buf *out);
/* A line of Dovecot's login processes or of its auth. */
bool mw_why_dovecot(const struct mw_why_line *line, struct mw_why_event *event_r);

/* A line of saslauthd, Cyrus' own or Plesk's, which tells whose login failed and not from where. */
bool mw_why_saslauthd(const struct mw_why_line *line, struct mw_why_event *event_r);
/* A line of Postfix's master or postscreen: what a client sees before any smtpd. */
bool mw_why_postfix(const struct mw_why_line *line, struct mw_why_event *event_r);

#endif
