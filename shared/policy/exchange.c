/* SPDX-License-Identifier: MIT */
#include "policy/exchange.h"

#include <ctype.h>

#include "policy/permission.h"

/* Microsoft, "Set-ReceiveConnector", "Receive connector permissions". */

struct explained {
	const char *word, *why;
};

static const struct explained groups[] = {
	{ "ExchangeLegacyServers", "it is for servers of Exchange 2003, of which there are none here" },
	{ "Custom", "it stands for permissions that were granted one by one: `Get-ReceiveConnector NAME | "
		    "Get-ADPermission` lists them, for grant_permissions" },
};

static const struct explained permissions[] = {
	{ "Accept-Exch50", "Exchange's servers alone use it" }, { "Accept-XShadow", "Exchange's servers alone use it" },
	{ "Accept-XAttr", "Exchange's servers alone use it" }, { "Accept-XSysProbe", "Exchange's servers alone use it" },
	{ "Accept-XProxyFrom", "Exchange's servers alone use it" },
	{ "Accept-XSessionParams", "Exchange's servers alone use it" }, { "Send-Exch50", "it is of send connectors" },
	{ "Send-Headers-Routing", "it is of send connectors" }, { "Send-Headers-Organization", "it is of send connectors" },
	{ "Send-Headers-Forest", "it is of send connectors" },
};

static const struct explained parameters[] = {
#define MW_EXCHANGE_PARAMETER(name, where) { (name), (where) },
#include "policy/exchange.def"
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *why_of(const struct explained *table, size_t count, struct mw_str word)
{
	for (size_t i = 0; i < count; i++) {
		if (mw_str_equal_nocase(word, mw_str(table[i].word)))
			return table[i].why;
	}
	return NULL;
}

static struct mw_str without(struct mw_str word, const char *prefix)
{
	return mw_str_starts_with_nocase(word, mw_str(prefix)) ? mw_str_tail(word, strlen(prefix)) : word;
}

bool mw_exchange_word(struct mw_reader *reader, const struct mw_setting *setting, const struct mw_value *value,
		      int *bit_r)
{
	struct mw_str word = value->text;
	const char *why = NULL;

	*bit_r = 0;
	if (setting->table == &mw_permission_names) {
		word = without(without(word, "ms-Exch-"), "SMTP-");
		/* Exchange 2007's name. */
		if (mw_str_equal_nocase(word, MW_STR("Accept-Authoritative-Domain")))
			word = MW_STR("Accept-Authoritative-Domain-Sender");
		if (word.len != value->text.len && mw_table_find(mw_permission_names, word, bit_r))
			return true;
		why = why_of(permissions, COUNT(permissions), word);
	} else if (setting->table == &mw_permission_group_names) {
		why = why_of(groups, COUNT(groups), word);
	}
	if (why != NULL)
		mw_reader_warn(reader, value->spot, "%s: %.*s is left out: %s", setting->name, MW_STR_ARG(value->text), why);
	return why != NULL;
}

/* "MaxHeaderSize" is max_header_size here. */
static bool same_name(struct mw_str here, const char *exchange)
{
	size_t i = 0;

	for (; *exchange != '\0'; exchange++, i++) {
		while (i < here.len && here.ptr[i] == '_')
			i++;
		if (i == here.len || tolower((unsigned char)here.ptr[i]) != tolower((unsigned char)*exchange))
			return false;
	}
	return i == here.len;
}

const char *mw_exchange_parameter(struct mw_str name)
{
	for (size_t i = 0; i < COUNT(parameters); i++) {
		if (same_name(name, parameters[i].word))
			return parameters[i].why;
	}
	return NULL;
}
