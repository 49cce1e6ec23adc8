/* What Postfix's smtpd says in its sessions: a line often makes sense only with those before it. */
#ifndef MW_CLI_WHY_SMTPD_H
#define MW_CLI_WHY_SMTPD_H

#include "why/event.h"

#define MW_WHY_SESSIONS 512
#define MW_WHY_LISTENERS 16

/* A refusal whose meaning the end of the session tells: whether the client had logged in. */
struct mw_why_pending {
	bool is;
	int64_t time;
	bool tls;
	char reply[384], sender[128], recipient[128];
};

struct mw_why_session {
	uint64_t process; /* 0: free */
	uint32_t program; /* several hosts and instances of Postfix count their processes each, */
	uint32_t instance; /* and have a configuration each */
	int64_t begun;    /* 0: the log does not have its beginning */
	char client[64], port[24];
	char queue[24];   /* the last message's id */
	char clear[128];  /* the login whose password crossed the wire in clear, if there is no TLS */
	char fault[160];  /* a warning that explains a later failure */
	char words[512];  /* what the last event says, with that */
	char tls_words[80]; /* OpenSSL's, of a handshake that failed */
	struct mw_why_pending pending;
	bool tls;
	bool tls_error, tls_lost, tls_waited, tls_plain, tls_old, tls_distrust; /* of a handshake that failed */
	bool hello_pipelined, pipelined;
	bool left_greeting, left_hello, left_auth; /* the stage in which the connection ended */
	bool refused; /* a line says so */
	bool failed; /* a login, for a reason that is the client's */
	bool tried;  /* a login, that failed for any reason */
	bool limited; /* by a limit of the server: what fails then, fails by it */
	bool told;  /* an event tells what it was */
	bool ended; /* kept, so that the same line once more is no session of its own */
};

struct mw_why_sessions {
	uint32_t tls_logged[MW_WHY_LISTENERS]; /* instances of Postfix whose smtpd_tls_loglevel is 1 or more, */
	uint32_t starttls[MW_WHY_LISTENERS];   /* and listeners of which TLS began with STARTTLS: hashes of their names; 0: free */
	struct mw_why_session items[MW_WHY_SESSIONS]; /* by process id; a newer session takes the place of an older */
	bool two; /* the last line told a second event */
	struct mw_why_event second;
	struct mw_why_line line; /* the last one, as it is read */
	char message[8192];
};

/* A line of Postfix's smtpd. A line may tell what an earlier one meant: the event has its time. */
bool mw_why_smtpd(struct mw_why_sessions *sessions, const struct mw_why_line *line, struct mw_why_event *event_r);
/* What the same line tells besides; true at most once a line. Valid as long as the first event. */
bool mw_why_smtpd_second(struct mw_why_sessions *sessions, struct mw_why_event *event_r);
/* Sessions whose end the log does not have, one a call. *at_io begins with 0. */
bool mw_why_smtpd_left(struct mw_why_sessions *sessions, size_t *at_io, struct mw_why_event *event_r);

/* --- private to smtpd*.c */

/* A name of a listener with implicit TLS. */
bool mw_smtpd_tls_first(const struct mw_why_event *event);
/* Whether TLS begins with STARTTLS on that listener, or not at all: by its name, or as the log showed it. */
bool mw_smtpd_starttls(const struct mw_why_sessions *sessions, const struct mw_why_session *session,
		       const struct mw_why_event *event);
/* The names that were seen so far. */
bool mw_smtpd_is_known(const uint32_t *names, uint32_t name);
void mw_smtpd_learn(uint32_t *names, uint32_t name);
/* What the event says: the reply, and the warning that explains it. */
struct mw_str mw_smtpd_with_fault(struct mw_why_session *session, struct mw_str said);
/* With PLAIN and LOGIN a password crosses the wire as it is, unless there is TLS: the session's end says so. */
void mw_smtpd_see_password(struct mw_why_session *session, const struct mw_why_event *event);
/* "unknown[192.0.2.7]: SASL PLAIN authentication failed: WHY, sasl_username=NAME". */
bool mw_smtpd_sasl(struct mw_why_session *session, struct mw_str rest, struct mw_why_event *event);
/* The envelope: "...> to=<...> proto=ESMTP helo=<...>" behind "; from=<"; postscreen has commas. A quote makes the rest
   anybody's invention, and nothing is taken. */
void mw_smtpd_envelope(struct mw_str from, struct mw_why_event *event);
/* "REJECT: STAGE from CLIENT: WORDS; ..." behind the queue id. False: nothing yet. */
bool mw_smtpd_reject(struct mw_why_session *session, struct mw_str rest, struct mw_why_event *event);
/* A warning that a message is larger than Postfix takes, before it has an id (smtpd_proxy_filter); the event of it. */
bool mw_smtpd_too_big(struct mw_str warning);
bool mw_smtpd_refuse_size(struct mw_why_session *session, struct mw_str warning, struct mw_why_event *event);
/* "disconnect from ...": what the session was. */
bool mw_smtpd_end(struct mw_why_sessions *sessions, struct mw_why_session *session, struct mw_str rest,
		  struct mw_why_event *event);

#endif
