/* SPDX-License-Identifier: MIT */
#include "sync/ldap/sid.h"

#include <inttypes.h>

#include "base/units.h"

#define HEAD 8 /* revision, how many numbers, authority */
#define NUMBERS_MAX 15

static unsigned octet(struct mw_str octets, size_t at)
{
	return (unsigned char)octets.ptr[at];
}

static uint32_t number(struct mw_str sid, size_t index)
{
	size_t at = HEAD + 4 * index;

	return octet(sid, at) | octet(sid, at + 1) << 8 | octet(sid, at + 2) << 16 | (uint32_t)octet(sid, at + 3) << 24;
}

static size_t numbers(struct mw_str sid)
{
	return octet(sid, 1);
}

static uint64_t authority(struct mw_str sid)
{
	uint64_t value = 0;

	for (size_t at = 2; at < HEAD; at++)
		value = value << 8 | octet(sid, at);
	return value;
}

size_t mw_sid_length(struct mw_str octets)
{
	size_t len;

	if (octets.len < HEAD || octet(octets, 0) != 1 || octet(octets, 1) > NUMBERS_MAX)
		return 0;
	len = HEAD + 4 * numbers(octets);
	return len <= octets.len ? len : 0;
}

bool mw_sid_is_good(struct mw_str octets)
{
	return octets.len > 0 && mw_sid_length(octets) == octets.len;
}

/* Digits up to the next "-", at most `most`. */
static bool next_number(struct mw_str *rest_io, uint64_t most, uint64_t *number_r)
{
	struct mw_str digits;

	return mw_str_split(rest_io, '-', &digits) && digits.len > 0 && digits.ptr[0] != '+' &&
	       mw_parse_number(digits, number_r) && *number_r <= most;
}

struct mw_str mw_sid_parse(struct mw_str text, char *memory)
{
	struct mw_str rest = mw_str_tail(text, 4);
	uint64_t value;
	size_t len = HEAD;

	if (!mw_str_starts_with_nocase(text, MW_STR("S-1-")) || mw_str_ends_with(text, MW_STR("-")) ||
	    !next_number(&rest, UINT32_MAX, &value))
		return MW_STR_EMPTY;
	memory[0] = 1;
	for (size_t i = 0; i < 6; i++)
		memory[2 + i] = (char)(value >> 8 * (5 - i) & 0xff);
	while (rest.len > 0) {
		if (len + 4 > HEAD + 4 * NUMBERS_MAX || !next_number(&rest, UINT32_MAX, &value))
			return MW_STR_EMPTY;
		for (size_t i = 0; i < 4; i++)
			memory[len++] = (char)(value >> 8 * i & 0xff);
	}
	memory[1] = (char)((len - HEAD) / 4);
	return (struct mw_str){ memory, len };
}

void mw_sid_print(struct mw_str sid, struct mw_buf *out)
{
	/* [MS-DTYP] 2.4.2.1: an authority of 2^32 and more is written in hexadecimal. */
	if (authority(sid) >> 32 != 0)
		mw_buf_printf(out, "S-1-0x%012" PRIX64, authority(sid));
	else
		mw_buf_printf(out, "S-1-%" PRIu64, authority(sid));
	for (size_t i = 0; i < numbers(sid); i++)
		mw_buf_printf(out, "-%" PRIu32, number(sid, i));
}

/* S-1-AUTHORITY-NUMBER */
static bool is(struct mw_str sid, uint64_t of, uint32_t only)
{
	return numbers(sid) == 1 && authority(sid) == of && number(sid, 0) == only;
}

bool mw_sid_is_everybody(struct mw_str sid)
{
	return is(sid, 1, 0) || is(sid, 5, 2) || is(sid, 5, 11) || is(sid, 5, 15);
}

bool mw_sid_is_self(struct mw_str sid)
{
	return is(sid, 5, 10);
}

bool mw_sid_is_nobody(struct mw_str sid)
{
	return (numbers(sid) == 1 && authority(sid) == 3 && number(sid, 0) < 4) || is(sid, 5, 7) || is(sid, 5, 9) ||
	       is(sid, 5, 18);
}

bool mw_sid_is_of_windows(struct mw_str sid)
{
	bool account = numbers(sid) > 1 && ((authority(sid) == 5 && number(sid, 0) == 21) ||
					    (authority(sid) == 12 && number(sid, 0) == 1));

	return !account;
}

struct mw_str mw_sid_domain(struct mw_str sid)
{
	if (authority(sid) != 5 || numbers(sid) != 5 || number(sid, 0) != 21)
		return MW_STR_EMPTY;
	return mw_str_head(sid, sid.len - 4);
}

uint32_t mw_sid_rid(struct mw_str sid)
{
	return mw_sid_domain(sid).len > 0 ? number(sid, numbers(sid) - 1) : 0;
}

struct mw_str mw_sid_of(struct mw_str domain, uint32_t rid, char *memory)
{
	if (domain.len < HEAD || domain.len + 4 > MW_SID_MAX)
		return MW_STR_EMPTY;
	memcpy(memory, domain.ptr, domain.len);
	memory[1] = (char)((domain.len - HEAD) / 4 + 1);
	for (size_t i = 0; i < 4; i++)
		memory[domain.len + i] = (char)(rid >> 8 * i & 0xff);
	return (struct mw_str){ memory, domain.len + 4 };
}
