/* SPDX-License-Identifier: MIT */
#include "probe/address.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <time.h>

#include "ui/output.h"

static bool is_missing(int error)
{
	return error == EAI_NONAME || error == EAI_NODATA || error == EAI_ADDRFAMILY;
}

struct addrinfo *mw_probe_addresses(const char *host, unsigned timeout, int *exit_r)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
	/* A question that the resolver sits on cannot be taken back: it keeps its memory to the end. */
	static struct gaicb question;
	struct gaicb *questions[] = { &question };
	struct timespec patience = { timeout / 1000, (long)(timeout % 1000) * 1000000 };
	int error;

	question = (struct gaicb){ .ar_name = host, .ar_request = &hints };
	error = getaddrinfo_a(GAI_NOWAIT, questions, 1, NULL);
	if (error == 0) {
		gai_suspend((const struct gaicb *const *)questions, 1, &patience);
		error = gai_error(&question);
	}
	if (error == 0)
		return question.ar_result;
	*exit_r = is_missing(error) ? EX_NOHOST : EX_TEMPFAIL;
	mw_complain("%s: %s", host,
		    is_missing(error) ? "there is no such host"
		    : error == EAI_INPROGRESS ? "the resolver did not answer in time" : gai_strerror(error));
	return NULL;
}
