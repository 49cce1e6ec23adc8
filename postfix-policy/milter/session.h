/* What Postfix tells a milter in one SMTP session, and when it has to be answered. Pure: bytes of packets in, facts out.

   Nothing is remembered from one MAIL to the next. A message is answered once, at its end, by CONTINUE, a reply or TEMPFAIL;
   all that may go unanswered goes unanswered, and steps that are not needed are declined. Postfix sends the macros that
   the negotiation names, whatever its main.cf says. */
#ifndef MW_POSTFIX_SESSION_H
#define MW_POSTFIX_SESSION_H

#include "base/arena.h"
#include "decide/facts.h"
#include "packet.h"

/* Octets of the arena that a message can take: what its macros say, and its originators. */
#define MW_MESSAGE_MACROS ((size_t)16 * 1024)
#define MW_MESSAGE_MEMORY (MW_MESSAGE_MACROS + MW_ORIGINATORS_MEMORY)

struct mw_message {
	struct mw_arena *arena;
	struct mw_facts facts;  /* their slices live in the arena */
	const char *fault;      /* why it cannot be judged, a static sentence part; else NULL */
	bool has_fields;        /* one came */
	struct mw_originators_reader reader;
};

enum mw_session_state {
	MW_SESSION_NEW,
	MW_SESSION_NEGOTIATED, /* CONNECT comes next */
	MW_SESSION_CONNECTED,  /* there is no message */
	MW_SESSION_MACROS,     /* of a MAIL that comes next */
	MW_SESSION_MESSAGE
};

/* All zero before its first packet. */
struct mw_session_of_milter {
	enum mw_session_state state;
	bool has_macros;               /* those of CONNECT */
	struct mw_endpoints endpoints; /* of the macros of CONNECT */
	const char *fault;             /* what is wrong with them, for each of its messages */
	struct mw_message *message;    /* owned; from the macros of MAIL on */
};

enum mw_session_step {
	MW_SESSION_GOES_ON,
	MW_SESSION_ANSWERS, /* the answer stands in `out` */
	MW_SESSION_ENDS,    /* a message's header is whole: session->message has its facts, or its fault. It is to be
			       answered, and then mw_session_forget() to be called. */
	MW_SESSION_QUITS,
	MW_SESSION_FAILS    /* no memory, or no packet that may come now; the connection has to be closed. *why_r says why, a
			       static sentence part. */
};

/* What the next packet means. */
enum mw_session_step mw_session_take(struct mw_session_of_milter *session, const struct mw_packet *packet,
				     struct mw_buf *out, const char **why_r);
/* There is no message any more. */
void mw_session_forget(struct mw_session_of_milter *session);

#endif
