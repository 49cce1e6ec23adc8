/* SPDX-License-Identifier: MIT */
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "sync/sql/sql.h"

static bool is_of(const struct addrinfo *found, const char *address)
{
	char text[NI_MAXHOST];

	return getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0 &&
	       strcmp(text, address) == 0;
}

bool mw_sql_is_address_of(const char *host, const char *address)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all;
	bool found = false;

	/* A name server that is away tells nothing. */
	if (getaddrinfo(host, NULL, &hints, &all) != 0)
		return true;
	for (const struct addrinfo *one = all; one != NULL && !found; one = one->ai_next)
		found = is_of(one, address);
	freeaddrinfo(all);
	return found;
}
