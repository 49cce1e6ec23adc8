/* SPDX-License-Identifier: MIT */
#include "login_client.h"

void mw_login_offer_init(struct client *client, struct mw_login_client *mw)
{
	struct login_settings *set = p_new(client->pool, struct login_settings, 1);
	mw_client_ssl_settings *ssl_set = p_new(client->pool, mw_client_ssl_settings, 1);

	mw->strict_set = set;
	mw->strict_ssl_set = ssl_set;
	mw->set = client->set;
	mw->ssl_set = MW_CLIENT_SSL_SET(client);
	/* With TLS from its first byte this would say nothing about the connection below. */
	mw->secured = MW_CLIENT_SECURED(client);
}

/* Dovecot may have read its settings anew (for the name in the TLS handshake): copies follow what they copy. */
static void follow_settings(struct client *client, struct mw_login_client *mw)
{
	struct login_settings *set = (struct login_settings *)mw->strict_set;
	mw_client_ssl_settings *ssl_set = (mw_client_ssl_settings *)mw->strict_ssl_set;

	if (client->set != mw->strict_set)
		mw->set = client->set;
	if (MW_CLIENT_SSL_SET(client) != mw->strict_ssl_set)
		mw->ssl_set = MW_CLIENT_SSL_SET(client);
	*set = *mw->set;
	MW_SET_NO_CLEARTEXT(set);
	*ssl_set = *mw->ssl_set;
	/* With TLS switched off there is none to require; sasl_filter_mech() refuses then. */
	if (strcmp(ssl_set->ssl, "no") != 0)
		ssl_set->ssl = "required";
}

static bool passes(struct mw_facts *facts, const char *mechanism)
{
	struct mw_verdict verdict;

	facts->mechanism = mw_str(mechanism);
	mw_login_decide(mw_login_policy(), facts, &verdict);
	return !mw_verdict_stops(&verdict);
}

static void decide_offer(struct client *client, struct mw_login_client *mw)
{
	bool tls = client->ssl_iostream != NULL, handshaked = mw_login_handshaked(client);
	struct mw_facts facts;

	if (mw->offer_known && mw->offer_tls == tls && mw->offer_handshaked == handshaked &&
	    net_ip_compare(&mw->offer_ip, &client->ip))
		return;
	mw->offer_known = true;
	mw->offer_tls = tls;
	mw->offer_handshaked = handshaked;
	mw->offer_ip = client->ip;
	mw->offers_basic = mw->offers_challenge = false;
	if (mw_login_policy() == NULL)
		return;
	mw_login_facts(client, &facts);
	/* One mechanism of either kind stands for all. */
	mw->offers_basic = passes(&facts, "PLAIN");
	mw->offers_challenge = passes(&facts, "CRAM-MD5");
}

void mw_login_offer_apply(struct client *client, struct mw_login_client *mw)
{
	decide_offer(client, mw);
	follow_settings(client, mw);
	if (mw->offers_basic) {
		client->set = mw->set;
		MW_CLIENT_SSL_SET(client) = mw->ssl_set;
		MW_CLIENT_SECURED(client) = client->ssl_iostream != NULL || mw->secured;
		return;
	}
	MW_CLIENT_SECURED(client) = FALSE;
	client->set = mw->strict_set;
	MW_CLIENT_SSL_SET(client) = mw->offers_challenge ? mw->ssl_set : mw->strict_ssl_set;
}

bool mw_login_offer_has(struct client *client, struct mw_login_client *mw, const char *mechanism)
{
	enum mw_mechanism_class class = mw_mechanism_class(mw_str(mechanism));

	decide_offer(client, mw);
	if (class == MW_MECHANISM_BASIC || class == MW_MECHANISM_BEARER)
		return mw->offers_basic;
	return mw->offers_challenge;
}
