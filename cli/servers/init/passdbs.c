/* SPDX-License-Identifier: MIT */
#include "servers/init/passdbs.h"

#include <glob.h>
#include <pwd.h>
#include <shadow.h>
#include <stdlib.h>

#include "base/units.h"
#include "servers/init/databases.h"
#include "servers/init/passwd_file.h"
#include "servers/restriction.h"
#include "ui/process.h"

/* --- pure */

bool mw_init_path_by_domain(struct mw_arena *arena, struct mw_str path, const char **pattern_r, size_t *before_r,
			    size_t *after_r)
{
	static const char *const variables[] = { "%d",
						 "%Ld",
						 "%{domain}",
						 "%{user|domain}",
						 "%{user | domain}",
						 "%{user | domain | lower}",
						 "%{user|domain|lower}" };
	size_t at = mw_str_find(path, '%');
	struct mw_str rest = mw_str_tail(path, at);

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		struct mw_str after = mw_str_tail(rest, strlen(variables[i]));

		if (!mw_str_starts_with(rest, mw_str(variables[i])) || mw_str_find(after, '%') < after.len ||
		    strpbrk(mw_arena_text(arena, path), "*?[") != NULL)
			continue;
		*pattern_r = mw_arena_textf(arena, "%.*s*%.*s", MW_STR_ARG(mw_str_head(path, at)), MW_STR_ARG(after));
		*before_r = at;
		*after_r = after.len;
		return true;
	}
	return false;
}

/* --- who lists them */

struct listing {
	struct mw_init *init;
	mw_init_account_found *found;
	void *context;
	bool asks_dovecot;
	struct mw_strs denied; /* who is in a passdb that denies, in order */
	bool denied_unread;    /* and there is one that was not read */
	bool system;         /* a passdb has the accounts of this machine */
	bool pam;            /* and one asks PAM */
	const char *unlisted, *unlisted_path; /* the first passdb that lists none, for Dovecot to list; NULL: none */
};

static int compare_names(const void *a, const void *b)
{
	return mw_str_compare(*(const struct mw_str *)a, *(const struct mw_str *)b);
}

static void sort_names(struct mw_strs *names)
{
	if (names->count > 0)
		qsort((void *)(uintptr_t)names->items, names->count, sizeof(names->items[0]), compare_names);
}

/* Whether one of those in order is there. */
static bool has_name(const struct mw_strs *names, struct mw_str name)
{
	return names->count > 0 &&
	       bsearch(&name, names->items, names->count, sizeof(names->items[0]), compare_names) != NULL;
}

static void not_read(struct listing *listing, const char *setting, const char *what, const char *why)
{
	listing->init->logins_listed = false;
	mw_init_unread_add(listing->init, (struct mw_init_unread){ setting, what, why, MW_INIT_FIX_USERS });
}

/* Whom a passdb denies cannot log in. */
static void tell(struct listing *listing, struct mw_init_account account)
{
	account.locked |= has_name(&listing->denied, account.name);
	if (listing->denied_unread && account.doubt == NULL)
		account.doubt = "a passdb that denies, and that cannot be listed, may refuse it";
	listing->found(listing->context, &account);
}

/* --- passwd-file */

struct file_lines {
	struct listing *listing;
	const struct mw_init_passwd_file *file;
	struct mw_init_account account; /* what all of them have */
};

static void take_line(void *context, struct mw_str line, struct mw_str name)
{
	const struct file_lines *lines = context;
	struct mw_init_account account = lines->account;

	account.name = mw_arena_copy(lines->listing->init->arena, name);
	account.locked = mw_init_passwd_locked(line, lines->file->scheme);
	if (mw_init_passwd_changes_names(lines->file) && mw_str_find(name, '@') == name.len &&
	    mw_str_empty(account.domain))
		account.doubt = "its file may be asked for a login without its domain (username_format)";
	tell(lines->listing, account);
}

static bool take_file(struct listing *listing, const struct mw_init_passwd_file *file, const char *path,
		      struct mw_str domain)
{
	struct file_lines lines = {
		listing, file, { .domain = domain, .from = mw_arena_textf(listing->init->arena, "passwd-file %s", path) }
	};

	return mw_init_passwd_each(path, take_line, &lines);
}

static void take_files(struct listing *listing, const struct mw_init_passwd_file *file)
{
	struct mw_arena *arena = listing->init->arena;
	struct mw_str path = file->path;
	const char *pattern;
	size_t before, after;
	glob_t found;

	if (mw_str_find(path, '%') == path.len) {
		if (!take_file(listing, file, mw_arena_text(arena, path), MW_STR_EMPTY))
			not_read(listing, "passdb passwd-file", mw_arena_text(arena, path), "it cannot be read");
		return;
	}
	if (!mw_init_path_by_domain(arena, path, &pattern, &before, &after) || glob(pattern, 0, NULL, &found) != 0) {
		not_read(listing, "passdb passwd-file", mw_arena_text(arena, path), "there is a file for each user or domain");
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct mw_str name = mw_str(found.gl_pathv[i]);

		if (!take_file(listing, file, found.gl_pathv[i],
			       mw_arena_copy(arena, mw_str_head(mw_str_tail(name, before), name.len - before - after))))
			not_read(listing, "passdb passwd-file", mw_arena_textf(arena, "%s", found.gl_pathv[i]),
				 "it cannot be read");
	}
	globfree(&found);
}

/* --- accounts of this machine */

/* The names without a password that works, in order. One walk: a look for each would read the file for each. */
static struct mw_strs locked_names(struct mw_arena *arena)
{
	const struct spwd *entry;
	struct mw_strs names = { 0 };

	setspent();
	while ((entry = getspent()) != NULL)
		if (entry->sp_pwdp != NULL && mw_init_is_locked(mw_str(entry->sp_pwdp)))
			mw_init_strs_add(arena, &names, mw_arena_copy(arena, mw_str(entry->sp_namp)));
	endspent();
	sort_names(&names);
	return names;
}

/* A user without a password that works, and without a shell, is a service. */
static bool is_service(const struct passwd *account, bool locked)
{
	struct mw_str shell = mw_str(account->pw_shell);

	return (locked && (mw_str_ends_with(shell, MW_STR("/nologin")) || mw_str_ends_with(shell, MW_STR("/false")))) ||
	       strcmp(account->pw_name, "nobody") == 0;
}

/* A number, or the name of a user. */
static uint64_t uid_of(const struct mw_dovecot_site *site, const char *setting, uint64_t usual)
{
	struct mw_str value = mw_dovecot_value(site->root, setting);
	const struct passwd *account;
	uint64_t uid;

	if (mw_str_empty(value))
		return usual;
	if (mw_parse_number(value, &uid))
		return uid;
	account = getpwnam(mw_arena_text(site->arena, value));
	return account != NULL ? account->pw_uid : usual;
}

static void take_accounts(struct listing *listing)
{
	const struct mw_init *init = listing->init;
	struct mw_init_account found = { .domain = mw_init_home(init), .from = "/etc/passwd", .system = true };
	uint64_t first = uid_of(&init->dovecot, "first_valid_uid", 500),
		 last = uid_of(&init->dovecot, "last_valid_uid", 0);
	struct mw_strs locked = locked_names(init->arena);
	const struct passwd *account;

	setpwent();
	while ((account = getpwent()) != NULL) {
		struct mw_str name = mw_str(account->pw_name);

		if (account->pw_uid < first || (last > 0 && account->pw_uid > last))
			continue;
		found.locked = has_name(&locked, name);
		if (is_service(account, found.locked))
			continue;
		found.name = mw_arena_copy(init->arena, name);
		tell(listing, found);
	}
	endpwent();
}

/* --- passdbs */

static bool is_one_of(struct mw_str word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (mw_str_equal(word, mw_str(words[i])))
			return true;
	return false;
}

static const char *const system_drivers[] = { "pam", "shadow", "passwd", "bsdauth" };
#define SYSTEM_DRIVERS (sizeof(system_drivers) / sizeof(system_drivers[0]))

/* Of those that say who may log in as himself. */
static bool counts(const struct mw_dovecot_node *passdb)
{
	return !mw_str_equal(mw_dovecot_value(passdb, "master"), MW_STR("yes")) &&
	       !mw_str_equal(mw_dovecot_value(passdb, "deny"), MW_STR("yes")) &&
	       !mw_dovecot_passdb_is_ours(passdb);
}

bool mw_init_has_system_users(const struct mw_init *init)
{
	const struct mw_dovecot_node *node = init->has_dovecot ? init->dovecot.root : NULL;

	for (; node != NULL; node = mw_dovecot_next_filter(&init->dovecot, node)) {
		const struct mw_dovecot_node *passdb = NULL;

		while ((passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL)
			if (counts(passdb) && is_one_of(mw_dovecot_driver(passdb), system_drivers, SYSTEM_DRIVERS))
				return true;
	}
	return false;
}

/* --- the Dovecot that runs */

/* Its userdbs have the accounts of this machine, those of services among them. */
static bool has_passwd_userdb(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_node *node = site->root, *userdb;

	for (; node != NULL; node = mw_dovecot_next_filter(site, node)) {
		userdb = NULL;
		while ((userdb = mw_dovecot_next(node, userdb, "userdb")) != NULL)
			if (mw_str_equal(mw_dovecot_driver(userdb), MW_STR("passwd")))
				return true;
	}
	return false;
}

/* NULL: it listed them; else why it did not. */
static const char *ask_dovecot(struct listing *listing)
{
	struct mw_arena *arena = listing->init->arena;
	const char *const argv[] = { "doveadm", "-c", listing->init->dovecot.file, "user", "*", NULL };
	struct mw_init_account account = { .from = "doveadm user '*'",
					   .doubt = "a userdb lists users whom its passdb may refuse, too" };
	struct mw_run run;
	const char *why = NULL;

	if (has_passwd_userdb(&listing->init->dovecot))
		return "Dovecot's userdbs list the accounts of this machine too";
	if (mw_run_program(argv, &run)) {
		struct mw_str rest = mw_arena_copy(arena, run.output), line;

		while (mw_str_split(&rest, '\n', &line)) {
			account.name = mw_str_trim(line);
			if (!mw_str_empty(account.name))
				tell(listing, account);
		}
	} else {
		struct mw_str said = mw_run_said(&run);

		why = run.missing ? "there is no doveadm"
				  : mw_arena_textf(arena, "doveadm user '*': %.*s", MW_STR_ARG(mw_str_empty(said) ? mw_str(run.why) : said));
	}
	mw_run_free(&run);
	return why;
}

/* --- */

static void keep_denied(void *context, struct mw_str line, struct mw_str name)
{
	struct listing *listing = context;

	(void)line;
	mw_init_strs_add(listing->init->arena, &listing->denied, mw_arena_copy(listing->init->arena, name));
}

static void take_denied(struct listing *listing, const struct mw_dovecot_node *passdb)
{
	struct mw_init_passwd_file file = mw_init_passwd_file_of(&listing->init->dovecot, passdb);
	const char *path = mw_arena_text(listing->init->arena, file.path);

	if (!mw_str_equal(mw_dovecot_value(passdb, "deny"), MW_STR("yes")))
		return;
	if (!mw_str_equal(mw_dovecot_driver(passdb), MW_STR("passwd-file")) || strchr(path, '%') != NULL ||
	    mw_init_passwd_changes_names(&file)) {
		listing->denied_unread = true;
	} else if (!mw_init_passwd_each(path, keep_denied, listing)) {
		listing->denied_unread = true;
		not_read(listing, "passdb passwd-file", path, "it denies logins, and cannot be read whole");
	}
}

static void each_passdb(struct listing *listing, void (*take)(struct listing *, const struct mw_dovecot_node *))
{
	const struct mw_dovecot_site *site = &listing->init->dovecot;

	for (const struct mw_dovecot_node *node = site->root; node != NULL; node = mw_dovecot_next_filter(site, node)) {
		const struct mw_dovecot_node *passdb = NULL;

		while ((passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL)
			take(listing, passdb);
	}
}

static void take_passdb(struct listing *listing, const struct mw_dovecot_node *passdb)
{
	struct mw_arena *arena = listing->init->arena;
	struct mw_str driver = mw_dovecot_driver(passdb);

	if (!counts(passdb))
		return;
	if (is_one_of(driver, system_drivers, SYSTEM_DRIVERS)) {
		listing->system = true;
		listing->pam |= mw_str_equal(driver, MW_STR("pam"));
	} else if (mw_str_equal(driver, MW_STR("passwd-file"))) {
		struct mw_init_passwd_file file = mw_init_passwd_file_of(&listing->init->dovecot, passdb);

		take_files(listing, &file);
	} else if (!mw_str_equal(driver, MW_STR("sql")) || !mw_init_reads_passdbs(listing->init)) {
		const char *name = mw_arena_textf(arena, "passdb %.*s", MW_STR_ARG(driver));
		const char *path = mw_arena_text(arena, mw_init_passwd_file_of(&listing->init->dovecot, passdb).path);

		if (!listing->asks_dovecot)
			not_read(listing, name, path, "it tells nobody who its users are");
		else if (listing->unlisted == NULL) {
			listing->unlisted = name;
			listing->unlisted_path = path;
		}
	}
}

void mw_init_each_account(struct mw_init *init, bool asks_dovecot, mw_init_account_found *found, void *context)
{
	struct listing listing = { .init = init, .found = found, .context = context, .asks_dovecot = asks_dovecot };
	const char *why;

	init->logins_listed = init->has_dovecot;
	if (!init->has_dovecot)
		return;
	each_passdb(&listing, take_denied);
	sort_names(&listing.denied);
	/* Whom a passdb denies does not log in, whoever else it denies. */
	init->logins_listed = true;
	each_passdb(&listing, take_passdb);
	if (listing.system)
		take_accounts(&listing);
	init->logins_listed &= !listing.pam;
	if (listing.pam && asks_dovecot)
		not_read(&listing, "passdb pam", "", "PAM may let in whom this machine does not list (sssd, winbind)");
	if (listing.unlisted == NULL)
		return;
	why = ask_dovecot(&listing);
	if (why != NULL)
		not_read(&listing, listing.unlisted, listing.unlisted_path, why);
}
