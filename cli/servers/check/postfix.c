/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/units.h"
#include "servers/check/postfix_interfaces.h"
#include "servers/check/ports.h"
#include "ui/process.h"

#define FILE_MOST ((size_t)1024 * 1024)

bool mw_file_whole(struct mw_arena *arena, const char *path, struct mw_str *text_r)
{
	FILE *file = fopen(path, "re");
	char *text = file != NULL ? mw_arena_alloc(arena, FILE_MOST) : NULL;
	size_t len = text != NULL ? fread(text, 1, FILE_MOST, file) : 0;
	bool whole = text != NULL && !ferror(file) && len < FILE_MOST;

	if (file != NULL)
		fclose(file);
	*text_r = text != NULL ? (struct mw_str){ text, len } : MW_STR_EMPTY;
	return whole;
}

struct mw_str mw_file_text(struct mw_arena *arena, const char *path)
{
	struct mw_str text;

	(void)mw_file_whole(arena, path, &text);
	return text;
}

/* --- postconf */

int mw_postconf(const struct mw_postfix_site *site, const char *const *arguments, size_t count, struct mw_str *output_r)
{
	const char **argv = MW_ARENA_ARRAY(site->arena, const char *, count + 4);
	struct mw_run run;
	size_t used = 0;
	int status = EX_OK;

	if (argv == NULL)
		return EX_OSERR;
	argv[used++] = "postconf";
	if (site->config_directory != NULL) {
		argv[used++] = "-c";
		argv[used++] = site->config_directory;
	}
	memcpy(argv + used, arguments, count * sizeof(*arguments));
	if (!mw_run_program(argv, &run))
		status = site->quiet ? EX_CONFIG : mw_run_complain(&run, "postconf", "postfix");
	*output_r = mw_arena_copy(site->arena, run.output);
	mw_run_free(&run);
	return status;
}

static const char *text_of(const struct mw_postfix_site *site, const char *name)
{
	return mw_arena_text(site->arena, mw_postfix_site_value(site, name));
}

static int load_site(struct mw_postfix_site *site, const struct mw_policy *policy, const char *config_directory,
		     struct mw_arena *arena, bool quiet)
{
	struct mw_str values, services;
	const char *directory;
	int status;

	*site = (struct mw_postfix_site){ .arena = arena, .policy = policy, .config_directory = config_directory,
					  .quiet = quiet };
	status = mw_postconf(site, (const char *const[]){ "-x" }, 1, &values);
	if (status == EX_OK)
		status = mw_postconf(site, (const char *const[]){ "-M" }, 1, &services); /* says what is wrong in master.cf */
	if (status != EX_OK)
		return status;
	site->values = mw_postfix_values_parse(arena, values);
	site->queue_directory = text_of(site, "queue_directory");
	directory = config_directory != NULL ? config_directory : text_of(site, "config_directory");
	site->main_path = mw_arena_textf(arena, "%s/main.cf", directory);
	site->master_path = mw_arena_textf(arena, "%s/master.cf", directory);
	site->main_cf = mw_file_text(arena, site->main_path);
	site->services = mw_postfix_services_parse(arena, mw_file_text(arena, site->master_path));
	return mw_arena_failed(arena) ? EX_OSERR : EX_OK;
}

int mw_postfix_site_load(struct mw_postfix_site *site, const struct mw_policy *policy, const char *config_directory,
			 struct mw_arena *arena)
{
	return load_site(site, policy, config_directory, arena, false);
}

bool mw_postfix_site_try(struct mw_postfix_site *site, const struct mw_policy *policy, const char *config_directory,
			 struct mw_arena *arena)
{
	return load_site(site, policy, config_directory, arena, true) == EX_OK;
}

/* --- values and findings */

struct mw_str mw_postfix_site_value(const struct mw_postfix_site *site, const char *name)
{
	const struct mw_str *value = mw_postfix_value_find(&site->values, name);

	return value != NULL ? *value : MW_STR_EMPTY;
}

struct mw_str mw_endpoint_value(const struct mw_postfix_endpoint *endpoint, const char *name)
{
	const struct mw_str *value = mw_postfix_value_find(&endpoint->values, name);

	return value != NULL ? *value : MW_STR_EMPTY;
}

struct mw_str mw_postfix_service_value(struct mw_postfix_site *site, const struct mw_postfix_service *service,
				       const char *name)
{
	struct mw_postfix_endpoint process = { .site = site, .service = service };

	return mw_endpoint_load(&process) == EX_OK ? mw_endpoint_value(&process, name) : MW_STR_EMPTY;
}

bool mw_endpoint_says(const struct mw_postfix_endpoint *endpoint, const char *name, const char *value)
{
	return mw_str_equal_nocase(mw_endpoint_value(endpoint, name), mw_str(value));
}

void mw_service_finding(const struct mw_postfix_site *site, const struct mw_postfix_service *service,
			enum mw_finding_id id, enum mw_finding_severity severity, const char *setting, const char *what,
			const char *why, struct mw_fix fix)
{
	mw_findings_add(site->findings, (struct mw_finding){
		.id = id, .severity = severity, .file = site->master_path,
		.line = service->line,
		.setting = mw_arena_textf(site->arena, "%.*s/%.*s%s%s", MW_STR_ARG(service->name), MW_STR_ARG(service->type),
					  setting[0] == '\0' ? "" : "/", setting),
		.what = what, .why = why, .fix = fix });
}

void mw_setting_finding(const struct mw_postfix_site *site, const struct mw_postfix_service *service,
			enum mw_finding_id id, enum mw_finding_severity severity, const char *setting, const char *what,
			const char *why, struct mw_fix fix)
{
	if (mw_postfix_value_find(&service->options, setting) != NULL) {
		mw_service_finding(site, service, id, severity, setting, what, why, fix);
		return;
	}
	mw_findings_add(site->findings, (struct mw_finding){
		.id = id, .severity = severity, .file = site->main_path, .line = mw_postfix_main_line(site->main_cf, mw_str(setting)),
		.setting = setting, .what = what, .why = why, .fix = fix });
}

void mw_endpoint_option_finding(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id,
				enum mw_finding_severity severity, const char *setting, const char *what, const char *why,
				struct mw_fix fix)
{
	mw_service_finding(endpoint->site, endpoint->service, id, severity, setting, what, why, fix);
}

void mw_endpoint_finding(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id,
			 enum mw_finding_severity severity, const char *setting, const char *what, const char *why,
			 struct mw_fix fix)
{
	mw_setting_finding(endpoint->site, endpoint->service, id, severity, setting, what, why, fix);
}

/* --- listeners */

bool mw_postfix_service_is_chrooted(const struct mw_postfix_site *site, const struct mw_postfix_service *service)
{
	struct mw_str level = mw_postfix_site_value(site, "compatibility_level");
	uint64_t major = 0;

	if (mw_str_equal(service->chroot, MW_STR("y")) || mw_str_equal(service->chroot, MW_STR("n")))
		return mw_str_equal(service->chroot, MW_STR("y"));
	return mw_parse_number(mw_str_head(level, mw_str_find(level, '.')), &major) && major < 1;
}

bool mw_postfix_service_runs(const struct mw_postfix_service *service, const char *program)
{
	size_t slash = mw_str_find_last(service->command, '/');
	struct mw_str name = slash < service->command.len ? mw_str_tail(service->command, slash + 1) : service->command;

	return mw_str_equal(name, mw_str(program));
}

/* Behind postscreen it is the service "pass" with the name of smtpd_service_name that talks to the client. */
const struct mw_postfix_service *mw_postfix_smtpd_of(struct mw_postfix_site *site,
	const struct mw_postfix_service *service)
{
	struct mw_str name;

	if (!mw_str_equal(service->type, MW_STR("inet")))
		return NULL;
	if (mw_postfix_service_runs(service, "smtpd"))
		return service;
	if (!mw_postfix_service_runs(service, "postscreen"))
		return NULL;
	name = mw_postfix_service_value(site, service, "smtpd_service_name");
	for (size_t i = 0; i < site->services.count; i++) {
		const struct mw_postfix_service *other = &site->services.items[i];

		if (mw_str_equal(other->type, MW_STR("pass")) && mw_str_equal(other->name, name) &&
		    mw_postfix_service_runs(other, "smtpd"))
			return other;
	}
	return NULL;
}

/* What is wrong with questions that are asked about nothing is not of interest. */
bool mw_endpoint_is_asked(struct mw_postfix_endpoint *endpoint)
{
	struct mw_findings *findings = endpoint->site->findings, *aside = mw_findings_new();
	bool asked;

	endpoint->site->findings = aside;
	asked = aside != NULL && mw_check_postfix_hooks(endpoint);
	endpoint->site->findings = findings;
	mw_findings_free(aside);
	return asked;
}

static bool is_error_about(const struct mw_finding *finding, const char *list)
{
	return finding->severity == MW_FINDING_ERROR && mw_str_ends_with(mw_str(finding->setting), mw_str(list));
}

bool mw_endpoint_list_holds(struct mw_postfix_endpoint *endpoint, const char *list)
{
	struct mw_findings *findings = endpoint->site->findings, *aside = mw_findings_new();
	bool holds = aside != NULL;

	endpoint->site->findings = aside;
	if (aside != NULL)
		mw_check_postfix_hooks(endpoint);
	endpoint->site->findings = findings;
	for (size_t i = 0; aside != NULL && i < mw_findings_kept(aside); i++)
		holds &= !is_error_about(mw_findings_get(aside, i), list);
	mw_findings_free(aside);
	return holds;
}

static void judge(struct mw_postfix_endpoint *endpoint)
{
	mw_check_postfix_restrictions(endpoint);
	if (!endpoint->need.connected) {
		mw_check_postfix_unnamed(endpoint);
		mw_check_postfix_proxy(endpoint); /* the port that it names may be a connector's */
		return;
	}
	mw_check_postfix_hooks(endpoint);
	mw_check_postfix_refusals(endpoint);
	mw_check_postfix_tls(endpoint);
	mw_check_postfix_sasl(endpoint);
	mw_check_postfix_recipients(endpoint);
	mw_check_postfix_trust(endpoint);
	mw_check_postfix_milters(endpoint);
	mw_check_postfix_proxy(endpoint);
	mw_check_postfix_addresses(endpoint);
	mw_check_postfix_log(endpoint);
}

/* As it is, and as it is once clients hold all its processes. */
static int check_endpoint(struct mw_postfix_endpoint *endpoint)
{
	int status = mw_endpoint_load(endpoint);

	if (status != EX_OK)
		return status;
	judge(endpoint);
	if (!mw_endpoint_knows_stress(endpoint))
		return EX_OK;
	endpoint->stressed = true;
	status = mw_endpoint_load(endpoint);
	if (status == EX_OK)
		judge(endpoint);
	return status;
}

bool mw_postfix_endpoint_of(struct mw_postfix_site *site, const struct mw_postfix_service *service,
			    struct mw_postfix_endpoint *endpoint_r)
{
	const struct mw_postfix_service *smtpd = mw_postfix_smtpd_of(site, service);

	if (smtpd == NULL)
		return false;
	*endpoint_r = (struct mw_postfix_endpoint){ .site = site, .service = smtpd, .front = service };
	endpoint_r->name = mw_arena_textf(site->arena, "%.*s/%.*s", MW_STR_ARG(smtpd->name), MW_STR_ARG(smtpd->type));
	endpoint_r->chroot = mw_postfix_service_is_chrooted(site, smtpd);
	if (!mw_postfix_binding(service->name, &endpoint_r->binding)) {
		mw_findings_add(site->findings, (struct mw_finding){
			.id = MW_FOUND_ODD_LISTENER, .severity = MW_FINDING_WARNING, .file = site->master_path,
			.line = service->line,
			.setting = endpoint_r->name, .what = "the address or port of this listener is not known here",
			.why = "whether the policy holds there cannot be told",
			.fix = mw_fix_words("numbers in this entry's first field, as 192.0.2.1:587 or 587") });
		return false;
	}
	endpoint_r->need = mw_wiring_listener_of(site->policy, &endpoint_r->binding);
	return true;
}

static const char *entry_line(const struct mw_postfix_site *site, const struct mw_wiring_listener *listener)
{
	struct mw_wiring_setting options[MW_WIRING_OPTIONS];
	size_t count = mw_wiring_options(site->wiring, listener, options);
	char line[1024];
	struct mw_buf out = MW_BUF_OVER(line);

	mw_wiring_endpoint(&listener->binding, &out);
	mw_buf_add_text(&out, " inet n - y - - smtpd");
	for (size_t i = 0; i < count; i++)
		mw_buf_printf(&out, "\n  -o %s=%.*s", options[i].name, MW_STR_ARG(options[i].value.items[0]));
	return mw_arena_text(site->arena, mw_buf_str(&out));
}

/* Master ends, with all its listeners, where one of its ports is taken (tried, Postfix 3.7). Whose a socket is, only
   root is told. */
static bool check_holder(struct mw_postfix_site *site, const struct mw_wiring_listener *listener)
{
	const char *holder = geteuid() == 0 ? mw_port_holder(site, &listener->binding, site->dovecot) : NULL;

	if (holder == NULL)
		return false;
	mw_findings_add(site->findings, (struct mw_finding){
		.id = MW_FOUND_PORT_TAKEN, .severity = MW_FINDING_ERROR, .file = site->policy->file, .setting = "bindings",
		.what = mw_arena_textf(site->arena, "port %u, which connector \"%.*s\" names, is taken: %s",
				       listener->binding.port, MW_STR_ARG(listener->connector), holder),
		.why = "who connects there does not meet this Postfix, and Postfix ends with all its listeners at the next "
		       "start or reload where master.cf has that port",
		.fix = mw_fix_words("take the port away there, or the binding out of the connector") });
	return true;
}

static void check_served(struct mw_postfix_site *site, const struct mw_wiring_listener *listener)
{
	const struct mw_postfix_addresses wanted = { .items = { listener->binding }, .count = 1 };
	bool taken;

	if (mw_postfix_is_before_proxy(site, &listener->binding))
		return;
	taken = check_holder(site, listener);
	for (size_t i = 0; i < site->services.count; i++) {
		struct mw_postfix_addresses addresses;
		struct mw_binding binding;

		if (mw_postfix_smtpd_of(site, &site->services.items[i]) == NULL ||
		    !mw_postfix_binding(site->services.items[i].name, &binding))
			continue;
		addresses = mw_postfix_addresses_of(site, &binding);
		if (mw_postfix_addresses_meet(&addresses, &wanted))
			return;
	}
	if (taken)
		return;
	mw_findings_add(site->findings, (struct mw_finding){
		.id = MW_FOUND_UNSERVED_CONNECTOR, .severity = MW_FINDING_ERROR, .file = site->master_path, .setting = "",
		.what = mw_arena_textf(site->arena, "no smtpd listens on port %u, which connector \"%.*s\" names",
				       listener->binding.port, MW_STR_ARG(listener->connector)),
		.why = "nobody can submit through that connector", 
		.fix = mw_fix_lines(MW_FIX_END, site->master_path, 0, entry_line(site, listener)) });
}

int mw_check_postfix(const struct mw_policy *policy, const char *config_directory, const char *named,
		     const struct mw_dovecot_site *dovecot, struct mw_findings *findings,
		     struct mw_sasl_sockets *sockets_r)
{
	struct mw_postfix_site site;
	struct mw_wiring *wiring;
	int status = mw_postfix_site_load(&site, policy, config_directory, mw_findings_arena(findings));

	if (status != EX_OK)
		return status;
	wiring = mw_wiring_new(policy, site.queue_directory);
	if (wiring == NULL)
		return EX_OSERR;
	mw_wiring_for_version(wiring, mw_postfix_site_value(&site, "mail_version"));
	wiring->syslog_name = mw_postfix_site_value(&site, "syslog_name");
	site.wiring = wiring;
	site.findings = findings;
	site.dovecot = dovecot;
	site.sasl_sockets = sockets_r;
	sockets_r->count = 0;
	site.stake = mw_stake_of(policy, site.arena);
	if (named != NULL) {
		site.main_path = mw_arena_textf(site.arena, "%s/main.cf", named);
		site.master_path = mw_arena_textf(site.arena, "%s/master.cf", named);
	}
	for (size_t i = 0; i < wiring->listener_count; i++)
		check_served(&site, &wiring->listeners[i]);
	for (size_t i = 0; i < site.services.count && status == EX_OK; i++) {
		struct mw_postfix_endpoint endpoint;

		if (mw_postfix_endpoint_of(&site, &site.services.items[i], &endpoint))
			status = check_endpoint(&endpoint);
	}
	mw_check_postfix_domains(&site);
	mw_check_postfix_delimiter(&site);
	if (status == EX_OK)
		status = mw_check_postfix_services(&site);
	if (status == EX_OK)
		mw_check_postfix_local_milters(&site);
	if (status == EX_OK)
		status = mw_check_postfix_names(&site);
	if (status == EX_OK)
		status = mw_check_postfix_submission(&site);
	if (sockets_r->count == 0 && !sockets_r->elsewhere)
		mw_postfix_sasl_socket(&site, NULL);
	mw_wiring_free(wiring);
	return status;
}
