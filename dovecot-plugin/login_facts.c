/* SPDX-License-Identifier: MIT */
#include "login_client.h"

#include "decision_log.h"

static struct mw_ip to_ip(const struct ip_addr *ip)
{
	if (ip->family == AF_INET)
		return mw_ip_from_bytes(&ip->u.ip4, 4);
	if (ip->family == AF_INET6)
		return mw_ip_from_bytes(&ip->u.ip6, 16);
	return mw_ip_from_bytes(NULL, 0);
}

const char *mw_login_command_mechanism(void)
{
	return mw_login_binary_is(MW_PROTOCOL_POP3) ? "USER" : "LOGIN";
}

bool mw_login_handshaked(struct client *client)
{
	return client->ssl_iostream != NULL && ssl_iostream_is_handshaked(client->ssl_iostream);
}

static void tls_facts(struct client *client, struct mw_tls_facts *tls)
{
	unsigned int bits = 0;

	if (client->ssl_iostream == NULL) {
		if (MW_CLIENT_HAPROXY_TLS(client)) {
			tls->origin = MW_TLS_ORIGIN_PROXY;
			tls->proxy = to_ip(&client->real_remote_ip);
			mw_tls_assume(tls);
		}
		return;
	}
	tls->origin = MW_CLIENT_STARTTLS(client) ? MW_TLS_ORIGIN_STARTTLS : MW_TLS_ORIGIN_IMPLICIT;
	if (!mw_login_handshaked(client)) {
		/* A greeting, which nobody reads without a handshake; every command is judged after it. */
		mw_tls_assume(tls);
		return;
	}
	tls->version = mw_str(ssl_iostream_get_protocol_name(client->ssl_iostream));
	tls->cipher = mw_str(ssl_iostream_get_cipher(client->ssl_iostream, &bits));
	tls->bits = bits;
	tls->certificate_verified = ssl_iostream_has_valid_client_cert(client->ssl_iostream);
}

void mw_login_facts(struct client *client, struct mw_facts *facts_r)
{
	memset(facts_r, 0, sizeof(*facts_r));
	(void)mw_login_binary_protocol(&facts_r->endpoints.protocol);
	/* The listener is the socket's, whatever a proxy says; the client is whom a trusted proxy names. */
	facts_r->endpoints.local_ip = to_ip(&client->real_local_ip);
	facts_r->endpoints.local_port = client->real_local_port;
	facts_r->endpoints.remote_ip = to_ip(&client->ip);
	facts_r->endpoints.remote_port = client->remote_port;
	facts_r->today = mw_decision_today();
	tls_facts(client, &facts_r->tls);
}
