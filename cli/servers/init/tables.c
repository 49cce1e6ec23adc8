/* SPDX-License-Identifier: MIT */
#include "servers/init/tables.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "file.h"
#include "servers/init/databases.h"
#include "servers/restriction.h"
#include "ui/process.h"

#define DEEPEST 4 /* tables within unionmap */
#define FIRST_ROOM 16

void *mw_init_grown(struct mw_arena *arena, void *items, size_t count, size_t size)
{
	void *larger;

	/* There is room up to the next power of two. */
	if (count > 0 && (count < FIRST_ROOM || (count & (count - 1)) != 0))
		return items;
	larger = mw_arena_alloc_array(arena, size, count < FIRST_ROOM ? FIRST_ROOM : count * 2);
	if (larger != NULL && count > 0)
		memcpy(larger, items, count * size);
	return larger;
}

void mw_init_strs_add(struct mw_arena *arena, struct mw_strs *texts, struct mw_str text)
{
	struct mw_str *items = mw_init_grown(arena, (void *)(uintptr_t)texts->items, texts->count, sizeof(*items));

	if (items == NULL)
		return;
	items[texts->count++] = text;
	texts->items = items;
}

/* --- pure */

struct mw_str mw_init_domain_part(struct mw_str address)
{
	return mw_str_tail(address, mw_str_find_last(address, '@') + 1);
}

struct mw_init_entries mw_init_entries_parse(struct mw_arena *arena, struct mw_str text)
{
	static const char *const of_postalias[] = { "@", "YP_LAST_MODIFIED", "YP_MASTER_NAME" };
	struct mw_init_entries entries = { .complete = true };
	struct mw_str line;

	while (mw_str_split(&text, '\n', &line)) {
		size_t tab = mw_str_find(line, '\t');
		struct mw_str key = mw_str_head(line, tab);
		bool skipped = tab == line.len;

		for (size_t i = 0; i < sizeof(of_postalias) / sizeof(of_postalias[0]); i++)
			skipped |= mw_str_equal(key, mw_str(of_postalias[i]));
		if (skipped)
			continue;
		entries.items = mw_init_grown(arena, entries.items, entries.count, sizeof(*entries.items));
		if (entries.items == NULL)
			return (struct mw_init_entries){ 0 };
		entries.items[entries.count++] =
			(struct mw_init_entry){ mw_str_trim(key), mw_str_trim(mw_str_tail(line, tab + 1)) };
	}
	return entries;
}

static bool divides(char c)
{
	return c == ',' || c == ' ' || c == '\t';
}

bool mw_init_address_next(struct mw_str *rest_io, struct mw_str *word_r)
{
	bool quoted = false;
	size_t len = 0;

	while (!mw_str_empty(*rest_io) && divides(rest_io->ptr[0]))
		*rest_io = mw_str_tail(*rest_io, 1);
	for (; len < rest_io->len && (quoted || !divides(rest_io->ptr[len])); len++) {
		if (rest_io->ptr[len] == '"')
			quoted = !quoted;
		else if (rest_io->ptr[len] == '\\')
			len += len + 1 < rest_io->len;
	}
	*word_r = mw_str_head(*rest_io, len);
	*rest_io = mw_str_tail(*rest_io, len);
	if (mw_str_starts_with(*word_r, MW_STR("<")) && mw_str_ends_with(*word_r, MW_STR(">")) && word_r->len > 1)
		*word_r = mw_str_head(mw_str_tail(*word_r, 1), word_r->len - 2);
	return len > 0;
}

bool mw_init_is_table(struct mw_str word)
{
	return mw_str_find(word, ':') < word.len && !mw_str_starts_with(word, MW_STR("[")) &&
	       !mw_str_starts_with(word, MW_STR("/"));
}

struct mw_str mw_init_table_bare(struct mw_str table)
{
	return mw_str_starts_with(table, MW_STR("proxy:")) ? mw_str_tail(table, strlen("proxy:")) : table;
}

/* --- postmap(1) */

/* Without "proxy:", also before tables within it: proxymap(8) asks the same, and may not run. */
static const char *without_proxy(struct mw_arena *arena, struct mw_str table)
{
	static const char proxy[] = "proxy:";
	char *text = mw_arena_alloc(arena, table.len + 1);
	size_t len = 0;

	for (size_t i = 0; text != NULL && i < table.len; i++) {
		bool begins = i == 0 || strchr("{, \t\n", table.ptr[i - 1]) != NULL;

		if (begins && mw_str_starts_with(mw_str_tail(table, i), MW_STR("proxy:")))
			i += strlen(proxy) - 1;
		else
			text[len++] = table.ptr[i];
	}
	if (text != NULL)
		text[len] = '\0';
	return text;
}

/* input: where its keys are; -1: nowhere. */
static bool run_postmap(const struct mw_init *init, const char *option, const char *key, struct mw_str table, int input,
			struct mw_run *run_r)
{
	const char *argv[9];
	size_t count = 0;

	argv[count++] = "postmap";
	if (init->postfix.config_directory != NULL) {
		argv[count++] = "-c";
		argv[count++] = init->postfix.config_directory;
	}
	/* proxymap(8) opens a table without folding the keys that it has; those that are asked for are folded before. */
	if (mw_str_has(table, "proxy:"))
		argv[count++] = "-f";
	argv[count++] = option;
	if (key != NULL)
		argv[count++] = key;
	argv[count++] = without_proxy(init->arena, table);
	argv[count] = NULL;
	if (argv[count - 1] == NULL) {
		*run_r = (struct mw_run){ .status = -1, .why = "out of memory" };
		return false;
	}
	return input >= 0 ? mw_run_program_fed(argv, input, run_r) : mw_run_program(argv, run_r);
}

bool mw_init_table_has(const struct mw_init *init, struct mw_str table, struct mw_str key)
{
	struct mw_run run;
	bool has;

	/* postmap would read keys from its input. */
	if (mw_str_starts_with(key, MW_STR("-")))
		return false;
	has = run_postmap(init, "-q", mw_arena_text(init->arena, key), table, -1, &run);
	mw_run_free(&run);
	return has;
}

/* A file without a name that has the text, open at its beginning; -1: there is none. */
static int file_with(struct mw_str text)
{
	int fd = memfd_create("keys", MFD_CLOEXEC);

	if (fd >= 0 && mw_file_write(fd, text) && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A warning of main.cf may have such a word in it too, as "overriding earlier entry: local_transport=error:". */
static bool has_failed(struct mw_str errors)
{
	struct mw_str line;

	while (mw_str_split(&errors, '\n', &line))
		if (mw_str_starts_with(line, MW_STR("postmap: fatal: ")) || mw_str_starts_with(line, MW_STR("postmap: error: ")))
			return true;
	return false;
}

/* A texthash file with a key twice: postmap(1) warns and answers, while for Postfix's other programs it fails for every
   key (dict_thash.c). Empty: there is none. */
static struct mw_str key_twice(struct mw_str errors)
{
	static const char warning[] = "postmap: warning: ", entry[] = " entry: ";
	struct mw_str line;

	while (mw_str_split(&errors, '\n', &line))
		if (mw_str_starts_with(line, MW_STR(warning)) &&
		    mw_str_ends_with(mw_str_head(line, mw_str_find_text(line, entry)), MW_STR(": duplicate")))
			return mw_str_tail(line, strlen(warning));
	return MW_STR_EMPTY;
}

bool mw_init_table_ask(struct mw_init *init, struct mw_str table, struct mw_str keys, struct mw_init_entries *entries_r,
		       const char **why_r)
{
	int input = file_with(keys);
	struct mw_str why;
	struct mw_run run;
	struct mw_str twice;
	bool asked;

	*entries_r = (struct mw_init_entries){ .complete = true };
	*why_r = "out of memory";
	if (input < 0)
		return false;
	run_postmap(init, "-q", "-", table, input, &run);
	close(input);
	/* 1 without a word: it has none of them. */
	why = mw_run_said(&run);
	twice = key_twice(run.errors);
	asked = mw_str_empty(twice) && (run.status == 0 || (run.status == 1 && !has_failed(run.errors)));
	if (!mw_str_empty(twice))
		*why_r = mw_arena_textf(init->arena, "%.*s: Postfix itself cannot use it (451): leave one of the two lines",
					MW_STR_ARG(twice));
	else if (asked)
		*entries_r = mw_init_entries_parse(init->arena, mw_arena_copy(init->arena, run.output));
	else
		*why_r = mw_arena_text(init->arena, mw_str_empty(why) ? mw_str(run.missing ? "there is no postmap" : run.why) : why);
	mw_run_free(&run);
	return asked;
}

struct listing {
	struct mw_init *init;
	const char *setting, *fix;
	struct mw_init_entries entries;
};

static bool is_of_type(struct mw_str table, const char *type)
{
	struct mw_str bare = mw_init_table_bare(table);

	return mw_str_equal(mw_str_head(bare, mw_str_find(bare, ':')), mw_str(type));
}

/* The driver of a source that reads what a table asks; NULL: there is none. */
static const char *driver_of(struct mw_str table)
{
	static const char *const drivers[] = { "mysql", "pgsql", "sqlite", "ldap" };
	struct mw_str type = mw_str_head(table, mw_str_find(table, ':'));

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (mw_str_equal(type, mw_str(drivers[i])))
			return drivers[i];
	return NULL;
}

static void not_listed(struct listing *listing, struct mw_str table, const char *why)
{
	const char *driver = driver_of(mw_init_table_bare(table)), *fix = listing->fix;

	if (driver != NULL)
		fix = mw_arena_textf(listing->init->arena, "%s; or let a source with driver = %s read all of the database", fix,
				     driver);
	listing->entries.complete = false;
	/* What it says of every key is known. */
	if (listing->entries.unlisted == NULL && !is_of_type(table, "static"))
		listing->entries.unlisted = mw_arena_text(listing->init->arena, table);
	mw_init_unread_add(listing->init,
			   (struct mw_init_unread){ listing->setting, mw_arena_text(listing->init->arena, table), why, fix });
}

/* Why a type of table cannot be listed; NULL: postmap can, or says itself why
   not. */
static const char *reason_of(struct mw_str type)
{
	static const struct {
		const char *type, *why;
	} reasons[] = {
		{ "mysql", "Postfix asks an SQL table one key at a time" },
		{ "pgsql", "Postfix asks an SQL table one key at a time" },
		{ "sqlite", "Postfix asks an SQL table one key at a time" },
		{ "ldap", "Postfix asks an LDAP table one key at a time" },
		{ "cdb", "postmap asks a cdb table one key at a time" },
		{ "mongodb", "Postfix asks a database one key at a time" },
		{ "memcache", "Postfix asks a cache one key at a time" },
		{ "nis", "Postfix asks NIS one key at a time" },
		{ "tcp", "Postfix asks a server one key at a time" },
		{ "socketmap", "Postfix asks a server one key at a time" },
		{ "unix", "Postfix asks the system one key at a time" },
		{ "regexp", "it has patterns, not names" },
		{ "pcre", "it has patterns, not names" },
		{ "cidr", "it has networks, not names" },
		{ "static", "it gives one answer for every key" },
		{ "pipemap", "one table's answer is the next one's key there" },
		{ "randmap", "it gives an answer at random" },
		{ "environ", "it is the environment of a process" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (mw_str_equal(type, mw_str(reasons[i].type)))
			return reasons[i].why;
	return NULL;
}

static void take(struct listing *listing, struct mw_init_entries more)
{
	struct mw_init_entries *entries = &listing->entries;

	for (size_t i = 0; i < more.count; i++) {
		entries->items =
			mw_init_grown(listing->init->arena, entries->items, entries->count, sizeof(*entries->items));
		if (entries->items == NULL) {
			entries->count = 0;
			return;
		}
		entries->items[entries->count++] = more.items[i];
	}
}

static int compare_keys(const void *a, const void *b)
{
	const struct mw_init_entry *one = a, *other = b;
	int order = mw_str_compare(one->key, other->key);

	return order != 0 ? order : mw_str_compare(one->value, other->value);
}

/* In the order of their keys: postmap lists tables in memory in another one each time. */
static void list_table(struct listing *listing, struct mw_str table)
{
	struct mw_init_entries found;
	struct mw_run run;

	if (run_postmap(listing->init, "-s", NULL, table, -1, &run)) {
		found = mw_init_entries_parse(listing->init->arena, mw_arena_copy(listing->init->arena, run.output));
		if (found.count > 0)
			qsort(found.items, found.count, sizeof(*found.items), compare_keys);
		take(listing, found);
	} else {
		struct mw_str why = mw_run_said(&run);

		not_listed(
			listing, table,
			mw_arena_text(listing->init->arena,
				      mw_str_empty(why) ? mw_str(run.missing ? "there is no postmap" : run.why) : why));
	}
	mw_run_free(&run);
}

/* The tables within "unionmap:{ ... }" or "pipemap:{ ... }". False: it is none of these. */
static bool tables_within(struct mw_str table, const char *type, struct mw_str *within_r)
{
	struct mw_str bare = mw_init_table_bare(table), name = mw_str_tail(bare, mw_str_find(bare, ':') + 1);

	if (!is_of_type(table, type) || !mw_str_starts_with(name, MW_STR("{")) || !mw_str_ends_with(name, MW_STR("}")))
		return false;
	*within_r = mw_str_head(mw_str_tail(name, 1), name.len - 2);
	return true;
}

bool mw_init_table_next(struct mw_str *rest_io, struct mw_str *table_r)
{
	struct mw_restriction item;

	if (!mw_restriction_next(rest_io, &item))
		return false;
	*table_r = item.text;
	return true;
}

/* Of several tables in one the first counts (dict_union(3)). */
static bool is_fixed(struct mw_str table, unsigned depth)
{
	static const char *const patterns[] = { "regexp", "pcre", "cidr", "randmap", "fail", "tcp", "socketmap" };
	struct mw_str bare = mw_init_table_bare(table), within, part;
	struct mw_str type = mw_str_head(bare, mw_str_find(bare, ':'));
	bool fixed = true;

	if (depth < DEEPEST && (tables_within(table, "unionmap", &within) || tables_within(table, "pipemap", &within)))
		return mw_init_table_next(&within, &part) && is_fixed(part, depth + 1);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		fixed = fixed && !mw_str_equal(type, mw_str(patterns[i]));
	return fixed;
}

bool mw_init_table_is_fixed(struct mw_str table)
{
	return is_fixed(table, 0);
}

static bool is_random(struct mw_str table, unsigned depth)
{
	struct mw_str within, part;

	if (is_of_type(table, "randmap"))
		return true;
	if (depth < DEEPEST && (tables_within(table, "unionmap", &within) || tables_within(table, "pipemap", &within)))
		while (mw_init_table_next(&within, &part))
			if (is_random(part, depth + 1))
				return true;
	return false;
}

bool mw_init_table_is_random(struct mw_str table)
{
	return is_random(table, 0);
}

static void each_table(const char *setting, struct mw_str tables, mw_init_table_found *found, void *context,
		       unsigned depth)
{
	struct mw_restriction item;
	struct mw_str within;

	while (mw_restriction_next(&tables, &item)) {
		if (depth < DEEPEST && tables_within(item.text, "unionmap", &within))
			each_table(setting, within, found, context, depth + 1);
		else
			found(context, setting, item.text);
	}
}

void mw_init_each_table(const char *setting, struct mw_str tables, mw_init_table_found *found, void *context)
{
	each_table(setting, tables, found, context, 0);
}

static void look_at_table(void *context, const char *setting, struct mw_str table)
{
	struct listing *listing = context;
	struct mw_str bare = mw_init_table_bare(table);
	const char *why = reason_of(mw_str_head(bare, mw_str_find(bare, ':')));

	if (mw_init_is_of_source(listing->init, setting, table))
		return;
	if (why != NULL)
		not_listed(listing, table, why);
	else
		list_table(listing, table);
}

struct mw_init_entries mw_init_tables(struct mw_init *init, const char *setting, struct mw_str tables, const char *fix)
{
	struct listing listing = { .init = init, .setting = setting, .fix = fix, .entries = { .complete = true } };

	mw_init_each_table(setting, tables, look_at_table, &listing);
	return listing.entries;
}
