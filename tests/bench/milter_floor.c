/* SPDX-License-Identifier: MIT */
/* A milter that does nothing, on one thread: it negotiates what mailwicketd negotiates, and every message may pass.
   milter_floor unix:PATH; prints "ready" when it listens. */
#define INPUT 131072
#include "floor_peers.h"

#include <arpa/inet.h>
#include <stdint.h>

#define ACTIONS 0x101u
#define STEPS 0xff3dau /* as mailwicketd's: no HELO, RCPT, body, end of fields, unknown, DATA; and no answers but one */

static const char *const lists[] = {
	"{client_addr} {client_port} {daemon_addr} {daemon_port}", "i",
	"{auth_authen} {auth_type} {tls_version} {cipher} {cipher_bits} {cert_subject}", "i", "i",
	"i {client_addr} {client_port} {daemon_addr} {daemon_port} {auth_authen} {auth_type}", "i",
};

static size_t put(unsigned char *at, uint32_t number)
{
	number = htonl(number);
	memcpy(at, &number, 4);
	return 4;
}

static void negotiate(struct peer *peer)
{
	unsigned char answer[1024];
	size_t used = 5;

	answer[4] = 'O';
	used += put(answer + used, 6);
	used += put(answer + used, ACTIONS);
	used += put(answer + used, STEPS);
	for (uint32_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		used += put(answer + used, i);
		memcpy(answer + used, lists[i], strlen(lists[i]) + 1);
		used += strlen(lists[i]) + 1;
	}
	put(answer, (uint32_t)(used - 4));
	say(peer, answer, used);
}

static bool take(struct peer *peer)
{
	size_t at = 0;
	uint32_t len;

	while (peer->have - at >= 5) {
		memcpy(&len, peer->input + at, 4);
		len = ntohl(len);
		if (peer->have - at < 4 + (size_t)len)
			break;
		if (peer->input[at + 4] == 'O')
			negotiate(peer);
		else if (peer->input[at + 4] == 'E')
			say(peer, "\0\0\0\1c", 5);
		else if (peer->input[at + 4] == 'Q')
			return false;
		at += 4 + len;
	}
	memmove(peer->input, peer->input + at, peer->have - at);
	peer->have -= at;
	return true;
}

int main(int argc, char **argv)
{
	return serve_at(argc, argv);
}
