/* Where Postfix looks for Dovecot's auth service: smtpd_sasl_path of each listener. */
#ifndef MW_CLI_CHECK_SASL_SOCKETS_H
#define MW_CLI_CHECK_SASL_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MW_SASL_SOCKETS_MOST 32

struct mw_sasl_socket {
	const char *path; /* absolute, outside of any chroot; NULL: over TCP, at `port` */
	uint16_t port;    /* 0: none that is known */
	const char *listener; /* whose it is: "submission/inet"; "": main.cf's */
};

/* Each once. */
struct mw_sasl_sockets {
	struct mw_sasl_socket items[MW_SASL_SOCKETS_MOST];
	size_t count;
	bool elsewhere; /* some listener has passwords checked by another library */
};

void mw_sasl_sockets_add(struct mw_sasl_sockets *sockets, struct mw_sasl_socket socket);

#endif
