/* SPDX-License-Identifier: MIT */
#include "policy/build.h"

#include <stdlib.h>

#include "mail/domain.h"

#define TITLE_MAX 128

static size_t count_sections(const struct mw_statement *statements, const char *name)
{
	size_t count = 0;

	for (; statements != NULL; statements = statements->next)
		if (statements->is_section && mw_str_equal(statements->name, mw_str(name)))
			count++;
	return count;
}

/* The next section of this name from `statement` on, or NULL. */
static const struct mw_statement *next_section(const struct mw_statement *statement, const char *name)
{
	while (statement != NULL && !(statement->is_section && mw_str_equal(statement->name, mw_str(name))))
		statement = statement->next;
	return statement;
}

static struct mw_str read_title(struct mw_reader *reader, const struct mw_statement *statement)
{
	if (!statement->has_title || mw_str_empty(statement->title)) {
		mw_reader_error(reader, statement->spot, "NAME \"TITLE\" { ... }", "%.*s has no title",
				MW_STR_ARG(statement->name));
	} else if (statement->title.len > TITLE_MAX) {
		mw_reader_error(reader, statement->title_spot, "at most 128 octets", "the title is too long");
	} else {
		return mw_arena_copy(reader->arena, statement->title);
	}
	return MW_STR_EMPTY;
}

/* Titles of one kind of section must differ; `first` is the first section of the file. */
static void refuse_same_title(struct mw_reader *reader, const struct mw_statement *first,
			      const struct mw_statement *statement, const char *name)
{
	const struct mw_statement *other;

	for (other = next_section(first, name); other != NULL && other != statement;
	     other = next_section(other->next, name)) {
		if (!mw_str_empty(statement->title) && mw_str_equal_nocase(other->title, statement->title)) {
			mw_reader_error(reader, statement->title_spot, "another title",
					"%s \"%.*s\" is written twice, first in line %u", name,
					MW_STR_ARG(mw_str_head(statement->title, TITLE_MAX)), other->spot.line);
			return;
		}
	}
}

static bool too_many(struct mw_reader *reader, const struct mw_statement *statements, const char *name, size_t count)
{
	if (count <= MW_POLICY_RULES_MAX)
		return false;
	for (size_t i = 0; i < MW_POLICY_RULES_MAX; i++)
		statements = next_section(statements, name)->next;
	mw_reader_error(reader, next_section(statements, name)->spot, "at most 1000", "too many %s sections: %zu", name,
			count);
	return true;
}

static void finish_protocols(struct mw_login_rule *rule)
{
	for (int i = 0; i < MW_PROTOCOL_COUNT; i++)
		rule->names_protocols |= rule->protocols[i];
	for (int i = 0; i < MW_PROTOCOL_COUNT && !rule->names_protocols; i++)
		rule->protocols[i] = true;
	for (int i = 0; i < MW_PROTOCOL_COUNT; i++)
		rule->protocols[i] |= !rule->names_protocols;
}

static void build_login_rules(struct mw_reader *reader, const struct mw_statement *statements)
{
	const struct mw_statement *statement = statements;
	size_t count = count_sections(statements, "login");
	struct mw_login_rule *rules, *rule;

	if (too_many(reader, statements, "login", count))
		return;
	rule = rules = MW_ARENA_ARRAY(reader->arena, struct mw_login_rule, count + 1);
	if (rules == NULL)
		return;
	for (; (statement = next_section(statement, "login")) != NULL && !mw_reader_gave_up(reader);
	     statement = statement->next, rule++) {
		struct mw_written *written;

		rule->name = read_title(reader, statement);
		rule->place = mw_build_place(reader, statement);
		refuse_same_title(reader, statements, statement, "login");
		mw_build_settings(reader, MW_SECTION_LOGIN, statement->children, rule, &written);
		finish_protocols(rule);
		if (written != NULL)
			mw_validate_login_rule(reader, rule, written);
	}
	mw_builtin_login_rule(reader, rule);
	reader->policy->login_rules = rules;
	reader->policy->login_rule_count = (size_t)(rule - rules) + 1;
}

static void build_connectors(struct mw_reader *reader, const struct mw_statement *statements)
{
	const struct mw_statement *statement = statements;
	size_t count = count_sections(statements, "connector");
	struct mw_connector *connectors, *connector;

	if (too_many(reader, statements, "connector", count))
		return;
	connector = connectors = MW_ARENA_ARRAY(reader->arena, struct mw_connector, count);
	if (connectors == NULL)
		return;
	for (; (statement = next_section(statement, "connector")) != NULL && !mw_reader_gave_up(reader);
	     statement = statement->next, connector++) {
		struct mw_written *written;

		connector->name = read_title(reader, statement);
		connector->place = mw_build_place(reader, statement);
		refuse_same_title(reader, statements, statement, "connector");
		mw_build_settings(reader, MW_SECTION_CONNECTOR, statement->children, connector, &written);
		mw_default_header_from(connector);
		if (written != NULL)
			mw_validate_connector(reader, connector, written);
	}
	reader->policy->connectors = connectors;
	reader->policy->connector_count = (size_t)(connector - connectors);
}

static void read_domain_title(struct mw_reader *reader, const struct mw_statement *statement,
			      struct mw_accepted_domain *domain)
{
	char canonical[MW_DOMAIN_MAX + 1], memory[400];
	struct mw_buf quoted = MW_BUF_OVER(memory);
	struct mw_str title = statement->title;
	size_t len;

	if (mw_str_empty(read_title(reader, statement)))
		return;
	domain->subdomains = mw_str_starts_with(title, MW_STR("*."));
	if (domain->subdomains)
		title = mw_str_tail(title, 2);
	if (mw_domain_canonical(title, canonical, &len) && !(domain->subdomains && canonical[0] == '[')) {
		domain->domain = mw_arena_copy(reader->arena, (struct mw_str){ canonical, len });
		return;
	}
	mw_quote(statement->title, &quoted);
	mw_reader_error(reader, statement->title_spot, "example.org, or *.example.org for every domain below it",
			"accepted_domain: %s is not a domain", quoted.data);
}

static int compare_domains(const void *a, const void *b)
{
	const struct mw_accepted_domain *x = a, *y = b;
	int order = mw_str_compare(x->domain, y->domain);

	if (order == 0)
		order = (int)x->subdomains - (int)y->subdomains;
	return order != 0 ? order : (x->place.line > y->place.line) - (x->place.line < y->place.line);
}

static void refuse_same_domains(struct mw_reader *reader, const struct mw_accepted_domain *domains, size_t count)
{
	for (size_t i = 1; i < count && !mw_reader_gave_up(reader); i++) {
		const struct mw_accepted_domain *a = &domains[i - 1], *b = &domains[i];

		if (!mw_str_empty(a->domain) && a->subdomains == b->subdomains && mw_str_equal(a->domain, b->domain))
			mw_reader_error(reader, (struct mw_spot){ b->place.line, 0 }, "one section a domain",
					"accepted_domain \"%s%.*s\" is written twice, first in line %u",
					b->subdomains ? "*." : "", MW_STR_ARG(b->domain), a->place.line);
	}
}

/* Sorted, so that a lookup among thousands stays short. */
static void build_accepted_domains(struct mw_reader *reader, const struct mw_statement *statements)
{
	const struct mw_statement *statement = statements;
	size_t count = count_sections(statements, "accepted_domain"), used = 0;
	struct mw_accepted_domain *domains = MW_ARENA_ARRAY(reader->arena, struct mw_accepted_domain, count + 1);

	if (domains == NULL)
		return;
	for (; (statement = next_section(statement, "accepted_domain")) != NULL && !mw_reader_gave_up(reader);
	     statement = statement->next, used++) {
		struct mw_written *written;

		domains[used].domain = MW_STR_EMPTY;
		domains[used].place = mw_build_place(reader, statement);
		read_domain_title(reader, statement, &domains[used]);
		mw_build_settings(reader, MW_SECTION_ACCEPTED_DOMAIN, statement->children, &domains[used], &written);
		domains[used].local_names_place = domains[used].place;
		if (written != NULL)
			domains[used].local_names_place.line = mw_written_at(written, MW_SECTION_ACCEPTED_DOMAIN, "local_names",
									     domains[used].place).line;
	}
	qsort(domains, used, sizeof(*domains), compare_domains);
	refuse_same_domains(reader, domains, used);
	reader->policy->accepted_domains = domains;
	reader->policy->accepted_domain_count = used;
	mw_build_local_names(reader);
}

static void build_sources(struct mw_reader *reader, const struct mw_statement *statements)
{
	const struct mw_statement *statement = statements;
	size_t count = count_sections(statements, "source");
	struct mw_source *sources, *source;

	if (too_many(reader, statements, "source", count))
		return;
	source = sources = MW_ARENA_ARRAY(reader->arena, struct mw_source, count + 1);
	if (sources == NULL)
		return;
	for (; (statement = next_section(statement, "source")) != NULL && !mw_reader_gave_up(reader);
	     statement = statement->next, source++) {
		struct mw_written *written;

		source->name = read_title(reader, statement);
		source->place = mw_build_place(reader, statement);
		source->path = MW_STR_EMPTY;
		refuse_same_title(reader, statements, statement, "source");
		mw_build_settings(reader, MW_SECTION_SOURCE, statement->children, source, &written);
		if (written != NULL)
			mw_validate_source(reader, source, written);
	}
	reader->policy->directory.sources = sources;
	reader->policy->directory.source_count = (size_t)(source - sources);
}

/* Sections that may appear once; their settings are the policy's own. */
static struct mw_written *build_single(struct mw_reader *reader, const struct mw_statement *statements,
				       enum mw_section_kind kind)
{
	const char *name = mw_sections[kind].name;
	const struct mw_statement *first = next_section(statements, name), *other;
	struct mw_written *written;

	if (first != NULL && first->has_title)
		mw_reader_error(reader, first->title_spot, "{", "%s takes no title", name);
	mw_build_settings(reader, kind, first == NULL ? NULL : first->children, reader->policy, &written);
	other = first == NULL ? NULL : next_section(first->next, name);
	if (other != NULL)
		mw_reader_error(reader, other->spot, "one section of it", "%s is written twice, first in line %u", name,
				first->spot.line);
	if (kind == MW_SECTION_DIRECTORY)
		build_sources(reader, first == NULL ? NULL : first->children);
	return written;
}

static void build_service_sections(struct mw_reader *reader, const struct mw_statement *statements,
				   const struct mw_written *milter)
{
	struct mw_written *written;

	const struct mw_statement *service = next_section(statements, mw_sections[MW_SECTION_POLICY_SERVICE].name);

	reader->policy->policy_service.place = (struct mw_place){ reader->policy->file, service != NULL ? service->spot.line : 0 };
	written = build_single(reader, statements, MW_SECTION_POLICY_SERVICE);
	if (written != NULL)
		mw_validate_policy_service(reader, written, milter);
	build_single(reader, statements, MW_SECTION_DIRECTORY);
	build_single(reader, statements, MW_SECTION_COUNTERS);
	build_single(reader, statements, MW_SECTION_LOG);
	written = build_single(reader, statements, MW_SECTION_METRICS);
	if (written != NULL && !mw_str_empty(reader->policy->metrics_listen))
		mw_reader_warn(reader,
			       mw_written_at(written, MW_SECTION_METRICS, "listen", (struct mw_place){ "", 0 }),
			       "metrics: parsed but not served by this version");
}

void mw_build_policy(struct mw_reader *reader, const struct mw_statement *statements)
{
	struct mw_written *written, *milter;

	mw_build_settings(reader, MW_SECTION_TOP, statements, reader->policy, &written);
	build_accepted_domains(reader, statements);
	if (written != NULL)
		mw_validate_unlisted_logins(reader, written);
	build_login_rules(reader, statements);
	milter = build_single(reader, statements, MW_SECTION_MILTER);
	if (next_section(statements, "connector") != NULL)
		build_connectors(reader, statements);
	else
		mw_builtin_connectors(reader);
	build_service_sections(reader, statements, milter);
}
