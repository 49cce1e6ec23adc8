/* What one line of a mail log tells about a client. Pure. Names in a line were chosen by whoever connected: a name is
   taken from a place that no other name can imitate, or not at all. */
#ifndef MW_CLI_WHY_EVENT_H
#define MW_CLI_WHY_EVENT_H

#include "report/logline.h"
#include "logs/line.h"

enum mw_why_kind {
	MW_WHY_LOGGED_IN,
	MW_WHY_SUBMITTED,       /* a message of somebody who logged in was accepted */
	MW_WHY_PERMITTED,       /* by the policy: mailwicketd's decision, with decisions = all */
	MW_WHY_DECIDED,         /* refused by the policy, or would be; deferred; undecided */
	MW_WHY_LOGIN_FAILED,
	MW_WHY_PASSWORD_WRONG,  /* said by Dovecot's auth beside LOGIN_FAILED */
	MW_WHY_LOGIN_NEEDS_TLS, /* Dovecot refused a login because there is no TLS */
	MW_WHY_MECHANISM,       /* a SASL mechanism that is not offered */
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
	struct mw_str user;    /* the login */
	struct mw_str client;
	struct mw_str port;    /* a number, or the listener's name in Postfix's syslog_name */
	struct mw_str mechanism, sender, recipient;
	struct mw_str verdict, reason, rule_name, rule, reply, tls_version; /* of a decision; reply of REJECTED too */
};

/* A decision line: the message begins "mailwicket: v=1 ". The event points into `values`. False: it is none that matters,
   or malformed. */
bool mw_why_decision(const struct mw_why_line *line, struct mw_logline *values, struct mw_why_event *event_r);
/* A line of Dovecot's login processes or of its auth. */
bool mw_why_dovecot(const struct mw_why_line *line, struct mw_why_event *event_r);

/* What Postfix's smtpd said in the sessions that are not over: a line often makes sense only with those before it. */
#define MW_WHY_SESSIONS 512
struct mw_why_session {
	uint64_t process; /* 0: free */
	char client[64];
	bool tls, hello_pipelined, tls_error, tls_silent, tls_plain, tls_old, tls_distrust, told;
};

struct mw_why_sessions {
	struct mw_why_session items[MW_WHY_SESSIONS]; /* by process id; a newer session takes the place of an older */
};

/* A line of Postfix's smtpd. */
bool mw_why_smtpd(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_why_event *event_r);

#endif
