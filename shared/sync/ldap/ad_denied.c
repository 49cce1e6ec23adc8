/* SPDX-License-Identifier: MIT */
#include "sync/ldap/ad.h"

#include "sync/ldap/reader.h"
#include "sync/ldap/sid.h"

#define ASKED_MAX 1000 /* SIDs; what is beyond stays unknown */

static bool is_account(struct mw_ldap_reader *reader, struct mw_str sid, bool *account_r, struct mw_buf *why)
{
	static const char *const attributes[] = { "objectClass", NULL };
	const struct mw_ad *ad = *mw_ldap_data(reader);
	char memory[3 * MW_SID_MAX + 32];
	struct mw_buf filter = MW_BUF_OVER(memory);
	const struct mw_ldap_search search = { .base = ad->root, .filter = memory, .attributes = attributes };
	struct mw_ldap_entry entry;
	enum mw_ldap_step step;

	mw_buf_add_text(&filter, "(objectSid=");
	for (size_t i = 0; i < sid.len; i++)
		mw_buf_printf(&filter, "\\%02x", (unsigned char)sid.ptr[i]);
	mw_buf_add_text(&filter, ")");
	*account_r = false;
	if (!mw_ldap_search(reader->session, &search, why))
		return false;
	while ((step = mw_ldap_next(reader->session, &entry, why)) == MW_LDAP_ENTRY)
		*account_r = mw_ad_has_value(&entry, "objectClass", MW_STR("user"));
	return step == MW_LDAP_END;
}

/* An account of the domain that has no record (it has no address, or is a computer's) is nobody who sends. Of what is
   no account of the domain nobody can tell here who is in it. */
static bool ask(struct mw_ldap_reader *reader, struct mw_ad *ad, struct mw_str sid, struct mw_buf *why)
{
	bool account;
	uint32_t node;

	if (!is_account(reader, sid, &account, why))
		return false;
	if (!account)
		return true;
	node = mw_ad_groups_add_user(&ad->groups, MW_AD_NO_PLACE);
	mw_ad_groups_add_sid(&ad->groups, node, sid);
	return true;
}

static bool is_unknown(const struct mw_ad *ad, const struct mw_ace *ace)
{
	return ace->kind == MW_ACE_DENY && mw_sid_domain(ace->sid).len > 0 &&
	       mw_ad_groups_find(&ad->groups, ace->sid) == MW_AD_NONE;
}

bool mw_ad_denied(struct mw_ldap_reader *reader, struct mw_buf *why)
{
	struct mw_ad *ad = *mw_ldap_data(reader);
	struct mw_names asked = { 0 };
	bool good = true;

	for (size_t i = 0; good && i < ad->entry_count; i++) {
		const struct mw_descriptor *descriptor = &ad->entries[i].descriptor;

		for (size_t k = 0; good && k < descriptor->count && asked.count < ASKED_MAX; k++) {
			bool added = false;

			if (is_unknown(ad, &descriptor->aces[k]))
				mw_names_add(&asked, descriptor->aces[k].sid, &added);
			if (added)
				good = ask(reader, ad, descriptor->aces[k].sid, why);
		}
	}
	mw_names_deinit(&asked, &ad->failed);
	return good;
}
