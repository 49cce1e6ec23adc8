/* SPDX-License-Identifier: MIT */
#include "servers/check/dovecot.h"

#include "servers/wiring.h"

static bool is_filter(const struct mw_dovecot_node *node)
{
	static const char *const keys[] = { "protocol", "local", "local_name", "remote" };
	static const char *const no_login[] = { "lmtp", "lda", "doveadm", "indexer-worker", "auth" };
	bool filter = false;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		filter |= node->is_section && mw_str_equal(node->key, mw_str(keys[i]));
	for (size_t i = 0; i < sizeof(no_login) / sizeof(no_login[0]); i++)
		filter = filter && !mw_str_equal(node->value, mw_str(no_login[i]));
	return filter;
}

const char *mw_dovecot_place(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter, const char *name)
{
	for (; filter != NULL && filter->parent != NULL; filter = filter->parent)
		name = mw_arena_textf(site->arena, "%.*s %.*s/%s", MW_STR_ARG(filter->key), MW_STR_ARG(filter->value), name);
	return name;
}

const struct mw_dovecot_node *mw_dovecot_group(const struct mw_dovecot_site *site,
					       const struct mw_dovecot_node *include)
{
	const struct mw_dovecot_node *group = NULL;
	const char *title;

	if (include->is_section || !mw_str_starts_with(include->key, MW_STR("@")))
		return NULL;
	title = mw_arena_textf(site->arena, "%.*s %.*s", MW_STR_ARG(include->key), MW_STR_ARG(include->value));
	while ((group = mw_dovecot_next(site->root, group, "group")) != NULL) {
		if (mw_str_equal(group->value, mw_str(title)))
			break;
	}
	return group;
}

static const struct mw_dovecot_node *filter_from(const struct mw_dovecot_node *node)
{
	while (node != NULL && !is_filter(node))
		node = node->next;
	return node;
}

const struct mw_dovecot_node *mw_dovecot_next_filter(const struct mw_dovecot_site *site,
						     const struct mw_dovecot_node *after)
{
	const struct mw_dovecot_node *next = filter_from(after->first);

	for (; next == NULL && after != site->root; after = after->parent)
		next = filter_from(after->next);
	return next;
}

static void each_below(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
		       void (*look)(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
				    const struct mw_dovecot_node *node))
{
	look(site, filter, filter);
	for (const struct mw_dovecot_node *child = filter->first; child != NULL; child = child->next) {
		const struct mw_dovecot_node *group = filter != site->root ? mw_dovecot_group(site, child) : NULL;

		if (group != NULL)
			look(site, filter, group);
		else if (is_filter(child))
			each_below(site, child, look);
	}
}

void mw_dovecot_each_filter(const struct mw_dovecot_site *site,
			    void (*look)(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
					 const struct mw_dovecot_node *node))
{
	each_below(site, site->root, look);
}

/* --- what a login plugin needs of them */

static bool allows_cleartext(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node)
{
	return mw_str_equal(mw_dovecot_value(node, mw_show_dovecot_cleartext_name(site->generation)),
			    site->generation == MW_DOVECOT_2_4 ? MW_STR("yes") : MW_STR("no"));
}

/* Where some filter allows it, the administrator has said for whom. */
static bool filter_allows(const struct mw_dovecot_site *site, const struct mw_dovecot_node *parent)
{
	for (const struct mw_dovecot_node *child = parent->first; child != NULL; child = child->next) {
		if (is_filter(child) && (allows_cleartext(site, child) || filter_allows(site, child)))
			return true;
	}
	return false;
}

static void look_at_cleartext(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			      const struct mw_dovecot_node *node)
{
	const char *name = mw_show_dovecot_cleartext_name(site->generation);
	struct mw_fix fix = mw_fix_dovecot(site, node, mw_arena_textf(site->arena, "%s = %s", name,
		mw_show_dovecot_cleartext_value(site->policy, site->generation)));
	bool allows = allows_cleartext(site, node);

	(void)filter;
	if (mw_dovecot_next(node, NULL, name) == NULL)
		return;
	if (!allows && mw_wiring_permits_cleartext_outside(site->policy) && !filter_allows(site, node))
		mw_dovecot_finding(site, MW_FOUND_CLEARTEXT_REFUSED, MW_FINDING_ERROR, mw_dovecot_place(site, node, name),
			"Dovecot allows no password without TLS", "a rule of the policy permits it: it cannot work", fix);
	else if (allows && !mw_wiring_cleartext(site->policy))
		mw_dovecot_finding(site, MW_FOUND_CLEARTEXT_ALLOWED, MW_FINDING_NOTE, mw_dovecot_place(site, node, name),
			"Dovecot itself allows passwords without TLS",
			"no rule needs it; the login plugin refuses them, but nothing else would", fix);
}

static void look_at_ssl(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			const struct mw_dovecot_node *node)
{
	struct mw_str value = mw_dovecot_value(node, "ssl");
	bool required = mw_str_equal(value, MW_STR("required"));
	struct mw_fix fix = mw_fix_dovecot(site, node, mw_arena_textf(site->arena, "ssl = %s",
								      mw_show_dovecot_ssl_value(site->policy)));

	(void)filter;
	if (mw_dovecot_next(node, NULL, "ssl") == NULL)
		return;
	if (mw_str_equal(value, MW_STR("no")))
		mw_dovecot_finding(site, MW_FOUND_DOVECOT_WITHOUT_TLS, MW_FINDING_ERROR, mw_dovecot_place(site, node, "ssl"),
			"Dovecot offers no TLS",
			"what the policy asks TLS for is refused to everybody", fix);
	else if (required && mw_wiring_permits_cleartext(site->policy))
		mw_dovecot_finding(site, MW_FOUND_DOVECOT_REQUIRES_TLS, MW_FINDING_ERROR, mw_dovecot_place(site, node, "ssl"),
			"Dovecot requires TLS",
			"a rule of the policy permits logins without: it cannot work", fix);
	else if (!required && !mw_wiring_cleartext(site->policy))
		mw_dovecot_finding(site, MW_FOUND_TLS_NOT_REQUIRED, MW_FINDING_NOTE, mw_dovecot_place(site, node, "ssl"),
			"Dovecot itself does not require TLS",
			"no rule needs that; the login plugin refuses such logins, but nothing else would", fix);
}

bool mw_dovecot_lacks_cleartext(const struct mw_dovecot_site *site)
{
	const char *name = mw_show_dovecot_cleartext_name(site->generation);

	if (allows_cleartext(site, site->root))
		return !mw_wiring_cleartext(site->policy);
	/* 2.4 takes it with TLS that is required for an error. */
	return !mw_str_equal(mw_dovecot_value(site->root, "ssl"), MW_STR("required")) &&
	       mw_wiring_permits_cleartext_outside(site->policy) && !filter_allows(site, site->root) &&
	       mw_dovecot_source_last(&site->sources, name) == NULL;
}

bool mw_dovecot_lacks_ssl(const struct mw_dovecot_site *site)
{
	struct mw_str value = mw_dovecot_value(site->root, "ssl");

	return mw_str_equal(value, MW_STR("no")) ||
	       (!mw_wiring_cleartext(site->policy) && !mw_str_equal(value, MW_STR("required")));
}

static void look_at_version(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			    const struct mw_dovecot_node *node)
{
	struct mw_str value = mw_dovecot_value(node, "ssl_min_protocol");

	(void)filter;
	if (mw_dovecot_next(node, NULL, "ssl_min_protocol") == NULL ||
	    mw_wiring_dovecot_version(value) >= mw_wiring_login_version(site->policy))
		return;
	mw_dovecot_finding(site, MW_FOUND_DOVECOT_OLD_TLS, MW_FINDING_WARNING, mw_dovecot_place(site, node,
		"ssl_min_protocol"),
		mw_arena_textf(site->arena, "TLS begins with ssl_min_protocol %.*s", MW_STR_ARG(value)),
		"every login rule asks for more: a client with an older TLS gets as far as a login that is refused, and may have "
		"sent its password by then",
		mw_fix_dovecot(site, node, mw_show_dovecot_version_line(site->policy, MW_TLS_NONE)));
}

static struct mw_fix plugin_lines(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node)
{
	char text[1024];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_show_dovecot_plugins(site->generation, mw_dovecot_value(node, "login_plugins"), &out);
	return mw_fix_dovecot(site, node, mw_dovecot_lines(site, mw_buf_str(&out)));
}

/* 2.4 asks for every plugin by itself ("mailwicket = no" takes one out of a list), or replaces the whole list, as 2.3
   always does. */
static bool takes_out(const struct mw_dovecot_node *node)
{
	const struct mw_dovecot_node *list = NULL;
	bool out = false;

	while ((list = mw_dovecot_next(node, list, "login_plugins")) != NULL) {
		if (!list->is_section)
			out = !mw_dovecot_has_word(list->value, "mailwicket");
		else if (mw_dovecot_next(list, NULL, "mailwicket") != NULL)
			out = !mw_str_equal(mw_dovecot_value(list, "mailwicket"), MW_STR("yes"));
	}
	return out;
}

static bool is_listed(const struct mw_dovecot_site *site)
{
	bool listed = mw_dovecot_lists(site->root, "login_plugins", "mailwicket");

	for (const struct mw_dovecot_node *child = site->root->first; child != NULL && !listed; child = child->next) {
		const struct mw_dovecot_node *group = mw_dovecot_group(site, child);

		listed = group != NULL && mw_dovecot_lists(group, "login_plugins", "mailwicket");
	}
	return listed;
}

/* Login plugins are loaded when a process starts: it knows its protocol by then, and no address. */
static bool has_address(const struct mw_dovecot_node *filter)
{
	for (; filter != NULL; filter = filter->parent) {
		if (mw_str_equal(filter->key, MW_STR("local")) || mw_str_equal(filter->key, MW_STR("local_name")) ||
		    mw_str_equal(filter->key, MW_STR("remote")))
			return true;
	}
	return false;
}

static void look_at_plugins(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			    const struct mw_dovecot_node *node)
{
	if (node == site->root ? is_listed(site) : !takes_out(node))
		return;
	if (has_address(filter))
		mw_dovecot_finding(site, MW_FOUND_USELESS_PLUGINS, MW_FINDING_WARNING, mw_dovecot_place(site, node, "login_plugins"),
			"mailwicket is not among the login plugins here, which has no effect",
			"Dovecot loads login plugins before it knows an address: the login rules hold for these clients too",
			mw_fix_words("a login rule with local or remote for what these clients may do, and no login_plugins here"));
	else
		mw_dovecot_finding(site, MW_FOUND_NO_PLUGIN, MW_FINDING_ERROR, mw_dovecot_place(site, node, "login_plugins"),
			"mailwicket is not among the login plugins",
			node == site->root
				? "no login rule of the policy holds: Dovecot alone decides who may log in without TLS"
				: "no login rule of the policy holds there: everybody's password reaches the auth process in "
				  "clear, and tls_min_version holds for nobody", plugin_lines(site, node));
}

void mw_check_dovecot_filters(const struct mw_dovecot_site *site)
{
	mw_dovecot_each_filter(site, look_at_plugins);
	mw_dovecot_each_filter(site, look_at_cleartext);
	mw_dovecot_each_filter(site, look_at_ssl);
	mw_dovecot_each_filter(site, look_at_version);
}
