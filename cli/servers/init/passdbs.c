/* SPDX-License-Identifier: MIT */
#include "servers/init/passdbs.h"

#include <glob.h>
#include <pwd.h>
#include <shadow.h>
#include <stdlib.h>

#include "base/units.h"
#include "mail/address.h"
#include "servers/restriction.h"
#include "sync/text_name.h"

/* --- pure */

bool mw_init_passwd_name(struct mw_str line, struct mw_str *name_r)
{
	*name_r = mw_str_trim(mw_str_head(line, mw_str_find(line, ':')));
	return !mw_str_empty(*name_r) && !mw_str_starts_with(*name_r, MW_STR("#"));
}

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

/* --- people */

/* One who logs in by this name. `domain`: where he belongs if the name has
   none. */
static void take_login(struct mw_init *init, struct mw_str name, struct mw_str domain, const char *from)
{
	const char *whole = mw_str_find(name, '@') < name.len || mw_str_empty(domain)
				    ? mw_arena_text(init->arena, name)
				    : mw_arena_textf(init->arena, "%.*s@%.*s", MW_STR_ARG(name), MW_STR_ARG(domain));
	char memory[MW_LOGIN_MAX + 1];
	struct mw_person *person;
	struct mw_str address;
	size_t len;

	if (!mw_init_address(init, mw_str(whole), &address) ||
	    !mw_login_canonical(name, memory, sizeof(memory), &len) ||
	    mw_text_login_refused((struct mw_str){ memory, len }) != '\0') {
		mw_init_unread_add(init, (struct mw_init_unread){ from, mw_arena_text(init->arena, name),
								  "the name makes no address",
								  "write a line with an address and login= "
								  "for him, if it is a user" });
		return;
	}
	person = mw_people_add(init->people, address, false, from);
	if (person != NULL)
		mw_people_add_login(init->people, person, mw_arena_copy(init->arena, (struct mw_str){ memory, len }));
}

static bool take_file(struct mw_init *init, const char *path, struct mw_str domain)
{
	FILE *file = fopen(path, "re");
	const char *from = mw_arena_textf(init->arena, "passwd-file %s", path);
	char *line = NULL;
	size_t size = 0;
	ssize_t got;

	while (file != NULL && (got = getline(&line, &size, file)) >= 0) {
		struct mw_str name;

		while (got > 0 && (line[got - 1] == '\n' || line[got - 1] == '\r'))
			got--;
		if (mw_init_passwd_name((struct mw_str){ line, (size_t)got }, &name))
			take_login(init, mw_arena_copy(init->arena, name), domain, from);
	}
	free(line);
	if (file != NULL)
		fclose(file);
	return file != NULL;
}

static void take_files(struct mw_init *init, struct mw_str path)
{
	const char *pattern;
	size_t before, after;
	glob_t found;

	if (mw_str_find(path, '%') == path.len) {
		if (!take_file(init, mw_arena_text(init->arena, path), MW_STR_EMPTY))
			mw_init_unread_add(init, (struct mw_init_unread){ "passdb passwd-file",
									  mw_arena_text(init->arena, path),
									  "it cannot be read", MW_INIT_FIX_USERS });
		return;
	}
	if (!mw_init_path_by_domain(init->arena, path, &pattern, &before, &after) ||
	    glob(pattern, 0, NULL, &found) != 0) {
		mw_init_unread_add(
			init, (struct mw_init_unread){ "passdb passwd-file", mw_arena_text(init->arena, path),
						       "there is a file for each user or domain", MW_INIT_FIX_USERS });
		return;
	}
	for (size_t i = 0; i < found.gl_pathc; i++) {
		struct mw_str name = mw_str(found.gl_pathv[i]);

		take_file(
			init, found.gl_pathv[i],
			mw_arena_copy(init->arena, mw_str_head(mw_str_tail(name, before), name.len - before - after)));
	}
	globfree(&found);
}

/* --- accounts of this machine */

/* A user without a password that works, and without a shell, is a service. */
static bool is_service(const struct passwd *account)
{
	const struct spwd *shadow = getspnam(account->pw_name);
	struct mw_str shell = mw_str(account->pw_shell);
	bool locked =
		shadow != NULL && shadow->sp_pwdp != NULL && (shadow->sp_pwdp[0] == '!' || shadow->sp_pwdp[0] == '*');

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

static void take_accounts(struct mw_init *init)
{
	uint64_t first = uid_of(&init->dovecot, "first_valid_uid", 500),
		 last = uid_of(&init->dovecot, "last_valid_uid", 0);
	const struct passwd *account;

	setpwent();
	while ((account = getpwent()) != NULL) {
		if (account->pw_uid < first || (last > 0 && account->pw_uid > last))
			continue;
		if (!is_service(account))
			take_login(init, mw_str(account->pw_name), mw_init_home(init), "/etc/passwd");
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
	       !mw_str_equal(mw_dovecot_driver(passdb), MW_STR("mailwicket"));
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

static struct mw_str path_of(const struct mw_dovecot_site *site, const struct mw_dovecot_node *passdb)
{
	return site->generation == MW_DOVECOT_2_4 ? mw_dovecot_value(passdb, "passwd_file_path")
						  : mw_dovecot_path_of_args(mw_dovecot_value(passdb, "args"));
}

static void take_passdb(struct mw_init *init, const struct mw_dovecot_node *passdb)
{
	struct mw_str driver = mw_dovecot_driver(passdb);

	/* take_accounts() reads those. */
	if (is_one_of(driver, system_drivers, SYSTEM_DRIVERS))
		return;
	if (mw_str_equal(driver, MW_STR("passwd-file")))
		take_files(init, path_of(&init->dovecot, passdb));
	else
		mw_init_unread_add(
			init, (struct mw_init_unread){ mw_arena_textf(init->arena, "passdb %.*s", MW_STR_ARG(driver)),
						       mw_arena_text(init->arena, path_of(&init->dovecot, passdb)),
						       "it tells nobody who its users are", MW_INIT_FIX_USERS });
}

void mw_init_read_people(struct mw_init *init)
{
	const struct mw_dovecot_node *node = init->has_dovecot ? init->dovecot.root : NULL;

	for (; node != NULL; node = mw_dovecot_next_filter(&init->dovecot, node)) {
		const struct mw_dovecot_node *passdb = NULL;

		while ((passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL)
			if (counts(passdb))
				take_passdb(init, passdb);
	}
	if (init->system_users)
		take_accounts(init);
}
