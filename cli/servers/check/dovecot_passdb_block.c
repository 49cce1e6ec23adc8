/* SPDX-License-Identifier: MIT */
/* A passdb block of ours: which one is, and what it must say. */
#include "servers/check/dovecot_passdb_block.h"

#include "base/clock.h"
#include "policy/audit.h"

#define PREFIX "passdb_" /* of these settings outside of a block, in 2.4 */
#define UNDECIDED "result_internalfail"

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

/* --- the blocks */

static const struct mw_dovecot_node *global_block(const struct mw_dovecot_site *site, struct mw_str name)
{
	const struct mw_dovecot_node *passdb = NULL;

	while ((passdb = mw_dovecot_next(site->root, passdb, "passdb")) != NULL && !mw_str_equal(passdb->value, name))
		;
	return passdb;
}

const struct mw_dovecot_node *mw_dovecot_passdb_changed(const struct mw_dovecot_site *site,
							const struct mw_dovecot_node *passdb)
{
	bool changes = site->generation == MW_DOVECOT_2_4 && passdb->parent != site->root;

	return changes ? global_block(site, passdb->value) : NULL;
}

const char *mw_dovecot_passdb_lines(const struct mw_dovecot_site *site)
{
	char text[1024];
	struct mw_buf out = MW_BUF_OVER(text);

	mw_show_dovecot_passdb(site->policy, site->generation, &out);
	return mw_dovecot_lines(site, mw_buf_str(&out));
}

const struct mw_dovecot_source *mw_dovecot_passdb_source(const struct mw_dovecot_site *site,
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

/* Our block in place of one that says something else. */
static struct mw_fix passdb_again(const struct mw_dovecot_site *site, const struct mw_dovecot_node *passdb,
				  const char *line)
{
	const struct mw_dovecot_source *source = mw_dovecot_passdb_source(site, passdb);

	if (source == NULL)
		return mw_fix_words(mw_arena_textf(site->arena, "%s in that block", line));
	return mw_fix_lines(MW_FIX_REPLACE, source->file, source->line, mw_dovecot_passdb_lines(site));
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

/* Whether a block of ours, outside of filters or in one, does not say it itself. */
static bool is_inherited(const struct mw_dovecot_site *site, const char *name)
{
	const struct mw_dovecot_node *node = site->root;

	do {
		const struct mw_dovecot_node *passdb = NULL;

		while ((passdb = mw_dovecot_next(node, passdb, "passdb")) != NULL) {
			if (mw_dovecot_passdb_is_ours(passdb) && mw_dovecot_passdb_changed(site, passdb) == NULL &&
			    mw_dovecot_next(passdb, NULL, name) == NULL)
				return true;
		}
	} while ((node = mw_dovecot_next_filter(site, node)) != NULL);
	return false;
}

void mw_check_passdb_inherited(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node)
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

/* The block, and the groups that it includes. whole: nothing is inherited from another block of this name. */
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
	for (const struct mw_dovecot_node *child = passdb->first; child != NULL; child = child->next) {
		const struct mw_dovecot_node *group = mw_dovecot_group(site, child);

		if (group != NULL)
			mw_check_passdb_inherited(site, group);
	}
}

void mw_check_passdb_block(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			   const struct mw_dovecot_node *passdb)
{
	check_block(site, filter, passdb, true);
}

void mw_check_passdb_changed(const struct mw_dovecot_site *site, const struct mw_dovecot_node *node,
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
}
