/* What mailwicketd says about itself on its status socket, to root alone: one connection, one answer, lines of name=value up
   to the end. Nothing is read from the peer. One table (daemon_status.c) writes and reads it. Pure. */
#ifndef MW_REPORT_DAEMON_STATUS_H
#define MW_REPORT_DAEMON_STATUS_H

#include <stdint.h>

#include "base/buf.h"

#define MW_DAEMON_STATUS_MOST 1024 /* octets of an answer */

struct mw_daemon_status {
	char version[32];
	uint64_t process, user;     /* its id, and the user that it runs as */
	char policy[17];            /* digest of the text that serves (struct mw_policy) */
	uint64_t policy_read;       /* seconds since the epoch */
	uint64_t reload_failed;     /* 1: the file was read again since, and has errors */
	uint64_t enforces;          /* 1: some rule is enforced */
	uint64_t asked_in_audit;    /* 1: Postfix asks as in an audit that enforces nothing */
	char directory[65];         /* digest of the snapshot that serves; "": none does */
	uint64_t directory_written; /* seconds since the epoch, of that */
	uint64_t directory_failed;  /* 1: the published one, or the list of suspensions, cannot be read */
};

void mw_daemon_status_write(const struct mw_daemon_status *status, struct mw_buf *out);
/* Names that are not known are passed over, as a newer mailwicketd may say more. False: it is no such answer. */
bool mw_daemon_status_read(struct mw_str text, struct mw_daemon_status *status_r);

#endif
