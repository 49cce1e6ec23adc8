/* SPDX-License-Identifier: MIT */
#include "sync/ldap/ad.h"

#include <stdlib.h>

#include "sync/ldap/dn.h"
#include "sync/ldap/reader.h"

/* A controller computes tokenGroups ([MS-ADTS] 3.1.1.4.5.19) for one entry that is read by its DN: all security groups
   that the entry is in, whoever may see their `member`. No rights are needed for that but the one to read it. */
static const char *const token_attributes[] = { "tokenGroups", NULL };

#define UNTOLD                                                                                               \
	"users who do not show tokenGroups: a denial for a group that does not show member holds for them, " \
	"as if they were in it; give the account that reads the right to read one of the two"
#define UNSURE                                                                                                 \
	"distribution groups in dLMemRejectPerms that do not show member, or have none: "                      \
	"who is in one is denied only where memberOf says so; give the account that reads the right to read it"

/* By what a group is denied something: of a DACL's, distribution groups are in nobody's token. */
enum { BY_DACL = 1, BY_NAME = 2 };

static void mark(const struct mw_ad *ad, unsigned char *denied, uint32_t node, unsigned char by)
{
	if (node < ad->groups.count && ad->groups.nodes[node].group &&
	    (by == BY_NAME || ad->groups.nodes[node].security))
		denied[node] |= by;
}

static void mark_named(const struct mw_ad *ad, unsigned char *denied)
{
	for (size_t i = 0; i < ad->entry_count; i++) {
		const struct mw_descriptor *descriptor = &ad->entries[i].descriptor;

		for (size_t k = 0; ad->entries[i].node != MW_AD_NONE && k < descriptor->count; k++)
			if (descriptor->aces[k].kind == MW_ACE_DENY)
				mark(ad, denied, mw_ad_groups_find(&ad->groups, descriptor->aces[k].sid), BY_DACL);
	}
	for (size_t i = 0; i < ad->reference_count; i++) {
		char memory[MW_LDAP_DN_MAX];
		struct mw_buf canonical = MW_BUF_OVER(memory);
		const uint32_t *node;

		if (ad->references[i].role != MW_LDAP_SENDERS_DENIED ||
		    !mw_ldap_dn_canonical(ad->references[i].dn, &canonical))
			continue;
		node = mw_names_find(&ad->dns, mw_buf_str(&canonical));
		mark(ad, denied, node == NULL ? MW_AD_NONE : *node, BY_NAME);
	}
}

/* As many times as groups are nested. */
static void mark_nested(const struct mw_ad *ad, unsigned char *denied)
{
	const struct mw_pairs *members = &ad->groups.members;
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < members->count; i++) {
			uint32_t group = (uint32_t)(members->items[i] >> 32), member = (uint32_t)members->items[i];
			unsigned char before = denied[member];

			if ((denied[group] & BY_DACL) != 0)
				mark(ad, denied, member, BY_DACL);
			if ((denied[group] & BY_NAME) != 0)
				mark(ad, denied, member, BY_NAME);
			more = more || denied[member] != before;
		}
	}
}

/* Whether it matters which security groups a user is in. */
static bool is_wanted(struct mw_ldap_reader *reader, const struct mw_ad *ad, const unsigned char *denied)
{
	bool wanted = false;

	for (size_t i = 0; i < ad->groups.count; i++) {
		const struct mw_ad_node *node = &ad->groups.nodes[i];

		if (denied[i] == 0 || node->shown)
			continue;
		wanted = wanted || node->security;
		if (!node->security)
			mw_ldap_count_from(reader, UNSURE, node->dn);
	}
	return wanted;
}

static void join(struct mw_ad *ad, uint32_t user, const struct mw_ldap_attribute *tokens)
{
	for (size_t i = 0; i < tokens->count; i++) {
		uint32_t group = mw_ad_groups_find(&ad->groups, tokens->values[i]);

		if (group != MW_AD_NONE && ad->groups.nodes[group].group && !ad->groups.nodes[group].shown)
			mw_ad_groups_add_member(&ad->groups, group, user);
	}
}

static bool ask_users(struct mw_ldap_reader *reader, struct mw_ad *ad, struct mw_buf *why)
{
	for (size_t i = 0; i < ad->entry_count; i++) {
		const struct mw_ad_entry *user = &ad->entries[i];
		const struct mw_ldap_attribute *tokens = NULL;
		struct mw_ldap_entry entry;
		enum mw_ldap_step step;

		if (!user->user || user->node == MW_AD_NONE)
			continue;
		step = mw_ldap_read(reader->session, user->dn, token_attributes, &entry, why);
		if (step == MW_LDAP_FAILED)
			return false;
		if (step == MW_LDAP_ENTRY)
			tokens = mw_ldap_attribute(&entry, "tokenGroups");
		if (tokens != NULL) {
			join(ad, user->node, tokens);
			continue;
		}
		ad->groups.nodes[user->node].untold = ad->untold = true;
		mw_ldap_count_from(reader, UNTOLD, user->dn);
	}
	return true;
}

bool mw_ad_tokens(struct mw_ldap_reader *reader, struct mw_buf *why)
{
	struct mw_ad *ad = *mw_ldap_data(reader);
	unsigned char *denied = calloc(ad->groups.count + 1, 1);
	bool wanted;

	ad->failed = ad->failed || denied == NULL;
	if (denied == NULL)
		return true;
	mark_named(ad, denied);
	mark_nested(ad, denied);
	wanted = is_wanted(reader, ad, denied);
	free(denied);
	return !wanted || ask_users(reader, ad, why);
}
