/* The service manager: readiness, reloads, its watchdog, the sockets it passes. Does nothing without one. */
#ifndef MW_POSTFIX_NOTIFY_H
#define MW_POSTFIX_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

/* The sockets that were passed. */
struct mw_passed {
	size_t count;
	struct { int fd; bool of_milter; } items[64]; /* of_milter: FileDescriptorName=milter */
};

/* Once: the process's children get none. */
void mw_notify_sockets(struct mw_passed *passed_r);

void mw_notify_ready(void);
void mw_notify_reloading(void); /* mw_notify_ready() ends it */
void mw_notify_stopping(void);
void mw_notify_alive(void);

#endif
