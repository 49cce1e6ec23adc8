/* What `mailwicket probe` looks for at a server's services, and what it saw there. */
#ifndef MW_CLI_PROBE_H
#define MW_CLI_PROBE_H

#include <netdb.h>
#include <openssl/types.h>
#include <stdint.h>

#include "base/buf.h"
#include "mail/protocol.h"

/* A port that mail programs use. SMTP is server to server (25), SUBMISSION is for users (587, 465). */
struct mw_probe_service {
	const char *name;
	enum mw_protocol protocol;
	bool implicit_tls; /* else STARTTLS or STLS */
	uint16_t port;     /* the usual one */
};

#define MW_PROBE_SERVICE_COUNT 7
extern const struct mw_probe_service mw_probe_services[MW_PROBE_SERVICE_COUNT];

/* What is the same for all services. Owns nothing. */
struct mw_probe {
	const char *host;
	const char *name;               /* that the certificate must have */
	const struct addrinfo *addresses;
	SSL_CTX *tls;
	unsigned timeout;               /* milliseconds a step may take: to connect, TLS, each reply */
	unsigned warn_days;             /* a certificate that expires within these is doubtful */
	struct mw_str user, password;   /* user empty: no login is tried */
	struct mw_str sender, recipient;
	struct mw_str outside;          /* a recipient that nobody may write to without a login; empty: not tried */
	bool send;                      /* a real message, to its end */
	uint16_t ports[MW_PROBE_SERVICE_COUNT];  /* 0: this service is left out */
};

/* Why a conversation ended before all was seen. */
enum mw_fault {
	MW_FAULT_NONE,
	MW_FAULT_REFUSED,         /* the connection */
	MW_FAULT_NO_CONNECTION,   /* within the time-out */
	MW_FAULT_UNREACHABLE,
	MW_FAULT_SILENT,          /* connected, and not one byte came */
	MW_FAULT_TIMEOUT,         /* a later answer */
	MW_FAULT_CLOSED,
	MW_FAULT_TOO_LONG,        /* a line or an answer */
	MW_FAULT_FOREIGN,         /* an answer that is none of this protocol */
	MW_FAULT_SESSION_REFUSED,     /* the greeting, or the answer to EHLO, is a refusal */
	MW_FAULT_TLS_FROM_START,  /* where a greeting was due */
	MW_FAULT_TEXT_FOR_TLS,    /* where a TLS handshake was due */
	MW_FAULT_TLS,             /* the handshake failed */
	MW_FAULT_STARTTLS         /* offered, and then refused */
};

enum mw_answered { MW_NOT_ASKED, MW_ACCEPTED, MW_REJECTED, MW_DEFERRED };

#define MW_SEEN_TEXT 256 /* what is kept of an answer */

struct mw_seen_answer {
	enum mw_answered answered;
	char text[MW_SEEN_TEXT]; /* as the server sent it: not to be shown unescaped */
};

/* What is offered to somebody who has not logged in. */
struct mw_seen_offer {
	bool login_command; /* IMAP LOGIN, POP3 USER */
	bool starttls;
	char mechanisms[MW_SEEN_TEXT]; /* names of SASL, a blank between them */
};

enum mw_chain { MW_CHAIN_TRUSTED, MW_CHAIN_SELF_SIGNED, MW_CHAIN_NO_ISSUER, MW_CHAIN_BROKEN };

struct mw_seen_certificate {
	enum mw_chain chain;      /* but for its dates */
	const char *chain_error;  /* OpenSSL's words */
	bool name_matches, too_early;
	int days_left;            /* until the first of the chain ends; negative: since when it has */
	char ends[16];            /* "2027-01-31", UTC */
	char subject[MW_SEEN_TEXT], issuer[MW_SEEN_TEXT];
};

struct mw_seen {
	enum mw_fault fault;
	const char *step;             /* in which the fault was: "the greeting" */
	char fault_text[MW_SEEN_TEXT]; /* what the server or the system said */
	char address[64];             /* that answered, or the last that did not */
	char missed[64];              /* the first that did not, where a later one did */
	struct mw_seen_offer before, after; /* without and with TLS */
	struct mw_seen_answer login_before; /* a login nobody has, without TLS; ACCEPTED: its password was asked for or looked at */
	bool tls;
	bool tls_old;  /* below TLSv1.2 */
	int tls_bits;
	char tls_version[16], cipher[64];
	struct mw_seen_certificate certificate;
	struct mw_seen_answer login, sender, recipient, message;
	struct mw_seen_answer outside; /* the RCPT that must be refused */
	bool login_withheld;          /* no password for a server that is not who it should be */
	bool login_unspoken;          /* no mechanism is offered that the probe knows */
};

#endif
