/* SPDX-License-Identifier: MIT */
/* The floor: reads to the empty line and answers, on one thread. floor unix:PATH; prints "ready" when it listens. */
#define INPUT 8192
#include "floor_peers.h"

static const char answer[] = "action=DUNNO\n\n";

static bool take(struct peer *peer)
{
	if (peer->have < 2 || memcmp(peer->input + peer->have - 2, "\n\n", 2) != 0)
		return true;
	peer->have = 0;
	say(peer, answer, sizeof(answer) - 1);
	return true;
}

int main(int argc, char **argv)
{
	return serve_at(argc, argv);
}
