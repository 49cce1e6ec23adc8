/* SPDX-License-Identifier: MIT */
#include "probe/connection.h"
#include "base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "probe/tls.h"

#define STEPS_IN_ALL 6 /* time-outs that a whole conversation may take */
#define COMMAND_MAX 8192

bool mw_connection_fail(struct mw_connection *connection, enum mw_fault fault, struct mw_str text)
{
	struct mw_seen *seen = connection->seen;
	struct mw_buf out = MW_BUF_OVER(seen->fault_text);

	if (seen->fault != MW_FAULT_NONE)
		return false;
	seen->fault = fault;
	mw_buf_add(&out, text);
	return false;
}

void mw_connection_step(struct mw_connection *connection, const char *step)
{
	int64_t step_deadline = mw_clock_milliseconds() + connection->probe->timeout;

	connection->step_deadline = step_deadline < connection->deadline ? step_deadline : connection->deadline;
	connection->lines = 0;
	if (connection->seen->fault == MW_FAULT_NONE)
		connection->seen->step = step;
}

/* --- waiting */

/* 1: ready, 0: the step's time is over, -1: errno. */
static int wait_ready(const struct mw_connection *connection, short events)
{
	struct pollfd watch = { .fd = connection->fd, .events = events };

	for (;;) {
		int64_t left = connection->step_deadline - mw_clock_milliseconds();
		int ready;

		if (left <= 0)
			return 0;
		ready = poll(&watch, 1, (int)left);
		if (ready >= 0 || errno != EINTR)
			return ready;
	}
}

static bool wait_for(struct mw_connection *connection, short events)
{
	int ready = wait_ready(connection, events);

	if (ready > 0)
		return true;
	if (ready < 0)
		return mw_connection_fail(connection, MW_FAULT_CLOSED, mw_str(strerror(errno)));
	return mw_connection_fail(connection, connection->heard ? MW_FAULT_TIMEOUT : MW_FAULT_SILENT, MW_STR_EMPTY);
}

/* --- connecting */

/* 0, or errno; the socket is then closed. */
static int connect_address(struct mw_connection *connection, const struct sockaddr *address, socklen_t len)
{
	socklen_t error_len = sizeof(int);
	int error = 0, ready;

	connection->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->fd < 0)
		return errno;
	if (connect(connection->fd, address, len) < 0) {
		error = errno;
		if (error == EINPROGRESS) {
			ready = wait_ready(connection, POLLOUT);
			error = ready == 0 ? ETIMEDOUT : errno;
			if (ready > 0 && getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &error_len) < 0)
				error = errno;
		}
	}
	if (error != 0) {
		close(connection->fd);
		connection->fd = -1;
	}
	return error;
}

static enum mw_fault fault_of(int error)
{
	return error == ECONNREFUSED ? MW_FAULT_REFUSED : error == ETIMEDOUT ? MW_FAULT_NO_CONNECTION
									     : MW_FAULT_UNREACHABLE;
}

/* The address with this port; true: it is of a family that we know. */
static bool set_port(struct sockaddr_storage *address, const struct addrinfo *info, uint16_t port)
{
	memcpy(address, info->ai_addr, info->ai_addrlen);
	if (info->ai_family == AF_INET)
		((struct sockaddr_in *)address)->sin_port = htons(port);
	else if (info->ai_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons(port);
	return info->ai_family == AF_INET || info->ai_family == AF_INET6;
}

bool mw_connection_open(struct mw_connection *connection, const struct mw_probe *probe, uint16_t port,
			struct mw_seen *seen)
{
	struct sockaddr_storage address;
	int error = EADDRNOTAVAIL;

	connection->probe = probe;
	connection->seen = seen;
	connection->fd = -1;
	connection->deadline = mw_clock_milliseconds() + (int64_t)probe->timeout * STEPS_IN_ALL;
	for (const struct addrinfo *info = probe->addresses; info != NULL; info = info->ai_next) {
		if (!set_port(&address, info, port))
			continue;
		mw_connection_step(connection, "the connection");
		if (getnameinfo(info->ai_addr, info->ai_addrlen, seen->address, sizeof(seen->address), NULL, 0,
				NI_NUMERICHOST) != 0)
			seen->address[0] = '\0';
		error = connect_address(connection, (struct sockaddr *)&address, info->ai_addrlen);
		if (error == 0)
			return true;
		if (seen->missed[0] == '\0')
			memcpy(seen->missed, seen->address, sizeof(seen->missed));
	}
	seen->missed[0] = '\0';
	return mw_connection_fail(connection, fault_of(error), mw_str(strerror(error)));
}

void mw_connection_close(struct mw_connection *connection)
{
	if (connection->ssl != NULL)
		SSL_free(connection->ssl);
	if (connection->fd >= 0)
		close(connection->fd);
	connection->ssl = NULL;
	connection->fd = -1;
}

/* --- TLS */

static struct mw_str tls_error(void)
{
	const char *reason = ERR_reason_error_string(ERR_get_error());

	return reason != NULL ? mw_str(reason) : MW_STR_EMPTY;
}

/* After a call on the SSL that did not succeed: waits for what it needs; false with the fault. */
static bool ssl_retry(struct mw_connection *connection, int result, enum mw_fault fault)
{
	int error = SSL_get_error(connection->ssl, result);

	if (error == SSL_ERROR_WANT_READ)
		return wait_for(connection, POLLIN);
	if (error == SSL_ERROR_WANT_WRITE)
		return wait_for(connection, POLLOUT);
	if (error == SSL_ERROR_SSL)
		return mw_connection_fail(connection, fault, tls_error());
	return mw_connection_fail(connection, MW_FAULT_CLOSED, MW_STR_EMPTY);
}

/* Records of TLS begin with their type, 20 to 23; a greeting begins with a letter, "*", "+", "-" or a digit. */
static bool looks_like_tls(struct mw_connection *connection)
{
	char text[MW_SEEN_TEXT];
	ssize_t len = recv(connection->fd, text, sizeof(text), MSG_PEEK);
	struct mw_str line;

	if (len <= 0 || (text[0] >= 20 && text[0] <= 23))
		return true;
	line = (struct mw_str){ text, (size_t)len };
	line = mw_str_head(line, mw_str_find(line, '\n'));
	line = mw_str_head(line, mw_str_find(line, '\r'));
	return mw_connection_fail(connection, MW_FAULT_TEXT_FOR_TLS, line);
}

/* Sends the ClientHello while there is nothing to read, so that the answer can be looked at before OpenSSL takes it. */
static bool say_hello(struct mw_connection *connection)
{
	BIO *nothing = BIO_new(BIO_s_mem()), *socket = BIO_new_socket(connection->fd, BIO_NOCLOSE);
	int result;

	if (nothing == NULL || socket == NULL) {
		BIO_free(nothing);
		BIO_free(socket);
		return mw_connection_fail(connection, MW_FAULT_TLS, MW_STR("out of memory"));
	}
	BIO_set_mem_eof_return(nothing, -1);
	SSL_set0_rbio(connection->ssl, nothing);
	SSL_set0_wbio(connection->ssl, socket);
	ERR_clear_error();
	while ((result = SSL_connect(connection->ssl)) != 1) {
		if (!ssl_retry(connection, result, MW_FAULT_TLS))
			return false;
		if (SSL_want_read(connection->ssl))
			break;
	}
	return looks_like_tls(connection);
}

static bool shake_hands(struct mw_connection *connection)
{
	BIO *socket;
	int result;

	if (!say_hello(connection))
		return false;
	socket = BIO_new_socket(connection->fd, BIO_NOCLOSE);
	if (socket == NULL)
		return mw_connection_fail(connection, MW_FAULT_TLS, MW_STR("out of memory"));
	SSL_set0_rbio(connection->ssl, socket);
	ERR_clear_error();
	while ((result = SSL_connect(connection->ssl)) != 1) {
		if (!ssl_retry(connection, result, MW_FAULT_TLS))
			return false;
		ERR_clear_error();
	}
	return true;
}

bool mw_connection_start_tls(struct mw_connection *connection)
{
	mw_connection_step(connection, "the TLS handshake");
	if (connection->seen->fault != MW_FAULT_NONE)
		return false;
	/* What came before TLS may be anybody's: a client that reads it afterwards believes it (CVE-2011-0411). */
	if (connection->begin < connection->end)
		return mw_connection_fail(connection, MW_FAULT_FOREIGN, MW_STR("more text after the answer to STARTTLS"));
	connection->ssl = SSL_new(connection->probe->tls);
	if (connection->ssl == NULL || !mw_probe_tls_name(connection->ssl, connection->probe->name))
		return mw_connection_fail(connection, MW_FAULT_TLS, tls_error());
	if (!shake_hands(connection))
		return false;
	connection->heard = true;
	mw_probe_tls_look(connection->ssl, connection->probe->name, connection->seen);
	return true;
}

bool mw_connection_is_trusted(const struct mw_connection *connection)
{
	const struct mw_seen *seen = connection->seen;
	const struct mw_seen_certificate *certificate = &seen->certificate;

	return connection->ssl != NULL && seen->tls && !seen->tls_old && certificate->chain == MW_CHAIN_TRUSTED &&
	       certificate->name_matches && !certificate->too_early && certificate->days_left >= 0;
}

/* --- lines */

static bool receive(struct mw_connection *connection)
{
	char *to = connection->buffer + connection->end;
	size_t room = sizeof(connection->buffer) - connection->end;

	for (;;) {
		ssize_t len;

		if (connection->ssl != NULL) {
			ERR_clear_error();
			len = SSL_read(connection->ssl, to, (int)room);
			if (len <= 0 && !ssl_retry(connection, (int)len, MW_FAULT_CLOSED))
				return false;
		} else {
			len = recv(connection->fd, to, room, 0);
			if (len == 0)
				return mw_connection_fail(connection, MW_FAULT_CLOSED, MW_STR_EMPTY);
			if (len < 0 && errno != EAGAIN && errno != EINTR)
				return mw_connection_fail(connection, MW_FAULT_CLOSED, mw_str(strerror(errno)));
			if (len < 0 && !wait_for(connection, POLLIN))
				return false;
		}
		if (len > 0) {
			connection->end += (size_t)len;
			connection->heard = true;
			return true;
		}
	}
}

static bool take_line(struct mw_connection *connection, struct mw_str *line_r)
{
	char *text = connection->buffer + connection->begin;
	const char *newline = memchr(text, '\n', connection->end - connection->begin);

	if (newline == NULL)
		return false;
	*line_r = (struct mw_str){ text, (size_t)(newline - text) };
	connection->begin += line_r->len + 1;
	if (line_r->len > 0 && line_r->ptr[line_r->len - 1] == '\r')
		line_r->len--;
	return true;
}

bool mw_connection_line(struct mw_connection *connection, struct mw_str *line_r)
{
	*line_r = MW_STR_EMPTY;
	if (connection->seen->fault != MW_FAULT_NONE)
		return false;
	if (connection->lines++ >= MW_ANSWER_LINES_MAX)
		return mw_connection_fail(connection, MW_FAULT_TOO_LONG, MW_STR_EMPTY);
	while (!take_line(connection, line_r)) {
		connection->end -= connection->begin;
		memmove(connection->buffer, connection->buffer + connection->begin, connection->end);
		connection->begin = 0;
		if (connection->end == sizeof(connection->buffer))
			return mw_connection_fail(connection, MW_FAULT_TOO_LONG,
						  (struct mw_str){ connection->buffer, MW_SEEN_TEXT / 4 });
		if (!receive(connection))
			return false;
	}
	return true;
}

/* A server that says nothing may wait for us to begin: with a ClientHello. */
static bool speaks_tls(struct mw_connection *connection)
{
	connection->seen->fault = MW_FAULT_NONE;
	if (mw_connection_start_tls(connection)) {
		mw_connection_step(connection, "the greeting");
		return mw_connection_fail(connection, MW_FAULT_TLS_FROM_START, MW_STR_EMPTY);
	}
	connection->seen->fault = MW_FAULT_SILENT;
	connection->seen->step = "the greeting";
	connection->seen->fault_text[0] = '\0';
	return false;
}

bool mw_connection_greeting(struct mw_connection *connection, struct mw_str *line_r)
{
	mw_connection_step(connection, "the greeting");
	if (mw_connection_line(connection, line_r))
		return true;
	return connection->seen->fault == MW_FAULT_SILENT && connection->ssl == NULL && speaks_tls(connection);
}

static bool send_all(struct mw_connection *connection, struct mw_str text)
{
	while (text.len > 0) {
		ssize_t len;

		if (connection->ssl != NULL) {
			ERR_clear_error();
			len = SSL_write(connection->ssl, text.ptr, (int)text.len);
			if (len <= 0 && !ssl_retry(connection, (int)len, MW_FAULT_CLOSED))
				return false;
		} else {
			len = send(connection->fd, text.ptr, text.len, MSG_NOSIGNAL);
			if (len < 0 && errno != EAGAIN && errno != EINTR)
				return mw_connection_fail(connection, MW_FAULT_CLOSED, mw_str(strerror(errno)));
			if (len < 0 && !wait_for(connection, POLLOUT))
				return false;
		}
		if (len > 0)
			text = mw_str_tail(text, (size_t)len);
	}
	return true;
}

bool mw_connection_send(struct mw_connection *connection, const char *step, const char *format, ...)
{
	char line[COMMAND_MAX];
	va_list arguments;
	bool sent;
	int len;

	mw_connection_step(connection, step);
	if (connection->seen->fault != MW_FAULT_NONE)
		return false;
	va_start(arguments, format);
	len = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	if (len < 0 || (size_t)len >= sizeof(line) - 2) {
		explicit_bzero(line, sizeof(line));
		return mw_connection_fail(connection, MW_FAULT_CLOSED, MW_STR("the command is too long to send"));
	}
	memcpy(line + len, "\r\n", 2);
	sent = send_all(connection, (struct mw_str){ line, (size_t)len + 2 });
	explicit_bzero(line, sizeof(line));
	return sent;
}
