/* SPDX-License-Identifier: MIT */
#include "servers/dovecot_memory.h"

#include "directory/directory.h"

#define MEGABYTE ((uint64_t)1 << 20)
#define BESIDE (256 * MEGABYTE)   /* written for the process itself: libraries, other passdbs, auth_cache_size */
#define AT_LEAST (64 * MEGABYTE)  /* needed for that */
#define STEP (64 * MEGABYTE)      /* what is written changes with the directory, but not with each user */
#define DEFAULT_LIMIT (256 * MEGABYTE)

static uint64_t published(const struct mw_policy *policy)
{
	return mw_directory_published_octets(policy->directory.path.ptr);
}

uint64_t mw_dovecot_memory_wanted(const struct mw_policy *policy)
{
	uint64_t octets = published(policy);

	return (2 * (octets + octets / 2) + BESIDE + STEP - 1) / STEP * STEP;
}

/* False: the setting is not there, or names another one. */
static bool read_limit(struct mw_str text, uint64_t *limit_r)
{
	if (mw_str_equal(text, MW_STR("unlimited"))) {
		*limit_r = MW_UNLIMITED;
		return true;
	}
	return mw_dovecot_size_parse(text, limit_r);
}

static const struct mw_dovecot_node *service_auth(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_node *service = NULL;

	while ((service = mw_dovecot_next(site->root, service, "service")) != NULL) {
		if (mw_str_equal(service->value, MW_STR("auth")))
			return service;
	}
	return NULL;
}

static uint64_t default_limit(const struct mw_dovecot_site *site)
{
	uint64_t limit = DEFAULT_LIMIT;

	/* In 2.4 what holds for every service; as long as it is not set, doveconf prints 0. */
	if (read_limit(mw_dovecot_value(site->root, "service_vsz_limit"), &limit) && limit != 0)
		return limit;
	if (!read_limit(mw_dovecot_value(site->root, "default_vsz_limit"), &limit))
		return DEFAULT_LIMIT;
	return limit == 0 ? MW_UNLIMITED : limit;
}

uint64_t mw_dovecot_memory_limit(const struct mw_dovecot_site *site)
{
	const struct mw_dovecot_node *service = service_auth(site);
	uint64_t limit;

	if (service == NULL || (!read_limit(mw_dovecot_value(service, "vsz_limit"), &limit) &&
				!read_limit(mw_dovecot_value(service, "service_vsz_limit"), &limit)))
		return default_limit(site);
	if (site->generation == MW_DOVECOT_2_4)
		return limit == 0 ? default_limit(site) : limit;
	/* 2.3: the largest number stands for the default, and 0 for no limit. */
	return limit == UINT64_MAX ? default_limit(site) : limit == 0 ? MW_UNLIMITED : limit;
}

void mw_dovecot_memory_print(uint64_t octets, enum mw_dovecot_generation generation, struct mw_buf *out)
{
	mw_buf_add_text(out, "# the auth process maps the directory, and two of them while a new one is taken over\n"
			     "service auth {\n  vsz_limit = ");
	if (octets == MW_UNLIMITED)
		mw_buf_add_text(out, generation == MW_DOVECOT_2_3 ? "0" : "unlimited");
	else if (octets % MEGABYTE == 0)
		mw_buf_printf(out, "%llu M", (unsigned long long)(octets / MEGABYTE));
	else
		mw_buf_printf(out, "%llu B", (unsigned long long)octets);
	mw_buf_add_text(out, "\n}\n");
}

void mw_dovecot_memory_check(const struct mw_dovecot_site *site)
{
	uint64_t octets = published(site->policy), limit = mw_dovecot_memory_limit(site);
	bool holds_two = limit >= 2 * octets + AT_LEAST;
	struct mw_finding finding = {
		.id = MW_FOUND_AUTH_MEMORY,
		.severity = holds_two ? MW_FINDING_WARNING : MW_FINDING_ERROR,
		.file = site->file,
		.setting = "service auth/vsz_limit",
		.why = holds_two ? "when it has grown by half, a new one will not reach Dovecot: the old one will stay in use"
				 : "a new one does not reach Dovecot: the old one stays in use, or nobody can log in",
	};

	if (limit >= 2 * (octets + octets / 2) + AT_LEAST)
		return;
	finding.what = mw_arena_textf(site->arena,
				      "the auth process may have %llu MB, and must hold the directory, %llu MB, twice",
				      (unsigned long long)(limit / MEGABYTE),
				      (unsigned long long)((octets + MEGABYTE - 1) / MEGABYTE));
	finding.fix = mw_fix_dovecot(site, NULL, mw_arena_textf(site->arena, "service auth {\n  vsz_limit = %llu M\n}",
				       (unsigned long long)(mw_dovecot_memory_wanted(site->policy) / MEGABYTE)));
	mw_findings_add(site->findings, finding);
}
