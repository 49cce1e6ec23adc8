/* SPDX-License-Identifier: MIT */
#include "servers/check/postfix.h"

#include <sysexits.h>

/* What a process of master.cf makes of main.cf. postconf -x evaluates $name with the -o settings; but it has nothing
   for $service_name and $process_name, and takes no value for them: theirs go there under names of our own. */

#define OWN "mailwicket_"

static const char *const of_process[] = { "service_name", "process_name" };

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether $name, ${name or $(name begins at an octet; at_r: where the name does. */
static bool is_reference(struct mw_str text, size_t from, struct mw_str name, size_t *at_r)
{
	size_t at = from + 1, end;

	if (text.ptr[from] != '$')
		return false;
	while (at < text.len && (text.ptr[at] == '{' || text.ptr[at] == '(' || text.ptr[at] == ' '))
		at++;
	*at_r = at;
	end = at + name.len;
	return mw_str_starts_with(mw_str_tail(text, at), name) && (end == text.len || !is_name(text.ptr[end]));
}

static bool mentions(struct mw_str text, const char *name)
{
	size_t at;

	for (size_t i = 0; i < text.len; i++) {
		if (is_reference(text, i, mw_str(name), &at))
			return true;
	}
	return false;
}

static bool mentions_process(struct mw_str text)
{
	return mentions(text, of_process[0]) || mentions(text, of_process[1]);
}

/* A value that asks for our own names. */
static const char *renamed(struct mw_arena *arena, struct mw_str text)
{
	size_t size = text.len * sizeof(OWN) + 1, from = 0, at;
	char *memory = mw_arena_alloc(arena, size);
	struct mw_buf out;

	if (memory == NULL)
		return "";
	out = mw_buf_over(memory, size);
	for (size_t i = 0; i < text.len; i++) {
		for (size_t k = 0; k < sizeof(of_process) / sizeof(of_process[0]); k++) {
			if (!is_reference(text, i, mw_str(of_process[k]), &at))
				continue;
			mw_buf_add(&out, mw_str_head(mw_str_tail(text, from), at - from));
			mw_buf_add_text(&out, OWN);
			from = at;
		}
	}
	mw_buf_add(&out, mw_str_tail(text, from));
	return mw_arena_text(arena, mw_buf_str(&out));
}

struct arguments {
	const struct mw_postfix_endpoint *endpoint;
	const char **items;
	size_t count, room;
};

static void add(struct arguments *arguments, const char *setting)
{
	if (arguments->count + 2 > arguments->room)
		return;
	arguments->items[arguments->count++] = "-o";
	arguments->items[arguments->count++] = setting;
}

static struct mw_str program_of(const struct mw_postfix_service *service)
{
	size_t slash = mw_str_find_last(service->command, '/');

	return slash < service->command.len ? mw_str_tail(service->command, slash + 1) : service->command;
}

/* Entries of main.cf that ask which process reads them. */
static void add_main(struct arguments *arguments)
{
	struct mw_postfix_text text = mw_postfix_text_over(arguments->endpoint->site->main_cf);
	struct mw_arena *arena = arguments->endpoint->site->arena;
	struct mw_postfix_piece piece;

	while (mw_postfix_text_next(&text, &piece)) {
		struct mw_str entry = piece.text, name = mw_postfix_entry_name(entry), value;

		if (!piece.is_entry || !mentions_process(entry))
			continue;
		entry = mw_postfix_entry_joined(arena, entry);
		value = mw_str_trim(mw_str_tail(entry, mw_str_find(entry, '=') + 1));
		add(arguments, mw_arena_textf(arena, "%.*s=%s", MW_STR_ARG(name), renamed(arena, value)));
	}
}

static void add_process(struct arguments *arguments)
{
	const struct mw_postfix_service *service = arguments->endpoint->service;
	struct mw_arena *arena = arguments->endpoint->site->arena;

	add(arguments, mw_arena_textf(arena, OWN "%s=%.*s", of_process[0], MW_STR_ARG(service->name)));
	add(arguments, mw_arena_textf(arena, OWN "%s=%.*s", of_process[1], MW_STR_ARG(program_of(service))));
	add_main(arguments);
}

/* Whether an -o setting or main.cf asks. */
static bool asks(const struct mw_postfix_endpoint *endpoint, bool (*whether)(struct mw_str text))
{
	const struct mw_postfix_values *options = &endpoint->service->options;
	bool any = whether(endpoint->site->main_cf);

	for (size_t i = 0; i < options->count; i++)
		any |= whether(options->items[i].value);
	return any;
}

static size_t entries(struct mw_str text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.len; i++)
		count += text.ptr[i] == '\n';
	return count;
}

int mw_endpoint_load(struct mw_postfix_endpoint *endpoint)
{
	const struct mw_postfix_site *site = endpoint->site;
	const struct mw_postfix_values *options = &endpoint->service->options;
	size_t room = 2 * (options->count + entries(site->main_cf) + 4);
	struct arguments arguments = { endpoint, MW_ARENA_ARRAY(site->arena, const char *, room), 0, room };
	struct mw_str output;
	int status;

	if (arguments.items == NULL)
		return EX_OSERR;
	arguments.items[arguments.count++] = "-x";
	/* As master does: before the options of master.cf, which win. */
	if (endpoint->stressed)
		add(&arguments, "stress=yes");
	if (asks(endpoint, mentions_process))
		add_process(&arguments);
	for (size_t i = 0; i < options->count; i++)
		add(&arguments, mw_arena_textf(site->arena, "%.*s=%s", MW_STR_ARG(options->items[i].name),
					       renamed(site->arena, options->items[i].value)));
	if (arguments.count == 1) {
		endpoint->values = site->values;
		return EX_OK;
	}
	status = mw_postconf(site, arguments.items, arguments.count, &output);
	endpoint->values = mw_postfix_values_parse(site->arena, output);
	return status;
}

static bool mentions_stress(struct mw_str text)
{
	return mentions(text, "stress");
}

bool mw_endpoint_knows_stress(const struct mw_postfix_endpoint *endpoint)
{
	return asks(endpoint, mentions_stress);
}
