/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "sync/host.h"
#include "sync/sql/sql.h"

/* Of look-ups in a row. A name whose answer changes to and fro has not moved: each return doubles what is asked for. */
#define AWAY_LEAST 3U
#define AWAY_MOST 48U

enum answer { IS_THERE, IS_ELSEWHERE };

static bool is_of(const struct addrinfo *found, const char *address)
{
	char text[NI_MAXHOST];

	return getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) == 0 &&
	       strcmp(text, address) == 0;
}

static enum answer look_up(const char *host, const char *address)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all;
	enum answer answer = IS_ELSEWHERE;

	/* A name server that is away tells nothing. */
	if (getaddrinfo(host, NULL, &hints, &all) != 0)
		return IS_THERE;
	for (const struct addrinfo *one = all; one != NULL && answer == IS_ELSEWHERE; one = one->ai_next)
		answer = is_of(one, address) ? IS_THERE : IS_ELSEWHERE;
	freeaddrinfo(all);
	return answer;
}

static void begin(struct mw_sql_name *name, const char *host, const char *address)
{
	pid_t process = mw_child_fork();

	if (process == 0)
		_exit((int)look_up(host, address));
	name->process = process < 0 ? 0 : process;
}

static unsigned enough(const struct mw_sql_name *name)
{
	unsigned most = AWAY_LEAST << name->returns;

	return most < AWAY_MOST ? most : AWAY_MOST;
}

/* False: it is not over. */
static bool take(struct mw_sql_name *name)
{
	int status = 0;
	pid_t ended = waitpid(name->process, &status, WNOHANG);

	if (ended == 0 || (ended < 0 && errno == EINTR))
		return false;
	name->process = 0;
	if (ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == IS_ELSEWHERE) {
		name->away++;
		return true;
	}
	if (name->away > 0 && enough(name) < AWAY_MOST)
		name->returns++;
	name->away = 0;
	return true;
}

bool mw_sql_name_moved(struct mw_sql_name *name, const char *host, const char *address)
{
	if (mw_host_is_numeric(host) || (name->process != 0 && !take(name)))
		return false;
	if (name->away >= enough(name))
		return true;
	begin(name, host, address);
	return false;
}

void mw_sql_name_stop(struct mw_sql_name *name)
{
	if (name->process == 0)
		return;
	mw_child_end(name->process);
	name->process = 0;
}
