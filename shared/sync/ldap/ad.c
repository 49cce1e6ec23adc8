/* SPDX-License-Identifier: MIT */
#include "sync/ldap/ad.h"

#include <stdlib.h>

#include "sync/ldap/dn.h"
#include "sync/ldap/reader.h"
#include "sync/ldap/sid.h"

/* Whatever a domain's groups are called, some are there from its beginning on. */
static const char groups_filter[] = "(|(objectCategory=group)(objectClass=foreignSecurityPrincipal))";
static const char *const groups_attributes[] = {
	"objectClass", "objectSid", "sIDHistory", "groupType", "member", "memberOf", NULL
};

bool mw_ad_room(struct mw_ad *ad, void *items_io, size_t *size_io, size_t count, size_t item)
{
	void **items = items_io, *larger;
	size_t size = *size_io;

	if (count < size)
		return true;
	size = 2 * size + 256;
	larger = reallocarray(*items, size, item);
	ad->failed = ad->failed || larger == NULL;
	if (larger == NULL)
		return false;
	*items = larger;
	*size_io = size;
	return true;
}

static struct mw_str canonical(struct mw_ad *ad, struct mw_str dn)
{
	char memory[MW_LDAP_DN_MAX];
	struct mw_buf buf = MW_BUF_OVER(memory);

	return mw_ldap_dn_canonical(dn, &buf) ? mw_arena_copy(ad->arena, mw_buf_str(&buf)) : MW_STR_EMPTY;
}

/* --- before the first entry */

static void keep_dn(struct mw_ad *ad, struct mw_str dn, uint32_t value)
{
	bool added;
	uint32_t *at;

	dn = canonical(ad, dn);
	if (dn.len == 0)
		return;
	at = mw_names_add(&ad->dns, dn, &added);
	ad->failed = ad->failed || at == NULL;
	if (at != NULL)
		*at = value;
}

bool mw_ad_has_value(const struct mw_ldap_entry *entry, const char *attribute, struct mw_str value)
{
	const struct mw_ldap_attribute *found = mw_ldap_attribute(entry, attribute);

	for (size_t i = 0; found != NULL && i < found->count; i++)
		if (mw_str_equal_nocase(found->values[i], value))
			return true;
	return false;
}

static void keep_sids(struct mw_ad *ad, uint32_t node, const struct mw_ldap_entry *entry, const char *attribute)
{
	const struct mw_ldap_attribute *sids = mw_ldap_attribute(entry, attribute);

	for (size_t i = 0; sids != NULL && i < sids->count; i++)
		if (mw_sid_is_good(sids->values[i]))
			mw_ad_groups_add_sid(&ad->groups, node, mw_arena_copy(ad->arena, sids->values[i]));
}

/* What a foreignSecurityPrincipal stands for. */
static uint32_t foreign(struct mw_str sid)
{
	if (mw_sid_is_good(sid) && mw_sid_is_everybody(sid))
		return MW_AD_EVERYBODY;
	/* S-1-5-4 and others of Windows' own: nobody has them who sends mail. */
	return mw_sid_is_good(sid) && mw_sid_domain(sid).len == 0 ? MW_AD_NONE : MW_AD_FOREIGN;
}

static void keep_members(struct mw_ad *ad, uint32_t node, const struct mw_ldap_attribute *dns,
			 struct mw_ad_member **items, size_t *count, size_t *size)
{
	for (size_t i = 0; dns != NULL && i < dns->count; i++) {
		if (!mw_ad_room(ad, items, size, *count, sizeof(**items)))
			return;
		(*items)[(*count)++] = (struct mw_ad_member){ node, mw_arena_copy(ad->arena, dns->values[i]) };
	}
}

static void read_group(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry)
{
	struct mw_ad *ad = *mw_ldap_data(reader);
	const struct mw_ldap_attribute *members = mw_ldap_attribute(entry, "member");
	struct mw_str sid = mw_ldap_value(entry, "objectSid"), type = mw_ldap_value(entry, "groupType");
	uint32_t node;

	if (mw_ad_has_value(entry, "objectClass", MW_STR("foreignSecurityPrincipal"))) {
		keep_dn(ad, entry->dn, foreign(sid));
		return;
	}
	/* Whether it is among anybody's SIDs is not known: as little as of a group of another domain. */
	if (type.len == 0) {
		keep_dn(ad, entry->dn, MW_AD_FOREIGN);
		mw_ldap_count_from(reader, "groups whose groupType is not shown: they have no rights and no members", entry->dn);
		return;
	}
	/* [MS-ADTS] 2.2.12: the highest bit of groupType is that of security groups, so that it is below 0. */
	node = mw_ad_groups_add_group(&ad->groups, type.ptr[0] == '-');
	if (node == MW_AD_NONE)
		return;
	keep_dn(ad, entry->dn, node);
	keep_sids(ad, node, entry, "objectSid");
	keep_sids(ad, node, entry, "sIDHistory");
	ad->groups.nodes[node].shown = members != NULL;
	ad->groups.nodes[node].dn = mw_arena_copy(ad->arena, entry->dn);
	keep_members(ad, node, members, &ad->members, &ad->member_count, &ad->member_size);
	keep_members(ad, node, mw_ldap_attribute(entry, "memberOf"), &ad->parents, &ad->parent_count, &ad->parent_size);
}

static bool read_groups(struct mw_ldap_reader *reader, struct mw_ldap_session *session, struct mw_str root,
			struct mw_buf *why)
{
	const struct mw_ad *ad = *mw_ldap_data(reader);
	const struct mw_ldap_search search = { .base = root, .filter = groups_filter, .attributes = groups_attributes };
	struct mw_ldap_entry entry;
	enum mw_ldap_step step;

	if (!mw_ldap_search(session, &search, why))
		return false;
	while ((step = mw_ldap_next(session, &entry, why)) == MW_LDAP_ENTRY)
		read_group(reader, &entry);
	if (step == MW_LDAP_FAILED)
		return false;
	if (ad->groups.count > 0)
		return true;
	mw_buf_printf(why,
		      "%.*s sees no group below %.*s, not even those that every "
		      "domain has: it needs the right to read",
		      MW_STR_ARG(mw_ldap_who(session)), MW_STR_ARG(root));
	return false;
}

static void read_partition(struct mw_ad *ad, const struct mw_ldap_entry *entry)
{
	struct mw_str dn = canonical(ad, mw_ldap_value(entry, "nCName"));

	if (mw_str_equal(dn, ad->root))
		ad->netbios = mw_arena_copy(ad->arena, mw_ldap_value(entry, "nETBIOSName"));
	else if (mw_ldap_dn_is_below(dn, ad->root) &&
		 mw_ad_room(ad, &ad->children, &ad->child_size, ad->child_count, sizeof(ad->children[0])))
		ad->children[ad->child_count++] = dn;
}

/* The domains of the forest, by their crossRef objects: what stands before the backslash in a login name, and what is
   below the domain's DN and not in it. */
static bool read_partitions(struct mw_ad *ad, struct mw_ldap_session *session, struct mw_str configuration,
			    struct mw_buf *why)
{
	static const char *const attributes[] = { "nCName", "nETBIOSName", NULL };
	char memory[MW_LDAP_DN_MAX];
	struct mw_buf base = MW_BUF_OVER(memory);
	struct mw_ldap_search search = { .filter = "(&(objectClass=crossRef)(nETBIOSName=*))",
					 .attributes = attributes };
	struct mw_ldap_entry entry;
	enum mw_ldap_step step;

	mw_buf_printf(&base, "CN=Partitions,%.*s", MW_STR_ARG(configuration));
	search.base = mw_buf_str(&base);
	if (!mw_ldap_search(session, &search, why))
		return false;
	while ((step = mw_ldap_next(session, &entry, why)) == MW_LDAP_ENTRY)
		read_partition(ad, &entry);
	return step == MW_LDAP_END;
}

static bool begin(struct mw_ldap_reader *reader, struct mw_ldap_session *session, struct mw_buf *why)
{
	static const char *const attributes[] = { "defaultNamingContext", "configurationNamingContext", NULL };
	struct mw_arena *arena = reader->arena;
	struct mw_ad *ad = calloc(1, sizeof(*ad));
	struct mw_str root, configuration;
	struct mw_ldap_entry entry;

	*mw_ldap_data(reader) = ad;
	if (ad == NULL) {
		mw_buf_add_text(why, "out of memory");
		return false;
	}
	ad->arena = arena;
	mw_ad_groups_init(&ad->groups, arena);
	if (mw_ldap_read(session, MW_STR_EMPTY, attributes, &entry, why) == MW_LDAP_FAILED)
		return false;
	root = mw_arena_copy(arena, mw_ldap_value(&entry, "defaultNamingContext"));
	configuration = mw_arena_copy(arena, mw_ldap_value(&entry, "configurationNamingContext"));
	ad->root = canonical(ad, root);
	if (ad->root.len == 0 || configuration.len == 0) {
		mw_buf_add_text(why, "this is no domain controller: it names no domain "
				     "(defaultNamingContext)");
		return false;
	}
	if (!read_partitions(ad, session, configuration, why) || !read_groups(reader, session, root, why))
		return false;
	if (ad->netbios.len == 0)
		mw_ldap_count(reader, "domain without a NETBIOS name that is shown: no "
				      "login name has one before a backslash");
	if (ad->failed || ad->groups.failed)
		mw_buf_add_text(why, "out of memory");
	return !ad->failed && !ad->groups.failed;
}

static void deinit(struct mw_ldap_reader *reader)
{
	struct mw_ad *ad = *mw_ldap_data(reader);

	if (ad == NULL)
		return;
	mw_ad_groups_deinit(&ad->groups);
	mw_names_deinit(&ad->dns, &ad->failed);
	free(ad->children);
	free(ad->entries);
	free(ad->members);
	free(ad->parents);
	free(ad->insides);
	free(ad->references);
	free(ad);
}

/* --- the watch */

/* Every change that a domain controller makes or takes over raises highestCommittedUSN, which is its own: another
   controller, or one that was restored from a backup, counts otherwise, and has another name or invocationId. */
static bool state(struct mw_ldap_session *session, const struct mw_source *source, struct mw_buf *state_r,
		  struct mw_buf *why)
{
	static const char *const root[] = { "dsServiceName", "highestCommittedUSN", NULL };
	static const char *const service[] = { "invocationId", NULL };
	struct mw_ldap_entry entry;
	char memory[MW_LDAP_DN_MAX];
	struct mw_buf name = MW_BUF_OVER(memory);
	struct mw_str id;
	enum mw_ldap_step step = mw_ldap_read(session, MW_STR_EMPTY, root, &entry, why);

	(void)source;
	if (step == MW_LDAP_FAILED)
		return false;
	if (step == MW_LDAP_ENTRY)
		mw_buf_add(&name, mw_ldap_value(&entry, "dsServiceName"));
	if (name.used == 0 || name.truncated || mw_ldap_value(&entry, "highestCommittedUSN").len == 0) {
		mw_buf_add_text(why, "the root DSE shows no highestCommittedUSN with a dsServiceName: this is no domain controller");
		return false;
	}
	mw_buf_printf(state_r, "%.*s %s", MW_STR_ARG(mw_ldap_value(&entry, "highestCommittedUSN")), name.data);
	switch (mw_ldap_read(session, mw_buf_str(&name), service, &entry, why)) {
	case MW_LDAP_FAILED: return false;
	case MW_LDAP_END: return true;
	case MW_LDAP_ENTRY: break;
	}
	id = mw_ldap_value(&entry, "invocationId");
	for (size_t i = 0; i < id.len; i++)
		mw_buf_printf(state_r, "%s%02x", i == 0 ? " " : "", (unsigned char)id.ptr[i]);
	return true;
}

/* --- the table */

/* Contacts are no users here, and computers have no mail: both lack one of the two words. */
static const char *const users_map[] = { "max_recipients=msExchRecipLimit", NULL };
static const char *const groups_map[] = { NULL };
static const char *const users_also[] = { "mail",
					  "proxyAddresses",
					  "userPrincipalName",
					  "sAMAccountName",
					  "userAccountControl",
					  "protocolSettings",
					  "submissionContLength",
					  "primaryGroupID",
					  "objectSid",
					  "sIDHistory",
					  "memberOf",
					  "publicDelegates",
					  "authOrig",
					  "unauthOrig",
					  "dLMemSubmitPerms",
					  "dLMemRejectPerms",
					  "msExchRequireAuthToSendTo",
					  NULL };
static const char *const groups_also[] = {
	"mail",	      "proxyAddresses",	  "objectSid",	      "publicDelegates",	   "authOrig",
	"unauthOrig", "dLMemSubmitPerms", "dLMemRejectPerms", "msExchRequireAuthToSendTo", NULL
};

const struct mw_ldap_flavour mw_ldap_ad = {
    .filters =
        {
            [MW_LDAP_USERS] = "(&(objectCategory=person)(objectClass=user)(|("
                              "mail=*)(proxyAddresses=smtp:*)))",
            [MW_LDAP_GROUPS] =
                "(&(objectCategory=group)(|(mail=*)(proxyAddresses=smtp:*)))",
        },
    .attributes = {[MW_LDAP_USERS] = users_map, [MW_LDAP_GROUPS] = groups_map},
    .also = {[MW_LDAP_USERS] = users_also, [MW_LDAP_GROUPS] = groups_also},
    .key = "objectGUID",
    .binary_key = true,
    .dacl = true,
    .begin = begin,
    .entry = mw_ad_entry,
    .end = mw_ad_names,
    .state = state,
    .deinit = deinit,
};
