/* When a connection is closed for being slow or idle. Pure: the caller passes the time, in seconds of a monotonic
   clock, so that a test needs no waiting. */
#ifndef MW_POSTFIX_DEADLINE_H
#define MW_POSTFIX_DEADLINE_H

#define MW_REQUEST_SECONDS 10.0  /* from a request's first byte to its last */
#define MW_READER_SECONDS 100.0  /* an answer that the peer does not take; as Postfix's smtpd_policy_service_timeout */
#define MW_WAITING_SECONDS 1.0   /* a question in WAITING; after this it is undecided */
#define MW_IDLE_SECONDS 3600.0   /* well above Postfix's smtpd_policy_service_max_ttl, 1,000 s */

/* A time is 0 while it does not apply. */
struct mw_deadlines {
	double begun;   /* the first byte of a request that is not whole came */
	double stalled; /* the last byte of a pending answer went out */
	double active;  /* the last byte came or went */
};

enum mw_due { MW_DUE_NONE, MW_DUE_REQUEST, MW_DUE_READER, MW_DUE_IDLE };

enum mw_due mw_deadline_due(const struct mw_deadlines *deadlines, double now);

#endif
