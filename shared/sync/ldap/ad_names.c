/* SPDX-License-Identifier: MIT */
#include "sync/ldap/ad.h"

#include <stdlib.h>

#include "sync/ldap/dn.h"
#include "sync/ldap/reader.h"
#include "sync/ldap/sid.h"

#define GONE "Send-As rights of accounts that have no address or are gone"
#define WITHHELD \
	"entries on which a denial names a group or account that is not known: " \
	"nobody has Send-As on them by what follows it"

/* Everybody's right on every mailbox of a large domain is no directory that anybody wants, or has the memory for. */
#define RIGHTS_MAX 10000000

/* Who gets a role, and on which record. */
struct giving {
	struct mw_ldap_reader *reader;
	uint32_t place;
	enum mw_ldap_role role;
	size_t given;
};

static void give(void *context, uint32_t whom)
{
	struct giving *giving = context;

	giving->given++;
	mw_ldap_give(giving->reader, giving->place, giving->role, whom);
}

static int compare_entry(const void *key, const void *item)
{
	uint32_t place = *(const uint32_t *)key, other = ((const struct mw_ad_entry *)item)->place;

	return (place > other) - (place < other);
}

/* The node of a record; MW_AD_NONE: it has none. */
static uint32_t node_at(const struct mw_ad *ad, uint32_t place)
{
	const struct mw_ad_entry *entry = ad->entry_count == 0 ? NULL
							       : bsearch(&place, ad->entries, ad->entry_count,
									 sizeof(ad->entries[0]), compare_entry);

	return entry == NULL ? MW_AD_NONE : entry->node;
}

/* Whether the DN is that of an entry in the domain; those below it may be in another one. */
static bool is_in_domain(const struct mw_ad *ad, struct mw_str dn)
{
	for (size_t i = 0; i < ad->child_count; i++)
		if (mw_ldap_dn_is_below(dn, ad->children[i]))
			return false;
	return mw_ldap_dn_is_below(dn, ad->root);
}

/* The node that a DN names, or MW_AD_EVERYBODY, MW_AD_FOREIGN; MW_AD_NONE: somebody of the domain without a record. */
static uint32_t look_up(struct mw_ldap_reader *reader, const struct mw_ad *ad, struct mw_str dn)
{
	char memory[MW_LDAP_DN_MAX];
	struct mw_buf canonical = MW_BUF_OVER(memory);
	const uint32_t *value;
	uint32_t place;

	if (!mw_ldap_dn_canonical(dn, &canonical))
		return MW_AD_FOREIGN;
	value = mw_names_find(&ad->dns, mw_buf_str(&canonical));
	if (value != NULL)
		return *value;
	place = mw_ldap_find(reader, MW_LDAP_BY_DN, dn);
	if (place != MW_LDAP_NOBODY)
		return node_at(ad, place);
	return is_in_domain(ad, mw_buf_str(&canonical)) ? MW_AD_NONE : MW_AD_FOREIGN;
}

/* --- who is there */

static void add_sids(struct mw_ad *ad, uint32_t node, struct mw_str sids)
{
	for (size_t len = mw_sid_length(sids); len > 0; len = mw_sid_length(sids)) {
		mw_ad_groups_add_sid(&ad->groups, node, mw_str_head(sids, len));
		sids = mw_str_tail(sids, len);
	}
}

/* A primary group has no `member` for it. */
static void join_primary(struct mw_ad *ad, const struct mw_ad_entry *entry)
{
	char memory[MW_SID_MAX];
	struct mw_str sid;

	if (entry->sid.len == 0 || entry->primary == 0)
		return;
	sid = mw_sid_of(mw_sid_domain(entry->sid), entry->primary, memory);
	if (sid.len > 0)
		mw_ad_groups_add_member(&ad->groups, mw_ad_groups_find(&ad->groups, sid), entry->node);
}

/* begin() has the groups. One that was made since is not known to be in any other, and has nobody yet. */
static void put_entries(struct mw_ldap_reader *reader, struct mw_ad *ad)
{
	for (size_t i = 0; i < ad->entry_count; i++) {
		struct mw_ad_entry *entry = &ad->entries[i];

		if (mw_ldap_record(reader, entry->place) == NULL)
			continue;
		if (entry->user)
			entry->node = mw_ad_groups_add_user(&ad->groups, entry->place);
		else if (entry->sid.len > 0)
			entry->node = mw_ad_groups_find(&ad->groups, entry->sid);
		if (entry->node == MW_AD_NONE)
			continue;
		ad->groups.nodes[entry->node].place = entry->place;
		if (!entry->user)
			continue;
		add_sids(ad, entry->node, entry->sid);
		add_sids(ad, entry->node, entry->history);
		join_primary(ad, entry);
	}
}

static void put_members(struct mw_ldap_reader *reader, struct mw_ad *ad)
{
	for (size_t i = 0; i < ad->member_count; i++) {
		const struct mw_ad_member *member = &ad->members[i];
		uint32_t node = look_up(reader, ad, member->dn);

		if (node == MW_AD_EVERYBODY) {
			ad->groups.nodes[member->group].everybody = true;
		} else if (node == MW_AD_FOREIGN) {
			ad->groups.nodes[member->group].incomplete = true;
			mw_ldap_count_from(reader, "members of groups that are of another domain", member->dn);
		} else {
			mw_ad_groups_add_member(&ad->groups, member->group, node);
		}
	}
}

uint32_t mw_ad_hidden_group(const struct mw_ad *ad, struct mw_str dn)
{
	char memory[MW_LDAP_DN_MAX];
	struct mw_buf canonical = MW_BUF_OVER(memory);
	const uint32_t *node = mw_ldap_dn_canonical(dn, &canonical) ? mw_names_find(&ad->dns, mw_buf_str(&canonical))
								     : NULL;

	/* Everybody, who is of another domain and Windows' own are no nodes. */
	return node == NULL || *node >= ad->groups.count || ad->groups.nodes[*node].shown
		       ? MW_AD_NONE
		       : *node;
}

/* Where `member` of a group is hidden from us, who is in it says so. */
static void put_insides(struct mw_ad *ad)
{
	for (size_t i = 0; i < ad->parent_count; i++)
		mw_ad_groups_add_member(&ad->groups, mw_ad_hidden_group(ad, ad->parents[i].dn), ad->parents[i].group);
	for (size_t i = 0; i < ad->inside_count; i++)
		mw_ad_groups_add_member(&ad->groups, ad->insides[i].group, node_at(ad, ad->insides[i].place));
}

/* Records of groups get their members by name. */
static void name_members(struct mw_ldap_reader *reader, struct mw_ad *ad)
{
	for (size_t i = 0; i < ad->entry_count; i++) {
		const struct mw_ad_entry *entry = &ad->entries[i];
		struct giving giving = { reader, entry->place, MW_LDAP_MEMBER, 0 };

		if (entry->node != MW_AD_NONE && ad->groups.nodes[entry->node].group)
			mw_ad_groups_name_members(&ad->groups, entry->node, give, &giving);
	}
}

/* Who may be in a group that is denied, as nobody shows whether. */
static void give_untold(struct mw_ad *ad, uint32_t group, struct giving *giving)
{
	if (!ad->untold || !mw_ad_groups_hides(&ad->groups, group))
		return;
	for (size_t i = 0; i < ad->groups.count; i++) {
		const struct mw_ad_node *node = &ad->groups.nodes[i];

		if (node->untold && node->place != MW_AD_NO_PLACE)
			give(giving, node->place);
	}
}

static void resolve(struct mw_ldap_reader *reader, struct mw_ad *ad, const struct mw_ad_reference *reference)
{
	struct giving giving = { reader, reference->place, reference->role, 0 };
	uint32_t node = look_up(reader, ad, reference->dn);
	bool known = node != MW_AD_NONE && node != MW_AD_EVERYBODY && node != MW_AD_FOREIGN;

	if (!known || (ad->groups.nodes[node].group && !reference->group))
		mw_ldap_count_from(reader,
				   "names in authOrig, publicDelegates and the like of whom no address is known here",
				   reference->dn);
	else if (ad->groups.nodes[node].place != MW_AD_NO_PLACE)
		give(&giving, ad->groups.nodes[node].place);
	else
		mw_ad_groups_name_members(&ad->groups, node, give, &giving);
	if (known && ad->groups.nodes[node].group && reference->role == MW_LDAP_SENDERS_DENIED)
		give_untold(ad, node, &giving);
}

static bool give_rights(struct mw_ldap_reader *reader, struct mw_ad *ad, struct mw_buf *why)
{
	struct giving giving = { .reader = reader, .role = MW_LDAP_SEND_AS };
	bool all_rights = mw_ldap_source(reader)->ldap.all_rights_send_as;

	for (size_t i = 0; i < ad->entry_count; i++) {
		const struct mw_ad_entry *entry = &ad->entries[i];
		struct mw_ad_lost lost;
		struct mw_str name;

		if (entry->node == MW_AD_NONE)
			continue;
		name = mw_ldap_record(reader, entry->place)->principal.name;
		giving.place = entry->place;
		mw_ad_groups_rights(&ad->groups, entry->node, entry->sid, &entry->descriptor, all_rights, give, &giving,
				    &lost);
		for (; lost.nobodys > 0; lost.nobodys--)
			mw_ldap_count_from(reader, GONE, name);
		if (lost.withheld)
			mw_ldap_count_from(reader, WITHHELD, name);
		if (giving.given > RIGHTS_MAX) {
			mw_buf_printf(why,
				      "more than %d rights to Send-As: everybody, or the users of a large group that has "
				      "no address, have it on too many entries; \"%.*s\" is one",
				      RIGHTS_MAX, MW_STR_ARG(name));
			return false;
		}
	}
	return true;
}

/* What is shown of no entry at all is no truth about any. */
static bool is_shown(struct mw_ldap_reader *reader, const char *attribute, size_t hidden, size_t all,
		     struct mw_buf *why)
{
	if (all == 0 || hidden < all)
		return true;
	mw_buf_printf(why, "%.*s is shown %s of nobody: it needs the right to read",
		      MW_STR_ARG(mw_ldap_who(reader->session)), attribute);
	return false;
}

bool mw_ad_names(struct mw_ldap_reader *reader, struct mw_buf *why)
{
	struct mw_ad *ad = *mw_ldap_data(reader);

	if (!is_shown(reader, "userAccountControl", ad->accounts_hidden, ad->users, why) ||
	    !is_shown(reader, "primaryGroupID", ad->primaries_hidden, ad->users, why) ||
	    !is_shown(reader, "nTSecurityDescriptor", ad->dacls_hidden, ad->entry_count, why))
		return false;
	put_entries(reader, ad);
	put_members(reader, ad);
	put_insides(ad);
	if (!mw_ad_denied(reader, why) || !mw_ad_tokens(reader, why))
		return false;
	if (mw_ad_groups_ready(&ad->groups)) {
		name_members(reader, ad);
		for (size_t i = 0; i < ad->reference_count; i++)
			resolve(reader, ad, &ad->references[i]);
		if (!give_rights(reader, ad, why))
			return false;
	}
	if (ad->failed || ad->groups.failed)
		mw_buf_add_text(why, "out of memory");
	return !ad->failed && !ad->groups.failed;
}
