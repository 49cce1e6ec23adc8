/* SPDX-License-Identifier: MIT */
#include "policy/build.h"

#include <stdlib.h>

#include "mail/domain.h"
#include "policy/choose.h"

static void report(struct mw_reader *reader, const struct mw_accepted_domain *domain, const char *expected,
		   const char *what, struct mw_str name, const char *why, unsigned line)
{
	mw_reader_error(reader, (struct mw_spot){ domain->local_names_place.line, 0 }, expected,
			"local_names: \"%.*s\" %s%s %u", MW_STR_ARG(name), what, why, line);
}

static int compare(const void *a, const void *b)
{
	const struct mw_local_name *x = a, *y = b;
	int order = mw_str_compare(x->name, y->name);

	return order != 0 ? order : (x->domain->place.line > y->domain->place.line) -
					    (x->domain->place.line < y->domain->place.line);
}

/* A local name must belong to one accepted domain. */
static void refuse_doubtful(struct mw_reader *reader, const struct mw_local_name *names, size_t count)
{
	for (size_t i = 0; i < count && !mw_reader_gave_up(reader); i++) {
		const struct mw_accepted_domain *same = mw_choose_accepted_domain(reader->policy, names[i].name);

		if (same != NULL && !same->subdomains && mw_str_equal(same->domain, names[i].name))
			report(reader, names[i].domain, "the name in one of the two places", "is an accepted domain itself,",
			       names[i].name, " in line", same->place.line);
		if (i > 0 && mw_str_equal(names[i - 1].name, names[i].name))
			report(reader, names[i].domain, "the name beside one domain, once", "is written twice,", names[i].name,
			       " first in line", names[i - 1].domain->local_names_place.line);
	}
}

static void refuse_on_wildcard(struct mw_reader *reader, const struct mw_accepted_domain *domain)
{
	if (domain->subdomains && domain->local_names.count > 0)
		mw_reader_error(reader, (struct mw_spot){ domain->local_names_place.line, 0 },
				"local_names beside one domain: accepted_domain \"example.org\"",
				"local_names: \"*.%.*s\" is many domains, and a name stands for the mailboxes of one",
				MW_STR_ARG(domain->domain));
}

/* The name that Postfix's case folding makes of `name`, when it differs. */
static void add_folded(struct mw_reader *reader, struct mw_local_name *names, size_t *count, struct mw_str name,
		       const struct mw_accepted_domain *domain)
{
	char memory[MW_DOMAIN_MAX + 1];
	size_t len;

	if (!mw_domain_unicode_case_folded(name, memory, &len) || mw_str_equal(name, (struct mw_str){ memory, len }))
		return;
	names[(*count)++] = (struct mw_local_name){ mw_arena_copy(reader->arena, (struct mw_str){ memory, len }), domain };
}

static void build_folded_names(struct mw_reader *reader)
{
	struct mw_policy *policy = reader->policy;
	size_t most = policy->accepted_domain_count + policy->local_name_count, count = 0;
	struct mw_local_name *names = most > 0 ? MW_ARENA_ARRAY(reader->arena, struct mw_local_name, most) : NULL;

	if (names == NULL)
		return;
	for (size_t i = 0; i < policy->accepted_domain_count; i++)
		if (!policy->accepted_domains[i].subdomains)
			add_folded(reader, names, &count, policy->accepted_domains[i].domain, &policy->accepted_domains[i]);
	for (size_t i = 0; i < policy->local_name_count; i++)
		add_folded(reader, names, &count, policy->local_names[i].name, policy->local_names[i].domain);
	policy->folded_names = names;
	policy->folded_name_count = count;
}

static void build_names(struct mw_reader *reader)
{
	struct mw_policy *policy = reader->policy;
	struct mw_local_name *names;
	size_t count = 0;

	for (size_t i = 0; i < policy->accepted_domain_count; i++) {
		refuse_on_wildcard(reader, &policy->accepted_domains[i]);
		count += policy->accepted_domains[i].local_names.count;
	}
	if (count == 0)
		return;
	names = MW_ARENA_ARRAY(reader->arena, struct mw_local_name, count);
	if (names == NULL)
		return;
	count = 0;
	for (size_t i = 0; i < policy->accepted_domain_count; i++) {
		const struct mw_accepted_domain *domain = &policy->accepted_domains[i];

		for (size_t k = 0; k < domain->local_names.count; k++)
			names[count++] = (struct mw_local_name){ domain->local_names.items[k], domain };
	}
	qsort(names, count, sizeof(*names), compare);
	refuse_doubtful(reader, names, count);
	policy->local_names = names;
	policy->local_name_count = count;
}

void mw_build_local_names(struct mw_reader *reader)
{
	build_names(reader);
	build_folded_names(reader);
}
