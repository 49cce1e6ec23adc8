/* SPDX-License-Identifier: MIT */
/* Preloaded: somebody else is quick. Behind the first bind() of a unix socket, or before the first mdb_env_create(), as
   ATTACK_AT says, /bin/sh runs ATTACK as user and group ATTACKER, while the process waits. */
#include <dlfcn.h>
#include <grp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void attack(const char *at)
{
	static bool done;
	const char *place = getenv("ATTACK_AT"), *attacker = getenv("ATTACKER");
	pid_t pid;

	if (done || place == NULL || attacker == NULL || strcmp(place, at) != 0)
		return;
	done = true;
	pid = fork();
	if (pid == 0) {
		unsigned id = (unsigned)atoi(attacker);

		unsetenv("LD_PRELOAD");
		if (seteuid(0) != 0 || setgroups(0, NULL) != 0 || setgid(id) != 0 || setuid(id) != 0)
			_exit(126);
		execl("/bin/sh", "sh", "-c", getenv("ATTACK"), (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
	int (*real)(int, const struct sockaddr *, socklen_t);
	int result;

	*(void **)&real = dlsym(RTLD_NEXT, "bind");
	result = real(fd, address, len);
	if (address->sa_family == AF_UNIX)
		attack("bind");
	return result;
}

int mdb_env_create(void **env)
{
	int (*real)(void **);

	*(void **)&real = dlsym(RTLD_NEXT, "mdb_env_create");
	attack("mdb_env_create");
	return real(env);
}
