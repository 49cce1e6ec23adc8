/* SPDX-License-Identifier: MIT */
#include "sync/record/key_networks.h"

#include "sync/text/field.h"
#include "sync/text/write.h"

static bool read_range(struct mw_reading *reading, const char *key, struct mw_str item, struct mw_range *range_r)
{
	const char *why;

	if (reading->records->allow_nets ? mw_range_parse_host_bits(item, range_r, &why) : mw_range_parse(item, range_r, &why))
		return true;
	mw_reading_error(reading, item, "addresses, networks (192.0.2.0/24) or ranges (192.0.2.10-192.0.2.20)",
	      "%s: \"%.*s\": %s", key, MW_STR_ARG(mw_text_shown(item)), why);
	return false;
}

/* No client has this address. */
static struct mw_ranges nowhere(struct mw_arena *arena)
{
	struct mw_range *range = MW_ARENA_NEW(arena, struct mw_range);
	const char *why;

	if (range == NULL || !mw_range_parse(MW_STR("0.0.0.0"), range, &why))
		return (struct mw_ranges){ NULL, 0 };
	return (struct mw_ranges){ range, 1 };
}

/* False: not all could be read. */
static bool read_ranges(struct mw_reading *reading, const char *key, struct mw_str value, struct mw_ranges *ranges_r)
{
	struct mw_arena *arena = reading->records->arena;
	size_t count = mw_text_list_count(value), good = 0, without_address = 0;
	struct mw_range *ranges = MW_ARENA_ARRAY(arena, struct mw_range, count);

	for (size_t i = 0; ranges != NULL && i < count; i++) {
		struct mw_str item = mw_str_trim(mw_text_list_next(&value));

		/* Dovecot's word for clients on its own sockets: they have no address, and nobody else is meant. */
		if (reading->records->allow_nets && mw_str_equal(item, MW_STR("local")))
			without_address++;
		else
			good += read_range(reading, key, item, &ranges[good]);
	}
	*ranges_r = good > 0 ? (struct mw_ranges){ ranges, good } : nowhere(arena);
	return good + without_address == count;
}

/* A second list of the same key counts as one that could not be read. */
void mw_networks_read(struct mw_reading *reading, const struct mw_record_key *key, struct mw_record *record,
		      struct mw_str value)
{
	unsigned place = (unsigned)(key->at / sizeof(struct mw_ranges));
	struct mw_ranges *ranges;

	if (record->networks == NULL)
		record->networks = MW_ARENA_NEW(reading->records->arena, struct mw_record_networks);
	if (record->networks == NULL)
		return;
	ranges = (struct mw_ranges *)((char *)record->networks + key->at);
	if (ranges->count > 0) {
		*ranges = nowhere(reading->records->arena);
		record->networks->unread |= 1u << place;
	} else if (!read_ranges(reading, key->word, value, ranges)) {
		record->networks->unread |= 1u << place;
	}
}

static struct mw_ranges said_of(const struct mw_record_networks *networks, size_t service)
{
	return networks->of[service].count > 0 ? networks->of[service] : networks->all;
}

static bool is_in(const struct mw_range *range, struct mw_ranges list)
{
	for (size_t i = 0; i < list.count; i++) {
		if (mw_range_contains(&list.items[i], &range->first) && mw_range_contains(&list.items[i], &range->last))
			return true;
	}
	return false;
}

/* The ranges of each that are within the other. */
static struct mw_ranges both(struct mw_arena *arena, struct mw_ranges a, struct mw_ranges b)
{
	struct mw_range *ranges = MW_ARENA_ARRAY(arena, struct mw_range, a.count + b.count + 1);
	size_t count = 0;

	if (a.count == 0 || b.count == 0)
		return a.count == 0 ? b : a;
	for (size_t i = 0; ranges != NULL && i < a.count; i++)
		if (is_in(&a.items[i], b))
			ranges[count++] = a.items[i];
	for (size_t i = 0; ranges != NULL && i < b.count; i++)
		if (is_in(&b.items[i], a))
			ranges[count++] = b.items[i];
	return count > 0 ? (struct mw_ranges){ ranges, count } : nowhere(arena);
}

void mw_networks_both(struct mw_arena *arena, struct mw_record *record, const struct mw_record *other)
{
	struct mw_record_networks *networks = MW_ARENA_NEW(arena, struct mw_record_networks);

	if (record->networks == NULL)
		record->networks = other->networks;
	if (networks == NULL || other->networks == NULL)
		return;
	for (size_t i = 0; i < MW_SERVICE_COUNT; i++)
		networks->of[i] = both(arena, said_of(record->networks, i), said_of(other->networks, i));
	record->networks = networks;
}

static struct mw_ranges networks_of(const struct mw_record_key *key, const struct mw_record *record)
{
	if (record->networks == NULL)
		return (struct mw_ranges){ .count = 0 };
	return *(const struct mw_ranges *)((const char *)record->networks + key->at);
}

void mw_networks_write(struct mw_text_out *out, const struct mw_record_key *key, const struct mw_record *record)
{
	struct mw_ranges ranges = networks_of(key, record);
	char memory[100];

	for (size_t i = 0; i < ranges.count; i++) {
		struct mw_buf range = MW_BUF_OVER(memory);

		if (i == 0)
			mw_text_out_key(out, key->word);
		else
			mw_text_out_add(out, MW_STR(","));
		mw_range_print(&ranges.items[i], &range);
		mw_text_out_add(out, mw_buf_str(&range));
	}
}
