/* SPDX-License-Identifier: MIT */
/* Whether Dovecot starts with its configuration as it is: `check` tries it where nobody sees it, as `setup` tries what
   it changes. */
#include "servers/check/gate.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "servers/check/dovecot.h"
#include "servers/files.h"
#include "servers/guard.h"
#include "servers/trial.h"

/* What is found already, and why it would not start. */
static bool is_found_already(const struct mw_findings *findings)
{
	static const enum mw_finding_id faults[] = { MW_FOUND_NO_LOGIN_MODULE, MW_FOUND_NO_AUTH_MODULE,
						     MW_FOUND_DOVECOT_CERTIFICATE, MW_FOUND_LAST_PASSDB };

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (mw_findings_have(findings, faults[i]))
			return true;
	return false;
}

static void add(const struct mw_dovecot_site *site, enum mw_finding_severity severity, const char *what,
		const char *detail, const char *why, struct mw_fix fix)
{
	mw_findings_add(site->findings, (struct mw_finding){ .id = MW_FOUND_DOVECOT_START, .severity = severity,
							     .file = site->file, .what = what, .detail = detail, .why = why,
							     .fix = fix });
}

/* The trial's file stands beside a copy of the configuration, so nothing is written into its folder. */
static void try_start(const struct mw_dovecot_site *site, struct mw_guard *guard)
{
	struct mw_changes none = { .arena = site->arena };
	const char *stage = mw_arena_textf(site->arena, "%s/dovecot", guard->folder), *why = "";
	const char *name = strrchr(site->file, '/');
	const char *where = name == NULL ? "." : mw_arena_textf(site->arena, "%.*s/", (int)(name - site->file), site->file);
	char folder[PATH_MAX];

	if (realpath(where, folder) == NULL || !mw_changes_stage(&none, folder, stage))
		return;
	name = mw_arena_textf(site->arena, "%s/%s", stage, name == NULL ? site->file : name + 1);
	switch (mw_dovecot_trial(site, name, guard, &why)) {
	case MW_TRIAL_STARTS:
		return;
	case MW_TRIAL_FAILS:
		add(site, MW_FINDING_ERROR, "Dovecot does not start with it", why,
		    "after a restart or a reload nobody can log in at Dovecot, nor at Postfix, which asks Dovecot",
		    mw_fix_words("change what Dovecot's message names"));
		return;
	case MW_TRIAL_SILENT:
		add(site, MW_FINDING_BEYOND, "whether Dovecot starts with it is not known", why, "", MW_NO_FIX);
		return;
	case MW_TRIAL_NOT_TRIED:
		add(site, MW_FINDING_BEYOND, "whether Dovecot starts with it is not known: to try it takes namespaces of its own, "
		    "and root has none here", "", "", MW_NO_FIX);
		return;
	}
}

void mw_check_start(const struct mw_policy *policy, const struct mw_servers *servers, struct mw_findings *findings)
{
	struct mw_dovecot_site site;
	struct mw_guard guard;

	if (!servers->dovecot || is_found_already(findings) ||
	    !mw_dovecot_site_try(&site, policy, servers->dovecot_config, servers->dovecot_named, mw_findings_arena(findings)))
		return;
	site.findings = findings;
	if (geteuid() != 0) {
		add(&site, MW_FINDING_BEYOND, "whether Dovecot starts with it is not known: only root can try it", "", "", MW_NO_FIX);
		return;
	}
	if (mw_guard_start(&guard))
		try_start(&site, &guard);
	mw_guard_end(&guard);
}
