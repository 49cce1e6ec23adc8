/* A host's addresses, within a time. */
#ifndef MW_CLI_PROBE_ADDRESS_H
#define MW_CLI_PROBE_ADDRESS_H

#include <netdb.h>

/* Addresses in the order in which a client tries them (RFC 6724), or NULL with one line printed and the exit code:
   EX_NOHOST there is no such host, EX_TEMPFAIL the resolver did not answer within `timeout` milliseconds. Once a
   process. Free with freeaddrinfo(). */
struct addrinfo *mw_probe_addresses(const char *host, unsigned timeout, int *exit_r);

#endif
