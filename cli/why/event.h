/* What one line of a mail log tells about a client. Pure. Names in a line were chosen by whoever connected: a name is
   taken from a place that no other name can imitate, or not at all. */
#ifndef MW_CLI_WHY_EVENT_H
#define MW_CLI_WHY_EVENT_H

#include "report/logline.h"
#include "logs/line.h"

enum mw_why_kind {
	MW_WHY_LOGGED_IN,
	MW_WHY_BEGUN,           /* a message of somebody who logged in; whether it was accepted is not shown */
	MW_WHY_SUBMITTED,       /* it was accepted */
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
	MW_WHY_LOGIN_NEEDS_TLS, /* Dovecot refused a login because there is no TLS */
	MW_WHY_FAULT,           /* the server's own: nothing that the client could do better */
	MW_WHY_LIMIT,           /* too many connections, or too often */
	MW_WHY_ENDED,           /* Dovecot ended a login for the reason it gives */
	MW_WHY_SESSION_ERROR,   /* Dovecot's, after a login */
	MW_WHY_MECHANISM,       /* a SASL mechanism that is not offered */
	MW_WHY_NO_LOGIN,        /* by Postfix, because nobody had logged in */
	MW_WHY_NOT_OWNED,       /* by Postfix: the sender is not the user's */
	MW_WHY_REJECTED,        /* by Postfix itself, or by Postfix in the policy's words */
	MW_WHY_TLS_HELLO,       /* TLS where a greeting was due */
	MW_WHY_NO_TLS_HELLO,    /* something else where TLS was due, or nothing */
	MW_WHY_TLS_OLD,
	MW_WHY_TLS_DISTRUST,    /* the client does not accept the certificate */
	MW_WHY_TLS_FAILED,
	MW_WHY_LEFT_AT_GREETING,
	MW_WHY_LEFT_AFTER_EHLO, /* asked what is offered, and left */
	MW_WHY_AUTH_NOT_OFFERED,/* AUTH in a session that offered none */
	MW_WHY_LEFT_BEFORE_LOGIN,
	MW_WHY_CONNECTED,       /* an SMTP session about which there is nothing more to say */
	MW_WHY_SILENT,          /* no SMTP from an address of the user; no line says so */
	MW_WHY_KINDS
};

/* Slices point into the line or into the reader's memory, and are valid until the next line. Empty: not told. */
struct mw_why_event {
	enum mw_why_kind kind;
	enum mw_protocol protocol;
	int64_t time;
	bool tls, exposed;
	bool tls_unknown;      /* tls is false because the log does not tell */
	struct mw_str user;    /* the login */
	struct mw_str client;
	struct mw_str port;    /* a number, or the listener's name in Postfix's syslog_name */
	struct mw_str mechanism, sender, recipient;
	struct mw_str queue, queue_before; /* the message's id, and the one it had before a content filter */
	unsigned texts, texts_taken;       /* at a session's end: DATA and BDAT, and those that went well */
	struct mw_str verdict, reason, rule_name, rule, reply, tls_version; /* of a decision; reply of REJECTED too */
};

/* A decision line: the message begins "mailwicket: v=1 ". The event points into `values`. False: it is none that matters,
   or malformed. */
bool mw_why_decision(const struct mw_why_line *line, struct mw_logline *values, struct mw_why_event *event_r);
/* A line of Dovecot's login processes or of its auth. */
bool mw_why_dovecot(const struct mw_why_line *line, struct mw_why_event *event_r);

/* What Postfix's smtpd said in the sessions that are not over: a line often makes sense only with those before it. */
#define MW_WHY_SESSIONS 512
/* A refusal whose meaning the end of the session tells: whether the client had logged in. */
struct mw_why_pending {
	bool is;
	int64_t time;
	bool tls;
	char port[24], reply[384], sender[128], recipient[128];
};

struct mw_why_session {
	uint64_t process; /* 0: free */
	uint32_t program; /* several instances of Postfix count their processes each */
	char client[64];
	char queue[24];   /* the last message's id */
	char fault[160];  /* a warning that explains a later failure */
	char words[512];  /* what the last event says, with that */
	struct mw_why_pending pending;
	bool tls, hello_pipelined, tls_error, tls_silent, tls_plain, tls_old, tls_distrust, told;
};

struct mw_why_sessions {
	bool tls_logged; /* smtpd_tls_loglevel is 1 or more */
	struct mw_why_session items[MW_WHY_SESSIONS]; /* by process id; a newer session takes the place of an older */
};

/* A line of Postfix's smtpd. A line may tell what an earlier one meant: the event has its time. */
bool mw_why_smtpd(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_why_event *event_r);
/* Refusals of sessions whose end the log does not have, one a call. *at_io begins with 0. */
bool mw_why_smtpd_left(struct mw_why_sessions *sessions, size_t *at_io, struct mw_why_event *event_r);

#endif
