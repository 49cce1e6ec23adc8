/* SPDX-License-Identifier: MIT */
#include "directory/index.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FORMAT 1
#define IN_BUCKET 8
#define FULL 6 /* names a bucket, on average: three quarters */

/* A tag is a part of the hash, and in its last bits the kind of the name: never 0. */
struct mw_index_bucket {
	uint32_t tags[IN_BUCKET], ids[IN_BUCKET];
};

_Static_assert(sizeof(struct mw_index_bucket) == MW_INDEX_ALIGNMENT, "a bucket is a line of the cache");

struct head {
	uint32_t format, principals;
	uint64_t buckets;
};

static uint32_t tag_of(uint64_t hash, enum mw_key_kind kind)
{
	/* The letters of the kinds differ in these bits. */
	return ((uint32_t)hash & ~UINT32_C(31)) | ((uint32_t)kind & 31);
}

static uint64_t hash_of(enum mw_key_kind kind, struct mw_str text)
{
	return XXH3_64bits_withSeed(text.ptr, text.len, (uint64_t)kind);
}

/* The upper bits choose the bucket, the lower ones are the tag. */
static uint64_t bucket_of(uint64_t hash, uint64_t count)
{
	return (hash >> 32) * count >> 32;
}

static uint64_t buckets_for(const struct mw_content *content)
{
	return (content->login_count + content->address_count + content->address_grant_count +
		content->domain_grant_count + content->complete_domains.count) / FULL + 1;
}

size_t mw_index_size(const struct mw_content *content)
{
	return sizeof(struct head) + MW_INDEX_ALIGNMENT + buckets_for(content) * sizeof(struct mw_index_bucket) +
		(content->principal_count + 1) * sizeof(int32_t);
}

static void *aligned(void *head)
{
	uintptr_t behind = (uintptr_t)head + sizeof(struct head);

	return (void *)((behind + MW_INDEX_ALIGNMENT - 1) & ~(uintptr_t)(MW_INDEX_ALIGNMENT - 1));
}

struct names {
	struct mw_index_bucket *buckets;
	uint64_t count;
};

static void add(struct names *names, enum mw_key_kind kind, struct mw_str text, uint32_t id)
{
	uint64_t hash = hash_of(kind, text), at = bucket_of(hash, names->count);
	size_t i = 0;

	while (names->buckets[at].tags[i] != 0) {
		if (++i < IN_BUCKET)
			continue;
		i = 0;
		at = at + 1 < names->count ? at + 1 : 0;
	}
	names->buckets[at].tags[i] = tag_of(hash, kind);
	names->buckets[at].ids[i] = id;
}

static void add_entries(struct names *names, enum mw_key_kind kind, const struct mw_content *content,
			const struct mw_name_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool own = mw_str_equal(content->principals[entries[i].id - 1]->name, entries[i].text);

		add(names, kind, entries[i].text, own ? entries[i].id : 0);
	}
}

static void add_grants(struct names *names, enum mw_key_kind kind, const struct mw_grants_entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(names, kind, entries[i].text, 0);
}

static void add_all(struct names *names, const struct mw_content *content)
{
	add_entries(names, MW_KEY_ADDRESS, content, content->addresses, content->address_count);
	add_entries(names, MW_KEY_LOGIN, content, content->logins, content->login_count);
	add_grants(names, MW_KEY_DOMAIN_GRANTS, content->domain_grants, content->domain_grant_count);
	add_grants(names, MW_KEY_ADDRESS_GRANTS, content->address_grants, content->address_grant_count);
	for (size_t i = 0; i < content->complete_domains.count; i++)
		add(names, MW_KEY_COMPLETE_DOMAIN, content->complete_domains.items[i], 0);
}

bool mw_index_write(const struct mw_content *content, void *out,
		    const void *(*record)(void *context, uint32_t id), void *context)
{
	struct head head = { .format = FORMAT, .principals = (uint32_t)content->principal_count,
			     .buckets = buckets_for(content) };
	struct names names = { .buckets = aligned(out), .count = head.buckets };
	int32_t *places = (int32_t *)(void *)(names.buckets + names.count);
	const char *first = NULL;

	for (uint32_t id = 1; id <= head.principals; id++) {
		const char *at = record(context, id);
		ptrdiff_t place;

		if (at == NULL)
			return false;
		first = id == 1 ? at : first;
		place = (at - first) / (ptrdiff_t)sizeof(uint32_t);
		if (place < INT32_MIN || place > INT32_MAX)
			return false;
		places[id] = (int32_t)place;
	}
	add_all(&names, content);
	memcpy(out, &head, sizeof(head));
	return true;
}

bool mw_index_read(struct mw_value value, const void *first, struct mw_index *index_r)
{
	const char *end = (const char *)value.ptr + value.size;
	struct head head;

	if (value.size < sizeof(head))
		return false;
	memcpy(&head, value.ptr, sizeof(head));
	if (head.format != FORMAT || head.buckets == 0 || head.buckets > value.size / sizeof(struct mw_index_bucket))
		return false;
	index_r->buckets = aligned((void *)(uintptr_t)value.ptr);
	index_r->places = (const int32_t *)(const void *)(index_r->buckets + head.buckets);
	index_r->bucket_count = head.buckets;
	index_r->principals = head.principals;
	index_r->first = first;
	return (const char *)index_r->places <= end &&
	       (size_t)(end - (const char *)index_r->places) / sizeof(int32_t) > head.principals;
}

enum mw_lookup mw_index_name(const struct mw_index *index, enum mw_key_kind kind, struct mw_str text, uint32_t *id_r)
{
	uint64_t hash = hash_of(kind, text), at;
	uint32_t tag = tag_of(hash, kind);

	if (index->bucket_count == 0)
		return MW_LOOKUP_UNAVAILABLE;
	at = bucket_of(hash, index->bucket_count);
	for (uint64_t i = 0; i < index->bucket_count; i++) {
		const struct mw_index_bucket *bucket = &index->buckets[at];

		for (size_t entry = 0; entry < IN_BUCKET; entry++) {
			*id_r = bucket->ids[entry];
			if (bucket->tags[entry] == tag)
				return MW_LOOKUP_FOUND;
		}
		/* Names were added from its beginning on: it has room, so none went on to the next. */
		if (bucket->tags[IN_BUCKET - 1] == 0)
			return MW_LOOKUP_NONE;
		at = at + 1 < index->bucket_count ? at + 1 : 0;
	}
	return MW_LOOKUP_NONE;
}

const void *mw_index_record(const struct mw_index *index, uint32_t id)
{
	if (id == 0 || id > index->principals)
		return NULL;
	return index->first + (ptrdiff_t)index->places[id] * (ptrdiff_t)sizeof(uint32_t);
}
