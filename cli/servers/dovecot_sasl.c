/* SPDX-License-Identifier: MIT */
#include "servers/dovecot_sasl.h"

#include <stdlib.h>

static const struct mw_dovecot_node *next_auth(const struct mw_dovecot_site *site,
					       const struct mw_dovecot_node *service)
{
	while ((service = mw_dovecot_next(site->root, service, "service")) != NULL &&
	       !mw_str_equal(service->value, MW_STR("auth")))
		;
	return service;
}

static unsigned long mode_of(const struct mw_dovecot_site *site, const struct mw_dovecot_node *listener)
{
	struct mw_str text = mw_dovecot_value(listener, "mode");

	return mw_str_empty(text) ? 0600 : strtoul(mw_arena_text(site->arena, text), NULL, 8);
}

/* Another kind of socket by its name (auth-main.c): what is asked there is no login of a client. */
static bool is_for_clients(struct mw_str path)
{
	static const char *const others[] = { "auth-userdb", "auth-master", "auth-login", "auth-token", "login/login",
					      "token-login/tokenlogin", "master" };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (mw_str_ends_with(path, mw_str(others[i])))
			return false;
	}
	return true;
}

const struct mw_dovecot_node *mw_dovecot_sasl_next(const struct mw_dovecot_site *site,
						   const struct mw_dovecot_node *after)
{
	const struct mw_dovecot_node *service = after != NULL ? after->parent : next_auth(site, NULL);

	while (service != NULL) {
		after = mw_dovecot_next(service, after, "unix_listener");
		if (after == NULL)
			service = next_auth(site, service);
		else if (mode_of(site, after) != 0 && is_for_clients(after->value))
			return after;
	}
	return NULL;
}

struct mw_str mw_dovecot_sasl_path(const struct mw_dovecot_site *site, const struct mw_dovecot_node *listener)
{
	struct mw_str path = mw_dovecot_value(listener, "path");

	if (mw_str_empty(path))
		path = listener->value;
	if (mw_str_starts_with(path, MW_STR("/")))
		return path;
	return mw_str(mw_arena_textf(site->arena, "%.*s/%.*s", MW_STR_ARG(mw_dovecot_value(site->root, "base_dir")),
				     MW_STR_ARG(path)));
}

static bool is_same(const char *a, const char *b)
{
	char *first = realpath(a, NULL), *second = realpath(b, NULL);
	bool same = strcmp(a, b) == 0 || (first != NULL && second != NULL && strcmp(first, second) == 0);

	free(first);
	free(second);
	return same;
}

const struct mw_dovecot_node *mw_dovecot_sasl_listener(const struct mw_dovecot_site *site, const char *path)
{
	const struct mw_dovecot_node *listener = NULL;

	while ((listener = mw_dovecot_sasl_next(site, listener)) != NULL) {
		if (is_same(mw_arena_text(site->arena, mw_dovecot_sasl_path(site, listener)), path))
			return listener;
	}
	return NULL;
}

bool mw_dovecot_sasl_may(const struct mw_dovecot_site *site, const struct mw_dovecot_node *listener, bool *public_r)
{
	unsigned long mode = mode_of(site, listener);
	bool user = mw_str_equal(mw_dovecot_value(listener, "user"), MW_STR("postfix"));
	bool group = mw_str_equal(mw_dovecot_value(listener, "group"), MW_STR("postfix"));
	bool everybody = (mode & 06) == 06;

	if (public_r != NULL)
		*public_r = everybody;
	return everybody || (user && (mode & 0600) == 0600) || (group && (mode & 060) == 060);
}

bool mw_dovecot_sasl_has_port(const struct mw_dovecot_site *site, struct mw_str port)
{
	const struct mw_dovecot_node *service = NULL, *listener;

	while ((service = next_auth(site, service)) != NULL) {
		listener = NULL;
		while ((listener = mw_dovecot_next(service, listener, "inet_listener")) != NULL) {
			if (mw_str_equal(mw_dovecot_value(listener, "port"), port))
				return true;
		}
	}
	return false;
}
