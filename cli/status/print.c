/* SPDX-License-Identifier: MIT */
#include "status/status.h"

#include "base/units.h"
#include "policy/audit.h"
#include "report/logline.h"
#include "ui/output.h"
#include "ui/when.h"

#define LABEL "%-12s"

static const char *const levels[] = {
	[MW_STATUS_GOOD] = "good", [MW_STATUS_WARNING] = "warning", [MW_STATUS_CRITICAL] = "critical",
};
static const char *const answers[] = {
	[MW_DAEMON_TOLD] = "running", [MW_DAEMON_AWAY] = "away", [MW_DAEMON_DENIED] = "denied", [MW_DAEMON_SILENT] = "silent",
};
static const char *const sources[] = {
	[MW_SOURCES_NONE] = "none", [MW_SOURCES_PUBLISHED] = "published", [MW_SOURCES_NEWER] = "newer",
	[MW_SOURCES_UNREADABLE] = "unreadable",
};

/* Dovecot's processes have no socket on which they tell. */
#define DOVECOT_UNKNOWN "which policy Dovecot's processes have cannot be known: each read the file when it started; " \
	"after a change run doveadm reload"

/* --- for a person */

static void print_daemon(struct mw_buf *out, const struct mw_status_view *view)
{
	const struct mw_daemon_status *now = &view->daemon;

	mw_buf_printf(out, LABEL, "mailwicketd");
	if (view->answer != MW_DAEMON_TOLD) {
		mw_buf_printf(out, "%s\n", view->answer == MW_DAEMON_AWAY ? "does not run" :
			      view->answer == MW_DAEMON_DENIED ? "not known: only root may ask" : "gives no answer");
		return;
	}
	mw_buf_printf(out, "runs: process %llu, version %s\n", (unsigned long long)now->process, now->version);
	mw_buf_printf(out, LABEL "policy %s, read ", "", now->policy);
	mw_when_print_age((int64_t)now->policy_read, view->now, out);
	if (now->directory[0] == '\0') {
		mw_buf_printf(out, "\n" LABEL "no directory\n", "");
		return;
	}
	mw_buf_printf(out, "\n" LABEL "directory %.16s, of ", "", now->directory);
	mw_when_print_age((int64_t)now->directory_written, view->now, out);
	mw_buf_add_text(out, "\n");
}

static void print_files(struct mw_buf *out, const struct mw_status_view *view)
{
	mw_buf_printf(out, LABEL "%s", "policy", view->policy_path);
	if (view->policy_changed != 0) {
		mw_buf_add_text(out, ", changed ");
		mw_when_print_age(view->policy_changed, view->now, out);
	}
	mw_buf_add_text(out, "\n");
	if (view->policy == NULL)
		return;
	mw_buf_printf(out, LABEL "%.*s", "directory", MW_STR_ARG(view->policy->directory.path));
	if (view->directory.open) {
		mw_buf_printf(out, ", %llu users", (unsigned long long)view->directory.users);
		if (view->former_names > 0)
			mw_buf_printf(out, " (%llu former names)", (unsigned long long)view->former_names);
		mw_buf_add_text(out, ", published ");
		mw_when_print_age(view->directory.written, view->now, out);
	}
	mw_buf_add_text(out, "\n");
	mw_following_print(&view->following, "sources     ", out);
}

static void print_module(struct mw_buf *out, const struct mw_status_view *view, const struct mw_status_module *module)
{
	mw_buf_printf(out, LABEL "%s %s", "", module->path, module->there ? "is there" : "is not there");
	if (module->version[0] != '\0')
		mw_buf_printf(out, ", version %s", module->version);
	if (module->built[0] != '\0')
		mw_buf_printf(out, ", built for Dovecot %s", module->built);
	mw_buf_add_text(out, "\n");
	if (!view->running_known || !view->dovecot_asks)
		return;
	mw_buf_printf(out, LABEL "  in %llu of Dovecot's processes", "", (unsigned long long)module->processes);
	if (module->others > 0)
		mw_buf_printf(out, ", %llu of them with an earlier copy%s%s: process %llu", (unsigned long long)module->others,
			      module->other_version[0] != '\0' ? " of version " : "", module->other_version,
			      (unsigned long long)module->other_process);
	mw_buf_add_text(out, "\n");
}

static void print_dovecot(struct mw_buf *out, const struct mw_status_view *view)
{
	if (!view->dovecot_seen) {
		mw_buf_printf(out, LABEL "not installed, or its configuration cannot be read\n", "Dovecot");
		return;
	}
	mw_buf_printf(out, LABEL "%s\n", "Dovecot", view->dovecot_asks ? "asks Mailwicket" : "does not ask Mailwicket");
	for (int i = 0; i < MW_STATUS_MODULES; i++)
		print_module(out, view, &view->modules[i]);
	if (view->dovecot_asks)
		mw_buf_printf(out, LABEL DOVECOT_UNKNOWN "\n", "");
}

static void print_mode(struct mw_buf *out, const struct mw_status_view *view, struct mw_str name,
		       const char *kind, const struct mw_enforcement *enforcement)
{
	mw_buf_printf(out, "  %s \"%.*s\": %s", kind, MW_STR_ARG(name), mw_status_mode(view, enforcement));
	for (size_t i = 0; i < enforcement->enforce_for.count; i++)
		mw_buf_printf(out, "%s %.*s", i == 0 ? "; enforce for" : ",", MW_STR_ARG(enforcement->enforce_for.items[i]));
	mw_buf_add_text(out, "\n");
}

static void print_rules(struct mw_buf *out, const struct mw_status_view *view)
{
	mw_buf_add_text(out, "\nMode by rule:\n");
	for (size_t i = 0; i < mw_login_rules_that_apply(view->policy); i++)
		print_mode(out, view, view->policy->login_rules[i].name, "login", &view->policy->login_rules[i].enforcement);
	for (size_t i = 0; i < view->policy->connector_count; i++) {
		const struct mw_connector *connector = &view->policy->connectors[i];

		if (connector->enabled)
			print_mode(out, view, connector->name, "connector", &connector->enforcement);
		else
			mw_buf_printf(out, "  connector \"%.*s\": off\n", MW_STR_ARG(connector->name));
	}
}

static void print_refusals(struct mw_buf *out, const struct mw_status_view *view)
{
	mw_buf_printf(out, "\nRefusals of the last day, %s:\n", view->log_name);
	if (!view->log_read)
		mw_buf_add_text(out, "  the log could not be read\n");
	else if (view->refusal_count == 0)
		mw_buf_add_text(out, "  none\n");
	for (size_t i = 0; i < view->refusal_count; i++) {
		const struct mw_status_refusal *refusal = &view->refusals[i];
		const char *const fields[][2] = { { "rule", refusal->rule }, { "login", refusal->login },
						  { "sender", refusal->sender }, { "client", refusal->client } };

		mw_buf_add_text(out, "  ");
		if (refusal->time != 0)
			mw_when_print(refusal->time, out);
		mw_buf_printf(out, "%s%s %s", refusal->time != 0 ? " " : "", refusal->verdict, refusal->reason);
		/* As in the log: what a client said is escaped. */
		for (size_t j = 0; j < sizeof(fields) / sizeof(fields[0]); j++)
			if (fields[j][1][0] != '\0')
				mw_logline_field(out, fields[j][0], mw_str(fields[j][1]));
		mw_buf_add_text(out, "\n");
	}
}

static void print(struct mw_buf *out, const void *context)
{
	const struct mw_status_view *view = context;

	mw_buf_printf(out, "%s\n", levels[view->level]);
	for (size_t i = 0; i < view->problem_count; i++) {
		mw_buf_printf(out, "  %s: %s\n", levels[view->problems[i].level], view->problems[i].text);
		if (view->problems[i].fix[0] != '\0')
			mw_buf_printf(out, "    run: %s\n", view->problems[i].fix);
	}
	mw_buf_add_text(out, "\n");
	print_daemon(out, view);
	print_dovecot(out, view);
	print_files(out, view);
	if (view->policy != NULL)
		print_rules(out, view);
	if (view->log_looked_at)
		print_refusals(out, view);
}

/* --- for programs */

static void word(struct mw_json *json, const char *key, const char *text)
{
	mw_json_string(json, key, mw_str(text));
}

static void write_daemon(struct mw_json *json, const struct mw_status_view *view)
{
	const struct mw_daemon_status *now = &view->daemon;

	mw_json_object(json, "daemon");
	word(json, "state", answers[view->answer]);
	word(json, "socket", view->socket);
	if (view->answer == MW_DAEMON_TOLD) {
		word(json, "version", now->version);
		mw_json_number(json, "process", now->process);
		mw_json_number(json, "user", now->user);
		word(json, "policy", now->policy);
		mw_when_json(json, "policy_read", (int64_t)now->policy_read);
		mw_json_bool(json, "reload_failed", now->reload_failed != 0);
		mw_json_bool(json, "enforces", now->enforces != 0);
		mw_json_bool(json, "asked_in_audit", now->asked_in_audit != 0);
		word(json, "directory", now->directory);
		mw_when_json(json, "directory_written", (int64_t)now->directory_written);
		mw_json_bool(json, "directory_failed", now->directory_failed != 0);
	}
	mw_json_end_object(json);
}

static void write_module(struct mw_json *json, const struct mw_status_view *view, const struct mw_status_module *module)
{
	mw_json_object(json, NULL);
	word(json, "path", module->path);
	mw_json_bool(json, "there", module->there);
	word(json, "version", module->version);
	word(json, "dovecot", module->built);
	if (view->running_known) {
		mw_json_object(json, "running");
		mw_json_number(json, "processes", module->processes);
		mw_json_number(json, "earlier", module->others);
		word(json, "earlier_version", module->other_version);
		mw_json_end_object(json);
	} else {
		mw_json_null(json, "running");
	}
	mw_json_end_object(json);
}

static void write_dovecot(struct mw_json *json, const struct mw_status_view *view)
{
	if (!view->dovecot_seen) {
		mw_json_null(json, "dovecot");
		return;
	}
	mw_json_object(json, "dovecot");
	mw_json_bool(json, "asks", view->dovecot_asks);
	mw_json_null(json, "policy"); /* cannot be known */
	mw_json_array(json, "modules");
	for (int i = 0; i < MW_STATUS_MODULES; i++)
		write_module(json, view, &view->modules[i]);
	mw_json_end_array(json);
	mw_json_end_object(json);
}

static void write_files(struct mw_json *json, const struct mw_status_view *view)
{
	mw_json_object(json, "policy");
	word(json, "file", view->policy_path);
	word(json, "digest", view->policy != NULL ? view->policy->digest : "");
	mw_when_json(json, "changed", view->policy_changed);
	mw_json_end_object(json);
	if (view->policy == NULL) {
		mw_json_null(json, "directory");
		return;
	}
	mw_json_object(json, "directory");
	mw_json_string(json, "path", view->policy->directory.path);
	mw_json_bool(json, "readable", view->directory.open);
	word(json, "digest", view->directory.digest);
	mw_when_json(json, "published", view->directory.written);
	mw_json_number(json, "users", view->directory.users);
	mw_json_number(json, "former_names", view->former_names);
	word(json, "sources", sources[view->sources]);
	mw_following_json(&view->following, json);
	mw_json_end_object(json);
}

static void write_rule(struct mw_json *json, const struct mw_status_view *view, const char *kind, struct mw_str name,
		       bool enabled, const struct mw_enforcement *enforcement)
{
	char memory[16];
	struct mw_buf date = MW_BUF_OVER(memory);
	const char *mode = mw_status_mode(view, enforcement);

	mw_json_object(json, NULL);
	word(json, "kind", kind);
	mw_json_string(json, "name", name);
	word(json, "mode", !enabled ? "off" : mode[0] == 'a' ? "audit" : "enforce");
	if (enforcement->has_audit_until) {
		mw_print_date(enforcement->audit_until, &date);
		mw_json_string(json, "audit_until", mw_buf_str(&date));
	} else {
		mw_json_null(json, "audit_until");
	}
	mw_json_array(json, "enforce_for");
	for (size_t i = 0; i < enforcement->enforce_for.count; i++)
		mw_json_string(json, NULL, enforcement->enforce_for.items[i]);
	mw_json_end_array(json);
	mw_json_end_object(json);
}

static void write_rules(struct mw_json *json, const struct mw_policy *policy, const struct mw_status_view *view)
{
	mw_json_array(json, "rules");
	for (size_t i = 0; policy != NULL && i < mw_login_rules_that_apply(policy); i++)
		write_rule(json, view, "login", policy->login_rules[i].name, true, &policy->login_rules[i].enforcement);
	for (size_t i = 0; policy != NULL && i < policy->connector_count; i++)
		write_rule(json, view, "connector", policy->connectors[i].name, policy->connectors[i].enabled,
			   &policy->connectors[i].enforcement);
	mw_json_end_array(json);
}

static void write_refusals(struct mw_json *json, const struct mw_status_view *view)
{
	if (!view->log_read) {
		mw_json_null(json, "refusals");
		return;
	}
	mw_json_array(json, "refusals");
	for (size_t i = 0; i < view->refusal_count; i++) {
		const struct mw_status_refusal *refusal = &view->refusals[i];

		mw_json_object(json, NULL);
		mw_when_json(json, "time", refusal->time);
		word(json, "verdict", refusal->verdict);
		word(json, "reason", refusal->reason);
		word(json, "rule", refusal->rule);
		word(json, "login", refusal->login);
		word(json, "sender", refusal->sender);
		word(json, "client", refusal->client);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
}

static void write_all(struct mw_json *json, const void *context)
{
	const struct mw_status_view *view = context;

	word(json, "status", levels[view->level]);
	mw_json_array(json, "problems");
	for (size_t i = 0; i < view->problem_count; i++) {
		mw_json_object(json, NULL);
		word(json, "severity", levels[view->problems[i].level]);
		word(json, "text", view->problems[i].text);
		word(json, "fix", view->problems[i].fix);
		mw_json_end_object(json);
	}
	mw_json_end_array(json);
	write_daemon(json, view);
	write_dovecot(json, view);
	write_files(json, view);
	write_rules(json, view->policy, view);
	write_refusals(json, view);
}

bool mw_status_print(const struct mw_status_view *view, bool json)
{
	return json ? mw_output_json(write_all, view) : mw_output(print, view);
}
