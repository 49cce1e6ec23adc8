/* SPDX-License-Identifier: MIT */
#include "sync/ldap/ad.h"

#include "mail/address.h"
#include "sync/ldap/sid.h"
#include "sync/text/field.h"
#include "sync/text/name.h"

#define SHOW(value) MW_STR_ARG(mw_text_shown(value))

#define HISTORY_MAX 64	    /* SIDs that an account had in other domains */
#define ACCOUNT_DISABLED 2u /* [MS-ADTS] 2.2.16 */

#define ERROR(reader, at, expected, ...) mw_reading_error(mw_ldap_reading(reader), (at), (expected), __VA_ARGS__)

static struct mw_ad *ad_of(struct mw_ldap_reader *reader)
{
	return *mw_ldap_data(reader);
}

/* --- addresses */

#define PRIMARY MW_STR("SMTP:")

static bool is_primary(struct mw_str proxy)
{
	return mw_str_starts_with(proxy, PRIMARY);
}

static bool is_smtp(struct mw_str proxy)
{
	return mw_str_starts_with_nocase(proxy, PRIMARY);
}

static struct mw_str address_of(struct mw_str proxy)
{
	return mw_str_tail(proxy, PRIMARY.len);
}

/* The address that replies go to. Where there are two of them it is the one that mail names too. */
static struct mw_str primary_of(struct mw_ldap_reader *reader, const struct mw_ldap_attribute *proxies,
				struct mw_str mail)
{
	struct mw_str found = MW_STR_EMPTY;
	bool several = false;

	for (size_t i = 0; proxies != NULL && i < proxies->count; i++) {
		if (!is_primary(proxies->values[i]))
			continue;
		if (mw_str_equal_nocase(address_of(proxies->values[i]), mail))
			return mail;
		several = several || found.len > 0;
		found = address_of(proxies->values[i]);
	}
	if (several)
		ERROR(reader, found,
		      "one SMTP:, the others smtp:", "proxyAddresses has several primary addresses (SMTP:)");
	return found.len > 0 ? found : mail;
}

/* False: it has a name that cannot be read. */
static bool read_addresses(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record)
{
	const struct mw_ldap_attribute *proxies = mw_ldap_attribute(entry, "proxyAddresses");
	struct mw_str primary = primary_of(reader, proxies, mw_ldap_value(entry, "mail"));
	bool readable = true;

	/* An attribute map of the administrator's may have given it. */
	if (record->principal.name.len > 0)
		primary = record->principal.name;
	else if (primary.len > 0)
		readable = mw_read_own_address(mw_ldap_reading(reader), primary, &record->principal.name);
	for (size_t i = 0; proxies != NULL && i < proxies->count; i++) {
		if (!is_smtp(proxies->values[i]))
			mw_ldap_count(reader, "values of proxyAddresses that are no address of "
					      "SMTP (X500, SIP and the like)");
		else if (!mw_str_equal_nocase(address_of(proxies->values[i]), primary))
			mw_ldap_add_value(reader, record, "address", address_of(proxies->values[i]));
	}
	return readable;
}

/* --- login names */

static bool is_login(struct mw_str text)
{
	char login[MW_LOGIN_MAX + 1];
	size_t len;

	return mw_login_canonical(text, login, sizeof(login), &len) && memchr(login, ' ', len) == NULL &&
	       memchr(login, ',', len) == NULL && mw_text_login_refused((struct mw_str){ login, len }) == 0;
}

/* A name that no mail program can send is no mistake of the record. */
static void add_login(struct mw_ldap_reader *reader, struct mw_record *record, struct mw_str login,
		      const char *otherwise)
{
	if (login.len > 0 && is_login(login))
		mw_ldap_add_value(reader, record, "login", login);
	else if (login.len > 0)
		mw_ldap_count(reader, otherwise);
}

static void read_logins(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record)
{
	struct mw_str netbios = ad_of(reader)->netbios, account = mw_ldap_value(entry, "sAMAccountName");
	char memory[MW_LOGIN_MAX + 1];
	struct mw_buf windows = MW_BUF_OVER(memory);

	add_login(reader, record, mw_ldap_value(entry, "userPrincipalName"),
		  "userPrincipalNames that can be no login name");
	add_login(reader, record, account, "sAMAccountNames that can be no login name");
	mw_buf_printf(&windows, "%.*s\\%.*s", MW_STR_ARG(netbios), MW_STR_ARG(account));
	if (netbios.len > 0 && !windows.truncated && is_login(mw_buf_str(&windows)))
		mw_ldap_add_value(reader, record, "login", mw_buf_str(&windows));
}

/* --- switches and limits */

static bool read_number(struct mw_str text, uint32_t *number_r)
{
	uint64_t number = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || i > 9)
			return false;
		number = number * 10 + (unsigned)(text.ptr[i] - '0');
	}
	*number_r = (uint32_t)number;
	return text.len > 0 && number <= UINT32_MAX;
}

static void read_account(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record)
{
	struct mw_str text = mw_ldap_value(entry, "userAccountControl");
	struct mw_principal *principal = &record->principal;
	uint32_t flags = ACCOUNT_DISABLED;

	ad_of(reader)->users++;
	ad_of(reader)->accounts_hidden += text.len == 0;
	if (text.len == 0)
		ERROR(reader, text, "the right to read it",
		      "userAccountControl is not shown: the account may be disabled");
	else if (!read_number(text, &flags))
		ERROR(reader, text, "a number", "userAccountControl: bad value \"%.*s\"", SHOW(text));
	if ((flags & ACCOUNT_DISABLED) != 0)
		principal->imap = principal->pop3 = principal->sieve = principal->smtp = principal->relay = false;
}

/* PROTOCOL, then 1 or 0, then what is of no meaning here, with a section sign between. */
static void read_protocol(struct mw_ldap_reader *reader, struct mw_str value, const char *protocol, bool *on)
{
	struct mw_str rest = value, name = mw_str_head(rest, mw_str_find_text(rest, "\u00a7")), state;

	if (!mw_str_equal_nocase(name, mw_str(protocol)))
		return;
	rest = mw_str_tail(rest, name.len + strlen("\u00a7"));
	state = mw_str_head(rest, mw_str_find_text(rest, "\u00a7"));
	if (mw_str_equal(state, MW_STR("0")))
		*on = false;
	else if (state.len > 0 && !mw_str_equal(state, MW_STR("1")))
		ERROR(reader, value, "0 or 1 behind the first section sign", "protocolSettings: bad value \"%.*s\"",
		      SHOW(value));
}

static void read_protocols(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record)
{
	const struct mw_ldap_attribute *settings = mw_ldap_attribute(entry, "protocolSettings");

	for (size_t i = 0; settings != NULL && i < settings->count; i++) {
		read_protocol(reader, settings->values[i], "IMAP4", &record->principal.imap);
		read_protocol(reader, settings->values[i], "POP3", &record->principal.pop3);
	}
}

static void read_size(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record)
{
	struct mw_str text = mw_ldap_value(entry, "submissionContLength");
	uint32_t kilobytes;

	if (text.len == 0)
		return;
	if (read_number(text, &kilobytes))
		record->principal.max_message_size = (uint64_t)kilobytes << 10;
	else
		ERROR(reader, text, "a number of KB", "submissionContLength: bad value \"%.*s\"", SHOW(text));
}

/* --- whom it names */

static const struct {
	const char *attribute;
	enum mw_ldap_role role;
	bool group;
} named[] = {
	{ "publicDelegates", MW_LDAP_SEND_ON_BEHALF, true },  { "authOrig", MW_LDAP_SENDERS, false },
	{ "dLMemSubmitPerms", MW_LDAP_SENDERS, true },	      { "unauthOrig", MW_LDAP_SENDERS_DENIED, false },
	{ "dLMemRejectPerms", MW_LDAP_SENDERS_DENIED, true },
};

static void read_named(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record,
		       uint32_t place)
{
	struct mw_ad *ad = ad_of(reader);

	if (mw_str_equal_nocase(mw_ldap_value(entry, "msExchRequireAuthToSendTo"), MW_STR("TRUE")))
		record->principal.senders = MW_SENDERS_AUTHENTICATED;
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
		const struct mw_ldap_attribute *found = mw_ldap_attribute(entry, named[i].attribute);

		for (size_t k = 0; found != NULL && k < found->count; k++) {
			/* A list of whom nobody has is a list all the same: it admits nobody. */
			if (named[i].role == MW_LDAP_SENDERS)
				record->principal.senders = MW_SENDERS_LIST;
			if (!mw_ad_room(ad, &ad->references, &ad->reference_size, ad->reference_count,
					sizeof(ad->references[0])))
				return;
			ad->references[ad->reference_count++] =
				(struct mw_ad_reference){ place, named[i].role, named[i].group,
							  mw_arena_copy(ad->arena, found->values[k]) };
		}
	}
}

/* --- SIDs and the DACL */

static bool says_something(const struct mw_ace *ace, bool all_rights)
{
	if (mw_sid_is_nobody(ace->sid) || (ace->kind != MW_ACE_DENY && mw_sid_is_self(ace->sid)))
		return false;
	return ace->kind != MW_ACE_ALLOW_ALL || all_rights;
}

/* Full control is that of a domain's administrators on every entry: most of a DACL need not be kept. */
static void keep_aces(struct mw_ad *ad, const struct mw_descriptor *read, bool all_rights, struct mw_descriptor *kept)
{
	size_t count = 0;

	for (size_t i = 0; i < read->count; i++)
		count += says_something(&read->aces[i], all_rights);
	kept->aces = count == 0 ? NULL : MW_ARENA_ARRAY(ad->arena, struct mw_ace, count);
	for (size_t i = 0; kept->aces != NULL && i < read->count; i++) {
		if (!says_something(&read->aces[i], all_rights))
			continue;
		kept->aces[kept->count] = read->aces[i];
		kept->aces[kept->count++].sid = mw_arena_copy(ad->arena, read->aces[i].sid);
	}
}

static void read_dacl(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_str name,
		      struct mw_ad_entry *made)
{
	struct mw_ad *ad = ad_of(reader);
	struct mw_str octets = mw_ldap_value(entry, "nTSecurityDescriptor");
	struct mw_arena *scratch = mw_arena_new(0);
	struct mw_descriptor descriptor = { 0 };

	ad->dacls_hidden += octets.len == 0;
	if (octets.len == 0)
		mw_ldap_count_from(reader,
				   "entries whose nTSecurityDescriptor is not shown: nobody has Send-As on them", name);
	else if (scratch == NULL || mw_descriptor_read(octets, scratch, &descriptor) != NULL)
		mw_ldap_count_from(reader, "entries whose nTSecurityDescriptor is broken: nobody has Send-As on them",
				   name);
	if (descriptor.open)
		mw_ldap_count_from(reader, "entries without a DACL: nobody has Send-As on them by it", name);
	if (descriptor.conditional > 0)
		mw_ldap_count_from(reader,
				   "entries with a right to Send-As under a condition, which is not looked at", name);
	keep_aces(ad, &descriptor, mw_ldap_source(reader)->ldap.all_rights_send_as, &made->descriptor);
	mw_arena_free(scratch);
}

static void read_sids(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_ad_entry *made)
{
	struct mw_ad *ad = ad_of(reader);
	const struct mw_ldap_attribute *history = mw_ldap_attribute(entry, "sIDHistory");
	struct mw_str sid = mw_ldap_value(entry, "objectSid");
	char memory[HISTORY_MAX * MW_SID_MAX];
	struct mw_buf sids = MW_BUF_OVER(memory);

	if (mw_sid_is_good(sid))
		made->sid = mw_arena_copy(ad->arena, sid);
	else
		mw_ldap_count(reader, "entries whose objectSid is not shown: they have no rights");
	for (size_t i = 0; history != NULL && i < history->count && i < HISTORY_MAX - 1; i++)
		if (mw_sid_is_good(history->values[i]))
			mw_buf_add(&sids, history->values[i]);
	if (sids.used > 0)
		made->history = mw_arena_copy(ad->arena, mw_buf_str(&sids));
}

/* Most groups show their members themselves: what is kept is bounded by those that do not. */
static void read_groups(struct mw_ad *ad, const struct mw_ldap_entry *entry, uint32_t place)
{
	const struct mw_ldap_attribute *groups = mw_ldap_attribute(entry, "memberOf");

	for (size_t i = 0; groups != NULL && i < groups->count; i++) {
		uint32_t group = mw_ad_hidden_group(ad, groups->values[i]);

		if (group == MW_AD_NONE)
			continue;
		if (!mw_ad_room(ad, &ad->insides, &ad->inside_size, ad->inside_count, sizeof(ad->insides[0])))
			return;
		ad->insides[ad->inside_count++] = (struct mw_ad_inside){ place, group };
	}
}

/* Each account has one. A denial for it could not be told to concern the user. */
static void read_primary(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_ad_entry *made)
{
	struct mw_str text = mw_ldap_value(entry, "primaryGroupID");

	ad_of(reader)->primaries_hidden += text.len == 0;
	if (text.len == 0)
		ERROR(reader, text, "the right to read it",
		      "primaryGroupID is not shown: nobody can tell which groups the user is in");
	else if (!read_number(text, &made->primary))
		ERROR(reader, text, "a number", "primaryGroupID: bad value \"%.*s\"", SHOW(text));
}

bool mw_ad_entry(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record)
{
	struct mw_ad *ad = ad_of(reader);
	bool user = record->principal.kind == MW_USER;
	struct mw_ad_entry made = { .place = mw_ldap_number(reader), .user = user, .node = MW_AD_NONE };
	bool readable;

	readable = read_addresses(reader, entry, record);
	if (readable && record->principal.name.len == 0 && mw_ldap_reading(reader)->bad == NULL)
		return true;
	/* Whom others deny is denied, whatever is wrong with the name. */
	read_sids(reader, entry, &made);
	if (user) {
		read_logins(reader, entry, record);
		read_protocols(reader, entry, record);
		read_account(reader, entry, record);
		read_primary(reader, entry, &made);
		read_groups(ad, entry, made.place);
		made.dn = mw_arena_copy(ad->arena, entry->dn);
		read_size(reader, entry, record);
	}
	read_named(reader, entry, record, made.place);
	read_dacl(reader, entry, readable ? record->principal.name : entry->dn, &made);
	if (mw_ad_room(ad, &ad->entries, &ad->entry_size, ad->entry_count, sizeof(ad->entries[0])))
		ad->entries[ad->entry_count++] = made;
	return readable;
}
