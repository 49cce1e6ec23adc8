/* SPDX-License-Identifier: MIT */
#include "servers/setup/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <sysexits.h>

#include "servers/check/dovecot.h"
#include "servers/check/postfix.h"
#include "servers/dovecot_memory.h"
#include "ui/output.h"
#include "ui/process.h"

#define FIRST_FILE "conf.d/05-mailwicket.conf"
#define LAST_FILE "conf.d/99-mailwicket.conf"
#define TEXT_MOST 8192

/* Without links, so that it can be told which staged file is which. */
static const char *absolute(struct mw_arena *arena, const char *path)
{
	char *resolved = realpath(path, NULL);
	const char *copy = resolved != NULL ? mw_arena_text(arena, mw_str(resolved)) : NULL;

	if (resolved == NULL)
		mw_complain("%s: %s", path, strerror(errno));
	free(resolved);
	return copy;
}

static bool plan_file(struct mw_setup_plan *plan, const char *path, struct mw_str after, bool *changed_io)
{
	size_t before = plan->changes.count;

	if (!mw_changes_add(&plan->changes, path, after))
		return false;
	*changed_io |= plan->changes.count > before;
	return true;
}

/* --- Postfix */

static int plan_texts(struct mw_setup_plan *plan, const struct mw_wiring *wiring)
{
	struct mw_arena *arena = plan->changes.arena;
	const char *main_path = mw_arena_textf(arena, "%s/main.cf", plan->postfix_folder);
	const char *master_path = mw_arena_textf(arena, "%s/master.cf", plan->postfix_folder), *why;
	struct mw_str main_cf, master_cf;
	bool exists;

	if (!mw_changes_read(arena, main_path, &main_cf, &exists) ||
	    !mw_changes_read(arena, master_path, &master_cf, &exists))
		return EX_NOINPUT;
	master_cf = mw_setup_master_cf(wiring, arena, master_cf, &why);
	if (why != NULL) {
		mw_complain("%s: %s", master_path, why);
		return EX_CONFIG;
	}
	main_cf = mw_setup_main_cf(wiring, arena, main_cf);
	return plan_file(plan, main_path, main_cf, &plan->changes_postfix) &&
	       plan_file(plan, master_path, master_cf, &plan->changes_postfix) ? EX_OK : EX_NOINPUT;
}

static int plan_postfix(struct mw_setup_plan *plan, const struct mw_policy *policy, const char *config,
			const char **queue_r)
{
	struct mw_arena *arena = plan->changes.arena;
	struct mw_postfix_site site;
	struct mw_wiring *wiring;
	int status = mw_postfix_site_load(&site, policy, config, arena);

	if (status != EX_OK)
		return status;
	if (config == NULL)
		config = mw_arena_text(arena, mw_postfix_site_value(&site, "config_directory"));
	plan->postfix_folder = absolute(arena, config);
	if (plan->postfix_folder == NULL)
		return EX_NOINPUT;
	*queue_r = site.queue_directory;
	wiring = mw_wiring_new(policy, site.queue_directory);
	if (wiring == NULL)
		return EX_OSERR;
	wiring->protocols = mw_postfix_site_value(&site, mw_wiring_protocols_name(false));
	wiring->mandatory_protocols = mw_postfix_site_value(&site, mw_wiring_protocols_name(true));
	wiring->syslog_name = mw_postfix_site_value(&site, "syslog_name");
	wiring->tls_log = mw_postfix_site_value(&site, MW_WIRING_TLS_LOG);
	mw_wiring_for_version(wiring, mw_postfix_site_value(&site, "mail_version"));
	status = plan_texts(plan, wiring);
	mw_wiring_free(wiring);
	return status;
}

/* --- Dovecot */

/* The words of a list that are not `word`, with blanks between. */
static struct mw_str without(struct mw_arena *arena, struct mw_str list, const char *word)
{
	char text[1024];
	struct mw_buf out = MW_BUF_OVER(text);
	struct mw_str field;

	while (mw_str_split(&list, ' ', &field)) {
		if (mw_str_empty(field) || mw_str_equal(field, mw_str(word)))
			continue;
		mw_buf_printf(&out, "%s%.*s", out.used > 0 ? " " : "", MW_STR_ARG(field));
	}
	return mw_arena_copy(arena, mw_buf_str(&out));
}

/* Networks that are not written already for the policy's own tls_proxies. */
static struct mw_str other_networks(struct mw_arena *arena, const struct mw_policy *policy, struct mw_str list)
{
	for (size_t i = 0; i < policy->login_rule_count; i++) {
		const struct mw_ranges *proxies = &policy->login_rules[i].tls.proxies;

		for (size_t k = 0; k < proxies->count; k++) {
			char text[128];
			struct mw_buf out = MW_BUF_OVER(text);

			mw_range_print(&proxies->items[k], &out);
			list = without(arena, list, text);
		}
	}
	return list;
}

static bool plan_dovecot_texts(struct mw_setup_plan *plan, struct mw_str text, struct mw_str passdb,
			       struct mw_str settings)
{
	struct mw_arena *arena = plan->changes.arena;
	bool *changed = &plan->changes_dovecot;

	if (!mw_setup_includes_folder(text))
		return plan_file(plan, plan->dovecot_file, mw_setup_dovecot_conf(arena, text, passdb, settings), changed);
	return plan_file(plan, mw_arena_textf(arena, "%s/" FIRST_FILE, plan->dovecot_folder), passdb, changed) &&
	       plan_file(plan, mw_arena_textf(arena, "%s/" LAST_FILE, plan->dovecot_folder), settings, changed);
}

static int plan_dovecot(struct mw_setup_plan *plan, const struct mw_policy *policy, const char *config,
			const char *queue)
{
	struct mw_arena *arena = plan->changes.arena;
	char first[TEXT_MOST], last[TEXT_MOST];
	struct mw_buf passdb = MW_BUF_OVER(first), settings = MW_BUF_OVER(last);
	struct mw_dovecot_others others;
	struct mw_dovecot_site site;
	struct mw_str text;
	bool exists;
	int status = mw_dovecot_site_load(&site, policy, config, NULL, arena);

	if (status != EX_OK)
		return status;
	plan->dovecot_file = absolute(arena, config != NULL ? config : MW_DOVECOT_CONF);
	if (plan->dovecot_file == NULL || !mw_changes_read(arena, plan->dovecot_file, &text, &exists))
		return EX_NOINPUT;
	plan->dovecot_folder = mw_arena_text(arena, mw_str_head(mw_str(plan->dovecot_file),
								mw_str_find_last(mw_str(plan->dovecot_file), '/')));
	plan->dovecot_name = plan->dovecot_file + strlen(plan->dovecot_folder) + 1;
	plan->restarts_dovecot = !mw_dovecot_is_told(&site);
	others.plugins = without(arena, mw_dovecot_value(site.root, "login_plugins"), "mailwicket");
	others.networks = other_networks(arena, policy, mw_dovecot_value(site.root, "haproxy_trusted_networks"));
	others.version = mw_wiring_dovecot_version(mw_dovecot_value(site.root, "ssl_min_protocol"));
	others.memory = mw_dovecot_memory_settled(policy, mw_dovecot_memory_limit(&site));
	mw_show_dovecot_passdb(site.generation, &passdb);
	mw_show_dovecot_settings(policy, site.generation, others, mw_arena_textf(arena, "%s/private/auth", queue), &settings);
	return plan_dovecot_texts(plan, text, mw_arena_copy(arena, mw_buf_str(&passdb)),
				  mw_arena_copy(arena, mw_buf_str(&settings))) ? EX_OK : EX_NOINPUT;
}

int mw_setup_plan(const struct mw_policy *policy, const struct mw_servers *servers, struct mw_setup_plan *plan)
{
	const char *queue = MW_POSTFIX_QUEUE;
	int status = EX_OK;

	if (servers->postfix)
		status = plan_postfix(plan, policy, servers->postfix_config, &queue);
	if (status == EX_OK && servers->dovecot)
		status = plan_dovecot(plan, policy, servers->dovecot_config, queue);
	if (status == EX_OK && mw_arena_failed(plan->changes.arena))
		status = EX_OSERR;
	if (status == EX_OSERR)
		mw_complain("out of memory");
	return status;
}

/* --- other programs */

static const char *staged_path(const struct mw_setup_plan *plan, const char *stage, const char *path)
{
	const char *folders[] = { plan->postfix_folder, plan->dovecot_folder }, *names[] = { "postfix", "dovecot" };

	for (size_t i = 0; i < 2; i++) {
		size_t len = folders[i] != NULL ? strlen(folders[i]) : 0;

		if (len > 0 && strncmp(path, folders[i], len) == 0 && path[len] == '/')
			return mw_arena_textf(plan->changes.arena, "%s/%s%s", stage, names[i], path + len);
	}
	return path;
}

bool mw_setup_diff(const struct mw_setup_plan *plan, const char *stage, struct mw_str *diff_r)
{
	struct mw_arena *arena = plan->changes.arena;

	*diff_r = MW_STR_EMPTY;
	for (size_t i = 0; i < plan->changes.count; i++) {
		const struct mw_change *change = &plan->changes.items[i];
		const char *const argv[] = { "diff", "-u", "--label", change->existed ? change->path : "/dev/null", "--label",
					     change->path, change->existed ? change->path : "/dev/null",
					     staged_path(plan, stage, change->path), NULL };
		struct mw_run run;

		mw_run_program(argv, &run);
		*diff_r = mw_str(mw_arena_textf(arena, "%.*s%.*s", MW_STR_ARG(*diff_r), MW_STR_ARG(run.output)));
		/* 1: there are differences. */
		if (run.status != 1)
			mw_run_complain(&run, "diff", "diffutils");
		mw_run_free(&run);
		if (run.status != 1)
			return false;
	}
	return true;
}

int mw_setup_postfix_check(const char *folder)
{
	const char *const argv[] = { "postfix", "-c", folder, "check", NULL };
	struct mw_run run;
	int status = EX_OK;

	if (!mw_run_program(argv, &run))
		status = mw_run_complain(&run, "postfix", "postfix");
	mw_run_free(&run);
	return status;
}
