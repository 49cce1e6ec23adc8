/* SPDX-License-Identifier: MIT */
#include "servers/check/sasl_sockets.h"

#include "servers/check/postfix.h"

static bool is_same(const struct mw_sasl_socket *a, const struct mw_sasl_socket *b)
{
	if (a->path == NULL || b->path == NULL)
		return a->path == b->path && a->port == b->port;
	return strcmp(a->path, b->path) == 0;
}

void mw_sasl_sockets_add(struct mw_sasl_sockets *sockets, struct mw_sasl_socket socket)
{
	for (size_t i = 0; i < sockets->count; i++) {
		if (is_same(&sockets->items[i], &socket))
			return;
	}
	if (sockets->count < MW_SASL_SOCKETS_MOST)
		sockets->items[sockets->count++] = socket;
}

static const char *path_of(const struct mw_postfix_site *site, bool chroot, struct mw_str path)
{
	if (mw_str_starts_with(path, MW_STR("inet:")))
		return NULL;
	if (mw_str_starts_with(path, MW_STR("unix:")))
		path = mw_str_tail(path, strlen("unix:"));
	return mw_postfix_real_path(site, chroot, path);
}

const char *mw_endpoint_sasl_socket(const struct mw_postfix_endpoint *endpoint)
{
	return path_of(endpoint->site, endpoint->chroot, mw_endpoint_value(endpoint, "smtpd_sasl_path"));
}

void mw_postfix_sasl_socket(const struct mw_postfix_site *site, const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str path = endpoint != NULL ? mw_endpoint_value(endpoint, "smtpd_sasl_path")
					      : mw_postfix_site_value(site, "smtpd_sasl_path");
	struct mw_sasl_socket socket = { .listener = endpoint != NULL ? endpoint->name : "" };
	struct mw_binding binding;

	if (site->sasl_sockets == NULL) /* setup looks at listeners too, and asks for no list */
		return;
	if (endpoint != NULL && !mw_endpoint_says(endpoint, "smtpd_sasl_type", "dovecot")) {
		site->sasl_sockets->elsewhere = true;
		return;
	}
	socket.path = path_of(site, endpoint != NULL && endpoint->chroot, path);
	if (socket.path == NULL && mw_postfix_binding(mw_str_tail(path, strlen("inet:")), &binding))
		socket.port = binding.port;
	mw_sasl_sockets_add(site->sasl_sockets, socket);
}
