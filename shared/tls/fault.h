/* Why a handshake fails. GnuTLS's part of libldap says no more than "(unknown error code)" of a certificate that is not good:
   a second handshake, with OpenSSL, names what is wrong. */
#ifndef MW_TLS_FAULT_H
#define MW_TLS_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct mw_tls_client {
	const char *host;      /* a name or an address that the server's certificate has to be for */
	const char *whose;     /* how url names it: "as in url" */
	const char *ca_file;   /* whom we trust, PEM */
	const char *cert_file; /* ours, with key_file; "": none */
	const char *key_file;
	int fd;                /* a connection that does not block, whose server waits for a handshake */
	int64_t deadline;      /* of the whole, mw_clock_milliseconds() */
};

/* What is wrong with a handshake of TLS 1.2 or 1.3: all faults of the server's certificate, ours, the version, that it is no
   TLS. The text has octets of the server's as they came. The connection stays open and is of no use afterwards; nothing was
   sent but the handshake. The process has to ignore SIGPIPE. False: nothing was found. */
bool mw_tls_fault(const struct mw_tls_client *client, struct mw_buf *why);

#endif
