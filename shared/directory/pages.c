/* SPDX-License-Identifier: MIT */
#include "directory/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC UINT32_C(0xBEEFC0DE)
#define VERSION 1
#define SMALLEST_PAGE 4096
#define LARGEST_PAGE 65536
#define DEEPEST 30       /* LMDB's cursors have 32 places */
#define LONGEST_KEY 511
#define NO_PAGE UINT64_MAX
#define FIRST_PAGE 2     /* behind the meta pages */

enum page_kind { BRANCH = 0x01, LEAF = 0x02, OVERFLOW = 0x04, META = 0x08 };
enum { NODE_ON_PAGES_OF_ITS_OWN = 0x01 };

struct page_head {
	uint64_t number;
	uint16_t unused, kind, lower, upper; /* OVERFLOW: lower and upper are the count of its pages */
};

struct table {
	uint32_t page_size; /* of the first table: the environment's */
	uint16_t flags, depth;
	uint64_t branches, leaves, overflows, entries, root;
};

struct meta {
	uint32_t magic, version;
	uint64_t address, map_size;
	struct table free, main;
	uint64_t last_page, transaction;
};

struct node {
	uint16_t low, high, flags, key_size;
};

_Static_assert(sizeof(struct page_head) == 16 && sizeof(struct table) == 48 && sizeof(struct meta) == 136 &&
	       sizeof(struct node) == 8, "as in mdb.c, on a machine of 64 bits");

struct walk {
	const uint8_t *memory;
	uint64_t page_size, count; /* of the pages */
	uint8_t *seen;             /* a bit a page: none is reached twice */
	uint16_t depth;
	const uint8_t *last;       /* the key that was reached last; NULL: none was */
	size_t last_size;
	bool last_is_above;        /* it stands in a branch: the first key below may be the same */
};

static const uint8_t *page_at(const struct walk *walk, uint64_t number)
{
	return walk->memory + number * walk->page_size;
}

/* False: the page was reached before, or is none of the file's. */
static bool take(struct walk *walk, uint64_t number)
{
	uint8_t bit = (uint8_t)(1u << (number & 7));

	if (number < FIRST_PAGE || number >= walk->count || (walk->seen[number >> 3] & bit) != 0)
		return false;
	walk->seen[number >> 3] |= bit;
	return true;
}

/* Keys ascend by memcmp(), a shorter one first, as LMDB compares them: it finds by halves, and so would not find what
   stands in another place. */
static bool follows(struct walk *walk, const uint8_t *key, size_t size, bool is_above)
{
	size_t both = size < walk->last_size ? size : walk->last_size;
	int order = walk->last == NULL ? 1 : memcmp(key, walk->last, both);

	if (order == 0)
		order = (size > walk->last_size) - (size < walk->last_size);
	if (order < 0 || (order == 0 && !walk->last_is_above))
		return false;
	walk->last = key;
	walk->last_size = size;
	walk->last_is_above = is_above;
	return true;
}

/* A value that has pages of its own. */
static bool check_overflow(struct walk *walk, uint64_t number, uint64_t size)
{
	struct page_head head;
	uint64_t pages;

	if (!take(walk, number))
		return false;
	memcpy(&head, page_at(walk, number), sizeof(head));
	pages = head.lower | (uint64_t)head.upper << 16;
	if (head.kind != OVERFLOW || pages == 0 || pages > walk->count - number ||
	    sizeof(head) + size > pages * walk->page_size)
		return false;
	for (uint64_t i = 1; i < pages; i++) {
		if (!take(walk, number + i))
			return false;
	}
	return true;
}

/* `room`: octets from the entry to the end of its page. *size_r: those that it takes. */
static bool check_leaf_node(struct walk *walk, const uint8_t *at, size_t room, size_t *size_r)
{
	const uint8_t *key = at + sizeof(struct node);
	struct node node;
	uint64_t size, number;

	memcpy(&node, at, sizeof(node));
	size = node.low | (uint64_t)node.high << 16;
	*size_r = sizeof(node) + node.key_size;
	if (node.key_size == 0 || node.key_size > LONGEST_KEY || *size_r > room || !follows(walk, key, node.key_size, false))
		return false;
	room -= *size_r;
	if (node.flags == 0) {
		*size_r += size;
		return size <= room;
	}
	*size_r += sizeof(number);
	if (node.flags != NODE_ON_PAGES_OF_ITS_OWN || room < sizeof(number))
		return false;
	memcpy(&number, key + node.key_size, sizeof(number));
	return check_overflow(walk, number, size);
}

static bool check_page(struct walk *walk, uint64_t number, unsigned depth);

/* The first entry of a branch has a key that nobody looks at. */
static bool check_branch_node(struct walk *walk, const uint8_t *at, size_t room, bool is_first, unsigned depth,
			      size_t *size_r)
{
	struct node node;

	memcpy(&node, at, sizeof(node));
	*size_r = sizeof(node) + node.key_size;
	return node.key_size <= LONGEST_KEY && *size_r <= room &&
	       (is_first || follows(walk, at + sizeof(node), node.key_size, true)) &&
	       check_page(walk, node.low | (uint64_t)node.high << 16 | (uint64_t)node.flags << 32, depth + 1);
}

/* Depth is from 1. All leaves are equally deep. */
static bool check_page(struct walk *walk, uint64_t number, unsigned depth)
{
	bool is_leaf = depth == walk->depth;
	const uint8_t *page = page_at(walk, number);
	struct page_head head;
	size_t entries, left;

	if (!take(walk, number))
		return false;
	memcpy(&head, page, sizeof(head));
	if (head.number != number || head.kind != (is_leaf ? LEAF : BRANCH) ||
	    head.lower < sizeof(head) || head.lower > head.upper || head.upper > walk->page_size || head.lower % 2 != 0)
		return false;
	entries = (head.lower - sizeof(head)) / sizeof(uint16_t);
	if (entries < (is_leaf ? 1 : 2))
		return false;
	left = (size_t)walk->page_size - head.upper;
	for (size_t i = 0; i < entries; i++) {
		size_t room, size;
		uint16_t at;

		memcpy(&at, page + sizeof(head) + i * sizeof(at), sizeof(at));
		if (at % 2 != 0 || at < head.upper || at + sizeof(struct node) > walk->page_size)
			return false;
		room = (size_t)walk->page_size - at;
		/* Entries that lie over each other would make more of a page than is in it. */
		if (!(is_leaf ? check_leaf_node(walk, page + at, room, &size) :
				check_branch_node(walk, page + at, room, i == 0, depth, &size)) || size > left)
			return false;
		left -= size;
	}
	return true;
}

static bool read_meta(const uint8_t *memory, size_t octets, uint64_t page_size, unsigned number, struct meta *meta_r)
{
	const uint8_t *page = memory + number * page_size;
	struct page_head head;

	if (number * page_size + sizeof(head) + sizeof(*meta_r) > octets)
		return false;
	memcpy(&head, page, sizeof(head));
	memcpy(meta_r, page + sizeof(head), sizeof(*meta_r));
	return (head.kind & META) != 0 && meta_r->magic == MAGIC && meta_r->version == VERSION;
}

static bool meta_is_fit(const struct meta *meta, size_t octets, uint64_t page_size)
{
	return meta->free.page_size == page_size && meta->last_page < octets / page_size && meta->last_page >= 1;
}

static bool check_table(struct walk *walk, const struct table *table, const char **wrong_r)
{
	bool good;

	*wrong_r = "is damaged (tree)";
	if (table->root == NO_PAGE)
		return table->depth == 0;
	if (table->flags != 0 || table->depth == 0 || table->depth > DEEPEST)
		return false;
	walk->depth = table->depth;
	walk->seen = calloc((size_t)(walk->count / 8 + 1), 1);
	if (walk->seen == NULL) {
		*wrong_r = "cannot be checked: out of memory";
		return false;
	}
	good = check_page(walk, table->root, 1);
	free(walk->seen);
	return good;
}

bool mw_pages_check(const void *memory, size_t octets, const char **wrong_r)
{
	struct walk walk = { .memory = memory };
	struct meta metas[2], *newer;

	*wrong_r = "is damaged (head)";
	if (!read_meta(memory, octets, 0, 0, &metas[0]))
		return false;
	walk.page_size = metas[0].free.page_size;
	if (walk.page_size < SMALLEST_PAGE || walk.page_size > LARGEST_PAGE || (walk.page_size & (walk.page_size - 1)) != 0 ||
	    !read_meta(memory, octets, walk.page_size, 1, &metas[1]) ||
	    !meta_is_fit(&metas[0], octets, walk.page_size) || !meta_is_fit(&metas[1], octets, walk.page_size))
		return false;
	newer = metas[0].transaction < metas[1].transaction ? &metas[1] : &metas[0];
	walk.count = newer->last_page + 1;
	return check_table(&walk, &newer->main, wrong_r);
}
