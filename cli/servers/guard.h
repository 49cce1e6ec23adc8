/* A process that tidies up when this one is gone, however it went: it removes a folder and ends a process. */
#ifndef MW_CLI_GUARD_H
#define MW_CLI_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

struct mw_guard {
	pid_t process;
	int pipe; /* its end tells the guard that this process is gone */
	char folder[64];
};

/* Makes a folder below /tmp that root, and whom it lets in, can enter. False after one line. */
bool mw_guard_start(struct mw_guard *guard);
/* What is to be ended too; 0: nothing more. */
void mw_guard_process(const struct mw_guard *guard, pid_t process);
/* Tidies up now, and returns when it is done. */
void mw_guard_end(struct mw_guard *guard);

#endif
