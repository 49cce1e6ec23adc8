/* Macros of a milter: which are asked for at the negotiation, and what they say. Pure. */
#ifndef MW_POSTFIX_MACROS_H
#define MW_POSTFIX_MACROS_H

#include "decide/facts.h"
#include "packet.h"

/* The list of macros that Postfix is to send at each step: "override macro lists" of libmilter's smfi_setsymlist(). */
void mw_macros_add_lists(struct mw_buf *out);

/* Macros of one packet, by name; a name is as it was asked for. ptr NULL: it did not come. */
struct mw_macros {
	struct mw_str client_addr, client_port, daemon_addr, daemon_port;
	struct mw_str auth_authen, auth_type, tls_version, cipher, cipher_bits, cert_subject;
	struct mw_str queue_id;
};

/* `data` of a packet of macros, behind the step that they are for. False: a string does not end, or a name has no value. */
bool mw_macros_read(struct mw_str data, struct mw_macros *macros_r);

/* What they say of the connection. NULL, or why that cannot be told: a static sentence part. Where mailwicketd would have to
   guess the listener (no port of the server, or 0: mail of Postfix's own programs), it says so. */
const char *mw_macros_endpoints(const struct mw_macros *macros, struct mw_endpoints *endpoints_r);
/* What they say of TLS and the login; slices of the packet. NULL, or why that cannot be told. */
const char *mw_macros_identity(const struct mw_macros *macros, uint16_t local_port, struct mw_facts *facts);

/* "1.2.3.4", "IPv6:::1", "::1" or "unknown". */
bool mw_macros_address(struct mw_str text, struct mw_ip *ip_r);

#endif
