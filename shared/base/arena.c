/* SPDX-License-Identifier: MIT */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The first block is small: every login process reads a policy, and a small policy must touch little memory. */
#define FIRST_BLOCK_SIZE ((size_t)4 * 1024)
#define BLOCK_SIZE ((size_t)16 * 1024) /* the largest block; each is twice as large as the one before */

struct block {
	struct block *next;
	size_t size, used; /* of bytes */
	alignas(max_align_t) char bytes[];
};

struct kept {
	struct kept *next;
	void *allocated;
};

struct mw_arena {
	struct block *blocks; /* the first one is in use */
	struct kept *kept;
	size_t limit, used;
	unsigned long fail_in;
	bool failed;
};

struct mw_arena *mw_arena_new(size_t limit)
{
	struct mw_arena *arena = calloc(1, sizeof(*arena));

	if (arena != NULL)
		arena->limit = limit;
	return arena;
}

void mw_arena_free(struct mw_arena *arena)
{
	struct block *block, *next;

	if (arena == NULL)
		return;
	for (struct kept *kept = arena->kept; kept != NULL; kept = kept->next)
		free(kept->allocated);
	for (block = arena->blocks; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

static struct block *new_block(size_t size)
{
	struct block *block;

	if (size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + size);
	if (block != NULL)
		*block = (struct block){ .size = size };
	return block;
}

static size_t next_size(const struct block *first)
{
	if (first == NULL)
		return FIRST_BLOCK_SIZE;
	return first->size < BLOCK_SIZE / 2 ? 2 * first->size : BLOCK_SIZE;
}

/* Finds a block with room for size bytes. Something large gets a block of its own behind the one in use, which
   stays in use. */
static struct block *block_for(struct mw_arena *arena, size_t size)
{
	struct block *first = arena->blocks, *block;
	bool large = size > BLOCK_SIZE / 4;

	if (first != NULL && size <= first->size - first->used)
		return first;
	block = new_block(large ? size : next_size(first));
	if (block == NULL)
		return NULL;
	if (large && first != NULL) {
		block->next = first->next;
		first->next = block;
	} else {
		block->next = first;
		arena->blocks = block;
	}
	return block;
}

static bool may_alloc(struct mw_arena *arena, size_t size)
{
	if (arena->fail_in > 0 && --arena->fail_in == 0)
		return false;
	if (size > SIZE_MAX - alignof(max_align_t))
		return false;
	return arena->limit == 0 || size <= arena->limit - arena->used;
}

void *mw_arena_alloc(struct mw_arena *arena, size_t size)
{
	const size_t step = alignof(max_align_t);
	struct block *block = NULL;
	size_t rounded = 0;
	void *memory;

	if (may_alloc(arena, size)) {
		rounded = size == 0 ? step : (size + step - 1) / step * step;
		block = block_for(arena, rounded);
	}
	if (block == NULL) {
		arena->failed = true;
		return NULL;
	}
	memory = block->bytes + block->used;
	block->used += rounded;
	arena->used += size;
	return memset(memory, 0, rounded);
}

void *mw_arena_alloc_array(struct mw_arena *arena, size_t size, size_t count)
{
	size_t all;

	if (__builtin_mul_overflow(size, count, &all)) {
		arena->failed = true;
		return NULL;
	}
	return mw_arena_alloc(arena, all);
}

bool mw_arena_keep(struct mw_arena *arena, void *allocated)
{
	struct kept *kept = MW_ARENA_NEW(arena, struct kept);

	if (kept == NULL)
		return false;
	*kept = (struct kept){ arena->kept, allocated };
	arena->kept = kept;
	return true;
}

bool mw_arena_failed(const struct mw_arena *arena)
{
	return arena->failed;
}

void mw_arena_fail(struct mw_arena *arena)
{
	arena->failed = true;
}

size_t mw_arena_used(const struct mw_arena *arena)
{
	return arena->used;
}

struct mw_str mw_arena_copy(struct mw_arena *arena, struct mw_str text)
{
	char *copy = text.len == SIZE_MAX ? NULL : mw_arena_alloc(arena, text.len + 1);

	if (copy == NULL)
		return MW_STR_EMPTY;
	if (text.len > 0)
		memcpy(copy, text.ptr, text.len);
	return (struct mw_str){ copy, text.len };
}

const char *mw_arena_text(struct mw_arena *arena, struct mw_str text)
{
	return mw_arena_copy(arena, text).ptr;
}

const char *mw_arena_textf(struct mw_arena *arena, const char *format, ...)
{
	va_list arguments, again;
	char *text = NULL;
	int len;

	va_start(arguments, format);
	va_copy(again, arguments);
	len = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (len >= 0)
		text = mw_arena_alloc(arena, (size_t)len + 1);
	if (text != NULL)
		vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return text != NULL ? text : "";
}

void mw_arena_fail_at(struct mw_arena *arena, unsigned long nth)
{
	arena->fail_in = nth;
}
