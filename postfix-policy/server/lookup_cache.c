/* SPDX-License-Identifier: MIT */
#include "lookup_cache.h"

#include <sys/mman.h>

#define SLOTS 65536 /* a power of two; each key has two places, so that a flood of keys costs speed and nothing else */
#define KEY_MAX 44  /* longer keys are not kept */
#define LINE 64     /* of the processor's caches */
#define LARGE_PAGE ((size_t)2 << 20)

enum kind { KIND_LOGIN = 1, KIND_ADDRESS, KIND_ADDRESS_GRANTS, KIND_DOMAIN_GRANTS };

struct slot {
	uint64_t generation; /* 0 is never current: zeroed memory is empty */
	uint8_t kind, len;
	bool found, primary;
	char key[KEY_MAX];
	union {
		struct mw_principal principal;
		struct mw_grants grants;
	};
};

/* On a line's beginning, so that a slot is as few lines as can be. */
union padded {
	struct slot slot;
	char lines[(sizeof(struct slot) + LINE - 1) / LINE * LINE];
};

struct mw_lookup_cache {
	_Alignas(LINE) union padded slots[SLOTS];
	struct mw_directory_view view, below;
	uint64_t generation;
};

#define MAPPED ((sizeof(struct mw_lookup_cache) + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE)

static uint64_t mix(uint64_t a, uint64_t b)
{
	uint64_t product = (a ^ b) * UINT64_C(0x9e3779b97f4a7c15);

	return product ^ (product >> 29);
}

static uint64_t word_at(const char *at)
{
	uint64_t word;

	memcpy(&word, at, sizeof(word));
	return word;
}

static uint64_t hash(enum kind kind, struct mw_str key)
{
	uint64_t result = (uint64_t)kind * 0x51ed2701 + key.len, word = 0;

	if (key.len < sizeof(word)) {
		for (size_t i = 0; i < key.len; i++)
			word = word << 8 | (unsigned char)key.ptr[i];
		return mix(result, word);
	}
	for (size_t i = 0; i + sizeof(word) < key.len; i += sizeof(word))
		result = mix(result, word_at(key.ptr + i));
	return mix(result, word_at(key.ptr + key.len - sizeof(word)));
}

static bool holds(const struct mw_lookup_cache *cache, const struct slot *slot, enum kind kind, struct mw_str key)
{
	return slot->generation == cache->generation && slot->kind == kind && slot->len == key.len &&
	       memcmp(slot->key, key.ptr, key.len) == 0;
}

static struct slot *first(const struct mw_lookup_cache *cache, uint64_t hash)
{
	return (struct slot *)(uintptr_t)&cache->slots[(hash >> 20) % (SLOTS / 2) * 2].slot;
}

static struct slot *second(struct slot *slot)
{
	return &((union padded *)(void *)slot + 1)->slot;
}

/* The key's place: *hit_r when it is there already, else cleared for it and not valid until keep(). NULL: too long. */
static struct slot *find(struct mw_lookup_cache *cache, enum kind kind, struct mw_str key, bool *hit_r)
{
	struct slot *slot;

	*hit_r = false;
	if (key.len == 0 || key.len > KEY_MAX)
		return NULL;
	slot = first(cache, hash(kind, key));
	*hit_r = holds(cache, slot, kind, key);
	if (*hit_r)
		return slot;
	if (slot->generation == cache->generation) {
		slot = second(slot);
		*hit_r = holds(cache, slot, kind, key);
	}
	if (!*hit_r)
		slot->generation = 0;
	return slot;
}

static void keep(struct mw_lookup_cache *cache, struct slot *slot, enum kind kind, struct mw_str key,
		 enum mw_lookup result)
{
	if (slot == NULL || result == MW_LOOKUP_UNAVAILABLE)
		return;
	slot->kind = (uint8_t)kind;
	slot->len = (uint8_t)key.len;
	slot->found = result == MW_LOOKUP_FOUND;
	memcpy(slot->key, key.ptr, key.len);
	slot->generation = cache->generation;
}

static enum mw_lookup by_login(void *context, struct mw_str login, struct mw_principal *user_r)
{
	struct mw_lookup_cache *cache = context;
	enum mw_lookup result;
	bool hit;
	struct slot *slot = find(cache, KIND_LOGIN, login, &hit);

	if (hit) {
		if (slot->found)
			*user_r = slot->principal;
		return slot->found ? MW_LOOKUP_FOUND : MW_LOOKUP_NONE;
	}
	result = cache->below.by_login(cache->below.context, login, user_r);
	if (slot != NULL && result == MW_LOOKUP_FOUND)
		slot->principal = *user_r;
	keep(cache, slot, KIND_LOGIN, login, result);
	return result;
}

static enum mw_lookup by_address(void *context, struct mw_str address, struct mw_principal *principal_r,
				 bool *primary_r)
{
	struct mw_lookup_cache *cache = context;
	enum mw_lookup result;
	bool hit, primary = false;
	struct slot *slot = find(cache, KIND_ADDRESS, address, &hit);

	if (!hit) {
		result = cache->below.by_address(cache->below.context, address, principal_r, &primary);
		if (slot != NULL && result == MW_LOOKUP_FOUND) {
			slot->principal = *principal_r;
			slot->primary = primary;
		}
		keep(cache, slot, KIND_ADDRESS, address, result);
	} else if (slot->found) {
		*principal_r = slot->principal;
		primary = slot->primary;
		result = MW_LOOKUP_FOUND;
	} else {
		result = MW_LOOKUP_NONE;
	}
	if (result == MW_LOOKUP_FOUND && primary_r != NULL)
		*primary_r = primary;
	return result;
}

typedef enum mw_lookup ask_grants(void *context, struct mw_str key, struct mw_grants *grants_r);

static enum mw_lookup grants(struct mw_lookup_cache *cache, enum kind kind, ask_grants *ask, struct mw_str key,
			     struct mw_grants *grants_r)
{
	enum mw_lookup result;
	bool hit;
	struct slot *slot = find(cache, kind, key, &hit);

	if (hit) {
		if (slot->found)
			*grants_r = slot->grants;
		return slot->found ? MW_LOOKUP_FOUND : MW_LOOKUP_NONE;
	}
	result = ask(cache->below.context, key, grants_r);
	if (slot != NULL && result == MW_LOOKUP_FOUND)
		slot->grants = *grants_r;
	keep(cache, slot, kind, key, result);
	return result;
}

static enum mw_lookup grants_on_address(void *context, struct mw_str address, struct mw_grants *grants_r)
{
	struct mw_lookup_cache *cache = context;

	return grants(cache, KIND_ADDRESS_GRANTS, cache->below.grants_on_address, address, grants_r);
}

static enum mw_lookup grants_on_domain(void *context, struct mw_str domain, struct mw_grants *grants_r)
{
	struct mw_lookup_cache *cache = context;

	return grants(cache, KIND_DOMAIN_GRANTS, cache->below.grants_on_domain, domain, grants_r);
}

static enum mw_lookup by_id(void *context, uint32_t id, struct mw_principal *principal_r)
{
	struct mw_lookup_cache *cache = context;

	return cache->below.by_id(cache->below.context, id, principal_r);
}

/* On large pages where the system has them: with small ones the way to a slot costs more than the slot. */
static void *map_aligned(size_t size)
{
	char *memory = mmap(NULL, size + LARGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t before;

	if (memory == MAP_FAILED)
		return NULL;
	before = -(uintptr_t)memory % LARGE_PAGE;
	if (before > 0)
		munmap(memory, before);
	munmap(memory + before + size, LARGE_PAGE - before);
	(void)madvise(memory + before, size, MADV_HUGEPAGE);
	return memory + before;
}

struct mw_lookup_cache *mw_lookup_cache_new(void)
{
	struct mw_lookup_cache *cache = map_aligned(MAPPED);

	if (cache == NULL)
		return NULL;
	cache->generation = 1;
	cache->view = (struct mw_directory_view){
		.context = cache,
		.by_login = by_login,
		.by_address = by_address,
		.grants_on_address = grants_on_address,
		.grants_on_domain = grants_on_domain,
		.by_id = by_id,
	};
	return cache;
}

void mw_lookup_cache_free(struct mw_lookup_cache *cache)
{
	if (cache != NULL)
		munmap(cache, MAPPED);
}

void mw_lookup_cache_reset(struct mw_lookup_cache *cache, const struct mw_directory_view *below)
{
	cache->below = *below;
	cache->generation++;
}

const struct mw_directory_view *mw_lookup_cache_view(const struct mw_lookup_cache *cache)
{
	return &cache->view;
}
