/* SPDX-License-Identifier: MIT */
/* Directories of OpenLDAP and its relatives: the attributes of the schemas that mail servers use. cosine and
   inetorgperson (mail, uid), laser's inetLocalMailRecipient (mailLocalAddress), qmail (mailAlternateAddress),
   postfix-book and docker-mailserver (mailAlias), FusionDirectory (gosaMailAlternateAddress), UCS
   (mailAlternativeAddress), iRedMail (shadowAddress); groups of names and posixGroup. */
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "sync/ldap/dn.h"
#include "sync/ldap/map.h"
#include "sync/text/field.h"

/* Long enough for holidays, in which nobody changes anything and a large directory need not be read each interval. */
#define CSN_SECONDS (7 * 86400)

#define ADDRESSES                                                                        \
	"address=mailLocalAddress", "address=mailAlternateAddress", "address=mailAlias", \
		"address=gosaMailAlternateAddress", "address=mailAlternativeAddress", "address=shadowAddress"

static const char *const user_attributes[] = { "name=mail", "login=uid", ADDRESSES, NULL };
static const char *const group_attributes[] = { "name=mail",	       ADDRESSES,	   "member=member",
						"member=uniqueMember", "member=memberUid", NULL };
static const char *const also_of_users[] = { "uid", NULL };

/* memberUid names somebody by uid, whatever the policy's map calls a login. */
static bool read_uid(struct mw_ldap_reader *reader, const struct mw_ldap_entry *entry, struct mw_record *record)
{
	const struct mw_ldap_attribute *uid =
		record->principal.kind == MW_USER ? mw_ldap_attribute(entry, "uid") : NULL;

	for (size_t i = 0; uid != NULL && i < uid->count; i++)
		mw_ldap_called(reader, MW_LDAP_BY_UID, uid->values[i]);
	return true;
}

/* --- contextCSN: the suffix has one for each server that takes changes */

static int compare_values(const void *left, const void *right)
{
	return mw_str_compare(*(const struct mw_str *)left, *(const struct mw_str *)right);
}

/* Where the overlay syncprov was taken away, the last contextCSN stays, and no change moves it. One that nothing has
   changed for a week is as good as none: "20261130120000.000000Z#...". */
static bool is_recent(const struct mw_ldap_attribute *attribute)
{
	time_t least = (time_t)(mw_clock_date() - CSN_SECONDS);
	char text[32];
	struct tm parts;

	if (gmtime_r(&least, &parts) == NULL || strftime(text, sizeof(text), "%Y%m%d%H%M%S", &parts) == 0)
		return false;
	for (size_t i = 0; i < attribute->count; i++)
		if (mw_str_compare(attribute->values[i], mw_str(text)) > 0)
			return true;
	return false;
}

/* In any order, one after the other. */
static bool add_sorted(const struct mw_ldap_attribute *attribute, struct mw_buf *out, struct mw_buf *why)
{
	struct mw_str *values = calloc(attribute->count, sizeof(*values));

	if (values == NULL) {
		mw_buf_add_text(why, "out of memory");
		return false;
	}
	memcpy(values, attribute->values, attribute->count * sizeof(*values));
	qsort(values, attribute->count, sizeof(*values), compare_values);
	for (size_t i = 0; i < attribute->count; i++) {
		mw_buf_add(out, values[i]);
		mw_buf_add_char(out, ' ');
	}
	free(values);
	return true;
}

/* The server's suffix that the base is below, as the root DSE has it. */
static bool find_suffix(struct mw_ldap_session *session, struct mw_str base, struct mw_buf *suffix,
			struct mw_buf *why)
{
	static const char *const names[] = { "namingContexts", NULL };
	char below[MW_LDAP_DN_MAX * 2], above[MW_LDAP_DN_MAX * 2];
	struct mw_buf base_text = MW_BUF_OVER(below), text = MW_BUF_OVER(above);
	const struct mw_ldap_attribute *contexts;
	struct mw_ldap_entry root;
	enum mw_ldap_step step = mw_ldap_read(session, MW_STR_EMPTY, names, &root, why);

	if (step == MW_LDAP_FAILED)
		return false;
	contexts = step == MW_LDAP_ENTRY ? mw_ldap_attribute(&root, names[0]) : NULL;
	if (!mw_ldap_dn_canonical(base, &base_text))
		return true;
	for (size_t i = 0; contexts != NULL && i < contexts->count; i++) {
		if (mw_ldap_dn_canonical(contexts->values[i], &text) &&
		    mw_ldap_dn_is_below(mw_buf_str(&base_text), mw_buf_str(&text)) &&
		    (suffix->used == 0 || contexts->values[i].len > suffix->used)) {
			mw_buf_reset(suffix);
			mw_buf_add(suffix, contexts->values[i]);
		}
	}
	return true;
}

/* The state of the suffix that a base is below. */
static bool add_state(struct mw_ldap_session *session, struct mw_str base, struct mw_buf *state_r, struct mw_buf *why)
{
	static const char *const names[] = { "contextCSN", NULL };
	char memory[MW_LDAP_DN_MAX];
	struct mw_buf suffix = MW_BUF_OVER(memory);
	const struct mw_ldap_attribute *state;
	struct mw_ldap_entry entry;
	enum mw_ldap_step step;

	if (!find_suffix(session, base, &suffix, why))
		return false;
	step = suffix.used == 0 ? MW_LDAP_END : mw_ldap_read(session, mw_buf_str(&suffix), names, &entry, why);
	if (step == MW_LDAP_FAILED)
		return false;
	state = step == MW_LDAP_ENTRY ? mw_ldap_attribute(&entry, names[0]) : NULL;
	if (state != NULL && is_recent(state))
		return add_sorted(state, state_r, why);
	base = mw_text_shown(suffix.used == 0 ? base : mw_buf_str(&suffix));
	if (state == NULL)
		mw_buf_printf(why, "no contextCSN of %.*s is shown: that needs the overlay syncprov and a right to read it",
			      MW_STR_ARG(base));
	else
		mw_buf_printf(why, "contextCSN of %.*s is older than a week: nothing was changed since, or the overlay "
				   "syncprov was taken away",
			      MW_STR_ARG(base));
	return false;
}

/* Users and groups may stand in two databases of the server. */
static bool read_state(struct mw_ldap_session *session, const struct mw_source *source, struct mw_buf *state_r,
		       struct mw_buf *why)
{
	for (int kind = 0; kind < MW_LDAP_KIND_COUNT; kind++) {
		struct mw_str own = source->ldap.kinds[kind].base;

		if (!add_state(session, mw_str_empty(own) ? source->ldap.base : own, state_r, why))
			return false;
		mw_buf_add_char(state_r, '\n');
	}
	return true;
}

const struct mw_ldap_flavour mw_ldap_openldap = {
	.filters = {
		[MW_LDAP_USERS] = "(&(mail=*)(|(objectClass=inetOrgPerson)(objectClass=posixAccount)"
				  "(objectClass=inetLocalMailRecipient)(objectClass=PostfixBookMailAccount)))",
		[MW_LDAP_GROUPS] = "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
	},
	.attributes = { [MW_LDAP_USERS] = user_attributes, [MW_LDAP_GROUPS] = group_attributes },
	.also = { [MW_LDAP_USERS] = also_of_users },
	.key = "entryUUID",
	.entry = read_uid,
	.state = read_state,
};
