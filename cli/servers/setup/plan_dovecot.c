/* SPDX-License-Identifier: MIT */
#include <sysexits.h>

#include "servers/dovecot_memory.h"
#include "servers/dovecot_sasl.h"
#include "servers/setup/plan.h"
#include "ui/output.h"

#define TEXT_MOST 32768 /* octets of ours in one file */

/* --- Dovecot as it would be without what setup wrote */

static int load_without_ours(const struct mw_setup_plan *plan, const struct mw_policy *policy, struct mw_str text,
			     struct mw_dovecot_site *site)
{
	struct mw_arena *arena = plan->changes.arena;
	struct mw_changes without = { .arena = arena };
	const char *ours[] = { mw_arena_textf(arena, "%s/" MW_DOVECOT_FIRST, plan->dovecot_folder),
			       mw_arena_textf(arena, "%s/" MW_DOVECOT_LAST, plan->dovecot_folder) };
	const char *stage = mw_arena_textf(arena, "%s/without", plan->stage);

	/* Without a change it is staged all the same. */
	if (!mw_changes_add(&without, plan->dovecot_file, mw_setup_dovecot_conf(arena, text, MW_STR_EMPTY, MW_STR_EMPTY)))
		return EX_NOINPUT;
	for (size_t i = 0; i < 2; i++) {
		struct mw_str there;
		bool exists;

		if (!mw_changes_read(arena, ours[i], &there, &exists) ||
		    (exists && !mw_changes_add(&without, ours[i], MW_STR_EMPTY)))
			return EX_NOINPUT;
	}
	if (!mw_changes_stage(&without, plan->dovecot_folder, stage))
		return EX_CANTCREAT;
	return mw_dovecot_site_load(site, policy, mw_arena_textf(arena, "%s/%s", stage, plan->dovecot_name), stage, arena);
}

/* --- what it lacks */

/* Whether nothing about the passdbs outside of filters is an error as it is. */
static bool has_passdb(struct mw_dovecot_site *site)
{
	struct mw_findings *aside = mw_findings_new();
	bool has = aside != NULL;

	site->findings = aside;
	if (aside != NULL)
		mw_check_dovecot_global_passdbs(site);
	has = has && mw_findings_count(aside, MW_FINDING_ERROR) == 0;
	mw_findings_free(aside);
	site->findings = NULL;
	return has;
}

/* The passdbs that are to be read first. Dovecot asks those of a filter before the others: each filter that has some
   opens with ours. */
static void print_passdbs(struct mw_dovecot_site *site, struct mw_buf *out)
{
	const struct mw_dovecot_node *filter = site->root;
	bool any = false;

	if (!has_passdb(site))
		mw_show_dovecot_passdb(site->policy, site->generation, out);
	while ((filter = mw_dovecot_next_filter(site, filter)) != NULL) {
		const char *lines = mw_dovecot_filter_passdb(site, filter);

		if (lines == NULL)
			continue;
		mw_buf_printf(out, "%s%s%s\n", out->used > 0 ? "\n" : "",
			      any ? "" : "# filters with passdbs of their own: ours must be first\n", lines);
		any = true;
	}
}

/* The words of a list that are not `word`, with blanks between. */
static struct mw_str without(struct mw_arena *arena, struct mw_str list, const char *word)
{
	char *memory = mw_arena_alloc(arena, list.len + 1);
	struct mw_buf out = mw_buf_over(memory, memory != NULL ? list.len + 1 : 0);
	struct mw_str field;

	if (memory == NULL)
		return MW_STR_EMPTY;
	while (mw_str_split(&list, ' ', &field)) {
		if (mw_str_empty(field) || mw_str_equal(field, mw_str(word)))
			continue;
		mw_buf_printf(&out, "%s%.*s", out.used > 0 ? " " : "", MW_STR_ARG(field));
	}
	return mw_buf_str(&out);
}

/* Networks that are not those of the policy's own tls_proxies; lacks_r: whether one of these is not there. */
static struct mw_str other_networks(const struct mw_dovecot_site *site, bool *lacks_r)
{
	struct mw_str list = mw_dovecot_value(site->root, "haproxy_trusted_networks");

	*lacks_r = false;
	for (size_t i = 0; i < site->policy->login_rule_count; i++) {
		const struct mw_ranges *proxies = &site->policy->login_rules[i].tls.proxies;

		for (size_t k = 0; k < proxies->count; k++) {
			char text[128];
			struct mw_buf out = MW_BUF_OVER(text);
			struct mw_str rest;

			mw_range_print(&proxies->items[k], &out);
			rest = without(site->arena, list, text);
			*lacks_r |= rest.len == list.len;
			list = rest;
		}
	}
	return list;
}

static bool lacks_sasl(const struct mw_dovecot_site *site, const char *socket)
{
	const struct mw_dovecot_node *listener;

	if (socket == NULL || !mw_wiring_sasl(site->policy))
		return false;
	listener = mw_dovecot_sasl_listener(site, socket);
	return listener == NULL || !mw_dovecot_sasl_may(site, listener, NULL);
}

static struct mw_dovecot_lacks lacks_of(const struct mw_dovecot_site *site, const char *socket)
{
	const struct mw_policy *policy = site->policy;
	uint64_t memory = mw_dovecot_memory_limit(site);
	struct mw_dovecot_lacks lacks = {
		.plugin = !mw_dovecot_lists(site->root, "login_plugins", "mailwicket"),
		.other_plugins = without(site->arena, mw_dovecot_value(site->root, "login_plugins"), "mailwicket"),
		.cleartext = mw_dovecot_lacks_cleartext(site),
		.ssl = mw_dovecot_lacks_ssl(site),
		.version = mw_wiring_dovecot_version(mw_dovecot_value(site->root, "ssl_min_protocol")) <
			   mw_wiring_login_version(policy),
		.log = !mw_dovecot_logs_logins(site),
		.policy_path = !mw_dovecot_is_told(site),
		.memory = memory < mw_dovecot_memory_wanted(policy) ? mw_dovecot_memory_wanted(policy) : 0,
		.sasl_socket = lacks_sasl(site, socket) ? socket : NULL,
	};

	lacks.other_networks = other_networks(site, &lacks.proxies);
	return lacks;
}

/* --- the files */

/* A file of ours with nothing in it is not made, and one that is there becomes empty. */
static bool plan_ours(struct mw_setup_plan *plan, const char *path, struct mw_str text)
{
	struct mw_str before;
	bool exists;

	if (!mw_changes_read(plan->changes.arena, path, &before, &exists))
		return false;
	return (!exists && mw_str_empty(text)) || mw_setup_plan_file(plan, path, text, &plan->changes_dovecot);
}

/* Whether a setting is read after 05-mailwicket.conf would be. */
static bool is_behind(const struct mw_setup_plan *plan, const struct mw_dovecot_source *source, unsigned folder_line)
{
	struct mw_str file = mw_str(source->file), own = mw_str(MW_DOVECOT_FIRST);
	size_t slash = mw_str_find_last(file, '/');

	own = mw_str_tail(own, mw_str_find_last(own, '/') + 1);
	if (mw_str_ends_with(mw_str_head(file, slash), MW_STR("/conf.d")))
		return strcmp(source->file + slash + 1, own.ptr) > 0;
	return mw_str_ends_with(file, mw_str(mw_arena_textf(plan->changes.arena, "/%s", plan->dovecot_name))) &&
	       source->line > folder_line;
}

/* Whether another passdb is read before it: then ours stands in dovecot.conf, before all that that reads. */
static bool is_read_before(const struct mw_setup_plan *plan, const struct mw_dovecot_site *site, unsigned folder_line)
{
	const struct mw_dovecot_source *passdb = mw_dovecot_source_first_passdb(&site->sources);

	for (const struct mw_dovecot_source *source = site->sources.items; passdb != NULL && source <= passdb; source++) {
		if (is_behind(plan, source, folder_line))
			return false;
	}
	return passdb != NULL;
}

static bool plan_texts(struct mw_setup_plan *plan, const struct mw_dovecot_site *site, struct mw_str text,
		       struct mw_str passdb, struct mw_str settings)
{
	struct mw_arena *arena = plan->changes.arena;
	unsigned line = mw_setup_folder_line(text);
	bool folder = line > 0, apart = folder && !is_read_before(plan, site, line);
	struct mw_str none = MW_STR_EMPTY, here;

	here = mw_setup_dovecot_conf(arena, text, apart ? none : passdb, folder ? none : settings);
	if (!mw_setup_plan_file(plan, plan->dovecot_file, here, &plan->changes_dovecot))
		return false;
	return plan_ours(plan, mw_arena_textf(arena, "%s/" MW_DOVECOT_FIRST, plan->dovecot_folder), apart ? passdb : none) &&
	       plan_ours(plan, mw_arena_textf(arena, "%s/" MW_DOVECOT_LAST, plan->dovecot_folder), folder ? settings : none);
}

static int plan_lacks(struct mw_setup_plan *plan, struct mw_dovecot_site *site, struct mw_str text)
{
	struct mw_arena *arena = plan->changes.arena;
	struct mw_dovecot_lacks lacks = lacks_of(site, plan->sasl_socket);
	char first[TEXT_MOST], last[TEXT_MOST];
	struct mw_buf passdb = MW_BUF_OVER(first), settings = MW_BUF_OVER(last);

	print_passdbs(site, &passdb);
	mw_show_dovecot_settings(site->policy, site->generation, &lacks, &settings);
	if (passdb.truncated || settings.truncated) {
		mw_complain("%s: what Mailwicket needs there is longer than %d octets: %s", plan->dovecot_file, TEXT_MOST,
			    passdb.truncated ? "let fewer filters have passdbs of their own"
					     : "name networks in tls_proxies, in place of each address");
		return EX_CONFIG;
	}
	return plan_texts(plan, site, text, mw_arena_copy(arena, mw_buf_str(&passdb)),
			  mw_arena_copy(arena, mw_buf_str(&settings))) ? EX_OK : EX_NOINPUT;
}

int mw_setup_plan_dovecot(struct mw_setup_plan *plan, const struct mw_policy *policy, const char *config)
{
	struct mw_arena *arena = plan->changes.arena;
	struct mw_dovecot_site site;
	struct mw_str text;
	bool exists;
	int status;

	plan->dovecot_file = mw_setup_absolute(arena, config != NULL ? config : MW_DOVECOT_CONF);
	if (plan->dovecot_file == NULL || !mw_changes_read(arena, plan->dovecot_file, &text, &exists))
		return EX_NOINPUT;
	plan->dovecot_folder = mw_arena_text(arena, mw_str_head(mw_str(plan->dovecot_file),
								mw_str_find_last(mw_str(plan->dovecot_file), '/')));
	plan->dovecot_name = plan->dovecot_file + strlen(plan->dovecot_folder) + 1;
	status = load_without_ours(plan, policy, text, &site);
	return status == EX_OK ? plan_lacks(plan, &site, text) : status;
}
