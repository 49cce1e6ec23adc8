/* Where master opens a service of type inet. */
#ifndef MW_CLI_CHECK_POSTFIX_INTERFACES_H
#define MW_CLI_CHECK_POSTFIX_INTERFACES_H

#include <sys/socket.h>

#include "servers/check/postfix.h"

#define MW_POSTFIX_ADDRESSES_MOST 32

struct mw_postfix_addresses {
	struct mw_binding items[MW_POSTFIX_ADDRESSES_MOST];
	size_t count; /* 0: the names of inet_interfaces are not known here */
};

/* A service without a host is opened where inet_interfaces of main.cf says, in the families of inet_protocols; master does
   not read the -o settings of its services (postconf(5), master(5)). */
struct mw_postfix_addresses mw_postfix_addresses_of(const struct mw_postfix_site *site, const struct mw_binding *binding);
bool mw_postfix_addresses_meet(const struct mw_postfix_addresses *a, const struct mw_postfix_addresses *b);
/* Whether only programs of this host can connect. */
bool mw_postfix_is_loopback(const struct mw_postfix_site *site, const struct mw_binding *binding);

/* False: neither IPv4 nor IPv6; NULL is allowed. */
bool mw_ip_of_sockaddr(const struct sockaddr *address, struct mw_ip *ip_r);
/* Whether an address is one of this machine, now. */
bool mw_machine_has(const struct mw_ip *ip);

#endif
