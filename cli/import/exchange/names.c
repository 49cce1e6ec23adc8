/* SPDX-License-Identifier: MIT */
#include "import/exchange/names.h"

#include <stdlib.h>
#include <unicase.h>
#include <xxhash.h>

#include "base/text.h"

#define BUCKETS (1u << 16)
#define CANDIDATES_MOST 8

struct name {
	struct mw_str text; /* folded */
	enum mw_exchange_certainty certainty;
	struct mw_exchange_person *person;
	struct name *next;
};

struct mw_exchange_names {
	struct mw_arena *arena;
	struct name *buckets[BUCKETS];
};

struct mw_exchange_names *mw_exchange_names_new(struct mw_arena *arena)
{
	struct mw_exchange_names *names = MW_ARENA_NEW(arena, struct mw_exchange_names);

	if (names != NULL)
		names->arena = arena;
	return names;
}

static bool is_ascii(struct mw_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.ptr[i] >= 0x80)
			return false;
	}
	return true;
}

/* Active Directory compares without regard to case. */
static struct mw_str folded(struct mw_arena *arena, struct mw_str text)
{
	size_t len = 0;
	uint8_t *unicode =
		is_ascii(text) ? NULL : u8_casefold((const uint8_t *)text.ptr, text.len, NULL, UNINORM_NFC, NULL, &len);
	char *ascii;

	if (unicode != NULL) {
		text = mw_arena_copy(arena, (struct mw_str){ (const char *)unicode, len });
		free(unicode);
		return text;
	}
	ascii = mw_arena_alloc(arena, text.len + 1);
	for (size_t i = 0; ascii != NULL && i < text.len; i++)
		ascii[i] = (char)(text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? text.ptr[i] + 'a' - 'A' : text.ptr[i]);
	return ascii != NULL ? (struct mw_str){ ascii, text.len } : MW_STR_EMPTY;
}

static unsigned bucket_of(struct mw_str text)
{
	return (unsigned)(XXH3_64bits(text.ptr, text.len) % BUCKETS);
}

bool mw_exchange_names_add(struct mw_exchange_names *names, struct mw_str text, enum mw_exchange_certainty certainty,
			   struct mw_exchange_person *person, struct mw_exchange_person **other_r)
{
	struct mw_str key = folded(names->arena, mw_str_trim(text));
	struct name **bucket = &names->buckets[bucket_of(key)], *name;

	if (key.len == 0)
		return true;
	for (name = *bucket; name != NULL; name = name->next) {
		if (name->certainty != certainty || !mw_str_equal(name->text, key))
			continue;
		if (name->person == person)
			return true;
		if (certainty == MW_EXCHANGE_OWN) {
			*other_r = name->person;
			return false;
		}
	}
	name = MW_ARENA_NEW(names->arena, struct name);
	if (name != NULL) {
		*name = (struct name){ key, certainty, person, *bucket };
		*bucket = name;
	}
	return true;
}

struct match {
	struct mw_exchange_person *people[CANDIDATES_MOST];
	size_t count; /* may be more than are kept */
};

static void collect(const struct mw_exchange_names *names, struct mw_str key, bool own, bool account_only,
		    struct match *match)
{
	for (const struct name *name = names->buckets[bucket_of(key)]; name != NULL; name = name->next) {
		size_t i = 0;
		bool sure = name->certainty == MW_EXCHANGE_OWN || name->certainty == MW_EXCHANGE_PRINCIPAL_NAME;

		if (sure != own || !mw_str_equal(name->text, key) ||
		    (account_only && name->certainty != MW_EXCHANGE_ACCOUNT_NAME))
			continue;
		while (i < match->count && i < CANDIDATES_MOST && match->people[i] != name->person)
			i++;
		if (i == match->count && i < CANDIDATES_MOST)
			match->people[i] = name->person;
		match->count += i == match->count;
	}
}

static int compare_people(const void *left, const void *right)
{
	const struct mw_exchange_person *a = *(struct mw_exchange_person *const *)left;
	const struct mw_exchange_person *b = *(struct mw_exchange_person *const *)right;
	int order = mw_str_compare(a->name, b->name);

	return order != 0 ? order : (a->row->line > b->row->line) - (a->row->line < b->row->line);
}

static void print_candidates(struct match *match, struct mw_buf *out)
{
	size_t kept = match->count < CANDIDATES_MOST ? match->count : CANDIDATES_MOST;

	qsort(match->people, kept, sizeof(match->people[0]), compare_people);
	for (size_t i = 0; i < kept; i++) {
		const struct mw_exchange_person *person = match->people[i];

		mw_buf_add_text(out, i > 0 ? ", " : "");
		if (person->name.len > 0)
			mw_text_show(out, person->name);
		else
			mw_buf_printf(out, "%s.csv, line %u", mw_exchange_files[person->file].name, person->row->line);
	}
}

enum mw_exchange_found mw_exchange_find(const struct mw_exchange_names *names, struct mw_str text,
					struct mw_exchange_person **person_r, struct mw_buf *candidates)
{
	struct mw_str key = folded(names->arena, mw_str_trim(text));
	size_t slash = mw_str_find(key, '\\');
	struct match match = { .count = 0 };

	if (mw_str_starts_with(key, MW_STR("smtp:")))
		key = mw_str_tail(key, 5);
	if (key.len > 0)
		collect(names, key, true, false, &match);
	if (match.count == 0 && slash < key.len)
		collect(names, mw_str_tail(key, slash + 1), false, true, &match);
	else if (match.count == 0 && key.len > 0)
		collect(names, key, false, false, &match);
	if (match.count == 1)
		*person_r = match.people[0];
	else if (match.count > 1 && candidates != NULL)
		print_candidates(&match, candidates);
	return match.count == 0 ? MW_EXCHANGE_NOBODY : match.count == 1 ? MW_EXCHANGE_FOUND : MW_EXCHANGE_SEVERAL;
}
