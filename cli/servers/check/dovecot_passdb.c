/* SPDX-License-Identifier: MIT */
#include "servers/check/dovecot.h"

#include "base/clock.h"
#include "policy/audit.h"
#include "servers/wiring.h"

#define PREFIX "passdb_" /* of these settings outside of a block, in 2.4 */

#define UNDECIDED "result_internalfail"
#define LAST \
	"Dovecot's auth process ends at once (\"Last passdb can't have result_success=continue\"): nobody can log in"

/* What a block of ours must say. Whoever lacks a required one has Dovecot's default, which is another. */
static const struct rule {
	const char *name, *wanted;
	bool required;
	const char *why;
} rules[] = {
	{ "result_success", "continue", true,
	  "with anything else the password is not checked any more, or the login fails" },
	{ "result_failure", "return-fail", true, "a later passdb would let in whom the policy refuses" },
	{ UNDECIDED, "return-fail", true,
	  "while the directory cannot be read, a later passdb would let everybody in" },
	{ "deny", "no", false, "a passdb that denies refuses whoever it has found: nobody can log in" },
	{ "master", "no", false,
	  "it is asked for master users alone: whoever logs in has the password checked before the account's switches, so "
	  "that a switched-off account can be told from a wrong password" },
	{ "skip", "never", false,
	  "unauthenticated: as the first passdb it is left out, and everybody with a password gets past the switches; "
	  "authenticated: whom a master user or a mechanism vouched for gets past them" },
	{ "mechanisms", "", false, "other logins bypass the policy" },
	{ "mechanisms_filter", "", false, "other logins bypass the policy" },
	{ "username_filter", "", false, "other logins bypass the policy" },
};
#define RULES (sizeof(rules) / sizeof(rules[0]))

static struct rule rule_of(const struct mw_dovecot_site *site, size_t i)
{
	static const struct rule undecided = { UNDECIDED, "continue", false,
		"every rule is in audit mode, but logins fail while nobody can tell who is suspended; `mailwicket setup` changes its "
		"own passdb, and back when a rule is enforced" };

	bool audits = strcmp(rules[i].name, UNDECIDED) == 0 && mw_policy_audits(site->policy, mw_clock_today());

	return audits ? undecided : rules[i];
}

static bool is_on(const struct mw_dovecot_node *passdb, const char *name)
{
	return mw_str_equal(mw_dovecot_value(passdb, name), MW_STR("yes"));
}

static bool is_ours(const struct mw_dovecot_node *passdb)
{
	return mw_str_equal(mw_dovecot_driver(passdb), MW_STR("mailwicket"));
}

static const struct mw_dovecot_node *our_block(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_node *passdb = NULL;

	while ((passdb = mw_dovecot_next(site->root, passdb, "passdb")) != NULL && !is_ours(passdb))
		;
	return passdb;
}

/* Whether Dovecot may ask it for a user's password: master passdbs are a list of their own, one that only denies lets
   nobody in. */
static bool is_asked(const struct mw_dovecot_node *passdb)
{
	return !is_on(passdb, "master") && !is_on(passdb, "deny");
}

static const struct mw_dovecot_node *global_block(const struct mw_dovecot_site *site, struct mw_str name)
{
	const struct mw_dovecot_node *passdb = NULL;

	while ((passdb = mw_dovecot_next(site->root, passdb, "passdb")) != NULL && !mw_str_equal(passdb->value, name))
		;
	return passdb;
}

/* A block of 2.4 with the name of a global one changes that one. Any other block in a filter is asked before all global
   ones, in both generations. */
static const struct mw_dovecot_node *changed_block(const struct mw_dovecot_site *site,
						   const struct mw_dovecot_node *passdb)
{
	bool changes = site->generation == MW_DOVECOT_2_4 && passdb->parent != site->root;

	return changes ? global_block(site, passdb->value) : NULL;
}

static const char *passdb_lines(const struct mw_dovecot_site *site)
{
	char text[1024];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_show_dovecot_passdb(site->policy, site->generation, &out);
	return mw_dovecot_lines(site, mw_buf_str(&out));
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
	const char *lines = passdb_lines(site), *name = "";
	struct mw_str first = MW_STR("passdb mailwicket");

	for (; filter->parent != NULL; filter = filter->parent)
		name = mw_arena_textf(site->arena, "-%s%s", filter_name(site, filter), name);
	if (!mw_str_starts_with(mw_str(lines), first))
		return lines;
	return mw_arena_textf(site->arena, "passdb mailwicket%s%s", name, lines + first.len);
}

/* Where a global block begins; NULL: not found in the files. In 2.3 blocks have no names. */
static const struct mw_dovecot_source *source_of(const struct mw_dovecot_site *site,
	const struct mw_dovecot_node *passdb)
{
	const struct mw_dovecot_node *before = NULL;
	size_t nth = 0;

	if (!mw_str_empty(passdb->value))
		return mw_dovecot_source_first(&site->sources,
					       mw_arena_textf(site->arena, "passdb %.*s", MW_STR_ARG(passdb->value)));
	while ((before = mw_dovecot_next(site->root, before, "passdb")) != NULL && before != passdb)
		nth++;
	return mw_dovecot_source_nth(&site->sources, "passdb", nth);
}

/* Our block before the first of all. */
static struct mw_fix passdb_first(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_source *first = mw_dovecot_source_nth(&site->sources, "passdb", 0);

	if (first == NULL)
		return mw_fix_dovecot(site, NULL, passdb_lines(site));
	return mw_fix_lines(MW_FIX_ABOVE, first->file, first->line, passdb_lines(site));
}

/* Our block in place of one that says something else. */
static struct mw_fix passdb_again(const struct mw_dovecot_site *site, const struct mw_dovecot_node *passdb,
				  const char *line)
{
	const struct mw_dovecot_source *source = source_of(site, passdb);

	if (source == NULL)
		return mw_fix_words(mw_arena_textf(site->arena, "%s in that block", line));
	return mw_fix_lines(MW_FIX_REPLACE, source->file, source->line, passdb_lines(site));
}

/* --- settings of a block */

/* What a setting says, the words of a list too ("name { word = yes }"). False: it is not there. */
static bool read_setting(const struct mw_dovecot_site *site, const struct mw_dovecot_node *parent, const char *name,
			 struct mw_str *value_r)
{
	const struct mw_dovecot_node *node = mw_dovecot_next(parent, NULL, name);
	const char *words = "";

	if (node == NULL)
		return false;
	*value_r = mw_dovecot_value(parent, name);
	if (!node->is_section)
		return true;
	for (const struct mw_dovecot_node *word = node->first; word != NULL; word = word->next) {
		if (!mw_str_equal(word->value, MW_STR("no")))
			words = mw_arena_textf(site->arena, "%s%s%.*s", words, words[0] == '\0' ? "" : " ",
					       MW_STR_ARG(word->key));
	}
	*value_r = mw_str(words);
	return true;
}

/* What is there lets less through than an audit needs. */
static bool is_stricter(const struct rule *rule)
{
	return strcmp(rule->name, UNDECIDED) == 0 && strcmp(rule->wanted, "continue") == 0;
}

static void report(const struct mw_dovecot_site *site, const struct rule *rule, const char *prefix, const char *place,
		   struct mw_str value, struct mw_fix fix)
{
	const char *what = mw_arena_textf(site->arena, "%s%s is %.*s", prefix, rule->name,
					  MW_STR_ARG(mw_str_empty(value) ? MW_STR("left to its default") : value));

	if (rule->wanted[0] == '\0')
		what = mw_arena_textf(site->arena, "the passdb is asked only for %.*s", MW_STR_ARG(value));
	mw_dovecot_finding(site, MW_FOUND_PASSDB_SETTING, is_stricter(rule) ? MW_FINDING_WARNING : MW_FINDING_ERROR, place,
			   what, rule->why, fix);
}

static bool is_wanted(const struct rule *rule, struct mw_str value)
{
	return mw_str_equal_nocase(value, mw_str(rule->wanted));
}

static const char *line_of(const struct mw_dovecot_site *site, const char *prefix, const struct rule *rule)
{
	return mw_arena_textf(site->arena, "%s%s =%s%s", prefix, rule->name, rule->wanted[0] == '\0' ? "" : " ", rule->wanted);
}

/* A block of a filter that is not merged with another one can be corrected only where it stands. */
static struct mw_fix block_fix(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			       const struct mw_dovecot_node *passdb, const struct rule *rule, bool whole)
{
	const char *line = line_of(site, "", rule);

	if (filter == site->root)
		return passdb_again(site, passdb, line);
	if (whole)
		return mw_fix_words(mw_arena_textf(site->arena, "%s in that block", line));
	return mw_fix_dovecot(site, filter, mw_arena_textf(site->arena, "passdb %.*s {\n  %s\n}", MW_STR_ARG(passdb->value),
							   line));
}

/* whole: nothing is inherited from another block of this name. */
static void check_block(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			const struct mw_dovecot_node *passdb, bool whole)
{
	for (size_t i = 0; i < RULES; i++) {
		const struct rule rule = rule_of(site, i);
		struct mw_str value = MW_STR_EMPTY;
		bool given = read_setting(site, passdb, rule.name, &value);
		const char *name = mw_arena_textf(site->arena, "passdb mailwicket/%s", rule.name);

		if (given ? !is_wanted(&rule, value) : whole && rule.required)
			report(site, &rule, "", mw_dovecot_place(site, filter, name), value,
			       block_fix(site, filter, passdb, &rule, whole));
	}
}

/* Whether a block of ours, outside of filters or in one, does not say it itself. */
static bool is_inherited(const struct mw_dovecot_site *site, const char *name)
{
	const struct mw_dovecot_node *node = site->root;

	do {
		const struct mw_dovecot_node *passdb = NULL;

		while ((passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL) {
			if (is_ours(passdb) && changed_block(site, passdb) == NULL &&
			    mw_dovecot_next(passdb, NULL, name) == NULL)
				return true;
		}
	} while ((node = mw_dovecot_next_filter(site, node)) != NULL);
	return false;
}

/* What stands outside of blocks counts for all that do not say it themselves. */
static void check_inherited(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node)
{
	for (size_t i = 0; i < RULES; i++) {
		const char *name = mw_arena_textf(site->arena, PREFIX "%s", rules[i].name);
		struct mw_str value;

		if (rules[i].required || !is_inherited(site, rules[i].name) ||
		    !read_setting(site, node, name, &value) || is_wanted(&rules[i], value))
			continue;
		report(site, &rules[i], PREFIX, mw_dovecot_place(site, node, name), value,
		       mw_fix_dovecot(site, node, line_of(site, PREFIX, &rules[i])));
	}
}

/* --- filters and groups */

static void check_includes(const struct mw_dovecot_site *site, const struct mw_dovecot_node *passdb)
{
	for (const struct mw_dovecot_node *child = passdb->first; child != NULL; child = child->next) {
		const struct mw_dovecot_node *group = mw_dovecot_group(site, child);

		if (group != NULL)
			check_inherited(site, group);
	}
}

static void check_changed(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node,
			  const struct mw_dovecot_node *passdb)
{
	struct mw_str driver = mw_dovecot_value(passdb, "driver");

	if (!mw_str_empty(driver) && !mw_str_equal(driver, MW_STR("mailwicket")))
		mw_dovecot_finding(site, MW_FOUND_PASSDB_DRIVER, MW_FINDING_ERROR,
			mw_dovecot_place(site, node, "passdb mailwicket/driver"),
			mw_arena_textf(site->arena, "passdb %.*s has driver = %.*s here", MW_STR_ARG(passdb->value),
				       MW_STR_ARG(driver)),
			"no account's switches are looked up there: whoever has a password may use the service",
			mw_fix_dovecot(site, node, mw_arena_textf(site->arena, "passdb %.*s {\n  driver = mailwicket\n}",
								  MW_STR_ARG(passdb->value))));
	check_block(site, node, passdb, false);
	check_includes(site, passdb);
}

/* The first passdb of a filter or group that lets in whom ours was not asked about; NULL: none. */
static const struct mw_dovecot_node *unguarded(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node)
{
	const struct mw_dovecot_node *passdb = NULL;

	while ((passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL) {
		if (changed_block(site, passdb) != NULL || !is_asked(passdb))
			continue;
		return is_ours(passdb) ? NULL : passdb;
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
		if (!is_on(passdb, "master") && !is_ours(passdb))
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
		if (!is_on(passdb, "master") && !is_ours(passdb))
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
	check_inherited(site, node);
	while (node != site->root && (passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL) {
		const struct mw_dovecot_node *global = changed_block(site, passdb);

		if (global != NULL && is_ours(global)) {
			check_changed(site, node, passdb);
		} else if (global == NULL && is_ours(passdb)) {
			check_block(site, node, passdb, true);
			check_includes(site, passdb);
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
		const struct mw_dovecot_source *source = source_of(site, before);

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
		if (!is_ours(passdb))
			continue;
		check_block(site, site->root, passdb, true);
		check_includes(site, passdb);
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
