/* One conversation with a server that may be slow, wrong or hostile: every wait ends, every answer is bounded. What goes
   wrong is kept in the mw_seen (the first fault only); after it every call fails at once. */
#ifndef MW_CLI_PROBE_CONNECTION_H
#define MW_CLI_PROBE_CONNECTION_H

#include "probe/probe.h"

#define MW_ANSWER_LINE_MAX 8192
#define MW_ANSWER_LINES_MAX 200

struct mw_connection {
	const struct mw_probe *probe;
	struct mw_seen *seen;
	int fd;
	SSL *ssl;
	int64_t deadline, step_deadline; /* of all and of this step, monotonic milliseconds */
	unsigned lines;                  /* read in this step */
	bool heard;                      /* something came */
	size_t begin, end;
	char buffer[MW_ANSWER_LINE_MAX];
};

/* Connects to the first of the addresses that answers. */
bool mw_connection_open(struct mw_connection *connection, const struct mw_probe *probe, uint16_t port,
			struct mw_seen *seen);
/* Also after a fault. */
void mw_connection_close(struct mw_connection *connection);

/* The handshake; fills what seen has of TLS and the certificate. */
bool mw_connection_start_tls(struct mw_connection *connection);

/* Names the step whose answer is waited for next, and gives it its time. */
void mw_connection_step(struct mw_connection *connection, const char *step);
/* The same, and sends a line, to which the line's end is added. What is sent is wiped from memory. */
bool mw_connection_send(struct mw_connection *connection, const char *step, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The next line without its end; valid until the next call. */
bool mw_connection_line(struct mw_connection *connection, struct mw_str *line_r);
/* The first line that is sent to us, for which implicit TLS is tried where nothing comes. */
bool mw_connection_greeting(struct mw_connection *connection, struct mw_str *line_r);
/* Whether the connection is one with TLS and a certificate that a password may be shown to. */
bool mw_connection_is_trusted(const struct mw_connection *connection);
/* Keeps the fault; returns false. */
bool mw_connection_fail(struct mw_connection *connection, enum mw_fault fault, struct mw_str text);

#endif
