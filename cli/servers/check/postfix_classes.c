/* SPDX-License-Identifier: MIT */
/* Lists of restrictions, name by name: classes within classes, and what Postfix does not know. */
#include "servers/check/postfix.h"

#include "base/units.h"

#define DEEPEST 20 /* restriction classes within classes */
#define CLASSES_MOST 1000 /* in one list; a class counts each time that it stands there */

#define CLASSES "smtpd_restriction_classes"

static const char *const lists[] = { "smtpd_client_restrictions", "smtpd_helo_restrictions", MW_WIRING_SENDER,
				     MW_RELAY_RESTRICTIONS, "smtpd_recipient_restrictions", "smtpd_data_restrictions",
				     "smtpd_end_of_data_restrictions", "smtpd_etrn_restrictions" };

static bool is(struct mw_str name, const char *word)
{
	return mw_str_equal_nocase(name, mw_str(word));
}

/* --- classes */

bool mw_endpoint_has_class(const struct mw_postfix_endpoint *endpoint, struct mw_str name)
{
	struct mw_str classes = mw_endpoint_value(endpoint, CLASSES);
	struct mw_str class;

	while (mw_word_next(&classes, &class)) {
		if (mw_str_equal(class, name))
			return !mw_restriction_is_builtin(name);
	}
	return false;
}

bool mw_class_enter(const struct mw_postfix_endpoint *endpoint, struct mw_class_walk *walk, struct mw_str name)
{
	if (!mw_endpoint_has_class(endpoint, name))
		return false;
	if (walk->depth < DEEPEST && walk->count < CLASSES_MOST) {
		walk->depth++;
		walk->count++;
		return true;
	}
	if (mw_str_empty(walk->beyond))
		walk->beyond = name;
	return false;
}

static void go_through(const struct mw_postfix_endpoint *endpoint, struct mw_str list, struct mw_class_walk *walk)
{
	struct mw_restriction item;

	while (mw_restriction_next(&list, &item)) {
		if (mw_class_enter(endpoint, walk, item.name)) {
			go_through(endpoint, mw_endpoint_value(endpoint, mw_arena_text(endpoint->site->arena, item.name)), walk);
			walk->depth--;
		}
	}
}

struct mw_str mw_endpoint_beyond(const struct mw_postfix_endpoint *endpoint, const char *list)
{
	struct mw_class_walk walk = { .depth = 0 };

	go_through(endpoint, mw_endpoint_value(endpoint, list), &walk);
	return walk.beyond;
}

const char *mw_endpoint_list_name(size_t index)
{
	return index < sizeof(lists) / sizeof(lists[0]) ? lists[index] : NULL;
}

void mw_check_postfix_depth(const struct mw_postfix_endpoint *endpoint)
{
	const char *list;

	for (size_t i = 0; (list = mw_endpoint_list_name(i)) != NULL; i++) {
		struct mw_str beyond = mw_endpoint_beyond(endpoint, list);

		if (!mw_str_empty(beyond))
			mw_list_finding(endpoint, MW_FOUND_PERMIT_BEFORE, MW_FINDING_ERROR, list,
				mw_arena_textf(endpoint->site->arena, "the classes around %.*s are too deep to follow",
					       MW_STR_ARG(beyond)),
				"a permit in there may keep Mailwicket from being asked",
				mw_fix_words("restriction classes within fewer others"));
	}
}

/* --- what Postfix does not know */

/* Where a list is gone through by its names. */
struct naming {
	const struct mw_postfix_endpoint *endpoint;
	const char *list;
	struct mw_class_walk walk;
	bool ended;      /* Postfix reads nothing behind it */
	bool only_warns; /* of the class that it is in: what refuses does not */
};

static void report(const struct mw_postfix_endpoint *endpoint, enum mw_finding_id id, const char *setting,
		   const char *what, const char *why, struct mw_fix fix)
{
	mw_list_finding(endpoint, id, MW_FINDING_ERROR, setting, what, why, fix);
}

/* Since Postfix 3.9 (its RELEASE_NOTES); the words are known, and nothing else. */
static bool is_of_old(const struct mw_postfix_endpoint *endpoint, struct mw_str name)
{
	struct mw_str version = mw_postfix_site_value(endpoint->site, "mail_version"), part;
	uint64_t major = 0, minor = 0;

	(void)mw_str_split(&version, '.', &part);
	(void)mw_parse_number(part, &major);
	(void)mw_str_split(&version, '.', &part);
	(void)mw_parse_number(part, &minor);
	return (is(name, "permit_naked_ip_address") || is(name, "check_relay_domains") ||
		is(name, "reject_maps_rbl")) &&
	       (major > 3 || (major == 3 && minor >= 9));
}

static bool is_number(struct mw_str text)
{
	uint64_t number;

	return mw_parse_number(text, &number);
}

static bool has_colon(struct mw_str text)
{
	return mw_str_find(text, ':') < text.len;
}

/* smtpd_check.c of Postfix, generic_checks() and is_map_command(). NULL: it is right. */
static const char *what_is_wrong(const struct naming *naming, const struct mw_restriction *item)
{
	bool at_data = strcmp(naming->list, "smtpd_data_restrictions") == 0 ||
		       strcmp(naming->list, "smtpd_end_of_data_restrictions") == 0;

	if (has_colon(item->name))
		return at_data ? "stands without check_client_access or the like before it, as this list needs" : NULL;
	if (!mw_restriction_is_builtin(item->name))
		return "is no restriction of Postfix, and not in " CLASSES;
	if (is_of_old(naming->endpoint, item->name))
		return "is no restriction of this Postfix any more";
	if (is(item->name, "check_policy_service") && !has_colon(item->argument))
		return "has no server behind it, as inet:HOST:PORT or unix:PATH";
	if (mw_str_starts_with_nocase(item->name, MW_STR("check_")) && !has_colon(item->argument) &&
	    mw_str_equal_nocase(mw_str_tail(item->name, item->name.len - strlen("_access")), MW_STR("_access")))
		return "has no table behind it, as TYPE:NAME";
	return is(item->name, "sleep") && !is_number(item->argument) ? "has no number behind it" : NULL;
}

static bool ends(const struct naming *naming, const struct mw_restriction *item)
{
	bool refuses = !naming->only_warns && !item->only_warns;

	return is(item->name, "permit") || (refuses && (is(item->name, "reject") || is(item->name, "defer")));
}

/* Without it the list may let in more: nothing to paste. */
static void report_name(const struct naming *naming, const char *setting, struct mw_str text, const char *wrong)
{
	struct mw_arena *arena = naming->endpoint->site->arena;

	report(naming->endpoint, MW_FOUND_UNKNOWN_RESTRICTION, setting,
	       mw_arena_textf(arena, "%.*s in %s %s", MW_STR_ARG(text), setting, wrong),
	       mw_arena_textf(arena, "whoever comes to it in %s is refused: 451 4.3.5 Server configuration error",
			      naming->list),
	       mw_fix_words(mw_arena_textf(arena, "what was meant, in place of %.*s: without it the list may let in more",
					   MW_STR_ARG(text))));
}

static void name_by_name(struct naming *naming, const char *setting)
{
	const struct mw_postfix_endpoint *endpoint = naming->endpoint;
	struct mw_str list = mw_endpoint_value(endpoint, setting);
	struct mw_arena *arena = endpoint->site->arena;
	struct mw_restriction item;

	while (!naming->ended && mw_restriction_next(&list, &item)) {
		bool outside = naming->only_warns;
		struct mw_str text;
		const char *wrong;

		if (mw_endpoint_has_class(endpoint, item.name)) {
			if (!mw_class_enter(endpoint, &naming->walk, item.name))
				continue;
			naming->only_warns |= item.only_warns;
			name_by_name(naming, mw_arena_text(arena, item.name));
			naming->only_warns = outside;
			naming->walk.depth--;
			continue;
		}
		naming->ended = ends(naming, &item);
		wrong = what_is_wrong(naming, &item);
		text = (struct mw_str){ item.name.ptr, (size_t)(item.text.ptr + item.text.len - item.name.ptr) };
		if (wrong != NULL)
			report_name(naming, setting, text, wrong);
	}
}

static bool is_used(const struct mw_postfix_endpoint *endpoint, const char *setting, struct mw_str class,
		    struct mw_class_walk *walk)
{
	struct mw_str list = mw_endpoint_value(endpoint, setting);
	struct mw_restriction item;
	bool used = false;

	while (!used && mw_restriction_next(&list, &item)) {
		used = mw_str_equal(item.name, class);
		if (!used && mw_class_enter(endpoint, walk, item.name)) {
			used = is_used(endpoint, mw_arena_text(endpoint->site->arena, item.name), class, walk);
			walk->depth--;
		}
	}
	return used;
}

/* Only one that no list names can go: another would be unknown then. */
static struct mw_fix fix_of_class(const struct mw_postfix_endpoint *endpoint, struct mw_str class)
{
	struct mw_str classes = mw_endpoint_value(endpoint, CLASSES), name;
	struct mw_arena *arena = endpoint->site->arena;
	const char *rest = "";

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct mw_class_walk walk = { .depth = 0 };

		if (is_used(endpoint, lists[i], class, &walk))
			return mw_fix_words(mw_arena_textf(arena, "%.*s = and its restrictions; without them %s, which names "
							   "it, may let in more", MW_STR_ARG(class), lists[i]));
	}
	while (mw_word_next(&classes, &name)) {
		if (!mw_str_equal(name, class))
			rest = mw_arena_textf(arena, "%s%s%.*s", rest, rest[0] != '\0' ? ", " : "", MW_STR_ARG(name));
	}
	return mw_fix_list(endpoint, CLASSES, rest);
}

static void check_definitions(const struct mw_postfix_endpoint *endpoint)
{
	struct mw_str classes = mw_endpoint_value(endpoint, CLASSES), class;
	struct mw_arena *arena = endpoint->site->arena;

	while (mw_word_next(&classes, &class)) {
		if (mw_str_empty(mw_endpoint_value(endpoint, mw_arena_text(arena, class))))
			report(endpoint, MW_FOUND_UNDEFINED_CLASS, CLASSES,
			       mw_arena_textf(arena, "the class %.*s has no definition", MW_STR_ARG(class)),
			       "smtpd ends before it greets anybody: no mail comes in at this listener",
			       fix_of_class(endpoint, class));
	}
}

void mw_check_postfix_restrictions(const struct mw_postfix_endpoint *endpoint)
{
	check_definitions(endpoint);
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct naming naming = { .endpoint = endpoint, .list = lists[i] };

		name_by_name(&naming, lists[i]);
	}
}
