/* SPDX-License-Identifier: MIT */
/* The directory: who has which address, and who may send as whom. `sync` itself
   says which lines it takes. */
#include <stdlib.h>

#include "base/errors.h"
#include "servers/init/init.h"
#include "sync/sync.h"

#define ERRORS_MOST 1000
#define ROUNDS_MOST 20 /* one error may hide another */

/* --- lines */

static void print_items(FILE *out, const char *key, const struct mw_people_list *list)
{
	for (const struct mw_people_item *item = list->first; item != NULL; item = item->next)
		fprintf(out, "%s%.*s", item == list->first ? key : ",", MW_STR_ARG(item->text));
}

static void print_person(FILE *out, const struct mw_person *person)
{
	fprintf(out, "%s %.*s", person->group ? "group" : "user", MW_STR_ARG(person->name));
	print_items(out, " login=", &person->logins);
	print_items(out, " address=", &person->addresses);
	print_items(out, " receive=", &person->receives);
	print_items(out, " member=", &person->members);
	fputc('\n', out);
}

static void print_people(FILE *out, const struct mw_people *people, bool groups)
{
	const char *from = NULL;

	for (const struct mw_person *person = people->first; person != NULL; person = person->next) {
		if (person->group != groups)
			continue;
		if (from == NULL || strcmp(from, person->from) != 0)
			fprintf(out, "\n# %s\n", person->from);
		from = person->from;
		print_person(out, person);
		if (groups && !person->granted)
			fprintf(out, "#grant send-as %.*s USER\n", MW_STR_ARG(person->name));
	}
}

static void print_grant(FILE *out, const struct mw_people_grant *grant)
{
	fprintf(out, "%sgrant send-as %.*s %.*s", grant->left_out != NULL ? "#" : "", MW_STR_ARG(grant->identity),
		MW_STR_ARG(grant->trustee));
	if (grant->left_out != NULL)
		fprintf(out, "  # left out: %s", grant->left_out);
	fputc('\n', out);
}

static void print_all(FILE *out, const struct mw_init *init)
{
	const struct mw_people *people = init->people;

	fprintf(out,
	      "# Mailwicket's users, groups and grants, one a line: "
	      "mailwicket-directory(5). Made by \"mailwicket %s\".\n"
	      "# After a change: mailwicket sync\n",
	      init->made_by);
	print_people(out, people, false);
	if (people->groups > 0)
		fputs("\n# Aliases of several people, or with an address elsewhere. Nobody "
		      "sends as a group without a grant.\n",
		      out);
	print_people(out, people, true);
	if (people->grant_count > 0)
		fputs("\n# smtpd_sender_login_maps\n", out);
	for (const struct mw_people_grant *grant = people->grants; grant != NULL; grant = grant->next)
		print_grant(out, grant);
}

/* --- what sync does not take becomes a comment */

/* The text with the lines of these errors as comments. */
static struct mw_str without(struct mw_arena *arena, struct mw_str text, const struct mw_errors *errors)
{
	char *memory = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&memory, &size);
	struct mw_str line;
	unsigned number = 0;

	while (out != NULL && mw_str_split(&text, '\n', &line)) {
		const struct mw_error *wrong = NULL;

		number++;
		for (unsigned i = 0; i < mw_errors_kept(errors) && wrong == NULL; i++)
			if (mw_errors_get(errors, i)->severity == MW_ERROR && mw_errors_get(errors, i)->line == number)
				wrong = mw_errors_get(errors, i);
		fprintf(out, "%s%.*s", wrong != NULL ? "#" : "", MW_STR_ARG(line));
		if (wrong != NULL)
			fprintf(out, "  # left out: %s", wrong->text);
		fputc('\n', out);
	}
	text = out != NULL && fclose(out) == 0 ? mw_arena_copy(arena, (struct mw_str){ memory, size }) : MW_STR_EMPTY;
	free(memory);
	return text;
}

static struct mw_str accepted(struct mw_init *init, struct mw_str text)
{
	for (unsigned round = 0; round < ROUNDS_MOST; round++) {
		struct mw_errors *errors = mw_errors_new(ERRORS_MOST);
		struct mw_memory_directory *directory =
			errors != NULL ? mw_memory_directory_new(init->directory_path, text, init->origin, errors)
				       : NULL;
		bool good = directory != NULL;

		if (!good && errors != NULL)
			text = without(init->arena, text, errors);
		mw_memory_directory_free(directory);
		mw_errors_free(errors);
		if (good)
			return text;
	}
	return text;
}

struct mw_str mw_init_directory_text(struct mw_init *init)
{
	char *memory = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&memory, &size);
	struct mw_str text;

	if (out == NULL)
		return MW_STR_EMPTY;
	print_all(out, init);
	text = fclose(out) == 0 ? mw_arena_copy(init->arena, (struct mw_str){ memory, size }) : MW_STR_EMPTY;
	free(memory);
	return accepted(init, text);
}
