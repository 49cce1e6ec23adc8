/* TLS as a mail program has it, and a look at the certificate that does not stop at the first thing wrong. */
#ifndef MW_CLI_PROBE_TLS_H
#define MW_CLI_PROBE_TLS_H

#include "probe/probe.h"

/* A client that takes every version and cipher, to tell which came about. Roots: of the file, or NULL: the system's.
   NULL with the reason in `why`. Free with SSL_CTX_free(). */
SSL_CTX *mw_probe_tls_new(const char *ca_file, struct mw_buf *why);
/* Tells the server which name is asked for (RFC 6066), unless that is an address. */
bool mw_probe_tls_name(SSL *ssl, const char *name);
/* After the handshake: version, cipher, and the certificate against the roots and the name, into `seen`. */
void mw_probe_tls_look(SSL *ssl, const char *name, struct mw_seen *seen);

#endif
