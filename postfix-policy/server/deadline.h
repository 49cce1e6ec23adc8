/* When a connection is closed for being slow or idle. Pure: the caller passes the time, in seconds of a monotonic
   clock, so that a test needs no waiting. */
#ifndef MW_POSTFIX_DEADLINE_H
#define MW_POSTFIX_DEADLINE_H

#define MW_REQUEST_SECONDS 10.0  /* from the first byte of a request, or of a packet, to its last */
#define MW_READER_SECONDS 100.0  /* an answer that the peer does not take; as Postfix's smtpd_policy_service_timeout */

/* A time is 0 while it does not apply. */
struct mw_deadlines {
	double begun;   /* the first byte of what is not whole came, or the connection did and its peer has to speak at once */
	double stalled; /* the last byte of a pending answer went out */
	double active;  /* the last byte came or went */
};

enum mw_due { MW_DUE_NONE, MW_DUE_REQUEST, MW_DUE_READER, MW_DUE_IDLE };

/* `idle_seconds`: how long the connection may be idle. */
enum mw_due mw_deadline_due(const struct mw_deadlines *deadlines, double idle_seconds, double now);

#endif
