/* SPDX-License-Identifier: MIT */
#include "sync/ldap/descriptor.h"

#include "sync/ldap/sid.h"

#define HEAD 20 /* octets of a descriptor before everything else */
#define ACL_HEAD 8
#define ACE_HEAD 4
#define GUID 16

#define DACL_PRESENT 0x0004
#define SELF_RELATIVE 0x8000

#define INHERIT_ONLY 0x08
#define INHERITED 0x10

#define CONTROL_ACCESS 0x00000100u
#define GENERIC_ALL 0x10000000u

#define OBJECT_TYPE_PRESENT 0x1
#define INHERITED_OBJECT_TYPE_PRESENT 0x2

/* ab721a54-1e2f-11d0-9819-00aa0040529b, as it stands in an entry. */
static const char send_as[GUID] = "\x54\x1a\x72\xab\x2f\x1e\xd0\x11\x98\x19\x00\xaa\x00\x40\x52\x9b";

/* [MS-DTYP] 2.4.4.1; what is not here is skipped. */
static const struct ace_type {
	bool known, denies, object, conditional;
} types[] = {
	[0x00] = { .known = true },
	[0x01] = { .known = true, .denies = true },
	[0x05] = { .known = true, .object = true },
	[0x06] = { .known = true, .denies = true, .object = true },
	[0x09] = { .known = true, .conditional = true },
	[0x0a] = { .known = true, .denies = true, .conditional = true },
	[0x0b] = { .known = true, .object = true, .conditional = true },
	[0x0c] = { .known = true, .denies = true, .object = true, .conditional = true },
};

static unsigned octet(struct mw_str octets, size_t at)
{
	return (unsigned char)octets.ptr[at];
}

static uint32_t read16(struct mw_str octets, size_t at)
{
	return octet(octets, at) | octet(octets, at + 1) << 8;
}

static uint32_t read32(struct mw_str octets, size_t at)
{
	return read16(octets, at) | read16(octets, at + 2) << 16;
}

/* The part of an entry behind its mask: the object it is about, where it names one, then whose it is. False: it is
   broken. `about_r`: it is about Send-As or, where `all_r` says so, about all extended rights. */
static bool read_object(struct mw_str *rest, bool *about_r, bool *all_r)
{
	uint32_t flags;

	if (rest->len < 4)
		return false;
	flags = read32(*rest, 0);
	*rest = mw_str_tail(*rest, 4);
	if ((flags & OBJECT_TYPE_PRESENT) != 0) {
		if (rest->len < GUID)
			return false;
		*all_r = false;
		*about_r = memcmp(rest->ptr, send_as, GUID) == 0;
		*rest = mw_str_tail(*rest, GUID);
	}
	/* What kinds of entries inherit it: this one has it already. */
	if ((flags & INHERITED_OBJECT_TYPE_PRESENT) != 0) {
		if (rest->len < GUID)
			return false;
		*rest = mw_str_tail(*rest, GUID);
	}
	return true;
}

/* One entry of the DACL, of a type that is known. NULL: it was read, and added where it says something. */
static const char *read_ace(struct mw_descriptor *descriptor, struct mw_str ace)
{
	const struct ace_type *type = &types[octet(ace, 0)];
	unsigned flags = octet(ace, 1);
	bool about = true, all = true;
	struct mw_str rest;
	uint32_t mask;
	size_t len;

	if (ace.len < ACE_HEAD + 4)
		return "an entry of its DACL is too short";
	mask = read32(ace, ACE_HEAD);
	rest = mw_str_tail(ace, ACE_HEAD + 4);
	if (type->object && !read_object(&rest, &about, &all))
		return "an entry of its DACL is too short";
	len = mw_sid_length(rest);
	if (len == 0)
		return "a SID of its DACL is broken";
	if ((flags & INHERIT_ONLY) != 0 || !about || (mask & (CONTROL_ACCESS | GENERIC_ALL)) == 0)
		return NULL;
	if (type->conditional && !type->denies) {
		descriptor->conditional++;
		return NULL;
	}
	descriptor->aces[descriptor->count++] = (struct mw_ace){
		.kind = type->denies			      ? MW_ACE_DENY
			: all || (mask & CONTROL_ACCESS) == 0 ? MW_ACE_ALLOW_ALL
							      : MW_ACE_ALLOW,
		.inherited = (flags & INHERITED) != 0,
		.sid = mw_str_head(rest, len),
	};
	return NULL;
}

static const char *read_dacl(struct mw_descriptor *descriptor, struct mw_str acl, struct mw_arena *arena)
{
	size_t count, size;
	const char *wrong;

	if (acl.len < ACL_HEAD || octet(acl, 0) < 2 || octet(acl, 0) > 4)
		return "its DACL is of an unknown revision";
	size = read16(acl, 2);
	count = read16(acl, 4);
	if (size < ACL_HEAD || size > acl.len || count > (size - ACL_HEAD) / ACE_HEAD)
		return "its DACL is longer than it";
	acl = mw_str_tail(mw_str_head(acl, size), ACL_HEAD);
	descriptor->aces = MW_ARENA_ARRAY(arena, struct mw_ace, count);
	if (descriptor->aces == NULL)
		return "out of memory";
	for (; count > 0; count--) {
		if (acl.len < ACE_HEAD)
			return "its DACL has less entries than it says";
		size = read16(acl, 2);
		if (size < ACE_HEAD || size % 4 != 0 || size > acl.len)
			return "an entry of its DACL has a wrong length";
		if (octet(acl, 0) < sizeof(types) / sizeof(types[0]) && types[octet(acl, 0)].known) {
			wrong = read_ace(descriptor, mw_str_head(acl, size));
			if (wrong != NULL)
				return wrong;
		}
		acl = mw_str_tail(acl, size);
	}
	return NULL;
}

const char *mw_descriptor_read(struct mw_str octets, struct mw_arena *arena, struct mw_descriptor *descriptor_r)
{
	const char *wrong;
	uint32_t control, at;

	*descriptor_r = (struct mw_descriptor){ 0 };
	if (octets.len < HEAD || octet(octets, 0) != 1)
		return "it is of an unknown revision";
	control = read16(octets, 2);
	at = read32(octets, 16);
	if ((control & SELF_RELATIVE) == 0)
		return "it is not self-relative";
	if ((control & DACL_PRESENT) == 0 || at == 0) {
		descriptor_r->open = true;
		return NULL;
	}
	if (at < HEAD || at > octets.len)
		return "its DACL lies outside of it";
	wrong = read_dacl(descriptor_r, mw_str_tail(octets, at), arena);
	if (wrong != NULL)
		*descriptor_r = (struct mw_descriptor){ 0 };
	return wrong;
}

/* What the canonical order has before something else; what is inherited stays as it stands. */
enum place { OWN_DENIALS, OWN_RIGHTS, INHERITED_ONES, PLACES };

static enum place place_of(const struct mw_ace *ace)
{
	if (ace->inherited)
		return INHERITED_ONES;
	return ace->kind == MW_ACE_DENY ? OWN_DENIALS : OWN_RIGHTS;
}

/* The first that is for somebody, of one place or, with PLACES, of all; NULL: none is. */
static const struct mw_ace *first(const struct mw_descriptor *descriptor, enum place place, bool all_rights,
				  mw_ace_is_for *is_for, void *context)
{
	for (size_t i = 0; i < descriptor->count; i++) {
		const struct mw_ace *ace = &descriptor->aces[i];

		if ((place == PLACES || place_of(ace) == place) && (ace->kind != MW_ACE_ALLOW_ALL || all_rights) &&
		    is_for(context, ace))
			return ace;
	}
	return NULL;
}

bool mw_descriptor_permits(const struct mw_descriptor *descriptor, bool all_rights, mw_ace_is_for *is_for,
			   void *context)
{
	const struct mw_ace *ace = first(descriptor, PLACES, all_rights, is_for, context);

	if (ace == NULL || ace->kind == MW_ACE_DENY)
		return false;
	ace = NULL;
	for (enum place place = OWN_DENIALS; place < PLACES && ace == NULL; place++)
		ace = first(descriptor, place, all_rights, is_for, context);
	return ace != NULL && ace->kind != MW_ACE_DENY;
}

bool mw_descriptor_denies(const struct mw_descriptor *descriptor)
{
	for (size_t i = 0; i < descriptor->count; i++) {
		if (descriptor->aces[i].kind == MW_ACE_DENY)
			return true;
	}
	return false;
}
