/* SPDX-License-Identifier: MIT */
#include "sync/ldap/ad_groups.h"

#include <stdlib.h>

#include "sync/ldap/sid.h"

#define TWICE UINT32_MAX

void mw_ad_groups_init(struct mw_ad_groups *groups, struct mw_arena *arena)
{
	*groups = (struct mw_ad_groups){ .arena = arena };
}

void mw_ad_groups_deinit(struct mw_ad_groups *groups)
{
	mw_names_deinit(&groups->sids, &groups->failed);
	mw_pairs_deinit(&groups->members);
	free(groups->nodes);
	free(groups->first);
	free(groups->marks);
	free(groups->stack);
}

static uint32_t add(struct mw_ad_groups *groups, struct mw_ad_node node)
{
	if (groups->count == groups->size) {
		size_t size = 2 * groups->size + 256;
		struct mw_ad_node *larger =
			size >= MW_AD_NONE ? NULL : reallocarray(groups->nodes, size, sizeof(*larger));

		groups->failed = groups->failed || larger == NULL;
		if (larger == NULL)
			return MW_AD_NONE;
		groups->nodes = larger;
		groups->size = size;
	}
	groups->nodes[groups->count] = node;
	return (uint32_t)groups->count++;
}

uint32_t mw_ad_groups_add_user(struct mw_ad_groups *groups, uint32_t place)
{
	return add(groups, (struct mw_ad_node){ .place = place });
}

uint32_t mw_ad_groups_add_group(struct mw_ad_groups *groups, bool security)
{
	return add(groups, (struct mw_ad_node){ .place = MW_AD_NO_PLACE, .group = true, .security = security });
}

void mw_ad_groups_add_sid(struct mw_ad_groups *groups, uint32_t node, struct mw_str sid)
{
	uint32_t *value;
	bool added;

	if (node == MW_AD_NONE)
		return;
	value = mw_names_add(&groups->sids, sid, &added);
	groups->failed = groups->failed || value == NULL;
	if (value != NULL)
		*value = added || *value == node + 1 ? node + 1 : TWICE;
}

void mw_ad_groups_add_member(struct mw_ad_groups *groups, uint32_t group, uint32_t member)
{
	if (group != MW_AD_NONE && member != MW_AD_NONE)
		mw_pairs_add(&groups->members, group, member);
}

bool mw_ad_groups_ready(struct mw_ad_groups *groups)
{
	size_t nodes = groups->count + 1, edge = 0;

	groups->first = calloc(nodes, sizeof(*groups->first));
	groups->marks = calloc(nodes, sizeof(*groups->marks));
	groups->stack = calloc(nodes, sizeof(*groups->stack));
	if (groups->first == NULL || groups->marks == NULL || groups->stack == NULL || groups->members.failed)
		groups->failed = true;
	if (groups->failed)
		return false;
	mw_pairs_sort(&groups->members);
	for (size_t i = 0; i < nodes; i++) {
		while (edge < groups->members.count && groups->members.items[edge] >> 32 < i)
			edge++;
		groups->first[i] = edge;
	}
	return true;
}

uint32_t mw_ad_groups_find(const struct mw_ad_groups *groups, struct mw_str sid)
{
	const uint32_t *value = mw_names_find(&groups->sids, sid);

	return value == NULL || *value == TWICE ? MW_AD_NONE : *value - 1;
}

/* --- who is in a group */

static bool see(struct mw_ad_groups *groups, uint32_t node)
{
	if (groups->marks[node] == groups->mark)
		return false;
	groups->marks[node] = groups->mark;
	return true;
}

static uint32_t member_at(const struct mw_ad_groups *groups, size_t edge)
{
	return (uint32_t)groups->members.items[edge];
}

static int compare_users(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

/* All that are to be looked at, in `stack`: the security groups in a group, itself first. Their users are marked too,
   and how many there are is returned. */
static size_t walk(struct mw_ad_groups *groups, uint32_t group, struct mw_ad_set *set, size_t *groups_r)
{
	size_t found = 0, stacked = 0, users = 0;

	groups->mark++;
	set->named = groups->nodes[group].place != MW_AD_NO_PLACE;
	see(groups, group);
	groups->stack[stacked++] = group;
	for (; found < stacked; found++) {
		uint32_t at = groups->stack[found];
		const struct mw_ad_node *node = &groups->nodes[at];

		set->everybody = set->everybody || node->everybody;
		set->incomplete = set->incomplete || node->incomplete;
		set->hidden = set->hidden || !node->shown;
		for (size_t edge = groups->first[at]; edge < groups->first[at + 1]; edge++) {
			uint32_t member = member_at(groups, edge);

			if (!groups->nodes[member].group)
				users += see(groups, member);
			else if (!groups->nodes[member].security)
				set->named = false;
			else if (see(groups, member))
				groups->stack[stacked++] = member;
		}
	}
	*groups_r = stacked;
	return users;
}

const struct mw_ad_set *mw_ad_groups_set(struct mw_ad_groups *groups, uint32_t group)
{
	struct mw_ad_node *node = &groups->nodes[group];
	size_t walked = 0, users;
	struct mw_ad_set *set;

	if (node->set != NULL)
		return node->set;
	set = MW_ARENA_NEW(groups->arena, struct mw_ad_set);
	if (set == NULL)
		return NULL;
	/* A distribution group is among nobody's SIDs. */
	users = node->security ? walk(groups, group, set, &walked) : 0;
	set->users = MW_ARENA_ARRAY(groups->arena, uint32_t, users + 1);
	if (set->users == NULL)
		return NULL;
	groups->mark++;
	for (size_t i = 0; i < walked; i++) {
		uint32_t at = groups->stack[i];

		for (size_t edge = groups->first[at]; edge < groups->first[at + 1]; edge++) {
			uint32_t member = member_at(groups, edge);

			if (!groups->nodes[member].group && see(groups, member))
				set->users[set->count++] = member;
		}
	}
	qsort(set->users, set->count, sizeof(set->users[0]), compare_users);
	node->set = set;
	return set;
}

void mw_ad_groups_name_members(struct mw_ad_groups *groups, uint32_t group, mw_ad_give *give, void *context)
{
	size_t stacked = 0;

	groups->mark++;
	see(groups, group);
	groups->stack[stacked++] = group;
	while (stacked > 0) {
		uint32_t at = groups->stack[--stacked];

		for (size_t edge = groups->first[at]; edge < groups->first[at + 1]; edge++) {
			uint32_t member = member_at(groups, edge);

			if (!see(groups, member))
				continue;
			if (groups->nodes[member].place != MW_AD_NO_PLACE)
				give(context, groups->nodes[member].place);
			else if (groups->nodes[member].group)
				groups->stack[stacked++] = member;
		}
	}
}

bool mw_ad_groups_hides(struct mw_ad_groups *groups, uint32_t group)
{
	size_t stacked = 0;
	bool hides = false;

	groups->mark++;
	see(groups, group);
	groups->stack[stacked++] = group;
	while (stacked > 0 && !hides) {
		uint32_t at = groups->stack[--stacked];

		hides = !groups->nodes[at].shown;
		for (size_t edge = groups->first[at]; edge < groups->first[at + 1]; edge++) {
			uint32_t member = member_at(groups, edge);

			if (groups->nodes[member].group && see(groups, member))
				groups->stack[stacked++] = member;
		}
	}
	return hides;
}

/* --- rights */

enum whose { NOBODYS, UNKNOWN, EVERYBODYS, OF_USER, OF_GROUP };

/* Whose one entry of the DACL is. */
struct subject {
	enum whose whose;
	uint32_t user;
	uint32_t group;
	const struct mw_ad_set *set;
};

struct rights {
	struct mw_ad_groups *groups;
	uint32_t self;
	const struct mw_descriptor *descriptor;
	bool all_rights;
	struct subject *subjects; /* [ace] */
	uint32_t user;		  /* who is asked about */
};

static struct subject subject_of(struct rights *rights, struct mw_str self_sid, const struct mw_ace *ace)
{
	struct subject subject = { .whose = NOBODYS, .user = MW_AD_NONE, .group = MW_AD_NONE };
	struct mw_str sid = ace->sid;
	uint32_t node;

	if (mw_sid_is_everybody(sid))
		subject.whose = EVERYBODYS;
	/* Who is the entry may send as it in any case; a group's members may not by that. Windows would let them. */
	if (mw_sid_is_everybody(sid) || mw_sid_is_nobody(sid) || (mw_sid_is_self(sid) && ace->kind != MW_ACE_DENY))
		return subject;
	node = mw_ad_groups_find(rights->groups, mw_sid_is_self(sid) ? self_sid : sid);
	if (node == MW_AD_NONE) {
		subject.whose = UNKNOWN;
	} else if (!rights->groups->nodes[node].group) {
		subject.whose = OF_USER;
		subject.user = node;
	} else {
		subject.whose = OF_GROUP;
		subject.group = node;
		subject.set = mw_ad_groups_set(rights->groups, node);
		rights->groups->failed = rights->groups->failed || subject.set == NULL;
	}
	return subject;
}

static bool is_in(const struct mw_ad_set *set, uint32_t user)
{
	return set->everybody || bsearch(&user, set->users, set->count, sizeof(user), compare_users) != NULL;
}

static bool is_for_user(void *context, const struct mw_ace *ace)
{
	const struct rights *rights = context;
	const struct subject *subject = &rights->subjects[ace - rights->descriptor->aces];

	switch (subject->whose) {
	case NOBODYS: return false;
	/* It may be of a group in another domain that the user is in. */
	case UNKNOWN: return ace->kind == MW_ACE_DENY;
	case EVERYBODYS: return true;
	case OF_USER: return subject->user == rights->user;
	case OF_GROUP: break;
	}
	if (is_in(subject->set, rights->user))
		return true;
	return ace->kind == MW_ACE_DENY &&
	       (subject->set->incomplete || (subject->set->hidden && rights->groups->nodes[rights->user].untold));
}

static bool allows(const struct rights *rights, size_t ace)
{
	enum mw_ace_kind kind = rights->descriptor->aces[ace].kind;

	return kind == MW_ACE_ALLOW || (kind == MW_ACE_ALLOW_ALL && rights->all_rights);
}

/* Whether a denial is somebody's; then each user is asked about. */
static bool look_at_denials(const struct rights *rights, struct mw_ad_lost *lost)
{
	bool found = false;

	for (size_t i = 0; i < rights->descriptor->count; i++) {
		const struct subject *subject = &rights->subjects[i];

		if (rights->descriptor->aces[i].kind != MW_ACE_DENY || subject->whose == NOBODYS)
			continue;
		found = true;
		lost->withheld = lost->withheld || subject->whose == UNKNOWN ||
				 (subject->whose == OF_GROUP && subject->set->incomplete);
	}
	return found;
}

static void give_user(struct rights *rights, uint32_t user, bool ask, mw_ad_give *give, void *context)
{
	if (user == rights->self || !see(rights->groups, user))
		return;
	rights->user = user;
	if (rights->groups->nodes[user].place == MW_AD_NO_PLACE)
		return;
	if (!ask || mw_descriptor_permits(rights->descriptor, rights->all_rights, is_for_user, rights))
		give(context, rights->groups->nodes[user].place);
}

/* A right of somebody who has no record. */
static bool is_nobodys(const struct rights *rights, const struct subject *subject)
{
	return subject->whose == UNKNOWN ||
	       (subject->whose == OF_USER && rights->groups->nodes[subject->user].place == MW_AD_NO_PLACE);
}

static void give_subject(struct rights *rights, const struct subject *subject, bool ask, mw_ad_give *give,
			 void *context)
{
	bool everybody = subject->whose == EVERYBODYS || (subject->whose == OF_GROUP && subject->set->everybody);

	if (subject->whose == OF_USER) {
		give_user(rights, subject->user, ask, give, context);
	} else if (everybody) {
		for (uint32_t user = 0; user < rights->groups->count; user++)
			if (!rights->groups->nodes[user].group)
				give_user(rights, user, ask, give, context);
	} else if (subject->whose == OF_GROUP && subject->set->named && !ask) {
		if (see(rights->groups, subject->group))
			give(context, rights->groups->nodes[subject->group].place);
	} else if (subject->whose == OF_GROUP) {
		for (size_t i = 0; i < subject->set->count; i++)
			give_user(rights, subject->set->users[i], ask, give, context);
	}
}

void mw_ad_groups_rights(struct mw_ad_groups *groups, uint32_t self, struct mw_str self_sid,
			 const struct mw_descriptor *descriptor, bool all_rights, mw_ad_give *give, void *context,
			 struct mw_ad_lost *lost_r)
{
	struct rights rights = { .groups = groups, .self = self, .descriptor = descriptor, .all_rights = all_rights };
	bool ask;

	*lost_r = (struct mw_ad_lost){ 0 };
	rights.subjects = MW_ARENA_ARRAY(groups->arena, struct subject, descriptor->count + 1);
	if (rights.subjects == NULL) {
		groups->failed = true;
		return;
	}
	for (size_t i = 0; i < descriptor->count; i++)
		rights.subjects[i] = subject_of(&rights, self_sid, &descriptor->aces[i]);
	if (groups->failed)
		return;
	ask = look_at_denials(&rights, lost_r);
	groups->mark++;
	for (size_t i = 0; i < descriptor->count; i++) {
		if (!allows(&rights, i))
			continue;
		lost_r->nobodys += is_nobodys(&rights, &rights.subjects[i]);
		give_subject(&rights, &rights.subjects[i], ask, give, context);
	}
}
