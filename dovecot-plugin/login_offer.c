/* SPDX-License-Identifier: MIT */
#include "login_client.h"

#include "decision_log.h"

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

static bool is_decided(struct client *client, const struct mw_login_client *mw)
{
	return mw->offer_known && mw->offer_tls == (client->ssl_iostream != NULL) &&
	       mw->offer_handshaked == mw_login_handshaked(client) && mw->offer_today == mw_decision_today() &&
	       net_ip_compare(&mw->offer_ip, &client->ip);
}

static void decide_offer(struct client *client, struct mw_login_client *mw)
{
	struct mw_facts facts;

	if (is_decided(client, mw))
		return;
	mw->offer_known = true;
	mw->offer_tls = client->ssl_iostream != NULL;
	mw->offer_handshaked = mw_login_handshaked(client);
	mw->offer_today = mw_decision_today();
	mw->offer_ip = client->ip;
	mw->offer = 0;
	if (mw_login_policy() == NULL)
		return;
	mw_login_facts(client, &facts);
	mw->offer = mw_login_offer(mw_login_policy(), &facts);
}

static bool offers(const struct mw_login_client *mw, enum mw_mechanism_class class)
{
	return (mw->offer >> class & 1) != 0;
}

bool mw_login_offers_commands(const struct mw_login_client *mw)
{
	return offers(mw, MW_MECHANISM_BASIC);
}

void mw_login_offer_apply(struct client *client, struct mw_login_client *mw)
{
	decide_offer(client, mw);
	follow_settings(client, mw);
	if (mw_login_offers_commands(mw)) {
		client->set = mw->set;
		MW_CLIENT_SSL_SET(client) = mw->ssl_set;
		MW_CLIENT_SECURED(client) = client->ssl_iostream != NULL || mw->secured;
		return;
	}
	MW_CLIENT_SECURED(client) = FALSE;
	client->set = mw->strict_set;
	MW_CLIENT_SSL_SET(client) = mw->offer != 0 ? mw->ssl_set : mw->strict_ssl_set;
}

bool mw_login_offer_has(struct client *client, struct mw_login_client *mw, const char *mechanism)
{
	decide_offer(client, mw);
	return offers(mw, mw_mechanism_class(mw_str(mechanism)));
}
