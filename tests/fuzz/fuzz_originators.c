/* SPDX-License-Identifier: MIT */
/* Invariant: what is read is at most MW_ORIGINATOR_ADDRESSES_MAX addresses, each one by itself and without blanks; a
   fault has none; memory is bounded. The input is fields, a line each: the first octet says which, and a line that
   begins with a blank goes on. */
#include <stdint.h>
#include <stdlib.h>

#include "mail/address.h"
#include "mail/originators.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool condition)
{
	if (!condition)
		abort();
}

static void found(const struct mw_originator *originator)
{
	struct mw_str rest = originator->addresses, one;
	size_t count = 0;

	must(originator->fault == MW_ORIGINATOR_OK || mw_str_empty(rest));
	while (mw_originator_next(&rest, &one)) {
		struct mw_address address;
		enum mw_address_kind kind = mw_address_parse(one, &address);

		must(kind == MW_ADDRESS_MAILBOX || kind == MW_ADDRESS_FOREIGN);
		must(mw_str_find(one, '%') == one.len && mw_str_find(one, '\n') == one.len && mw_str_find(one, '<') == one.len);
		must(mw_str_find(one, '@') == mw_str_find_last(one, '@'));
		count++;
	}
	must(count <= MW_ORIGINATOR_ADDRESSES_MAX && count == mw_originator_count(originator));
}

/* A line, with those that go on. */
static struct mw_str next_field(struct mw_str *rest)
{
	struct mw_str field;
	size_t end = 0;

	while (end < rest->len && !(rest->ptr[end] == '\n' && (end + 1 == rest->len || rest->ptr[end + 1] > ' ')))
		end++;
	field = mw_str_head(*rest, end);
	*rest = mw_str_tail(*rest, end + 1);
	return field;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "From", "Sender", "Resent-From", "Resent-Sender", "DKIM-Signature", "To" };
	struct mw_arena *arena = mw_arena_new(MW_ORIGINATORS_MEMORY);
	struct mw_str rest = { (const char *)data, size };
	struct mw_originators_reader reader;
	struct mw_originators read;

	if (arena == NULL)
		return 0;
	mw_originators_begin(&reader, arena);
	while (rest.len > 0) {
		struct mw_str field = next_field(&rest);
		size_t name = field.len > 0 ? (size_t)(field.ptr[0] - 'F') % 256 : 0;

		mw_originators_add(&reader, mw_str(names[name % (sizeof(names) / sizeof(names[0]))]), mw_str_tail(field, 1));
	}
	must(mw_originators_end(&reader, &read));
	found(&read.from);
	found(&read.sender);
	found(&read.resent_from);
	found(&read.resent_sender);
	mw_arena_free(arena);
	return 0;
}
