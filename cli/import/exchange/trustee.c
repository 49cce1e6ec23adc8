/* SPDX-License-Identifier: MIT */
#include "import/exchange/trustee.h"

#include "sync/ldap/sid.h"

/* In other languages only their SIDs tell them ("Well-known SIDs"). */
static const struct {
	const char *name;
	enum mw_exchange_trustee trustee;
} known[] = {
	{ "NT AUTHORITY\\SELF", MW_EXCHANGE_SELF },
	{ "NT-AUTORITÄT\\SELBST", MW_EXCHANGE_SELF },
	{ "AUTORITE NT\\SELF", MW_EXCHANGE_SELF },
	{ "Everyone", MW_EXCHANGE_EVERYBODY },
	{ "Jeder", MW_EXCHANGE_EVERYBODY },
	{ "Tout le monde", MW_EXCHANGE_EVERYBODY },
	{ "NT AUTHORITY\\Authenticated Users", MW_EXCHANGE_LOGGED_IN },
	{ "NT-AUTORITÄT\\Authentifizierte Benutzer", MW_EXCHANGE_LOGGED_IN },
	{ "AUTORITE NT\\Utilisateurs authentifiés", MW_EXCHANGE_LOGGED_IN },
	{ "NT AUTHORITY\\NETWORK", MW_EXCHANGE_EVERYBODY },
	{ "NT AUTHORITY\\This Organization", MW_EXCHANGE_EVERYBODY },
	{ "NT AUTHORITY\\ANONYMOUS LOGON", MW_EXCHANGE_ANONYMOUS },
	{ "NT-AUTORITÄT\\ANONYMOUS-ANMELDUNG", MW_EXCHANGE_ANONYMOUS },
	{ "AUTORITE NT\\ANONYMOUS LOGON", MW_EXCHANGE_ANONYMOUS },
	{ "NT AUTHORITY\\SYSTEM", MW_EXCHANGE_SYSTEM },
	{ "NT-AUTORITÄT\\SYSTEM", MW_EXCHANGE_SYSTEM },
	{ "AUTORITE NT\\Système", MW_EXCHANGE_SYSTEM },
	{ "NT AUTHORITY\\ENTERPRISE DOMAIN CONTROLLERS", MW_EXCHANGE_SYSTEM },
	{ "CREATOR OWNER", MW_EXCHANGE_SYSTEM },
	{ "CREATOR GROUP", MW_EXCHANGE_SYSTEM },
};

static const char *const of_windows[] = { "NT AUTHORITY\\", "BUILTIN\\",      "NT SERVICE\\",
					  "NT-AUTORITÄT\\", "VORDEFINIERT\\", "AUTORITE NT\\" };

static enum mw_exchange_trustee by_sid(struct mw_str sid)
{
	char memory[MW_SID_MAX];

	if (mw_sid_is_self(sid))
		return MW_EXCHANGE_SELF;
	if (mw_str_equal(sid, mw_sid_parse(MW_STR("S-1-5-11"), memory)))
		return MW_EXCHANGE_LOGGED_IN;
	if (mw_sid_is_everybody(sid))
		return MW_EXCHANGE_EVERYBODY;
	if (mw_str_equal(sid, mw_sid_parse(MW_STR("S-1-5-7"), memory)))
		return MW_EXCHANGE_ANONYMOUS;
	if (mw_sid_is_nobody(sid))
		return MW_EXCHANGE_SYSTEM;
	return mw_sid_is_of_windows(sid) ? MW_EXCHANGE_WINDOWS : MW_EXCHANGE_PEOPLE;
}

enum mw_exchange_trustee mw_exchange_trustee(struct mw_str name, struct mw_str sid)
{
	char memory[MW_SID_MAX];
	struct mw_str octets = mw_sid_parse(sid.len > 0 ? sid : name, memory);

	if (octets.len > 0)
		return by_sid(octets);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (mw_str_equal_nocase(name, mw_str(known[i].name)))
			return known[i].trustee;
	}
	for (size_t i = 0; i < sizeof(of_windows) / sizeof(of_windows[0]); i++) {
		if (mw_str_starts_with_nocase(name, mw_str(of_windows[i])))
			return MW_EXCHANGE_WINDOWS;
	}
	return MW_EXCHANGE_PEOPLE;
}
