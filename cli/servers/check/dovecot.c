/* SPDX-License-Identifier: MIT */
#include "servers/check/dovecot.h"

#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "servers/dovecot_memory.h"
#include "servers/dovecot_sasl.h"
#include "ui/output.h"
#include "ui/process.h"
#include "servers/wiring.h"

#define LOGIN_MODULE "lib10_mailwicket_plugin.so"
#define AUTH_MODULE "libauthdb_mailwicket.so"

static int load(struct mw_dovecot_site *site, const struct mw_policy *policy, const char *config, const char *named,
		struct mw_arena *arena, bool quiet)
{
	const char *own[] = { "doveconf", "-a", NULL }, *other[] = { "doveconf", "-a", "-c", config, NULL };
	struct mw_run run;
	int status = EX_OK;

	*site = (struct mw_dovecot_site){ .arena = arena, .policy = policy,
					  .file = config != NULL ? config : MW_DOVECOT_CONF };
	site->sources = mw_dovecot_sources_read(arena, site->file, named);
	if (mw_run_program(config != NULL ? other : own, &run))
		site->root = mw_dovecot_parse(arena, mw_arena_copy(arena, run.output));
	else
		status = quiet ? EX_CONFIG : mw_run_complain(&run, "doveconf", "dovecot-core");
	mw_run_free(&run);
	if (status == EX_OK && site->root == NULL) {
		if (!quiet)
			mw_complain("doveconf: what it prints for %s is not understood", site->file);
		return EX_CONFIG;
	}
	if (status == EX_OK && mw_dovecot_next(site->root, NULL, "auth_allow_cleartext") != NULL)
		site->generation = MW_DOVECOT_2_4;
	return status;
}

int mw_dovecot_site_load(struct mw_dovecot_site *site, const struct mw_policy *policy, const char *config,
			 const char *named, struct mw_arena *arena)
{
	return load(site, policy, config, named, arena, false);
}

bool mw_dovecot_site_try(struct mw_dovecot_site *site, const struct mw_policy *policy, const char *config,
			 const char *named, struct mw_arena *arena)
{
	return load(site, policy, config, named, arena, true) == EX_OK;
}

void mw_dovecot_finding(const struct mw_dovecot_site *site, enum mw_finding_id id, enum mw_finding_severity severity,
			const char *setting, const char *what, const char *why, struct mw_fix fix)
{
	const struct mw_dovecot_source *source = mw_dovecot_source_last(&site->sources, setting);

	mw_findings_add(site->findings, (struct mw_finding){
		.id = id, .severity = severity, .file = source != NULL ? source->file : site->file,
		.line = source != NULL ? source->line : 0, .setting = setting, .what = what, .why = why, .fix = fix });
}

const char *mw_dovecot_lines(const struct mw_dovecot_site *site, struct mw_str text)
{
	char memory[2048];
	struct mw_buf out = MW_BUF_OVER(memory);
	struct mw_str line;

	while (mw_str_split(&text, '\n', &line)) {
		if (!mw_str_empty(line) && line.ptr[0] != '#')
			mw_buf_printf(&out, "%s%.*s", out.used > 0 ? "\n" : "", MW_STR_ARG(line));
	}
	return mw_arena_text(site->arena, mw_buf_str(&out));
}

static const char *indented(const struct mw_dovecot_site *site, struct mw_str text)
{
	const char *made = "";
	struct mw_str line;

	while (mw_str_split(&text, '\n', &line))
		made = mw_arena_textf(site->arena, "%s  %.*s\n", made, MW_STR_ARG(line));
	return made;
}

const char *mw_dovecot_within(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
			      const char *lines)
{
	for (; filter != NULL && filter->parent != NULL; filter = filter->parent)
		lines = mw_arena_textf(site->arena, "%.*s %.*s {\n%s}", MW_STR_ARG(filter->key), MW_STR_ARG(filter->value),
				       indented(site, mw_str(lines)));
	return lines;
}

struct mw_fix mw_fix_dovecot(const struct mw_dovecot_site *site, const struct mw_dovecot_node *filter,
	const char *lines)
{
	return mw_fix_lines(MW_FIX_END, site->file, 0, mw_dovecot_within(site, filter, lines));
}

/* --- modules */

static bool has_file(const char *path)
{
	return access(path, R_OK) == 0;
}

struct mw_dovecot_modules mw_dovecot_modules_of(const struct mw_dovecot_site *site)
{
	const char *folder = mw_arena_text(site->arena, mw_dovecot_value(site->root, "login_plugin_dir"));
	const char *mail = mw_arena_text(site->arena, mw_dovecot_value(site->root, "mail_plugin_dir"));
	const char *beside = mw_arena_textf(site->arena, "%s/../auth/" AUTH_MODULE, folder);
	struct mw_dovecot_modules modules = { .login = mw_arena_textf(site->arena, "%s/" LOGIN_MODULE, folder),
					      .auth = mw_arena_textf(site->arena, "%s/auth/" AUTH_MODULE, mail) };

	modules.has_login = has_file(modules.login);
	modules.has_auth = has_file(modules.auth);
	if (!modules.has_auth && has_file(beside)) {
		modules.auth = beside;
		modules.has_auth = true;
	}
	return modules;
}

static void check_modules(const struct mw_dovecot_site *site)
{
	struct mw_dovecot_modules modules = mw_dovecot_modules_of(site);

	if (!modules.has_login)
		mw_dovecot_finding(site, MW_FOUND_NO_LOGIN_MODULE, MW_FINDING_ERROR, "login_plugin_dir",
			mw_arena_textf(site->arena, "%s is not there", modules.login),
			"with the plugin in login_plugins no login process starts: nobody can log in",
			mw_fix_words("install Mailwicket's Dovecot modules, or set login_plugin_dir to where they are"));
	if (!modules.has_auth)
		mw_dovecot_finding(site, MW_FOUND_NO_AUTH_MODULE, MW_FINDING_ERROR, "passdb",
			mw_arena_textf(site->arena, "%s is not there", modules.auth),
			"the auth process does not know the driver mailwicket and does not start: nobody can log in",
			mw_fix_words("install Mailwicket's Dovecot modules"));
}

/* --- environment, Postfix's socket */

static struct mw_str environment(const struct mw_dovecot_site *site)
{
	struct mw_str rest = mw_dovecot_value(site->root, "import_environment"), word;
	struct mw_str prefix = MW_STR("MAILWICKET_CONFIG=");
	const struct mw_dovecot_node *block = mw_dovecot_next(site->root, NULL, "import_environment");
	struct mw_str found = MW_STR_EMPTY;

	if (block != NULL && block->is_section)
		return mw_dovecot_value(block, "MAILWICKET_CONFIG");
	while (mw_str_split(&rest, ' ', &word)) {
		if (mw_str_starts_with(word, prefix))
			found = mw_str_tail(word, prefix.len);
	}
	return found;
}

bool mw_dovecot_is_told(const struct mw_dovecot_site *site)
{
	const char *path = mw_wiring_policy_path(site->policy, site->arena);
	struct mw_str told = environment(site);

	return mw_str_equal(told, path != NULL ? mw_str(path) : MW_STR_EMPTY) ||
	       mw_str_equal(told, mw_str(path != NULL ? path : site->policy->file));
}

static void check_environment(const struct mw_dovecot_site *site)
{
	const char *path = mw_wiring_policy_path(site->policy, site->arena);
	struct mw_str told = environment(site);

	if (mw_dovecot_is_told(site))
		return;
	if (mw_str_empty(told))
		told = MW_STR("the usual policy file");
	mw_dovecot_finding(site, MW_FOUND_OTHER_POLICY, MW_FINDING_ERROR, "import_environment",
		mw_arena_textf(site->arena, "Dovecot's processes read %.*s", MW_STR_ARG(told)),
		"that is not the policy that is checked here",
		mw_fix_dovecot(site, NULL, mw_arena_textf(site->arena, site->generation == MW_DOVECOT_2_3
			   ? "import_environment = $import_environment MAILWICKET_CONFIG=%s"
			   : "import_environment {\n  MAILWICKET_CONFIG = %s\n}", path != NULL ? path : site->policy->file)));
}

static void check_mode(const struct mw_dovecot_site *site, const struct mw_dovecot_node *listener, struct mw_fix fix)
{
	const char *place = mw_arena_textf(site->arena, "service auth/unix_listener %.*s", MW_STR_ARG(listener->value));
	bool everybody, may = mw_dovecot_sasl_may(site, listener, &everybody);

	if (everybody)
		mw_dovecot_finding(site, MW_FOUND_OPEN_AUTH, MW_FINDING_WARNING, place,
			"everybody on this machine may connect to the auth service",
			"any user can try passwords there without a delay that holds him up", fix);
	else if (!may)
		mw_dovecot_finding(site, MW_FOUND_CLOSED_AUTH, MW_FINDING_ERROR, place,
			"Postfix may not connect to the auth service", "nobody can log in to submit mail", fix);
}

static const char *asked_by(const struct mw_dovecot_site *site, const struct mw_sasl_socket *socket)
{
	if (socket->listener[0] == '\0')
		return "Postfix asks there for SMTP AUTH: nobody can log in to submit mail";
	return mw_arena_textf(site->arena, "%s of Postfix asks there for SMTP AUTH: nobody can log in to submit mail",
			      socket->listener);
}

const char *mw_dovecot_address_name(enum mw_dovecot_generation generation)
{
	return generation == MW_DOVECOT_2_3 ? "address" : "listen";
}

static void check_sasl_port(const struct mw_dovecot_site *site, const struct mw_sasl_socket *socket)
{
	if (socket->port == 0 ||
	    mw_dovecot_sasl_has_port(site, mw_str(mw_arena_textf(site->arena, "%u", socket->port))))
		return;
	mw_dovecot_finding(site, MW_FOUND_NO_AUTH_PORT, MW_FINDING_WARNING, "service auth",
		mw_arena_textf(site->arena, "there is no listener for port %u", socket->port),
		mw_arena_textf(site->arena, "%s, unless another Dovecot does", asked_by(site, socket)),
		mw_fix_dovecot(site, NULL, mw_arena_textf(site->arena,
			"service auth {\n  inet_listener postfix {\n    %s = 127.0.0.1\n    port = %u\n  }\n}",
			mw_dovecot_address_name(site->generation), socket->port)));
}

void mw_check_dovecot_sasl(const struct mw_dovecot_site *site, const struct mw_sasl_socket *socket)
{
	char text[1024];
	struct mw_buf out = MW_BUF_OVER(text);
	const struct mw_dovecot_node *listener;
	struct mw_fix fix;

	if (socket->path == NULL) {
		check_sasl_port(site, socket);
		return;
	}
	mw_show_dovecot_sasl(socket->path, &out);
	fix = mw_fix_dovecot(site, NULL, mw_dovecot_lines(site, mw_buf_str(&out)));
	listener = mw_dovecot_sasl_listener(site, socket->path);
	if (listener != NULL)
		check_mode(site, listener, fix);
	else
		mw_dovecot_finding(site, MW_FOUND_NO_AUTH_LISTENER, MW_FINDING_ERROR, "service auth",
			mw_arena_textf(site->arena, "there is no listener %s", socket->path), asked_by(site, socket), fix);
}

bool mw_dovecot_logs_logins(const struct mw_dovecot_site *site)
{
	static const char *const settings[] = { "auth_verbose", "auth_debug", "auth_debug_passwords" };

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (mw_str_equal_nocase(mw_dovecot_value(site->root, settings[i]), MW_STR("yes")))
			return true;
	return false;
}

/* Not a matter of the policy: what `mailwicket why` can tell. */
static void check_log(const struct mw_dovecot_site *site)
{
	if (!mw_dovecot_logs_logins(site))
		mw_dovecot_finding(site, MW_FOUND_NO_AUTH_LOG, MW_FINDING_NOTE, "auth_verbose",
			"the log does not show why a login failed",
			"`mailwicket why` cannot tell a wrong password from a name that nobody has",
			mw_fix_dovecot(site, NULL, "auth_verbose = yes"));
}

int mw_check_dovecot(const struct mw_policy *policy, const char *config, const char *named,
		     const struct mw_sasl_sockets *sockets,
		     struct mw_findings *findings)
{
	struct mw_dovecot_site site;
	int status = mw_dovecot_site_load(&site, policy, config, named, mw_findings_arena(findings));

	if (status != EX_OK)
		return status;
	site.findings = findings;
	if (named != NULL)
		site.file = named;
	mw_check_dovecot_filters(&site);
	check_modules(&site);
	mw_check_dovecot_certificates(&site, config);
	mw_check_dovecot_passdbs(&site);
	mw_check_dovecot_userdbs(&site);
	mw_check_dovecot_trust(&site);
	check_environment(&site);
	check_log(&site);
	for (size_t i = 0; i < sockets->count && mw_wiring_sasl(policy); i++)
		mw_check_dovecot_sasl(&site, &sockets->items[i]);
	mw_dovecot_memory_check(&site);
	mw_check_dovecot_delivery(&site);
	mw_check_dovecot_network(&site);
	return EX_OK;
}
