/* SPDX-License-Identifier: MIT */
/* Who has Send-As, by the permissions that were read: in the order in which Windows looks at them (Microsoft, "Order of
   ACEs in a DACL"), the first that is about somebody decides. */
#include "import/exchange/ace.h"

struct judging {
	struct mw_exchange *import;
	struct mw_exchange_person *identity;
	unsigned mark, bit, everybody; /* everybody: the bits that all have */
	bool refused;		       /* somebody on the walk is */
	bool owner_found;	       /* on the walk */
};

/* The lowest bit comes first. */
static bool allows(unsigned bits)
{
	bits &= ~bits + 1;
	return bits == MW_EXPLICIT_ALLOW || bits == MW_INHERITED_ALLOW;
}

static unsigned bits_of(const struct judging *judging, const struct mw_exchange_person *person)
{
	return person->ace_mark == judging->mark ? person->ace_bits : 0;
}

static bool is_allowed(const struct judging *judging, const struct mw_exchange_person *person)
{
	return allows(judging->everybody | bits_of(judging, person));
}

static void set_bit(struct mw_exchange_person *person, void *context)
{
	struct judging *judging = context;

	if (person->ace_mark != judging->mark)
		person->ace_bits = 0;
	person->ace_mark = judging->mark;
	person->ace_bits |= judging->bit;
}

static void look_for_refused(struct mw_exchange_person *person, void *context)
{
	struct judging *judging = context;

	judging->refused |= !is_allowed(judging, person);
}

static void grant_if_allowed(struct mw_exchange_person *person, void *context)
{
	struct judging *judging = context;

	if (!mw_exchange_is_group(person) && is_allowed(judging, person))
		mw_exchange_add_grant(judging->import, false, judging->identity, person);
}

/* About a whole mailbox, and no row of its. */
static void note_own(struct mw_exchange *import, const struct mw_exchange_person *identity, const char *fix)
{
	bool server = import->tables[MW_EXCHANGE_AD_PERMISSION].there;

	mw_exchange_note(import, server ? MW_EXCHANGE_AD_PERMISSION : MW_EXCHANGE_RECIPIENT_PERMISSION, NULL,
			 server ? "User" : "Trustee", mw_arena_text(import->arena, identity->name), fix);
}

static void look_for_owner(struct mw_exchange_person *person, void *context)
{
	struct judging *judging = context;

	judging->owner_found |= person == judging->identity;
}

/* The bits of all rights that who has the mailbox has by his account and groups. *perhaps_r: those that he may have,
   by a group that nobody knows the members of. */
static unsigned all_rights(struct judging *judging, unsigned *perhaps_r)
{
	unsigned bits = 0;

	*perhaps_r = 0;
	for (const struct mw_exchange_ace *ace = judging->identity->all_rights; ace != NULL; ace = ace->next) {
		judging->owner_found = false;
		if (ace->trustee != NULL)
			mw_exchange_walk_rights(judging->import, ace->trustee, MW_EXCHANGE_HELD, look_for_owner, judging);
		if (judging->owner_found)
			bits |= ace->bit;
		/* Windows writes explicit ones to accounts of administrators and takes SELF away (Microsoft,
		   "AdminSDHolder"); inherited ones every mailbox has. */
		else if (ace->bit == MW_EXPLICIT_ALLOW &&
			 (ace->trustee == NULL || mw_exchange_is_open_group(judging->import, ace->trustee)))
			*perhaps_r |= ace->bit;
	}
	return bits;
}

/* Whether who has a mailbox may send as it: by SELF, by his own account, and by the groups that he is in. Where the
   files leave SELF out, it has what every mailbox has at first: an explicit permission. */
static void judge_own(struct judging *judging)
{
	struct mw_exchange_person *identity = judging->identity;
	struct mw_exchange *import = judging->import;
	unsigned bits = identity->own_bits | bits_of(judging, identity), perhaps;

	if (identity->kind != MW_EXCHANGE_LOGIN || identity->disabled)
		return;
	if (allows(bits))
		return;
	bits |= all_rights(judging, &perhaps);
	if (allows(bits))
		return;
	if (import->self != MW_EXCHANGE_SELF_SHOWN && !identity->has_self && allows(bits | MW_EXPLICIT_ALLOW)) {
		if (import->self == MW_EXCHANGE_SELF_OF_SOME && identity->has_permissions)
			note_own(import, identity,
				 "the files have no Send-As of SELF on it, nor on most mailboxes, so it sends as itself here: if it was "
				 "taken away in Exchange, write smtp=no");
		return;
	}
	if (bits == 0 && !identity->has_permissions) {
		note_own(import, identity,
			 "no row is about this mailbox: if Send-As of SELF was taken away, it may not send as itself in "
			 "Exchange; write smtp=no then");
		return;
	}
	if (allows(bits | perhaps)) {
		note_own(import, identity,
			 "the files have no Send-As of SELF on it, but a group that may have him in it has all rights, as on accounts "
			 "of administrators, so it sends as itself here: if it may not in Exchange, write smtp=no");
		return;
	}
	identity->refused = true;
	if ((identity->own_bits & MW_EXPLICIT_DENY) == 0)
		note_own(import, identity,
			 bits == 0 ? "Send-As of SELF was taken away: who has the mailbox may not send as it in Exchange, and so "
				     "gets smtp=no here; take that out if he should send"
				   : "who has the mailbox is denied Send-As on it by his account or a group, and so gets smtp=no "
				     "here: take that out if he should send");
}

void mw_exchange_judge(struct mw_exchange *import, struct mw_exchange_person *identity)
{
	struct judging judging = { .import = import, .identity = identity, .mark = ++import->walks };

	for (const struct mw_exchange_ace *ace = identity->aces; ace != NULL; ace = ace->next) {
		judging.bit = ace->bit;
		if (ace->trustee == NULL)
			judging.everybody |= ace->bit;
		else
			mw_exchange_walk_rights(import, ace->trustee,
						(ace->bit & MW_DENIALS) != 0 ? MW_EXCHANGE_PERHAPS : MW_EXCHANGE_HELD, set_bit,
						&judging);
	}
	judge_own(&judging);
	for (const struct mw_exchange_ace *ace = identity->aces; ace != NULL; ace = ace->next) {
		if ((ace->bit & MW_DENIALS) != 0)
			continue;
		judging.refused = false;
		mw_exchange_walk(import, ace->trustee, look_for_refused, &judging);
		if (!judging.refused)
			mw_exchange_add_grant(import, false, identity, ace->trustee);
		else
			mw_exchange_walk(import, ace->trustee, grant_if_allowed, &judging);
		if (judging.refused)
			mw_exchange_count(import, "permissions that a denial takes something from");
	}
}
