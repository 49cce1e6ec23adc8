/* SPDX-License-Identifier: MIT */
#include "finding.h"

#include <stdlib.h>

#include "base/arena.h"

struct item {
	struct mw_finding finding;
	struct item *next;
};

struct mw_findings {
	struct mw_arena *arena;
	struct item *first[MW_FINDING_BEYOND + 1], **last[MW_FINDING_BEYOND + 1];
	unsigned counts[MW_FINDING_BEYOND + 1];
};

struct mw_findings *mw_findings_new(void)
{
	struct mw_findings *findings = calloc(1, sizeof(*findings));

	if (findings == NULL)
		return NULL;
	findings->arena = mw_arena_new(0);
	for (int i = 0; i <= MW_FINDING_BEYOND; i++)
		findings->last[i] = &findings->first[i];
	if (findings->arena != NULL)
		return findings;
	free(findings);
	return NULL;
}

void mw_findings_free(struct mw_findings *findings)
{
	if (findings == NULL)
		return;
	mw_arena_free(findings->arena);
	free(findings);
}

struct mw_arena *mw_findings_arena(struct mw_findings *findings)
{
	return findings->arena;
}

static bool is_same(const struct mw_finding *a, const struct mw_finding *b)
{
	return a->line == b->line && strcmp(a->file, b->file) == 0 && strcmp(a->setting, b->setting) == 0 &&
	       strcmp(a->what, b->what) == 0 && strcmp(a->detail, b->detail) == 0;
}

static const char *text_of(const char *text)
{
	return text != NULL ? text : "";
}

void mw_findings_add(struct mw_findings *findings, struct mw_finding finding)
{
	struct item *item;

	finding.file = text_of(finding.file);
	finding.setting = text_of(finding.setting);
	finding.detail = text_of(finding.detail);
	finding.why = text_of(finding.why);
	for (item = findings->first[finding.severity]; item != NULL; item = item->next) {
		if (is_same(&item->finding, &finding))
			return;
	}
	item = MW_ARENA_NEW(findings->arena, struct item);
	findings->counts[finding.severity]++;
	if (item == NULL)
		return;
	item->finding = finding;
	*findings->last[finding.severity] = item;
	findings->last[finding.severity] = &item->next;
}

unsigned mw_findings_count(const struct mw_findings *findings, enum mw_finding_severity severity)
{
	return findings->counts[severity];
}

static bool is_beside_setup(enum mw_finding_id id)
{
	return id == MW_FOUND_SUBMISSION_RELAY || id == MW_FOUND_CLEARTEXT_REFUSED ||
	       id == MW_FOUND_DOVECOT_REQUIRES_TLS || id == MW_FOUND_AUTH_OVER_TLS_ONLY;
}

unsigned mw_findings_laxer(const struct mw_findings *findings)
{
	unsigned count = 0;

	for (const struct item *item = findings->first[MW_FINDING_ERROR]; item != NULL; item = item->next)
		count += !is_beside_setup(item->finding.id);
	return count;
}

size_t mw_findings_kept(const struct mw_findings *findings)
{
	size_t count = 0;

	for (int i = 0; i <= MW_FINDING_BEYOND; i++)
		for (const struct item *item = findings->first[i]; item != NULL; item = item->next)
			count++;
	return count;
}

const struct mw_finding *mw_findings_get(const struct mw_findings *findings, size_t index)
{
	for (int i = 0; i <= MW_FINDING_BEYOND; i++) {
		for (const struct item *item = findings->first[i]; item != NULL; item = item->next) {
			if (index-- == 0)
				return &item->finding;
		}
	}
	return NULL;
}

bool mw_findings_have(const struct mw_findings *findings, enum mw_finding_id id)
{
	const struct mw_finding *finding;

	for (size_t i = 0; (finding = mw_findings_get(findings, i)) != NULL; i++)
		if (finding->id == id)
			return true;
	return false;
}

bool mw_findings_complete(const struct mw_findings *findings)
{
	return !mw_arena_failed(findings->arena);
}

/* --- fixes */

struct mw_fix mw_fix_words(const char *text)
{
	return (struct mw_fix){ .how = MW_FIX_WORDS, .text = text };
}

struct mw_fix mw_fix_run(const char *command)
{
	return (struct mw_fix){ .how = MW_FIX_RUN, .text = command };
}

struct mw_fix mw_fix_lines(enum mw_fix_how how, const char *file, unsigned line, const char *text)
{
	return (struct mw_fix){ .how = how, .file = file, .line = line, .text = text };
}

struct mw_fix mw_fix_or(struct mw_fix fix, const char *alternative)
{
	fix.alternative = alternative;
	return fix;
}
