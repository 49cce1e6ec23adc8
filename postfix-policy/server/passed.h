/* The sockets that the service manager passes. None without one. */
#ifndef MW_POSTFIX_PASSED_H
#define MW_POSTFIX_PASSED_H

#include <stdbool.h>
#include <stddef.h>

struct mw_passed {
	size_t count;
	struct { int fd; bool of_milter; } items[64]; /* of_milter: FileDescriptorName=milter */
};

/* Once: the process's children get none. */
void mw_passed_take(struct mw_passed *passed_r);

#endif
