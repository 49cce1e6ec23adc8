/* SPDX-License-Identifier: MIT */
#include "servers/init/passwd_file.h"

#include <stdio.h>
#include <stdlib.h>

/* --- pure */

bool mw_init_passwd_name(struct mw_str line, struct mw_str *name_r)
{
	*name_r = mw_str_trim(mw_str_head(line, mw_str_find(line, ':')));
	return !mw_str_empty(*name_r) && !mw_str_starts_with(*name_r, MW_STR("#"));
}

bool mw_init_is_locked(struct mw_str password)
{
	return mw_str_starts_with(password, MW_STR("!")) || mw_str_starts_with(password, MW_STR("*"));
}

static bool is_in_clear(struct mw_str scheme)
{
	return mw_str_equal_nocase(scheme, MW_STR("PLAIN")) || mw_str_equal_nocase(scheme, MW_STR("CLEAR")) ||
	       mw_str_equal_nocase(scheme, MW_STR("CLEARTEXT"));
}

bool mw_init_passwd_locked(struct mw_str line, struct mw_str scheme)
{
	struct mw_str password = mw_str_tail(line, mw_str_find(line, ':') + 1);

	password = mw_str_trim(mw_str_head(password, mw_str_find(password, ':')));
	if (mw_str_starts_with(password, MW_STR("{"))) {
		size_t end = mw_str_find(password, '}');

		scheme = mw_str_tail(mw_str_head(password, end), 1);
		password = mw_str_tail(password, end + 1);
	}
	return mw_init_is_locked(password) && !is_in_clear(scheme);
}

/* --- a passdb */

static struct mw_str path_of(const struct mw_dovecot_site *site, const struct mw_dovecot_node *passdb)
{
	return site->generation == MW_DOVECOT_2_4 ? mw_dovecot_value(passdb, "passwd_file_path")
						  : mw_dovecot_path_of_args(mw_dovecot_value(passdb, "args"));
}

/* "username_format=%n" in the args of 2.3. */
static struct mw_str option_of(struct mw_str args, const char *name)
{
	struct mw_str word, value = MW_STR_EMPTY;
	size_t equals;

	while (mw_str_split(&args, ' ', &word)) {
		equals = mw_str_find(word, '=');
		if (equals < word.len && mw_str_equal(mw_str_head(word, equals), mw_str(name)))
			value = mw_str_tail(word, equals + 1);
	}
	return value;
}

struct mw_init_passwd_file mw_init_passwd_file_of(const struct mw_dovecot_site *site,
						  const struct mw_dovecot_node *passdb)
{
	struct mw_str args = mw_dovecot_value(passdb, "args");
	struct mw_init_passwd_file file = { .path = path_of(site, passdb),
					    .scheme = option_of(args, "scheme"),
					    .format = option_of(args, "username_format") };

	if (site->generation == MW_DOVECOT_2_4) {
		file.scheme = mw_dovecot_value(passdb, "default_password_scheme");
		if (mw_str_empty(file.scheme))
			file.scheme = mw_dovecot_value(passdb, "passdb_default_password_scheme");
		file.format = mw_dovecot_value(passdb, "auth_username_format");
	}
	return file;
}

bool mw_init_passwd_changes_names(const struct mw_init_passwd_file *file)
{
	static const char *const whole[] = { "", "%u", "%Lu", "%{user}", "%{user|lower}", "%{user | lower}" };

	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		if (mw_str_equal(file->format, mw_str(whole[i])))
			return false;
	return true;
}

bool mw_init_passwd_each(const char *path, mw_init_passwd_line *take, void *context)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t got;
	bool whole;

	if (file == NULL)
		return false;
	while ((got = getline(&line, &size, file)) >= 0) {
		struct mw_str text, name;

		while (got > 0 && (line[got - 1] == '\n' || line[got - 1] == '\r'))
			got--;
		text = (struct mw_str){ line, (size_t)got };
		if (mw_init_passwd_name(text, &name))
			take(context, text, name);
	}
	whole = feof(file) && !ferror(file);
	free(line);
	fclose(file);
	return whole;
}
