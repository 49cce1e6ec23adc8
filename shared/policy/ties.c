/* SPDX-License-Identifier: MIT */
#include "policy/build.h"

#include <stdlib.h>

/* A bound for the work that a file may cause: some hundred milliseconds, far more than the rules of a real host
   need. */
#define TIE_STEPS_MAX 20000000ul
#define TIES_REPORTED 100

/* A login rule or a connector, as far as the choice between rules looks at it. */
struct rule {
	struct mw_str name;
	struct mw_place place;
	const struct mw_ranges *ranges;
	const struct mw_bindings *bindings;
	const bool *protocols; /* NULL for connectors */
	bool names_protocols;
};

/* One range of one rule; NULL: any client. */
struct entry {
	const struct rule *rule;
	const struct mw_range *range;
};

struct ties {
	struct mw_reader *reader;
	const char *section;
	struct entry *entries;
	size_t entry_count;
	unsigned long steps;
	struct { const struct rule *a, *b; } reported[TIES_REPORTED];
	unsigned reported_count;
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order;

	if (x->range == NULL || y->range == NULL) {
		order = (x->range == NULL) - (y->range == NULL);
	} else {
		order = (int)x->range->first.family - (int)y->range->first.family;
		if (order == 0)
			order = mw_range_compare_width(x->range, y->range);
		if (order == 0)
			order = memcmp(x->range->first.bytes, y->range->first.bytes, sizeof(x->range->first.bytes));
	}
	return order != 0 ? order : (x->rule > y->rule) - (x->rule < y->rule);
}

static bool share_protocol(const struct rule *a, const struct rule *b)
{
	if (a->protocols == NULL)
		return true;
	if (a->names_protocols != b->names_protocols)
		return false;
	for (int i = 0; i < MW_PROTOCOL_COUNT; i++)
		if (a->protocols[i] && b->protocols[i])
			return true;
	return false;
}

static bool share_binding(struct ties *ties, const struct rule *a, const struct rule *b)
{
	if (a->bindings->count == 0 || b->bindings->count == 0)
		return a->bindings->count == b->bindings->count;
	for (size_t i = 0; i < a->bindings->count; i++) {
		for (size_t j = 0; j < b->bindings->count; j++) {
			const struct mw_binding *x = &a->bindings->items[i], *y = &b->bindings->items[j];

			ties->steps++;
			if ((x->kind == MW_BINDING_ADDRESS) == (y->kind == MW_BINDING_ADDRESS) &&
			    mw_binding_overlaps(x, y))
				return true;
		}
	}
	return false;
}

/* Whether no range of the rule that holds the address is narrower than this one. */
static bool is_narrowest_at(struct ties *ties, const struct rule *rule, const struct mw_range *range,
			    const struct mw_ip *ip)
{
	for (size_t i = 0; i < rule->ranges->count; i++) {
		ties->steps++;
		if (mw_range_contains(&rule->ranges->items[i], ip) &&
		    mw_range_compare_width(&rule->ranges->items[i], range) < 0)
			return false;
	}
	return true;
}

static bool ties_at(struct ties *ties, const struct entry *a, const struct entry *b, const struct mw_ip *ip)
{
	return mw_range_contains(a->range, ip) && mw_range_contains(b->range, ip) &&
	       is_narrowest_at(ties, a->rule, a->range, ip) && is_narrowest_at(ties, b->rule, b->range, ip);
}

/* False at the last address of the family. */
static bool next_ip(struct mw_ip *ip)
{
	for (int i = ip->family == MW_FAMILY_IPV4 ? 3 : 15; i >= 0; i--)
		if (++ip->bytes[i] != 0)
			return true;
	return false;
}

static bool ties_behind_range_of(struct ties *ties, const struct entry *a, const struct entry *b,
				 const struct rule *rule)
{
	for (size_t i = 0; i < rule->ranges->count && ties->steps < TIE_STEPS_MAX; i++) {
		struct mw_ip ip = rule->ranges->items[i].last;

		ties->steps++;
		if (next_ip(&ip) && ties_at(ties, a, b, &ip))
			return true;
	}
	return false;
}

/* If anything of the common part is left without the narrower ranges, then its first address, or the one after a
   narrower range: no other address needs a look. */
static bool share_client(struct ties *ties, const struct entry *a, const struct entry *b)
{
	if (a->range == NULL)
		return true;
	return ties_at(ties, a, b, &a->range->first) || ties_at(ties, a, b, &b->range->first) ||
	       ties_behind_range_of(ties, a, b, a->rule) || ties_behind_range_of(ties, a, b, b->rule);
}

static void print_range(const struct mw_range *range, struct mw_buf *out)
{
	if (range == NULL)
		mw_buf_add_text(out, "any client");
	else
		mw_range_print(range, out);
}

static void report_tie(struct ties *ties, const struct entry *x, const struct entry *y)
{
	const struct entry *a = x->rule < y->rule ? x : y, *b = a == x ? y : x;
	char memory[128];
	struct mw_buf range = MW_BUF_OVER(memory);

	for (unsigned i = 0; i < ties->reported_count; i++)
		if (ties->reported[i].a == a->rule && ties->reported[i].b == b->rule)
			return;
	ties->reported[ties->reported_count].a = a->rule;
	ties->reported[ties->reported_count++].b = b->rule;
	print_range(b->range, &range);
	mw_reader_error(ties->reader, (struct mw_spot){ b->rule->place.line, 0 },
			"a narrower range, a narrower binding or other protocols in one of them",
			"%s \"%.*s\" and %s \"%.*s\" (%s:%u) match the same connections equally well (%s)",
			ties->section, MW_STR_ARG(b->rule->name), ties->section, MW_STR_ARG(a->rule->name),
			a->rule->place.file, a->rule->place.line, range.data);
}

static bool overlap_in_order(const struct entry *a, const struct entry *b)
{
	if (a->range == NULL || b->range == NULL)
		return a->range == b->range;
	return a->range->first.family == b->range->first.family && mw_range_compare_width(a->range, b->range) == 0 &&
	       mw_range_overlaps(a->range, b->range);
}

/* Ranges of one width that overlap stand together, since they are sorted by width and first address. */
static void find_ties(struct ties *ties)
{
	for (size_t i = 0; i < ties->entry_count; i++) {
		const struct entry *a = &ties->entries[i];

		for (size_t j = i + 1; j < ties->entry_count && overlap_in_order(a, &ties->entries[j]); j++) {
			const struct entry *b = &ties->entries[j];

			if (++ties->steps >= TIE_STEPS_MAX) {
				mw_reader_error(ties->reader, (struct mw_spot){ b->rule->place.line, 0 },
						"fewer or other ranges", "too many %s ranges overlap to be compared",
						ties->section);
				return;
			}
			if (a->rule != b->rule && share_protocol(a->rule, b->rule) &&
			    share_binding(ties, a->rule, b->rule) && share_client(ties, a, b))
				report_tie(ties, a, b);
			if (ties->reported_count == TIES_REPORTED)
				return;
		}
	}
}

static void check_rules(struct mw_reader *reader, const char *section, const struct rule *rules, size_t count)
{
	struct ties ties = { .reader = reader, .section = section };
	size_t most = 0;

	for (size_t i = 0; i < count; i++)
		most += rules[i].ranges->count + 1;
	ties.entries = MW_ARENA_ARRAY(reader->scratch, struct entry, most + 1);
	if (ties.entries == NULL)
		return;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < rules[i].ranges->count; j++)
			ties.entries[ties.entry_count++] = (struct entry){ &rules[i], &rules[i].ranges->items[j] };
		if (rules[i].ranges->count == 0)
			ties.entries[ties.entry_count++] = (struct entry){ &rules[i], NULL };
	}
	qsort(ties.entries, ties.entry_count, sizeof(*ties.entries), compare_entries);
	find_ties(&ties);
}

void mw_validate_ties(struct mw_reader *reader)
{
	const struct mw_policy *policy = reader->policy;
	struct rule *rules = MW_ARENA_ARRAY(reader->scratch, struct rule,
					    policy->login_rule_count + policy->connector_count + 1);
	size_t count = 0;

	if (rules == NULL || policy->login_rule_count == 0)
		return;
	for (size_t i = 0; i + 1 < policy->login_rule_count; i++) {
		const struct mw_login_rule *rule = &policy->login_rules[i];

		rules[count++] = (struct rule){ rule->name, rule->place, &rule->remote, &rule->local, rule->protocols,
						rule->names_protocols };
	}
	check_rules(reader, "login", rules, count);
	rules += count;
	count = 0;
	for (size_t i = 0; i < policy->connector_count; i++) {
		const struct mw_connector *connector = &policy->connectors[i];

		if (connector->enabled)
			rules[count++] = (struct rule){ connector->name, connector->place, &connector->remote,
							&connector->bindings, NULL, false };
	}
	check_rules(reader, "connector", rules, count);
}
