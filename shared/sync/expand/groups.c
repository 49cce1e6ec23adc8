/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "sync/expand/expand.h"
#include "sync/expand/pairs.h"
#include "sync/merge/merge.h"
#include "sync/text/field.h"

/* A bound for the memberships of all users together. */
#define MEMBERSHIPS_MAX ((size_t)200 << 20)

/* Tarjan's strongly connected components over "is a member of", without recursion: a component is complete when all
   that it leads to is, so the groups above are expanded before the groups below. */
struct graph {
	struct mw_expansion *expansion;
	struct mw_pairs edges;   /* member, group */
	size_t *first;           /* [id]: its first edge; [id + 1]: behind its last */
	uint32_t *index, *low;   /* [id], 0: not visited */
	bool *waiting;           /* [id]: on `stack` */
	uint32_t *stack, *path;
	size_t *next;            /* [depth of path]: the edge to follow */
	size_t stacked, depth;
	uint32_t visited;
	struct mw_ids *closure;  /* [id] of a group: itself and all groups it is in */
	uint32_t *mark, marking; /* [id] == marking: in `found` */
	uint32_t *found;
	size_t found_count, memberships;
	bool failed;
	bool again; /* members were left out */
};

static uint32_t group_of(const struct graph *graph, size_t edge)
{
	return (uint32_t)graph->edges.items[edge];
}

static void graph_deinit(struct graph *graph)
{
	mw_pairs_deinit(&graph->edges);
	free(graph->first);
	free(graph->index);
	free(graph->low);
	free(graph->waiting);
	free(graph->stack);
	free(graph->path);
	free(graph->next);
	free(graph->closure);
	free(graph->mark);
	free(graph->found);
}

static void resolve_members(struct graph *graph, const struct mw_record *group)
{
	struct mw_expansion *expansion = graph->expansion;
	size_t i;

	/* A blocked group has none. */
	for (i = 0; group->bad == NULL && i < group->members.count; i++) {
		uint32_t id = mw_expand_find(expansion, group->members.items[i], NULL);

		if (id != 0)
			mw_pairs_add(&graph->edges, id, group->principal.id);
		else
			mw_errors_add(expansion->errors, MW_ERROR, mw_origin_file(expansion->records, group->origin),
				      group->origin.line, 0, NULL, "unknown member \"%.*s\" of group %.*s",
				      MW_STR_ARG(mw_text_shown(group->members.items[i])),
				      MW_STR_ARG(mw_text_shown(group->principal.name)));
	}
}

static bool graph_init(struct graph *graph, struct mw_expansion *expansion)
{
	size_t nodes = expansion->count + 2, i, edge = 0;

	graph->expansion = expansion;
	graph->first = calloc(nodes, sizeof(*graph->first));
	graph->index = calloc(nodes, sizeof(*graph->index));
	graph->low = calloc(nodes, sizeof(*graph->low));
	graph->waiting = calloc(nodes, sizeof(*graph->waiting));
	graph->stack = calloc(nodes, sizeof(*graph->stack));
	graph->path = calloc(nodes, sizeof(*graph->path));
	graph->next = calloc(nodes, sizeof(*graph->next));
	graph->closure = calloc(nodes, sizeof(*graph->closure));
	graph->mark = calloc(nodes, sizeof(*graph->mark));
	graph->found = calloc(nodes, sizeof(*graph->found));
	if (graph->first == NULL || graph->index == NULL || graph->low == NULL || graph->waiting == NULL ||
	    graph->stack == NULL || graph->path == NULL || graph->next == NULL || graph->closure == NULL ||
	    graph->mark == NULL || graph->found == NULL)
		return false;
	for (i = 0; i < expansion->count; i++)
		resolve_members(graph, expansion->by_id[i]);
	if (graph->edges.failed)
		return false;
	mw_pairs_sort(&graph->edges);
	for (i = 0; i < nodes; i++) {
		while (edge < graph->edges.count && graph->edges.items[edge] >> 32 < i)
			edge++;
		graph->first[i] = edge;
	}
	return true;
}

static int compare_ids(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

static void find_one(struct graph *graph, uint32_t id)
{
	if (graph->mark[id] == graph->marking)
		return;
	graph->mark[id] = graph->marking;
	graph->found[graph->found_count++] = id;
}

/* All groups that a user or group is in, and with `self` itself. */
static struct mw_ids close_over(struct graph *graph, uint32_t id, bool self)
{
	struct mw_ids ids = { NULL, 0 };
	uint32_t *copy;
	size_t edge, i;

	graph->marking++;
	graph->found_count = 0;
	if (self)
		find_one(graph, id);
	for (edge = graph->first[id]; edge < graph->first[id + 1]; edge++) {
		const struct mw_ids above = graph->closure[group_of(graph, edge)];

		for (i = 0; i < above.count; i++)
			find_one(graph, above.items[i]);
	}
	if (graph->found_count == 0)
		return ids;
	graph->memberships += graph->found_count;
	copy = graph->memberships > MEMBERSHIPS_MAX ?
		NULL : MW_ARENA_ARRAY(graph->expansion->arena, uint32_t, graph->found_count);
	if (copy == NULL) {
		graph->failed = true;
		return ids;
	}
	memcpy(copy, graph->found, graph->found_count * sizeof(*copy));
	qsort(copy, graph->found_count, sizeof(*copy), compare_ids);
	ids.items = copy;
	ids.count = graph->found_count;
	return ids;
}

/* The first marked group that `id` is in. */
static uint32_t marked_group(const struct graph *graph, uint32_t id)
{
	size_t edge;

	for (edge = graph->first[id]; edge < graph->first[id + 1]; edge++) {
		if (graph->mark[group_of(graph, edge)] == graph->marking)
			return group_of(graph, edge);
	}
	return 0;
}

/* Where a source may have bad records, its groups lose the members that lead back to them: these
   stay bound. */
static bool cut_cycles(struct graph *graph, const uint32_t *component, size_t count)
{
	struct mw_expansion *expansion = graph->expansion;
	bool cut = false;

	for (size_t i = 0; i < count; i++) {
		struct mw_record *record = expansion->by_id[component[i] - 1];
		struct mw_str *items;
		size_t kept = 0;

		if (mw_merge_is_strict(expansion->records, record->owner))
			continue;
		items = MW_ARENA_ARRAY(expansion->arena, struct mw_str, record->members.count + 1);
		mw_merge_union(expansion->arena, &record->bound, record->members);
		for (size_t k = 0; items != NULL && k < record->members.count; k++) {
			uint32_t id = mw_expand_find(expansion, record->members.items[k], NULL);

			if (id == 0 || graph->mark[id] != graph->marking)
				items[kept++] = record->members.items[k];
		}
		cut = cut || kept < record->members.count;
		record->members = (struct mw_strs){ items, kept };
	}
	return cut;
}

/* Walks inside the component until it meets a group again, which is on a cycle; then reports the cycle. */
static void report_cycle(struct graph *graph, const uint32_t *component, size_t count)
{
	struct mw_expansion *expansion = graph->expansion;
	char memory[600];
	struct mw_buf text = MW_BUF_OVER(memory);
	uint32_t id = component[0], start;
	bool cut;
	size_t i;

	graph->marking++;
	for (i = 0; i < count; i++)
		graph->mark[component[i]] = graph->marking;
	cut = cut_cycles(graph, component, count);
	graph->again = graph->again || cut;
	for (i = 0; i < count; i++)
		id = marked_group(graph, id);
	start = id;
	do {
		mw_buf_add(&text, expansion->by_id[id - 1]->principal.name);
		mw_buf_add_text(&text, " in ");
		id = marked_group(graph, id);
	} while (id != start && !text.truncated);
	mw_buf_add(&text, expansion->by_id[start - 1]->principal.name);
	mw_errors_add(cut ? expansion->records->reports : expansion->errors, cut ? MW_WARNING : MW_ERROR,
		      mw_origin_file(expansion->records, expansion->by_id[start - 1]->origin),
		      expansion->by_id[start - 1]->origin.line, 0, NULL, "groups contain each other%s: %.*s%s",
		      cut ? ", these members are left out" : "", MW_STR_ARG(mw_text_shown(mw_buf_str(&text))),
		      mw_text_shown(mw_buf_str(&text)).len < text.used ? "..." : "");
}

static void complete(struct graph *graph, uint32_t root)
{
	size_t from = graph->stacked, count;
	const uint32_t *component;

	do {
		graph->waiting[graph->stack[--from]] = false;
	} while (graph->stack[from] != root);
	count = graph->stacked - from;
	component = &graph->stack[from];
	graph->stacked = from;
	graph->marking++;
	graph->mark[root] = graph->marking;
	if (count > 1 || marked_group(graph, root) != 0)
		report_cycle(graph, component, count);
	else
		graph->closure[root] = close_over(graph, root, true);
}

static void enter(struct graph *graph, uint32_t id)
{
	graph->index[id] = graph->low[id] = ++graph->visited;
	graph->waiting[id] = true;
	graph->stack[graph->stacked++] = id;
	graph->path[graph->depth] = id;
	graph->next[graph->depth++] = graph->first[id];
}

static void lower(struct graph *graph, uint32_t id, uint32_t low)
{
	if (low < graph->low[id])
		graph->low[id] = low;
}

static void visit(struct graph *graph, uint32_t start)
{
	enter(graph, start);
	while (graph->depth > 0 && !graph->failed) {
		uint32_t id = graph->path[graph->depth - 1], group;

		if (graph->next[graph->depth - 1] == graph->first[id + 1]) {
			if (graph->low[id] == graph->index[id])
				complete(graph, id);
			graph->depth--;
			if (graph->depth > 0)
				lower(graph, graph->path[graph->depth - 1], graph->low[id]);
			continue;
		}
		group = group_of(graph, graph->next[graph->depth - 1]++);
		if (graph->index[group] == 0)
			enter(graph, group);
		else if (graph->waiting[group])
			lower(graph, id, graph->index[group]);
	}
}

/* A user in one group only shares that group's list. */
static struct mw_ids groups_of(struct graph *graph, uint32_t id)
{
	if (graph->first[id + 1] - graph->first[id] == 1)
		return graph->closure[group_of(graph, graph->first[id])];
	return close_over(graph, id, false);
}

static bool expand(struct graph *graph, struct mw_expansion *expansion)
{
	bool done = graph_init(graph, expansion);
	uint32_t id;

	for (id = 1; done && id <= expansion->count && !graph->failed; id++) {
		if (expansion->by_id[id - 1]->principal.kind == MW_GROUP && graph->index[id] == 0)
			visit(graph, id);
	}
	for (id = 1; done && !graph->again && id <= expansion->count && !graph->failed; id++) {
		struct mw_principal *principal = &expansion->by_id[id - 1]->principal;

		if (principal->kind == MW_USER)
			principal->groups = groups_of(graph, id);
	}
	return done && !graph->failed;
}

/* Each time some members are left out, until no groups contain each other. */
bool mw_expand_groups(struct mw_expansion *expansion)
{
	bool done, again;

	do {
		struct graph graph = { 0 };

		done = expand(&graph, expansion);
		again = graph.again;
		graph_deinit(&graph);
	} while (done && again);
	return done;
}
