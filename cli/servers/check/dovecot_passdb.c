/* SPDX-License-Identifier: MIT */
/* Which passdb Dovecot asks first: ours, and another one behind it. */
#include "servers/check/dovecot_passdb_block.h"

#define LAST \
	"Dovecot's auth process ends at once (\"Last passdb can't have result_success=continue\"): nobody can log in"

static bool is_on(const struct mw_dovecot_node *passdb, const char *name)
{
	return mw_str_equal(mw_dovecot_value(passdb, name), MW_STR("yes"));
}

static const struct mw_dovecot_node *our_block(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_node *passdb = NULL;

	while ((passdb = mw_dovecot_next(site->root, passdb, "passdb")) != NULL && !mw_dovecot_passdb_is_ours(passdb))
		;
	return passdb;
}

/* Whether Dovecot may ask it for a user's password: master passdbs are a list of their own, one that only denies lets
   nobody in. */
static bool is_asked(const struct mw_dovecot_node *passdb)
{
	return !is_on(passdb, "master") && !is_on(passdb, "deny");
}

/* Of a block: letters, digits, dots and hyphens. */
static const char *filter_name(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter)
{
	char *name = mw_arena_alloc(site->arena, filter->value.len + 1);

	if (name == NULL)
		return "";
	for (size_t i = 0; i < filter->value.len; i++) {
		char c = filter->value.ptr[i];

		name[i] = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ? c : '-';
	}
	name[filter->value.len] = '\0';
	return name[0] == '-' ? mw_arena_textf(site->arena, "not%s", name) : name;
}

/* Another name in each filter: what is called as another block is only a change of it. */
static const char *filter_lines(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter)
{
	const char *lines = mw_dovecot_passdb_lines(site), *name = "";
	struct mw_str first = MW_STR("passdb mailwicket");

	for (; filter->parent != NULL; filter = filter->parent)
		name = mw_arena_textf(site->arena, "-%s%s", filter_name(site, filter), name);
	if (!mw_str_starts_with(mw_str(lines), first))
		return lines;
	return mw_arena_textf(site->arena, "passdb mailwicket%s%s", name, lines + first.len);
}

/* Our block before the first of all. */
static struct mw_fix passdb_first(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_source *first = mw_dovecot_source_nth(&site->sources, "passdb", 0);

	if (first == NULL)
		return mw_fix_dovecot(site, NULL, mw_dovecot_passdb_lines(site));
	return mw_fix_lines(MW_FIX_ABOVE, first->file, first->line, mw_dovecot_passdb_lines(site));
}

/* --- filters and groups */

/* The first passdb of a filter or group that lets in whom ours was not asked about; NULL: none. */
static const struct mw_dovecot_node *unguarded(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node)
{
	const struct mw_dovecot_node *passdb = NULL;

	while ((passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL) {
		if (mw_dovecot_passdb_changed(site, passdb) != NULL || !is_asked(passdb))
			continue;
		return mw_dovecot_passdb_is_ours(passdb) ? NULL : passdb;
	}
	return NULL;
}

/* Our block before the first of the filter. What a group includes has no place of its own among them. */
static struct mw_fix filter_first(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node,
				  const struct mw_dovecot_node *passdb)
{
	const char *apart = "this passdb outside of the filter, behind passdb mailwicket";
	const char *name = mw_str_empty(passdb->value) ? "passdb"
						       : mw_arena_textf(site->arena, "passdb %.*s", MW_STR_ARG(passdb->value));
	const struct mw_dovecot_source *first =
		mw_dovecot_source_first(&site->sources, mw_dovecot_place(site, node, name));

	if (first == NULL || mw_str_equal(node->key, MW_STR("group")))
		return mw_fix_words(apart);
	return mw_fix_or(mw_fix_lines(MW_FIX_ABOVE, first->file, first->line, filter_lines(site, node)), apart);
}

static bool has_behind(const struct mw_dovecot_node *ours)
{
	const struct mw_dovecot_node *passdb = ours;

	while ((passdb = mw_dovecot_next(ours->parent, passdb, "passdb")) != NULL) {
		if (!is_on(passdb, "master") && !mw_dovecot_passdb_is_ours(passdb))
			return true;
	}
	return false;
}

/* Those outside of filters stand behind those of a filter. */
static void check_last(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node,
		       const struct mw_dovecot_node *ours)
{
	const struct mw_dovecot_node *passdb = NULL;

	while ((passdb = mw_dovecot_next(site->root, passdb, "passdb")) != NULL) {
		if (!is_on(passdb, "master") && !mw_dovecot_passdb_is_ours(passdb))
			return;
	}
	if (!has_behind(ours))
		mw_dovecot_finding(site, MW_FOUND_LAST_PASSDB, MW_FINDING_ERROR, mw_dovecot_place(site, node, "passdb"),
			"no passdb stands behind passdb mailwicket", LAST,
			mw_fix_words("a passdb that checks the passwords, behind passdb mailwicket in that filter"));
}

static void look_at_passdbs(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			    const struct mw_dovecot_node *node)
{
	const struct mw_dovecot_node *first = node != site->root ? unguarded(site, node) : NULL, *passdb = NULL;

	(void)filter;
	mw_check_passdb_inherited(site, node);
	while (node != site->root && (passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL) {
		const struct mw_dovecot_node *global = mw_dovecot_passdb_changed(site, passdb);

		if (global != NULL && mw_dovecot_passdb_is_ours(global)) {
			mw_check_passdb_changed(site, node, passdb);
		} else if (global == NULL && mw_dovecot_passdb_is_ours(passdb)) {
			mw_check_passdb_block(site, node, passdb);
			check_last(site, node, passdb);
		}
	}
	if (first != NULL)
		mw_dovecot_finding(site, MW_FOUND_PASSDB_OF_FILTER, MW_FINDING_ERROR, mw_dovecot_place(site, node, "passdb"),
			mw_arena_textf(site->arena, "passdb %.*s stands before passdb mailwicket",
				       MW_STR_ARG(mw_dovecot_driver(first))),
			"Dovecot asks the passdbs of a filter before the others: whom it lets in is never looked up in the policy",
			filter_first(site, node, first));
}

/* Groups that the root includes change its blocks too. */
static void look_at_root_groups(const struct mw_dovecot_site *site)
{
	for (const struct mw_dovecot_node *child = site->root->first; child != NULL; child = child->next) {
		const struct mw_dovecot_node *group = mw_dovecot_group(site, child);

		if (group != NULL)
			look_at_passdbs(site, group, group);
	}
}

/* --- the global blocks */

static void check_before(const struct mw_dovecot_site *site, const struct mw_dovecot_node *ours)
{
	const struct mw_dovecot_node *before = NULL;

	while ((before = mw_dovecot_next(site->root, before, "passdb")) != ours) {
		const struct mw_dovecot_source *source = mw_dovecot_passdb_source(site, before);

		if (!is_asked(before))
			continue;
		mw_findings_add(site->findings, (struct mw_finding){
			.id = MW_FOUND_PASSDB_BEFORE, .severity = MW_FINDING_ERROR, .setting = "passdb",
			.file = source != NULL ? source->file : site->file, .line = source != NULL ? source->line : 0,
			.what = mw_arena_textf(site->arena, "passdb %.*s stands before passdb mailwicket",
					       MW_STR_ARG(mw_dovecot_driver(before))),
			.why = "whom it lets in is never looked up in the policy", .fix = passdb_first(site) });
		return;
	}
}

/* Dovecot's auth process does not start with a last passdb that says "continue"; those of filters do not count. */
static void check_behind(const struct mw_dovecot_site *site, const struct mw_dovecot_node *ours)
{
	if (!has_behind(ours))
		mw_dovecot_finding(site, MW_FOUND_LAST_PASSDB, MW_FINDING_ERROR, "passdb",
			"no passdb that holds for all services stands behind passdb mailwicket", LAST,
			mw_fix_words("a passdb that checks the passwords, outside of all filters, behind passdb mailwicket"));
}

/* Where passdbs stand in filters alone, a service that none of them is for lets nobody in. */
static bool is_for_filters(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_node *node = site->root, *passdb = NULL;

	while ((passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL) {
		if (is_asked(passdb))
			return false;
	}
	while ((node = mw_dovecot_next_filter(site, node)) != NULL) {
		while ((passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL) {
			if (is_asked(passdb))
				return true;
		}
	}
	return false;
}

void mw_check_dovecot_global_passdbs(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_node *passdb = our_block(site);

	if (passdb == NULL && is_for_filters(site))
		return;
	if (passdb == NULL) {
		mw_dovecot_finding(site, MW_FOUND_NO_PASSDB, MW_FINDING_ERROR, "passdb",
			"there is no passdb with driver = mailwicket",
			"no account's switches hold: whoever has a password may use every service", passdb_first(site));
		return;
	}
	check_before(site, passdb);
	check_behind(site, passdb);
	for (; passdb != NULL; passdb = mw_dovecot_next(site->root, passdb, "passdb")) {
		if (mw_dovecot_passdb_is_ours(passdb))
			mw_check_passdb_block(site, site->root, passdb);
	}
}

void mw_check_dovecot_passdbs(const struct mw_dovecot_site *site)
{
	mw_check_dovecot_global_passdbs(site);
	mw_dovecot_each_filter(site, look_at_passdbs);
	look_at_root_groups(site);
}

const char *mw_dovecot_filter_passdb(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter)
{
	return unguarded(site, filter) != NULL ? mw_dovecot_within(site, filter, filter_lines(site, filter)) : NULL;
}
