/* SPDX-License-Identifier: MIT */
#include "import/exchange/names.h"

#include <stdlib.h>
#include <unicase.h>
#include <xxhash.h>

#include "base/text.h"
#include "mail/address.h"
#include "sync/ldap/dn.h"
#include "sync/ldap/sid.h"

#define BUCKETS (1u << 16)
#define CANDIDATES_MOST 8
#define NETBIOS_MOST 15 /* octets of a domain's short name */
#define GUID_LEN 36

struct name {
	struct mw_str text; /* in the one form of all its spellings */
	enum mw_exchange_key key;
	struct mw_exchange_person *person;
	struct name *next;
};

struct domain {
	struct mw_str name; /* folded */
	struct mw_str sid;  /* octets; empty: rows say different ones */
	struct domain *next;
};

struct mw_exchange_names {
	struct mw_arena *arena;
	struct domain *domains;
	struct name *buckets[BUCKETS];
};

struct mw_exchange_names *mw_exchange_names_new(struct mw_arena *arena)
{
	struct mw_exchange_names *names = MW_ARENA_NEW(arena, struct mw_exchange_names);

	if (names != NULL)
		names->arena = arena;
	return names;
}

static bool is_own(enum mw_exchange_key key)
{
	return key <= MW_EXCHANGE_ADDRESS;
}

/* --- spellings */

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

static struct mw_str without_smtp(struct mw_str text)
{
	return mw_str_starts_with_nocase(text, MW_STR("smtp:")) ? mw_str_tail(text, 5) : text;
}

/* The one form of a name. Empty: the text is no such name. */
static struct mw_str canonical(struct mw_arena *arena, enum mw_exchange_key key, struct mw_str text)
{
	struct mw_address address;
	char memory[MW_LDAP_DN_MAX + 1];
	struct mw_buf dn = MW_BUF_OVER(memory);

	text = mw_str_trim(text);
	switch (key) {
	case MW_EXCHANGE_DN:
		return mw_ldap_dn_canonical(text, &dn) && !dn.truncated ? mw_arena_copy(arena, mw_buf_str(&dn)) : folded(arena, text);
	case MW_EXCHANGE_SID: return mw_arena_copy(arena, mw_sid_parse(text, memory));
	case MW_EXCHANGE_ADDRESS:
		if (mw_address_parse(without_smtp(text), &address) != MW_ADDRESS_MAILBOX)
			return MW_STR_EMPTY;
		return mw_arena_copy(arena, address.whole);
	default: return folded(arena, text);
	}
}

/* --- forms */

static bool is_guid(struct mw_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text.ptr[i] != '-' : strchr("0123456789abcdefABCDEF", text.ptr[i]) == NULL)
			return false;
	}
	return text.len == GUID_LEN;
}

/* What stands before the first "=" is the name of an attribute. */
static bool is_dn(struct mw_str text)
{
	size_t equals = mw_str_find(text, '=');

	for (size_t i = 0; i < equals; i++) {
		char c = text.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-'))
			return false;
	}
	return equals > 0 && equals < text.len;
}

/* What stands before the first "/" is a domain. */
static bool is_canonical_name(struct mw_str text)
{
	size_t slash = mw_str_find(text, '/');
	bool dot = false;

	for (size_t i = 0; i < slash; i++) {
		char c = text.ptr[i];

		dot |= c == '.';
		if (c == ' ' || c == '@' || c == '\\' || c == ',' || c == '"')
			return false;
	}
	return dot && slash < text.len;
}

enum mw_exchange_key mw_exchange_form(struct mw_str text)
{
	text = mw_str_trim(text);
	if (mw_str_starts_with_nocase(text, MW_STR("S-1-")))
		return MW_EXCHANGE_SID;
	if (is_guid(text))
		return MW_EXCHANGE_GUID;
	if (mw_str_starts_with_nocase(text, MW_STR("/o=")))
		return MW_EXCHANGE_LEGACY_DN;
	if (is_dn(text))
		return MW_EXCHANGE_DN;
	if (is_canonical_name(text))
		return MW_EXCHANGE_CANONICAL;
	if (mw_str_find(text, '\\') < text.len)
		return MW_EXCHANGE_MASTER;
	if (mw_str_find(text, '@') < text.len)
		return MW_EXCHANGE_ADDRESS;
	return MW_EXCHANGE_NAME;
}

/* --- adding */

/* A key is a part of what is hashed: the same text is another name as another key. */
static unsigned bucket_of(enum mw_exchange_key key, struct mw_str text)
{
	return (unsigned)(XXH3_64bits_withSeed(text.ptr, text.len, (uint64_t)key) % BUCKETS);
}

bool mw_exchange_names_add(struct mw_exchange_names *names, struct mw_str text, enum mw_exchange_key key,
			   struct mw_exchange_person *person, struct mw_exchange_person **other_r)
{
	struct mw_str one = canonical(names->arena, key, text);
	struct name **bucket, *name;

	if (one.len == 0)
		return true;
	bucket = &names->buckets[bucket_of(key, one)];
	for (name = *bucket; name != NULL; name = name->next) {
		if (name->key != key || !mw_str_equal(name->text, one))
			continue;
		if (name->person == person)
			return true;
		if (is_own(key)) {
			*other_r = name->person;
			return false;
		}
	}
	name = MW_ARENA_NEW(names->arena, struct name);
	if (name != NULL) {
		*name = (struct name){ one, key, person, *bucket };
		*bucket = name;
	}
	return true;
}

bool mw_exchange_names_same(const struct mw_exchange_names *names, enum mw_exchange_key key, struct mw_str a,
			    struct mw_str b)
{
	return mw_str_equal(canonical(names->arena, key, a), canonical(names->arena, key, b));
}

static struct mw_str domain_before(struct mw_str account)
{
	return mw_str_head(account, mw_str_find(account, '\\'));
}

static struct domain *known_domain(const struct mw_exchange_names *names, struct mw_str name)
{
	struct domain *domain = names->domains;

	while (domain != NULL && !mw_str_equal(domain->name, name))
		domain = domain->next;
	return domain;
}

void mw_exchange_names_learn(struct mw_exchange_names *names, struct mw_str account, struct mw_str sid)
{
	struct mw_str name = folded(names->arena, mw_str_trim(domain_before(account)));
	struct domain *domain;
	char memory[MW_SID_MAX];
	struct mw_str octets = mw_sid_parse(mw_str_trim(sid), memory), of;

	if (mw_str_find(account, '\\') == account.len || octets.len == 0)
		return;
	of = mw_sid_domain(octets);
	if (of.len == 0)
		return;
	domain = known_domain(names, name);
	if (domain != NULL) {
		if (!mw_str_equal(domain->sid, of))
			domain->sid = MW_STR_EMPTY;
		return;
	}
	domain = MW_ARENA_NEW(names->arena, struct domain);
	if (domain != NULL) {
		*domain = (struct domain){ name, mw_arena_copy(names->arena, of), names->domains };
		names->domains = domain;
	}
}

/* --- finding */

struct match {
	struct mw_exchange_person *people[CANDIDATES_MOST];
	size_t count; /* may be more than are kept */
};

static void add_match(struct match *match, struct mw_exchange_person *person)
{
	size_t i = 0;

	while (i < match->count && i < CANDIDATES_MOST && match->people[i] != person)
		i++;
	if (i == match->count && i < CANDIDATES_MOST)
		match->people[i] = person;
	match->count += i == match->count;
}

static void collect(const struct mw_exchange_names *names, enum mw_exchange_key key, struct mw_str text,
		    struct match *match)
{
	struct mw_str one = canonical(names->arena, key, text);

	if (one.len == 0)
		return;
	for (const struct name *name = names->buckets[bucket_of(key, one)]; name != NULL; name = name->next) {
		if (name->key == key && mw_str_equal(name->text, one))
			add_match(match, name->person);
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

static enum mw_exchange_found found_of(struct match *match, struct mw_exchange_person **person_r,
				       struct mw_buf *candidates)
{
	if (match->count == 1)
		*person_r = match->people[0];
	else if (match->count > 1 && candidates != NULL)
		print_candidates(match, candidates);
	return match->count == 0 ? MW_EXCHANGE_NOBODY : match->count == 1 ? MW_EXCHANGE_FOUND : MW_EXCHANGE_SEVERAL;
}

/* Whether a person's domain has this short name. Rows that name an account with its SID say it; without them, the first
   label of its name in DNS, which is the short name that Windows proposes. */
static bool is_in_domain(const struct mw_exchange_names *names, const struct mw_exchange_person *person,
			 struct mw_str name)
{
	struct mw_str label = mw_str_head(person->domain, mw_str_find(person->domain, '.'));
	struct mw_str of = person->sid.len > 0 ? mw_sid_domain(person->sid) : MW_STR_EMPTY;
	const struct domain *known = known_domain(names, name);

	if (known != NULL && of.len > 0)
		return mw_str_equal(known->sid, of);
	for (const struct domain *other = names->domains; other != NULL && of.len > 0; other = other->next) {
		if (mw_str_equal(other->sid, of))
			return false;
	}
	return name.len > 0 && (mw_str_equal(name, person->domain) || mw_str_equal(name, mw_str_head(label, NETBIOS_MOST)));
}

/* DOMAIN\name. Where several have the name, and the files do not say whose domain it is, it may be any of them. */
static void collect_accounts(const struct mw_exchange_names *names, struct mw_str text, struct match *match)
{
	struct mw_str domain = folded(names->arena, mw_str_trim(domain_before(text)));
	struct match all = { .count = 0 };
	size_t before = match->count;

	collect(names, MW_EXCHANGE_ACCOUNT_NAME, mw_str_tail(text, domain_before(text).len + 1), &all);
	for (size_t i = 0; i < all.count && i < CANDIDATES_MOST; i++) {
		if (is_in_domain(names, all.people[i], domain))
			add_match(match, all.people[i]);
	}
	if (match->count == before && all.count > 1 && known_domain(names, domain) == NULL)
		*match = all;
}

/* A plain name: one that is somebody's display name only means nobody. */
static void collect_names(const struct mw_exchange_names *names, struct mw_str text, struct match *match)
{
	collect(names, MW_EXCHANGE_NAME, text, match);
	collect(names, MW_EXCHANGE_ACCOUNT_NAME, text, match);
	if (match->count > 0)
		collect(names, MW_EXCHANGE_DISPLAY_NAME, text, match);
}

enum mw_exchange_found mw_exchange_find(const struct mw_exchange_names *names, struct mw_str text,
					struct mw_exchange_person **person_r, struct mw_buf *candidates)
{
	enum mw_exchange_key form = mw_exchange_form(text);
	struct match match = { .count = 0 };

	text = mw_str_trim(text);
	switch (form) {
	case MW_EXCHANGE_MASTER:
		collect(names, form, text, &match);
		collect_accounts(names, text, &match);
		break;
	case MW_EXCHANGE_ADDRESS:
		text = without_smtp(text);
		collect(names, form, text, &match);
		collect(names, MW_EXCHANGE_PRINCIPAL_NAME, text, &match);
		break;
	case MW_EXCHANGE_NAME: collect_names(names, text, &match); break;
	default: collect(names, form, text, &match); break;
	}
	/* Exchange prints a name as it is: whoever is called as another one's own may be meant. */
	if (match.count > 0 && form != MW_EXCHANGE_NAME)
		collect(names, MW_EXCHANGE_NAME, text, &match);
	return found_of(&match, person_r, candidates);
}

enum mw_exchange_found mw_exchange_find_key(const struct mw_exchange_names *names, enum mw_exchange_key key,
					    struct mw_str text, struct mw_exchange_person **person_r,
					    struct mw_buf *candidates)
{
	struct match match = { .count = 0 };

	collect(names, key, text, &match);
	return found_of(&match, person_r, candidates);
}
