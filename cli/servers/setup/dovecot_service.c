/* SPDX-License-Identifier: MIT */
/* Whether Dovecot's passdbs depend on the name of the service that Postfix gives (smtpd_sasl_service): a query
   that asks for the column enable%Ls finds another column, or none, under another name. */
#include "servers/setup/sasl.h"

#include <stdio.h>

#define FILE_MOST ((size_t)1024 * 1024)

/* --- variables: %s, %Ls, %100s, %{service}, %{protocol | upper} */

static bool is_modifier(char c)
{
	return strchr("LUERXHNMDTi-.0123456789", c) != NULL;
}

static bool names_service(struct mw_str text)
{
	static const char *const names[] = { "service", "protocol" };
	struct mw_str name;

	if (!mw_str_starts_with(text, MW_STR("{")))
		return mw_str_starts_with(text, MW_STR("s"));
	name = mw_str_trim(mw_str_tail(text, 1));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (mw_str_starts_with(name, mw_str(names[i])))
			return true;
	}
	/* %{if;%s;...}: what is inside is looked at by itself. */
	return false;
}

static bool has_variable(struct mw_str text)
{
	for (size_t i = 0; i + 1 < text.len; i++) {
		size_t at = i + 1;

		if (text.ptr[i] != '%')
			continue;
		if (text.ptr[at] == '%') {
			i = at;
			continue;
		}
		while (at + 1 < text.len && text.ptr[at] != '\0' && is_modifier(text.ptr[at]))
			at++;
		if (names_service(mw_str_tail(text, at)))
			return true;
	}
	return false;
}

/* --- passdbs */

/* What a driver's file says. */
static bool file_depends(const struct mw_dovecot_site *site, struct mw_str path)
{
	FILE *file = fopen(mw_arena_text(site->arena, path), "re");
	char *text = file != NULL ? mw_arena_alloc(site->arena, FILE_MOST) : NULL;
	size_t len = text != NULL ? fread(text, 1, FILE_MOST, file) : 0;
	bool read = text != NULL && !ferror(file) && len < FILE_MOST;
	struct mw_str content = { text, len };

	if (file != NULL)
		fclose(file);
	return !read || has_variable(content) || mw_str_has(content, "!include");
}

static bool is_one_of(struct mw_str word, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (mw_str_equal(word, mw_str(words[i])))
			return true;
	}
	return false;
}

/* A program is given the name, and nobody knows what it does with it; "*" is PAM's service of the same name. */
static bool driver_depends(const struct mw_dovecot_site *site, struct mw_str driver, struct mw_str args)
{
	static const char *const with_file[] = { "sql", "ldap", "dict" }, *const programs[] = { "checkpassword", "lua" };

	if (is_one_of(driver, programs, 2))
		return true;
	if (mw_str_equal(driver, MW_STR("pam")))
		return mw_str_find(args, '*') < args.len;
	return is_one_of(driver, with_file, 3) && site->generation == MW_DOVECOT_2_3 && file_depends(site, args);
}

static bool has_prefix(struct mw_str key, const char *const *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (mw_str_starts_with(key, mw_str(prefixes[i])))
			return true;
	}
	return false;
}

/* Anything in it. */
static bool node_depends(const struct mw_dovecot_node *node)
{
	bool depends = !node->is_section && has_variable(node->value);

	for (const struct mw_dovecot_node *child = node->first; child != NULL && !depends; child = child->next)
		depends = node_depends(child);
	return depends;
}

static bool is_filter_by(const struct mw_dovecot_node *node, struct mw_str name)
{
	struct mw_str title = node->value;

	if (mw_str_starts_with(title, MW_STR("!")))
		title = mw_str_trim(mw_str_tail(title, 1));
	return node->is_section && mw_str_equal(node->key, MW_STR("protocol")) && mw_str_equal(title, name);
}

static bool below_depends(const struct mw_dovecot_site *site, const struct mw_dovecot_node *parent,
			  struct mw_str before, struct mw_str name)
{
	static const char *const of_logins[] = { "passdb", "auth_username", "auth_default", "sql_", "ldap_", "oauth2_" };
	bool depends = false;

	for (const struct mw_dovecot_node *node = parent->first; node != NULL && !depends; node = node->next) {
		if (has_prefix(node->key, of_logins, sizeof(of_logins) / sizeof(of_logins[0])))
			depends = node_depends(node);
		if (mw_str_equal(node->key, MW_STR("passdb")))
			depends |= driver_depends(site, mw_dovecot_driver(node), mw_dovecot_value(node, "args"));
		depends |= is_filter_by(node, before) || is_filter_by(node, name) ||
			   (node->is_section && !mw_str_equal(node->key, MW_STR("passdb")) &&
			    below_depends(site, node, before, name));
	}
	return depends;
}

bool mw_setup_service_is_free(const struct mw_setup_sasl *sasl, struct mw_str before, struct mw_str name)
{
	return sasl->dovecot != NULL && !below_depends(sasl->dovecot, sasl->dovecot->root, before, name);
}
