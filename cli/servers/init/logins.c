/* SPDX-License-Identifier: MIT */
/* What Dovecot permits without TLS today, and for whom: login rules that permit
   the same. */
#include "servers/init/init.h"

#include "servers/restriction.h"
#include "servers/wiring_tls.h"

#define FIX_FILTER                                                                   \
	"write a login rule with its protocols, local and remote, and login_type = " \
	"PlainTextLogin"

static void add(struct mw_init *init, struct mw_init_login login)
{
	init->logins = mw_init_grown(init->arena, init->logins, init->login_count, sizeof(*init->logins));
	if (init->logins == NULL)
		init->login_count = 0;
	else
		init->logins[init->login_count++] = login;
}

static struct mw_ranges ranges_of(struct mw_init *init, struct mw_str list)
{
	struct mw_ranges ranges = { 0 };
	struct mw_range *items = NULL;
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		struct mw_range range;

		if (!mw_postfix_network(init->arena, item.text, &range))
			continue;
		items = mw_init_grown(init->arena, items, ranges.count, sizeof(*items));
		if (items == NULL)
			return (struct mw_ranges){ 0 };
		items[ranges.count++] = range;
		ranges.items = items;
	}
	return ranges;
}

/* disable_plaintext_auth of 2.3, auth_allow_cleartext of 2.4. */
static bool allows_cleartext(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node)
{
	return mw_str_equal(mw_dovecot_value(node, mw_show_dovecot_cleartext_name(site->generation)),
			    mw_str(site->generation == MW_DOVECOT_2_4 ? "yes" : "no"));
}

static bool requires_tls(const struct mw_dovecot_site *site)
{
	return mw_str_equal(mw_dovecot_value(site->root, "ssl"), MW_STR("required"));
}

static bool has_login_protocol(struct mw_str name)
{
	return mw_str_equal(name, MW_STR("imap")) || mw_str_equal(name, MW_STR("pop3")) ||
	       mw_str_equal(name, MW_STR("sieve")) || mw_str_equal(name, MW_STR("submission"));
}

/* What the rule for this host has already. */
static bool is_loopback(const struct mw_ranges *ranges)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (!mw_range_is_loopback(&ranges->items[i]))
			return false;
	return ranges->count > 0;
}

/* A filter that allows it alone: "remote NETWORK { }" or "protocol NAME { }".
 */
static void take_filter(struct mw_init *init, const struct mw_dovecot_node *filter)
{
	struct mw_init_login login = { .comment = "Dovecot permits passwords without TLS here.", .without_tls = true };
	bool outside = filter->parent == init->dovecot.root;

	if (outside && mw_str_equal(filter->key, MW_STR("remote")))
		login.remote = ranges_of(init, filter->value);
	else if (outside && mw_str_equal(filter->key, MW_STR("protocol")) && has_login_protocol(filter->value))
		login.protocol = filter->value;
	if (login.remote.count == 0 && mw_str_empty(login.protocol)) {
		mw_init_unread_add(init,
				   (struct mw_init_unread){ mw_show_dovecot_cleartext_name(init->dovecot.generation),
							    mw_dovecot_place(&init->dovecot, filter, ""),
							    "passwords without TLS are permitted there", FIX_FILTER });
		return;
	}
	if (is_loopback(&login.remote))
		return;
	login.name = mw_arena_textf(init->arena, "%.*s %.*s", MW_STR_ARG(filter->key), MW_STR_ARG(filter->value));
	add(init, login);
}

static void take_filters(struct mw_init *init)
{
	const struct mw_dovecot_node *filter = init->dovecot.root;

	while ((filter = mw_dovecot_next_filter(&init->dovecot, filter)) != NULL)
		if (allows_cleartext(&init->dovecot, filter))
			take_filter(init, filter);
}

void mw_init_read_logins(struct mw_init *init)
{
	static const char *const this_host = "127.0.0.0/8 ::1/128";
	const struct mw_dovecot_site *site = &init->dovecot;
	struct mw_str trusted;
	bool everywhere;

	init->login_tls = MW_TLS_1_2;
	if (!init->has_dovecot)
		return;
	init->login_tls = mw_wiring_dovecot_version(mw_dovecot_value(site->root, "ssl_min_protocol"));
	everywhere = allows_cleartext(site, site->root) && !requires_tls(site);
	add(init,
	    (struct mw_init_login){ .name = "Everywhere",
				    .without_tls = everywhere,
				    .comment = everywhere ? "Passwords without TLS are permitted, as Dovecot does "
							    "today. SecureLogin in place of "
							    "PlainTextLogin\nasks for TLS once the rule is enforced."
							  : "IMAP, POP3 and ManageSieve: passwords over TLS only." });
	if (everywhere || requires_tls(site))
		return;
	add(init, (struct mw_init_login){ .name = "This host",
					  .without_tls = true,
					  .remote = ranges_of(init, mw_str(this_host)),
					  .comment = "A webmail on this host: what does not leave it "
						     "counts as secure to Dovecot." });
	trusted = mw_dovecot_value(site->root, "login_trusted_networks");
	if (ranges_of(init, trusted).count > 0)
		add(init, (struct mw_init_login){ .name = "Trusted",
						  .without_tls = true,
						  .remote = ranges_of(init, trusted),
						  .comment = "login_trusted_networks: what comes from there "
							     "counts as secure to Dovecot." });
	take_filters(init);
}
