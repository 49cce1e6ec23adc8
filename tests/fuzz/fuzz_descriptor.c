/* SPDX-License-Identifier: MIT */
/* Invariant: what a descriptor says lies within it; a broken one says nothing; who is denied by everything, or has no
   SID, has no right, and all rights never take one away. */
#include <stdint.h>
#include <stdlib.h>

#include "sync/ldap/descriptor.h"
#include "sync/ldap/sid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static bool is_for_nobody(void *context, const struct mw_ace *ace)
{
	(void)context;
	(void)ace;
	return false;
}

static bool is_for_everybody(void *context, const struct mw_ace *ace)
{
	(void)context;
	(void)ace;
	return true;
}

static bool is_for_one(void *context, const struct mw_ace *ace)
{
	return mw_str_equal(*(const struct mw_str *)context, ace->sid);
}

static void check_ace(const struct mw_descriptor *descriptor, const struct mw_ace *ace, struct mw_str octets)
{
	char memory[MW_SID_PRINTED_MAX];
	struct mw_buf printed = MW_BUF_OVER(memory);
	struct mw_str sid = ace->sid;

	must(sid.ptr > octets.ptr && sid.ptr + sid.len <= octets.ptr + octets.len && mw_sid_is_good(sid));
	mw_sid_print(sid, &printed);
	must(!printed.truncated);
	must(mw_sid_domain(sid).len == 0 || mw_sid_domain(sid).len == sid.len - 4);
	must(!mw_descriptor_permits(descriptor, false, is_for_one, &sid) ||
	     mw_descriptor_permits(descriptor, true, is_for_one, &sid));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_str octets = { (const char *)data, size };
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_descriptor descriptor;

	if (arena == NULL)
		return 0;
	if (mw_descriptor_read(octets, arena, &descriptor) != NULL || descriptor.open)
		must(descriptor.count == 0);
	must(!mw_descriptor_permits(&descriptor, true, is_for_nobody, NULL));
	must(descriptor.count == 0 || descriptor.aces[0].kind != MW_ACE_DENY ||
	     !mw_descriptor_permits(&descriptor, true, is_for_everybody, NULL));
	for (size_t i = 0; i < descriptor.count; i++)
		check_ace(&descriptor, &descriptor.aces[i], octets);
	mw_arena_free(arena);
	return 0;
}
